//! The command line as scripts meet it: exit codes, one clear line about a fault, JSON and nothing else.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;

use serde_json::json;

use crate::kit::database::Database;
use crate::kit::on_each_engine;
use crate::kit::program::{Outcome, Program};

on_each_engine![
    the_database_is_made_ready_by_one_command_that_may_be_repeated,
    a_newsletter_is_made_shown_changed_and_scheduled,
    what_is_wrong_with_a_newsletter_is_said_all_at_once_and_changes_nothing,
    a_token_is_told_once_and_revoked_for_good,
    a_database_is_not_opened_with_another_key,
];

/// A run against this database.
fn run(database: &Database, arguments: &[&str]) -> Outcome {
    let with_database = [arguments, &["--database-url", database.url()]].concat();
    Program::new(database.folder(), &with_database).env("POSTDUIF_SECRET_KEY", &"k".repeat(44)).run()
}

fn make_newsletter(database: &Database) {
    run(database, &["newsletter", "create", "ibp", "--title", "IBP-nieuws", "--from", "IBP <news@example.org>"]).done();
}

fn a_newsletter_is_made_shown_changed_and_scheduled(database: Database) {
    make_newsletter(&database);
    let edit = ["newsletter", "edit", "ibp", "--review-days", "3", "--timezone", "America/New_York", "--json"];
    let edited = run(&database, &edit).json().remove(0);
    assert_eq!((&edited["title"], &edited["review_days"]), (&"IBP-nieuws".into(), &3.into()));
    assert_eq!(run(&database, &["newsletter", "show", "ibp", "--json"]).json().remove(0), edited);
    assert_eq!(run(&database, &["newsletter", "list", "--json"]).json(), [edited]);
    assert!(run(&database, &["newsletter", "list"]).done().contains("IBP-nieuws"));
    let moments = run(&database, &["schedule", "ibp", "--from", "2027-03-01", "--count", "2", "--json"]).json();
    assert_eq!(
        moments,
        [
            json!({
                "newsletter": "ibp",
                "assemble_at": "2027-03-01T09:00:00-05:00",
                "send_at": "2027-03-04T09:00:00-05:00",
            }),
            json!({
                "newsletter": "ibp",
                "assemble_at": "2027-06-01T09:00:00-04:00",
                "send_at": "2027-06-04T09:00:00-04:00",
            }),
        ]
    );
}

fn what_is_wrong_with_a_newsletter_is_said_all_at_once_and_changes_nothing(database: Database) {
    for (arguments, parts) in [
        (&[][..], &["--title", "--from"][..]),
        (&["--title", "X", "--from", "a@example.org", "--language", "xx"], &["xx", "nl, en"]),
        (&["--title", "X", "--from", "a@example.org", "--approval", "maybe"], &["required, automatic"]),
    ] {
        let misuse = run(&database, &[&["newsletter", "create", "ibp"][..], arguments].concat());
        assert_eq!((misuse.code, misuse.out.as_str()), (2, ""), "{}", misuse.err);
        assert!(parts.iter().all(|part| misuse.err.contains(part)), "{}", misuse.err);
    }
    let message = run(&database, &["newsletter", "create", "A B", "--title", "", "--from", "x"]).failed();
    assert!(["slug: ", "title: ", "from: "].iter().all(|part| message.contains(part)), "{message}");
    assert_eq!(message.matches("title: ").count(), 1, "{message}");
    assert_eq!(run(&database, &["newsletter", "list", "--json"]).done(), "");
    make_newsletter(&database);
    let message = run(&database, &["newsletter", "create", "ibp", "--title", "X", "--from", "a@example.org"]).failed();
    assert_eq!(message, "postduif: there is a newsletter “ibp” already");
    assert_eq!(run(&database, &["schedule", "nieuws"]).failed(), "postduif: there is no newsletter “nieuws”");
}

fn a_token_is_told_once_and_revoked_for_good(database: Database) {
    let made = run(&database, &["token", "create", "site", "--role", "editor", "--json"]).json().remove(0);
    let token = made["token"].as_str().expect("the token is told");
    assert!(token.len() > 40, "{token}");
    let list = run(&database, &["token", "list", "--json"]).done();
    assert!(list.contains("\"editor\"") && !list.contains(token), "{list}");
    let id = made["id"].to_string();
    run(&database, &["token", "revoke", &id]).done();
    assert_eq!(
        run(&database, &["token", "revoke", &id]).failed(),
        format!("postduif: there is no token {id} that still holds")
    );
}

fn a_database_is_not_opened_with_another_key(database: Database) {
    make_newsletter(&database);
    let other = Program::new(database.folder(), &["newsletter", "list", "--database-url", database.url()]);
    let message = other.env("POSTDUIF_SECRET_KEY", &"q".repeat(44)).run().failed();
    assert!(message.contains("the secret key is not the one"), "{message}");
}

fn the_database_is_made_ready_by_one_command_that_may_be_repeated(database: Database) {
    for _ in 0..2 {
        run(&database, &["migrate"]).done();
    }
    assert!(!database.texts("select cast(version as text) from _sqlx_migrations").is_empty());
}

#[test]
fn an_sqlite_database_gets_a_key_beside_it_and_is_lost_without_it() {
    let folder = folder();
    let list = || Program::new(folder.path(), &["newsletter", "list"]).run();
    let message = list().failed();
    let place =
        format!("there is no database {}; set POSTDUIF_DATABASE_URL", folder.path().join("postduif.db").display());
    assert!(message.contains(&place), "{message}");
    for arguments in [&["edition", "list"][..], &["feedback", "ingest"], &["migrate", "--to", "sqlite:other.db"]] {
        let message = Program::new(folder.path(), arguments).run().failed();
        assert!(message.contains("there is no database"), "{arguments:?}: {message}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "who only looks makes nothing");
    Program::new(folder.path(), &["migrate"]).run().done();
    list().done();
    std::fs::rename(folder.path().join("postduif.db.key"), folder.path().join("elsewhere")).unwrap();
    assert!(list().failed().contains("its key file postduif.db.key is not"));
    assert!(!folder.path().join("postduif.db.key").exists());
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

#[test]
fn settings_are_shown_with_their_origin_and_without_their_secrets() {
    let folder = folder();
    std::fs::write(folder.path().join("postduif.toml"), "smtp_url = 'smtp://jan:hunter2@mail.example.org'").unwrap();
    let lines = Program::new(folder.path(), &["config", "--json", "--set", "offline=true"])
        .env("POSTDUIF_DATABASE_URL", "postgres://jan:hunter2@db/news")
        .env("POSTDUIF_SECRET_KEY", "aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMmh1bnRlcjJodW50ZXIy")
        .run()
        .json();
    let of = |key: &str| lines.iter().find(|line| line["key"] == key).expect("every setting is shown");
    assert_eq!(of("smtp_url")["value"], "smtp://jan:•••@mail.example.org:587?tls=required&weight=1");
    assert_eq!(of("smtp_url")["origin"], "file postduif.toml");
    assert_eq!(of("database_url")["value"], "postgres://jan:***@db/news");
    assert_eq!(of("offline")["origin"], "flag --set offline");
    assert_eq!(of("secret_key")["value"], "•••");
    assert_eq!(of("secret_key")["origin"], "environment POSTDUIF_SECRET_KEY");
    let all = serde_json::to_string(&lines).unwrap();
    assert!(!all.contains("hunter2") && !all.contains("aHVudGVy"), "{all}");
}

#[test]
fn settings_that_would_stop_a_start_are_shown_with_what_is_wrong() {
    let folder = folder();
    let shown = |program: Program| {
        let outcome = program.run();
        assert!(outcome.code == 1 && outcome.out.contains("public_url"), "{} {}", outcome.code, outcome.out);
        outcome.err
    };
    let config = || Program::new(folder.path(), &["config"]);
    let message = shown(config().env("POSTDUIF_DATABASE_URL", "postgres://db/x"));
    assert!(message.contains("the setting POSTDUIF_SECRET_KEY is missing"), "{message}");
    let dkim = ["--set", "dkim_domain=example.org", "--set", "dkim_selector=a", "--set", "dkim_key_file=gone.pem"];
    let message =
        shown(Program::new(folder.path(), &[&["config"][..], &dkim].concat()).env("POSTDUIF_TEMPLATES", "gone"));
    assert!(message.contains("POSTDUIF_DKIM_KEY_FILE: gone.pem cannot be read"), "{message}");
    assert!(message.contains("POSTDUIF_TEMPLATES: "), "{message}");
}

#[test]
fn what_is_not_there_is_called_by_its_name() {
    let folder = folder();
    let run = |arguments: &[&str]| Program::new(folder.path(), arguments).run();
    assert_eq!(run(&["restore", "nofile"]).failed(), "postduif: there is no such file: nofile");
    run(&["migrate"]).done();
    assert_eq!(run(&["suppression", "list"]).done(), "No address is suppressed.\n");
    assert_eq!(run(&["suppression", "list", "--json"]).done(), "");
    for arguments in [
        &["subscriber", "export", "--format", "csv", "--json"][..],
        &["consent", "export", "a@b.nl", "--html", "--json"],
    ] {
        assert_eq!(run(arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn a_command_in_another_shell_is_told_that_serve_has_another_public_url() {
    let folder = folder();
    let run = |arguments: &[&str]| Program::new(folder.path(), arguments).run();
    run(&["newsletter", "create", "ibp", "--title", "IBP-nieuws", "--from", "IBP <news@example.org>"]).done();
    let article = ["--section", "blogs", "--title", "Eén", "--url", "https://example.org/1"];
    run(&[&["article", "add", "ibp"][..], &article].concat()).done();
    run(&["edition", "assemble", "ibp"]).done();
    let preview = |url: &str| {
        let outcome =
            Program::new(folder.path(), &["edition", "preview", "1", "--out", "x"]).env("POSTDUIF_PUBLIC_URL", url);
        let outcome = outcome.run();
        assert_eq!(outcome.code, 0, "{}", outcome.err);
        outcome.err
    };
    assert_eq!(preview("https://a.example"), "", "nobody has served yet");
    let serve = Program::new(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    let mut serving = serve.env("POSTDUIF_PUBLIC_URL", "https://a.example").into_command();
    let mut serving = serving.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let log = std::io::BufReader::new(serving.stderr.take().unwrap());
    let started = std::io::BufRead::lines(log).map_while(Result::ok).any(|line| line.contains("serving"));
    serving.kill().unwrap();
    serving.wait().unwrap();
    assert!(started);
    assert_eq!(preview("https://a.example"), "");
    let warning = preview("https://b.example");
    assert!(warning.contains("POSTDUIF_PUBLIC_URL is https://b.example here, and https://a.example"), "{warning}");
}

#[test]
fn showing_the_settings_makes_nothing() {
    let folder = folder();
    Program::new(folder.path(), &["config"]).run().done();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_wrong_setting_is_one_line_that_names_it() {
    let folder = folder();
    let message = Program::new(folder.path(), &["migrate"]).env("POSTDUIF_LISTEM", "x").run().failed();
    assert_eq!(message, "postduif: unknown setting “POSTDUIF_LISTEM” (environment); did you mean POSTDUIF_LISTEN?");
    let message = Program::new(folder.path(), &["migrate"]).env("POSTDUIF_NONSENSE", "1").run().failed();
    assert!(message.starts_with("postduif: unknown setting “POSTDUIF_NONSENSE” (environment)"), "{message}");
    Program::new(folder.path(), &["config"]).env("POSTDUIF_PORT", "tcp://10.0.0.1:8080").run().done();
    let message = Program::new(folder.path(), &["migrate", "--database-url", "postgres://db/x"]).run().failed();
    assert!(message.starts_with("postduif: the setting POSTDUIF_SECRET_KEY is missing: "), "{message}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn misuse_is_told_from_failure_by_its_exit_code() {
    let folder = folder();
    for arguments in
        [&["fly"][..], &[], &["config", "--wings"], &["config", "--set", "listen"], &["completions", "dos"]]
    {
        let outcome = Program::new(folder.path(), arguments).run();
        assert_eq!((outcome.code, outcome.out.as_str()), (2, ""), "{arguments:?}");
        assert!(outcome.err.contains("Usage") || outcome.err.contains("--help"), "{arguments:?}: {}", outcome.err);
    }
    assert!(Program::new(folder.path(), &["--help"]).run().done().contains("migrate"));
}

#[test]
fn a_reader_who_has_had_enough_is_no_fault() {
    let folder = folder();
    for arguments in [&["config"][..], &["config", "--json"], &["man"], &["completions", "bash"]] {
        let mut command = Program::new(folder.path(), arguments).into_command();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert!(child.wait().unwrap().success() && err.is_empty(), "{arguments:?}: {err}");
    }
}

#[test]
fn a_shell_and_a_manual_reader_are_served() {
    let folder = folder();
    assert!(Program::new(folder.path(), &["completions", "fish"]).run().done().contains("complete -c postduif"));
    let pages = Program::new(folder.path(), &["man"]).run().done();
    assert!(pages.contains(".TH postduif 1") && pages.contains(".TH postduif-config 1"), "{pages}");
    for arguments in [&["man", "--json"][..], &["completions", "fish", "--json"]] {
        let answer = Program::new(folder.path(), arguments).run().json().remove(0);
        assert!(answer["text"].as_str().unwrap().contains("postduif"), "{answer}");
    }
}

#[test]
fn health_is_what_the_server_says_and_sick_where_there_is_none() {
    let folder = folder();
    for (answer, code) in [("HTTP/1.1 200 OK\r\n\r\n", 0), ("HTTP/1.1 503 Service Unavailable\r\n\r\n", 1)] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        assert_eq!(Program::new(folder.path(), &["healthcheck", "--listen", &address]).run().code, code);
        assert!(server.join().unwrap().starts_with("GET /health/ready HTTP/1.1\r\nHost: "));
        let message = Program::new(folder.path(), &["healthcheck", "--listen", &address]).run().failed();
        assert!(message.contains(&format!("no server answers at {address}")), "{message}");
    }
}

#[test]
fn feeds_are_checked_one_line_each_whether_good_or_bad() {
    let folder = folder();
    let feed = "<rss version='2.0'><channel><title>Nieuws</title><language>nl</language><item><title>Eén</title>\
                <link>https://example.org/1</link><guid>1</guid><category>blogs</category>\
                <pubDate>Tue, 04 Feb 2025 09:00:00 +0100</pubDate></item></channel></rss>";
    std::fs::write(folder.path().join("good.xml"), feed).unwrap();
    std::fs::write(folder.path().join("bad.xml"), "no feed").unwrap();
    let arguments = ["source", "check", "--json", "good.xml", "bad.xml", "http://127.0.0.1/feed"];
    let outcome = Program::new(folder.path(), &arguments).run();
    assert_eq!(outcome.code, 1);
    assert!(outcome.err.contains("postduif: 2 of 3 inputs cannot be used"), "{}", outcome.err);
    let lines: Vec<serde_json::Value> = outcome.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (&lines[0]["format"], &lines[0]["title"], &lines[0]["language"]),
        (&json!("rss"), &json!("Nieuws"), &json!("nl"))
    );
    assert_eq!(
        lines[0]["items"],
        json!([{
            "id": "1", "title": "Eén", "url": "https://example.org/1", "published": "2025-02-04T08:00:00Z", "summary": "",
            "author": null, "image": null, "categories": ["blogs"],
        }])
    );
    assert!(lines[0].get("error").is_none());
    assert!(lines[1]["error"].as_str().unwrap().contains("neither RSS"), "{}", lines[1]);
    assert!(lines[2]["error"].as_str().unwrap().contains("private network"), "{}", lines[2]);
    let text = Program::new(folder.path(), &["source", "check", "good.xml"]).run().done();
    assert!(text.contains("“Nieuws” (rss, 1 items)") && text.contains("https://example.org/1"), "{text}");
}

#[test]
fn a_bounce_is_explained_and_nothing_is_stored() {
    let folder = folder();
    let bounce = "From: MAILER-DAEMON@mx.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
                  --b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
                  Final-Recipient: rfc822; jan@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n";
    std::fs::write(folder.path().join("bounce.eml"), bounce).unwrap();
    let line = Program::new(folder.path(), &["feedback", "parse", "--json", "bounce.eml"]).run().json().remove(0);
    let recipients =
        json!([{"address": "jan@example.net", "status": "5.1.1", "permanent": true, "reason": "user-unknown"}]);
    assert_eq!(line, json!({"file": "bounce.eml", "kind": "bounce", "recipients": recipients}));
    let outcome = Program::new(folder.path(), &["feedback", "parse", "gone.eml", "bounce.eml"]).run();
    assert_eq!(outcome.code, 1);
    assert!(outcome.out.contains("jan@example.net") && outcome.err.contains("gone.eml"), "{}", outcome.err);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn an_article_that_is_entered_twice_is_one_article_and_can_be_hidden() {
    let folder = folder();
    let run = |arguments: &[&str]| Program::new(folder.path(), arguments).run();
    run(&["newsletter", "create", "ibp", "--title", "IBP-nieuws", "--from", "IBP <news@example.org>"]).done();
    let add = |title: &str, url: &str| {
        let add = ["article", "add", "ibp", "--section", "blogs", "--title", title, "--url", url, "--json"];
        run(&add).json().remove(0)
    };
    let first = add("Eén", "https://example.org/1");
    let again = add("Twee", "http://EXAMPLE.org/1/?utm_source=x");
    assert_eq!((&again["id"], &again["title"]), (&first["id"], &json!("Twee")));
    assert_eq!(again["published"], first["published"], "an article that changes its words is not new again");
    let id = first["id"].to_string();
    assert_eq!(run(&["article", "hide", &id, "--json"]).json()[0]["hidden"], true);
    let listed = run(&["article", "list", "ibp", "--json"]).json();
    assert_eq!((listed.len(), &listed[0]["hidden"]), (1, &json!(true)));
    let message = run(&["edition", "assemble", "ibp"]).failed();
    assert!(message.contains("0 new articles, 1 are needed") && !message.contains("--min-articles"), "{message}");
    let message = run(&["article", "add", "ibp", "--section", "x", "--title", "", "--url", "ftp://x"]).failed();
    assert!(["title: ", "url: ", "section: “x” is no section"].iter().all(|part| message.contains(part)), "{message}");
}

#[test]
fn an_edition_is_looked_at_before_it_may_go() {
    let folder = folder();
    let run = |arguments: &[&str]| Program::new(folder.path(), arguments).run();
    let with_server = |arguments: &[&str]| {
        let server = "smtp://127.0.0.1:1?tls=none";
        Program::new(folder.path(), arguments).env("POSTDUIF_SMTP_URL", server).run()
    };
    run(&["newsletter", "create", "ibp", "--title", "IBP-nieuws", "--from", "IBP <news@example.org>"]).done();
    let article = ["--section", "blogs", "--title", "Eén", "--url", "https://example.org/1"];
    run(&[&["article", "add", "ibp"][..], &article].concat()).done();
    let edition = run(&["edition", "assemble", "ibp", "--json"]).json().remove(0);
    assert_eq!((&edition["status"], &edition["sections"][0]["items"][0]["title"]), (&json!("draft"), &json!("Eén")));
    let id = edition["id"].to_string();
    assert_eq!(run(&["edition", "assemble", "ibp", "--json"]).json(), [edition], "running again changes nothing");

    let preflight = run(&["edition", "preflight", &id, "--json"]);
    assert_eq!(preflight.code, 1);
    let found: serde_json::Value = serde_json::from_str(preflight.out.trim()).unwrap();
    assert!(found["findings"].to_string().contains("audience"), "nobody would get it: {found}");
    assert!(run(&["edition", "approve", &id]).failed().contains("--override REASON"));
    assert!(run(&["edition", "send", &id]).failed().contains("Approve it first"));
    run(&["edition", "approve", &id, "--override", "a rehearsal"]).done();
    for how in [&[][..], &["--wait"], &["--at", "2999-01-01T09:00:00+01:00"]] {
        let refusal = run(&[&["edition", "send", &id][..], how].concat()).failed();
        assert!(refusal.contains("POSTDUIF_SMTP_URL"), "{refusal}");
    }
    assert!(run(&["edition", "test", &id, "--to", "ada@example.org"]).failed().contains("POSTDUIF_SMTP_URL"));
    assert!(run(&["edition", "send", &id, "--at", "2020-01-01T00:00:00Z"]).failed().contains("lies in the past"));
    let planned = ["edition", "send", &id, "--at", "2999-01-01T09:00:00+01:00", "--json"];
    let planned = with_server(&planned).json().remove(0);
    assert_eq!((&planned["status"], &planned["send_at"]), (&json!("scheduled"), &json!("2999-01-01T08:00:00Z")));

    run(&["edition", "preview", &id, "--out", "look/here"]).done();
    for (name, part) in
        [("preview.html", "<!doctype html"), ("preview.txt", "Eén"), ("preview.eml", "List-Unsubscribe:")]
    {
        let text = std::fs::read_to_string(folder.path().join("look/here").join(name)).unwrap();
        assert!(text.to_lowercase().contains(&part.to_lowercase()), "{name}: {text}");
    }
    assert_eq!(run(&["edition", "cancel", &id, "--json"]).json()[0]["status"], "cancelled");
    assert_eq!(run(&["edition", "report", &id, "--json"]).json()[0]["adds_up"], true);
    assert!(run(&["edition", "show", "99"]).failed().contains("there is no edition 99"));
}
