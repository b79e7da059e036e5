//! The archive says all that the mail said, and lets an edition go again; what was approved is what leaves, or nothing does.

use std::sync::Arc;
use std::time::Duration;

use postduif::config::Config;
use postduif::domain::newsletter::{NewsletterChange, Promo};
use postduif::domain::role::Role;
use postduif::flows::approve::{Approver, approve};
use postduif::flows::deliver::Mailer;
use postduif::flows::publish::{self, Deed};
use postduif::flows::{House, newsletters};
use serde_json::{Value, json};

use super::api::Caller;
use super::desk_editions::{approved, send};
use crate::kit::database::Database;
use crate::kit::house::Served;
use crate::kit::on_each_engine;
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::Script;

on_each_engine![
    an_edition_leaves_the_archive_and_comes_back,
    the_archive_and_the_feed_say_all_that_the_mail_says,
    what_get_gave_patch_takes_and_what_cannot_be_seen_is_cleaned_away,
    what_settings_have_overtaken_must_be_approved_again,
    a_paused_edition_that_went_to_nobody_becomes_a_draft_again,
];

const SERVER: &str = "smtp://127.0.0.1:1?tls=none";

fn house(database: Database) -> Served {
    Served::set(database, &[("smtp_url", SERVER), ("offline", "true")])
}

/// An edition at the desk that has begun to go out; its place there.
fn begun(served: &Served) -> String {
    let edition = approved(served, &served.seat(Role::Editor));
    served.run(publish::send(&served.house, 1, None)).expect("it may go out");
    edition
}

fn deeds(served: &Served, of: &str) -> Vec<String> {
    served.database.texts(&format!("select action || ' ' || actor from audit_log where action like '{of}' order by id"))
}

fn an_edition_leaves_the_archive_and_comes_back(database: Database) {
    let served = house(database);
    let editor = Caller::of(&served, Role::Editor);
    let edition = approved(&served, &served.seat(Role::Editor));
    let early = editor.post("/editions/1/withdraw", json!({}));
    assert_eq!(early.status, 409, "{}", early.text());
    assert_eq!(editor.post("/editions/9/withdraw", json!({})).status, 404);
    served.run(publish::send(&served.house, 1, None)).expect("it may go out");
    let page = || served.http.get("/n/ibp/archive/1");
    let listed = || served.http.get("/n/ibp/archive").text().contains("/n/ibp/archive/1");
    let fed = || served.http.get("/n/ibp/feed.xml").text().contains("<entry>");
    assert!(page().status == 200 && listed() && fed());

    let answer = editor.post("/editions/1/withdraw", json!({}));
    assert_eq!((answer.status, &answer.json()["withdrawn"]), (200, &json!(true)), "{}", answer.text());
    assert_eq!(editor.post("/editions/1/withdraw", json!({})).status, 200, "asked for again, nothing happens");
    let gone = page();
    assert_eq!(gone.status, 410);
    assert!(gone.text().contains("Deze nieuwsbrief is ingetrokken"), "{}", gone.text());
    assert!(!gone.text().contains("First") && !listed() && !fed());
    assert_eq!(editor.post("/editions/1/put-back", json!({})).json()["withdrawn"], json!(false));
    assert!(page().status == 200 && listed() && fed());

    served.cli(&["edition", "withdraw", "1"]).done();
    assert_eq!(page().status, 410);
    let shown = served.cli(&["edition", "withdraw", "1", "--undo", "--json"]);
    assert!(shown.out.contains("\"withdrawn\":false") && page().status == 200, "{}", shown.out);

    // At the desk it is asked once more; putting back is not.
    let seat = served.seat_of("ed@example.org", Role::Editor);
    let (result, action) = (format!("{edition}/result"), format!("{edition}/withdraw"));
    let unsure = send(&seat, &seat.get(&result), &action, &[]);
    assert!(unsure.text().contains("Take edition 1 out of the archive?") && page().status == 200);
    let done = send(&seat, &seat.get(&result), &action, &[("sure", "on")]);
    assert!(done.header("location").contains("done=withdrawn") && page().status == 410);
    assert!(seat.get(&result).text().contains("has been taken out of the archive"));
    let back = send(&seat, &seat.get(&result), &action, &[]);
    assert!(back.header("location").contains("done=put-back") && page().status == 200);
    let viewer = served.seat(Role::Viewer);
    assert!(!viewer.get(&result).text().contains(&action));
    assert_eq!(viewer.press(&action, &[("sure", "on")]).status, 403);

    assert_eq!(
        deeds(&served, "edition.withdraw"),
        ["token test", "command line", "ed@example.org"].map(|who| format!("edition.withdraw {who}"))
    );
    assert_eq!(deeds(&served, "edition.put-back").len(), 3);
}

fn the_archive_and_the_feed_say_all_that_the_mail_says(database: Database) {
    let served = house(database);
    let promo = Promo {
        heading: "Lees ons boek".into(),
        title: "Gemeenten. Bewustzijn. Privacy.".into(),
        text: "Een **handboek** met [een inkijkje](https://www.example.nl/inkijk).\n\n- kort\n- goed".into(),
        url: "https://www.example.nl/boek".into(),
        button: "Bekijk het boek".into(),
    };
    let change = NewsletterChange { promo: Some(Some(promo)), ..NewsletterChange::default() };
    served.run(newsletters::edit(&served.house, "ibp", change)).expect("there may be a promo");
    begun(&served);
    // Of two stories, one passes on the news of others, and one has no words of its own.
    let source = "https://bron.example/nieuws";
    served.database.sql(&format!(
        "update editions set content = replace(replace(content, '\"summary\":\"About the First.\"', \
         '\"summary\":\"About the First.\",\"source_url\":\"{source}\"'), 'About the Second.', '')"
    ));
    let editor = Caller::of(&served, Role::Editor);
    let mail = editor.get("/editions/1/preview.html").text();
    let text = editor.get("/editions/1/preview.txt").text();
    let page = served.http.get("/n/ibp/archive/1").text();
    let feed =
        served.http.get("/n/ibp/feed.xml").text().replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    for (name, place) in [("mail", &mail), ("archive", &page), ("feed", &feed)] {
        for part in [
            ">Lees ons boek</h2>",
            "Gemeenten. Bewustzijn. Privacy.",
            "<strong>handboek</strong>",
            "href=\"https://www.example.nl/inkijk\"",
            "kort</li>",
            "href=\"https://www.example.nl/boek\"",
            "href=\"https://bron.example/nieuws\"",
            "Verder lezen bij de bron",
            ">Second</a>",
        ] {
            assert!(place.contains(part), "{part} is not in the {name}: {place}");
        }
        assert!(!place.contains("**"), "{name}");
    }
    assert!(
        text.contains("Een handboek met een inkijkje.\nhttps://www.example.nl/inkijk\n\n* kort\n* goed\n"),
        "{text}"
    );
}

fn what_get_gave_patch_takes_and_what_cannot_be_seen_is_cleaned_away(database: Database) {
    let served = house(database);
    served.confirmed("ada@example.nl");
    let editor = Caller::of(&served, Role::Editor);
    let long = format!("Lang{}", " en lang".repeat(600));
    for (title, stored) in [
        (long.as_str(), long.as_str()),
        ("Een\u{0}\u{7}  titel\r\nmet\t\u{202e}gaten\u{2028}erin ", "Een titel met gaten erin"),
    ] {
        let article = json!({"section": "blogs", "title": title, "url": format!("https://www.example.nl/{}", title.len()),
            "summary": format!("Over\u{1b}\n{}", "woorden ".repeat(900))});
        let answer = editor.post("/newsletters/ibp/articles", article);
        assert_eq!((answer.status, &answer.json()["title"]), (201, &json!(stored)), "{}", answer.text());
    }
    let too_long = json!({"section": "blogs", "title": "x".repeat(5_001), "url": "https://www.example.nl/x"});
    assert_eq!(editor.post("/newsletters/ibp/articles", too_long).status, 400);
    let edition = editor.ask("POST", "/newsletters/ibp/editions", None).json();
    let same = |field: &str| edition[field].clone();
    let change = json!({"subject": same("subject"), "preheader": same("preheader"), "intro": same("intro"),
        "sections": same("sections")});
    let answer = editor.ask("PATCH", "/editions/1", Some(&change));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    for field in ["subject", "preheader", "intro", "sections"] {
        assert_eq!(answer[field], edition[field], "{field}");
    }
    // Words that are the article's own have stayed the article's.
    assert_eq!(served.database.texts("select title from edition_items where title is not null"), [] as [&str; 0]);
    let change = json!({"subject": "Goed\u{0}\r\nnieuws", "intro": "Dag\u{7},\r\n\r\nallemaal"});
    let answer = editor.ask("PATCH", "/editions/1", Some(&change)).json();
    assert_eq!((&answer["subject"], &answer["intro"]), (&json!("Goed nieuws"), &json!("Dag,\n\nallemaal")));
    let queued = editor.post("/editions/1/test", json!({"to": ["ed@example.org"]})).json();
    let told = served.cli(&[
        "edition",
        "test",
        "1",
        "--to",
        "ed@example.org",
        "--json",
        "--set",
        &format!("smtp_url={SERVER}"),
    ]);
    assert_eq!(serde_json::from_str::<Value>(&told.out).expect("it is JSON"), queued, "{}", told.err);
}

/// The same house after somebody changed a setting of it.
fn with_other_address(served: &Served, url: &str) -> House {
    let values = [
        ("database_url", served.database.url()),
        ("secret_key", Served::SECRET),
        ("smtp_url", SERVER),
        ("offline", "true"),
        ("public_url", url),
    ];
    let config = Config::from_values(&values).expect("the settings are right");
    House { config: Arc::new(config), ..served.house.clone() }
}

const YES: Approver<'_> = Approver { by: "ada", accept_warnings: true, override_reason: None };

fn what_settings_have_overtaken_must_be_approved_again(database: Database) {
    let served = house(database);
    approved(&served, &served.seat(Role::Editor));
    let sender = |from: &str| {
        let change = NewsletterChange { from: Some(from.into()), ..NewsletterChange::default() };
        served.run(newsletters::edit(&served.house, "ibp", change)).expect("a sender may change");
    };
    sender("IB&P <ander@example.nl>");
    let editor = Caller::of(&served, Role::Editor);
    let refused = editor.post("/editions/1/send", json!({}));
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("changed since; approve it again"), "{}", refused.text());
    let seat = served.seat_of("ed@example.org", Role::Editor);
    for tab in ["check", "send"] {
        let page = seat.get(&format!("/admin/editions/1/{tab}")).text();
        assert!(page.contains("What would be sent is not what was approved"), "{tab}: {page}");
    }
    let page = seat.get("/admin/editions/1/send");
    let pressed = send(&seat, &page, "/admin/editions/1/send", &[("when", "now")]);
    assert_eq!(
        (pressed.status, served.database.texts("select status from editions")),
        (400, vec!["approved".to_owned()])
    );
    assert_eq!(editor.post("/editions/1/approve", json!({"accept_warnings": true})).json()["status"], "approved");
    let again = editor.post("/editions/1/approve", json!({"accept_warnings": true}));
    assert_eq!(again.status, 409, "approved as it is, it need not be again");
    assert_eq!(editor.post("/editions/1/send", json!({})).json()["status"], "sending");
}

fn a_paused_edition_that_went_to_nobody_becomes_a_draft_again(database: Database) {
    let served = house(database);
    begun(&served);
    served.readers(20);
    let changed = with_other_address(&served, "https://nieuws.elders.nl");
    let double = SmtpDouble::start(Script::offering(&["PIPELINING"]));
    let relays = |house: &House| super::delivery::relays(house, &double);
    let status = || served.database.texts("select status from editions").concat();
    let until = |wanted: &str| {
        for _ in 0..3_000 {
            if status() == wanted {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("it is {} and not {wanted}", status());
    };
    // The engine finds that it would send something else, and stops before anybody gets anything.
    let mailer = served.run(async { Mailer::start(&changed, relays(&changed)) });
    until("paused");
    served.run(mailer.stop());
    let why = served.database.texts("select pause_reason from editions").concat();
    assert!(why.starts_with("Wat verstuurd zou worden, is niet wat is goedgekeurd"), "{why}");
    let sent_to = "select cast(count(*) as text) from deliveries where state not in ('queued', 'skipped')";
    assert_eq!(served.database.texts(sent_to), ["0"]);
    let seat = served.seat_of("ed@example.org", Role::Editor);
    assert!(seat.get("/admin/editions/1/send").text().contains("/admin/editions/1/reopen"));

    let editor = Caller::of(&served, Role::Editor);
    let draft = editor.post("/editions/1/reopen", json!({}));
    assert_eq!((draft.status, &draft.json()["status"]), (200, &json!("draft")), "{}", draft.text());
    assert_eq!((&draft.json()["started_at"], &draft.json()["pause_reason"]), (&Value::Null, &Value::Null));
    assert_eq!(served.http.get("/n/ibp/archive/1").status, 404);
    served.run(approve(&changed, 1, &YES)).expect("it is approved as it is now");
    served.run(publish::send(&changed, 1, None)).expect("it goes out");
    let mailer = served.run(async { Mailer::start(&changed, relays(&changed)) });
    until("sent");
    served.run(mailer.stop());
    let seen = double.seen().messages.clone();
    // Who signed up got letters too.
    let editions = seen.iter().filter(|message| message.bytes.windows(10).any(|field| field == b"\r\nList-Id:"));
    let mut readers: Vec<&str> = editions.map(|message| message.to.as_str()).collect();
    readers.sort_unstable();
    let copies = readers.len();
    readers.dedup();
    assert_eq!((copies, readers.len()), (21, 21));
    // What has gone to somebody stays what it is.
    served.database.sql("update editions set status = 'paused'");
    served.run(publish::by_hand(&served.house, 1, Deed::Reopen, "ada")).expect_err("too late");
}
