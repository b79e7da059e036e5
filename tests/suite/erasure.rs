//! Who is forgotten is gone from every file and every table, under every address that they ever had.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postduif::domain::consent::ConsentMeans;
use postduif::domain::role::Role;
use postduif::domain::suppression::SuppressionReason;
use postduif::flows::{erase, import, retention, suppress};
use serde_json::json;

use crate::kit::database::{Database, Engine};
use crate::kit::house::Served;
use crate::kit::on_each_engine;
use crate::kit::program::Program;

on_each_engine![
    nothing_is_left_of_any_address_that_somebody_had,
    a_former_address_that_is_somebody_elses_by_now_stays_theirs,
    a_sign_up_that_nobody_confirmed_leaves_no_address_and_no_block,
    a_list_that_is_taken_back_leaves_nothing_of_whom_we_knew_by_it_alone,
    an_erasure_lifts_no_block_and_a_block_ends_what_was_subscribed,
    an_address_of_the_mail_system_is_not_added_but_can_be_shown_and_forgotten,
];

const DAY: Duration = Duration::from_secs(86_400);

fn address(email: &str) -> postduif::domain::address::EmailAddress {
    postduif::domain::address::EmailAddress::parse_any_role(email).unwrap()
}

/// A text as it may be written: plainly, as hexadecimal digits, in UTF-16, for a link, and in base64 wherever it begins in it.
fn spellings(text: &str) -> Vec<String> {
    let hexed = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let wide: String = text.chars().flat_map(|letter| [letter, '\0']).collect();
    let linked = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let mut all = vec![text.to_owned(), hexed(text), hexed(&wide), wide, linked];
    for before in 0..3 {
        let encoded = STANDARD.encode(format!("{}{text}", " ".repeat(before)));
        // What lies beside the text has a part in the letters at its ends.
        let inner = &encoded[if before == 0 { 0 } else { before + 1 }..(before + text.len()) * 4 / 3 - 1];
        all.push(inner.to_lowercase());
    }
    all
}

/// Where any of these texts still stands, in whatever case and spelling: in the database, in a fresh backup of it, and in what
/// is restored from that.
fn found(served: &Served, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let needles: Vec<String> = texts.iter().flat_map(|text| spellings(text)).collect();
    let mut search = |place: &str, content: &str| {
        let content = content.to_ascii_lowercase();
        found.extend(needles.iter().filter(|text| content.contains(*text)).map(|text| format!("{text:?} in {place}")));
    };
    served.cli(&["backup", "after.backup"]).done();
    let restored = served.database.folder().join("restored");
    std::fs::create_dir_all(&restored).unwrap();
    let url = format!("sqlite:{}", restored.join("again.db").display());
    let again = Program::new(served.database.folder(), &["restore", "after.backup"]);
    again.env("POSTDUIF_DATABASE_URL", &url).env("POSTDUIF_SECRET_KEY", Served::SECRET).run().done();
    let files = [served.database.folder(), restored.as_path()].map(|folder| std::fs::read_dir(folder).unwrap());
    for entry in files.into_iter().flatten() {
        let file = entry.unwrap().path();
        if file.is_file() {
            // By another process: closing the file in this one would drop the locks that the house holds on it.
            let read = std::process::Command::new("cat").arg(&file).output().unwrap();
            search(&file.display().to_string(), &String::from_utf8_lossy(&read.stdout));
        }
    }
    if served.database.engine() == Engine::Postgres {
        let tables = "select cast(tablename as text) from pg_tables where schemaname = current_schema()";
        for table in served.database.texts(tables) {
            for row in served.database.texts(&format!("select cast(t as text) from {table} t")) {
                search(&table, &row);
            }
        }
    }
    std::fs::remove_file(served.database.folder().join("after.backup")).unwrap();
    std::fs::remove_dir_all(restored).unwrap();
    found
}

/// Moves a reader to another address, as they would themselves; they sign up first.
fn moved(served: &Served, from: &str, to: &str) {
    served.confirmed(from);
    served.wait(Duration::from_secs(3600));
    served.form("/p", &[("email", from)]);
    let token = served.token(from);
    let asked = served.form(&format!("/p/{token}"), &[("action", "address"), ("email", to)]);
    assert_eq!(asked.status, 200, "{}", asked.text());
    let done = served.form(&format!("/p/{}", served.token(to)), &[("action", "move")]);
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(served.status(to), "confirmed");
}

fn nothing_is_left_of_any_address_that_somebody_had(database: Database) {
    let served = Served::set(database, &[("signups_per_network", "0"), ("signups_total", "0")]);
    let (old, new) = ("Victim.Erase@vanderbuuren.example", "victim.new@vanderbuuren.example");
    moved(&served, old, new);
    // What else may name either address: a late bounce, a test mail, a list at the desk, an answer that is kept.
    let reason = SuppressionReason::Bounced;
    served.run(suppress::add(&served.house, &address(old), reason, Some("victim.erase@ is gone"), "a test")).unwrap();
    served.database.sql(
        "insert into editions (id, uid, newsletter_id, number, status, subject, preheader, intro, cutoff_at, created_at, \
         updated_at, pause_reason) values (1, 1, 1, 1, 'paused', 's', '', '', 1, 1, 1, '550 <Victim.New@vanderbuuren.example>')",
    );
    served.database.sql(&format!(
        "insert into edition_tests (edition_id, at, actor, recipients, content, content_hash) values \
         (1, 1, 'a', 'ed@example.nl, {old}, {new}', '', '')"
    ));
    // A notice that waits for a mail server, somebody else's mail that names them, and the pace of a domain of their own.
    let bytes = if served.database.engine() == Engine::Postgres { "bytea" } else { "blob" };
    served.database.sql(&format!(
        "insert into outbox (uid, kind, recipient, body, next_at, expires_at, created_at) values \
         (cast('u' as {bytes}), 'notice', 'ed@example.nl', '{}', 9, 9, 9)",
        json!({"kind": "notice", "language": "nl", "subject": "s", "text": "550 <Victim.New@vanderbuuren.example>"})
    ));
    served.database.sql(
        "insert into unclassified_mail (at, edition_id, seq, subscription_id, channel, subject, words) values \
         (1, 1, 1, 999, 'listener', 'victim.erase@vanderbuuren.example', 'ask VICTIM.NEW@vanderbuuren.example instead')",
    );
    served.database.sql(
        "insert into domain_paces (domain, allowed, complaints, resume_at, updated_at) values \
         ('vanderbuuren.example', 1, 1, 1, 1)",
    );
    let list = format!("email\n{}\n{}\n", "filler@example.nl\n".repeat(20_000), new.to_uppercase());
    let waits = import::Order {
        newsletter: "ibp",
        origin: "list.csv",
        statement: "taken over from our old tool",
        actor: "a test",
        list: None,
    };
    served.run(import::keep(&served.house, waits, list.as_bytes())).unwrap();

    let erased = served.cli(&["subscriber", "erase", new, "--json"]).json().remove(0);
    assert_eq!((&erased["known"], &erased["subscriptions"]), (&json!(true), &json!(1)));
    assert_eq!(found(&served, &["victim.erase", "victim.new", "vanderbuuren"]), [""; 0]);
    served.cli(&["consent", "verify"]).done();
    assert_eq!(served.database.texts("select recipients from edition_tests"), ["ed@example.nl"]);
    // Neither address comes back by a list.
    assert_eq!(served.database.texts("select reason from suppressions order by id"), ["erased", "erased"]);
}

fn a_former_address_that_is_somebody_elses_by_now_stays_theirs(database: Database) {
    let served = Served::set(database, &[("signups_per_network", "0"), ("signups_total", "0")]);
    moved(&served, "office@vanderbuuren.example", "ada@vanderbuuren.example");
    served.wait(8 * DAY);
    served.confirmed("office@vanderbuuren.example");
    let events = |email: &str| {
        let proof = served.cli(&["consent", "export", email]).json().remove(0);
        let records = proof["records"].as_array().unwrap().iter();
        records
            .filter(|one| !one["email"].is_null())
            .map(|one| one["event"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(events("ada@vanderbuuren.example"), ["requested", "confirmed", "address-changed"]);
    served.cli(&["subscriber", "erase", "ada@vanderbuuren.example"]).done();
    assert_eq!(served.status("office@vanderbuuren.example"), "confirmed");
    served.cli(&["consent", "verify"]).done();
    let kept = served.database.texts("select event from consent_records where body is not null and event <> 'erased'");
    assert_eq!(kept, ["requested", "confirmed"]);
    let blocked = served.cli(&["suppression", "list", "--json"]).json();
    assert_eq!(blocked.len(), 1, "{blocked:?}");
}

fn a_sign_up_that_nobody_confirmed_leaves_no_address_and_no_block(database: Database) {
    let served = Served::with(database);
    served.subscribe("never@vanderbuuren.example");
    served.wait(31 * DAY);
    served.run(retention::forget(&served.house)).unwrap();
    assert_eq!(found(&served, &["vanderbuuren"]), [""; 0]);
    assert_eq!(served.consents(), ["requested", "erased"]);
    let means = served.database.texts("select body from consent_records where event = 'erased'");
    assert!(means[0].contains(ConsentMeans::Retention.as_str()), "{means:?}");
    served.cli(&["consent", "verify"]).done();
    assert!(served.cli(&["suppression", "list", "--json"]).json().is_empty());
    let register = served.cli(&["subscriber", "retention", "--json"]).json();
    assert!(register.iter().any(|line| line["what"] == "unconfirmed" && line["forgotten"] == 1), "{register:?}");
    for what in ["test-mails", "webhook-deliveries", "repeated-requests", "consent-records", "backups", "logs"] {
        assert!(register.iter().any(|line| line["what"] == what), "{what} is not in the register");
    }
    served.confirmed("never@vanderbuuren.example");
}

fn a_list_that_is_taken_back_leaves_nothing_of_whom_we_knew_by_it_alone(database: Database) {
    let served = Served::with(database);
    served.subscribe("asked@example.nl");
    let list = "email\nlisted@vanderbuuren.example\nasked@example.nl\n";
    let file = served.database.folder().join("list.csv");
    std::fs::write(&file, list).unwrap();
    let statement = "taken over from our old tool";
    served.cli(&["subscriber", "import", "list.csv", "--newsletter", "ibp", "--consent", statement]).done();
    assert_eq!(served.status("listed@vanderbuuren.example"), "confirmed");
    let batch = served.database.texts("select cast(id as text) from import_batches").remove(0);
    served.cli(&["subscriber", "import", "--undo", &batch]).done();
    std::fs::remove_file(&file).unwrap();
    for made in backups(&served) {
        std::fs::remove_file(made).unwrap();
    }
    assert_eq!(found(&served, &["vanderbuuren"]), [""; 0]);
    assert_eq!(served.status("asked@example.nl"), "pending");
    served.cli(&["consent", "verify"]).done();
    assert!(served.cli(&["suppression", "list", "--json"]).json().is_empty());
}

/// Backups that were made by themselves.
fn backups(served: &Served) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![served.database.folder().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "backup") {
                found.push(path);
            }
        }
    }
    found
}

fn an_erasure_lifts_no_block_and_a_block_ends_what_was_subscribed(database: Database) {
    let served = Served::with(database);
    served.confirmed("ada@example.nl");
    served.cli(&["suppression", "add", "ada@example.nl", "--note", "by letter"]).done();
    assert_eq!(served.status("ada@example.nl"), "unsubscribed");
    assert_eq!(served.consents(), ["requested", "confirmed", "unsubscribed"]);
    served.cli(&["subscriber", "erase", "ada@example.nl"]).done();
    let kept = served.cli(&["suppression", "list", "--json"]).json().remove(0);
    assert_eq!((&kept["reason"], &kept["email"], &kept["note"]), (&json!("manual"), &json!(null), &json!(null)));
    served
        .run(erase::erase_address(&served.house, &address("ada@example.nl"), ConsentMeans::Operator, "a test"))
        .unwrap();
    served.cli(&["consent", "verify"]).done();
}

fn an_address_of_the_mail_system_is_not_added_but_can_be_shown_and_forgotten(database: Database) {
    let served = Served::with(database);
    let admin = format!("Bearer {}", served.api_token(Role::Admin));
    let add = r#"{"email":"postmaster@example.nl","newsletter":"ibp","consent":"by telephone"}"#;
    let answer = served.http.ask("POST", "/api/v1/subscribers").header("authorization", &admin);
    let answer = answer.header("content-type", "application/json").send_body(add);
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(answer.text().contains("\"email\""), "{}", answer.text());
    assert!(served.cli(&["subscriber", "show", "postmaster@example.nl"]).failed().contains("spelling"));
    served.cli(&["suppression", "add", "postmaster@example.nl"]).done();
    served.cli(&["suppression", "remove", "postmaster@example.nl"]).done();
    served.cli(&["subscriber", "erase", "postmaster@example.nl"]).done();
}
