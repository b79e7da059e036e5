//! Signing in: who is let in, for how long, and how often somebody may guess.

use std::time::Duration;

use postduif::domain::role::Role;

use crate::kit::database::{Database, Engine};
use crate::kit::desk::press;
use crate::kit::house::Served;
use crate::kit::http::Answer;
use crate::kit::on_each_engine;

on_each_engine![
    a_right_password_opens_the_desk_under_a_new_id,
    a_session_ends_after_two_idle_hours_and_after_twelve_in_any_case,
    the_desk_speaks_the_language_of_its_user,
    a_change_of_password_ends_every_other_session,
    guesses_are_slowed_down_and_the_owner_is_served,
    the_command_line_lets_people_in_and_shuts_them_out,
];

const PASSWORD: &str = "een zin van een paar woorden";

fn user(served: &Served, email: &str, role: &str) {
    served.cli_with(&["user", "add", email, "--role", role], PASSWORD).done();
}

fn sign_in(served: &Served, email: &str, password: &str, cookie: &str) -> Answer {
    let ask = served.http.ask("POST", "/admin/login").header("cookie", cookie);
    press(ask, &[("email", email), ("password", password), ("next", "/admin/account")])
}

fn account(served: &Served, session: &str) -> u16 {
    served.http.ask("GET", "/admin/account").header("cookie", &format!("postduif={session}")).send().status
}

fn a_right_password_opens_the_desk_under_a_new_id(database: Database) {
    let served = Served::with(database);
    user(&served, "Ada@example.org", "editor");
    let first = sign_in(&served, "ada@EXAMPLE.org", PASSWORD, "postduif=chosen-by-a-thief");
    assert_eq!((first.status, first.header("location")), (303, "/admin/account"), "{}", first.text());
    let session = first.cookie("postduif").expect("there is a session");
    assert_eq!(session.len(), 64);
    for line in first.cookies() {
        assert!(line.contains("HttpOnly") && line.contains("SameSite=Lax") && line.contains("Path=/admin"), "{line}");
    }
    assert_eq!(account(&served, &session), 200);
    assert_eq!(account(&served, "chosen-by-a-thief"), 303);

    let again = sign_in(&served, "ada@example.org", PASSWORD, &format!("postduif={session}"));
    let other = again.cookie("postduif").expect("there is a session");
    assert_eq!((account(&served, &session), account(&served, &other)), (303, 200), "the old id is dead");
    let stored = served.database.texts(match served.database.engine() {
        Engine::Sqlite => "select lower(hex(hash)) from sessions",
        Engine::Postgres => "select encode(hash, 'hex') from sessions",
    });
    assert!(stored.len() == 1 && stored[0] != other, "a stolen database opens nothing");

    let out = press(served.http.ask("POST", "/admin/logout").header("cookie", &format!("postduif={other}")), &[]);
    assert_eq!((out.status, out.cookie("postduif").as_deref()), (303, Some("")));
    assert_eq!(account(&served, &other), 303);

    for (email, password) in
        [("ada@example.org", "een andere zin van woorden"), ("eve@example.org", PASSWORD), ("", "")]
    {
        let wrong = sign_in(&served, email, password, "");
        assert_eq!((wrong.status, wrong.cookies().len()), (400, 0));
        assert!(wrong.text().contains("horen niet bij elkaar"), "{}", wrong.text());
    }
}

fn a_session_ends_after_two_idle_hours_and_after_twelve_in_any_case(database: Database) {
    let served = Served::with(database);
    let hour = Duration::from_secs(3600);
    let idle = served.seat(Role::Viewer);
    served.wait(2 * hour);
    assert_eq!(idle.get("/admin/account").status, 303);
    let busy = served.seat_of("busy@example.org", Role::Viewer);
    for _ in 0..11 {
        served.wait(hour);
        assert_eq!(busy.get("/admin/account").status, 200);
    }
    served.wait(hour);
    let end = busy.get("/admin/account");
    assert_eq!(end.header("location"), "/admin/login?next=%2Fadmin%2Faccount&expired=yes");
}

fn the_desk_speaks_the_language_of_its_user(database: Database) {
    let served = Served::with(database);
    let seat = served.seat(Role::Viewer);
    assert!(seat.get("/admin/account").text().contains("<h1>My account</h1>"));
    let answer = seat.press("/admin/account", &[("what", "language"), ("language", "nl")]);
    assert_eq!((answer.status, answer.header("location")), (303, "/admin/account?done=saved"));
    let page = seat.get("/admin/account?done=saved").text();
    assert!(page.contains("<h1>Mijn account</h1>") && page.contains("Opgeslagen."), "{page}");
    assert!(seat.get("/admin/account?language=en").text().contains("<h1>My account</h1>"), "this page alone");
}

fn a_change_of_password_ends_every_other_session(database: Database) {
    let served = Served::with(database);
    user(&served, "ada@example.org", "admin");
    let here = sign_in(&served, "ada@example.org", PASSWORD, "").cookie("postduif").unwrap();
    let elsewhere = sign_in(&served, "ada@example.org", PASSWORD, "").cookie("postduif").unwrap();
    let change = |current: &str, wanted: &str| {
        let ask = served.http.ask("POST", "/admin/account").header("cookie", &format!("postduif={here}"));
        press(ask, &[("what", "password"), ("current", current), ("password", wanted)])
    };
    for (current, wanted) in
        [("not this one", "a new one of many words"), (PASSWORD, "short"), (PASSWORD, "ada@example.org")]
    {
        assert_eq!(change(current, wanted).status, 400);
        assert_eq!(account(&served, &elsewhere), 200);
    }
    let changed = change(PASSWORD, "a new one of many words");
    assert_eq!(changed.status, 303, "{}", changed.text());
    let anew = changed.cookie("postduif").expect("a new id here");
    let standing = [&here, &elsewhere, &anew].map(|session| account(&served, session));
    assert_eq!(standing, [303, 303, 200]);
    assert_eq!(sign_in(&served, "ada@example.org", PASSWORD, "").status, 400);
}

fn guesses_are_slowed_down_and_the_owner_is_served(database: Database) {
    let served = Served::with(database);
    user(&served, "ada@example.org", "admin");
    let known = sign_in(&served, "ada@example.org", PASSWORD, "").cookie("postduif-device").expect("a mark");
    for email in ["ada@example.org", "nobody@example.org"] {
        let statuses: Vec<u16> =
            (0..14).map(|_| sign_in(&served, email, "a guess of some length", "").status).collect();
        assert_eq!(statuses, [[400; 10].as_slice(), &[429; 4]].concat(), "{email}");
    }
    let strange = sign_in(&served, "ada@example.org", PASSWORD, "");
    assert_eq!((strange.status, strange.header("retry-after")), (429, "900"));
    assert!(strange.text().contains("over 15 minuten"), "{}", strange.text());
    let owner = sign_in(&served, "ada@example.org", PASSWORD, &format!("postduif-device={known}"));
    assert_eq!(owner.status, 303, "guesses of others keep nobody out of a browser they used before");
    served.wait(Duration::from_secs(15 * 60));
    assert_eq!(sign_in(&served, "ada@example.org", PASSWORD, "").status, 303, "the right one after the pause");
}

fn the_command_line_lets_people_in_and_shuts_them_out(database: Database) {
    let served = Served::with(database);
    let added = served.cli_with(&["user", "add", "ada@example.org", "--role", "admin", "--json"], PASSWORD).json();
    assert_eq!((added[0]["email"].as_str(), added[0]["role"].as_str()), (Some("ada@example.org"), Some("admin")));
    assert!(
        served.cli_with(&["user", "add", "ADA@example.org", "--role", "viewer"], PASSWORD).failed().contains("already")
    );
    assert!(served.cli_with(&["user", "add", "x@example.org", "--role", "viewer"], "short").failed().contains("12"));
    let invited = served.cli_with(&["user", "add", "bob@example.org", "--role", "viewer", "--json"], "").json();
    assert!(invited[0]["link"].as_str().is_some_and(|link| link.contains("/admin/password/")), "{invited:?}");

    let session = sign_in(&served, "ada@example.org", PASSWORD, "").cookie("postduif").unwrap();
    let alone = served.cli(&["user", "disable", "ada@example.org"]);
    assert!(alone.code == 0 && alone.err.contains("no administrator is left"), "{}", alone.err);
    served.cli(&["user", "enable", "ada@example.org"]).done();
    let session = sign_in(&served, "ada@example.org", PASSWORD, "").cookie("postduif").unwrap_or(session);
    user(&served, "eve@example.org", "admin");
    served.cli(&["user", "disable", "ada@example.org"]).done();
    assert_eq!(account(&served, &session), 303, "shut out at once");
    assert_eq!(sign_in(&served, "ada@example.org", PASSWORD, "").status, 400);
    served.cli(&["user", "enable", "ada@example.org"]).done();
    served.cli_with(&["user", "password", "ada@example.org"], "quite another sentence").done();
    assert_eq!(sign_in(&served, "ada@example.org", "quite another sentence", "").status, 303);

    let listed = served.cli(&["user", "list", "--json"]).done();
    assert_eq!(listed.lines().count(), 3);
    assert!(!listed.contains("argon2") && !listed.contains("hash"), "{listed}");
}

#[test]
fn a_password_of_four_megabytes_is_refused_before_it_is_read() {
    let Some(database) = Database::fresh(Engine::Sqlite) else { return };
    let served = Served::with(database);
    let answer = sign_in(&served, "ada@example.org", &"a".repeat(4 << 20), "");
    assert_eq!(answer.status, 413);
    assert_eq!(sign_in(&served, "ada@example.org", &"a".repeat(50_000), "").status, 400);
    let twice = served.http.ask("POST", "/admin/login").header("content-type", "application/x-www-form-urlencoded");
    let twice = twice.header("sec-fetch-site", "same-origin").send_body("email=a&password=b&password=c");
    assert_eq!(twice.status, 400);
}

#[test]
fn over_tls_the_cookies_belong_to_this_host_alone() {
    let Some(database) = Database::fresh(Engine::Sqlite) else { return };
    let served = Served::set(database, &[("public_url", "https://nieuws.example.nl")]);
    user(&served, "ada@example.org", "viewer");
    let answer = sign_in(&served, "ada@example.org", PASSWORD, "");
    let session = answer.cookie("__Host-postduif").expect("there is a session");
    for line in answer.cookies() {
        assert!(line.starts_with("__Host-") && line.contains("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{line}");
    }
    let ask =
        |name: &str| served.http.ask("GET", "/admin/account").header("cookie", &format!("{name}={session}")).send();
    assert_eq!((ask("__Host-postduif").status, ask("postduif").status), (200, 303));
    assert_eq!(served.http.get("/").cookies().len(), 0, "visitors get none");
}

#[test]
fn a_trusted_proxy_says_whether_the_way_was_encrypted_and_nobody_else_does() {
    let lines = |settings: &[(&str, &str)]| {
        let database = Database::fresh(Engine::Sqlite)?;
        let served = Served::set(database, settings);
        user(&served, "ada@example.org", "viewer");
        let ask = served.http.ask("POST", "/admin/login").header("x-forwarded-proto", "https");
        let answer = press(ask, &[("email", "ada@example.org"), ("password", PASSWORD), ("next", "/admin/account")]);
        assert_eq!(answer.status, 303);
        let hsts = answer.header("strict-transport-security").to_owned();
        Some((answer.cookies().iter().map(|line| (*line).to_owned()).collect::<Vec<_>>(), hsts))
    };
    let Some((trusted, hsts)) = lines(&[("trusted_proxies", "127.0.0.0/8")]) else { return };
    assert!(!trusted.is_empty() && trusted.iter().all(|line| line.starts_with("__Host-")), "{trusted:?}");
    assert!(trusted.iter().all(|line| line.contains("; Secure")) && hsts == "max-age=31536000", "{trusted:?} {hsts}");
    let Some((untrusted, hsts)) = lines(&[]) else { return };
    assert!(!untrusted.is_empty() && !untrusted.iter().any(|line| line.contains("Secure")), "{untrusted:?}");
    assert_eq!(hsts, "", "what is not encrypted is not promised to be");
}
