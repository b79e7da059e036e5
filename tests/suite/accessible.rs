//! Every page as axe-core sees it: WCAG 2.2 AA, light and dark, on a desk and on a telephone, with nothing to push
//! sideways.

use postduif::domain::role::Role;
use postduif::flows::first_start;
use serde_json::json;

use crate::admin_second_step::with_second_step;
use crate::desk_editions::draft;

use crate::kit::browser::{Browser, Script};
use crate::kit::database::{Database, Engine};
use crate::kit::given;
use crate::kit::house::Served;

/// Holds pages against the standard; nothing where `tests/run` gave no browser or no axe.
pub struct Judge {
    browser: Browser,
    axe: String,
}

impl Judge {
    pub fn called() -> Option<Self> {
        let axe = std::fs::read_to_string(given("AXE_FILE")?).expect("axe-core's script can be read");
        Some(Self { browser: Browser::open(Script::On)?, axe })
    }

    pub fn browser(&self) -> &Browser {
        &self.browser
    }

    /// The page in hand, as it lies there.
    pub fn look(&self, page: &str) {
        for dark in [false, true] {
            self.browser.dark(dark);
            for width in [320, 375, 1000] {
                self.browser.screen(width, 900);
                let place = format!("{page}, {width} px, {}", if dark { "dark" } else { "light" });
                assert!(!self.browser.overflows(), "{place}: must be pushed sideways");
                // What 320 px show is what 375 px show.
                if width > 320 {
                    let barriers = self.browser.barriers(&self.axe);
                    assert!(barriers.is_empty(), "{place}: {barriers:#?}");
                }
            }
        }
    }

    /// The page at this address.
    pub fn visit(&self, address: &str) {
        self.browser.go(address);
        self.look(address);
    }
}

#[test]
fn no_page_for_visitors_keeps_anybody_out() {
    let (Some(judge), Some(database)) = (Judge::called(), Database::fresh(Engine::Sqlite)) else { return };
    let served = Served::set(database, &[("smtp_url", "smtp://127.0.0.1:9?tls=none"), ("offline", "true")]);
    let leave = served.confirmed("ada@example.nl");
    served.subscribe("ben@example.nl");
    served.form("/p", &[("email", "ada@example.nl")]);
    let (confirm, identity) = (served.token("ben@example.nl"), served.token("ada@example.nl"));
    archived_edition(&served);
    for language in ["nl", "en"] {
        for place in [
            "/",
            "/n/ibp",
            "/n/ibp/embed",
            "/n/ibp/check-inbox",
            "/n/ibp/archive",
            "/n/ibp/archive/1",
            "/p",
            &format!("/p/{identity}"),
            &format!("/c/{confirm}"),
            &format!("/u/{leave}"),
            "/u/broken",
            "/nothing/here",
            "/api/docs",
        ] {
            judge.visit(&served.http.address(&format!("{place}?language={language}")));
        }
        let browser = judge.browser();
        browser.go(&served.http.address(&format!("/n/ibp?language={language}")));
        browser.fill("input[name=email]", "nobody");
        browser.press("main form button[type=submit]");
        judge.look("the form with what was wrong");
    }
    for (place, what) in [(format!("/c/{confirm}"), "confirmed"), (format!("/u/{leave}"), "unsubscribed")] {
        judge.browser().go(&served.http.address(&place));
        judge.browser().press("main form button[type=submit]");
        judge.look(what);
    }
}

#[test]
fn a_sign_up_that_costs_some_work_keeps_nobody_out() {
    let (Some(judge), Some(database)) = (Judge::called(), Database::fresh(Engine::Sqlite)) else { return };
    let served = Served::set(database, &[("signup_proof_of_work", "8")]);
    for place in ["/n/ibp", "/n/ibp/embed"] {
        judge.visit(&served.http.address(place));
    }
    // A form elsewhere brings no work along, so that one more step follows.
    let action = served.http.address("/n/ibp/subscribe");
    judge.browser().go(&format!(
        "data:text/html,<form method=post action={action}><input name=email value=ada@example.nl><button>go</button></form>"
    ));
    judge.browser().press("form button");
    judge.look("one more step");
}

/// One edition in the archive, with an article in each section.
pub fn archived_edition(served: &Served) {
    let token = served.api_token(Role::Admin);
    let post = |place: &str, body: serde_json::Value| {
        let ask = served.http.ask("POST", place).header("authorization", &format!("Bearer {token}"));
        let answer = ask.header("content-type", "application/json").send_body(&body.to_string());
        assert!(answer.status < 300, "{place}: {}", answer.text());
        answer.json()
    };
    for section in ["blogs", "news"] {
        let url = format!("https://www.example.nl/{section}");
        let article =
            json!({"section": section, "title": "Wat is ethisch hacken?", "url": url, "summary": "Een uitleg."});
        post("/api/v1/newsletters/ibp/articles", article);
    }
    let edition = post("/api/v1/newsletters/ibp/editions", json!({}))["id"].to_string();
    post(&format!("/api/v1/editions/{edition}/approve"), json!({"accept_warnings": true}));
    post(&format!("/api/v1/editions/{edition}/send"), json!({}));
}

#[test]
fn no_page_of_the_desk_keeps_anybody_out() {
    let (Some(judge), Some(database)) = (Judge::called(), Database::fresh(Engine::Sqlite)) else { return };
    let served = Served::set(database, &[("smtp_url", "smtp://127.0.0.1:9?tls=none"), ("offline", "true")]);
    served.confirmed("ada@example.nl");
    let token = served.api_token(Role::Admin);
    let article = json!({"section": "blogs", "title": "Wat is ethisch hacken?", "url": "https://www.example.nl/blogs"});
    let ask = served.http.ask("POST", "/api/v1/newsletters/ibp/articles");
    let ask = ask.header("authorization", &format!("Bearer {token}")).header("content-type", "application/json");
    assert!(ask.send_body(&article.to_string()).status < 300, "an article is entered");
    let person = served.database.texts("select cast(id as text) from subscribers").concat();

    let browser = judge.browser();
    for place in ["/admin/login", "/admin/forgotten", "/admin/password/broken"] {
        judge.visit(&served.http.address(place));
    }
    let seat = served.seat(Role::Admin);
    browser.go(&served.http.address("/admin/login"));
    let (name, value) = seat.cookie.split_once('=').expect("a cookie has a name");
    browser.cookie(name, value, "/admin");
    for place in [
        "/admin",
        "/admin/articles",
        "/admin/subscribers",
        "/admin/subscribers/new",
        &format!("/admin/subscribers/{person}"),
        "/admin/import",
        "/admin/suppressions",
        "/admin/retention",
        "/admin/account",
        "/admin/settings/sender",
        "/admin/settings/sources",
        "/admin/settings/form",
        "/admin/settings/users",
        "/admin/settings/system",
        "/admin/setup/2",
        "/admin/setup/3",
        "/admin/setup/4",
        "/admin/setup/5",
    ] {
        judge.visit(&served.http.address(place));
    }
}

/// The browser fills in a form that a test has written into the page in hand, and goes where it leads.
fn submit(browser: &Browser, action: &str, fields: &[(&str, &str)]) {
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("add({}, {});", json!(name), json!(value))).collect();
    browser.script(&format!(
        "const form = Object.assign(document.createElement('form'), {{method: 'post', action: {}}}); \
         const add = (name, value) => form.append(Object.assign(document.createElement('input'), {{name, value}})); \
         {} const button = Object.assign(document.createElement('button'), {{id: 'written'}}); form.append(button); \
         document.body.prepend(form);",
        json!(action),
        fields.concat()
    ));
    browser.press("#written");
}

#[test]
fn no_way_into_the_desk_keeps_anybody_out() {
    let (Some(judge), Some(database)) = (Judge::called(), Database::fresh(Engine::Sqlite)) else { return };
    let served = Served::set(database, &[("smtp_url", "smtp://127.0.0.1:9?tls=none"), ("offline", "true")]);
    let browser = judge.browser();
    let link = served.run(first_start::invite(&served.house)).expect("it is made").expect("nobody can sign in yet");
    let place = link.find("/admin").map(|at| &link[at..]).expect("it leads to the desk");
    for language in ["nl", "en"] {
        judge.visit(&served.http.address(&format!("{place}&language={language}")));
    }
    browser.press("main form button[type=submit]");
    judge.look("the first step with what was wrong");

    with_second_step(&served);
    browser.go(&served.http.address("/admin/forgotten"));
    browser.fill("#email", "ada@example.org");
    browser.press("main form button[type=submit]");
    judge.look("a mail is on its way");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while served.letters().is_empty() {
        assert!(std::time::Instant::now() < deadline, "a letter is owed in the end");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    judge.visit(&served.http.address(&format!("/admin/password/{}", served.token("ada@example.org"))));
    browser.fill("#password", "kort");
    browser.press("main form button[type=submit]");
    judge.look("another password with what was wrong");
    let admin = served.seat_of("boss@example.org", Role::Admin);
    admin.press("/admin/settings/users", &[("what", "invite"), ("email", "new@example.org"), ("role", "editor")]);
    judge.visit(&served.http.address(&format!("/admin/password/{}", served.token("new@example.org"))));

    browser.go(&served.http.address("/admin/login"));
    submit(browser, "/admin/editions/1/content", &[("subject", "Typed before the session ran out")]);
    judge.look("signing in with what was typed");
    browser.fill("#email", "ada@example.org");
    browser.fill("#password", "een zin van een paar woorden");
    browser.press("form[action='/admin/login'] button");
    judge.look("the second step with what was typed");
}

#[test]
fn no_question_of_the_desk_and_no_page_about_programs_keeps_anybody_out() {
    let (Some(judge), Some(database)) = (Judge::called(), Database::fresh(Engine::Sqlite)) else { return };
    let served = Served::set(database, &[("smtp_url", "smtp://127.0.0.1:9?tls=none"), ("offline", "true")]);
    let (browser, seat) = (judge.browser(), served.seat(Role::Admin));
    let edition = draft(&served, &seat);
    served.database.sql(
        "insert into unclassified_mail (at, edition_id, seq, subscription_id, channel, subject, words) \
         select 0, id, 1, 1, 'mailbox', 'Vakantie', 'Ik ben er niet.' from editions",
    );
    let url = "https://hooks.example.org/with/a/long/path/that/goes/on/and/on?and=on&with=a-query-that-is-long-as-well";
    seat.press("/admin/settings/webhooks", &[("what", "add"), ("url", url)]);
    for (state, answer) in
        [("queued", "500"), ("delivered", "200"), ("failed", "“hooks.example.org” cannot be reached")]
    {
        served.database.sql(&format!(
            "insert into webhook_deliveries (webhook_id, uid, event, body, state, next_at, created_at, attempts, last_answer) \
             select id, 'msg_{state}', 'edition.completed', '{{}}', '{state}', 0, 0, 3, '{answer}' from webhooks"
        ));
    }
    served.wait(std::time::Duration::from_secs(400 * 86_400));
    let seat = served.seat_of("later@example.org", Role::Admin);
    seat.press("/admin/reconfirm", &[("newsletter", "ibp"), ("what", "months"), ("months", "12")]);
    browser.go(&served.http.address("/admin/login"));
    let (name, value) = seat.cookie.split_once('=').expect("a cookie has a name");
    browser.cookie(name, value, "/admin");
    let id = served.database.texts("select cast(id as text) from webhooks").concat();
    for place in [
        "/admin/reconfirm",
        "/admin/settings/feedback",
        "/admin/settings/webhooks",
        &format!("/admin/settings/webhooks/{id}"),
    ] {
        judge.visit(&served.http.address(place));
    }
    submit(browser, "/admin/settings/webhooks", &[("what", "rotate"), ("webhook", &id)]);
    judge.look("a question");
    browser.press("form:has(input[name=sure]) button");
    judge.look("a secret, shown once");
    submit(browser, &format!("{edition}/cancel"), &[]);
    judge.look("a question about an edition");
    browser.press("main p.actions a.btn.sec");
    assert!(browser.address().ends_with(&format!("{edition}/send")), "the way out: {}", browser.address());
}
