//! One visitor's way, from the form to the newsletter in the inbox and out again, as a person walks it: in a browser,
//! with mail that went through a real mail server.

use crate::kit::browser::{Browser, Script};
use crate::kit::http::Http;
use crate::kit::postfix::{Delivered, Door, Postfix};
use crate::kit::{Installation, on_each_engine};

on_each_engine![
    the_whole_way_with_script_switched_off,
    the_whole_way_with_script_switched_on,
    leaving_by_the_button_of_the_mail_program,
];

fn the_whole_way_with_script_switched_off(installation: Installation) {
    whole_way(installation, Script::Off, Door::Auth);
}

fn the_whole_way_with_script_switched_on(installation: Installation) {
    whole_way(installation, Script::On, Door::StartTls);
}

fn whole_way(mut installation: Installation, script: Script, door: Door) {
    let domain = format!("{door:?}-{:?}.example.org", installation.database.engine()).to_lowercase();
    let (Some(browser), Some(mut postfix)) = (Browser::open(script), Postfix::lent(&domain)) else { return };
    installation.set("SMTP_URL", &postfix.url(door));
    installation.newsletter();
    let serving = installation.serve();

    browser.go(&serving.http.address("/n/nieuws"));
    browser.picture("sign-up");
    browser.fill("input[name=email]", &format!("ada@{domain}"));
    browser.press("main form button[type=submit]");
    assert!(browser.address().ends_with("/n/nieuws/check-inbox"), "{}", browser.address());
    browser.picture("check-inbox");

    browser.go(&link(&postfix.mail(1)[0], "/c/"));
    assert_eq!(status_of(&installation, &domain), "pending", "looking at the page confirms nothing");
    browser.picture("confirm");
    browser.press("main form button[type=submit]");
    assert_eq!(status_of(&installation, &domain), "confirmed");
    browser.picture("confirmed");
    assert_eq!(postfix.mail(2).len(), 2, "a welcome, and nothing else");

    installation.publish();
    let edition = &postfix.mail(3)[2];
    assert!(edition.message.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"), "{}", edition.message);
    browser.go(&link(edition, "/u/"));
    assert_eq!(status_of(&installation, &domain), "confirmed", "looking at the page unsubscribes nobody");
    browser.picture("unsubscribe");
    browser.press("main form button[type=submit]");
    assert_eq!(status_of(&installation, &domain), "unsubscribed");
    browser.picture("unsubscribed");
}

fn leaving_by_the_button_of_the_mail_program(mut installation: Installation) {
    let domain = format!("one-click-{:?}.example.org", installation.database.engine()).to_lowercase();
    let Some(mut postfix) = Postfix::lent(&domain) else { return };
    installation.set("SMTP_URL", &postfix.url(Door::Tls));
    installation.newsletter();
    let serving = installation.serve();
    sign_up(&serving.http, &domain);
    let confirm = link(&postfix.mail(1)[0], "/c/");
    assert_eq!(serving.http.ask("POST", &confirm).send().status, 200);
    postfix.mail(2);
    installation.publish();

    let leave = link(&postfix.mail(3)[2], "/u/");
    for _ in 0..2 {
        let ask = serving.http.ask("POST", &leave).header("content-type", "application/x-www-form-urlencoded");
        let answer = ask.header("origin", "https://mail.example").send_body("List-Unsubscribe=One-Click");
        assert_eq!((answer.status, answer.header("set-cookie")), (200, ""));
        assert_eq!(status_of(&installation, &domain), "unsubscribed");
    }
}

fn sign_up(http: &Http, domain: &str) {
    let ask = http.ask("POST", "/n/nieuws/subscribe").header("content-type", "application/x-www-form-urlencoded");
    let answer = ask.header("origin", "null").send_body(&format!("email=ada%40{domain}&website="));
    assert_eq!(answer.status, 303, "{}", answer.text());
}

fn status_of(installation: &Installation, domain: &str) -> String {
    let shown = installation.run(&["subscriber", "show", &format!("ada@{domain}"), "--json"]).json();
    shown[0]["subscriptions"][0]["status"].as_str().expect("a subscription has a status").to_owned()
}

/// The first link in the mail that leads to `purpose`, undone of its quoted-printable line breaks.
fn link(mail: &Delivered, purpose: &str) -> String {
    let text = mail.message.replace("=\r\n", "").replace("=\n", "");
    let at = text.find(purpose).unwrap_or_else(|| panic!("no {purpose} in: {text}"));
    let start = text[..at].rfind("http").expect("a link begins with its scheme");
    let end = text[at..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '/')).map_or(text.len(), |end| at + end);
    text[start..end].to_owned()
}
