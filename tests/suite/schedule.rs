//! The calendar keeps itself: a draft at its moment, a sending after its review, and a question when one was missed.

use postduif::clock::Clock;
use postduif::config::Config;
use postduif::domain::edition::EditionStatus;
use postduif::domain::newsletter::NewsletterChange;
use postduif::domain::subscription::SubscriptionStatus;
use postduif::domain::time::Timestamp;
use postduif::domain::token::Keys;
use postduif::flows::approve::{Approver, approve};
use postduif::flows::{House, keep_schedule, newsletters, publish};
use postduif::store::articles::{self, NewArticle};
use postduif::store::editions::EditionRow;
use postduif::store::{Db, editions, migrate, subscriptions};

use crate::kit::database::Database;
use crate::kit::{on_each_engine, wait};

on_each_engine![
    a_year_brings_four_drafts_each_at_nine_on_the_wall,
    an_edition_leaves_by_itself_after_its_review_where_that_is_allowed,
    a_moment_missed_by_weeks_is_told_and_not_made_up_for,
    a_planned_sending_that_was_missed_asks_a_person,
    without_new_articles_there_is_no_edition_but_a_notice,
];

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

async fn house(database: &Database, approval: &str) -> House {
    let db = Db::open(database.url()).await.unwrap();
    migrate::migrate(&db).await.unwrap();
    let clock = Clock::manual(at("2026-11-23T12:00:00Z"));
    let config = Config::from_values(&[("smtp_url", "smtp://127.0.0.1:1?tls=none")]).unwrap();
    let house = House::new(db, clock, Keys::new(&[7; 32]).unwrap(), config).unwrap();
    let newsletter = newsletters::create(
        &house,
        NewsletterChange {
            slug: Some("news".into()),
            title: Some("News".into()),
            from: Some("News <news@example.org>".into()),
            postal_address: Some("Street 1".into()),
            approval: Some(approval.into()),
            notify: Some("editor@example.org".into()),
            ..NewsletterChange::default()
        },
    )
    .await
    .unwrap();
    let now = house.clock.now();
    let mut tx = house.db.write().await.unwrap();
    let email = "ada@example.org".parse().unwrap();
    let hash = house.keys.address_hash(&email);
    let person =
        subscriptions::find_or_insert_subscriber(&mut tx, &email, &hash, newsletter.language, now).await.unwrap();
    let status = SubscriptionStatus::Confirmed;
    subscriptions::open(&mut tx, &house.link(), person.id, newsletter.id, status, Some(now), now).await.unwrap();
    tx.commit().await.unwrap();
    house
}

async fn article(house: &House, name: &str) {
    let now = house.clock.now();
    let mut tx = house.db.write().await.unwrap();
    let article = NewArticle {
        newsletter_id: 1,
        source_id: None,
        guid: name.into(),
        canonical: name.into(),
        section: "blogs".into(),
        title: name.into(),
        url: format!("https://www.example.org/{name}"),
        summary: "What it says.".into(),
        source_url: None,
        author: None,
        image_url: None,
        published_at: now,
    };
    articles::store(&mut tx, &article, now).await.unwrap();
    tx.commit().await.unwrap();
}

async fn all(house: &House) -> Vec<EditionRow> {
    let mut editions = editions::page(&mut house.db.read().await.unwrap(), None, None, 100).await.unwrap();
    editions.reverse();
    editions
}

async fn finish(house: &House, edition: &EditionRow) {
    let now = house.clock.now();
    let mut tx = house.db.write().await.unwrap();
    for (from, to) in [
        (EditionStatus::Draft, EditionStatus::Approved),
        (EditionStatus::Approved, EditionStatus::Sending),
        (EditionStatus::Sending, EditionStatus::Sent),
    ] {
        assert!(editions::change_status(&mut tx, edition.id, from, to, None, now).await.unwrap());
    }
    tx.commit().await.unwrap();
}

fn a_year_brings_four_drafts_each_at_nine_on_the_wall(database: Database) {
    wait(|| async {
        let house = house(&database, "required").await;
        let hour = std::time::Duration::from_secs(3600);
        let (mut made, mut day) = (Vec::new(), at("2026-11-24T00:00:00Z"));
        for number in 0..390 {
            house.clock.set(day);
            article(&house, &format!("day-{number}")).await;
            // The hours around nine on the wall in winter and in summer; each is looked at twice, the second time
            // with a clock that was set back.
            for moment in (6..10).map(|hours| day.plus(hour * hours)) {
                for moment in [moment, moment.minus(hour)] {
                    house.clock.set(moment);
                    keep_schedule::keep(&house).await.unwrap();
                }
                let draft = all(&house).await.into_iter().find(|edition| edition.status == EditionStatus::Draft);
                if let Some(edition) = draft {
                    let zone = postduif::domain::schedule::zone("Europe/Amsterdam").unwrap();
                    made.push(edition.created_at.to_rfc3339_in(&zone));
                    finish(&house, &edition).await;
                }
            }
            day = day.plus(hour * 24);
        }
        assert_eq!(made.len(), 5, "{made:?}");
        assert!(made.iter().all(|moment| moment.contains("-01T09:00:00")), "{made:?}");
    });
}

fn an_edition_leaves_by_itself_after_its_review_where_that_is_allowed(database: Database) {
    wait(|| async {
        let house = house(&database, "automatic").await;
        article(&house, "one").await;
        house.clock.set(at("2026-12-01T07:59:00Z"));
        keep_schedule::keep(&house).await.unwrap();
        assert!(all(&house).await.is_empty(), "it is not nine yet");
        house.clock.set(at("2026-12-01T08:00:01Z"));
        keep_schedule::keep(&house).await.unwrap();
        keep_schedule::keep(&house).await.unwrap();
        let editions = all(&house).await;
        assert_eq!(editions.len(), 1);
        assert_eq!(editions[0].send_at, Some(at("2026-12-08T08:00:00Z")));
        assert_eq!(database.texts("select kind from outbox"), ["notice"]);
        house.clock.set(at("2026-12-08T08:00:04Z"));
        keep_schedule::keep(&house).await.unwrap();
        let edition = all(&house).await.remove(0);
        assert_eq!(edition.status, EditionStatus::Sending);
        assert_eq!(edition.approved_by.as_deref(), Some("automatic"));
    });
}

fn a_moment_missed_by_weeks_is_told_and_not_made_up_for(database: Database) {
    wait(|| async {
        let house = house(&database, "automatic").await;
        article(&house, "one").await;
        house.clock.set(at("2026-12-20T12:00:00Z"));
        keep_schedule::keep(&house).await.unwrap();
        assert!(all(&house).await.is_empty());
        assert_eq!(database.texts("select state from moments"), ["missed"]);
        assert_eq!(database.texts("select kind from outbox"), ["notice"]);
        house.clock.set(at("2027-03-01T08:00:01Z"));
        keep_schedule::keep(&house).await.unwrap();
        assert_eq!(all(&house).await.len(), 1, "the next moment is kept");
    });
}

fn a_planned_sending_that_was_missed_asks_a_person(database: Database) {
    wait(|| async {
        let house = house(&database, "required").await;
        article(&house, "one").await;
        house.clock.set(at("2026-12-01T08:00:01Z"));
        keep_schedule::keep(&house).await.unwrap();
        let edition = all(&house).await.remove(0);
        let approver = Approver { by: "ada", accept_warnings: true, override_reason: None };
        approve(&house, edition.id, &approver).await.unwrap();
        publish::send(&house, edition.id, Some(at("2026-12-02T09:00:00Z"))).await.unwrap();
        house.clock.set(at("2026-12-05T09:00:00Z"));
        keep_schedule::keep(&house).await.unwrap();
        let edition = all(&house).await.remove(0);
        assert_eq!((edition.status, edition.send_at), (EditionStatus::Approved, None));
        assert_eq!(database.texts("select kind from outbox"), ["notice", "notice"]);
    });
}

fn without_new_articles_there_is_no_edition_but_a_notice(database: Database) {
    wait(|| async {
        let house = house(&database, "required").await;
        house.clock.set(at("2026-12-01T08:00:01Z"));
        keep_schedule::keep(&house).await.unwrap();
        assert!(all(&house).await.is_empty());
        assert_eq!(database.texts("select kind from outbox"), ["notice"]);
        assert_eq!(database.texts("select outcome from moments"), ["too few articles"]);
    });
}
