//! The kit keeps its word: what other tests lean on is tried by itself first.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use url::Url;

use crate::kit::browser::{Browser, Script};
use crate::kit::database::{Database, Engine};
use crate::kit::on_each_engine;
use crate::kit::postfix::{Door, Postfix};

on_each_engine![a_test_has_a_database_that_nobody_else_has, a_test_leaves_no_database_and_no_file_behind];

fn a_test_has_a_database_that_nobody_else_has(database: Database) {
    let another = Database::fresh(database.engine()).expect("where there is one there is another");
    database.sql("create table mine (name text)");
    another.sql("create table mine (name text)");
    database.sql("insert into mine values ('ada')");
    assert_eq!(database.texts("select name from mine"), ["ada"]);
    assert!(another.texts("select name from mine").is_empty());
}

fn a_test_leaves_no_database_and_no_file_behind(database: Database) {
    let neighbour = Database::fresh(database.engine()).expect("where there is one there is another");
    let (folder, url) = (database.folder().to_owned(), database.url().to_owned());
    database.sql("create table mine (name text)");
    drop(database);
    assert!(!folder.exists());
    if neighbour.engine() == Engine::Postgres {
        let names = neighbour.texts("select cast(datname as text) from pg_database");
        assert!(!names.iter().any(|name| url.ends_with(name)), "{url} is still among {names:?}");
    }
}

#[test]
fn a_browser_runs_scripts_or_not_as_the_test_wishes() {
    const PAGE: &str = "data:text/html,<title>A page</title><p>without</p>\
         <script>document.querySelector('p').textContent='with'</script>";
    for (script, text) in [(Script::On, "with"), (Script::Off, "without")] {
        let Some(browser) = Browser::open(script) else { return };
        browser.go(PAGE);
        assert_eq!(browser.text("p"), text);
        assert_eq!(browser.title(), "A page");
    }
}

#[test]
fn a_browser_fills_forms_and_presses_buttons_without_script() {
    let Some(browser) = Browser::open(Script::Off) else { return };
    browser.resize(375, 700);
    browser.go("data:text/html,<form action='about:blank'><input name=a><button>Go</button></form>");
    browser.fill("input", "ada");
    browser.picture("a-form");
    browser.press("button");
    assert_eq!(browser.address(), "about:blank?a=ada");
}

#[test]
fn every_door_of_postfix_has_an_address_of_its_own() {
    let Some(postfix) = Postfix::lent("nobody.example") else { return };
    let mut doors = [Door::Plain, Door::StartTls, Door::Auth, Door::Tls].map(|door| postfix.url(door));
    assert!(doors[3].starts_with("smtps://"), "{}", doors[3]);
    doors.sort();
    assert!(doors.windows(2).all(|pair| pair[0] != pair[1]), "{doors:?}");
}

#[test]
fn a_mail_given_to_postfix_lies_in_the_maildir() {
    let Some(mut postfix) = Postfix::lent("kit.example") else { return };
    let door: Url = postfix.url(Door::Plain).parse().expect("a door has an address");
    let stream = TcpStream::connect(door.socket_addrs(|| None).expect("it is an IP address")[0]).expect("it is open");
    let mut replies = BufReader::new(stream.try_clone().expect("a socket can be read and written")).lines();
    let mut say = |line: &str, code: &str| {
        (&stream).write_all(format!("{line}\r\n").as_bytes()).expect("the server listens");
        let reply = replies.next().expect("the server answers").expect("in ASCII");
        assert!(reply.starts_with(code), "{line}: {reply}");
    };
    say("HELO test.example", "220");
    say("MAIL FROM:<nieuws@example.org>", "250");
    say("RCPT TO:<unknown@kit.example>", "250");
    say("RCPT TO:<ada@kit.example>", "550");
    say("DATA", "250");
    say("Subject: Dag\r\n\r\nAda\r\n.", "354");
    say("QUIT", "250");
    let mail = postfix.mail(1);
    assert_eq!(mail.len(), 1);
    assert_eq!((mail[0].sender.as_str(), mail[0].recipient.as_str()), ("nieuws@example.org", "ada@kit.example"));
    assert!(mail[0].message.contains("\nAda\n"), "{}", mail[0].message);
}
