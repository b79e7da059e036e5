//! What goes around every answer: headers, error pages, methods, and bodies that are too much.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::kit::database::{Database, Engine};
use crate::kit::house::Served;
use crate::kit::on_each_engine;

on_each_engine![
    every_answer_carries_the_headers_that_protect_it,
    characters_that_a_database_cannot_hold_are_no_fault_of_ours,
];

fn characters_that_a_database_cannot_hold_are_no_fault_of_ours(database: Database) {
    let served = Served::with(database);
    for place in ["/n/%00", "/n/%00/archive", "/u/%00", "/c/%ff", "/p/%00", "/assets/%00", "/n/ibp?language=%00"] {
        let status = served.http.get(place).status;
        assert!([200, 404].contains(&status), "{place}: {status}");
    }
    assert_eq!(served.form("/n/ibp/subscribe", &[("email", "a\0@example.nl"), ("language", "\0")]).status, 400);
    let body = serde_json::json!({"newsletter": "\0", "email": "ada@example.nl"});
    assert_eq!(served.http.post_json("/api/v1/subscriptions", &body).status, 404);
}

fn every_answer_carries_the_headers_that_protect_it(database: Database) {
    let served = Served::with(database);
    let token = served.confirmed("ada@example.nl");
    for place in [
        "/",
        "/n/ibp",
        "/n/ibp/check-inbox",
        "/n/ibp/archive",
        "/n/ibp/feed.xml",
        "/n/ibp/subscribe",
        "/n/none",
        "/nothing/here",
        "/health/live",
        "/health/ready",
        "/.well-known/security.txt",
        &format!("/u/{token}"),
        "/u/broken",
        "/api/v1/nothing",
    ] {
        let answer = served.http.get(place);
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{place}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{place}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{place}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{place}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{place}");
        assert_eq!(answer.header("x-request-id").len(), 16, "{place}");
        assert_eq!(answer.header("set-cookie"), "", "{place}");
        assert_eq!(answer.header("strict-transport-security"), "", "{place}: reached over http");
        if place.starts_with("/u/") {
            assert_eq!(answer.header("cache-control"), "no-store", "{place}");
            assert_eq!(answer.header("x-robots-tag"), "noindex", "{place}");
        }
        let head = served.http.ask("HEAD", place).send();
        assert_eq!((head.status, head.text().as_str()), (answer.status, ""), "{place}");
        assert!(!answer.text().contains("<script") && !answer.text().contains("src=\"http"), "{place}");
    }
    let embed = served.http.get("/n/ibp/embed");
    assert!(embed.header("content-security-policy").contains("frame-ancestors *"));
    assert_eq!(embed.header("x-frame-options"), "");

    let method = served.http.get("/n/ibp/subscribe");
    assert_eq!((method.status, method.header("location")), (303, "/n/ibp"), "the form is there");
    let missing = served.http.get("/nothing/here?language=en");
    assert!(missing.status == 404 && missing.text().contains("This page does not exist"), "{}", missing.text());
    let problem = served.http.get("/api/v1/nothing");
    assert_eq!(problem.header("content-type"), "application/problem+json");
    assert_eq!(problem.json()["request_id"], problem.header("x-request-id"));

    let style = served.http.get("/").text();
    let (_, rest) = style.split_once("href=\"/assets/app-").expect("pages have a style");
    let name = rest.split('"').next().expect("the attribute ends");
    let style = served.http.get(&format!("/assets/app-{name}"));
    assert!(style.status == 200 && style.header("cache-control").contains("immutable"));
    assert_eq!(served.http.get("/assets/app-0000000000000000.css").status, 404);
}

#[test]
fn a_house_reached_over_tls_says_so_to_browsers() {
    let Some(database) = Database::fresh(Engine::Sqlite) else { return };
    let served = Served::set(database, &[("public_url", "https://nieuws.example.nl")]);
    assert_eq!(served.http.get("/").header("strict-transport-security"), "max-age=31536000");
    let text = served.http.get("/.well-known/security.txt").text();
    assert!(text.contains("Canonical: https://nieuws.example.nl/.well-known/security.txt"), "{text}");
    assert!(text.contains("Contact: mailto:nieuws@example.nl\nExpires: 2026-08-01T00:00:00Z"), "{text}");
}

#[test]
fn bodies_that_are_too_much_are_refused_and_the_house_goes_on() {
    let Some(database) = Database::fresh(Engine::Sqlite) else { return };
    let served = Served::with(database);
    let fields = "a=b&".repeat(100_000);
    for place in ["/n/ibp/subscribe", "/u/x", "/c/x"] {
        let answer = served.http.ask("POST", place).header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(answer.send_body(&fields).status, 413, "{place}");
    }
    let json = served.http.ask("POST", "/n/ibp/subscribe").header("content-type", "application/json");
    assert_eq!(json.send_body("{\"email\":\"ada@example.nl\"}").status, 415);

    // A body without an end, and without a length to refuse it by.
    let address = served.house.config.listen;
    let mut stream = TcpStream::connect(address).expect("it listens");
    let head = "POST /n/ibp/subscribe HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("it is read");
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    while stream.write_all(chunk.as_bytes()).is_ok() {
        let mut answer = [0; 12];
        stream.set_read_timeout(Some(std::time::Duration::from_millis(20))).expect("a timeout can be set");
        if stream.read_exact(&mut answer).is_ok() {
            assert_eq!(&answer, b"HTTP/1.1 413");
            break;
        }
    }
    assert_eq!(served.http.get("/health/ready").status, 200);
}

#[test]
fn a_house_that_cannot_store_says_so_and_loses_nothing() {
    let Some(database) = Database::fresh(Engine::Sqlite) else { return };
    let served = Served::with(database);
    served.database.sql("alter table outbox rename to elsewhere");
    let answer = served.subscribe("ada@example.nl");
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.text().contains("Je aanmelding is niet opgeslagen") && answer.text().contains("ada@example.nl"));
    served.database.sql("alter table elsewhere rename to outbox");
    assert_eq!(served.status("ada@example.nl"), "");
    assert_eq!(served.subscribe("ada@example.nl").status, 303);
}
