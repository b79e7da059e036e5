//! An edition goes out: everybody gets it once, whatever the mail server does, and the ledger says so.

use std::time::{Duration, Instant};

use postduif::clock::Clock;
use postduif::config::Config;
use postduif::domain::delivery::DeliveryState;
use postduif::domain::edition::EditionStatus;
use postduif::domain::newsletter::NewsletterChange;
use postduif::domain::smarthost::Smarthost;
use postduif::domain::subscription::SubscriptionStatus;
use postduif::domain::token::Keys;
use postduif::flows::approve::{Approver, approve};
use postduif::flows::assemble::{Assembled, assemble};
use postduif::flows::deliver::{Mailer, Relays};
use postduif::flows::{House, newsletters, publish};
use postduif::mail::smtp::{Relay, Timeouts, Tls};
use postduif::store::articles::{self, NewArticle};
use postduif::store::editions::EditionRow;
use postduif::store::{Db, deliveries, editions, migrate, subscriptions};

use crate::kit::database::Database;
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::{Fault, Script, Step, When};
use crate::kit::{on_each_engine, wait};

on_each_engine![
    everybody_gets_an_edition_once,
    who_is_refused_is_rejected_and_unharmed_are_the_others,
    a_swallowed_reply_is_uncertain_and_repeated_once_with_the_same_message_id,
    a_content_refusal_stops_the_edition_and_blames_nobody,
    a_content_refusal_stops_an_edition_of_two_as_well_and_again_after_it_was_let_go_on,
    who_leaves_in_the_middle_is_skipped,
    a_paused_edition_stands_still_and_goes_on_without_a_repeat,
    what_a_dead_sender_had_in_hand_is_taken_back,
    a_stop_leaves_nothing_in_hand_though_the_mail_server_is_silent,
    what_may_not_be_repeated_is_left_and_the_edition_ends,
];

/// A house with a newsletter, readers and one article.
pub async fn house(database: &Database, readers: usize) -> House {
    house_with(database, readers, &[]).await
}

/// The same with settings of its own.
pub async fn house_with(database: &Database, readers: usize, settings: &[(&str, &str)]) -> House {
    let db = Db::open(database.url()).await.unwrap();
    migrate::migrate(&db).await.unwrap();
    let usual = [("smtp_connections", "4"), ("smtp_url", "smtp://127.0.0.1:1?tls=none")];
    let config = Config::from_values(&[&usual, settings].concat()).unwrap();
    let house = House::new(db, Clock::system(), Keys::new(&[7; 32]).unwrap(), config).unwrap();
    let newsletter = newsletters::create(
        &house,
        NewsletterChange {
            slug: Some("news".into()),
            title: Some("News".into()),
            from: Some("News <news@example.org>".into()),
            postal_address: Some("Street 1".into()),
            ..NewsletterChange::default()
        },
    )
    .await
    .unwrap();
    let now = house.clock.now();
    let mut tx = house.db.write().await.unwrap();
    let article = NewArticle {
        newsletter_id: newsletter.id,
        source_id: None,
        guid: "1".into(),
        canonical: "1".into(),
        section: "blogs".into(),
        title: "An article".into(),
        url: "https://www.example.org/1".into(),
        summary: "What it says.".into(),
        source_url: None,
        author: None,
        image_url: None,
        published_at: now,
    };
    articles::store(&mut tx, &article, now).await.unwrap();
    for n in 0..readers {
        let email = format!("reader{n}@host{}.example", n % 7).parse().unwrap();
        let hash = house.keys.address_hash(&email);
        let language = newsletter.language;
        let person = subscriptions::find_or_insert_subscriber(&mut tx, &email, &hash, language, now).await.unwrap();
        let status = SubscriptionStatus::Confirmed;
        subscriptions::open(&mut tx, &house.link(), person.id, newsletter.id, status, Some(now), now).await.unwrap();
    }
    tx.commit().await.unwrap();
    house
}

pub async fn approved(house: &House) -> i64 {
    let Assembled::Draft(edition) = assemble(house, "news", None).await.unwrap() else { panic!("no draft") };
    approve(house, edition.id, &Approver { by: "test", accept_warnings: true, override_reason: None }).await.unwrap();
    edition.id
}

fn mailer(house: &House, double: &SmtpDouble) -> Mailer {
    Mailer::start(house, relays(house, double))
}

/// The way to one mail server that is not given much time.
pub fn relays(house: &House, double: &SmtpDouble) -> Relays {
    let timeouts = Timeouts::all(Duration::from_millis(500));
    let server = Smarthost::parse_list(&double.url("tls=none")).unwrap().remove(0);
    let relay = Relay::new(server, "test.example", timeouts, Tls::from_system());
    Relays::new(house.clock.clone(), vec![relay])
}

pub async fn until(house: &House, id: i64, what: impl Fn(&EditionRow) -> bool) -> EditionRow {
    let began = Instant::now();
    loop {
        let edition = editions::by_id(&mut house.db.read().await.unwrap(), id).await.unwrap().unwrap();
        if what(&edition) {
            return edition;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it never came to that: {edition:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub fn sent(edition: &EditionRow) -> bool {
    edition.status == EditionStatus::Sent
}

async fn count(house: &House, id: i64, state: DeliveryState) -> usize {
    deliveries::page(&mut house.db.read().await.unwrap(), id, Some(state), 0, 10_000).await.unwrap().len()
}

fn everybody_gets_an_edition_once(database: Database) {
    wait(|| async {
        let house = house(&database, 500).await;
        let double = SmtpDouble::start(Script::offering(&["PIPELINING"]));
        let id = approved(&house).await;
        let mailer = mailer(&house, &double);
        publish::send(&house, id, None).await.unwrap();
        let edition = until(&house, id, sent).await;
        mailer.stop().await;
        assert_eq!((edition.audience, edition.accepted), (500, 500));
        let copies = double.copies();
        assert_eq!(copies.len(), 500);
        assert!(copies.values().all(|copies| *copies == 1));
        assert!(double.seen().peak <= 4);
        assert_eq!(double.seen().violations, Vec::<String>::new());
    });
}

fn who_is_refused_is_rejected_and_unharmed_are_the_others(database: Database) {
    wait(|| async {
        let house = house(&database, 100).await;
        let mut script = Script::offering(&["PIPELINING", "ENHANCEDSTATUSCODES"]);
        script.refuses = vec![
            ("reader13@host6.example", "550 5.1.1 no such user"),
            ("reader14@host0.example", "550 5.7.1 not welcome"),
        ];
        let double = SmtpDouble::start(script);
        let id = approved(&house).await;
        let mailer = mailer(&house, &double);
        publish::send(&house, id, None).await.unwrap();
        let edition = until(&house, id, sent).await;
        mailer.stop().await;
        assert_eq!((edition.accepted, edition.rejected), (98, 2));
        let texts = database.texts(
            "select p.email || ' ' || s.status from subscribers p join subscriptions s on s.subscriber_id = p.id \
             where s.status <> 'confirmed'",
        );
        assert_eq!(texts, ["reader13@host6.example bounced"], "only who is gone is struck off");
    });
}

fn a_swallowed_reply_is_uncertain_and_repeated_once_with_the_same_message_id(database: Database) {
    wait(|| async {
        let house = house(&database, 20).await;
        let double = SmtpDouble::start(Script::offering(&[]).with(Step::Dot, Fault::DiesBeforeReply, When::First));
        let id = approved(&house).await;
        let mailer = mailer(&house, &double);
        publish::send(&house, id, None).await.unwrap();
        let edition = until(&house, id, |edition| edition.unknown == 1 && edition.accepted == 19).await;
        assert_eq!(edition.status, EditionStatus::Sending, "one repeat is still to come");
        database.sql("update deliveries set next_at = 0 where state = 'unknown'");
        let edition = until(&house, id, sent).await;
        mailer.stop().await;
        assert_eq!((edition.accepted, edition.unknown), (20, 0));
        let seen = double.seen();
        let twice: Vec<_> = double_messages(&seen.messages);
        assert_eq!(twice.len(), 1);
        assert_eq!(twice[0].0, twice[0].1, "the repeat carries the same Message-ID");
    });
}

/// The Message-IDs of messages that came twice to one recipient.
fn double_messages(messages: &[crate::kit::smtp_double::Message]) -> Vec<(String, String)> {
    let id = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).replace("\r\n ", " ");
        text.lines().find(|line| line.starts_with("Message-ID:")).unwrap_or_default().to_owned()
    };
    let mut pairs = Vec::new();
    for (place, first) in messages.iter().enumerate() {
        for second in messages[place + 1..].iter().filter(|second| second.to == first.to) {
            pairs.push((id(&first.bytes), id(&second.bytes)));
        }
    }
    pairs
}

fn a_content_refusal_stops_the_edition_and_blames_nobody(database: Database) {
    wait(|| async {
        let house = house(&database, 100).await;
        let script = Script::offering(&["PIPELINING"]).with(Step::Dot, Fault::Says("554 5.7.1 spam"), When::Always);
        let double = SmtpDouble::start(script);
        let id = approved(&house).await;
        let mailer = mailer(&house, &double);
        publish::send(&house, id, None).await.unwrap();
        let edition =
            until(&house, id, |edition| edition.status == EditionStatus::Paused && edition.sending == 0).await;
        mailer.stop().await;
        assert!(edition.pause_reason.as_deref().is_some_and(|why| why.contains("spam")), "{:?}", edition.pause_reason);
        assert_eq!(edition.rejected, 0);
        assert_eq!(edition.queued + edition.deferred, 100);
        // Three refusals stop it; what other connections had in hand until the pause was stored comes on top.
        let asked = double.seen().commands.iter().filter(|command| command.starts_with("RCPT")).count();
        assert!(asked <= 50, "{asked} of 100 were tried");
    });
}

fn a_content_refusal_stops_an_edition_of_two_as_well_and_again_after_it_was_let_go_on(database: Database) {
    wait(|| async {
        let house = house(&database, 2).await;
        let script = Script::offering(&["PIPELINING"]).with(Step::Dot, Fault::Says("554 5.7.1 spam"), When::Always);
        let double = SmtpDouble::start(script);
        let id = approved(&house).await;
        let mailer = mailer(&house, &double);
        publish::send(&house, id, None).await.unwrap();
        for _ in 0..2 {
            let stands = |edition: &EditionRow| edition.status == EditionStatus::Paused && edition.sending == 0;
            let edition = until(&house, id, stands).await;
            assert_eq!((edition.rejected, edition.queued + edition.deferred), (0, 2));
            publish::resume(&house, id).await.unwrap();
            database.sql("update deliveries set next_at = 0 where state = 'deferred'");
        }
        mailer.stop().await;
    });
}

fn who_leaves_in_the_middle_is_skipped(database: Database) {
    wait(|| async {
        let house = house(&database, 200).await;
        let mut script = Script::offering(&["PIPELINING"]);
        script.delay = Duration::from_millis(5);
        let double = SmtpDouble::start(script);
        let id = approved(&house).await;
        let mailer = mailer(&house, &double);
        publish::send(&house, id, None).await.unwrap();
        until(&house, id, |edition| edition.accepted > 10).await;
        database.sql("update subscriptions set status = 'unsubscribed', ended_at = 1 where id > 150");
        let before = double.copies().len();
        let edition = until(&house, id, sent).await;
        mailer.stop().await;
        assert!(before <= 150, "the last ones had not been reached");
        assert_eq!((edition.accepted, edition.skipped), (150, 50));
        assert_eq!(count(&house, id, DeliveryState::Skipped).await, 50);
        assert_eq!(double.copies().len(), 150);
    });
}

fn a_paused_edition_stands_still_and_goes_on_without_a_repeat(database: Database) {
    wait(|| async {
        let house = house(&database, 300).await;
        let mut script = Script::offering(&["PIPELINING"]);
        script.delay = Duration::from_millis(3);
        let double = SmtpDouble::start(script);
        let id = approved(&house).await;
        let mailer = mailer(&house, &double);
        publish::send(&house, id, None).await.unwrap();
        until(&house, id, |edition| edition.accepted > 20).await;
        publish::pause(&house, id, "lunch").await.unwrap();
        let paused = until(&house, id, |edition| edition.sending == 0).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(double.copies().len(), usize::try_from(paused.accepted).unwrap());
        publish::resume(&house, id).await.unwrap();
        let edition = until(&house, id, sent).await;
        mailer.stop().await;
        assert_eq!(edition.accepted, 300);
        assert!(double.copies().values().all(|copies| *copies == 1));
    });
}

fn what_a_dead_sender_had_in_hand_is_taken_back(database: Database) {
    wait(|| async {
        let house = house(&database, 50).await;
        let double = SmtpDouble::start(Script::offering(&["PIPELINING"]));
        let id = approved(&house).await;
        publish::send(&house, id, None).await.unwrap();
        let boot = house.clock.boot();
        let now = house.clock.now();
        let mut tx = house.db.write().await.unwrap();
        let edition = editions::by_id(&mut tx, id).await.unwrap().unwrap();
        let started_at = edition.started_at.unwrap();
        while !deliveries::freeze_some(&mut tx, id, edition.newsletter_id, started_at).await.unwrap() {}
        let owner = format!("dead@{boot}");
        let claim = deliveries::Claim { owner: &owner, number: 1 };
        let claimed = deliveries::claim(&mut tx, id, claim, 1, 10, &[], now).await.unwrap();
        let start = deliveries::Start { edition_id: id, seq: claimed[0], claim: 1 };
        assert_eq!(deliveries::start(&mut tx, &[start], now).await.unwrap().len(), 1);
        tx.commit().await.unwrap();

        // Of a process on PostgreSQL its own row says under which mark of the server it has worked.
        database.sql("insert into server_marks (id, mark) values (1, 'one')");
        database.sql(&format!("insert into workers (owner, beats, seen_at, boot) values ('{owner}', 1, 0, 'one')"));

        let mailer = mailer(&house, &double);
        let edition = until(&house, id, sent).await;
        mailer.stop().await;
        assert_eq!(edition.accepted, 50);
        assert_eq!(database.texts("select cast(cuts as text) from deliveries where cuts + repeats > 0"), ["1"]);
    });
}

fn a_stop_leaves_nothing_in_hand_though_the_mail_server_is_silent(database: Database) {
    wait(|| async {
        let house = house(&database, 300).await;
        for (step, uncertain) in [(Step::Connect, 0), (Step::Dot, 4)] {
            let double = SmtpDouble::start(Script::offering(&["PIPELINING"]).with(step, Fault::Stalls, When::Always));
            let id = if step == Step::Connect { approved(&house).await } else { 1 };
            let timeouts = Timeouts::all(Duration::from_secs(600));
            let server = Smarthost::parse_list(&double.url("tls=none")).unwrap().remove(0);
            let relay = Relay::new(server, "test.example", timeouts, Tls::from_system());
            let mailer = Mailer::start(&house, Relays::new(house.clock.clone(), vec![relay]));
            if step == Step::Connect {
                publish::send(&house, id, None).await.unwrap();
            }
            // To a server that says nothing one connection is opened, not all.
            let hung = if step == Step::Connect { 1 } else { 4 };
            while double.seen().reached(step) < hung {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            mailer.stop().await;
            let edition = until(&house, id, |_| true).await;
            assert_eq!((edition.sending, edition.unknown, edition.queued), (0, uncertain, 300 - uncertain));
        }
    });
}

fn what_may_not_be_repeated_is_left_and_the_edition_ends(database: Database) {
    wait(|| async {
        let house = house(&database, 20).await;
        database.sql("update newsletters set on_unknown = 'leave'");
        let double = SmtpDouble::start(Script::offering(&[]).with(Step::Dot, Fault::DiesBeforeReply, When::First));
        let id = approved(&house).await;
        let mailer = mailer(&house, &double);
        publish::send(&house, id, None).await.unwrap();
        let edition = until(&house, id, sent).await;
        mailer.stop().await;
        assert_eq!((edition.accepted, edition.unknown), (19, 1));
        assert!(double.copies().values().all(|copies| *copies == 1));
    });
}
