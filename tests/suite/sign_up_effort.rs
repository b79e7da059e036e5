//! The work that a sign-up may cost: done by a browser without anybody noticing, or waited for where no script runs.

use std::time::Duration;

use postduif::domain::effort::is_solved;
use postduif::domain::role::Role;
use postduif::domain::scope::Scope;
use serde_json::json;

use crate::kit::browser::{Browser, Script};
use crate::kit::database::Database;
use crate::kit::house::Served;
use crate::kit::http::Answer;
use crate::kit::{Installation, on_each_engine};

on_each_engine![
    work_is_asked_for_and_one_answer_is_one_sign_up,
    who_runs_no_script_waits_and_presses_a_button,
    evidence_says_where_the_form_stood_whatever_pages_came_between,
    a_program_shows_a_token_instead,
    a_browser_with_script_notices_nothing,
    a_browser_without_script_gets_there_as_well,
    a_form_on_another_site_needs_no_change,
];

const BITS: u32 = 8;
const PLACE: &str = "/n/ibp/subscribe";

fn working(database: Database) -> Served {
    let settings = [("signup_proof_of_work", "8"), ("signups_per_network", "0"), ("signups_total", "0")];
    Served::set(database, &settings)
}

/// The value of a field or an attribute in a page.
fn value(page: &str, before: &str) -> String {
    let at = page.find(before).unwrap_or_else(|| panic!("no {before} in {page}")) + before.len();
    page[at..at + page[at..].find('"').unwrap()].to_owned()
}

fn challenge(page: &str) -> String {
    value(page, "name=\"challenge\" value=\"")
}

fn solve(challenge: &str) -> String {
    (0_u64..).map(|number| number.to_string()).find(|answer| is_solved(challenge, answer, BITS)).unwrap()
}

fn wrong(challenge: &str) -> String {
    (0_u64..).map(|number| number.to_string()).find(|answer| !is_solved(challenge, answer, BITS)).unwrap()
}

/// The page with one more step, which signs nobody up.
fn is_one_more_step(answer: &Answer) -> bool {
    answer.status == 200 && answer.text().contains("Nog één stap")
}

fn work_is_asked_for_and_one_answer_is_one_sign_up(database: Database) {
    let served = working(database);
    for place in ["/", "/n/ibp", "/n/ibp/embed"] {
        let page = served.http.get(place);
        let policy = page.header("content-security-policy").to_owned();
        assert!(policy.contains("script-src 'self'; worker-src 'self'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("cache-control"), "no-store", "{place}");
        let text = page.text();
        assert!(text.contains("data-bits=\"8\"") && value(&text, "data-effort=\"") == challenge(&text), "{text}");
        let script = value(&text, "<script src=\"");
        assert!(served.http.get(&script).header("content-type").starts_with("text/javascript"), "{script}");
    }
    assert!(!served.http.get("/n/ibp/archive").header("content-security-policy").contains("script-src"));

    let fresh = || challenge(&served.http.get("/n/ibp").text());
    let send = |place: &str, email: &str, challenge: &str, answer: &str| {
        served.form(place, &[("email", email), ("challenge", challenge), ("answer", answer)])
    };
    assert!(is_one_more_step(&served.subscribe("ada@example.nl")));
    let asked = fresh();
    assert!(is_one_more_step(&send(PLACE, "ada@example.nl", &asked, "")));
    assert!(is_one_more_step(&send(PLACE, "ada@example.nl", &asked, &wrong(&asked))));
    let own = format!("{}{}", if asked.starts_with('a') { "b" } else { "a" }, &asked[1..]);
    assert!(is_one_more_step(&send(PLACE, "ada@example.nl", &own, &solve(&own))), "a challenge is ours alone");
    assert!(served.letters().is_empty() && served.status("ada@example.nl").is_empty());

    // What is wrong with an address is told before any work is looked at.
    assert_eq!(send(PLACE, "ada", &asked, "").status, 400);
    assert_eq!(send(PLACE, "ada@example.nl", &asked, &solve(&asked)).status, 303);
    assert_eq!(served.status("ada@example.nl"), "pending");
    let again = send(PLACE, "bob@example.nl", &asked, &solve(&asked));
    assert!(is_one_more_step(&again) && served.status("bob@example.nl").is_empty());
    // The page that says so brings new work.
    let next = challenge(&again.text());
    assert_eq!(send(PLACE, "bob@example.nl", &next, &solve(&next)).status, 303);

    served.cli(&["newsletter", "create", "other", "--title", "Other", "--from", "Other <o@example.org>"]).done();
    let asked = fresh();
    assert!(is_one_more_step(&send("/n/other/subscribe", "eve@example.nl", &asked, &solve(&asked))));
    served.wait(Duration::from_secs(2 * 3600 + 1));
    assert!(is_one_more_step(&send(PLACE, "eve@example.nl", &asked, &solve(&asked))), "it is too old");
    assert_eq!(served.status("eve@example.nl"), "");

    // The question about a slip brings work of its own.
    let slip = served.subscribe("eve@gmial.com");
    assert!(slip.text().contains("Bedoel je") && slip.text().contains("data-now"), "{}", slip.text());
    let asked = challenge(&slip.text());
    let fields = [("email", "eve@gmail.com"), ("accept_typo", "1"), ("challenge", &asked), ("answer", &solve(&asked))];
    assert_eq!(served.form(PLACE, &fields).status, 303);
}

fn who_runs_no_script_waits_and_presses_a_button(database: Database) {
    let served = working(database);
    let pause = |page: &Answer| value(&page.text(), "name=\"pause\" value=\"");
    let press =
        |email: &str, pause: &str| served.form(PLACE, &[("email", email), ("accept_typo", "1"), ("pause", pause)]);
    let step = served.subscribe("ada@example.nl");
    assert!(step.text().contains("Wacht 10 seconden"), "{}", step.text());
    let begun = pause(&step);

    served.wait(Duration::from_secs(4));
    let early = press("ada@example.nl", &begun);
    assert!(is_one_more_step(&early) && early.text().contains("Dat was te vroeg"), "{}", early.text());
    assert!(early.text().contains("Wacht 6 seconden") && pause(&early) == begun, "the waiting goes on");
    served.wait(Duration::from_secs(6));
    assert!(is_one_more_step(&press("bob@example.nl", &begun)), "it is for one address");
    assert_eq!(press("ada@example.nl", &begun).status, 303);
    assert_eq!(served.status("ada@example.nl"), "pending");
    assert!(is_one_more_step(&press("ada@example.nl", &begun)), "it counts once");

    let late = pause(&served.subscribe("eve@example.nl"));
    served.wait(Duration::from_secs(3601));
    let too_late = press("eve@example.nl", &late);
    assert!(is_one_more_step(&too_late) && pause(&too_late) != late);
    assert_eq!(served.status("eve@example.nl"), "");
}

fn evidence_says_where_the_form_stood_whatever_pages_came_between(database: Database) {
    let served = working(database);
    let send = |from: &str, fields: &[(&str, &str)]| {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let ask = served.http.ask("POST", PLACE).header("content-type", "application/x-www-form-urlencoded");
        let ask = if from.is_empty() { ask } else { ask.header("referer", from) };
        ask.send_body(&body)
    };
    let ours = served.http.address(PLACE);
    let carried = |page: &Answer| {
        let text = page.text();
        if text.contains("name=\"form_page\"") { value(&text, "name=\"form_page\" value=\"") } else { String::new() }
    };
    let evidence = |email: &str| {
        let proof = served.cli(&["consent", "export", email, "--json"]).json().remove(0);
        proof["records"][0]["origin"].as_str().expect("it says where").to_owned()
    };
    // Presses the button of the page that came; the browser names that page, which is ours, or nothing.
    let finish = |page: &Answer, email: &str, from: &str, form_page: &str| {
        let asked = challenge(&page.text());
        let fields = [
            ("email", email),
            ("accept_typo", "1"),
            ("form_page", form_page),
            ("challenge", &asked),
            ("answer", &solve(&asked)),
        ];
        assert_eq!(send(from, &fields).status, 303);
        evidence(email)
    };

    // A slip, then a fault, then the step: three pages of ours in a row.
    let foreign = "https://user:secret@www.example.nl/nieuws/?visitor=7#form";
    let question = send(foreign, &[("email", "ada@gmial.com")]);
    assert_eq!(carried(&question), "https://www.example.nl/nieuws/");
    let fault = send(&ours, &[("email", "ada"), ("form_page", &carried(&question))]);
    assert_eq!((fault.status, carried(&fault).as_str()), (400, "https://www.example.nl/nieuws/"));
    let step = send(&ours, &[("email", "ada@example.nl"), ("form_page", &carried(&fault))]);
    assert!(is_one_more_step(&step));
    assert_eq!(finish(&step, "ada@example.nl", &ours, &carried(&step)), "https://www.example.nl/nieuws/");
    // A browser that names no page.
    let step = send(foreign, &[("email", "bob@example.nl")]);
    assert_eq!(finish(&step, "bob@example.nl", "", &carried(&step)), "https://www.example.nl/nieuws/");
    // The page that a browser names goes before what a form of another site says of itself.
    let step = send(foreign, &[("email", "eve@example.nl"), ("form_page", "https://other.example/")]);
    assert_eq!(carried(&step), "https://www.example.nl/nieuws/");
    // What nobody said is not made up.
    let step = send("", &[("email", "eve@example.nl")]);
    assert_eq!(carried(&step), "");
    assert_eq!(finish(&step, "eve@example.nl", "", ""), PLACE);

    // What comes from outside is an address on the web of bounded length, or nothing, and it cannot leave its place.
    for (number, (hostile, kept)) in [
        ("javascript:alert(1)", PLACE.to_owned()),
        ("\"><script>alert(1)</script>", PLACE.to_owned()),
        (
            "https://a.example/\"><script>alert(1)</script>",
            "https://a.example/%22%3E%3Cscript%3Ealert(1)%3C/script%3E".to_owned(),
        ),
        (&format!("https://a.example/{}", "a".repeat(5000)), format!("https://a.example/{}", "a".repeat(282))),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("n{number}@example.nl");
        let step = send("", &[("email", &email), ("form_page", hostile)]);
        assert!(!step.text().contains("<script>alert") && !step.text().contains("javascript:"), "{}", step.text());
        assert_eq!(finish(&step, &email, "", hostile), kept);
    }
}

fn a_program_shows_a_token_instead(database: Database) {
    let served = working(database);
    let body = json!({"newsletter": "ibp", "email": "ada@example.nl"});
    let call = |token: Option<String>| {
        let ask = served.http.ask("POST", "/api/v1/subscriptions").header("content-type", "application/json");
        let ask = match token {
            Some(token) => ask.header("authorization", &format!("Bearer {token}")),
            None => ask,
        };
        ask.send_body(&body.to_string())
    };
    assert_eq!(call(None).status, 401);
    let viewer = served.cli(&["token", "create", "viewer", "--role", "viewer", "--json"]).json().remove(0);
    assert_eq!(call(viewer["token"].as_str().map(str::to_owned)).status, 403);
    assert_eq!(served.status("ada@example.nl"), "");
    let token = served.api_token_for(Role::Admin, &[Scope::SubscribersWrite]);
    assert_eq!(call(Some(token)).status, 202);
    assert_eq!(served.status("ada@example.nl"), "pending");
}

fn site(installation: &mut Installation) {
    installation.set("SIGNUP_PROOF_OF_WORK", "12");
    installation.newsletter();
}

fn a_browser_with_script_notices_nothing(mut installation: Installation) {
    let Some(browser) = Browser::open(Script::On) else { return };
    site(&mut installation);
    let serving = installation.serve();
    browser.go(&serving.http.address("/n/nieuws"));
    browser.fill("input[name=email]", "ada@example.org");
    browser.press("main form button[type=submit]");
    arrives(&browser);
}

fn a_browser_without_script_gets_there_as_well(mut installation: Installation) {
    let Some(browser) = Browser::open(Script::Off) else { return };
    site(&mut installation);
    let serving = installation.serve();
    browser.go(&serving.http.address("/n/nieuws"));
    browser.fill("input[name=email]", "ada@example.org");
    browser.press("main form button[type=submit]");
    assert!(browser.text("main").contains("Wacht 10 seconden"), "{}", browser.text("main"));
    browser.press("main form button[type=submit]");
    assert!(browser.text("main").contains("Dat was te vroeg"), "{}", browser.text("main"));
    std::thread::sleep(Duration::from_secs(11));
    browser.press("main form button[type=submit]");
    arrives(&browser);
}

/// A form of the kind that our snippet is brings no work along: the browser does it on the page that follows.
fn a_form_on_another_site_needs_no_change(mut installation: Installation) {
    let Some(browser) = Browser::open(Script::On) else { return };
    site(&mut installation);
    let serving = installation.serve();
    browser.go(&serving.http.address("/health/live"));
    let action = serving.http.address("/n/nieuws/subscribe");
    browser.go(&format!(
        "data:text/html,<form method=post action={action}><input name=email value=ada@example.org><button>go</button></form>"
    ));
    browser.press("form button");
    assert_eq!(browser.text("main h1"), "Nog één stap");
    browser.press("main form button[type=submit]");
    arrives(&browser);
}

fn arrives(browser: &Browser) {
    for _ in 0..100 {
        if browser.address().ends_with("/n/nieuws/check-inbox") {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("still at {}: {}", browser.address(), browser.text("main"));
}
