//! After a long silence: who is asked whether they stay, once, and what becomes of those who do not answer.

use std::time::{Duration, Instant};

use postduif::clock::Clock;
use postduif::config::Config;
use postduif::domain::newsletter::NewsletterChange;
use postduif::domain::smarthost::Smarthost;
use postduif::domain::subscription::SubscriptionStatus;
use postduif::domain::time::Timestamp;
use postduif::domain::token::{Keys, Purpose};
use postduif::flows::deliver::{Mailer, Relays};
use postduif::flows::{House, newsletters, reconfirm, retention};
use postduif::mail::smtp::{Relay, Timeouts, Tls};
use postduif::store::{Db, migrate, outbox, reconfirmations, subscriptions};
use serde_json::json;

use crate::kit::database::Database;
use crate::kit::house::{Served, newsletter, unhex};
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::Script;
use crate::kit::{on_each_engine, wait};

on_each_engine![
    readers_are_asked_once_after_a_long_silence_and_who_does_not_answer_leaves,
    nobody_is_asked_unless_the_newsletter_says_so_and_has_been_silent,
    who_never_got_the_question_does_not_leave_over_it,
    a_question_that_a_mail_server_refuses_is_none,
];

const DAY: Duration = Duration::from_secs(86_400);

/// Asked by the house's clock: a command's own is the machine's. How many are asked, and how many were before.
fn ask(served: &Served, dry_run: bool) -> (u64, u64) {
    let asked = served.run(reconfirm::ask(&served.house, "ibp", dry_run, "a test")).unwrap();
    (asked.asked, asked.unanswered)
}

/// How many an edition would go to now.
fn audience(served: &Served) -> i64 {
    let newsletter = served.database.texts("select cast(min(id) as text) from newsletters").remove(0).parse().unwrap();
    served.run(async {
        let mut reader = served.house.db.read().await.unwrap();
        postduif::store::editions::audience_now(&mut reader, newsletter).await.unwrap()
    })
}

fn readers_are_asked_once_after_a_long_silence_and_who_does_not_answer_leaves(database: Database) {
    let served = Served::set(database, &[("signups_per_network", "0"), ("signups_total", "0")]);
    served.confirmed("stays@example.nl");
    served.confirmed("silent@example.nl");
    let leaves = served.confirmed("leaves@example.nl");
    served.cli(&["newsletter", "edit", "ibp", "--reconfirm-after-months", "12"]).done();
    served.wait(300 * DAY);
    served.confirmed("new@example.nl");
    served.wait(100 * DAY);
    served.database.sql("delete from outbox");

    assert_eq!(ask(&served, true), (3, 0));
    assert!(served.letters().is_empty(), "a dry run mails nobody");
    assert_eq!(ask(&served, false), (3, 0));
    assert_eq!(ask(&served, false), (0, 3));
    let letters = served.letters();
    assert_eq!(letters.len(), 3, "nobody is asked twice");
    // They leave.
    served.database.sql("delete from outbox");
    assert_eq!(audience(&served), 1, "who has not answered gets no edition");

    let link = letters.iter().find(|(to, _)| to == "stays@example.nl").map(|(_, letter)| json!(letter)).unwrap();
    let token = served.house.keys.seal(Purpose::Stay, &unhex(link["link"].as_str().unwrap()));
    let place = format!("/c/{token}");
    let page = served.http.get(&place).text();
    assert!(page.contains("Ja, ik blijf") && page.contains("s•••@example.nl"), "{page}");
    assert_eq!(audience(&served), 1, "looking changes nothing");
    let foreign = served.http.ask("POST", &place).header("origin", "https://evil.example").send_body("");
    assert_eq!(foreign.status, 403);
    for _ in 0..2 {
        let stayed = served.form(&place, &[]);
        assert!(stayed.status == 200 && stayed.text().contains("Fijn dat je blijft"), "{}", stayed.text());
    }
    assert_eq!(audience(&served), 2);
    served.form(&format!("/u/{leaves}"), &[("List-Unsubscribe", "One-Click")]);

    served.wait(29 * DAY);
    served.run(retention::forget(&served.house)).unwrap();
    assert_eq!(served.status("silent@example.nl"), "confirmed");
    served.wait(2 * DAY);
    served.run(retention::forget(&served.house)).unwrap();
    let statuses = ["stays", "silent", "leaves", "new"].map(|name| served.status(&format!("{name}@example.nl")));
    assert_eq!(statuses, ["confirmed", "unsubscribed", "unsubscribed", "confirmed"]);
    let events = served.consents();
    let count = |event: &str| events.iter().filter(|one| *one == event).count();
    assert_eq!((count("reconfirmation-asked"), count("reconfirmed"), count("unsubscribed")), (3, 1, 2));
    let notes = served.database.texts("select body from consent_records where event = 'unsubscribed' order by id");
    assert!(notes[1].contains("not reconfirmed"), "{notes:?}");
    served.cli(&["consent", "verify"]).done();
    // Too late: only a fresh sign-up brings them back, and then they get editions again.
    served.wait(DAY);
    served.confirmed("silent@example.nl");
    assert_eq!(audience(&served), 3);
    assert_eq!(ask(&served, false), (0, 0), "who stayed, or came lately, is not asked again");
}

fn nobody_is_asked_unless_the_newsletter_says_so_and_has_been_silent(database: Database) {
    let served = Served::with(database);
    served.confirmed("ada@example.nl");
    let refused = served.cli(&["newsletter", "reconfirm", "ibp"]).failed();
    assert!(refused.contains("--reconfirm-after-months"), "{refused}");
    let wrong = served.cli(&["newsletter", "edit", "ibp", "--reconfirm-after-months", "1"]).failed();
    assert!(wrong.contains("from 6 to 120"), "{wrong}");
    served.cli(&["newsletter", "edit", "ibp", "--reconfirm-after-months", "6"]).done();
    assert!(served.cli(&["newsletter", "reconfirm", "ibp", "--dry-run"]).done().contains("would be asked"));
    assert_eq!(ask(&served, true), (0, 0));
    let long_ago = served.house.clock.now().minus(400 * DAY).as_micros();
    served.database.sql(&format!("update subscriptions set confirmed_at = {long_ago}"));
    assert_eq!(ask(&served, true), (1, 0));
    let now = served.house.clock.now().minus(10 * DAY).as_micros();
    served.database.sql(&format!(
        "insert into editions (id, uid, newsletter_id, number, status, subject, preheader, intro, cutoff_at, created_at, \
         updated_at, started_at) values (1, 1, 1, 1, 'sent', 's', '', '', 1, 1, 1, {now})"
    ));
    assert_eq!(ask(&served, false), (0, 0), "an edition went out since");
    assert!(served.letters().iter().all(|(_, letter)| letter.kind() != "reconfirm"));
}

fn who_never_got_the_question_does_not_leave_over_it(database: Database) {
    let served = Served::set(database, &[("signups_per_network", "0"), ("signups_total", "0")]);
    for who in ["waits", "given-up", "silent"] {
        served.confirmed(&format!("{who}@example.nl"));
    }
    served.cli(&["newsletter", "edit", "ibp", "--reconfirm-after-months", "12"]).done();
    served.wait(400 * DAY);
    served.database.sql("delete from outbox");
    assert_eq!(ask(&served, false), (3, 0));
    // One letter has left, one is still owed because no mail server took it, and one is given up.
    served.database.sql("delete from outbox where recipient = 'silent@example.nl'");
    let letter = served.run(async {
        let mut tx = served.house.db.write().await.unwrap();
        let claimed = outbox::claim(&mut tx, "a test", 10, served.house.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        claimed.into_iter().find(|letter| letter.recipient == "given-up@example.nl").unwrap()
    });
    assert_eq!(audience(&served), 0);
    served.run(async {
        let mut tx = served.house.db.write().await.unwrap();
        assert!(reconfirmations::not_asked(&mut tx, letter.subscription_id.unwrap()).await.unwrap());
        outbox::delete(&mut tx, letter.id).await.unwrap();
        tx.commit().await.unwrap();
    });
    assert_eq!(audience(&served), 1, "whoever was not asked gets editions as before");
    served.wait(31 * DAY);
    served.run(retention::forget(&served.house)).unwrap();
    let statuses = ["waits", "given-up", "silent"].map(|name| served.status(&format!("{name}@example.nl")));
    assert_eq!(statuses, ["confirmed", "confirmed", "unsubscribed"]);
}

/// Refused for who we are, and not for a reader who is gone: they were not asked.
fn a_question_that_a_mail_server_refuses_is_none(database: Database) {
    wait(|| async {
        let script = Script { refuses: vec![("refused@", "550 5.7.1 not from you")], ..Script::offering(&[]) };
        let double = SmtpDouble::start(script);
        let url = double.url("tls=none");
        let config = Config::from_values(&[("smtp_url", &url), ("offline", "true")]).unwrap();
        let db = Db::open(database.url()).await.unwrap();
        migrate::migrate(&db).await.unwrap();
        let clock = Clock::manual(Timestamp::parse("2026-11-23T12:00:00Z").unwrap());
        let house = House::new(db, clock, Keys::new(&[7; 32]).unwrap(), config).unwrap();
        let change = NewsletterChange { reconfirm_after_months: Some(12), ..newsletter() };
        let newsletter = newsletters::create(&house, change).await.unwrap();
        let long_ago = house.clock.now().minus(400 * DAY);
        let mut tx = house.db.write().await.unwrap();
        for who in ["refused@example.nl", "asked@example.nl"] {
            let email = who.parse().unwrap();
            let hash = house.keys.address_hash(&email);
            let language = newsletter.language;
            let person =
                subscriptions::find_or_insert_subscriber(&mut tx, &email, &hash, language, long_ago).await.unwrap();
            let (status, since) = (SubscriptionStatus::Confirmed, Some(long_ago));
            subscriptions::open(&mut tx, &house.link(), person.id, newsletter.id, status, since, long_ago)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        let server = Smarthost::parse_list(&url).unwrap().remove(0);
        let relay = Relay::new(server, "test.example", Timeouts::all(Duration::from_secs(5)), Tls::from_system());
        let mailer = Mailer::start(&house, Relays::new(house.clock.clone(), vec![relay]));

        assert_eq!(reconfirm::ask(&house, &newsletter.slug, false, "a test").await.unwrap().asked, 2);
        let began = Instant::now();
        let open = loop {
            let mut reader = house.db.read().await.unwrap();
            let open = reconfirmations::count_unanswered(&mut reader, newsletter.id).await.unwrap();
            if open < 2 && double.seen().messages.len() == 1 || began.elapsed() > Duration::from_secs(20) {
                break open;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(open, 1, "only whoever got the question was asked");
        // What has left is noted by then, and asks nobody before.
        mailer.stop().await;
        house.clock.set(house.clock.now().plus(31 * DAY));
        assert_eq!(reconfirm::end_unanswered(&house).await.unwrap(), 1);
    });
}
