//! The whole way of somebody who has just installed it, in a real browser against the real program: from the code in the log
//! over the first steps to an edition that everybody got. In Dutch and in English, with script and without, on a telephone's
//! screen, a small one and a desk's.

use std::time::{Duration, Instant};

use crate::kit::Installation;
use crate::kit::browser::{Browser, Script};
use crate::kit::database::{Database, Engine};
use crate::kit::feeds::Site;
use crate::kit::installation::Serving;
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::Script as Server;

const PASSWORD: &str = "een zin van een paar woorden";
const ADA: &str = "ada@example.org";
const READERS: usize = 120;

#[test]
fn from_the_code_in_the_log_to_the_result_in_english_with_script() {
    walk(Engine::Sqlite, Script::On, "en");
}

#[test]
fn from_the_code_in_the_log_to_the_result_in_dutch_without_script() {
    walk(Engine::Sqlite, Script::Off, "nl");
}

#[test]
fn the_same_with_the_other_database() {
    walk(Engine::Postgres, Script::Off, "en");
}

struct Walk {
    browser: Browser,
    installation: Installation,
    serving: Serving,
    double: SmtpDouble,
    language: &'static str,
}

fn walk(engine: Engine, script: Script, language: &'static str) {
    let (Some(browser), Some(database)) = (Browser::open(script), Database::fresh(engine)) else { return };
    let double = SmtpDouble::start(Server::default());
    let mut installation = Installation::from(database);
    installation.set("SMTP_URL", &double.url("tls=none"));
    let serving = installation.serve();
    let walk = Walk { browser, installation, serving, double, language };
    walk.first_steps();
    walk.edition();
    let edition = walk.out();
    walk.result(&edition);
    let log = walk.serving.log();
    assert!(!log.contains(PASSWORD) && !log.contains(ADA), "{log}");
}

impl Walk {
    /// A sentence of the page in hand.
    fn says(&self, nl: &str, en: &str) {
        let wanted = if self.language == "nl" { nl } else { en };
        let text = self.browser.text("main");
        assert!(text.contains(wanted), "{wanted} is not in {text}");
    }

    /// The page in hand on three screens: nothing to push sideways, and its main button within reach.
    fn look(&self, button: &str) {
        for width in [320, 375, 1000] {
            self.browser.screen(width, 800);
            assert!(!self.browser.overflows(), "{} must be pushed sideways at {width} px", self.browser.address());
            assert!(self.browser.reaches(button), "{button} of {} at {width} px", self.browser.address());
        }
    }

    fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(50);
        while !is_so() {
            assert!(Instant::now() < deadline, "never: {what}; {}", self.browser.text("main"));
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The code from the log, and the five steps behind it.
    fn first_steps(&self) {
        let browser = &self.browser;
        self.until_logged("/admin/setup?code=");
        let log = self.serving.log();
        let line = log.lines().find(|line| line.contains("/admin/setup?code=")).expect("it is there");
        let link = line[line.find("http").expect("a link")..].split_whitespace().next().expect("it has an end");
        browser.go(&format!("{link}&language={}", self.language));
        self.says("Stap 1 van 5", "Step 1 of 5");
        self.look("main form button[type=submit]");
        browser.fill("#name", "Ada");
        browser.fill("#email", ADA);
        browser.fill("#password", PASSWORD);
        browser.press("main form button[type=submit]");

        assert!(browser.address().ends_with("/admin/setup/2"), "{}: {}", browser.address(), browser.text("main"));
        self.says("Stap 2 van 5", "Step 2 of 5");
        self.look("main form button[type=submit]");
        browser.retype("#slug", "nieuws");
        browser.fill("#title", "Nieuwsbrief van ons");
        browser.fill("#from", "Voorbeeldbureau <nieuws@example.org>");
        browser.fill("#organisation", "Voorbeeldbureau");
        browser.fill("#postal_address", "Voorbeeldstraat 1, 1234 AB Voorbeeldstad");
        browser.press("main form button[type=submit]");

        assert!(browser.address().ends_with("/admin/setup/3"), "{}: {}", browser.address(), browser.text("main"));
        self.says("v=DMARC1", "v=DMARC1");
        self.look("main p.actions a.btn");
        browser.press("form:has(input[value=test]) button");
        assert!(browser.address().contains("/admin/setup/3"), "{}", browser.address());
        self.until("the test mail comes", || self.double.copies().contains_key(ADA));
        browser.press("form:has(input[value=examine]) button");
        assert!(browser.address().contains("/admin/setup/3?done=examined"), "{}", browser.address());
        browser.press("main p.actions a.btn");

        let feed = Site::open().show("/feed/", include_str!("../fixtures/feeds/wordpress-6.1.xml"));
        browser.fill("#url", &feed);
        browser.tick("#allow_private");
        self.look("button[name=try]");
        browser.press("button[name=try]");
        self.says("Wat is ethisch hacken", "Wat is ethisch hacken");
        browser.press("form:has(#url) button:not([name=try])");
        self.says("Toegevoegd", "Added");
        browser.press("form:has(input[value=fetch]) button");
        browser.press("main p.actions a.btn.sec[href$='/5']");

        self.says("Stap 5 van 5", "Step 5 of 5");
        self.look("main form button[type=submit]");
        browser.press("main form button[type=submit]");
        assert!(browser.address().ends_with("/admin"), "{}", browser.address());
        self.says("Dag Ada", "Hello Ada");
        self.installation.readers(READERS, "example.org");
    }

    fn until_logged(&self, what: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.serving.log().contains(what) {
            assert!(Instant::now() < deadline, "{what} is not in {}", self.serving.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// From the overview to a draft, its words, the check, the preview and the approval.
    fn edition(&self) {
        let browser = &self.browser;
        browser.press("nav a[href='/admin/editions']");
        self.look("main form[action='/admin/editions'] button");
        browser.press("main form[action='/admin/editions'] button");
        assert!(browser.address().contains("/content"), "{}", browser.address());
        browser.retype("#subject", "Ethisch hacken en de AVG");
        browser.fill("#intro", "Beste lezer,");
        browser.press(".order li:nth-child(2) button[name=up]");
        self.look("button[name=then][value=check]");
        browser.press("button[name=then][value=check]");
        self.says("Opgeslagen", "Saved");
        self.look("form[action$='/test'] button");
        browser.retype("#to", ADA);
        browser.press("form[action$='/test'] button");
        self.says("na de laatste wijziging", "after the last change");
        if browser.has("#seen") {
            browser.tick("#seen");
        }
        self.look("form[action$='/approve'] button");
        browser.press("form[action$='/approve'] button");
        self.says("Goedgekeurd door ada@example.org", "Approved by ada@example.org");
        for view in ["", "?view=phone", "?view=dark", "?view=text", "?view=headers"] {
            let place = browser.address().split(['?', '#']).next().expect("a path").replace("/check", "/preview");
            browser.go(&format!("{place}{view}"));
            self.look("nav.tabs a[href$='/send']");
        }
    }

    /// Sent, held, taken back, sent again; the five minutes pass by a change of the clock's hand.
    fn out(&self) -> String {
        let browser = &self.browser;
        browser.press("nav.tabs a[href$='/send']");
        let sending = browser.address();
        browser.fill("#recipients", "12");
        browser.press("form[action$='/send'] button");
        self.says("Je typte “12”", "You typed “12”");
        browser.retype("#recipients", &READERS.to_string());
        self.look("form[action$='/send'] button");
        browser.press("form[action$='/send'] button");
        self.look("form[action$='/unschedule'] button");
        browser.press("form[action$='/unschedule'] button");
        assert_eq!(self.status(), "approved", "what was taken back does not go out");
        browser.go(&sending);
        browser.fill("#recipients", &READERS.to_string());
        browser.press("form[action$='/send'] button");
        assert_eq!(self.status(), "scheduled");
        self.installation.database.sql("update editions set send_at = send_at - 300000000");
        self.until("it goes out", || self.status() != "scheduled");
        browser.go(&sending);
        self.until("it is sent", || browser.has("a.btn[href$='/result']"));
        sending
    }

    fn status(&self) -> String {
        self.installation.database.texts("select status from editions").concat()
    }

    fn result(&self, sending: &str) {
        let browser = &self.browser;
        self.look("main a.btn[href$='/result']");
        browser.press("main a.btn[href$='/result']");
        self.says("Dat zijn alle 120 ontvangers. Niemand ontbreekt.", "That is all 120 recipients. Nobody is missing.");
        self.look("a[href$='/evidence']");
        assert!(!sending.is_empty());
        let mut copies = self.double.copies();
        copies.remove(ADA);
        assert_eq!((copies.len(), copies.values().filter(|count| **count != 1).count()), (READERS, 0));
    }
}
