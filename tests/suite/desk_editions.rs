//! The desk, from a draft to its evidence, button by button.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use postduif::domain::role::Role;
use postduif::flows::articles::{EnteredArticle, enter};
use postduif::flows::keep_schedule;
use serde_json::Value;

use crate::kit::database::Database;
use crate::kit::desk::Seat;
use crate::kit::house::Served;
use crate::kit::http::Answer;
use crate::kit::on_each_engine;

on_each_engine![
    an_editor_arranges_an_edition_and_pressing_a_button_keeps_what_was_typed,
    two_editors_at_once_lose_nothing,
    what_changes_nothing_withdraws_no_approval,
    a_form_with_faults_comes_back_as_it_was_typed,
    an_edition_is_tested_and_approved_by_somebody_who_has_seen_it,
    four_eyes_see_more_than_two,
    a_mail_is_looked_at_in_a_frame_that_may_do_nothing,
    a_sending_is_held_for_five_minutes_and_can_be_taken_back,
    a_sending_is_planned_at_a_moment_that_exists,
    an_edition_on_its_way_is_paused_and_stopped,
    whoever_looks_on_is_told_how_it_goes,
    everybody_has_a_place_in_the_result_and_a_person_decides_on_the_uncertain,
    an_edition_leaves_evidence,
    articles_are_entered_hidden_and_edited_by_hand,
    the_overview_says_what_needs_somebody,
    the_address_of_a_button_leads_to_its_page,
    writing_an_item_saves_the_rest_first,
];

/// A house that can send, though nobody does.
fn desk(database: Database) -> Served {
    Served::set(database, &[("smtp_url", "smtp://127.0.0.1:9?tls=none"), ("offline", "true")])
}

/// A house with articles, confirmed readers, and a draft; the draft's place at the desk.
pub fn draft(served: &Served, seat: &Seat) -> String {
    for (section, title) in [("blogs", "First"), ("blogs", "Second"), ("blogs", "Third"), ("news", "Short")] {
        let article = EnteredArticle {
            section: section.to_owned(),
            title: title.to_owned(),
            url: format!("https://www.example.nl/{title}"),
            summary: format!("About the {title}."),
            published: None,
        };
        served.run(enter(&served.house, "ibp", article)).expect("an article is entered");
        served.wait(Duration::from_secs(60));
    }
    served.confirmed("ada@example.nl");
    let made = seat.press("/admin/editions", &[("newsletter", "ibp")]);
    let content = made.header("location").split('?').next().expect("there is a path").to_owned();
    content.strip_suffix("/content").expect("it leads to the content").to_owned()
}

/// What a form of the page holds, as a browser would send it: hidden and text fields, ticks, in order.
pub fn form(page: &Answer, action: &str) -> Vec<(String, String)> {
    let page = page.text();
    let start = page.find(&format!("action=\"{action}\"")).unwrap_or_else(|| panic!("no form for {action} in {page}"));
    let form = &page[start..start + page[start..].find("</form>").expect("a form ends")];
    let attribute = |tag: &str, name: &str| {
        let at = tag.find(&format!(" {name}=\""))? + name.len() + 3;
        Some(unescaped(&tag[at..at + tag[at..].find('"')?]))
    };
    let mut fields = Vec::new();
    let mut rest = form;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let tag = &rest[..rest.find('>').map_or(rest.len(), |end| end + 1)];
        let kind = attribute(tag, "type").unwrap_or_default();
        let may_be_off = matches!(kind.as_str(), "checkbox" | "radio");
        if tag.starts_with("<input") && (!may_be_off || tag.contains(" checked")) {
            let name = attribute(tag, "name").expect("a field has a name");
            fields.push((name, attribute(tag, "value").unwrap_or_default()));
        } else if tag.starts_with("<textarea") {
            let text = &rest[tag.len()..rest.find("</textarea>").expect("a text ends")];
            fields.push((attribute(tag, "name").expect("a field has a name"), unescaped(text)));
        }
        rest = &rest[tag.len()..];
    }
    fields
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Sends the form of a page with changes: a field that is there gets another value, another is added.
pub fn send(seat: &Seat, page: &Answer, action: &str, changes: &[(&str, &str)]) -> Answer {
    let mut fields = form(page, action);
    for (name, value) in changes {
        match fields.iter_mut().find(|(field, _)| field == name) {
            Some((_, held)) => *held = (*value).to_owned(),
            None => fields.push(((*name).to_owned(), (*value).to_owned())),
        }
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    seat.press(action, &fields)
}

/// The titles in the order in which the edition holds them.
fn order(served: &Served) -> String {
    let titles = served.database.texts(
        "select coalesce(i.title, a.title) from edition_items i join articles a on a.id = i.article_id \
         order by i.section, i.position",
    );
    titles.join(" ")
}

fn article(served: &Served, title: &str) -> String {
    let id = served.database.texts(&format!("select cast(id as text) from articles where title = '{title}'"));
    id.concat()
}

fn status(served: &Served) -> String {
    served.database.texts("select status from editions order by id").concat()
}

/// A draft that is approved.
pub fn approved(served: &Served, seat: &Seat) -> String {
    let edition = draft(served, seat);
    let check = seat.get(&format!("{edition}/check"));
    let answer = send(seat, &check, &format!("{edition}/approve"), &[("seen", "on")]);
    assert!(answer.header("location").contains("done=approved"), "{} {}", answer.status, answer.text());
    edition
}

/// One that has begun to go out; nobody sends it here.
fn begun(served: &Served, seat: &Seat) -> String {
    let edition = approved(served, seat);
    let page = seat.get(&format!("{edition}/send"));
    send(seat, &page, &format!("{edition}/send"), &[("when", "now")]);
    served.wait(Duration::from_secs(301));
    served.run(keep_schedule::keep(&served.house)).expect("the schedule is kept");
    assert_eq!(status(served), "sending");
    edition
}

fn an_editor_arranges_an_edition_and_pressing_a_button_keeps_what_was_typed(database: Database) {
    let served = desk(database);
    let seat = served.seat(Role::Editor);
    let edition = draft(&served, &seat);
    let place = format!("{edition}/content");
    assert_eq!(order(&served), "Third Second First Short");

    let page = seat.get(&place);
    let (first, second) = (article(&served, "First"), article(&served, "Second"));
    let answer = send(&seat, &page, &place, &[("subject", "A better subject"), ("up", &first)]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(order(&served), "Third First Second Short");
    // The keyboard goes on from the button that was pressed.
    let page = seat.get(answer.header("location"));
    assert!(page.text().contains("value=\"A better subject\""), "what was typed is kept");
    assert!(page.text().contains(&format!("name=\"up\" value=\"{first}\" aria-label=\"Move up: First\" autofocus")));

    let page = seat.get(&place);
    send(&seat, &page, &place, &[("drop", &second)]);
    assert_eq!(order(&served), "Third First Short");
    let page = seat.get(&place);
    assert!(page.text().contains("Add: Second"), "what was taken out can come back");
    let words = format!("summary-{first}");
    send(&seat, &page, &place, &[("add", &format!("blogs:{second}")), (&words, "In other\r\nwords.")]);
    assert_eq!(order(&served), "Third First Second Short");
    let page = seat.get(&place);
    assert!(page.text().contains("In other words."));

    // The block at the end, and on to the check.
    let block =
        [("promo-shown", "on"), ("promo-heading", "Our book"), ("promo-title", "A book"), ("promo-button", "Order")];
    let block = [&block[..], &[("promo-url", "https://www.example.nl/book"), ("then", "check")]].concat();
    let answer = send(&seat, &page, &place, &block);
    assert!(answer.header("location").contains("/check"), "{}", answer.text());
    assert!(seat.get(&format!("{edition}/preview.html")).text().contains("A book"));
    // An article's own words are still its own: mended there, they are mended here.
    served.database.sql("update articles set title = 'Thirds' where title = 'Third'");
    assert_eq!(order(&served), "Thirds First Second Short");
}

fn two_editors_at_once_lose_nothing(database: Database) {
    let served = desk(database);
    let (ada, ben) = (served.seat_of("ada@example.org", Role::Editor), served.seat_of("ben@example.org", Role::Editor));
    let edition = draft(&served, &ada);
    let place = format!("{edition}/content");
    let (hers, his) = (ada.get(&place), ben.get(&place));
    assert_eq!(send(&ada, &hers, &place, &[("subject", "Ada was here")]).status, 303);
    let contested = send(&ben, &his, &place, &[("subject", "Ben was here"), ("intro", "Ben's introduction")]);
    assert_eq!(contested.status, 409);
    let text = contested.text();
    assert!(text.contains("ada@example.org changed this on"), "{text}");
    assert!(text.contains("<del>Ada was here</del>") && text.contains("<ins>Ben was here</ins>"), "{text}");
    assert!(text.contains("value=\"Ben was here\"") && text.contains(">Ben's introduction</textarea>"), "{text}");
    let subject = || served.database.texts("select subject from editions").concat();
    assert_eq!(subject(), "Ada was here", "nothing was saved over her words");
    assert_eq!(send(&ben, &contested, &place, &[]).status, 303, "now he knows");
    assert_eq!(subject(), "Ben was here");
}

fn what_changes_nothing_withdraws_no_approval(database: Database) {
    let served = desk(database);
    let seat = served.seat(Role::Editor);
    let edition = approved(&served, &seat);
    let place = format!("{edition}/content");
    let page = seat.get(&place);
    assert!(page.text().contains("the approval is withdrawn"));
    assert_eq!(send(&seat, &page, &place, &[("then", "preview")]).status, 303);
    assert_eq!(status(&served), "approved");
    send(&seat, &page, &place, &[("preheader", "Something else")]);
    assert_eq!(status(&served), "draft");
}

fn a_form_with_faults_comes_back_as_it_was_typed(database: Database) {
    let served = desk(database);
    let seat = served.seat(Role::Editor);
    let edition = draft(&served, &seat);
    let place = format!("{edition}/content");
    let page = seat.get(&place);
    let title = format!("title-{}", article(&served, "First"));
    let wrong = [("subject", ""), (&*title, " "), ("promo-shown", "on"), ("promo-url", "javascript:alert(1)")];
    let answer = send(&seat, &page, &place, &wrong);
    assert_eq!(answer.status, 400);
    let text = answer.text();
    assert!(text.contains("<title>Error: ") && text.contains("href=\"#subject\"") && text.contains(&title), "{text}");
    assert!(text.contains("href=\"#promo-url\"") && text.contains("value=\"javascript:alert(1)\""), "{text}");
    assert_eq!(order(&served), "Third Second First Short");
}

fn an_edition_is_tested_and_approved_by_somebody_who_has_seen_it(database: Database) {
    let served = desk(database);
    let seat = served.seat(Role::Editor);
    let edition = draft(&served, &seat);
    let (check, test, approve) = (format!("{edition}/check"), format!("{edition}/test"), format!("{edition}/approve"));
    let content = seat.get(&format!("{edition}/content"));
    send(&seat, &content, &format!("{edition}/content"), &[("preheader", "")]);
    let page = seat.get(&check);
    assert!(page.text().contains("The preview line is empty"), "{}", page.text());
    assert!(!page.text().contains(">preheader<"), "what a check is called inside is nobody's word");
    let dutch = seat.get(&format!("{check}?language=nl")).text();
    assert!(dutch.contains("De voorbeeldregel is leeg"), "the desk speaks one language at a time: {dutch}");

    assert_eq!(send(&seat, &page, &test, &[("to", "nobody")]).status, 400);
    let letters = || served.letters().iter().filter(|(_, letter)| letter.kind() == "test").count();
    for _ in 0..2 {
        let answer = send(&seat, &page, &test, &[("to", "ada@example.org, ben@example.org; ada@example.org")]);
        assert!(answer.header("location").contains("done=test-sent"), "{}", answer.text());
    }
    assert_eq!(letters(), 2, "pressing twice sends once");
    let page = seat.get(&check);
    assert!(page.text().contains("ada@example.org, ben@example.org") && page.text().contains("after the last change"));

    let content = seat.get(&format!("{edition}/content"));
    send(&seat, &content, &format!("{edition}/content"), &[("subject", "Changed after the test")]);
    let page = seat.get(&check);
    assert!(page.text().contains("before the last change"), "{}", page.text());
    assert!(page.text().contains("<ins>Changed after the test</ins>"), "the change is shown");

    let unseen = send(&seat, &page, &approve, &[]);
    assert_eq!((unseen.status, status(&served).as_str()), (400, "draft"));
    assert!(unseen.text().contains("Tick the box once you have seen"), "{}", unseen.text());
    assert_eq!(send(&seat, &page, &approve, &[("seen", "on"), ("version", "1")]).status, 303);
    assert_eq!(status(&served), "draft", "what was looked at is not what would be approved");
    send(&seat, &page, &approve, &[("seen", "on")]);
    assert_eq!(status(&served), "approved");

    // An error stops an editor; an administrator may go over it with a reason, which is kept.
    seat.press(&format!("{edition}/reopen"), &[]);
    served.database.sql("update subscriptions set status = 'unsubscribed'");
    let page = seat.get(&check);
    assert!(!page.text().contains("name=\"override\""));
    let version = served.database.texts("select cast(version as text) from editions").concat();
    seat.press(&approve, &[("seen", "on"), ("override", "because"), ("version", &version)]);
    assert_eq!(status(&served), "draft", "that is for administrators");
    let admin = served.seat(Role::Admin);
    let page = admin.get(&check);
    send(&admin, &page, &approve, &[("seen", "on"), ("override", "Readers come later")]);
    assert_eq!(status(&served), "approved");
    let kept = served.database.texts("select approved_by || ': ' || override_reason from editions").concat();
    assert_eq!(kept, "admin@example.org: Readers come later");
}

fn four_eyes_see_more_than_two(database: Database) {
    let served = desk(database);
    served.cli(&["newsletter", "edit", "ibp", "--four-eyes", "true"]).done();
    let (ada, ben) = (served.seat_of("ada@example.org", Role::Editor), served.seat_of("ben@example.org", Role::Editor));
    let edition = draft(&served, &ada);
    let content = format!("{edition}/content");
    send(&ada, &ada.get(&content), &content, &[("subject", "Ada's subject")]);
    let (check, approve) = (format!("{edition}/check"), format!("{edition}/approve"));
    assert!(ada.get(&check).text().contains("Somebody other than ada@example.org must approve"));
    let page = ben.get(&check);
    let fields = form(&page, &approve);
    let version = &fields.iter().find(|(name, _)| name == "version").expect("there is a version").1;
    ada.press(&approve, &[("version", version), ("seen", "on")]);
    assert_eq!(status(&served), "draft");
    ben.press(&approve, &[("version", version), ("seen", "on")]);
    assert_eq!(status(&served), "approved");
}

fn a_mail_is_looked_at_in_a_frame_that_may_do_nothing(database: Database) {
    let served = desk(database);
    let seat = served.seat(Role::Editor);
    let edition = draft(&served, &seat);
    let preview = format!("{edition}/preview");
    let page = seat.get(&preview).text();
    assert!(page.contains("<iframe class=\"mail desktop\" sandbox title="), "{page}");
    let frame = seat.get(&format!("{preview}.html?view=dark"));
    let policy = frame.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("; sandbox") && !policy.contains("script"));
    assert!(frame.text().contains("@media all{"), "the dark is shown to everybody");
    let light = seat.get(&format!("{preview}.html")).text();
    assert!(light.contains("@media not all") && !light.contains("prefers-color-scheme"), "{light}");
    assert!(seat.get(&format!("{preview}?view=text")).text().contains("About the First."));
    assert!(seat.get(&format!("{preview}?view=headers")).text().contains("List-Unsubscribe-Post"));
    assert_eq!(seat.get(&format!("{preview}.eml")).header("content-type"), "message/rfc822");

    assert_eq!(seat.press(&preview, &[("subscriber", "nobody@example.nl")]).status, 400);
    served.database.sql("update subscribers set language = 'en', format = 'text'");
    let seen = seat.press(&preview, &[("view", "headers"), ("subscriber", "Ada@Example.nl")]);
    let place = seen.header("location");
    assert!(place.contains("view=headers&as=") && !place.contains('@'), "no address in a path: {place}");
    let page = seat.get(place).text();
    assert!(page.contains("&lt;ada@example.nl&gt;"), "{page}");
    let page = seat.get(&place.replace("headers", "desktop")).text();
    assert!(!page.contains("<iframe") && page.contains("<pre class=\"mail\""), "who wants text alone has no HTML");
    // Names are for editors.
    let viewer = served.seat(Role::Viewer);
    assert!(!viewer.get(place).text().contains("ada@example.nl"));
}

fn a_sending_is_held_for_five_minutes_and_can_be_taken_back(database: Database) {
    let served = desk(database);
    let seat = served.seat(Role::Editor);
    let edition = approved(&served, &seat);
    let place = format!("{edition}/send");
    served.readers(119);
    let page = seat.get(&place);
    assert!(page.text().contains("You are sending this edition to 120 people."), "{}", page.text());
    let wrong = send(&seat, &page, &place, &[("when", "now"), ("recipients", "12")]);
    assert_eq!((wrong.status, status(&served).as_str()), (400, "approved"));
    assert!(wrong.text().contains("You typed “12”, but there are 120 recipients."), "{}", wrong.text());

    let taken = send(&seat, &page, &place, &[("when", "now"), ("recipients", "120")]);
    assert_eq!((taken.status, status(&served).as_str()), (303, "scheduled"));
    let again = send(&seat, &page, &place, &[("when", "now"), ("recipients", "120")]);
    assert!(again.header("location").contains("done=already-sending"), "a second press is harmless");
    served.wait(Duration::from_secs(60));
    let held = seat.get(&place).text();
    assert!(held.contains("To 120 people, from"), "{held}");
    assert!(held.contains("4:00 left") && held.contains("http-equiv=\"refresh\""), "{held}");
    let keep = || served.run(keep_schedule::keep(&served.house)).expect("the schedule is kept");
    keep();
    assert_eq!(status(&served), "scheduled");

    seat.press(&format!("{edition}/unschedule"), &[]);
    served.wait(Duration::from_secs(3600));
    keep();
    assert_eq!(status(&served), "approved", "what was taken back does not go out");
    let old = send(&seat, &page, &place, &[("when", "now"), ("recipients", "120")]);
    assert_eq!((old.status, status(&served).as_str()), (303, "approved"), "nor does an old page send it");
    assert!(old.header("location").contains("done=out-of-date"), "nothing is on its way: {}", old.header("location"));

    let page = seat.get(&place);
    send(&seat, &page, &place, &[("when", "now"), ("recipients", "120")]);
    served.wait(Duration::from_secs(301));
    keep();
    assert_eq!(status(&served), "sending");
    let who = served.database.texts("select ordered_by from editions").concat();
    assert_eq!(who, "editor@example.org");
}

fn a_sending_is_planned_at_a_moment_that_exists(database: Database) {
    let served = desk(database);
    let seat = served.seat(Role::Editor);
    let edition = approved(&served, &seat);
    let place = format!("{edition}/send");
    let page = seat.get(&place);
    let plan =
        |date: &str, time: &str| send(&seat, &page, &place, &[("when", "later"), ("date", date), ("time", time)]);
    for (date, time, fault) in [
        ("2026-03-29", "02:30", "This time does not exist"),
        ("2026-02-01", "09:00", "This moment has passed"),
        ("soon", "09:00", "Choose a date"),
        ("2026-03-03", "25:00", "Choose a time"),
    ] {
        let answer = plan(date, time);
        assert_eq!(answer.status, 400, "{date} {time}");
        let text = answer.text();
        assert!(text.contains(fault) && text.contains(&format!("value=\"{date}\"")), "{date} {time}: {text}");
    }
    assert_eq!(status(&served), "approved");
    assert_eq!(plan("2026-03-30", "09:30").status, 303);
    let page = seat.get(&place).text();
    assert!(page.contains("Goes out on Monday 30 March 2026 at 09:30 (07:30 UTC)."), "{page}");
    assert_eq!(status(&served), "scheduled");
}

fn an_edition_on_its_way_is_paused_and_stopped(database: Database) {
    let served = desk(database);
    let seat = served.seat(Role::Editor);
    let edition = begun(&served, &seat);
    seat.press(&format!("{edition}/pause"), &[]);
    assert_eq!(status(&served), "paused");
    assert!(seat.get(&format!("{edition}/send")).text().contains("paused by editor@example.org"));
    assert!(seat.get("/admin").text().contains("has stopped"));
    let stale = seat.press(&format!("{edition}/pause"), &[]);
    assert!(stale.header("location").contains("done=out-of-date"));
    seat.press(&format!("{edition}/resume"), &[]);
    assert_eq!(status(&served), "sending");
    let unsure = seat.press(&format!("{edition}/cancel"), &[]);
    assert!(unsure.text().contains("People who then do not get it: "), "{}", unsure.text());
    assert_eq!(status(&served), "sending");
    seat.press_sure(&format!("{edition}/cancel"), &[]);
    assert_eq!(status(&served), "cancelled");
    let deeds = served.database.texts("select action from audit_log where action like 'edition.%' order by id");
    let told = ["assemble", "approve", "send", "pause", "resume", "cancel"].map(|deed| format!("edition.{deed}"));
    assert_eq!(deeds, told);
}

fn whoever_looks_on_is_told_how_it_goes(database: Database) {
    let served = desk(database);
    let seat = served.seat(Role::Viewer);
    let editor = served.seat(Role::Editor);
    let edition = begun(&served, &editor);
    served.database.sql("update editions set audience = 2, queued = 1, accepted = 1");
    // Line by line, as a browser hears it: nothing here waits for a clock.
    let address = served.http.address("");
    let mut line = TcpStream::connect(address.trim_start_matches("http://")).expect("the server answers");
    write!(line, "GET {edition}/live HTTP/1.1\r\nhost: desk\r\ncookie: {}\r\n\r\n", seat.cookie).expect("it listens");
    let mut lines = BufReader::new(line).lines().map_while(Result::ok);
    let head: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    let head = head.join("\n").to_lowercase();
    assert!(head.contains("200 ok") && head.contains("text/event-stream") && head.contains("no-store"), "{head}");
    let mut news = lines.filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok());
    let first = news.next().expect("there is news at once");
    assert_eq!((first["done"].as_i64(), first["counts"]["accepted"].as_str()), (Some(1), Some("1")), "{first}");
    assert!(first["text"].as_str().is_some_and(|text| text.starts_with("1 of 2 done.")), "{first}");
    served.database.sql("update editions set queued = 0, accepted = 2");
    let next = news.next().expect("there is more when there is more to tell");
    assert_eq!((next["done"].as_i64(), next["over"].as_bool()), (Some(2), Some(false)), "{next}");
    editor.press(&format!("{edition}/pause"), &[]);
    let last = news.next().expect("the end is told as well");
    assert_eq!(last["over"], true, "{last}");
}

/// Deliveries as a sending might leave them: one in each final state, a formula among the addresses.
fn outcomes(served: &Served) {
    let edition = "select id from editions";
    let rows = [
        (1, "=cmd|calc@example.nl", "accepted", "250", "", "ok"),
        (2, "ben@example.nl", "rejected", "550", "user-unknown", "5.1.1 No such user"),
        (3, "cas@other.nl", "unknown", "null", "connection-lost", ""),
        (4, "dee@other.nl", "deferred", "451", "mailbox-full", "4.2.2 Over quota"),
        (5, "eva@other.nl", "skipped", "null", "unsubscribed", ""),
    ];
    for (seq, email, state, code, reason, reply) in rows {
        let domain = email.rsplit_once('@').expect("an address has an at").1;
        served.database.sql(&format!(
            "insert into deliveries (edition_id, seq, subscription_id, email, domain, state, attempts, next_at, finished_at, \
             code, reason, reply) values (({edition}), {seq}, {seq}, '{email}', '{domain}', '{state}', 1, \
             9000000000000000, 1770020000000000, {code}, nullif('{reason}', ''), nullif('{reply}', ''))"
        ));
    }
    served.database.sql(
        "update editions set status = 'sent', frozen = true, audience = 5, accepted = 1, rejected = 1, unknown = 1, \
         deferred = 1, skipped = 1, finished_at = 1770021000000000",
    );
}

fn everybody_has_a_place_in_the_result_and_a_person_decides_on_the_uncertain(database: Database) {
    let served = desk(database);
    let seat = served.seat(Role::Editor);
    let edition = begun(&served, &seat);
    outcomes(&served);
    let result = format!("{edition}/result");
    let page = seat.get(&result).text();
    for told in [
        "That is all 5 recipients. Nobody is missing.",
        "This address does not exist (any more).",
        "550 5.1.1 No such user",
        "Had unsubscribed.",
        "For one email it is uncertain whether it arrived.",
    ] {
        assert!(page.contains(told), "{told} is not in {page}");
    }
    let rejected = seat.get(&format!("{result}?status=rejected")).text();
    assert!(rejected.contains("ben@example.nl") && !rejected.contains("cas@other.nl"));
    let looked = served.seat(Role::Viewer).get(&result).text();
    assert!(!looked.contains("ben@example.nl") && !looked.contains("No such user"), "addresses are for editors");

    let file = seat.get(&format!("{edition}/deliveries.csv"));
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    let text = file.text();
    assert!(text.starts_with("address,domain,status,") && text.contains("\r\n'=cmd|calc@example.nl,"), "{text}");
    assert_eq!(text.lines().count(), 6, "{text}");

    let counted = |state: &str| {
        let query = format!("select cast(count(*) as text) from deliveries where state = '{state}'");
        served.database.texts(&query).concat()
    };
    assert!(seat.get("/admin").text().contains("uncertain whether it arrived"));
    let asked = seat.press(&format!("{edition}/unknown"), &[("decision", "leave")]).text();
    assert!(asked.contains("People who get nothing more of this edition: 1."), "{asked}");
    assert!(seat.get("/admin").text().contains("uncertain whether it arrived"), "it was only asked");
    seat.press_sure(&format!("{edition}/unknown"), &[("decision", "leave")]);
    assert_eq!((counted("unknown").as_str(), status(&served).as_str()), ("1", "sent"));
    assert!(!seat.get("/admin").text().contains("uncertain whether it arrived"), "it was decided");
    assert!(seat.press(&format!("{edition}/unknown"), &[("decision", "repeat")]).header("location").contains("out-of"));

    served.database.sql("update editions set unknown_left = 0");
    seat.press_sure(&format!("{edition}/unknown"), &[("decision", "repeat")]);
    assert_eq!((counted("queued").as_str(), status(&served).as_str()), ("1", "sending"));
    let sums = served.database.texts("select cast(queued as text) || ' ' || cast(unknown as text) from editions");
    assert_eq!(sums, ["1 0"], "the counters went along");

    let due =
        || served.database.texts("select cast(next_at as text) from deliveries where state = 'deferred'").concat();
    let before = due();
    seat.press(&format!("{edition}/retry"), &[]);
    assert!(due() < before, "the deferred are tried now");
}

fn an_edition_leaves_evidence(database: Database) {
    let served = desk(database);
    let seat = served.seat(Role::Editor);
    let edition = begun(&served, &seat);
    outcomes(&served);
    let answer = served.seat(Role::Viewer).get(&format!("{edition}/evidence.json"));
    let evidence = answer.json();
    let hash = served.database.texts("select content_hash from editions").concat();
    assert_eq!(evidence["content_hash"], hash);
    assert_eq!(evidence["approved_by"], "editor@example.org");
    assert_eq!(evidence["ordered_by"], "editor@example.org");
    assert_eq!((evidence["audience"].as_i64(), evidence["adds_up"].as_bool()), (Some(5), Some(true)));
    assert_eq!(evidence["counts"]["rejected"], 1);
    assert!(evidence["audience_rule"].as_str().is_some_and(|rule| rule.contains("confirmed before")));
    assert_eq!(evidence["version"], env!("CARGO_PKG_VERSION"));
    let deeds: Vec<&str> = evidence["deeds"]
        .as_array()
        .expect("deeds are listed")
        .iter()
        .map(|deed| deed["action"].as_str().expect("a deed has a name"))
        .collect();
    assert_eq!(deeds, ["edition.assemble", "edition.approve", "edition.send"]);
    assert!(!answer.text().contains("ben@example.nl"), "no reader is named");
    let page = seat.get(&format!("{edition}/evidence")).text();
    assert!(page.contains(&hash) && page.contains("Nobody is missing."), "{page}");
}

fn articles_are_entered_hidden_and_edited_by_hand(database: Database) {
    let served = desk(database);
    let seat = served.seat(Role::Editor);
    let edition = draft(&served, &seat);
    let new = "/admin/articles/new";
    let fields = |title: &'static str, url: &'static str| {
        [("newsletter", "ibp"), ("section", "blogs"), ("title", title), ("url", url), ("summary", "Some\nwords")]
    };
    let wrong = seat.press(new, &fields("", "nowhere"));
    assert_eq!(wrong.status, 400);
    assert!(wrong.text().contains("href=\"#url\"") && wrong.text().contains("value=\"nowhere\""), "{}", wrong.text());
    let id = edition.rsplit('/').next().expect("an edition has an id");
    let added = seat.press(new, &[&fields("By hand", "https://www.example.nl/x")[..], &[("edition", id)]].concat());
    assert!(added.header("location").starts_with(&format!("{edition}/content")), "{}", added.text());
    assert_eq!(order(&served), "Third Second First By hand Short");

    let place = format!("/admin/articles/{}", article(&served, "By hand"));
    let page = seat.get(&place);
    assert_eq!(send(&seat, &page, &place, &[("title", "Better"), ("section", "news")]).status, 303);
    let list = seat.get("/admin/articles?section=news").text();
    assert!(list.contains("Better") && !list.contains("Second"), "{list}");
    seat.press(&place, &[("hidden", "yes")]);
    assert!(seat.get("/admin/articles").text().contains("Better"), "hidden, not gone");
    assert_eq!(served.database.texts("select title from articles where hidden"), ["Better"]);
    let held = seat.press_sure(&place, &[("remove", "yes")]);
    assert!(held.status == 400 && held.text().contains("Hide it instead"), "{}", held.text());
    served.database.sql("delete from edition_items");
    assert_eq!(seat.press_sure(&place, &[("remove", "yes")]).status, 303);
    assert_eq!(seat.get(&place).status, 404);
    assert_eq!(served.seat(Role::Viewer).get("/admin/articles").status, 200);
}

fn the_overview_says_what_needs_somebody(database: Database) {
    let served = desk(database);
    let seat = served.seat(Role::Editor);
    let bare = seat.get("/admin").text();
    assert!(bare.contains("There is no source yet") && bare.contains("There are no subscribers yet"), "{bare}");
    assert!(bare.contains("Not checked yet") && !bare.contains("Everything is fine"), "{bare}");
    let edition = draft(&served, &seat);
    served.subscribe("ben@example.nl");
    let page = seat.get("/admin").text();
    assert!(page.contains("Draft ready: edition 1") && page.contains(&format!("{edition}/content")), "{page}");
    assert!(page.contains("2 asked for, 0 looks, 1 confirmed"), "{page}");
    assert!(page.contains("1 joined and 0 left"), "{page}");
    assert_eq!(seat.get(&edition).header("location"), format!("{edition}/content"), "as mails link to it");
    assert_eq!(seat.get("/admin/editions/999999").status, 404);
}

/// An answer to a press has the address of its button: read again or in another language, that leads to its page.
fn the_address_of_a_button_leads_to_its_page(database: Database) {
    let served = desk(database);
    let seat = served.seat(Role::Editor);
    let edition = draft(&served, &seat);
    for (button, page) in [
        ("/admin/subscribers/search".to_owned(), "/admin/subscribers".to_owned()),
        (format!("{edition}/test"), format!("{edition}/check")),
        (format!("{edition}/approve"), format!("{edition}/check")),
        (format!("{edition}/pause"), format!("{edition}/send")),
        (format!("{edition}/retry"), format!("{edition}/result")),
    ] {
        let answer = seat.get(&format!("{button}?language=nl"));
        assert_eq!((answer.status, answer.header("location")), (303, format!("{page}?language=nl").as_str()));
        assert_eq!(seat.get(&page).status, 200, "{page}");
    }
    let filtered = seat.get(&format!("{edition}/result?status=accepted&language=nl&done=saved")).text();
    assert!(filtered.contains("/result?status=accepted&amp;language=en"), "{filtered}");
}

/// Going on to write an item of one's own loses nothing of what was typed before.
fn writing_an_item_saves_the_rest_first(database: Database) {
    let served = desk(database);
    let seat = served.seat(Role::Editor);
    let edition = draft(&served, &seat);
    let content = format!("{edition}/content");
    let page = seat.get(&content);
    let on = send(&seat, &page, &content, &[("subject", "Typed before"), ("write", "news")]);
    assert!(on.header("location").starts_with("/admin/articles/new?edition="), "{}", on.header("location"));
    assert!(on.header("location").ends_with("&section=news"), "{}", on.header("location"));
    assert!(seat.get(&content).text().contains("value=\"Typed before\""));
    let faulty = send(&seat, &seat.get(&content), &content, &[("subject", "")]);
    assert!(faulty.status == 400 && faulty.text().contains(" data-changed"), "leaving it would lose something");
}
