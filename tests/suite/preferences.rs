//! One's own data: seen by a link, taken out and erased by a fresh one alone.

use std::time::Duration;

use postduif::domain::letter::Letter;
use postduif::domain::token::Purpose;
use serde_json::json;

use crate::kit::database::Database;
use crate::kit::house::Served;
use crate::kit::on_each_engine;

on_each_engine![
    a_link_is_mailed_to_whom_we_know_and_everybody_is_told_the_same,
    the_link_in_a_newsletter_changes_choices_but_takes_nothing_out,
    who_is_forgotten_leaves_a_hash_and_may_come_back,
    somebody_moves_to_another_address_and_takes_the_history_along,
    nobody_moves_to_an_address_that_is_taken_or_wants_no_mail,
    the_way_to_ones_data_annoys_nobody,
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
    let bearer = format!("Bearer {}", served.api_token(postduif::domain::role::Role::Admin));
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

/// The choices of whom the newest letter to this address speaks to, by the link that newsletters carry.
fn choices(served: &Served, email: &str) -> String {
    let letters = served.letters();
    let link = letters.iter().rev().find_map(|(to, letter)| match letter {
        Letter::Welcome { link, .. } if to == email => Some(crate::kit::house::unhex(link)),
        _ => None,
    });
    format!("/p/{}", served.house.keys.seal(Purpose::Preferences, &link.expect("a welcome is owed")))
}

fn somebody_moves_to_another_address_and_takes_the_history_along(database: Database) {
    let served = Served::with(database);
    let unsubscribe = format!("/u/{}", served.confirmed("ada@old.example.nl"));
    let place = choices(&served, "ada@old.example.nl");
    assert!(served.http.get(&place).text().contains("Nieuw e-mailadres"));
    let wrong = served.form(&place, &[("action", "address"), ("email", "ada@new")]);
    assert!(wrong.status == 400 && wrong.text().contains("value=\"ada@new\""), "{}", wrong.text());
    let asked = served.form(&place, &[("action", "address"), ("email", "ada@new.example.nl")]);
    assert!(asked.status == 200 && asked.text().contains("Kijk in je mail"), "{}", asked.text());
    // Twice in ten minutes is once.
    served.form(&place, &[("action", "address"), ("email", "ada@new.example.nl")]);
    let owed =
        |email: &str| served.letters().into_iter().filter(|(to, _)| to == email).map(|(_, one)| one.kind()).collect();
    let new: Vec<&str> = owed("ada@new.example.nl");
    assert_eq!(new, ["confirm-new-address"]);
    assert_eq!(served.status("ada@old.example.nl"), "confirmed");

    served.form("/p", &[("email", "ada@old.example.nl")]);
    let fresh = format!("/p/{}", served.token("ada@old.example.nl"));
    let button = format!("/p/{}", served.token("ada@new.example.nl"));
    let page = served.http.get(&button);
    assert!(page.text().contains("Ja, gebruik dit adres"), "{}", page.text());
    let forged = served.http.ask("POST", &button).header("origin", "https://evil.example").send_body("action=move");
    assert_eq!((forged.status, served.status("ada@old.example.nl").as_str()), (403, "confirmed"));
    let done = served.form(&button, &[("action", "move")]);
    assert!(done.text().contains("Je adres is gewijzigd"), "{}", done.text());
    assert_eq!(served.status("ada@new.example.nl"), "confirmed");
    let old: Vec<&str> = owed("ada@old.example.nl");
    assert_eq!(old.last(), Some(&"address-changed"));
    assert_eq!(served.form(&button, &[("action", "move")]).status, 404, "a link is used once");
    assert!(!served.http.get(&fresh).text().contains("value=\"download\""), "the old mailbox opens nothing any more");

    let proof = served.cli(&["consent", "export", "ada@new.example.nl"]).json().remove(0);
    let events: Vec<_> =
        proof["records"].as_array().unwrap().iter().map(|one| one["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["requested", "confirmed", "address-changed"]);
    served.cli(&["consent", "verify"]).done();
    // The link in an old newsletter still ends it, and an erasure takes the former address along.
    served.form(&unsubscribe, &[("List-Unsubscribe", "One-Click")]);
    assert_eq!(served.status("ada@new.example.nl"), "unsubscribed");
    served.cli(&["subscriber", "erase", "ada@new.example.nl"]).done();
    for text in served.database.texts("select coalesce(body, '') from consent_records") {
        assert!(!text.contains("example.nl"), "{text}");
    }
    served.cli(&["consent", "verify"]).done();
}

fn nobody_moves_to_an_address_that_is_taken_or_wants_no_mail(database: Database) {
    let served = Served::with(database);
    served.confirmed("ada@example.nl");
    let place = choices(&served, "ada@example.nl");
    served.confirmed("bob@example.nl");
    served.cli(&["suppression", "add", "cas@example.nl"]).done();
    let before = served.letters().len();
    let mut answers = ["bob", "cas"].map(|name| {
        let answer = served.form(&place, &[("action", "address"), ("email", &format!("{name}@example.nl"))]);
        (answer.status, answer.text())
    });
    assert_eq!(served.letters().len(), before);
    let free = served.form(&place, &[("action", "address"), ("email", "free@example.nl")]);
    answers.sort();
    assert!(answers.iter().all(|answer| *answer == (free.status, free.text())), "the page says the same");
    // Taken in the meantime.
    let button = format!("/p/{}", served.token("free@example.nl"));
    served.cli(&["subscriber", "add", "free@example.nl", "--newsletter", "ibp", "--consent", "by telephone"]).done();
    let refused = served.form(&button, &[("action", "move")]);
    assert!(refused.text().contains("al in gebruik"), "{}", refused.text());
    assert_eq!(
        (served.status("ada@example.nl"), served.status("free@example.nl")),
        ("confirmed".into(), "confirmed".into())
    );
    served.wait(Duration::from_secs(25 * 3600));
    assert_eq!(served.form(&button, &[("action", "move")]).status, 404);
}

fn the_way_to_ones_data_annoys_nobody(database: Database) {
    let served = Served::set(database, &[("signups_per_network", "0"), ("signups_total", "0")]);
    let links = || served.letters().iter().filter(|(_, letter)| letter.kind() == "preferences").count();
    let ask = |email: &str| assert_eq!(served.form("/p", &[("email", email)]).status, 200);
    // Somebody typed a stranger's address: they get the mail to confirm and no other.
    served.subscribe("stranger@example.nl");
    ask("stranger@example.nl");
    assert_eq!(links(), 0);
    served.confirmed("ada@example.nl");
    for _ in 0..20 {
        ask("ada@example.nl");
        served.wait(Duration::from_secs(660));
    }
    assert_eq!(links(), 3, "three in a day");
    let complained = served.confirmed("bob@example.nl");
    served.cli(&["suppression", "add", "bob@example.nl", "--reason", "complained"]).done();
    for _ in 0..4 {
        ask("bob@example.nl");
        served.wait(Duration::from_secs(3600));
    }
    assert_eq!(links(), 4, "one a day for who complained: {complained}");
}
