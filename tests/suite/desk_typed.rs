//! What somebody typed while their session ran out is not lost, with script or without: it comes back unsaved, to them alone.

use std::time::Duration;

use postduif::domain::role::Role;

use crate::admin_second_step::{now, with_second_step};
use crate::desk_editions::{draft, form};
use crate::kit::browser::{Browser, Script};
use crate::kit::database::{Database, Engine};
use crate::kit::desk::{Seat, press};
use crate::kit::house::Served;
use crate::kit::http::Answer;
use crate::kit::on_each_engine;

on_each_engine![
    what_was_typed_comes_back_after_signing_in_and_is_not_saved,
    what_somebody_else_saved_meanwhile_stands_beside_it,
    it_is_carried_through_the_second_step_and_past_a_wrong_password,
    only_forms_of_our_own_and_of_a_bounded_size_are_carried,
];

const PASSWORD: &str = "een zin van een paar woorden";
const TYPED: &str = "Getypt & “bewaard” <b>\"%C3%A9 +";

fn house(database: Database) -> (Served, Seat, String) {
    let served = Served::set(database, &[("smtp_url", "smtp://127.0.0.1:9?tls=none"), ("offline", "true")]);
    served.cli_with(&["user", "add", "ada@example.org", "--role", "editor", "--language", "en"], PASSWORD).done();
    let seat = served.seat(Role::Editor);
    let edition = draft(&served, &seat);
    (served, seat, format!("{edition}/content"))
}

/// The fields of the content form with another subject.
fn typed(seat: &Seat, content: &str) -> Vec<(String, String)> {
    let mut fields = form(&seat.get(content), content);
    for (name, value) in &mut fields {
        if name == "subject" {
            TYPED.clone_into(value);
        }
    }
    fields
}

fn pairs(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

fn subject(served: &Served) -> String {
    served.database.texts("select subject from editions").concat()
}

/// Fills in the sign-in form of a page, with all that it carries.
fn sign_in(served: &Served, page: &Answer, password: &str) -> Answer {
    let mut fields = form(page, "/admin/login");
    for (name, value) in &mut fields {
        match name.as_str() {
            "email" => "ada@example.org".clone_into(value),
            "password" => password.clone_into(value),
            _ => {}
        }
    }
    press(served.http.ask("POST", "/admin/login"), &pairs(&fields))
}

fn what_was_typed_comes_back_after_signing_in_and_is_not_saved(database: Database) {
    let (served, seat, content) = house(database);
    let (fields, before) = (typed(&seat, &content), subject(&served));
    served.wait(Duration::from_secs(13 * 3600));
    for cookie in [seat.cookie.as_str(), "postduif=nobody", ""] {
        let ask = served.http.ask("POST", &content).header("cookie", cookie);
        let asked = press(ask, &pairs(&fields));
        let text = asked.text();
        assert_eq!((asked.status, asked.header("cache-control")), (403, "no-store"), "{text}");
        assert!(text.contains("What you typed is still here") || text.contains("Wat je typte is er nog"), "{text}");
        assert!(!text.contains("<b>"), "what was typed is carried, not shown: {text}");
        let back = sign_in(&served, &asked, PASSWORD);
        assert_eq!(back.status, 200, "{}", back.text());
        assert!(back.cookie("postduif").is_some_and(|token| !token.is_empty()), "signed in");
        let filled = form(&back, &content);
        assert_eq!(pairs(&filled), pairs(&fields), "every field is as it was");
        assert!(
            back.text().contains("it is not saved yet") && back.text().contains(" data-changed"),
            "{}",
            back.text()
        );
        assert_eq!(subject(&served), before, "nothing is done by itself");
        let seat =
            Seat { http: served.http.clone(), cookie: format!("postduif={}", back.cookie("postduif").expect("there")) };
        if cookie.is_empty() {
            assert_eq!(seat.press(&content, &pairs(&filled)).status, 303);
            assert_eq!(subject(&served), TYPED, "saved once somebody says so");
        }
    }
    // An article is typed as well.
    let fields = [("newsletter", "ibp"), ("section", "blogs"), ("title", TYPED), ("url", ""), ("summary", "Two lines")];
    let asked = press(served.http.ask("POST", "/admin/articles/new"), &fields);
    let back = sign_in(&served, &asked, PASSWORD);
    assert_eq!(form(&back, "/admin/articles/new").iter().find(|(name, _)| name == "title").unwrap().1, TYPED);
    assert_eq!(served.database.texts("select title from articles where title like 'Getypt%'").len(), 0);
}

fn what_somebody_else_saved_meanwhile_stands_beside_it(database: Database) {
    let (served, seat, content) = house(database);
    let fields = typed(&seat, &content);
    crate::desk_editions::send(&seat, &seat.get(&content), &content, &[("subject", "Quicker")]);
    let asked = press(served.http.ask("POST", &content), &pairs(&fields));
    let back = sign_in(&served, &asked, PASSWORD);
    let text = back.text();
    assert!(back.status == 409 && text.contains("editor@example.org changed this on"), "{text}");
    assert!(text.contains("<del>Quicker</del>"), "{text}");
    assert_eq!(subject(&served), "Quicker");
}

fn it_is_carried_through_the_second_step_and_past_a_wrong_password(database: Database) {
    let served = Served::set(database, &[("smtp_url", "smtp://127.0.0.1:9?tls=none"), ("offline", "true")]);
    let (secret, _) = with_second_step(&served);
    let seat = served.seat(Role::Editor);
    let content = format!("{}/content", draft(&served, &seat));
    let fields = typed(&seat, &content);
    let asked = press(served.http.ask("POST", &content), &pairs(&fields));
    let wrong = sign_in(&served, &asked, "a guess of some length");
    assert_eq!(wrong.status, 400);
    let step = sign_in(&served, &wrong, PASSWORD);
    let cookie = format!("postduif={}", step.cookie("postduif").expect("half signed in"));
    let mut second = form(&step, "/admin/login/code");
    second.iter_mut().filter(|(name, _)| name == "code").for_each(|(_, value)| "000000".clone_into(value));
    let ask = || served.http.ask("POST", "/admin/login/code").header("cookie", &cookie);
    let again = press(ask(), &pairs(&second));
    let mut second = form(&again, "/admin/login/code");
    second.iter_mut().filter(|(name, _)| name == "code").for_each(|(_, value)| *value = now(&served, &secret));
    let back = press(ask(), &pairs(&second));
    assert_eq!(back.status, 200, "{}", back.text());
    assert_eq!(pairs(&form(&back, &content)), pairs(&fields));
}

fn only_forms_of_our_own_and_of_a_bounded_size_are_carried(database: Database) {
    let (served, seat, content) = house(database);
    let fields = typed(&seat, &content);
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs(&fields)).finish();
    let ask = |place: &str| served.http.ask("POST", place).header("content-type", "application/x-www-form-urlencoded");
    let foreign = ask(&content).header("sec-fetch-site", "cross-site").send_body(&body);
    assert!(foreign.status == 403 && !foreign.text().contains("typed"), "another site carries nothing through us");
    for (place, body) in [(content.as_str(), ""), ("/admin/settings/users", body.as_str())] {
        let answer = ask(place).header("sec-fetch-site", "same-origin").send_body(body);
        assert_eq!(answer.status, 303, "{place}");
        assert!(answer.header("location").starts_with("/admin/login"));
    }
    let long = format!("{body}&intro={}", "x".repeat(600 * 1024));
    assert_eq!(ask(&content).header("sec-fetch-site", "same-origin").send_body(&long).status, 413);
    // A viewer has nothing to type there, and is shown the page as it is.
    served.cli_with(&["user", "add", "viewer@example.org", "--role", "viewer"], PASSWORD).done();
    let carried =
        [("email", "viewer@example.org"), ("password", PASSWORD), ("next", content.as_str()), ("typed", body.as_str())];
    let shown = press(served.http.ask("POST", "/admin/login"), &carried);
    assert_eq!((shown.status, shown.header("location")), (303, content.as_str()));
    // Signed in meanwhile in another tab.
    let elsewhere = seat.press("/admin/login/typed", &[("next", &content), ("typed", &body)]);
    assert_eq!(pairs(&form(&elsewhere, &content)), pairs(&fields));
    let still_out = press(served.http.ask("POST", "/admin/login/typed"), &[("next", &content), ("typed", &body)]);
    assert!(still_out.status == 403 && still_out.text().contains("name=\"typed\""), "{}", still_out.text());
}

#[test]
fn in_a_browser_without_script_what_was_typed_stands_in_the_form_again() {
    let (Some(browser), Some(database)) = (Browser::open(Script::Off), Database::fresh(Engine::Sqlite)) else { return };
    let (served, seat, content) = house(database);
    browser.go(&served.http.address("/admin/login"));
    let (name, value) = seat.cookie.split_once('=').expect("a cookie has a name");
    browser.cookie(name, value, "/admin");
    browser.go(&served.http.address(&content));
    browser.retype("#intro", "Regel één\n\nRegel twee");
    browser.retype("#subject", TYPED);
    served.wait(Duration::from_secs(13 * 3600));
    browser.press("button[name=then][value=check]");
    browser.fill("#email", "ada@example.org");
    browser.fill("#password", PASSWORD);
    browser.press("form[action='/admin/login'] button");
    assert!(browser.text("main").contains("it is not saved yet"), "{}", browser.text("main"));
    browser.press("button[name=then][value=check]");
    assert!(browser.address().contains("/check?done=saved"), "{}", browser.address());
    assert_eq!(subject(&served), TYPED);
    let intro = served.database.texts("select intro from editions").concat();
    assert_eq!(intro, "Regel één\n\nRegel twee");
}
