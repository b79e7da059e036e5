//! The calendar keeps itself: a draft at its moment, a sending after its review, and a question when one was missed.

use std::time::Duration;

use postduif::clock::Clock;
use postduif::config::Config;
use postduif::domain::checkup::CheckStatus;
use postduif::domain::edition::EditionStatus;
use postduif::domain::language::Language;
use postduif::domain::newsletter::NewsletterChange;
use postduif::domain::role::Role;
use postduif::domain::subscription::SubscriptionStatus;
use postduif::domain::time::Timestamp;
use postduif::domain::token::Keys;
use postduif::flows::approve::{ApprovalError, Approver, approve};
use postduif::flows::assemble::{Assembled, assemble};
use postduif::flows::publish::Deed;
use postduif::flows::users::{self, Addition};
use postduif::flows::{House, doctor, keep_schedule, newsletters, publish};
use postduif::store::articles::{self, NewArticle};
use postduif::store::editions::EditionRow;
use postduif::store::{Db, editions, migrate, subscriptions};

use serde_json::Value;

use crate::kit::database::Database;
use crate::kit::{on_each_engine, wait};

const DAY: Duration = Duration::from_secs(24 * 3600);

on_each_engine![
    a_year_brings_four_drafts_each_at_nine_on_the_wall,
    an_edition_leaves_by_itself_after_its_review_where_that_is_allowed,
    a_moment_missed_by_weeks_is_told_and_not_made_up_for,
    a_planned_sending_that_was_missed_asks_a_person,
    without_new_articles_there_is_no_edition_but_a_notice,
    an_approved_edition_whose_moment_passes_is_told_and_brought_to_mind,
    a_moment_that_finds_an_open_edition_says_so,
    a_moment_that_was_begun_and_left_is_taken_up,
    a_hundred_assemblies_at_once_make_one_edition,
    whom_nobody_named_to_be_told_are_all_who_work_here,
    two_years_of_a_quarterly_schedule_never_break_the_promise_and_one_edition_more_does,
];

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub async fn house(database: &Database, approval: &str) -> House {
    house_with(database, NewsletterChange { approval: Some(approval.into()), ..NewsletterChange::default() }).await
}

async fn house_with(database: &Database, change: NewsletterChange) -> House {
    let db = Db::open(database.url()).await.unwrap();
    migrate::migrate(&db).await.unwrap();
    let clock = Clock::manual(at("2026-11-23T12:00:00Z"));
    let config = Config::from_values(&[("smtp_url", "smtp://127.0.0.1:1?tls=none"), ("offline", "true")]).unwrap();
    let house = House::new(db, clock, Keys::new(&[7; 32]).unwrap(), config).unwrap();
    let newsletter = newsletters::create(
        &house,
        NewsletterChange {
            slug: Some("news".into()),
            title: Some("News".into()),
            language: Some("en".into()),
            from: Some("News <news@example.org>".into()),
            postal_address: Some("Street 1".into()),
            notify: change.notify.clone().or(Some("editor@example.org".into())),
            ..change
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

pub async fn article(house: &House, name: &str) {
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

pub async fn all(house: &House) -> Vec<EditionRow> {
    let mut editions = editions::page(&mut house.db.read().await.unwrap(), None, None, 100).await.unwrap();
    editions.reverse();
    editions
}

pub async fn finish(house: &House, edition: &EditionRow) {
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

/// What editors were told, oldest first.
fn told(database: &Database) -> Vec<Value> {
    let letters = database.texts("select body from outbox where kind = 'notice' order by id");
    letters.iter().map(|letter| serde_json::from_str(letter).unwrap()).collect()
}

fn subjects(database: &Database) -> Vec<String> {
    told(database).iter().map(|letter| letter["subject"].as_str().unwrap().to_owned()).collect()
}

const ADA: Approver<'static> = Approver { by: "ada", accept_warnings: true, override_reason: None };

fn an_approved_edition_whose_moment_passes_is_told_and_brought_to_mind(database: Database) {
    wait(|| async {
        let house = house(&database, "required").await;
        article(&house, "one").await;
        let assembled = at("2026-12-01T08:00:01Z");
        house.clock.set(assembled);
        keep_schedule::keep(&house).await.unwrap();
        let id = all(&house).await.remove(0).id;
        house.clock.set(assembled.plus(DAY));
        approve(&house, id, &ADA).await.unwrap();
        for day in 2..60 {
            house.clock.set(assembled.plus(DAY * day));
            keep_schedule::keep(&house).await.unwrap();
        }
        let edition = all(&house).await.remove(0);
        assert_eq!((edition.status, edition.send_at), (EditionStatus::Approved, None), "only a person lets it go");
        let not_sent = "Newsletter 1 is approved but not sent";
        assert_eq!(subjects(&database), ["Draft ready: newsletter 1", not_sent, not_sent, not_sent, not_sent]);
        let first = told(&database)[1]["text"].as_str().unwrap().to_owned();
        assert!(first.contains("Tuesday 8 December 2026 at 09:00") && first.contains("/admin/editions/"), "{first}");
        // Who approves after the moment knows what time it is.
        publish::by_hand(&house, id, Deed::Cancel, "ada").await.unwrap();
        article(&house, "two").await;
        house.clock.set(at("2027-03-01T08:00:01Z"));
        keep_schedule::keep(&house).await.unwrap();
        let id = all(&house).await.remove(1).id;
        house.clock.set(at("2027-03-09T12:00:00Z"));
        approve(&house, id, &ADA).await.unwrap();
        let before = told(&database).len();
        keep_schedule::keep(&house).await.unwrap();
        assert_eq!(told(&database).len(), before);
    });
}

fn a_moment_that_finds_an_open_edition_says_so(database: Database) {
    wait(|| async {
        let house = house(&database, "required").await;
        article(&house, "one").await;
        house.clock.set(at("2026-12-01T08:00:01Z"));
        keep_schedule::keep(&house).await.unwrap();
        database.sql("update editions set reminders = 3");
        house.clock.set(at("2027-03-01T08:00:01Z"));
        keep_schedule::keep(&house).await.unwrap();
        assert_eq!(all(&house).await.len(), 1);
        let letter = told(&database).pop().unwrap();
        assert_eq!(letter["subject"], "No new draft: newsletter 1 is still open");
        let text = letter["text"].as_str().unwrap();
        assert!(text.contains("The next time is Tuesday 1 June 2027 at 09:00"), "{text}");
        assert_eq!(database.texts("select outcome from moments order by due_at")[1], "edition 1 is still open");
    });
}

fn a_moment_that_was_begun_and_left_is_taken_up(database: Database) {
    wait(|| async {
        let house = house(&database, "required").await;
        article(&house, "one").await;
        // As an older version left it that was killed in the middle.
        let (due, began) = (at("2026-12-01T08:00:00Z"), at("2026-12-01T08:00:02Z"));
        database.sql(&format!(
            "insert into moments (kind, scope, due_at, state, node, started_at) values ('assemble', 'news', {}, 'running', '', {})",
            due.as_micros(),
            began.as_micros()
        ));
        database.sql(&format!("update newsletters set next_assemble_at = {}", at("2027-03-01T08:00:00Z").as_micros()));
        house.clock.set(at("2026-12-01T08:05:00Z"));
        keep_schedule::keep(&house).await.unwrap();
        assert!(all(&house).await.is_empty(), "somebody may still be at it");
        house.clock.set(at("2026-12-01T08:20:00Z"));
        keep_schedule::keep(&house).await.unwrap();
        keep_schedule::keep(&house).await.unwrap();
        let editions = all(&house).await;
        assert_eq!(editions.len(), 1);
        assert_eq!(editions[0].send_at, Some(at("2026-12-08T08:00:00Z")));
        assert_eq!(database.texts("select state from moments"), ["done"]);
        assert_eq!(subjects(&database), ["Draft ready: newsletter 1"]);
    });
}

fn a_hundred_assemblies_at_once_make_one_edition(database: Database) {
    wait(|| async {
        let house = house(&database, "required").await;
        article(&house, "one").await;
        house.clock.set(at("2026-12-01T08:00:01Z"));
        let mut assembling = tokio::task::JoinSet::new();
        for number in 0..100 {
            let house = house.clone();
            assembling.spawn(async move {
                match number % 2 {
                    0 => keep_schedule::assemble_due(&house).await,
                    _ => assemble(&house, "news", None).await.map(drop),
                }
            });
        }
        for outcome in assembling.join_all().await {
            outcome.unwrap();
        }
        assert_eq!(all(&house).await.len(), 1);
        assert_eq!(database.texts("select state from moments"), ["done"]);
        assert_eq!(told(&database).len(), 1);
    });
}

fn whom_nobody_named_to_be_told_are_all_who_work_here(database: Database) {
    wait(|| async {
        let house = house_with(&database, NewsletterChange { notify: Some("".into()), ..Default::default() }).await;
        for (email, role) in
            [("ada@example.org", Role::Admin), ("bob@example.org", Role::Editor), ("eve@example.org", Role::Viewer)]
        {
            let user = Addition { email, name: "", role, language: Language::En, password: None };
            users::add(&house, user, "a test").await.unwrap();
        }
        house.clock.set(at("2026-12-01T08:00:01Z"));
        keep_schedule::keep(&house).await.unwrap();
        let recipients = database.texts("select recipient from outbox where kind = 'notice' order by recipient");
        assert_eq!(recipients, ["ada@example.org", "bob@example.org"]);
        let told = |checks: Vec<doctor::Check>| checks.into_iter().find(|check| check.name == "notices:news").unwrap();
        assert_eq!(told(doctor::examine(&house).await.unwrap()).status, CheckStatus::Ok);
        database.sql("update users set disabled_at = 1");
        assert_eq!(told(doctor::examine(&house).await.unwrap()).status, CheckStatus::Warn);
    });
}

fn two_years_of_a_quarterly_schedule_never_break_the_promise_and_one_edition_more_does(database: Database) {
    let rules = ["0 9 1 3,6,9,12 *", "first tuesday of march, june, september, december at 09:00"];
    wait(|| async {
        let change = NewsletterChange { assemble: Some(rules[0].into()), ..Default::default() };
        let house = house_with(&database, change).await;
        for (rule, approval, start) in [
            (rules[0], "required", "2026-11-23T12:00:00Z"),
            (rules[0], "automatic", "2030-01-23T12:00:00Z"),
            (rules[1], "required", "2033-05-23T12:00:00Z"),
            (rules[1], "automatic", "2036-08-23T12:00:00Z"),
        ] {
            house.clock.set(at(start));
            let change = NewsletterChange {
                assemble: Some(rule.into()),
                approval: Some(approval.into()),
                ..NewsletterChange::default()
            };
            newsletters::edit(&house, "news", change).await.unwrap();
            let mut last = house.clock.now();
            for number in 0..9 {
                let newsletter = newsletters::find(&mut house.db.read().await.unwrap(), "news").await.unwrap();
                let due = newsletter.next_assemble_at.unwrap();
                house.clock.set(due.plus(Duration::from_secs(1)));
                article(&house, &format!("{start}-{number}")).await;
                keep_schedule::keep(&house).await.unwrap();
                let edition = all(&house).await.pop().unwrap();
                if approval == "required" {
                    // Some are looked at at once, others a week late.
                    house.clock.set(due.plus(DAY * [9, 2, 0, 5, 1][number % 5]));
                    approve(&house, edition.id, &ADA).await.unwrap_or_else(|error| panic!("{rule} {number}: {error}"));
                    publish::send(&house, edition.id, None).await.unwrap();
                } else {
                    house.clock.set(edition.send_at.unwrap().plus(Duration::from_secs(1)));
                    keep_schedule::keep(&house).await.unwrap();
                }
                let edition = all(&house).await.pop().unwrap();
                assert_eq!(edition.status, EditionStatus::Sending, "{rule}, {approval}: {number}");
                last = house.clock.now();
                let mut tx = house.db.write().await.unwrap();
                let (from, to) = (EditionStatus::Sending, EditionStatus::Sent);
                assert!(editions::change_status(&mut tx, edition.id, from, to, None, last).await.unwrap());
                tx.commit().await.unwrap();
            }
            house.clock.set(last.plus(DAY * 20));
            article(&house, &format!("{start}-more")).await;
            let Assembled::Draft(more) = assemble(&house, "news", None).await.unwrap() else { panic!("no draft") };
            let Err(ApprovalError::Findings(found)) = approve(&house, more.id, &ADA).await else {
                panic!("a fifth within a year must be answered for")
            };
            assert!(found.findings.iter().any(|finding| finding.check == "promise"), "{found:?}");
            publish::by_hand(&house, more.id, Deed::Cancel, "ada").await.unwrap();
        }
    });
}
