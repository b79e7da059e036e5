//! Leaving: one click from the mail program, one press on the page, and what is neither.

use std::time::Duration;

use crate::kit::database::Database;
use crate::kit::house::Served;
use crate::kit::on_each_engine;

on_each_engine![
    one_click_is_done_at_once_however_it_is_sent,
    a_press_on_the_page_leaves_and_a_second_brings_back,
    what_is_neither_only_shows_the_page,
    a_link_goes_on_working_when_nothing_is_kept_any_more,
    wrong_tokens_all_get_one_answer_and_are_slowed_down,
];

const MULTIPART: &str =
    "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";

fn one_click_is_done_at_once_however_it_is_sent(database: Database) {
    let served = Served::set(database, &[("signups_per_network", "0"), ("signups_total", "0")]);
    let ways = [
        ("urlencoded@example.nl", "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"),
        ("extra@example.nl", "application/x-www-form-urlencoded", "a=b&List-Unsubscribe=One-Click&c="),
        ("line@example.nl", "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click\r\n"),
        ("multipart@example.nl", "multipart/form-data; boundary=x", MULTIPART),
        ("untyped@example.nl", "", "List-Unsubscribe=One-Click"),
    ];
    for (email, kind, body) in ways {
        let place = format!("/u/{}", served.confirmed(email));
        for _ in 0..2 {
            let ask = served.http.ask("POST", &place).header("origin", "https://mail.example");
            let ask = if kind.is_empty() { ask } else { ask.header("content-type", kind) };
            let answer = ask.send_body(body);
            assert_eq!((answer.status, answer.text().as_str()), (200, ""), "{email}");
            assert_eq!(answer.header("set-cookie"), "");
        }
        assert_eq!(served.status(email), "unsubscribed", "{email}");
    }
    let place = format!("/u/{}", served.token("extra@example.nl"));
    for _ in 0..200 {
        assert_eq!(served.form(&place, &[("List-Unsubscribe", "One-Click")]).status, 200);
    }
}

fn a_press_on_the_page_leaves_and_a_second_brings_back(database: Database) {
    let served = Served::with(database);
    let place = format!("/u/{}", served.confirmed("ada@example.nl"));
    let page = served.http.get(&place).text();
    assert!(page.contains("a•••@example.nl") && page.contains("Ja, meld mij af"), "{page}");
    assert_eq!(served.status("ada@example.nl"), "confirmed");
    let left = served.form(&place, &[("action", "unsubscribe")]);
    assert!(left.status == 200 && left.text().contains("Je bent afgemeld"), "{}", left.text());
    assert!(served.http.get(&place).text().contains("Je was al afgemeld"));
    for _ in 0..2 {
        let told = served.form(&place, &[("action", "reason"), ("reason", "never")]);
        assert!(told.text().contains("Bedankt voor je antwoord"), "{}", told.text());
    }
    let kept =
        served.database.texts("select target || ' ' || detail from audit_log where action = 'unsubscribe.reason'");
    assert_eq!(kept, ["ibp never"], "once, and without who it was");
    let back = served.form(&place, &[("action", "undo")]);
    assert!(back.text().contains("Je bent weer aangemeld"), "{}", back.text());
    assert_eq!(served.status("ada@example.nl"), "confirmed");
    assert_eq!(served.consents(), ["requested", "confirmed", "unsubscribed", "undone"]);

    served.form(&place, &[("action", "unsubscribe")]);
    served.wait(Duration::from_secs(31 * 24 * 3600));
    served.form(&place, &[("action", "undo")]);
    assert_eq!(served.status("ada@example.nl"), "unsubscribed");
}

fn what_is_neither_only_shows_the_page(database: Database) {
    let served = Served::with(database);
    let place = format!("/u/{}", served.confirmed("ada@example.nl"));
    let from = |origin: &str, body: &str| {
        let ask = served.http.ask("POST", &place).header("content-type", "application/x-www-form-urlencoded");
        ask.header("origin", origin).send_body(body)
    };
    let plain =
        served.http.ask("POST", &place).header("content-type", "text/plain").send_body("List-Unsubscribe=One-Click");
    assert!(plain.status == 200 && plain.text().contains("Ja, meld mij af"), "{}", plain.text());
    for answer in [
        from("https://mail.example", ""),
        from("https://mail.example", "List-Unsubscribe=one-click"),
        from("https://evil.example", "action=unsubscribe"),
        from("null", "action=unsubscribe"),
        served.http.ask("HEAD", &place).send(),
        served.http.ask("POST", &place).header("content-type", "multipart/form-data; boundary=x").send_body("--x\r\n"),
    ] {
        assert_eq!(answer.status, 200);
    }
    assert!(from("https://evil.example", "action=unsubscribe").text().contains("Ja, meld mij af"));
    assert_eq!(served.status("ada@example.nl"), "confirmed");
}

fn a_link_goes_on_working_when_nothing_is_kept_any_more(database: Database) {
    let served = Served::with(database);
    let place = format!("/u/{}", served.confirmed("ada@example.nl"));
    served.database.sql("delete from subscribers");
    served.wait(Duration::from_secs(5 * 365 * 24 * 3600));
    let page = served.http.get(&place);
    assert!(page.status == 200 && page.text().contains("We bewaren niets van je"), "{}", page.text());
    assert_eq!(served.form(&place, &[("List-Unsubscribe", "One-Click")]).status, 200);
}

fn wrong_tokens_all_get_one_answer_and_are_slowed_down(database: Database) {
    let served = Served::with(database);
    let right = served.confirmed("ada@example.nl");
    let flipped = format!("{}{}", if right.starts_with('a') { 'b' } else { 'a' }, &right[1..]);
    let wrong = [
        "x".to_owned(),
        "%00".to_owned(),
        "a".repeat(52),
        "a".repeat(5000),
        right[..51].to_owned(),
        format!("{right}{right}"),
        right.to_uppercase(),
        flipped,
    ];
    let mut pages = Vec::new();
    for token in &wrong {
        for start in ["/c", "/u"] {
            let answer = served.http.get(&format!("{start}/{token}"));
            assert_eq!(answer.header("cache-control"), "no-store");
            pages.push((answer.status, answer.text()));
        }
    }
    // A token of one purpose is none for another.
    let answer = served.http.get(&format!("/c/{right}"));
    pages.push((answer.status, answer.text()));
    assert!(pages.iter().all(|page| *page == pages[0] && page.0 == 404), "{pages:?}");

    let tries: Vec<u16> = (0..100).map(|_| served.http.get(&format!("/u/{}", "b".repeat(52))).status).collect();
    assert_eq!(tries.last(), Some(&429));
    let unknown = format!("/u/{}", "b".repeat(52));
    assert_eq!(
        served.form(&unknown, &[("List-Unsubscribe", "One-Click")]).status,
        404,
        "one click is never slowed down"
    );
    assert_eq!(served.http.get(&format!("/u/{right}")).status, 200);
    assert_eq!(served.form(&format!("/u/{right}"), &[("List-Unsubscribe", "One-Click")]).status, 200);
    served.wait(Duration::from_secs(61));
    assert_eq!(served.http.get("/u/x").status, 404);
}
