//! An editor's way through the desk in a real browser, from the first look to the result: with script and without, in
//! Dutch and in English; every page held against WCAG 2.2 AA on the way.

use std::time::{Duration, Instant};

use postduif::domain::role::Role;
use postduif::domain::smarthost::Smarthost;
use postduif::flows::articles::{EnteredArticle, enter};
use postduif::flows::deliver::{Mailer, Relays};
use postduif::flows::keep_schedule;
use postduif::mail::smtp::{Relay, Timeouts, Tls};

use crate::accessible::Judge;
use crate::kit::browser::{Browser, Script};
use crate::kit::database::{Database, Engine};
use crate::kit::desk::Seat;
use crate::kit::house::Served;
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::Script as Server;

#[test]
fn the_whole_way_in_english_with_script_switched_on() {
    let Some(judge) = Judge::called() else { return };
    walk(Engine::Sqlite, "en", judge.browser(), &|page| {
        judge.browser().screen(1000, 900);
        judge.browser().dark(false);
        judge.browser().picture(page);
        judge.look(page);
        judge.browser().screen(1000, 900);
    });
}

#[test]
fn the_whole_way_in_dutch_with_script_switched_on() {
    let Some(judge) = Judge::called() else { return };
    walk(Engine::Sqlite, "nl", judge.browser(), &|page| {
        judge.look(page);
        judge.browser().screen(1000, 900);
    });
}

#[test]
fn the_whole_way_in_english_with_script_switched_off() {
    let Some(browser) = Browser::open(Script::Off) else { return };
    walk(Engine::Postgres, "en", &browser, &|_| {});
}

#[test]
fn the_whole_way_in_dutch_with_script_switched_off() {
    let Some(browser) = Browser::open(Script::Off) else { return };
    walk(Engine::Sqlite, "nl", &browser, &|_| {});
}

const ARTICLES: [(&str, &str, &str); 4] = [
    ("blogs", "Wat is ethisch hacken?", "Een ethisch hacker zoekt gaten voordat een ander dat doet."),
    ("blogs", "Applicatiebeheer en de AVG", "Wie mag wat zien, en hoe weet je dat later nog?"),
    ("blogs", "Van code naar vertrouwen", "Veilig bouwen begint bij de eerste regel."),
    ("news", "Belangstelling voor cyberveiligheid groeit bij mkb", ""),
];

/// A house with a mail server, articles and 120 readers.
fn house(database: Database, double: &SmtpDouble) -> Served {
    let served = Served::set(database, &[("smtp_url", &double.url("tls=none")), ("offline", "true")]);
    for (section, title, summary) in ARTICLES {
        let url = format!("https://www.example.nl/{}", title.len());
        let (section, title, summary) = (section.to_owned(), title.to_owned(), summary.to_owned());
        let article = EnteredArticle { section, title, url, summary, published: None };
        served.run(enter(&served.house, "ibp", article)).expect("an article is entered");
        served.wait(Duration::from_secs(60));
    }
    served.readers(120);
    served
}

/// Sits down at the desk: signing in has tests of its own.
fn sit_down(served: &Served, browser: &Browser, language: &str) -> Seat {
    let seat = served.seat_of("anna@example.nl", Role::Editor);
    served.database.sql(&format!("update users set language = '{language}', name = 'Anna'"));
    browser.go(&served.http.address("/admin/login"));
    let (name, value) = seat.cookie.split_once('=').expect("a cookie has a name");
    browser.cookie(name, value, "/admin");
    seat
}

fn walk(engine: Engine, language: &str, browser: &Browser, look: &dyn Fn(&str)) {
    let Some(database) = Database::fresh(engine) else { return };
    let double = SmtpDouble::start(Server::default());
    let served = house(database, &double);
    sit_down(&served, browser, language);
    let go = |place: &str| browser.go(&served.http.address(place));
    let says = |nl: &str, en: &str| {
        let wanted = if language == "nl" { nl } else { en };
        let text = browser.text("main");
        assert!(text.contains(wanted), "{wanted} is not in {text}");
    };

    go("/admin");
    says("Dag Anna", "Hello Anna");
    browser.press("nav a[href='/admin/articles']");
    look("articles");
    browser.press("a[href='/admin/articles/new']");
    look("article");
    browser.fill("#title", "Zelf geschreven");
    browser.fill("#url", "https://www.example.nl/zelf");
    browser.fill("#summary", "Een bericht van onszelf.");
    browser.press("main form button[type=submit]");
    browser.press("nav a[href='/admin/editions']");
    browser.press("main form[action='/admin/editions'] button");

    // Content: Enter saves, and does not move anything.
    assert!(browser.address().contains("/content"), "{}", browser.address());
    browser.retype("#subject", "Ethisch hacken, de AVG en vertrouwen");
    browser.enter("#subject");
    says("Opgeslagen", "Saved");
    let first = browser.text(".order li strong");
    browser.press(".order li:nth-child(2) button[name=up]");
    assert_ne!(browser.text(".order li strong"), first, "the second is the first now");
    look("content");
    browser.press("button[name=then][value=check]");

    look("check");
    browser.retype("#to", "anna@example.nl");
    browser.press("form[action$='/test'] button");
    says("na de laatste wijziging", "after the last change");
    if browser.has("#seen") {
        browser.tick("#seen");
    }
    browser.press("form[action$='/approve'] button");
    says("Goedgekeurd door anna@example.nl", "Approved by anna@example.nl");

    browser.press("nav.tabs a[href$='/preview']");
    look("preview");
    for view in ["phone", "dark", "text", "headers"] {
        browser.press(&format!("nav.tabs a[href*='view={view}']"));
        look(&format!("preview-{view}"));
    }

    browser.press("nav.tabs a[href$='/send']");
    look("send");
    browser.fill("#recipients", "12");
    browser.press("form[action$='/send'] button");
    look("send-fault");
    browser.retype("#recipients", "120");
    browser.press("form[action$='/send'] button");
    says("Toch niet versturen", "Do not send");
    look("hold");
    browser.press("form[action$='/unschedule'] button");
    browser.fill("#recipients", "120");
    browser.press("form[action$='/send'] button");

    served.wait(Duration::from_secs(301));
    served.run(keep_schedule::keep(&served.house)).expect("the schedule is kept");
    let sending = browser.address();
    browser.go(&sending);
    says("van 0 verwerkt", "of 0 done");
    let relay = Smarthost::parse_list(&double.url("tls=none")).expect("the double has a URL").remove(0);
    let relay = Relay::new(relay, "test.example", Timeouts::all(Duration::from_secs(5)), Tls::from_system());
    let relays = Relays::new(served.house.clock.clone(), vec![relay]);
    let mailer = served.run(async { Mailer::start(&served.house, relays) });
    // The page hears of it by itself: by a stream where there is script, by loading itself again where there is none.
    let deadline = Instant::now() + Duration::from_secs(60);
    while !browser.has("a.btn[href$='/result']") {
        assert!(Instant::now() < deadline, "it is never sent: {}", browser.text("main"));
        std::thread::sleep(Duration::from_millis(200));
    }
    served.run(mailer.stop());
    look("sent");
    browser.press("main a.btn[href$='/result']");
    says("Dat zijn alle 120 ontvangers. Niemand ontbreekt.", "That is all 120 recipients. Nobody is missing.");
    look("result");
    browser.press("a[href$='/evidence']");
    says("Goedgekeurd", "Approved");
    look("evidence");
    browser.press("nav a[href='/admin/editions']");
    look("editions");
    go("/admin");
    look("overview");
    // Every reader got one; the editor the test, and what editors are told.
    let mut copies = double.copies();
    assert!(copies.remove("anna@example.nl").is_some(), "the test came");
    assert_eq!((copies.len(), copies.values().filter(|count| **count != 1).count()), (120, 0));
}

#[test]
fn what_a_hostile_editor_writes_runs_nowhere() {
    let (Some(browser), Some(database)) = (Browser::open(Script::On), Database::fresh(Engine::Sqlite)) else { return };
    const HOSTILE: &str = "\"><script>document.title='hacked';top.document.title='hacked'</script>\
                           <img src=x onerror=\"top.document.title='hacked'\"><svg onload=alert(1)>'</title></textarea>";
    let double = SmtpDouble::start(Server::default());
    let served = house(database, &double);
    let seat = sit_down(&served, &browser, "en");
    let made = seat.press("/admin/editions", &[("newsletter", "ibp")]);
    let content = made.header("location").split('?').next().expect("there is a path").to_owned();
    let edition = content.strip_suffix("/content").expect("it leads to the content");
    let page = seat.get(&content);
    let mut fields = crate::desk_editions::form(&page, &content);
    for (name, value) in &mut fields {
        let typed = ["subject", "preheader", "intro", "promo-heading", "promo-title", "promo-text", "promo-button"];
        if typed.contains(&name.as_str()) || name.starts_with("title-") || name.starts_with("summary-") {
            *value = HOSTILE.to_owned();
        }
    }
    fields.retain(|(name, _)| name != "promo-url");
    let more = [("promo-shown", "on"), ("promo-url", "https://www.example.nl/?a=\"><script>alert(1)</script>")];
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(more).collect();
    let saved = seat.press(&content, &fields);
    assert_eq!(saved.status, 303, "{}", saved.text());
    let article = [("newsletter", "ibp"), ("section", "blogs"), ("title", HOSTILE), ("summary", HOSTILE)];
    seat.press("/admin/articles/new", &[&article[..], &[("url", "https://www.example.nl/h")]].concat());

    let harmless = |place: &str| {
        browser.go(&served.http.address(place));
        // An alert would fail this; a script or a handler that ran has left its title.
        std::thread::sleep(Duration::from_millis(200));
        let title = browser.title();
        assert!(title != "hacked" && !browser.address().is_empty(), "{place}: {title}");
        let tried = browser.forbidden();
        assert!(tried.is_empty(), "{place}: {tried:#?}");
    };
    for page in ["content", "check", "preview", "preview?view=text", "preview?view=headers", "send", "preview.html"] {
        harmless(&format!("{edition}/{page}"));
    }
    for place in ["/admin", "/admin/editions", "/admin/articles"] {
        harmless(place);
    }
    let check = seat.get(&format!("{edition}/check"));
    let approve = format!("{edition}/approve");
    crate::desk_editions::send(&seat, &check, &approve, &[("seen", "on")]);
    let send = format!("{edition}/send");
    let page = seat.get(&send);
    crate::desk_editions::send(&seat, &page, &send, &[("when", "now"), ("recipients", "120")]);
    served.wait(Duration::from_secs(301));
    served.run(keep_schedule::keep(&served.house)).expect("the schedule is kept");
    for page in ["send", "result", "evidence"] {
        harmless(&format!("{edition}/{page}"));
    }
    for place in ["/n/ibp/archive", "/n/ibp/archive/1", "/n/ibp"] {
        assert!(served.http.get(place).status == 200, "{place}");
        harmless(place);
    }
}
