//! What the desk's own script adds, in a browser: order by dragging, copying, and a question before changes are lost.

use postduif::domain::role::Role;
use serde_json::json;

use crate::desk_editions::draft;
use crate::kit::browser::{Browser, Script};
use crate::kit::database::{Database, Engine};
use crate::kit::desk::Seat;
use crate::kit::house::Served;

/// Somebody at the desk in a browser.
fn at_the_desk(role: Role) -> Option<(Browser, Served, Seat)> {
    let (browser, database) = (Browser::open(Script::On)?, Database::fresh(Engine::Sqlite)?);
    let served = Served::set(database, &[("smtp_url", "smtp://127.0.0.1:9?tls=none"), ("offline", "true")]);
    let seat = served.seat(role);
    browser.go(&served.http.address("/admin/login"));
    let (name, value) = seat.cookie.split_once('=').expect("a cookie has a name");
    browser.cookie(name, value, "/admin");
    Some((browser, served, seat))
}

#[test]
fn dragging_an_article_moves_it_and_saving_keeps_the_order() {
    let Some((browser, served, seat)) = at_the_desk(Role::Editor) else { return };
    let edition = draft(&served, &seat);
    browser.go(&served.http.address(&format!("{edition}/content")));
    let titles = || {
        browser.script(
            "return [...document.querySelectorAll('.order')][0].innerText ? \
             [...document.querySelectorAll('.order')[0].querySelectorAll('strong')].map((title) => title.textContent).join(' ') : ''",
        )
    };
    assert_eq!(titles(), json!("Third Second First"));
    // A browser without a screen has no mouse that hovers, so the page would spare it the grips.
    browser.script("document.querySelectorAll('.grip').forEach((grip) => { grip.style.display = 'block'; })");
    browser.drag(".order li:nth-child(3) .grip", ".order li:nth-child(1) strong");
    assert_eq!(titles(), json!("First Third Second"));
    assert!(would_ask(&browser), "an order that is not saved is a change");
    browser.press("p.actions.bar button:not([name])");
    assert!(browser.address().contains("done=saved"), "{}", browser.address());
    assert_eq!(titles(), json!("First Third Second"));
    let kept = served.database.texts(
        "select a.title from edition_items i join articles a on a.id = i.article_id where i.section = 'blogs' \
         order by i.position",
    );
    assert_eq!(kept, ["First", "Third", "Second"]);
}

/// Whether leaving the page in hand now would ask first.
fn would_ask(browser: &Browser) -> bool {
    browser.script("return !window.dispatchEvent(new Event('beforeunload', {cancelable: true}))") == true
}

#[test]
fn leaving_with_unsaved_changes_asks_and_saving_does_not() {
    let Some((browser, served, seat)) = at_the_desk(Role::Editor) else { return };
    let edition = draft(&served, &seat);
    let content = format!("{edition}/content");
    browser.go(&served.http.address(&content));
    assert!(!would_ask(&browser), "nothing was typed");
    browser.retype("#subject", "Not saved yet");
    assert!(would_ask(&browser));
    browser.press("p.actions.bar button:not([name])");
    assert!(browser.address().contains("done=saved") && !would_ask(&browser), "{}", browser.address());
    browser.retype("#subject", "");
    browser.press("p.actions.bar button:not([name])");
    assert!(browser.has(".summary") && would_ask(&browser), "given back with a fault it is still not saved");
}

#[test]
fn copying_takes_what_stands_there_and_says_so() {
    let Some((browser, served, _)) = at_the_desk(Role::Admin) else { return };
    browser.lend_clipboard();
    browser.go(&served.http.address("/admin/settings/sender"));
    let button = "button[data-copy=record-0]";
    let record = browser.text("#record-0");
    assert_eq!(browser.text(button), "Copy");
    browser.tick(button);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while browser.text(button) != "Copied" {
        assert!(std::time::Instant::now() < deadline, "it never says so: {}", browser.text(button));
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let taken = browser.later("navigator.clipboard.readText().then(done, (error) => done('refused: ' + error))");
    assert_eq!(taken, json!(record));
}
