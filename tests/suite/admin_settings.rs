//! The settings: users and tokens, sender, sources and schedule, form, and the log of who did what.

use std::time::{Duration, Instant};

use postduif::domain::role::Role;
use serde_json::json;

use crate::kit::database::Database;
use crate::kit::desk::press;
use crate::kit::feeds::Site;
use crate::kit::house::Served;
use crate::kit::on_each_engine;

on_each_engine![
    an_invitation_by_mail_lets_somebody_in_once,
    a_forgotten_password_is_answered_alike_for_everybody,
    a_change_of_role_ends_sessions_and_an_admin_always_stays,
    a_token_is_shown_once_works_and_is_revoked,
    a_newsletter_is_changed_and_faults_come_back_in_the_users_language,
    sources_are_looked_at_added_and_removed,
    a_test_mail_goes_to_who_asks_for_it,
];

const PASSWORD: &str = "een zin van een paar woorden";
const USERS: &str = "/admin/settings/users";

fn an_invitation_by_mail_lets_somebody_in_once(database: Database) {
    let served = Served::with(database);
    let admin = served.seat(Role::Admin);
    let invited = admin.press(USERS, &[("what", "invite"), ("email", "bob@example.org"), ("role", "editor")]);
    assert_eq!(invited.header("location"), "/admin/settings/users?done=invited", "{}", invited.text());
    assert!(admin.get(USERS).text().contains("bob@example.org"));
    let first = served.token("bob@example.org");
    admin.press(USERS, &[("what", "invite"), ("email", "Bob@example.org"), ("role", "editor")]);
    let token = served.token("bob@example.org");
    assert_eq!(served.http.get(&format!("/admin/password/{first}")).status, 404, "a fresh link is the only one");

    let place = format!("/admin/password/{token}");
    assert!(served.http.get(&place).text().contains("bob@example.org"));
    let choose = |password: &str| press(served.http.ask("POST", &place), &[("name", "Bob"), ("password", password)]);
    assert_eq!(choose("short").status, 400);
    let chosen = choose(PASSWORD);
    assert_eq!((chosen.status, chosen.header("location")), (303, "/admin"), "{}", chosen.text());
    let cookie = format!("postduif={}", chosen.cookie("postduif").expect("signed in"));
    let bob = |place: &str| served.http.ask("GET", place).header("cookie", &cookie).send();
    assert!(bob("/admin/account").text().contains(">Bob</a>"));
    assert_eq!((choose(PASSWORD).status, served.http.get(&place).status), (404, 404), "the link works once");

    admin.press(USERS, &[("what", "invite"), ("email", "eve@example.org"), ("role", "viewer")]);
    let late = served.token("eve@example.org");
    served.wait(Duration::from_secs(7 * 24 * 3600));
    assert_eq!(served.http.get(&format!("/admin/password/{late}")).status, 404);
}

fn a_forgotten_password_is_answered_alike_for_everybody(database: Database) {
    let served = Served::with(database);
    served.cli_with(&["user", "add", "ada@example.org", "--role", "admin"], PASSWORD).done();
    let sign_in =
        || press(served.http.ask("POST", "/admin/login"), &[("email", "ada@example.org"), ("password", PASSWORD)]);
    let session = sign_in().cookie("postduif").unwrap();
    let ask = |email: &str| press(served.http.ask("POST", "/admin/forgotten"), &[("email", email)]);
    let (known, unknown) = (ask("ada@example.org"), ask("nobody@example.org"));
    assert_eq!((known.status, known.text()), (unknown.status, unknown.text()));
    assert_eq!(ask("not an address").status, 400);
    let deadline = Instant::now() + Duration::from_secs(30);
    while served.letters().is_empty() {
        assert!(Instant::now() < deadline, "a letter is owed in the end");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(served.letters().len(), 1, "and only to who is known");
    let place = format!("/admin/password/{}", served.token("ada@example.org"));
    let chosen = press(served.http.ask("POST", &place), &[("password", "quite another sentence")]);
    assert_eq!(chosen.status, 303, "{}", chosen.text());
    let old = served.http.ask("GET", "/admin/account").header("cookie", &format!("postduif={session}")).send();
    assert_eq!((old.status, sign_in().status), (303, 400), "old sessions and the old password are dead");
    let stored = served.database.texts("select body from outbox").concat();
    assert!(!stored.contains(&place[16..]), "the outbox holds no link that works");
}

fn a_change_of_role_ends_sessions_and_an_admin_always_stays(database: Database) {
    let served = Served::with(database);
    served.cli_with(&["user", "add", "ada@example.org", "--role", "admin"], PASSWORD).done();
    let (admin, editor) = (served.seat_of("boss@example.org", Role::Admin), served.seat(Role::Editor));
    let id = |email: &str| {
        served.database.texts(&format!("select cast(id as text) from users where email = '{email}'")).concat()
    };
    let change = |what: &str, email: &str, role: &str| {
        admin.press(USERS, &[("what", what), ("user", &id(email)), ("role", role)])
    };
    assert_eq!(change("role", "editor@example.org", "viewer").status, 303);
    assert_eq!(editor.get("/admin/account").status, 303, "signed out by the change");
    let viewer = served.seat_of("viewer@example.org", Role::Viewer);
    let sure = |email: &str| admin.press_sure(USERS, &[("what", "disable"), ("user", &id(email))]);
    assert!(change("disable", "viewer@example.org", "").text().contains("is signed in now, and is signed out: 1."));
    assert_eq!(sure("viewer@example.org").status, 303);
    assert_eq!(viewer.get("/admin/account").status, 303);
    assert_eq!(change("enable", "viewer@example.org", "").status, 303);

    // Ada is the only one who has a password: without her nobody could sign in as an administrator.
    let refused = sure("ada@example.org");
    assert!(refused.status == 400 && refused.text().contains("only administrator"), "{}", refused.text());
    assert_eq!(change("role", "ada@example.org", "viewer").status, 400);
    assert_eq!(change("role", "999999", "viewer").status, 404);
    let log = admin.get("/admin/settings/system").text();
    assert!(log.contains("changed the role of editor@example.org: editor → viewer"), "{log}");
}

fn a_token_is_shown_once_works_and_is_revoked(database: Database) {
    let served = Served::with(database);
    let admin = served.seat(Role::Admin);
    assert!(admin.get(USERS).text().contains("value=\"2027-02-02\""), "a year is proposed");
    let make = |name: &str, expires: &str| {
        admin.press(
            USERS,
            &[("what", "token"), ("token_name", name), ("token_role", "viewer"), ("token_expires", expires)],
        )
    };
    for (name, expires) in [("", "2027-01-01"), ("site", "2020-01-01"), ("site", "tomorrow")] {
        assert_eq!(make(name, expires).status, 400, "{name} {expires}");
    }
    let made = make("the site", "2026-03-01").text();
    let at = made.find("pd_live_").expect("the token is shown");
    let token = made[at..].split('<').next().unwrap().to_owned();
    assert!(!admin.get(USERS).text().contains(&token), "once");
    let call = || {
        let ask = served.http.ask("GET", "/api/v1/newsletters").header("authorization", &format!("Bearer {token}"));
        ask.send().status
    };
    assert_eq!(call(), 200);
    let id = served.database.texts("select cast(id as text) from api_tokens").concat();
    assert_eq!(admin.press_sure(USERS, &[("what", "revoke"), ("token", &id)]).status, 303);
    assert_eq!(call(), 401);
}

fn a_newsletter_is_changed_and_faults_come_back_in_the_users_language(database: Database) {
    let served = Served::with(database);
    let admin = served.seat(Role::Admin);
    for tab in ["sender", "sources", "form", "users", "feedback", "webhooks", "system"] {
        assert_eq!(admin.get(&format!("/admin/settings/{tab}")).status, 200, "{tab}");
    }
    let sender = |from: &str| {
        let fields = [
            ("newsletter", "ibp"),
            ("what", "sender"),
            ("from", from),
            ("reply_to", ""),
            ("organisation", "Wij & co"),
            ("postal_address", "Straat 1"),
            ("privacy_url", "https://example.nl/privacy"),
        ];
        admin.press("/admin/settings/sender", &fields)
    };
    let faulty = sender("nobody <at all>");
    let text = faulty.text();
    assert!(
        faulty.status == 400 && text.contains("Write name and address like") && text.contains("nobody &lt;at all&gt;"),
        "{text}"
    );
    assert_eq!(sender("Wij <wij@example.nl>").header("location"), "/admin/settings/sender?done=saved");
    let dutch =
        admin.press("/admin/settings/sender?language=nl", &[("newsletter", "ibp"), ("what", "sender"), ("from", "x")]);
    assert!(dutch.text().contains("Schrijf naam en adres zoals"), "{}", dutch.text());

    let schedule = |rule: &str, days: &str| {
        let fields = [
            ("newsletter", "ibp"),
            ("what", "schedule"),
            ("preset", "own"),
            ("assemble", rule),
            ("timezone", "Europe/Brussels"),
            ("review_days", days),
            ("approval", "automatic"),
            ("min_articles", "2"),
            ("max_per_year", "6"),
            ("notify", "ada@example.nl"),
            ("on_unknown", "leave"),
            ("four_eyes", "on"),
            ("test_required", "on"),
        ];
        admin.press("/admin/settings/sources", &fields)
    };
    assert!(schedule("whenever", "5").text().contains("This is not a schedule"));
    assert_eq!(schedule("0 8 1 * *", "a few").status, 400);
    assert_eq!(schedule("0 8 1 * *", "5").header("location"), "/admin/settings/sources?done=saved");

    let texts = [
        ("newsletter", "ibp"),
        ("what", "texts"),
        ("title", "Nieuw <b>"),
        ("description", "Over recht"),
        ("language", "en"),
        ("accent", "#0b5c8a"),
        ("logo", "https://example.nl/logo.png"),
        ("logo-alt", "Wij"),
        ("logo-width", "120"),
        ("logo-height", "40"),
        ("promo-shown", "on"),
        ("promo-heading", "Ons boek"),
        ("promo-title", "Handboek"),
        ("promo-text", "Lees het"),
        ("promo-url", "https://example.nl/boek"),
        ("promo-button", "Lees"),
    ];
    assert_eq!(admin.press("/admin/settings/form", &texts).header("location"), "/admin/settings/form?done=saved");
    let shown = admin.get("/admin/settings/form").text();
    assert!(
        shown.contains("Nieuw &lt;b&gt;") && shown.contains("Handboek") && shown.contains("/n/ibp/subscribe"),
        "{shown}"
    );
    // What visitors say yes to is in the newsletter's language, whatever the desk speaks.
    let in_dutch = admin.get("/admin/settings/form?language=nl").text();
    assert!(in_dutch.contains("Formulier") && in_dutch.contains("times a year"), "{in_dutch}");
    assert!(!in_dutch.contains("keer per jaar"), "{in_dutch}");

    let stored = served.cli(&["newsletter", "show", "ibp", "--json"]).json();
    for (field, value) in
        [("timezone", "Europe/Brussels"), ("organisation", "Wij & co"), ("language", "en"), ("on_unknown", "leave")]
    {
        assert_eq!(stored[0][field], value, "{field}");
    }
    assert_eq!((&stored[0]["test_required"], &stored[0]["logo"]["width"]), (&json!(true), &json!(120)));
    let pale = admin.press("/admin/settings/form", &[("newsletter", "ibp"), ("what", "texts"), ("accent", "#ffff00")]);
    assert!(pale.status == 400 && pale.text().contains("The nearest that can: #"), "{}", pale.text());
    let viewer = served.seat(Role::Viewer);
    assert!(viewer.get("/admin/settings/sender").text().contains("Only an administrator can change this"));
}

fn sources_are_looked_at_added_and_removed(database: Database) {
    let served = Served::with(database);
    let (admin, editor) = (served.seat(Role::Admin), served.seat(Role::Editor));
    let feed = Site::open().show("/feed/", include_str!("../fixtures/feeds/wordpress-6.1.xml"));
    let place = "/admin/settings/sources";
    let fields = |more: &'static [(&'static str, &'static str)]| {
        let mut fields = vec![("newsletter", "ibp"), ("what", "source"), ("url", feed.as_str()), ("section", "blogs")];
        fields.extend(more);
        fields
    };
    let private = admin.press(place, &fields(&[("try", "yes")]));
    assert!(private.status == 400 && private.text().contains("private network"), "{}", private.text());
    let looked = admin.press(place, &fields(&[("try", "yes"), ("allow_private", "on")]));
    assert!(looked.status == 200 && looked.text().contains("Found in"), "{}", looked.text());
    let count = || served.database.texts("select cast(count(*) as text) from sources").concat();
    assert_eq!(count(), "0", "looking adds nothing");
    for (more, status, says) in [
        (&[("try", "yes"), ("allow_private", "on"), ("step", "4")][..], 200, "Found in"),
        (&[("try", "yes"), ("step", "4")][..], 400, "private network"),
    ] {
        let mut asked = vec![("newsletter", "ibp"), ("what", "source"), ("url", feed.as_str()), ("section", "blogs")];
        asked.extend(more);
        let answer = admin.press(place, &asked);
        assert!(answer.status == status && answer.text().contains(says), "{}", answer.text());
        assert!(answer.text().contains("/admin/setup/5"), "what is asked in the wizard is answered there");
    }
    assert_eq!(editor.press(place, &fields(&[("allow_private", "on")])).status, 403);
    assert_eq!(
        admin.press(place, &fields(&[("allow_private", "on")])).header("location"),
        "/admin/settings/sources?done=added"
    );
    let id = served.database.texts("select cast(id as text) from sources").concat();
    let fetched = editor.press(place, &[("newsletter", "ibp"), ("what", "fetch"), ("source", &id)]);
    assert_eq!(fetched.header("location"), "/admin/settings/sources?done=fetched", "editors may have a source read");
    assert!(admin.get(place).text().contains("Worked on"));
    assert_eq!(editor.press(place, &[("newsletter", "ibp"), ("what", "remove"), ("source", &id)]).status, 403);
    let remove = [("newsletter", "ibp"), ("what", "remove"), ("source", id.as_str())];
    let asked = admin.press(place, &remove).text();
    assert!(asked.contains("already and stay: ") && asked.contains("href=\"/admin/settings/sources\""), "{asked}");
    assert_eq!(count(), "1", "it was only asked");
    let in_wizard = admin.press(place, &[&remove[..], &[("step", "4")]].concat()).text();
    assert!(in_wizard.contains("href=\"/admin/setup/4\"") && in_wizard.contains("name=\"step\" value=\"4\""));
    assert_eq!(admin.press_sure(place, &remove).header("location"), "/admin/settings/sources?done=removed");
    assert_eq!(count(), "0");
}

fn a_test_mail_goes_to_who_asks_for_it(database: Database) {
    let served = Served::set(database, &[("smtp_url", "smtp://jan:hunter2@mail.example.org")]);
    let admin = served.seat(Role::Admin);
    let page = admin.get("/admin/settings/sender").text();
    assert!(page.contains("mail.example.org:587") && !page.contains("hunter2"), "{page}");
    for _ in 0..2 {
        let pressed = admin.press("/admin/settings/sender", &[("what", "test")]);
        assert_eq!(pressed.header("location"), "/admin/settings/sender?done=test-sent");
    }
    let letters = served.letters();
    assert_eq!(letters.len(), 1, "pressed twice, one mail");
    assert_eq!((letters[0].0.as_str(), letters[0].1.kind()), ("admin@example.org", "try-out"));
    served.database.sql("update outbox set state = 'deferred', last_reply = '535 5.7.8 Who are you?'");
    assert!(admin.get("/admin/settings/sender").text().contains("535 5.7.8 Who are you?"));
}
