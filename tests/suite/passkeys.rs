//! Passkeys as the second step, in a real browser with an authenticator that is not there.

use std::time::Duration;

use serde_json::json;

use crate::kit::browser::{Browser, Script};
use crate::kit::database::{Database, Engine};
use crate::kit::house::Served;
use crate::kit::installation::free_address;

const PASSWORD: &str = "een zin van een paar woorden";

/// A house that browsers take for a secure one, with a user.
fn house(engine: Engine) -> Option<(Served, String)> {
    let database = Database::fresh(engine)?;
    let listen = free_address();
    let port = listen.rsplit(':').next().expect("an address has a port").to_owned();
    let site = format!("http://localhost:{port}");
    let served = Served::set(database, &[("listen", &listen), ("public_url", &site)]);
    served.cli_with(&["user", "add", "ada@example.org", "--role", "admin", "--language", "en"], PASSWORD).done();
    Some((served, site))
}

fn sign_in(browser: &Browser, site: &str) {
    browser.go(&format!("{site}/admin/login?language=en"));
    browser.fill("#email", "ada@example.org");
    browser.fill("#password", PASSWORD);
    browser.press("main form button[type=submit]");
}

fn sign_out(browser: &Browser) {
    browser.press(".me form button");
}

#[test]
fn a_passkey_is_made_used_and_taken_away() {
    let (Some(browser), Some((served, site))) = (Browser::open(Script::On), house(Engine::Sqlite)) else { return };
    let options =
        json!({"protocol": "ctap2", "transport": "internal", "hasUserVerification": true, "isUserVerified": true});
    browser.authenticator(&options);
    sign_in(&browser, &site);
    browser.go(&format!("{site}/admin/account?language=en"));
    browser.press("form:has(input[value=passkey-start]) button");
    assert!(!browser.text("main").contains("must run this site's script"), "there is script");
    browser.fill("#passkey_name", "laptop");
    browser.press("form[data-passkey=create] button");
    let text = browser.text("main");
    assert!(browser.text("#recovery").lines().count() == 10 && text.contains("laptop"), "{text}");
    let recovery = browser.text("#recovery").lines().next().expect("there is one").to_owned();
    browser.picture("passkeys");

    sign_out(&browser);
    sign_in(&browser, &site);
    assert!(browser.address().contains("/admin/login/code"), "the password alone opens nothing: {}", browser.address());
    browser.press("form[data-passkey=use] button");
    assert!(!browser.address().contains("/login"), "{}", browser.address());
    let used = served.database.texts("select name from passkeys where last_used_at is not null and sign_count > 0");
    assert_eq!(used, ["laptop"]);

    // A counter that does not go up means a copy; then there are the recovery codes.
    sign_out(&browser);
    served.database.sql("update passkeys set sign_count = 1000000");
    sign_in(&browser, &site);
    browser.press("form[data-passkey=use] button");
    assert!(
        browser.text("main").contains("does not work here") || browser.has("[role=alert]"),
        "{}",
        browser.text("main")
    );
    browser.fill("#code", &recovery);
    browser.press("form[action='/admin/login/code'] button");
    assert!(!browser.address().contains("/login"), "{}", browser.address());

    // After a while the password is asked for before anything about the second step changes.
    served.wait(Duration::from_secs(301));
    browser.go(&format!("{site}/admin/account?language=en"));
    browser.tick("main details summary");
    browser.fill("#password-0", "not this one at all");
    browser.press("main details form button");
    assert!(browser.text("main").contains("not your current password"), "{}", browser.text("main"));
    browser.fill("#password-0", PASSWORD);
    browser.press("main details form button");
    assert!(browser.text("main").contains("no passkey yet"), "{}", browser.text("main"));
    assert!(served.database.texts("select name from passkeys").is_empty());
    assert_eq!(served.database.texts("select cast(count(*) as text) from recovery_codes"), ["0"]);
    sign_out(&browser);
    sign_in(&browser, &site);
    assert!(!browser.address().contains("/login"), "the password is enough again: {}", browser.address());
}

#[test]
fn without_script_the_page_says_what_else_there_is() {
    let (Some(browser), Some((served, site))) = (Browser::open(Script::Off), house(Engine::Postgres)) else { return };
    sign_in(&browser, &site);
    browser.go(&format!("{site}/admin/account?language=en"));
    browser.press("form:has(input[value=passkey-start]) button");
    assert!(browser.text("main").contains("must run this site's script"), "{}", browser.text("main"));
    let id = match served.database.engine() {
        Engine::Sqlite => "x'01'",
        Engine::Postgres => "'\\x01'",
    };
    served.database.sql(&format!(
        "insert into passkeys (id, user_id, name, public_key, sign_count, created_at) select {id}, id, 'x', {id}, 0, 0 from users"
    ));
    sign_out(&browser);
    sign_in(&browser, &site);
    assert!(
        browser.text("main").contains("must run this site's script") && browser.has("#code"),
        "{}",
        browser.text("main")
    );
}
