//! Signing up and confirming, as visitors and those who abuse their addresses meet it.

use std::time::Duration;

use postduif::domain::letter::Letter;

use crate::kit::database::Database;
use crate::kit::house::Served;
use crate::kit::on_each_engine;

on_each_engine![
    a_visitor_signs_up_confirms_and_is_welcomed,
    everybody_gets_the_same_answer_whatever_we_know_of_their_address,
    what_cannot_be_mailed_comes_back_as_it_was_typed,
    looking_at_a_link_changes_nothing_only_the_button_does,
    an_old_link_asks_for_a_fresh_mail_at_one_press,
    a_form_may_come_as_scripts_send_it_and_a_doubled_field_counts_once,
    addresses_that_people_type_lead_to_the_form,
    an_address_is_not_flooded_and_a_network_is_held,
    fifty_at_once_for_one_address_are_one_subscription_and_one_letter,
    of_fifty_at_once_each_hears_what_became_of_its_own,
    whoever_the_database_refuses_keeps_nobody_else_out,
];

const DAY: Duration = Duration::from_secs(24 * 3600);

fn a_visitor_signs_up_confirms_and_is_welcomed(database: Database) {
    let served = Served::with(database);
    let page = served.http.get("/");
    assert!(page.status == 200 && page.text().contains("action=\"/n/ibp/subscribe\""), "{}", page.text());

    let answer = served.subscribe(" Ada@Gemeente-Voorbeeld.NL ");
    assert_eq!((answer.status, answer.header("location")), (303, "/n/ibp/check-inbox"));
    assert!(served.http.get("/n/ibp/check-inbox").text().contains("Kijk in je mail"));
    assert_eq!(served.status("Ada@gemeente-voorbeeld.nl"), "pending");
    let letters = served.letters();
    assert!(matches!(letters.as_slice(), [(to, Letter::Confirm { .. })] if to == "Ada@gemeente-voorbeeld.nl"));

    let token = served.token("Ada@gemeente-voorbeeld.nl");
    let page = served.http.get(&format!("/c/{token}"));
    assert!(page.text().contains("A•••@gemeente-voorbeeld.nl"), "{}", page.text());
    assert!(page.text().contains("Ja, meld mij aan"));
    let done = served.form(&format!("/c/{token}"), &[]);
    assert!(done.status == 200 && done.text().contains("Je bent aangemeld"), "{}", done.text());
    assert_eq!(served.status("Ada@gemeente-voorbeeld.nl"), "confirmed");
    assert!(matches!(served.letters().last(), Some((_, Letter::Welcome { .. }))));

    let again = served.form(&format!("/c/{token}"), &[]);
    assert!(again.text().contains("Je was al aangemeld"));
    assert_eq!(served.letters().len(), 2);
    assert_eq!(served.consents(), ["requested", "confirmed"]);
}

fn everybody_gets_the_same_answer_whatever_we_know_of_their_address(database: Database) {
    let served = Served::set(database, &[("signups_per_network", "0"), ("signups_total", "0")]);
    served.confirmed("confirmed@example.nl");
    let token = served.confirmed("left@example.nl");
    served.form(&format!("/u/{token}"), &[("List-Unsubscribe", "One-Click")]);
    served.subscribe("pending@example.nl");
    let token = served.confirmed("complained@example.nl");
    served.form(&format!("/u/{token}"), &[("List-Unsubscribe", "One-Click")]);
    served.database.sql(
        "update subscriptions set status = 'complained' where subscriber_id = \
         (select id from subscribers where email = 'complained@example.nl')",
    );
    served.wait(2 * DAY);
    let before = served.letters().len();
    let mut answers = Vec::new();
    for who in ["new", "confirmed", "left", "pending", "complained"] {
        let answer = served.subscribe(&format!("{who}@example.nl"));
        answers.push((answer.status, answer.header("location").to_owned(), answer.text()));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.0 == 303), "{answers:?}");
    let letters: Vec<_> =
        served.letters().split_off(before).into_iter().map(|(to, letter)| (to, letter.kind())).collect();
    let letters: Vec<_> = letters.iter().map(|(to, kind)| (to.as_str(), *kind)).collect();
    assert_eq!(
        letters,
        [
            ("new@example.nl", "confirm"),
            ("confirmed@example.nl", "already-subscribed"),
            ("left@example.nl", "confirm"),
            ("pending@example.nl", "confirm"),
        ]
    );

    // A program that fills in every field is told the same, and nothing is stored.
    let trapped = served.form("/n/ibp/subscribe", &[("email", "bot@example.nl"), ("website", "https://spam.example")]);
    assert_eq!((trapped.status, trapped.header("location").to_owned(), trapped.text()), answers[0]);
    assert_eq!(served.status("bot@example.nl"), "");
}

fn what_cannot_be_mailed_comes_back_as_it_was_typed(database: Database) {
    let served = Served::with(database);
    for typed in ["", "anna", "anna@gemeente", "a..b@example.nl", "anna@[127.0.0.1]", "<script>@example.nl"] {
        let answer = served.subscribe(typed);
        assert_eq!(answer.status, 400, "{typed}");
        let page = answer.text();
        assert!(page.contains("Er is een probleem") && page.contains("<title>Fout: "), "{page}");
        let escaped = typed.replace('<', "&lt;").replace('>', "&gt;");
        assert!(page.contains(&format!("value=\"{escaped}\"")), "{page}");
    }
    let endless = served.subscribe(&"a".repeat(60_000));
    assert_eq!(endless.status, 400);
    assert!(endless.text().len() < 10_000, "what was typed does not come back for ever");
    let slip = served.subscribe("anna@gmial.com");
    assert!(slip.status == 200 && slip.text().contains("Bedoel je anna@gmail.com?"), "{}", slip.text());
    assert!(served.letters().is_empty());
    let meant = served.form("/n/ibp/subscribe", &[("email", "anna@gmial.com"), ("accept_typo", "1")]);
    assert_eq!(meant.status, 303);
    assert_eq!(served.status("anna@gmial.com"), "pending");
    assert_eq!(served.form("/n/other/subscribe", &[("email", "anna@example.nl")]).status, 404);
}

fn a_form_may_come_as_scripts_send_it_and_a_doubled_field_counts_once(database: Database) {
    let served = Served::with(database);
    let send = |email: &str| {
        let part = |name: &str, value: &str| {
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let body = format!("{}{}--x--\r\n", part("email", email), part("language", "en"));
        let ask = served.http.ask("POST", "/n/ibp/subscribe").header("origin", "https://www.example.nl");
        ask.header("content-type", "multipart/form-data; boundary=x").send_body(&body)
    };
    let answer = send("ada@example.nl");
    assert_eq!((answer.status, answer.header("location")), (303, "/n/ibp/check-inbox?language=en"));
    assert_eq!(served.status("ada@example.nl"), "pending");
    let faulty = send("anna@gemeente");
    assert!(faulty.status == 400 && faulty.text().contains("value=\"anna@gemeente\""), "{}", faulty.text());
    let twice = served.form("/n/ibp/subscribe", &[("email", "one@example.nl"), ("email", "two@example.nl")]);
    assert_eq!(twice.status, 303);
    assert_eq!((served.status("one@example.nl").as_str(), served.status("two@example.nl").as_str()), ("pending", ""));
    let twice = served.form("/n/ibp/subscribe", &[("email", "anna"), ("email", "two@example.nl")]);
    assert!(twice.status == 400 && twice.text().contains("value=\"anna\""), "{}", twice.text());
}

fn addresses_that_people_type_lead_to_the_form(database: Database) {
    let served = Served::with(database);
    for (place, status, there) in [
        ("/n/ibp/", 308, "/n/ibp"),
        ("/n/ibp/?language=en", 308, "/n/ibp?language=en"),
        ("/n/ibp/subscribe", 303, "/n/ibp"),
        ("/aanmelden", 303, "/n/ibp"),
        ("/subscribe", 303, "/n/ibp"),
        ("/archief", 303, "/n/ibp/archive"),
        ("/archive?language=en", 303, "/n/ibp/archive?language=en"),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = served.http.ask(method, place).send();
            assert_eq!((answer.status, answer.header("location")), (status, there), "{method} {place}");
        }
    }
    assert_eq!(served.http.get("/n/a%0Ab/").status, 404);
    served.cli(&["newsletter", "create", "other", "--title", "Other", "--from", "Other <o@example.org>"]).done();
    assert_eq!(served.http.get("/aanmelden").header("location"), "/");
    assert_eq!(served.http.get("/archief").header("location"), "/");
}

fn looking_at_a_link_changes_nothing_only_the_button_does(database: Database) {
    let served = Served::with(database);
    served.subscribe("ada@example.nl");
    let place = format!("/c/{}", served.token("ada@example.nl"));
    for method in ["GET", "HEAD", "OPTIONS", "GET", "HEAD"] {
        let answer = served.http.ask(method, &place).header("user-agent", "Mozilla/5.0 SafeLinks").send();
        assert!(method == "OPTIONS" || answer.status == 200, "{method}: {}", answer.status);
        if method == "HEAD" {
            assert!(answer.text().is_empty() && answer.header("content-type").starts_with("text/html"));
        }
    }
    let forged = served.http.ask("POST", &place).header("origin", "https://evil.example").send_body("");
    assert_eq!(forged.status, 403);
    let forged = served.http.ask("POST", &place).header("sec-fetch-site", "cross-site").send_body("");
    assert_eq!(forged.status, 403);
    assert_eq!(served.status("ada@example.nl"), "pending");
    let pressed = served.http.ask("POST", &place).header("sec-fetch-site", "same-origin").send_body("language=en");
    assert!(pressed.status == 200 && pressed.text().contains("You are signed up"), "{}", pressed.text());
}

fn an_old_link_asks_for_a_fresh_mail_at_one_press(database: Database) {
    let served = Served::with(database);
    served.subscribe("ada@example.nl");
    let old = format!("/c/{}", served.token("ada@example.nl"));
    served.wait(8 * DAY);
    let page = served.http.get(&old);
    assert!(page.text().contains("Stuur mij een nieuwe e-mail"), "{}", page.text());
    assert_eq!(served.letters().len(), 1);
    let pressed = served.form(&old, &[]);
    assert_eq!(pressed.status, 303);
    assert!(pressed.header("location").starts_with("/n/ibp/check-inbox"));
    assert_eq!(served.status("ada@example.nl"), "pending");
    let fresh = format!("/c/{}", served.token("ada@example.nl"));
    assert_ne!(fresh, old);
    assert!(served.form(&fresh, &[]).text().contains("Je bent aangemeld"));

    // An old mail does not bring back who has left since.
    served.form(&format!("/u/{}", served.token("ada@example.nl")), &[("List-Unsubscribe", "One-Click")]);
    assert_eq!(served.form(&fresh, &[]).status, 303);
    assert_eq!(served.status("ada@example.nl"), "unsubscribed");
}

fn an_address_is_not_flooded_and_a_network_is_held(database: Database) {
    let served = Served::set(database, &[("trusted_proxies", "127.0.0.0/8")]);
    let from = |client: &str, email: &str| {
        let ask = served.http.ask("POST", "/n/ibp/subscribe").header("x-forwarded-for", client);
        ask.header("content-type", "application/x-www-form-urlencoded").send_body(&format!("email={email}"))
    };
    for host in 1..=20 {
        assert_eq!(from(&format!("192.0.2.{host}"), "victim%40example.nl").status, 303);
    }
    assert_eq!(served.letters().len(), 1);

    let statuses: Vec<u16> =
        (0..12).map(|number| from("10.9.9.9, 198.51.100.7", &format!("a{number}%40example.nl")).status).collect();
    assert_eq!(statuses[..10], [303; 10]);
    assert_eq!(statuses[10..], [429; 2]);
    let held = from("198.51.100.7", "b%40example.nl");
    assert!(held.header("retry-after").parse::<u64>().is_ok_and(|seconds| (1..=3600).contains(&seconds)));
    assert!(held.text().contains("Wacht"), "{}", held.text());
    served.wait(Duration::from_secs(3601));
    assert_eq!(from("198.51.100.7", "b%40example.nl").status, 303);
}

fn fifty_at_once_for_one_address_are_one_subscription_and_one_letter(database: Database) {
    let served = Served::set(database, &[("signups_per_network", "0"), ("signups_total", "0")]);
    let at_once = |place: &str, body: &str| {
        std::thread::scope(|scope| {
            let ask = || {
                let ask = served.http.ask("POST", place).header("content-type", "application/x-www-form-urlencoded");
                ask.send_body(body).status
            };
            let asked: Vec<_> = (0..50).map(|_| scope.spawn(ask)).collect();
            asked.into_iter().map(|one| one.join().expect("it was answered")).collect::<Vec<u16>>()
        })
    };
    assert_eq!(at_once("/n/ibp/subscribe", "email=ada%40example.nl"), [303; 50]);
    assert_eq!(served.letters().len(), 1);
    assert_eq!(at_once(&format!("/c/{}", served.token("ada@example.nl")), ""), [200; 50]);
    assert_eq!(served.letters().len(), 2);
    let leave = format!("/u/{}", served.token("ada@example.nl"));
    assert_eq!(at_once(&leave, "List-Unsubscribe=One-Click"), [200; 50]);
    assert_eq!(served.consents(), ["requested", "confirmed", "unsubscribed"]);
}

/// Asks from so many threads at the same moment; the statuses, in order.
fn all_at_once(served: &Served, bodies: &[String], client: &str) -> Vec<u16> {
    let ready = std::sync::Barrier::new(bodies.len());
    let ask = |body: &str| {
        let ask =
            served.http.ask("POST", "/n/ibp/subscribe").header("content-type", "application/x-www-form-urlencoded");
        ready.wait();
        ask.header("x-forwarded-for", client).send_body(body).status
    };
    let ask = &ask;
    std::thread::scope(|scope| {
        let asked: Vec<_> = bodies.iter().map(|body| scope.spawn(move || ask(body))).collect();
        asked.into_iter().map(|one| one.join().expect("it was answered")).collect()
    })
}

fn of_fifty_at_once_each_hears_what_became_of_its_own(database: Database) {
    let served = Served::set(database, &[("trusted_proxies", "127.0.0.0/8"), ("signups_total", "0")]);
    let token = served.confirmed("reader@example.nl");
    served.wait(2 * DAY);
    let mut bodies: Vec<String> = (0..40).map(|number| format!("email=new{}%40example.nl", number % 8)).collect();
    bodies.extend((0..10).map(|_| "email=reader%40example.nl".to_owned()));
    let statuses = all_at_once(&served, &bodies, "198.51.100.7");
    let taken = statuses.iter().filter(|status| **status == 303).count();
    // The limit of a network is ten an hour, whoever they are and however they come.
    assert_eq!((taken, statuses.iter().filter(|status| **status == 429).count()), (10, 40), "{statuses:?}");
    let before = served.letters().len();
    for (host, body) in bodies.iter().enumerate() {
        let statuses = all_at_once(&served, std::slice::from_ref(body), &format!("192.0.2.{host}"));
        assert_eq!(statuses, [303]);
    }
    let letters = served.letters();
    assert!(letters.len() >= before);
    for number in 0..8 {
        let address = format!("new{number}@example.nl");
        assert_eq!(letters.iter().filter(|(to, _)| *to == address).count(), 1, "one letter for {address}");
        assert_eq!(served.status(&address), "pending");
    }
    let told = |letter: &Letter| matches!(letter, Letter::AlreadySubscribed { .. });
    assert_eq!(letters.iter().filter(|(to, letter)| to == "reader@example.nl" && told(letter)).count(), 1);
    assert_eq!(served.consents().iter().filter(|event| *event == "requested").count(), 9);
    assert_eq!(served.http.get(&format!("/u/{token}")).status, 200);
    served.cli(&["consent", "verify"]).done();
}

fn whoever_the_database_refuses_keeps_nobody_else_out(database: Database) {
    let served = Served::set(database, &[("signups_per_network", "0"), ("signups_total", "0")]);
    served.database.refuse("subscribers", "new.email_key like 'refused%'");
    let bodies: Vec<String> = (0..30)
        .map(|number| {
            if number % 10 == 3 {
                format!("email=refused{number}%40example.nl")
            } else {
                format!("email=a{number}%40example.nl")
            }
        })
        .collect();
    let statuses = all_at_once(&served, &bodies, "192.0.2.1");
    for (number, status) in statuses.iter().enumerate() {
        assert_eq!(*status, if number % 10 == 3 { 503 } else { 303 }, "sign-up {number}");
    }
    assert_eq!(served.letters().len(), 27);
    assert_eq!(served.consents().len(), 27);
    served.cli(&["consent", "verify"]).done();
}
