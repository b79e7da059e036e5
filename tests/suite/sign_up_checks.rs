//! What is looked at when somebody signs up: whether their domain takes mail, what they may have meant, and whether there are
//! too many at once; and what is counted of the page that asks to confirm.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use postduif::domain::letter::Letter;
use postduif::domain::role::Role;
use postduif::flows::tally;
use serde_json::json;

use crate::kit::database::Database;
use crate::kit::house::Served;
use crate::kit::{dns, on_each_engine};

on_each_engine![
    a_domain_that_takes_no_mail_is_told_at_once_and_trouble_with_dns_lets_everybody_through,
    a_slip_in_a_domain_that_many_readers_have_is_asked_about,
    operators_hear_once_a_day_that_sign_ups_reached_their_limit,
    looks_at_the_page_that_asks_to_confirm_are_counted_and_nobody_who_looked,
];

fn a_domain_that_takes_no_mail_is_told_at_once_and_trouble_with_dns_lets_everybody_through(database: Database) {
    let server = dns::serve(vec![
        ("gemeente-voorbeeld.nl", "MX", "10 mail.gemeente-voorbeeld.nl".to_owned()),
        ("only-address.nl", "A", "192.0.2.7".to_owned()),
        ("no-mail.nl", "MX", "0 .".to_owned()),
        ("nothing-there.nl", "TXT", "words".to_owned()),
        ("broken.nl", "FAIL", String::new()),
    ]);
    let server = server.to_string();
    let settings = [
        ("dns", server.as_str()),
        ("smtp_url", "smtp://127.0.0.1:9?tls=none"),
        ("signups_per_network", "0"),
        ("signups_total", "0"),
    ];
    let served = Served::set(database, &settings);
    for domain in ["gemeente-voorbeeld.nl", "only-address.nl", "broken.nl"] {
        assert_eq!(served.subscribe(&format!("ada@{domain}")).status, 303, "{domain}");
    }
    for domain in ["no-such-domain.nl", "no-mail.nl", "nothing-there.nl", "no-mail.nl"] {
        let answer = served.subscribe(&format!("ada@{domain}"));
        let page = answer.text();
        assert_eq!(answer.status, 400, "{domain}");
        assert!(page.contains(&format!("Er bestaat geen mailserver voor {domain}")), "{page}");
        assert!(page.contains(&format!("value=\"ada@{domain}\"")) && page.contains("aria-invalid"), "{page}");
        assert_eq!(served.status(&format!("ada@{domain}")), "");
    }
    // Whoever is known already is told the same about their domain as whoever is not.
    served.database.sql(
        "insert into subscribers (id, email, email_key, address_hash, domain, language, created_at, updated_at) \
         select 999, 'known@no-mail.nl', 'known@no-mail.nl', address_hash, 'no-mail.nl', 'nl', 0, 0 from subscribers limit 1",
    );
    assert_eq!(served.subscribe("known@no-mail.nl").status, 400);
    let body = json!({"newsletter": "ibp", "email": "ada@no-mail.nl"});
    let refused = served.http.post_json("/api/v1/subscriptions", &body);
    assert!(refused.status == 400 && refused.json()["errors"][0]["field"] == "email", "{}", refused.text());
}

/// A server that says nothing costs a few visitors a moment, and the next ones nothing.
#[test]
fn a_dns_server_that_is_silent_holds_nobody_up() {
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let server = silent.local_addr().unwrap().to_string();
    let settings = [("dns", server.as_str()), ("smtp_url", "smtp://127.0.0.1:9?tls=none")];
    let served = Served::set(Database::fresh(crate::kit::database::Engine::Sqlite).unwrap(), &settings);
    let began = Instant::now();
    for number in 0..10 {
        assert_eq!(served.subscribe(&format!("ada@domain-{number}.nl")).status, 303, "{number}");
    }
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
}

fn a_slip_in_a_domain_that_many_readers_have_is_asked_about(database: Database) {
    let settings = [("signups_per_network", "0"), ("signups_total", "0")];
    let served = Served::set(database, &settings);
    assert_eq!(served.subscribe("ada@gemeente-vorbeeld.nl").status, 303, "nobody is there yet");
    served.readers(6);
    served.database.sql("update subscribers set domain = 'gemeente-voorbeeld.nl' where email like 'reader-%'");
    served.wait(Duration::from_secs(24 * 3600));
    let asked = served.subscribe("bob@gemeente-vorbeeld.nl");
    assert!(asked.status == 200, "{}", asked.status);
    assert!(asked.text().contains("Bedoel je bob@gemeente-voorbeeld.nl?"), "{}", asked.text());
    let fields = [("email", "bob@gemeente-vorbeeld.nl"), ("accept_typo", "1")];
    assert_eq!(served.form("/n/ibp/subscribe", &fields).status, 303);
    assert_eq!(served.subscribe("eve@gemeente-voorbeeld.nl").status, 303);
    // Few readers at a domain are nobody's business.
    served.database.sql("update subscribers set domain = 'kleine-kring.nl' where email in ('reader-1@example.org')");
    served.wait(Duration::from_secs(24 * 3600));
    assert_eq!(served.subscribe("eve@kleine-krimg.nl").status, 303);
}

fn operators_hear_once_a_day_that_sign_ups_reached_their_limit(database: Database) {
    let served = Served::set(database, &[("signups_per_network", "0"), ("signups_total", "3")]);
    served.seat(Role::Admin);
    served.seat_of("editor@example.org", Role::Editor);
    let notices = || {
        let all = served.letters().into_iter().filter(|(_, letter)| matches!(letter, Letter::Notice { .. }));
        all.map(|(to, letter)| (to, serde_json::to_string(&letter).unwrap())).collect::<Vec<_>>()
    };
    for number in 0..3 {
        assert_eq!(served.subscribe(&format!("ada-{number}@example.nl")).status, 303);
    }
    assert!(notices().is_empty());
    for number in 0..3 {
        assert_eq!(served.subscribe(&format!("bob-{number}@example.nl")).status, 429);
    }
    assert_eq!(served.form("/p", &[("email", "ada-1@example.nl")]).status, 429);
    let told = notices();
    assert_eq!(told.len(), 2, "each who works on the newsletter, once: {told:?}");
    assert!(
        told[0].1.contains("opvallend veel aanmeldingen") && told[0].1.contains("kwamen er 3 aanmeldingen"),
        "{told:?}"
    );
    assert!(!told[0].1.contains("example.nl"), "{told:?}");

    served.wait(Duration::from_secs(2 * 3600));
    for number in 0..4 {
        served.subscribe(&format!("eve-{number}@example.nl"));
    }
    assert_eq!(notices().len(), 2, "not twice a day");
    served.wait(Duration::from_secs(24 * 3600));
    for number in 0..4 {
        served.subscribe(&format!("old-{number}@example.nl"));
    }
    assert_eq!(notices().len(), 4);
    served.run(tally::store(&served.house)).unwrap();
    let counted = "select cast(total as text) from counters where series = 'postduif_signup_limit_reached_total'";
    assert_eq!(served.database.texts(counted), ["6"]);
}

fn looks_at_the_page_that_asks_to_confirm_are_counted_and_nobody_who_looked(database: Database) {
    let served = Served::with(database);
    let seat = served.seat(Role::Viewer);
    served.subscribe("ada@example.nl");
    let place = format!("/c/{}", served.token("ada@example.nl"));
    for _ in 0..3 {
        let page = served.http.get(&place);
        assert!(page.status == 200 && page.cookies().is_empty());
    }
    served.http.ask("HEAD", &place).send();
    served.http.get("/c/broken");
    served.form(&place, &[]);
    // The same page says something else by now.
    served.http.get(&place);
    served.run(tally::store(&served.house)).unwrap();
    let series = served.database.texts("select series || ' ' || total from counters order by series");
    assert!(series.contains(&"postduif_confirm_page_views_total 3".to_owned()), "{series:?}");
    assert!(series.contains(&"postduif_confirmations_total 1".to_owned()), "{series:?}");
    assert!(series.iter().all(|one| !one.contains("example.nl")), "{series:?}");
    let page = seat.get("/admin").text();
    assert!(page.contains("1 asked for, 3 looks, 1 confirmed"), "{page}");
    served.wait(Duration::from_secs(40 * 24 * 3600));
    let page = served.seat_of("later@example.org", Role::Viewer).get("/admin").text();
    assert!(page.contains("0 asked for, 0 looks, 0 confirmed"), "{page}");
}
