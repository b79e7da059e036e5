//! People by hand: added with evidence, let go, forgotten, taken along; and the chain that proves it all.

use postduif::domain::role::Role;
use serde_json::{Value, json};

use crate::kit::database::{Database, Engine};
use crate::kit::house::Served;
use crate::kit::on_each_engine;

on_each_engine![
    who_asked_on_paper_is_added_with_the_evidence_and_gets_no_mail,
    who_left_or_was_blocked_is_not_added_by_hand,
    whoever_runs_the_newsletter_ends_subscriptions_and_it_is_recorded,
    nothing_of_an_erased_person_is_left_but_a_hash,
    an_export_is_read_by_machines_and_calculates_nothing_in_spreadsheets,
    a_chain_that_nobody_touched_is_whole_and_every_tampering_is_named,
    a_person_s_proof_is_told_to_machines_and_to_people,
    an_address_is_blocked_and_freed,
    a_file_of_any_of_the_known_tools_is_taken_as_it_is,
    a_list_ends_what_a_list_began_but_not_what_was_confirmed_to_us,
    programs_add_change_show_and_forget_people_by_the_api,
];

const EVIDENCE: &str = "paper form at the fair of 12 March 2026";

fn add(served: &Served, email: &str) -> Value {
    let arguments = ["subscriber", "add", email, "--newsletter", "ibp", "--evidence", EVIDENCE, "--json"];
    served.cli(&arguments).json().remove(0)
}

fn who_asked_on_paper_is_added_with_the_evidence_and_gets_no_mail(database: Database) {
    let served = Served::with(database);
    let added = add(&served, "Ada@example.nl");
    assert_eq!(
        (&added["email"], &added["subscriptions"][0]["status"]),
        (&json!("Ada@example.nl"), &json!("confirmed"))
    );
    add(&served, "ada@example.nl");
    assert_eq!(served.consents(), ["added"]);
    assert!(served.letters().is_empty());
    let shown = served.cli(&["subscriber", "show", "ada@example.nl", "--json"]).json().remove(0);
    assert_eq!(
        (&shown["consent"][0]["event"], &shown["consent"][0]["means"], &shown["consent"][0]["note"]),
        (&json!("added"), &json!("operator"), &json!(EVIDENCE))
    );
    assert!(
        served.cli(&["subscriber", "list", "--status", "confirmed"]).done().contains("Ada@example.nl  ibp: confirmed")
    );
    let none = served.cli(&["subscriber", "add", "b@example.nl", "--newsletter", "ibp", "--consent", "yes"]).failed();
    assert!(none.contains("when and how they asked"), "{none}");
}

fn who_left_or_was_blocked_is_not_added_by_hand(database: Database) {
    let served = Served::with(database);
    let refused =
        |email: &str| served.cli(&["subscriber", "add", email, "--newsletter", "ibp", "--evidence", EVIDENCE]).failed();
    add(&served, "ada@example.nl");
    served.cli(&["subscriber", "unsubscribe", "ada@example.nl"]).done();
    assert!(refused("ada@example.nl").contains("this person unsubscribed"));
    served.cli(&["suppression", "add", "bob@example.nl"]).done();
    assert!(refused("Bob@Example.nl").contains("it was blocked"));
    assert_eq!(served.status("bob@example.nl"), "");
}

fn whoever_runs_the_newsletter_ends_subscriptions_and_it_is_recorded(database: Database) {
    let served = Served::with(database);
    served.confirmed("ada@example.nl");
    for _ in 0..2 {
        served.cli(&["subscriber", "unsubscribe", "ada@example.nl", "--newsletter", "ibp"]).done();
    }
    assert_eq!(served.status("ada@example.nl"), "unsubscribed");
    assert_eq!(served.consents(), ["requested", "confirmed", "unsubscribed"]);
    assert!(served.cli(&["subscriber", "unsubscribe", "x@example.nl"]).failed().contains("look at its spelling"));
}

fn nothing_of_an_erased_person_is_left_but_a_hash(database: Database) {
    let served = Served::set(database, &[("signups_per_network", "0"), ("signups_total", "0")]);
    // Enough neighbours that pages were split and cells moved about.
    for number in 0..150 {
        let reader = format!("reader{number}@example.nl");
        served.subscribe(&reader);
    }
    let token = served.confirmed("Xanthippe@vanderbuuren.example");
    for number in 150..200 {
        served.subscribe(&format!("reader{number}@example.nl"));
    }
    served.database.sql(
        "insert into editions (uid, newsletter_id, number, status, subject, preheader, intro, cutoff_at, created_at, \
         updated_at, id) values (1, 1, 1, 'sent', 's', '', '', 1, 1, 1, 1)",
    );
    served.database.sql(
        "insert into deliveries (edition_id, seq, subscription_id, email, domain, state, next_at, reply) select 1, 1, s.id, \
         p.email, p.domain, 'rejected', 1, '550 <xanthippe@vanderbuuren.example> unknown' from subscriptions s \
         join subscribers p on p.id = s.subscriber_id where p.email_key = 'xanthippe@vanderbuuren.example'",
    );
    let erased = served.cli(&["subscriber", "erase", "xanthippe@VANDERBUUREN.example", "--json"]).json().remove(0);
    assert_eq!(
        (&erased["known"], &erased["deliveries"], &erased["consent_records"]),
        (&json!(true), &json!(1), &json!(2))
    );

    assert_eq!(served.consents().last().map(String::as_str), Some("erased"));
    served.cli(&["consent", "verify"]).done();
    assert!(served.cli(&["subscriber", "show", "xanthippe@vanderbuuren.example"]).failed().contains("spelling"));
    let suppressions = served.cli(&["suppression", "list", "--json"]).json();
    assert_eq!((&suppressions[0]["email"], &suppressions[0]["reason"]), (&Value::Null, &json!("erased")));
    let page = served.http.get(&format!("/u/{token}"));
    assert!(page.status == 200 && page.text().contains("We bewaren niets van je"), "{}", page.text());
    // Erasing once more, and somebody who was never here, is harmless.
    for email in ["xanthippe@vanderbuuren.example", "nobody@example.nl"] {
        served.cli(&["subscriber", "erase", email]).done();
    }
    if served.database.engine() == Engine::Sqlite {
        for entry in std::fs::read_dir(served.database.folder()).unwrap() {
            let file = entry.unwrap().path();
            let content = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).to_lowercase();
            assert!(!content.contains("xanthippe") && !content.contains("vanderbuuren"), "{}", file.display());
        }
    } else {
        let tables =
            ["subscribers", "deliveries", "outbox", "suppressions", "consent_records", "audit_log", "attempts"];
        for table in tables {
            let rows = served.database.texts(&format!("select lower(cast(t as text)) from {table} t"));
            assert!(rows.iter().all(|row| !row.contains("xanthippe") && !row.contains("vanderbuuren")), "{table}");
        }
    }
}

fn an_export_is_read_by_machines_and_calculates_nothing_in_spreadsheets(database: Database) {
    let served = Served::with(database);
    let addresses = ["=cmd|x@example.nl", "+31@example.nl", "'=a@example.nl", "plain@example.nl"];
    for address in addresses {
        add(&served, address);
    }
    let sheet = served.cli(&["subscriber", "export", "--newsletter", "ibp"]).done();
    let mut reader = csv::Reader::from_reader(sheet.as_bytes());
    assert_eq!(&reader.headers().unwrap()[0], "email");
    let cells: Vec<Vec<String>> =
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    assert_eq!(cells.len(), addresses.len());
    assert!(cells.iter().flatten().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{sheet}");
    assert_eq!((cells[0][0].as_str(), cells[0][10].as_str()), ("'=cmd|x@example.nl", EVIDENCE));
    let lines = served.cli(&["subscriber", "export", "--format", "jsonl"]).json();
    let emails: Vec<&str> = lines.iter().map(|line| line["email"].as_str().unwrap()).collect();
    assert_eq!(emails, addresses);
    assert_eq!(served.cli(&["subscriber", "export", "--status", "pending", "--json"]).done(), "");
}

fn a_chain_that_nobody_touched_is_whole_and_every_tampering_is_named(database: Database) {
    let served = Served::with(database);
    for name in ["a", "b", "c", "d", "e"] {
        add(&served, &format!("{name}@example.nl"));
    }
    let verify = || served.cli(&["consent", "verify", "--json"]);
    let verdict = verify().json().remove(0);
    assert_eq!((&verdict["ok"], &verdict["records"], &verdict["faults"]), (&json!(true), &json!(5), &json!([])));
    let copy = "create table copy as select * from consent_records";
    served.database.sql(copy);
    let faults = |tamper: &[&str]| {
        tamper.iter().for_each(|statement| served.database.sql(statement));
        let outcome = verify();
        assert!(outcome.code == 1 && outcome.err.contains("broken"), "{tamper:?}: {}", outcome.err);
        let verdict: Value = serde_json::from_str(&outcome.out).unwrap();
        let told = verdict["faults"].as_array().unwrap().iter();
        let told = told.map(|fault| (fault["record"].as_i64().unwrap(), fault["fault"].as_str().unwrap().to_owned()));
        served.database.sql("delete from consent_records");
        served.database.sql("insert into consent_records select * from copy");
        told.collect::<Vec<_>>()
    };
    let fault = |record: i64, fault: &str| (record, fault.to_owned());
    let changed = ["update consent_records set body = replace(body, 'paper', 'signed') where id = 3"];
    assert_eq!(faults(&changed), [fault(3, "changed")]);
    assert_eq!(faults(&["update consent_records set at = at + 1 where id = 2"]), [fault(2, "changed")]);
    assert_eq!(faults(&["update consent_records set event = 'nonsense' where id = 1"]), [fault(1, "changed")]);
    assert_eq!(faults(&["update consent_records set body = null where id = 4"]), [fault(4, "missing")]);
    assert_eq!(faults(&["delete from consent_records where id = 3"]), [fault(3, "missing")]);
    assert_eq!(faults(&["delete from consent_records where id = 1"]), [fault(1, "missing")]);
    assert_eq!(faults(&["delete from consent_records where id > 3"]), [fault(4, "missing")]);
    let swapped = [
        "update consent_records set id = 99 where id = 2",
        "update consent_records set id = 2 where id = 3",
        "update consent_records set id = 3 where id = 99",
    ];
    assert!(faults(&swapped).contains(&fault(2, "out-of-order")));
    let closed = [
        "delete from consent_records where id = 2",
        "update consent_records set id = 2 where id = 3",
        "update consent_records set id = 3 where id = 4",
        "update consent_records set id = 4 where id = 5",
    ];
    let closed = faults(&closed);
    assert!(closed.contains(&fault(2, "out-of-order")) && closed.contains(&fault(5, "missing")), "{closed:?}");
    verify().done();
    let end = served.database.texts("select value from meta where key = 'consent-chain-end'").remove(0);
    for (forged, fault) in [
        ("delete from meta where key = 'consent-chain-end'".to_owned(), "missing"),
        (
            format!("update meta set value = '{}' where key = 'consent-chain-end'", end.rsplit_once(':').unwrap().0),
            "changed",
        ),
    ] {
        served.database.sql(&forged);
        let outcome = verify();
        assert!(outcome.code == 1 && outcome.out.contains(fault), "{}", outcome.out);
        // One record more does not make a forged chain ours.
        add(&served, &format!("after-{fault}@example.nl"));
        assert_eq!(verify().code, 1);
        served.database.sql("delete from consent_records where id > 5");
        served.database.sql("delete from meta where key = 'consent-chain-end'");
        served.database.sql(&format!("insert into meta (key, value) values ('consent-chain-end', '{end}')"));
        verify().done();
    }
}

fn a_person_s_proof_is_told_to_machines_and_to_people(database: Database) {
    let served = Served::with(database);
    served.confirmed("ada@example.nl");
    let proof = served.cli(&["consent", "export", "ada@example.nl"]).json().remove(0);
    let record = &proof["records"][0];
    assert_eq!(
        (&record["event"], &record["means"], &record["newsletter"]),
        (&json!("requested"), &json!("form"), &json!("ibp"))
    );
    assert!(record["text"].as_str().unwrap().contains("IB&P Voorbeeldadvies"), "{record}");
    assert_eq!(proof["records"][1]["previous"], record["hash"]);
    let page = served.cli(&["consent", "export", "ada@example.nl", "--html"]).done();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("IB&amp;P Voorbeeldadvies"), "{page}");
    assert!(served.cli(&["consent", "export", "x@example.nl"]).failed().contains("nothing is recorded"));
}

fn an_address_is_blocked_and_freed(database: Database) {
    let served = Served::with(database);
    let block = ["suppression", "add", "Ada@example.nl", "--reason", "complained", "--note", "by telephone", "--json"];
    let blocked = served.cli(&block).json().remove(0);
    assert_eq!((&blocked["email"], &blocked["reason"]), (&json!("Ada@example.nl"), &json!("complained")));
    assert_eq!(served.cli(&["suppression", "list", "--json"]).json(), [blocked]);
    served.subscribe("ada@example.nl");
    assert!(served.letters().is_empty());
    served.cli(&["suppression", "remove", "ada@example.nl"]).done();
    assert!(
        served.cli(&["suppression", "remove", "ada@example.nl"]).failed().contains("no suppression of this address")
    );
    // An erasure of one who complained stays a complaint.
    served.cli(&["suppression", "add", "bob@example.nl", "--reason", "complained"]).done();
    served.cli(&["subscriber", "erase", "bob@example.nl"]).done();
    let kept = served.cli(&["suppression", "list", "--json"]).json().remove(0);
    assert_eq!((&kept["email"], &kept["reason"]), (&Value::Null, &json!("complained")));
}

/// Imports a fixture and tells `(imported, unchanged, suppressed, rejected)`.
fn import(served: &Served, name: &str) -> (u64, u64, u64, u64) {
    let fixture = format!("{}/tests/fixtures/import/{name}", env!("CARGO_MANIFEST_DIR"));
    let place = served.database.folder().join(name);
    std::fs::copy(fixture, &place).unwrap();
    let arguments = ["subscriber", "import", name, "--newsletter", "ibp", "--consent", "taken over from our old tool"];
    let answer = served.cli(&[&arguments[..], &["--json"]].concat()).json().remove(0);
    let count = |what: &str| answer[what].as_u64().unwrap();
    let counts = (count("imported"), count("unchanged"), count("suppressed"), count("rejected"));
    assert_eq!(count("rows"), counts.0 + counts.1 + counts.2 + counts.3);
    counts
}

fn a_file_of_any_of_the_known_tools_is_taken_as_it_is(database: Database) {
    let served = Served::with(database);
    let report = |name: &str| std::fs::read_to_string(served.database.folder().join(name)).unwrap();
    let suppressed = || {
        let all = served.cli(&["suppression", "list", "--json"]).json();
        let each = |one: &Value| format!("{} {}", one["email"].as_str().unwrap(), one["reason"].as_str().unwrap());
        served.database.sql("delete from suppressions");
        served.database.sql("delete from subscribers");
        all.iter().map(each).collect::<Vec<_>>()
    };
    assert_eq!(import(&served, "listmonk.csv"), (1, 0, 1, 0));
    assert_eq!(served.status("anna@gemeente-voorbeeld.example"), "confirmed");
    assert_eq!(suppressed(), ["bob@gemeente-voorbeeld.example imported"]);

    assert_eq!(import(&served, "mailchimp-subscribed.csv"), (1, 0, 0, 0));
    assert_eq!(import(&served, "mailchimp-unsubscribed.csv"), (0, 0, 1, 0));
    assert_eq!(import(&served, "mailchimp-cleaned.csv"), (0, 0, 1, 0));
    assert_eq!(served.status("anna@gemeente-voorbeeld.example"), "confirmed");
    assert_eq!(suppressed(), ["bob@gemeente-voorbeeld.example unsubscribed", "oud@gemeente-voorbeeld.example bounced"]);

    assert_eq!(import(&served, "mailpoet.csv"), (1, 0, 1, 2));
    let rejected = report("mailpoet.csv.rejected.csv");
    assert!(rejected.contains("\n3,anna@") && rejected.contains("Cursusaanbod"), "{rejected}");
    assert!(rejected.contains("\n4,nieuw@") && rejected.contains("never confirmed"), "{rejected}");
    assert_eq!(served.status("anna@gemeente-voorbeeld.example"), "confirmed");
    assert_eq!(suppressed(), ["weg@gemeente-voorbeeld.example bounced"]);

    assert_eq!(import(&served, "phplist.csv"), (1, 0, 1, 0));
    assert_eq!(suppressed(), ["bob@gemeente-voorbeeld.example imported"]);

    assert_eq!(import(&served, "keila.csv"), (1, 0, 2, 0));
    assert_eq!(suppressed(), ["bob@gemeente-voorbeeld.example unsubscribed", "weg@gemeente-voorbeeld.example bounced"]);

    // Read rightly, but no mail server of ours can write to letters beyond ASCII before the @.
    assert_eq!(import(&served, "excel-nl.csv"), (0, 0, 0, 2));
    assert!(report("excel-nl.csv.rejected.csv").contains("\n2,rené@voorbeeld.example,"));
    assert!(served.letters().is_empty(), "nobody is mailed by an import");
    served.cli(&["consent", "verify"]).done();
}

fn a_list_ends_what_a_list_began_but_not_what_was_confirmed_to_us(database: Database) {
    let served = Served::with(database);
    served.confirmed("bob@gemeente-voorbeeld.example");
    assert_eq!(import(&served, "mailchimp-unsubscribed.csv"), (0, 1, 0, 0));
    assert_eq!(served.status("bob@gemeente-voorbeeld.example"), "confirmed");
    assert_eq!(import(&served, "mailchimp-subscribed.csv"), (1, 0, 0, 0));
    let left = std::fs::read_to_string(served.database.folder().join("mailchimp-unsubscribed.csv")).unwrap();
    let left = left.replace("bob@", "anna@");
    std::fs::write(served.database.folder().join("left.csv"), left).unwrap();
    served.cli(&["subscriber", "import", "left.csv", "--newsletter", "ibp", "--consent", "they left there"]).done();
    assert_eq!(served.status("anna@gemeente-voorbeeld.example"), "unsubscribed");
    assert_eq!(import(&served, "mailchimp-subscribed.csv"), (0, 0, 1, 0));
}

fn programs_add_change_show_and_forget_people_by_the_api(database: Database) {
    let served = Served::with(database);
    let authority = format!("Bearer {}", served.api_token(Role::Admin));
    let ask = |method: &str, place: &str, body: &Value| {
        let ask = served.http.ask(method, &format!("/api/v1{place}")).header("authorization", &authority);
        if method == "GET" {
            ask.send()
        } else {
            ask.header("content-type", "application/json").send_body(&body.to_string())
        }
    };
    let ada = json!({"email": "ada@example.nl", "newsletter": "ibp", "consent": EVIDENCE});
    let added = ask("POST", "/subscribers", &ada);
    assert_eq!(added.status, 201, "{}", added.text());
    let place = format!("/subscribers/{}", added.json()["id"]);
    assert_eq!(ask("PATCH", &place, &json!({"language": "en", "format": "text"})).json()["language"], "en");
    let all = ask("GET", &format!("{place}/export"), &Value::Null).json();
    assert_eq!((&all["format"], &all["consents"][0]["details"]["note"]), (&json!("text"), &json!(EVIDENCE)));
    assert_eq!(ask("DELETE", &place, &Value::Null).status, 204);
    assert_eq!(ask("GET", &place, &Value::Null).status, 404);
    assert_eq!(ask("POST", "/subscribers", &ada).status, 409);
    assert_eq!(ask("POST", "/suppressions", &json!({"email": "bob@example.nl"})).json()["reason"], "manual");
    let bob = json!({"email": "bob@example.nl"});
    assert_eq!((ask("DELETE", "/suppressions", &bob).status, ask("DELETE", "/suppressions", &bob).status), (204, 404));
}
