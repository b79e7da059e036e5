//! What sends, when something is wrong with itself: it says so, costs nobody else their mail, and knows what is its own.

use std::time::Duration;

use postduif::domain::delivery::DeliveryState;
use postduif::domain::edition::EditionStatus;
use postduif::domain::language::Language;
use postduif::domain::letter::Letter;
use postduif::domain::retry::{RetryPolicy, ServerBackoff};
use postduif::domain::smarthost::Smarthost;
use postduif::domain::time::Timestamp;
use postduif::flows::deliver::{Bag, Mailer, Pauses, Relays, Standstill, stalled};
use postduif::flows::{House, publish};
use postduif::mail::smtp::{Relay, Timeouts, Tls};
use postduif::store::deliveries::{self, Claim, Settled, Start};
use postduif::store::outbox::NewLetter;
use postduif::store::{Tx, editions, outbox, workers};

use crate::delivery::{approved, house, sent, until};
use crate::kit::database::Database;
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::Script;
use crate::kit::{on_each_engine, wait};

on_each_engine![
    a_message_on_which_our_own_code_breaks_costs_nobody_else_theirs,
    a_claim_that_others_have_taken_over_is_worth_nothing_any_more,
    a_result_that_comes_late_makes_certain_what_was_uncertain,
    a_standstill_is_known_with_its_reason,
    an_edition_that_no_server_takes_for_days_waits_for_a_person_and_then_goes_on,
    letters_whose_claim_nobody_learned_of_leave_all_the_same,
];

fn mailer(house: &House, url: &str) -> Mailer {
    looking(house, url, Duration::from_secs(30))
}

/// With so long between two looks for editions that stand still.
fn looking(house: &House, url: &str, look: Duration) -> Mailer {
    let server = Smarthost::parse_list(url).unwrap().remove(0);
    let relay = Relay::new(server, "test.example", Timeouts::all(Duration::from_secs(5)), Tls::from_system());
    let quick = Duration::from_millis(50);
    let backoff = ServerBackoff { first: quick, base: quick, ceiling: quick };
    let retry = RetryPolicy::new(vec![quick], Duration::from_secs(600));
    let pauses = Pauses { retry, unknown: quick, soon: quick, look };
    Mailer::start_with(house, Relays::new(house.clock.clone(), vec![relay]).with_backoff(backoff), pauses)
}

fn a_message_on_which_our_own_code_breaks_costs_nobody_else_theirs(database: Database) {
    wait(|| async {
        let house = house(&database, 40).await;
        let double = SmtpDouble::start(Script::offering(&["PIPELINING"]));
        let id = approved(&house).await;
        publish::send(&house, id, None).await.unwrap();
        freeze(&house, id).await;
        // One attempt more than can be counted: where numbers are checked, counting it breaks off.
        database.sql(&format!("update deliveries set attempts = {} where seq = 5", i64::MAX));
        let mailer = mailer(&house, &double.url("tls=none"));
        let edition = until(&house, id, sent).await;
        mailer.stop().await;
        assert_eq!((edition.accepted, edition.unknown), (39, 1));
        assert_eq!(database.texts("select reason from deliveries where seq = 5"), ["broke-off"]);
        let copies = double.copies();
        assert_eq!(copies.len(), 40);
        assert_eq!(copies.values().filter(|copies| **copies > 1).count(), 1, "only the one that broke went out again");
    });
}

async fn freeze(house: &House, id: i64) {
    let mut tx = house.db.write().await.unwrap();
    let edition = editions::by_id(&mut tx, id).await.unwrap().unwrap();
    let started_at = edition.started_at.unwrap();
    while !deliveries::freeze_some(&mut tx, id, edition.newsletter_id, started_at).await.unwrap() {}
    tx.commit().await.unwrap();
}

/// An edition of which `owner` has claimed some, and begun the first.
async fn begun(database: &Database, owner: &str) -> (House, i64, Start) {
    let house = house(database, 20).await;
    let id = approved(&house).await;
    publish::send(&house, id, None).await.unwrap();
    freeze(&house, id).await;
    let mut tx = house.db.write().await.unwrap();
    let seq = claim(&mut tx, id, Claim { owner, number: 1 }, house.clock.now()).await[0];
    let start = Start { edition_id: id, seq, claim: 1 };
    assert_eq!(deliveries::start(&mut tx, &[start], house.clock.now()).await.unwrap(), [(id, seq)]);
    tx.commit().await.unwrap();
    (house, id, start)
}

async fn claim(tx: &mut Tx, id: i64, claim: Claim<'_>, now: Timestamp) -> Vec<i64> {
    let mut seqs = deliveries::claim(tx, id, claim, 1, 20, &[], now).await.unwrap();
    seqs.sort_unstable();
    seqs
}

fn accepted(start: Start) -> Settled {
    Settled {
        edition_id: start.edition_id,
        seq: start.seq,
        claim: start.claim,
        state: DeliveryState::Accepted,
        attempts: 1,
        next_at: 0,
        code: Some(250),
        status: None,
        reply: None,
        reason: None,
    }
}

async fn counts_agree(house: &House, id: i64) {
    let mut reader = house.db.read().await.unwrap();
    let edition = editions::by_id(&mut reader, id).await.unwrap().unwrap();
    assert_eq!(deliveries::recount(&mut reader, id).await.unwrap(), edition.counts());
    assert_eq!(edition.counts().sum(), edition.audience);
}

fn a_claim_that_others_have_taken_over_is_worth_nothing_any_more(database: Database) {
    wait(|| async {
        let (house, id, first) = begun(&database, "one").await;
        let now = house.clock.now();
        let mut tx = house.db.write().await.unwrap();
        deliveries::release_owner(&mut tx, id, "one", false, now).await.unwrap();
        let second = Start { seq: first.seq + 1, ..first };
        assert_eq!(deliveries::start(&mut tx, &[second], now).await.unwrap(), [], "nobody has it in hand");
        // The same process may claim it anew: then it has two jobs for one message, and one of them is worth nothing.
        let again = claim(&mut tx, id, Claim { owner: "one", number: 2 }, now.plus(Duration::from_secs(60))).await;
        assert!(again.contains(&second.seq), "{again:?}");
        assert_eq!(deliveries::start(&mut tx, &[second], now).await.unwrap(), []);
        deliveries::settle(&mut tx, &[accepted(second)], now).await.unwrap();
        let third = Start { claim: 2, ..second };
        assert_eq!(deliveries::start(&mut tx, &[third], now).await.unwrap(), [(id, third.seq)], "it is still to go");
        tx.commit().await.unwrap();
        counts_agree(&house, id).await;
    });
}

fn a_result_that_comes_late_makes_certain_what_was_uncertain(database: Database) {
    wait(|| async {
        let (house, id, start) = begun(&database, "one").await;
        let now = house.clock.now();
        let mut tx = house.db.write().await.unwrap();
        deliveries::release_owner(&mut tx, id, "one", false, now).await.unwrap();
        let uncertain = deliveries::page(&mut tx, id, Some(DeliveryState::Unknown), 0, 9).await.unwrap();
        assert_eq!(uncertain.len(), 1);
        deliveries::settle(&mut tx, &[accepted(start)], now).await.unwrap();
        let certain = deliveries::page(&mut tx, id, Some(DeliveryState::Accepted), 0, 9).await.unwrap();
        assert_eq!((certain.len(), certain[0].seq), (1, start.seq));
        tx.commit().await.unwrap();
        counts_agree(&house, id).await;
    });
}

fn a_standstill_is_known_with_its_reason(database: Database) {
    wait(|| async {
        let house = house(&database, 20).await;
        let id = approved(&house).await;
        publish::send(&house, id, None).await.unwrap();
        assert_eq!(stalled(&house).await.unwrap(), [], "it has only just begun");
        let long_ago = house.clock.now().minus(Duration::from_secs(3600));
        let make_old = || database.sql(&format!("update editions set updated_at = {}", long_ago.as_micros()));
        make_old();
        let found = stalled(&house).await.unwrap();
        assert_eq!((found[0].edition, &found[0].why), (id, &Standstill::NobodySends));

        let mailer = mailer(&house, "smtp://127.0.0.1:1?tls=none");
        freeze(&house, id).await;
        make_old();
        until(&house, id, |edition| edition.sending > 0).await;
        let mut tx = house.db.write().await.unwrap();
        let worker = workers::all(&mut tx).await.unwrap().remove(0);
        workers::beat(&mut tx, &worker.owner, Some("it refused the connection"), house.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let found = stalled(&house).await.unwrap();
        assert_eq!((found[0].waiting, found[0].since), (20, long_ago));
        let why = found[0].why.text(Language::Nl);
        assert!(why.contains("De mailserver neemt niets aan"), "{why}");
        mailer.stop().await;

        database.sql("update editions set status = 'paused'");
        assert_eq!(stalled(&house).await.unwrap(), [], "who paused it knows why");
    });
}

fn an_edition_that_no_server_takes_for_days_waits_for_a_person_and_then_goes_on(database: Database) {
    wait(|| async {
        let house = house(&database, 20).await;
        let id = approved(&house).await;
        publish::send(&house, id, None).await.unwrap();
        freeze(&house, id).await;
        let mailer = looking(&house, "smtp://127.0.0.1:1?tls=none", Duration::from_millis(50));
        until(&house, id, |edition| edition.sending > 0).await;
        let days_ago = house.clock.now().minus(Duration::from_secs(4 * 24 * 3600));
        database.sql(&format!("update editions set updated_at = {}", days_ago.as_micros()));
        let edition = until(&house, id, |edition| edition.status == EditionStatus::Paused).await;
        mailer.stop().await;
        let reason = edition.pause_reason.unwrap();
        assert!(reason.starts_with("Er kwam dagenlang niets aan."), "{reason}");

        let double = SmtpDouble::start(Script::offering(&["PIPELINING"]));
        publish::resume(&house, id).await.unwrap();
        let mailer = looking(&house, &double.url("tls=none"), Duration::from_millis(50));
        let edition = until(&house, id, sent).await;
        mailer.stop().await;
        assert_eq!(edition.accepted, 20);
        assert!(double.copies().values().all(|copies| *copies == 1));
    });
}

fn letters_whose_claim_nobody_learned_of_leave_all_the_same(database: Database) {
    wait(|| async {
        let house = house(&database, 1).await;
        let owed = || async {
            let mut tx = house.db.write().await.unwrap();
            let letter = Letter::Test { language: Language::Nl, edition: 1 };
            let owed = NewLetter {
                uid: house.link(),
                newsletter_id: None,
                subscription_id: None,
                recipient: "someone@example.org",
                letter: &letter,
                expires_at: house.clock.now().plus(Duration::from_secs(3600)),
            };
            outbox::insert(&mut tx, &owed, house.clock.now()).await.unwrap();
            tx.commit().await.unwrap();
        };
        let (bag, one) = (Bag::default(), "one");
        owed().await;
        owed().await;
        let held = bag.claim(&house, one, 1).await.unwrap();
        assert_eq!(held.len(), 1);
        // A claim is stored, and the answer is lost.
        database.sql("update outbox set state = 'sending', owner = 'one'");
        assert_eq!(bag.claim(&house, one, 9).await.unwrap().len(), 0, "nobody doubts");
        let broken = "alter table outbox rename to hidden";
        database.sql(broken);
        assert!(bag.claim(&house, one, 9).await.is_err());
        database.sql("alter table hidden rename to outbox");
        let found: Vec<i64> = bag.claim(&house, one, 9).await.unwrap().iter().map(|letter| letter.id).collect();
        assert_eq!(found.len(), 1);
        assert_ne!(found[0], held[0].id, "what we have in hand stays there");
    });
}
