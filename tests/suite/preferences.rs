//! One's own data: seen by a link, taken out and erased by a fresh one alone.

use std::time::Duration;

use postduif::domain::letter::Letter;
use postduif::domain::token::Purpose;
use postduif::flows::tokens;
use serde_json::json;

use crate::kit::database::Database;
use crate::kit::house::Served;
use crate::kit::on_each_engine;

on_each_engine![
    a_link_is_mailed_to_whom_we_know_and_everybody_is_told_the_same,
    the_link_in_a_newsletter_changes_choices_but_takes_nothing_out,
    who_is_forgotten_leaves_a_hash_and_may_come_back,
];

fn a_link_is_mailed_to_whom_we_know_and_everybody_is_told_the_same(database: Database) {
    let served = Served::with(database);
    served.confirmed("ada@example.nl");
    assert!(served.http.get("/p").text().contains("Stuur mij de link"));
    let known = served.form("/p", &[("email", "ada@example.nl")]);
    let unknown = served.form("/p", &[("email", "bob@example.nl")]);
    assert_eq!((known.status, known.text()), (200, unknown.text()));
    assert_eq!(served.form("/p", &[("email", "anna@gemeente")]).status, 400);
    served.form("/p", &[("email", "ada@example.nl")]);
    let letters: Vec<_> = served.letters().into_iter().map(|(to, letter)| (to, letter.kind())).collect();
    assert_eq!(letters.iter().filter(|(_, kind)| *kind == "preferences").count(), 1, "{letters:?}");

    let place = format!("/p/{}", served.token("ada@example.nl"));
    let page = served.http.get(&place);
    assert!(page.status == 200 && page.text().contains("Verwijder al je gegevens"), "{}", page.text());
    assert_eq!(page.header("cache-control"), "no-store");
    let file = served.form(&place, &[("action", "download")]);
    assert!(file.header("content-disposition").starts_with("attachment"));
    let export = file.json();
    assert_eq!(export["person"]["email"], "ada@example.nl");
    assert_eq!(export["consents"][0]["event"], "requested");
    assert!(export["consents"][0]["details"]["text"].as_str().is_some_and(|text| text.contains("Aanmelden")));

    served.wait(Duration::from_secs(3601));
    assert!(!served.http.get(&place).text().contains("Verwijder al je gegevens"));
    assert!(!served.form(&place, &[("action", "download")]).header("content-type").contains("json"));
    served.form(&place, &[("action", "erase"), ("confirm", "yes")]);
    assert_eq!(served.status("ada@example.nl"), "confirmed");
}

fn the_link_in_a_newsletter_changes_choices_but_takes_nothing_out(database: Database) {
    let served = Served::with(database);
    served.confirmed("ada@example.nl");
    let letters = served.letters();
    let Some((_, Letter::Welcome { link, .. })) = letters.last() else { panic!("a welcome is owed") };
    let link = crate::kit::house::unhex(link);
    let place = format!("/p/{}", served.house.keys.seal(Purpose::Preferences, &link));
    assert_eq!(served.http.get(&format!("/u/{}", &place[3..])).status, 404, "one token, one purpose");

    let saved = served.form(&place, &[("action", "choices"), ("mail_language", "en"), ("format", "text")]);
    assert!(saved.status == 200 && saved.text().contains("role=\"status\""), "{}", saved.text());
    assert_eq!(served.database.texts("select language || ' ' || format from subscribers"), ["en text"]);
    assert!(!served.http.get(&place).text().contains("value=\"download\""));
    served.form(&place, &[("action", "erase"), ("confirm", "yes")]);
    let forged = served.http.ask("POST", &place).header("origin", "https://evil.example");
    assert_eq!(forged.send_body("action=unsubscribe&newsletter=ibp").status, 403);
    assert_eq!(served.status("ada@example.nl"), "confirmed");
    let left = served.form(&place, &[("action", "unsubscribe"), ("newsletter", "ibp")]);
    assert!(left.text().contains("Unsubscribed"), "{}", left.text());
    assert_eq!(served.status("ada@example.nl"), "unsubscribed");
    served.form(&place, &[("action", "link")]);
    assert!(matches!(served.letters().last(), Some((_, Letter::Preferences { .. }))));
}

fn who_is_forgotten_leaves_a_hash_and_may_come_back(database: Database) {
    let served = Served::with(database);
    let unsubscribe = format!("/u/{}", served.confirmed("ada@example.nl"));
    served.form("/p", &[("email", "ada@example.nl")]);
    let place = format!("/p/{}", served.token("ada@example.nl"));
    let question = served.form(&place, &[("action", "erase")]);
    assert!(question.text().contains("Wil je al je gegevens verwijderen?"), "{}", question.text());
    assert_eq!(served.status("ada@example.nl"), "confirmed");
    let done = served.form(&place, &[("action", "erase"), ("confirm", "yes")]);
    assert!(done.text().contains("Je gegevens zijn verwijderd"), "{}", done.text());
    for query in [
        "select email from subscribers",
        "select recipient from outbox",
        "select email from suppressions where email is not null",
        // The record of the erasure says what was done, not to whom.
        "select body from consent_records where body is not null and (event <> 'erased' or body not like '%\"email\":\"\"%')",
    ] {
        assert!(served.database.texts(query).is_empty(), "{query}");
    }
    assert_eq!(served.database.texts("select reason from suppressions"), ["erased"]);
    assert_eq!(served.consents(), ["requested", "confirmed", "erased"]);
    assert_eq!(served.http.get(&place).status, 404);
    assert!(served.http.get(&unsubscribe).text().contains("We bewaren niets van je"));

    // Only they themselves come back.
    served.wait(Duration::from_secs(3600));
    served.confirmed("ada@example.nl");
    assert!(served.database.texts("select reason from suppressions").is_empty());
    let token = served.run(tokens::create(&served.house, "test", postduif::domain::role::Role::Admin, None));
    let bearer = format!("Bearer {}", token.expect("a token is made").0);
    let ask = |method: &str, place: &str| {
        served.http.ask(method, &format!("/api/v1{place}")).header("authorization", &bearer)
    };
    let found = ask("GET", "/subscribers").send().json();
    let id = found["items"][0]["id"].clone();
    assert_eq!(ask("GET", &format!("/subscribers/{id}/export")).send().json()["person"]["id"], id);
    assert_eq!(ask("DELETE", &format!("/subscribers/{id}")).send().status, 204);
    assert_eq!(ask("GET", &format!("/subscribers/{id}")).send().status, 404);
    let email = json!({"email": "ada@example.nl"}).to_string();
    let body =
        |method: &str| ask(method, "/suppressions").header("content-type", "application/json").send_body(&email).status;
    assert_eq!((body("POST"), body("DELETE"), body("DELETE")), (201, 204, 404));
}
