//! The demo's past, as the database tells it.

use std::collections::HashMap;

use super::*;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::consent::ConsentEvent;
use crate::domain::delivery::DeliveryState;
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::token::Keys;
use crate::store::{Db, deliveries, editions, migrate, subscriptions};

async fn furnished(folder: &tempfile::TempDir) -> House {
    let url = format!("sqlite:{}", folder.path().join("postduif.db").display());
    let config =
        Config::from_values(&[("database_url", &url), ("smtp_url", "smtp://127.0.0.1:2525?tls=none")]).unwrap();
    let db = Db::open(&url).await.unwrap();
    migrate::migrate(&db).await.unwrap();
    let mut house = House::new(db, Clock::system(), Keys::new(&[7; 32]).unwrap(), config).unwrap();
    furnish(&mut house, "127.0.0.1:2525".parse().unwrap()).await.unwrap();
    house
}

#[tokio::test]
async fn readers_are_in_every_state_with_the_records_that_led_there() {
    let folder = tempfile::tempdir().unwrap();
    let house = furnished(&folder).await;
    let mut reader = house.db.read().await.unwrap();
    let newsletter = newsletters::find(&mut reader, NEWSLETTER).await.unwrap();
    let mut all = 0;
    for status in SubscriptionStatus::ALL {
        let count = subscriptions::count(&mut reader, newsletter.id, *status).await.unwrap();
        assert!(count > 0, "{status:?}");
        all += count;
    }
    assert_eq!(all, 40);
    for (address, events) in [
        ("anna@gemeente-voorbeeld.example", &[ConsentEvent::Requested, ConsentEvent::Confirmed][..]),
        ("noor@gemeente-voorbeeld.example", &[ConsentEvent::Requested]),
        ("quinten@adviesbureau.example", &[ConsentEvent::Requested, ConsentEvent::Confirmed, ConsentEvent::Complained]),
    ] {
        let email = crate::domain::address::EmailAddress::parse(address).unwrap();
        let records = crate::store::consent::of_subject(&mut reader, &house.keys.address_hash(&email)).await.unwrap();
        assert_eq!(records.iter().map(|record| record.event).collect::<Vec<_>>(), events, "{address}");
    }
}

#[tokio::test]
async fn the_past_edition_met_every_end_and_its_counters_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let house = furnished(&folder).await;
    let mut reader = house.db.read().await.unwrap();
    let edition = editions::page(&mut reader, None, None, 2).await.unwrap().pop().unwrap();
    let counts = edition.counts();
    assert_eq!(counts, deliveries::recount(&mut reader, edition.id).await.unwrap());
    assert_eq!((counts.sum(), counts.finished()), (edition.audience, edition.audience));
    let mut seen: HashMap<DeliveryState, i64> = HashMap::new();
    for row in deliveries::page(&mut reader, edition.id, None, 0, 100).await.unwrap() {
        *seen.entry(row.state).or_default() += 1;
    }
    for state in DeliveryState::ALL.iter().filter(|state| state.is_final()) {
        assert!(seen.contains_key(state), "{state:?}");
    }
    assert!(editions::busy(&mut reader).await.unwrap().is_empty());
}

#[tokio::test]
async fn sample_texts_may_leave_for_the_demos_own_mailbox_and_for_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let house = furnished(&folder).await;
    assert!(catches_all_mail(&house).await.unwrap());
    for elsewhere in [
        "smtp://127.0.0.1:2526?tls=none",
        "smtp://mail.example.org:2525?tls=none",
        "smtp://127.0.0.1:2525?tls=none,smtp://mail.example.org",
    ] {
        let url = house.config.database_url.reveal();
        let config = Config::from_values(&[("database_url", url), ("smtp_url", elsewhere)]).unwrap();
        let moved = House { config: config.into(), ..house.clone() };
        assert!(!catches_all_mail(&moved).await.unwrap(), "{elsewhere}");
    }
}
