//! People by command: taken over from a file, added, shown, ended, written out; and an edition that reaches them.

use std::time::Duration;

use postduif::clock::Clock;
use serde_json::{Value, json};

use crate::kit::database::Database;
use crate::kit::on_each_engine;
use crate::kit::program::{Outcome, Program};
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::Script;

on_each_engine![
    a_list_is_taken_over_once_with_a_report_of_what_was_not,
    who_left_here_or_there_is_not_brought_back_by_a_list,
    one_person_is_added_on_the_operators_word_and_ended_at_theirs,
    what_is_exported_can_be_imported_and_no_spreadsheet_calculates_with_it,
    an_edition_goes_from_its_articles_to_its_readers_by_commands_alone,
];

fn run_with(database: &Database, arguments: &[&str], environment: &[(&str, &str)]) -> Outcome {
    let with_database = [arguments, &["--database-url", database.url()]].concat();
    let mut program = Program::new(database.folder(), &with_database).env("POSTDUIF_SECRET_KEY", &"k".repeat(44));
    for (name, value) in environment {
        program = program.env(name, value);
    }
    program.run()
}

fn run(database: &Database, arguments: &[&str]) -> Outcome {
    run_with(database, arguments, &[])
}

fn make_newsletter(database: &Database) {
    let create = ["newsletter", "create", "ibp", "--title", "IBP-nieuws", "--from", "IBP <news@example.org>"];
    run(database, &[&create[..], &["--postal-address", "Straat 1, Stad"]].concat()).done();
}

fn import(database: &Database, name: &str, list: &str) -> Value {
    std::fs::write(database.folder().join(name), list).unwrap();
    let import = ["subscriber", "import", name, "--newsletter", "ibp", "--consent", "paper forms of May", "--json"];
    run(database, &import).json().remove(0)
}

fn status(database: &Database, address: &str) -> Value {
    run(database, &["subscriber", "show", address, "--json"]).json()[0]["subscriptions"][0]["status"].clone()
}

fn a_list_is_taken_over_once_with_a_report_of_what_was_not(database: Database) {
    make_newsletter(&database);
    let list = "email,name,language\nada@example.org,Ada,en\n=1+1@nowhere,Eve,\nADA@example.org,Ada,nl\n\nbob@example.org,Bob,\n";
    let answer = import(&database, "list.csv", list);
    let counts = json!({"rows": 4, "imported": 2, "unchanged": 1, "suppressed": 0, "rejected": 1, "report": "list.csv.rejected.csv", "batch": 1});
    assert_eq!(answer, counts);
    let report = std::fs::read_to_string(database.folder().join("list.csv.rejected.csv")).unwrap();
    assert!(report.starts_with("line,email,reason\n3,'=1+1@nowhere,"), "{report}");
    assert_eq!(status(&database, "bob@example.org"), "confirmed");
    assert_eq!(run(&database, &["subscriber", "show", "ada@example.org", "--json"]).json()[0]["language"], "en");

    let again = import(&database, "again.csv", "email\nada@example.org\nbob@example.org\n");
    assert_eq!((&again["imported"], &again["unchanged"], &again["report"]), (&json!(0), &json!(2), &Value::Null));
    assert!(!database.folder().join("again.csv.rejected.csv").exists());
    assert_eq!(database.texts("select event from consent_records order by id"), ["imported", "imported"]);
    assert!(database.texts("select body from consent_records")[0].contains("paper forms of May"));
    assert!(database.texts("select kind from outbox").is_empty(), "nobody is mailed by an import");

    let no_list = ["subscriber", "import", "list.csv.rejected.csv", "--newsletter", "ibp", "--consent", " "];
    assert!(run(&database, &no_list).failed().contains("consent: say in one line"));
    std::fs::write(database.folder().join("phones.csv"), "name;phone\nAda;06").unwrap();
    let no_address = ["subscriber", "import", "phones.csv", "--newsletter", "ibp", "--consent", "x"];
    assert!(run(&database, &no_address).failed().contains("no column “email”; its columns are: name, phone"));
}

fn who_left_here_or_there_is_not_brought_back_by_a_list(database: Database) {
    make_newsletter(&database);
    import(&database, "first.csv", "email\nada@example.org\nbob@example.org\n");
    run(&database, &["subscriber", "unsubscribe", "ada@example.org", "--newsletter", "ibp"]).done();
    let list = "Email;Status\nada@example.org;subscribed\nbob@example.org;unsubscribed\ncas@example.org;unsubscribed\n\
                dirk@example.org;cleaned\nevi@example.org;unconfirmed\n";
    let answer = import(&database, "second.csv", list);
    // Bob came by a list, so a list may end it; who confirmed to us is asked nobody else about.
    assert_eq!(status(&database, "bob@example.org"), "unsubscribed");
    let counts = json!({"rows": 5, "imported": 0, "unchanged": 0, "suppressed": 4, "rejected": 1, "report": "second.csv.rejected.csv", "batch": 2});
    assert_eq!(answer, counts);
    assert_eq!(status(&database, "ada@example.org"), "unsubscribed");
    assert_eq!(import(&database, "third.csv", "email\ncas@example.org\ndirk@example.org\n")["suppressed"], 2);
    let add = ["subscriber", "add", "cas@example.org", "--newsletter", "ibp", "--consent", "by telephone"];
    assert!(run(&database, &add).failed().contains("must not be mailed"));
}

fn one_person_is_added_on_the_operators_word_and_ended_at_theirs(database: Database) {
    make_newsletter(&database);
    let add = ["subscriber", "add", "ada@example.org", "--newsletter", "ibp", "--consent", "by telephone", "--json"];
    assert_eq!(run(&database, &add).json()[0]["subscriptions"][0]["status"], "confirmed");
    assert!(run(&database, &add).err.contains("gets the newsletter already"));
    let unsubscribe = ["subscriber", "unsubscribe", "ada@example.org", "--newsletter", "ibp", "--json"];
    assert_eq!(run(&database, &unsubscribe).json()[0]["changed"], true);
    assert_eq!(run(&database, &unsubscribe).json()[0]["changed"], false);
    assert_eq!(database.texts("select event from consent_records order by id"), ["added", "unsubscribed"]);
    assert!(
        run(&database, &["subscriber", "show", "bob@example.org"]).failed().contains("no person with this address")
    );
    assert_eq!(run(&database, &["subscriber", "show", "no address"]).code, 2);
}

fn what_is_exported_can_be_imported_and_no_spreadsheet_calculates_with_it(database: Database) {
    make_newsletter(&database);
    import(&database, "list.csv", "email\n+ada@example.org\nbob@example.org\n");
    run(&database, &["subscriber", "unsubscribe", "bob@example.org", "--newsletter", "ibp"]).done();
    let all = run(&database, &["subscriber", "export"]).done();
    assert!(
        all.contains("\n'+ada@example.org,nl,ibp,confirmed,") && all.contains("\nbob@example.org,nl,ibp,unsubscribed,"),
        "{all}"
    );
    let confirmed =
        run(&database, &["subscriber", "export", "--newsletter", "ibp", "--status", "confirmed", "--json"]).json();
    assert_eq!((confirmed.len(), &confirmed[0]["email"]), (1, &json!("+ada@example.org")));
    let answer = import(&database, "back.csv", &all);
    assert_eq!((&answer["unchanged"], &answer["suppressed"], &answer["rejected"]), (&json!(1), &json!(1), &json!(0)));
}

fn an_edition_goes_from_its_articles_to_its_readers_by_commands_alone(database: Database) {
    let server = SmtpDouble::start(Script::offering(&["PIPELINING"]));
    let smtp = server.url("tls=none");
    let run = |arguments: &[&str]| run_with(&database, arguments, &[("POSTDUIF_SMTP_URL", &smtp)]);
    make_newsletter(&database);
    let people: String = (0..25).map(|n| format!("reader{n}@example.org\n")).collect();
    import(&database, "list.csv", &format!("email\n{people}"));
    let article = ["--section", "blogs", "--title", "Eén", "--url", "https://example.org/1", "--summary", "Lees dit."];
    run(&[&["article", "add", "ibp"][..], &article].concat()).done();
    let edition = run(&["edition", "assemble", "ibp", "--json"]).json().remove(0);
    assert_eq!(edition["audience"], 25);
    let id = edition["id"].to_string();
    run(&["edition", "approve", &id, "--accept-warnings"]).done();
    let sent = run(&["edition", "send", &id, "--wait", "--json"]).json().remove(0);
    assert_eq!((&sent["status"], &sent["counts"]["accepted"]), (&json!("sent"), &json!(25)));
    let copies = server.copies();
    assert!(copies.len() == 25 && copies.values().all(|count| *count == 1), "{copies:?}");
    let report = run(&["edition", "report", &id, "--json"]).json().remove(0);
    assert_eq!(
        (&report["edition"], &report["audience"], &report["adds_up"]),
        (&edition["id"], &json!(25), &json!(true))
    );
    assert_eq!(
        (&report["per_domain"][0]["domain"], &report["per_domain"][0]["accepted"]),
        (&json!("example.org"), &json!(25))
    );
    assert!(run(&["edition", "report", &id]).done().contains("everybody"));

    let article = ["--section", "blogs", "--title", "Twee", "--url", "https://example.org/2"];
    run(&[&["article", "add", "ibp"][..], &article].concat()).done();
    let next = run(&["edition", "assemble", "ibp", "--json"]).json().remove(0)["id"].to_string();
    run(&["edition", "approve", &next, "--override", "a rehearsal"]).done();
    let at = Clock::system().now().plus(Duration::from_secs(8)).to_string();
    let sent = run(&["edition", "send", &next, "--at", &at, "--wait", "--json"]).json().remove(0);
    assert_eq!((&sent["status"], &sent["counts"]["accepted"]), (&json!("sent"), &json!(25)));
    assert!(sent["started_at"].as_str() >= sent["send_at"].as_str(), "not before its moment: {sent}");
    assert!(run(&["edition", "send", &id]).failed().contains("It has been sent to everyone"));
}
