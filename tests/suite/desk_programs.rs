//! At the desk: mail that no rule could read, webhooks, and asking readers whether they stay.

use std::time::Duration;

use postduif::domain::role::Role;
use serde_json::json;

use crate::desk_editions::draft;
use crate::kit::database::Database;
use crate::kit::house::Served;
use crate::kit::on_each_engine;

on_each_engine![
    mail_that_nobody_could_read_is_read_by_an_editor_and_taken_off_the_list,
    webhooks_are_added_switched_rotated_and_removed_at_the_desk,
    a_webhook_is_switched_off_and_on_and_gets_another_secret_by_api_and_command,
    readers_are_asked_whether_they_stay_once_the_number_was_seen,
];

const FEEDBACK: &str = "/admin/settings/feedback";
const WEBHOOKS: &str = "/admin/settings/webhooks";

fn mail_that_nobody_could_read_is_read_by_an_editor_and_taken_off_the_list(database: Database) {
    let served = Served::with(database);
    let editor = served.seat(Role::Editor);
    draft(&served, &editor);
    assert!(editor.get(FEEDBACK).text().contains("Everything has been read."));
    for number in 1..=21 {
        served.database.sql(&format!(
            "insert into unclassified_mail (at, edition_id, seq, subscription_id, channel, subject, words) \
             select 0, id, {number}, 1, 'listener', '<b>Subject {number}</b>', 'Line one\n<script>alert(1)</script>' from editions"
        ));
    }
    let page = editor.get(FEEDBACK).text();
    assert!(page.contains("Still to read: 21") && page.contains("&lt;b&gt;Subject 21&lt;/b&gt;"), "{page}");
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script>alert"), "{page}");
    assert!(page.contains("About edition 1") && page.contains("the address is no longer kept"), "{page}");
    let next = page.split("?cursor=").nth(1).and_then(|rest| rest.split('"').next()).expect("there is a next page");
    assert!(editor.get(&format!("{FEEDBACK}?cursor={next}")).text().contains("Subject 1&lt;"));
    assert!(editor.get("/admin").text().contains("Still to read: 21"), "the overview tells");

    let id = served.database.texts("select cast(min(id) as text) from unclassified_mail").concat();
    let seen = editor.press(FEEDBACK, &[("mail", &id)]);
    assert_eq!(seen.header("location"), "/admin/settings/feedback?done=seen");
    assert!(editor.press(FEEDBACK, &[("mail", &id)]).header("location").contains("out-of-date"));
    assert!(editor.get(FEEDBACK).text().contains("Still to read: 20"));
    assert_eq!(
        served.database.texts("select actor from audit_log where action = 'feedback.dismiss'"),
        ["editor@example.org"]
    );
    let viewer = served.seat(Role::Viewer);
    assert_eq!((viewer.get(FEEDBACK).status, viewer.press(FEEDBACK, &[("mail", "2")]).status), (403, 403));
    assert!(!viewer.get("/admin/settings/sender").text().contains(FEEDBACK));
}

fn webhooks_are_added_switched_rotated_and_removed_at_the_desk(database: Database) {
    let served = Served::with(database);
    let admin = served.seat(Role::Admin);
    let add = |url: &str| admin.press(WEBHOOKS, &[("what", "add"), ("url", url), ("event-edition-completed", "on")]);
    for (url, says) in [("nowhere", "must be a public"), ("http://127.0.0.1/x", "must be a public")] {
        let refused = add(url);
        assert!(refused.status == 400 && refused.text().contains(says), "{}", refused.text());
        assert!(refused.text().contains(&format!("value=\"{url}\"")) && refused.text().contains("checked"));
    }
    let secret = |page: &str| {
        let at = page.find("whsec_").unwrap_or_else(|| panic!("no secret in {page}"));
        page[at..].split('<').next().expect("it ends").to_owned()
    };
    let added = add("https://hooks.example.org/a?b=\"><script>").text();
    let first = secret(&added);
    assert!(added.contains("hooks.example.org") && !added.contains("<script>"), "{added}");
    assert_eq!(add("https://hooks.example.org/a?b=\"><script>").status, 400, "it is there already");
    let page = admin.get(WEBHOOKS).text();
    assert!(!page.contains("whsec_") && page.contains("edition.completed"), "a secret is shown once: {page}");
    let id = served.database.texts("select cast(id as text) from webhooks").concat();
    let field = [("webhook", id.as_str())];
    let with = |what: &'static str| [&[("what", what)], &field[..]].concat();

    let rotated = admin.press_sure(WEBHOOKS, &with("rotate")).text();
    assert_ne!(secret(&rotated), first);
    served.database.sql(
        "insert into webhook_deliveries (webhook_id, uid, event, body, next_at, created_at, attempts, last_answer) \
         select id, 'msg_1', 'edition.completed', '{}', 0, 0, 3, '500 <b>' from webhooks",
    );
    let listed = admin.get(WEBHOOKS).text();
    assert!(listed.contains("Waits, after 3 attempts") && listed.contains("500 &lt;b&gt;"), "{listed}");
    let asked = admin.press(WEBHOOKS, &with("disable")).text();
    assert!(asked.contains("have not arrived yet and become void: 1."), "{asked}");
    assert_eq!(admin.press_sure(WEBHOOKS, &with("disable")).status, 303);
    assert!(admin.get(WEBHOOKS).text().contains("Somebody switched it off."));
    let log = format!("{WEBHOOKS}/{id}");
    assert!(admin.get(&log).text().contains("Given up after 3 attempts"));
    assert_eq!(admin.press(WEBHOOKS, &with("enable")).status, 303);
    let delivery = served.database.texts("select cast(id as text) from webhook_deliveries").concat();
    assert_eq!(admin.press(&log, &[("delivery", &delivery)]).header("location"), format!("{log}?done=told-again"));
    assert_eq!(served.database.texts("select state from webhook_deliveries"), ["queued"]);
    assert_eq!(admin.press_sure(WEBHOOKS, &with("remove")).status, 303);
    assert_eq!(admin.get(&log).status, 404);
    let deeds = served.database.texts("select action from audit_log where action like 'webhook.%' order by id");
    assert_eq!(deeds, ["add", "rotate", "disable", "enable", "replay", "remove"].map(|deed| format!("webhook.{deed}")));
    let told = admin.get("/admin/settings/system").text();
    assert!(told.contains("added a webhook to hooks.example.org"), "{told}");
    let editor = served.seat(Role::Editor);
    assert_eq!((editor.get(WEBHOOKS).status, editor.press(WEBHOOKS, &with("remove")).status), (403, 403));
}

fn a_webhook_is_switched_off_and_on_and_gets_another_secret_by_api_and_command(database: Database) {
    let served = Served::with(database);
    let call = |token: &str, method: &str, path: &str, body: &str| {
        let ask =
            served.http.ask(method, &format!("/api/v1{path}")).header("authorization", &format!("Bearer {token}"));
        ask.header("content-type", "application/json").send_body(body)
    };
    let token = served.api_token(Role::Admin);
    let added = call(&token, "POST", "/webhooks", &json!({"url": "https://hooks.example.org/"}).to_string()).json();
    let place = format!("/webhooks/{}", added["id"]);
    let off = call(&token, "POST", &format!("{place}/disable"), "");
    assert_eq!((off.status, off.json()["disabled_reason"].as_str()), (200, Some("it was switched off")));
    let on = call(&token, "POST", &format!("{place}/enable"), "");
    assert_eq!((on.status, on.json()["disabled_at"].is_null()), (200, true));
    let rotated = call(&token, "POST", &format!("{place}/rotate"), "").json();
    assert!(rotated["secret"].as_str().is_some_and(|secret| secret.starts_with("whsec_")), "{rotated}");
    assert_ne!(rotated["secret"], added["secret"]);
    for act in ["disable", "enable", "rotate"] {
        assert_eq!(call(&token, "POST", &format!("/webhooks/999/{act}"), "").status, 404);
        let editor = served.api_token(Role::Editor);
        assert_eq!(call(&editor, "POST", &format!("{place}/{act}"), "").status, 403);
    }
    let id = added["id"].to_string();
    served.cli(&["webhook", "disable", &id]).done();
    assert!(served.cli(&["webhook", "list"]).done().contains("it was switched off"));
    served.cli(&["webhook", "enable", &id]).done();
}

fn readers_are_asked_whether_they_stay_once_the_number_was_seen(database: Database) {
    let place = "/admin/reconfirm";
    let served = Served::set(database, &[("signups_per_network", "0")]);
    for reader in ["ada", "ben", "cas"] {
        served.confirmed(&format!("{reader}@example.nl"));
    }
    served.wait(Duration::from_secs(400 * 86_400));
    let admin = served.seat(Role::Admin);
    assert!(admin.get("/admin/subscribers").text().contains(place));
    assert!(admin.get(place).text().contains("no number of months is set"));
    let months = |months: &str| admin.press(place, &[("newsletter", "ibp"), ("what", "months"), ("months", months)]);
    for wrong in ["5", "soon", ""] {
        let answer = months(wrong);
        assert!(answer.status == 400 && answer.text().contains("from 6 to 120"), "{wrong}: {}", answer.text());
    }
    assert_eq!(months("12").status, 303);
    let page = admin.get(place).text();
    assert!(page.contains("Would be asked now") && page.contains("<strong>3</strong>"), "{page}");
    let before = served.letters().len();
    let ask = [("newsletter", "ibp"), ("what", "ask")];
    let asked = admin.press(place, &ask).text();
    assert!(asked.contains("People who get an email now: 3.") && asked.contains("within 30 days"), "{asked}");
    assert_eq!(served.letters().len(), before, "looking mails nobody");
    assert_eq!(admin.press_sure(place, &ask).header("location"), "/admin/reconfirm?done=asked");
    assert_eq!(served.letters().len(), before + 3);
    let page = admin.get(place).text();
    assert!(page.contains("There is nobody to ask") && page.contains("without an answer yet"), "{page}");
    assert!(admin.press(place, &[&ask[..], &[("sure", "yes")]].concat()).header("location").contains("out-of-date"));
    assert_eq!(served.letters().len(), before + 3, "nobody is asked twice");
    assert!(admin.get("/admin/settings/system").text().contains("asked 3 readers of ibp whether they stay"));
    let editor = served.seat(Role::Editor);
    assert_eq!((editor.get(place).status, editor.press(place, &ask).status), (403, 403));
}
