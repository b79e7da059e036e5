//! The second step: a code from an app, once, and ten for the day the telephone is gone.

use std::time::Duration;

use postduif::domain::role::Role;

use crate::kit::database::Database;
use crate::kit::desk::{app_code, press};
use crate::kit::house::Served;
use crate::kit::http::Answer;
use crate::kit::on_each_engine;

on_each_engine![
    a_password_alone_no_longer_opens_the_desk,
    a_lost_telephone_is_made_up_for_by_a_recovery_code_once,
    guessing_codes_is_slowed_down,
    a_session_left_open_does_not_change_how_its_owner_signs_in,
    an_administrator_takes_the_second_step_away_and_ends_sessions,
];

const PASSWORD: &str = "een zin van een paar woorden";

/// A user with the second step on: the key, and the recovery codes.
pub fn with_second_step(served: &Served) -> (String, Vec<String>) {
    served.cli_with(&["user", "add", "ada@example.org", "--role", "admin"], PASSWORD).done();
    let session = sign_in(served).cookie("postduif").expect("no second step yet");
    let ask = |method| served.http.ask(method, "/admin/account").header("cookie", &format!("postduif={session}"));
    assert_eq!(press(ask("POST"), &[("what", "second-start")]).status, 303);
    let page = ask("GET").send().text();
    let (_, rest) = page.split_once("<pre id=\"secret\" tabindex=\"0\"><code>").expect("the key is shown");
    let secret = rest[..32].to_owned();
    assert!(page.contains("<svg class=\"qr\""), "and as a picture");
    assert_eq!(press(ask("POST"), &[("what", "second-confirm"), ("code", "000000")]).status, 400);
    let on = press(ask("POST"), &[("what", "second-confirm"), ("code", &now(served, &secret))]);
    let text = on.text();
    let (_, rest) = text.split_once("<pre id=\"recovery\" tabindex=\"0\"><code>").expect("recovery codes are shown");
    let codes: Vec<String> = rest.split('<').next().unwrap().lines().map(str::to_owned).collect();
    assert_eq!(codes.len(), 10);
    served.wait(Duration::from_secs(60));
    (secret, codes)
}

pub fn now(served: &Served, secret: &str) -> String {
    app_code(secret, served.house.clock.now().as_seconds())
}

fn sign_in(served: &Served) -> Answer {
    let fields = [("email", "ada@example.org"), ("password", PASSWORD)];
    press(served.http.ask("POST", "/admin/login"), &fields)
}

fn try_code(served: &Served, pending: &str, code: &str) -> Answer {
    let ask = served.http.ask("POST", "/admin/login/code").header("cookie", &format!("postduif={pending}"));
    press(ask, &[("code", code), ("next", "/admin/account")])
}

fn account(served: &Served, session: &str) -> u16 {
    served.http.ask("GET", "/admin/account").header("cookie", &format!("postduif={session}")).send().status
}

fn a_password_alone_no_longer_opens_the_desk(database: Database) {
    let served = Served::with(database);
    let (secret, _) = with_second_step(&served);
    let stored = served.database.texts("select totp_secret from users").concat();
    assert!(!stored.to_ascii_uppercase().contains(&secret), "a stolen database makes no codes");

    let first = sign_in(&served);
    assert_eq!(first.header("location"), "/admin/login/code?next=%2Fadmin");
    let pending = first.cookie("postduif").expect("good for the second step");
    assert_eq!(account(&served, &pending), 303, "and for nothing else");
    assert_eq!(try_code(&served, &pending, "000000").status, 400);
    let code = now(&served, &secret);
    let done = try_code(&served, &pending, &code);
    assert_eq!((done.status, done.header("location")), (303, "/admin/account"), "{}", done.text());
    let session = done.cookie("postduif").expect("signed in");
    assert!(session != pending && account(&served, &session) == 200 && account(&served, &pending) == 303);

    let again = sign_in(&served).cookie("postduif").unwrap();
    assert_eq!(try_code(&served, &again, &code).status, 400, "the same code opens nothing twice");
    served.wait(Duration::from_secs(600));
    assert_eq!(
        try_code(&served, &again, &now(&served, &secret)).header("location"),
        "/admin/login",
        "it took too long"
    );

    let cookie = format!("postduif={session}");
    let stop = |code: &str| {
        let ask = served.http.ask("POST", "/admin/account").header("cookie", &cookie);
        press(ask, &[("what", "second-stop"), ("code", code)]).status
    };
    assert_eq!((stop("000000"), stop(&now(&served, &secret))), (400, 303));
    assert_eq!(sign_in(&served).header("location"), "/admin");
}

fn a_lost_telephone_is_made_up_for_by_a_recovery_code_once(database: Database) {
    let served = Served::with(database);
    let (_, codes) = with_second_step(&served);
    let pending = || sign_in(&served).cookie("postduif").unwrap();
    assert_eq!(try_code(&served, &pending(), &codes[3].to_uppercase().replace('-', " ")).status, 303);
    assert_eq!(try_code(&served, &pending(), &codes[3]).status, 400);
    assert_eq!(try_code(&served, &pending(), &codes[4]).status, 303);
    assert_eq!(served.database.texts("select cast(count(*) as text) from recovery_codes"), ["8"]);
    served.cli(&["user", "second-step-off", "ada@example.org"]).done();
    assert_eq!(sign_in(&served).header("location"), "/admin");
    let log = served.seat(Role::Admin).get("/admin/settings/system").text();
    assert!(log.contains("switched the second step off for ada@example.org"), "{log}");
}

fn guessing_codes_is_slowed_down(database: Database) {
    let served = Served::with(database);
    let (secret, _) = with_second_step(&served);
    let pending = sign_in(&served).cookie("postduif").unwrap();
    let statuses: Vec<u16> = (0..12).map(|guess| try_code(&served, &pending, &format!("{guess:06}")).status).collect();
    assert_eq!(statuses, [[400; 10].as_slice(), &[429; 2]].concat());
    served.wait(Duration::from_secs(15 * 60));
    let pending = sign_in(&served).cookie("postduif").unwrap();
    assert_eq!(try_code(&served, &pending, &now(&served, &secret)).status, 303);
}

fn a_session_left_open_does_not_change_how_its_owner_signs_in(database: Database) {
    let served = Served::with(database);
    served.cli_with(&["user", "add", "ada@example.org", "--role", "admin"], PASSWORD).done();
    let session = sign_in(&served).cookie("postduif").expect("no second step yet");
    served.wait(Duration::from_secs(301));
    let press = |fields: &[(&str, &str)]| {
        let ask = served.http.ask("POST", "/admin/account").header("cookie", &format!("postduif={session}"));
        press(ask, fields)
    };
    let begun = || served.database.texts("select email from users where totp_begun is not null").len();
    for what in ["second-start", "passkey-start"] {
        assert_eq!(press(&[("what", what)]).status, 400, "{what}");
    }
    assert_eq!(begun(), 0);
    assert_eq!(press(&[("what", "second-start"), ("second_password", PASSWORD)]).status, 303);
    assert_eq!(begun(), 1);
    // A second session of the same user, such as a thief's, does not see the key.
    let other = sign_in(&served).cookie("postduif").expect("another session");
    let ask = served.http.ask("GET", "/admin/account").header("cookie", &format!("postduif={other}"));
    assert!(!ask.send().text().contains("id=\"secret\""));

    let guess =
        |word: &str| press(&[("what", "password"), ("current", word), ("password", "quite another sentence")]).status;
    let statuses: Vec<u16> = (0..12).map(|_| guess("a guess of some length")).collect();
    assert!(statuses.contains(&400) && statuses.ends_with(&[429; 2]), "{statuses:?}");
    assert_eq!(guess(PASSWORD), 429, "nor is the right one told from a wrong one then");
    let log = served
        .database
        .texts("select action from audit_log where action in ('user.sign-in-failed', 'user.throttled') order by id");
    assert_eq!(log, ["user.sign-in-failed", "user.throttled"], "each once");
}

fn an_administrator_takes_the_second_step_away_and_ends_sessions(database: Database) {
    let served = Served::with(database);
    with_second_step(&served);
    let admin = served.seat_of("boss@example.org", Role::Admin);
    let editor = served.seat(Role::Editor);
    let id = |email: &str| {
        served.database.texts(&format!("select cast(id as text) from users where email = '{email}'")).concat()
    };
    let press = |what: &str, email: &str| {
        admin.press_sure("/admin/settings/users", &[("what", what), ("user", &id(email))]).status
    };
    assert_eq!(press("sessions", "editor@example.org"), 303);
    assert_eq!(editor.get("/admin/account").status, 303, "signed out");
    assert_eq!(press("second-stop", "ada@example.org"), 303);
    assert_eq!(sign_in(&served).header("location"), "/admin", "the password alone is enough again");
    let log = admin.get("/admin/settings/system").text();
    assert!(log.contains("signed editor@example.org out everywhere"), "{log}");
}
