//! Readers at the editor's desk, by HTTP: found, added, let go, let in again, imported, taken along, forgotten.

use std::time::Duration;

use postduif::domain::letter::Letter;
use postduif::domain::role::Role;

use crate::imports::zip;
use crate::kit::database::Database;
use crate::kit::desk::Seat;
use crate::kit::house::Served;
use crate::kit::http::Answer;
use crate::kit::on_each_engine;

on_each_engine![
    a_reader_is_found_by_a_part_of_their_address_and_shown_with_their_history,
    somebody_who_asked_on_paper_is_asked_to_confirm,
    what_only_administrators_may_editors_cannot,
    a_person_is_let_go_forgotten_and_taken_along,
    who_complained_comes_back_by_an_administrator_alone,
    a_list_is_looked_at_taken_over_and_taken_back,
    a_zip_file_with_several_lists_is_taken_over_as_by_the_command,
    a_broken_list_is_given_back_with_its_lines,
    addresses_are_blocked_and_freed_and_the_register_is_shown,
];

fn id(served: &Served, email: &str) -> String {
    served.database.texts(&format!("select cast(id as text) from subscribers where email = '{email}'")).concat()
}

/// Sends a form with a file as a browser does.
fn upload(seat: &Seat, fields: &[(&str, &str)], (name, content): (&str, &str)) -> Answer {
    upload_bytes(seat, fields, (name, content.as_bytes()))
}

fn upload_bytes(seat: &Seat, fields: &[(&str, &str)], (name, content): (&str, &[u8])) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--xyz\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    let head = format!("--xyz\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"");
    body.extend([head.as_bytes(), b"\r\ncontent-type: text/csv\r\n\r\n", content, b"\r\n--xyz--\r\n"].concat());
    let ask = seat.ask("POST", "/admin/import").header("sec-fetch-site", "same-origin");
    ask.header("content-type", "multipart/form-data; boundary=xyz").send_bytes(&body)
}

/// What stands in the value of a hidden field.
fn hidden(page: &str, name: &str) -> String {
    let from = page.find(&format!("name=\"{name}\" value=\"")).expect("the field is there") + name.len() + 15;
    page[from..].split('"').next().unwrap_or_default().to_owned()
}

fn a_reader_is_found_by_a_part_of_their_address_and_shown_with_their_history(database: Database) {
    let served = Served::set(database, &[("signups_per_network", "0")]);
    served.confirmed("Ada_1@example.nl");
    served.confirmed("adab1@example.nl");
    served.subscribe("bob@example.org");
    let viewer = served.seat(Role::Viewer);
    let seen = viewer.get("/admin/subscribers").text();
    assert!(seen.contains("A•••@example.nl") && !seen.contains("Ada_1@") && !seen.contains("/admin/import"), "{seen}");
    let search = [("query", "Ada_1@example.nl"), ("status", ""), ("newsletter", "ibp")];
    let guessed = viewer.press("/admin/subscribers/search", &search).text();
    assert!(guessed.contains("3 found"), "who sees no address cannot ask for one: {guessed}");
    for closed in [format!("/admin/subscribers/{}", id(&served, "Ada_1@example.nl")), "/admin/suppressions".to_owned()]
    {
        assert_eq!(viewer.get(&closed).status, 403, "{closed}");
    }
    let seat = served.seat(Role::Editor);
    let all = seat.get("/admin/subscribers").text();
    assert!(all.contains("Ada_1@example.nl") && all.contains("bob@example.org") && all.contains("3 found"), "{all}");
    assert!(!all.contains("/admin/import"), "an editor is not offered what they may not");
    let found = |query: &str, status: &str| {
        seat.press("/admin/subscribers/search", &[("query", query), ("status", status), ("newsletter", "ibp")]).text()
    };
    let ada = found("ADA_", "");
    assert!(ada.contains("Ada_1@example.nl") && !ada.contains("adab1") && !ada.contains("bob@"), "{ada}");
    assert!(found("", "pending").contains("1 found") && found("%", "").contains("0 found"));
    let person = seat.get(&format!("/admin/subscribers/{}", id(&served, "Ada_1@example.nl"))).text();
    assert!(person.contains("Requested by the form") && person.contains("Confirmed by the link in a mail"), "{person}");
    assert!(person.contains("IB&amp;P Voorbeeldadvies"), "the text that was shown: {person}");
    assert_eq!(seat.get("/admin/subscribers/999999").status, 404);
}

fn somebody_who_asked_on_paper_is_asked_to_confirm(database: Database) {
    let served = Served::with(database);
    let seat = served.seat(Role::Admin);
    let add = |email: &str, evidence: &str| {
        seat.press("/admin/subscribers/new", &[("email", email), ("evidence", evidence), ("language", "en")])
    };
    let wrong = add("ada@", "x");
    assert!(wrong.status == 400 && wrong.text().contains("value=\"ada@\""), "{}", wrong.text());
    assert!(add("ada@example.nl", "x").text().contains("when and how"));
    let added = add("ada@example.nl", "paper form at the fair of 12 March");
    assert!(added.status == 303 && added.header("location").contains("done=added"), "{}", added.text());
    assert_eq!(served.status("ada@example.nl"), "pending");
    assert!(matches!(served.letters().as_slice(), [(to, Letter::Confirm { .. })] if to == "ada@example.nl"));
    served.form(&format!("/c/{}", served.token("ada@example.nl")), &[]);
    assert_eq!(served.status("ada@example.nl"), "confirmed");
    let person = seat.get(&format!("/admin/subscribers/{}", id(&served, "ada@example.nl"))).text();
    assert!(person.contains("paper form at the fair of 12 March"), "{person}");
    served.cli(&["suppression", "add", "bob@example.nl"]).done();
    assert!(add("bob@example.nl", "by telephone").text().contains("not possible now"));
}

fn what_only_administrators_may_editors_cannot(database: Database) {
    let served = Served::with(database);
    served.confirmed("ada@example.nl");
    let (editor, place) = (served.seat(Role::Editor), format!("/admin/subscribers/{}", id(&served, "ada@example.nl")));
    for looked in ["/admin/import", "/admin/subscribers/new"] {
        assert_eq!(editor.get(looked).status, 403, "{looked}");
    }
    for action in ["erase", "let-back"] {
        let pressed = editor.press(&place, &[("action", action), ("sure", "on"), ("newsletter", "ibp")]);
        assert_eq!(pressed.status, 403, "{action}");
    }
    assert_eq!(editor.press("/admin/suppressions", &[("action", "add"), ("add", "x@example.nl")]).status, 403);
    assert_eq!(served.status("ada@example.nl"), "confirmed");
    for taken in ["/admin/subscribers/export", &format!("{place}/export")] {
        assert_eq!(editor.press(taken, &[]).status, 403, "{taken}");
        assert_eq!(editor.get(taken).status, 303, "looking takes nothing along: {taken}");
    }
    assert_eq!(editor.press(&format!("{place}/proof"), &[]).status, 200);
}

fn a_person_is_let_go_forgotten_and_taken_along(database: Database) {
    let served = Served::set(database, &[("signups_per_network", "0")]);
    served.confirmed("ada@example.nl");
    served.confirmed("=bob@example.nl");
    served.subscribe("cas@example.nl");
    let seat = served.seat(Role::Admin);
    let place = format!("/admin/subscribers/{}", id(&served, "ada@example.nl"));
    let gone =
        seat.press_sure(&place, &[("action", "unsubscribe"), ("newsletter", "ibp"), ("note-ibp", "asked by phone")]);
    assert!(gone.header("location").contains("done=unsubscribed"), "{}", gone.text());
    assert_eq!(served.status("ada@example.nl"), "unsubscribed");
    assert!(seat.get(&place).text().contains("asked by phone"));
    let file = seat.press(&format!("{place}/export"), &[]);
    assert_eq!(
        (file.json()["person"]["email"].as_str(), file.header("content-disposition").starts_with("attachment")),
        (Some("ada@example.nl"), true)
    );
    let sheet = seat.press("/admin/subscribers/export", &[("newsletter", "ibp")]);
    assert!(sheet.text().starts_with("email,language,newsletter,status"), "{}", sheet.text());
    assert!(sheet.text().contains("\n'=bob@example.nl,nl,ibp,confirmed,"), "{}", sheet.text());

    let cas = format!("/admin/subscribers/{}", id(&served, "cas@example.nl"));
    assert!(seat.press(&cas, &[("action", "resend"), ("newsletter", "ibp")]).text().contains("just now"));
    served.wait(Duration::from_secs(3600));
    let seat = served.seat_of("second@example.org", Role::Admin);
    seat.press(&cas, &[("action", "resend"), ("newsletter", "ibp")]);
    assert_eq!(served.letters().iter().filter(|(to, _)| to == "cas@example.nl").count(), 2);

    let asked = seat.press(&place, &[("action", "erase")]).text();
    assert!(
        asked.contains("Erase all data about ada@example.nl?") && asked.contains("Subscriptions that go: 1."),
        "{asked}"
    );
    assert_eq!(seat.get(&place).status, 200, "nothing has happened yet");
    let erased = seat.press_sure(&place, &[("action", "erase")]);
    assert!(erased.header("location").contains("done=erased"), "{}", erased.text());
    assert_eq!(seat.get(&place).status, 404);
    let deeds = served.database.texts("select action from audit_log where action like 'subscriber.%' order by id");
    assert_eq!(
        deeds,
        [
            "subscriber.unsubscribe",
            "subscriber.export",
            "subscriber.export",
            "subscriber.ask-again",
            "subscriber.erase"
        ]
    );
}

fn who_complained_comes_back_by_an_administrator_alone(database: Database) {
    let served = Served::with(database);
    let token = served.confirmed("ada@example.nl");
    served.form(&format!("/u/{token}"), &[("List-Unsubscribe", "One-Click")]);
    served.database.sql("update subscriptions set status = 'complained'");
    served.cli(&["suppression", "add", "ada@example.nl", "--reason", "complained"]).done();
    served.wait(Duration::from_secs(7200));
    let before = served.letters().len();
    served.subscribe("ada@example.nl");
    assert_eq!(served.letters().len(), before);
    let seat = served.seat(Role::Admin);
    assert!(seat.get("/admin/subscribers").text().contains("Wants back"));
    let place = format!("/admin/subscribers/{}", id(&served, "ada@example.nl"));
    assert!(seat.get(&place).text().contains("Reason: complaint"));
    seat.press(&place, &[("action", "let-back"), ("newsletter", "ibp")]);
    assert_eq!(served.status("ada@example.nl"), "pending");
    assert!(!seat.get("/admin/subscribers").text().contains("Wants back"));
    served.form(&format!("/c/{}", served.token("ada@example.nl")), &[]);
    assert_eq!(served.status("ada@example.nl"), "confirmed");
}

fn a_list_is_looked_at_taken_over_and_taken_back(database: Database) {
    let served = Served::with(database);
    let seat = served.seat(Role::Admin);
    let list = "email,status\nada@example.nl,active\nbob@example.nl,unsubscribed\nbad@,active\n";
    let order = [("newsletter", "ibp"), ("consent", "paper forms of May")];
    assert_eq!(upload(&seat, &[("newsletter", "ibp"), ("consent", " ")], ("list.csv", list)).status, 400);
    assert!(upload(&seat, &order, ("list.csv", "")).text().contains("Choose a file"));
    let tried = upload(&seat, &order, ("list.csv", list));
    assert!(tried.status == 200 && tried.text().contains("Line 4"), "{}", tried.text());
    assert_eq!(served.status("ada@example.nl"), "");

    let batch = hidden(&tried.text(), "batch");
    let press = || seat.press("/admin/import", &[("newsletter", "ibp"), ("batch", &batch)]);
    let done = press();
    assert!(done.status == 200 && done.text().contains(&format!("/admin/import/{batch}/report")), "{}", done.text());
    assert_eq!(served.status("ada@example.nl"), "confirmed");
    assert_eq!(press().status, 200, "pressing twice is harmless");
    assert_eq!(served.consents(), ["imported"]);
    assert!(served.letters().is_empty());
    let report = seat.get(&format!("/admin/import/{batch}/report")).text();
    assert!(report.starts_with("line,email,reason\r\n4,bad@,"), "{report}");
    assert!(seat.get("/admin/import").text().contains("list.csv"));

    let back = seat.press_sure("/admin/import", &[("undo", &batch)]);
    assert!(back.text().contains("1 subscriptions and 1 blocks"), "{}", back.text());
    assert_eq!(served.status("ada@example.nl"), "");
    assert!(served.database.texts("select reason from suppressions").is_empty());
}

fn a_zip_file_with_several_lists_is_taken_over_as_by_the_command(database: Database) {
    let served = Served::with(database);
    let seat = served.seat(Role::Admin);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/import/mailchimp-");
    let sample = |name: &str| std::fs::read(format!("{folder}{name}.csv")).expect("the sample is there");
    let files = [
        ("list/subscribed_members_export_1.csv", sample("subscribed"), true),
        ("list/unsubscribed_members_export_1.csv", sample("unsubscribed"), false),
        ("list/cleaned_members_export_1.csv", sample("cleaned"), true),
    ];
    let order = [("newsletter", "ibp"), ("consent", "paper forms of May")];
    let tried = upload_bytes(&seat, &order, ("mailchimp.zip", &zip(&files)));
    let text = tried.text();
    assert!(tried.status == 200 && text.contains("<strong>3</strong>"), "three rows in all: {text}");
    assert_eq!(served.database.texts("select cast(count(*) as text) from subscribers"), ["0"]);
    let batch = hidden(&text, "batch");
    assert_eq!(batch.split(',').count(), 3, "{batch}");
    let done = seat.press("/admin/import", &[("newsletter", "ibp"), ("batch", &batch)]).text();
    for list in ["cleaned", "subscribed", "unsubscribed"] {
        assert!(done.contains(&format!("<h2>{list}_members_export_1.csv</h2>")), "{done}");
    }
    assert_eq!(
        served.database.texts("select cast(count(*) as text) from subscriptions where status = 'confirmed'"),
        ["1"]
    );
    assert_eq!(served.database.texts("select cast(count(*) as text) from suppressions"), ["2"]);

    let refused = |files: &[(&str, Vec<u8>, bool)]| upload_bytes(&seat, &order, ("x.zip", &zip(files)));
    let none = refused(&[("xl/workbook.xml", b"<x/>".to_vec(), true)]);
    assert!(none.status == 400 && none.text().contains("without a CSV"), "{}", none.text());
    let bomb = refused(&[("list.csv", vec![b'\n'; 130 * 1024 * 1024], true)]);
    assert!(bomb.status == 400 && bomb.text().contains("128 MB"), "{}", bomb.text());
    let broken =
        refused(&[("a.csv", b"email\na@example.nl\n".to_vec(), true), ("b.csv", b"name\nada\n".to_vec(), true)]);
    assert!(broken.status == 400 && broken.text().contains("b.csv: "), "{}", broken.text());
}

fn a_broken_list_is_given_back_with_its_lines(database: Database) {
    let served = Served::with(database);
    let seat = served.seat(Role::Admin);
    let order = [("newsletter", "ibp"), ("consent", "paper forms of May")];
    let broken = upload(&seat, &order, ("list.csv", "email,name\nada@example.nl,\"Ada\nbob@example.nl,Bob\n"));
    assert!(broken.status == 400 && broken.text().contains("line 2: opens a quote"), "{}", broken.text());
    assert!(broken.text().contains("paper forms of May"), "what was typed is kept");
    assert!(upload(&seat, &order, ("list.csv", "name\nada\n")).text().contains("no column"));
    let large = upload(&seat, &order, ("list.csv", &"email\n".repeat(6_000_000)));
    assert!(large.status == 400 && large.text().contains("32 MB"), "{}", large.text());
    assert_eq!(served.database.texts("select cast(count(*) as text) from import_batches"), ["0"]);
}

fn addresses_are_blocked_and_freed_and_the_register_is_shown(database: Database) {
    let served = Served::with(database);
    let seat = served.seat(Role::Admin);
    let press = |fields: &[(&str, &str)]| seat.press("/admin/suppressions", fields);
    let blocked = press(&[("action", "add"), ("add", "ada@example.nl"), ("reason", "manual"), ("note", "by letter")]);
    assert!(blocked.header("location").contains("done=added"), "{}", blocked.text());
    let page = seat.get("/admin/suppressions").text();
    assert!(page.contains("ada@example.nl") && page.contains("blocked: by letter"), "{page}");
    assert!(press(&[("action", "remove"), ("remove", "bob@example.nl")]).text().contains("is not blocked"));
    assert_eq!(press(&[("action", "add"), ("add", "bob@")]).status, 400);
    seat.press_sure("/admin/suppressions", &[("action", "remove"), ("remove", "ADA@example.nl")]);
    assert!(!seat.get("/admin/suppressions").text().contains("ada@example.nl"));
    let register = seat.get("/admin/retention").text();
    assert!(register.contains("never confirmed") && register.contains("30 days"), "{register}");
    assert!(register.contains("POSTDUIF_KEEP_ENDED_DAYS"), "{register}");
}
