//! The first start: from the code in the log to a newsletter that can go out.

use std::time::{Duration, Instant};

use postduif::flows::first_start;

use crate::kit::browser::{Browser, Script};
use crate::kit::database::Database;
use crate::kit::desk::press;
use crate::kit::house::Served;
use crate::kit::http::Answer;
use crate::kit::{Installation, on_each_engine};

on_each_engine![
    the_code_makes_one_administrator_and_then_nobody,
    a_code_works_for_half_an_hour,
    the_log_leads_a_browser_from_the_first_start_to_the_desk,
];

const PASSWORD: &str = "een zin van een paar woorden";

fn code(served: &Served) -> String {
    let link = served.run(first_start::invite(&served.house)).unwrap().expect("nobody can sign in yet");
    link.split_once("/admin/setup?code=").expect("the link holds the code").1.to_owned()
}

fn begin(served: &Served, code: &str, email: &str, password: &str) -> Answer {
    let fields = [("code", code), ("name", "Ada"), ("email", email), ("password", password)];
    press(served.http.ask("POST", "/admin/setup"), &fields)
}

fn the_code_makes_one_administrator_and_then_nobody(database: Database) {
    let served = Served::with(database);
    assert_eq!(served.http.get("/admin/login").header("location"), "/admin/setup");
    assert_eq!(begin(&served, "", "ada@example.org", PASSWORD).status, 400, "without a start there is no code");
    let (old, code) = (code(&served), code(&served));
    assert!(served.http.get(&format!("/admin/setup?code={code}")).text().contains(&code));
    for (code, email, password, said) in [
        (old.as_str(), "ada@example.org", PASSWORD, "Deze code klopt niet"),
        ("' or 1=1", "ada@example.org", PASSWORD, "Deze code klopt niet"),
        (&code, "ada", PASSWORD, "Vul een e-mailadres in"),
        (&code, "ada@example.org", "kort", "Kies minstens 12 tekens"),
        (&code, "ada@example.org", "aaaaaaaaaaaaa", "raadt een ander"),
    ] {
        let answer = begin(&served, code, email, password);
        assert!(answer.status == 400 && answer.text().contains(said), "{said}: {}", answer.text());
        assert!(!answer.text().contains(password), "a password is never sent back");
    }
    let done = begin(&served, &code, "ada@example.org", PASSWORD);
    assert_eq!((done.status, done.header("location")), (303, "/admin/setup/2"), "{}", done.text());
    let cookie = format!("postduif={}", done.cookie("postduif").expect("signed in"));
    let step = served.http.ask("GET", "/admin/setup/2").header("cookie", &cookie).send();
    assert!(step.status == 200 && step.text().contains("Stap 2 van 5"), "{}", step.text());

    let again = begin(&served, &code, "eve@example.org", PASSWORD);
    assert_eq!((again.status, again.header("location")), (303, "/admin/login"));
    assert_eq!(served.http.get("/admin/setup").header("location"), "/admin/login");
    assert!(served.run(first_start::invite(&served.house)).unwrap().is_none(), "a later start has no code");
    assert_eq!(served.database.texts("select email || ' ' || role from users"), ["ada@example.org admin"]);
}

fn a_code_works_for_half_an_hour(database: Database) {
    let served = Served::with(database);
    let code = code(&served);
    served.wait(Duration::from_secs(30 * 60));
    assert_eq!(begin(&served, &code, "ada@example.org", PASSWORD).status, 400);
}

fn the_log_leads_a_browser_from_the_first_start_to_the_desk(installation: Installation) {
    let serving = installation.serve();
    let deadline = Instant::now() + Duration::from_secs(30);
    let line = loop {
        let log = serving.log();
        if let Some(line) = log.lines().find(|line| line.contains("/admin/setup?code=")) {
            break line.to_owned();
        }
        assert!(Instant::now() < deadline, "the log shows the way: {log}");
        std::thread::sleep(Duration::from_millis(10));
    };
    let Some(browser) = Browser::open(Script::Off) else { return };
    browser.go(&line[line.find("http").expect("a link")..]);
    browser.picture("setup-1");
    browser.fill("#name", "Ada");
    browser.fill("#email", "ada@example.org");
    browser.fill("#password", PASSWORD);
    browser.press("main form button[type=submit]");
    assert!(browser.address().ends_with("/admin/setup/2"), "{}", browser.address());
    browser.picture("setup-2");
    browser.fill("#title", "Nieuwsbrief van ons");
    browser.fill("#from", "Voorbeeldbureau <nieuws@example.org>");
    browser.fill("#postal_address", "Voorbeeldstraat 1, 1234 AB Voorbeeldstad");
    browser.press("main form button[type=submit]");
    assert!(browser.address().ends_with("/admin/setup/3"), "{}: {}", browser.address(), browser.text("main"));
    browser.picture("setup-3");
    browser.press("main p.actions a.btn");
    assert!(browser.address().ends_with("/admin/setup/4"), "{}", browser.address());
    browser.picture("setup-4");
    browser.press("main p.actions a.btn");
    assert!(browser.address().ends_with("/admin/setup/5"), "{}", browser.address());
    browser.picture("setup-5");
    browser.press("main form button[type=submit]");
    assert!(browser.address().ends_with("/admin"), "{}", browser.address());
    // The browser speaks English, so the address it proposes is in English.
    let made = installation.run(&["newsletter", "list", "--json"]).json();
    assert_eq!(
        (made[0]["title"].as_str(), made[0]["slug"].as_str()),
        (Some("Nieuwsbrief van ons"), Some("newsletter"))
    );

    browser.go(&serving.http.address("/admin/settings/users"));
    assert!(browser.text("main").contains("ada@example.org"));
    browser.press("header form button[type=submit]");
    assert!(browser.address().ends_with("/admin/login"), "{}", browser.address());
    browser.fill("#email", "ada@example.org");
    browser.fill("#password", PASSWORD);
    browser.press("main form button[type=submit]");
    browser.go(&serving.http.address("/admin/account"));
    browser.picture("account");
    assert!(browser.address().ends_with("/admin/account"), "{}", browser.address());
    let log = serving.log();
    assert!(!log.contains(PASSWORD) && !log.contains("ada@example.org") && !log.contains("argon2"), "{log}");
}
