//! A block of one's own leads nowhere, and says so nowhere: no dead link in mail, text or archive.

use std::time::Duration;

use postduif::domain::role::Role;
use postduif::flows::keep_schedule;
use serde_json::json;

use crate::desk_editions::{draft, send};
use crate::kit::database::Database;
use crate::kit::house::Served;
use crate::kit::on_each_engine;

on_each_engine![a_block_of_ones_own_needs_no_address, such_blocks_come_by_api_and_command_as_well];

fn a_block_of_ones_own_needs_no_address(database: Database) {
    let served = Served::set(database, &[("smtp_url", "smtp://127.0.0.1:9?tls=none"), ("offline", "true")]);
    let seat = served.seat(Role::Editor);
    let edition = draft(&served, &seat);
    let id = edition.rsplit('/').next().expect("an edition has an id");
    let content = format!("{edition}/content");
    let fields = [("newsletter", "ibp"), ("section", "blogs"), ("title", "Kom langs"), ("edition", id)];
    for summary in ["Op 3 maart, koffie staat klaar.", "Op 4 maart, thee ook."] {
        let added = seat.press("/admin/articles/new", &[&fields[..], &[("url", " "), ("summary", summary)]].concat());
        assert!(added.header("location").starts_with(&content), "{}", added.text());
    }
    assert_eq!(served.database.texts("select url from articles where title = 'Kom langs'"), ["", ""], "two, not one");
    let promo = [
        ("promo-shown", "on"),
        ("promo-heading", "Van ons"),
        ("promo-title", "Wij verhuizen"),
        ("promo-text", "In mei."),
        ("promo-url", ""),
        ("promo-button", ""),
    ];
    let saved = send(&seat, &seat.get(&content), &content, &promo);
    assert_eq!(saved.status, 303, "{}", saved.text());

    let frame = seat.get(&format!("{edition}/preview.html")).text();
    let block = &frame[frame.find("Kom langs").expect("it is in the mail")..];
    let block = &block[..block.find("thee ook").expect("both are")];
    assert!(block.contains("koffie staat klaar") && !block.contains("href"), "{block}");
    assert!(frame.contains("Wij verhuizen") && !frame.contains("href=\"\"") && !frame.contains("class=\"btn\" href"));
    let text = seat.get(&format!("{edition}/preview?view=text")).text();
    assert!(text.contains("Kom langs") && text.contains("Wij verhuizen"), "{text}");
    let check = seat.get(&format!("{edition}/check"));
    assert!(!check.text().contains("Kom langs"), "nothing is wrong with it: {}", check.text());

    let approve = format!("{edition}/approve");
    send(&seat, &check, &approve, &[("seen", "on")]);
    let place = format!("{edition}/send");
    send(&seat, &seat.get(&place), &place, &[("when", "now")]);
    served.wait(Duration::from_secs(301));
    served.run(keep_schedule::keep(&served.house)).expect("the schedule is kept");
    for place in ["/n/ibp/archive/1", "/n/ibp/feed.xml"] {
        let page = served.http.get(place).text();
        let at = page.find("Kom langs").unwrap_or_else(|| panic!("{place}: {page}"));
        let end = page[at..].find("thee ook").expect("both are there") + at;
        assert!(!page[at..end].contains("href") && !page.contains("href=\"\""), "{place}: {page}");
    }
}

fn such_blocks_come_by_api_and_command_as_well(database: Database) {
    let served = Served::with(database);
    let bearer = format!("Bearer {}", served.api_token(Role::Editor));
    let push = |article: serde_json::Value| {
        let ask = served.http.ask("POST", "/api/v1/newsletters/ibp/articles").header("authorization", &bearer);
        ask.header("content-type", "application/json").send_body(&article.to_string())
    };
    let pushed = push(json!({"section": "blogs", "title": "Agenda", "summary": "Drie dagen."}));
    assert_eq!((pushed.status, &pushed.json()["url"]), (201, &json!("")), "{}", pushed.text());
    assert_eq!(push(json!({"section": "blogs", "title": "Agenda", "url": "nowhere"})).status, 400);
    served.cli(&["article", "add", "ibp", "--section", "blogs", "--title", "Van de opdrachtregel"]).done();
    assert_eq!(served.database.texts("select url from articles"), ["", ""]);
    let promo = ["--promo-heading", "Van ons", "--promo-title", "Wij verhuizen"];
    served.cli(&[&["newsletter", "edit", "ibp"], &promo[..]].concat()).done();
}
