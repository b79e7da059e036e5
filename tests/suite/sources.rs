//! What comes from sources, over the years of a site: nothing twice, nothing missed, and nothing that is not public any more.

use std::collections::BTreeMap;
use std::time::Duration;

use postduif::clock::Clock;
use postduif::config::Config;
use postduif::domain::edition::EditionStatus;
use postduif::domain::newsletter::NewsletterChange;
use postduif::domain::subscription::SubscriptionStatus;
use postduif::domain::time::Timestamp;
use postduif::domain::token::Keys;
use postduif::flows::approve::{Approver, approve};
use postduif::flows::collect_articles::{self, NewSource, Reading};
use postduif::flows::{House, articles, keep_schedule, newsletters, publish};
use postduif::store::{Db, editions, migrate, sources, subscriptions};

use crate::kit::database::Database;
use crate::kit::feeds::Site;
use crate::kit::wordpress::WordPress;
use crate::kit::{on_each_engine, wait};

on_each_engine![
    four_editions_of_a_site_that_grows_and_changes_hold_each_public_post_once,
    a_post_that_moves_is_the_same_in_every_feed,
    what_goes_behind_a_password_leaves_an_approved_edition_and_somebody_is_told,
    what_a_list_of_posts_names_no_more_is_in_no_edition_until_it_is_back,
    items_without_a_date_are_new_once,
    what_a_person_took_away_stays_away,
    what_one_source_has_shown_is_known_to_another_as_well,
];

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

const MINUTE: Duration = Duration::from_secs(60);

/// A house with a newsletter and a reader; it is 23 November 2026.
async fn house(database: &Database) -> House {
    let db = Db::open(database.url()).await.unwrap();
    migrate::migrate(&db).await.unwrap();
    let clock = Clock::manual(at("2026-11-23T12:00:00Z"));
    let config = Config::from_values(&[("smtp_url", "smtp://127.0.0.1:1?tls=none"), ("offline", "true")]).unwrap();
    let house = House::new(db, clock, Keys::new(&[7; 32]).unwrap(), config).unwrap();
    let newsletter = NewsletterChange {
        slug: Some("news".into()),
        title: Some("News".into()),
        language: Some("en".into()),
        from: Some("News <news@example.org>".into()),
        postal_address: Some("Street 1".into()),
        notify: Some("editor@example.org".into()),
        ..NewsletterChange::default()
    };
    let newsletter = newsletters::create(&house, newsletter).await.unwrap();
    let now = house.clock.now();
    let mut tx = house.db.write().await.unwrap();
    let email = "ada@example.org".parse().unwrap();
    let hash = house.keys.address_hash(&email);
    let language = newsletter.language;
    let person = subscriptions::find_or_insert_subscriber(&mut tx, &email, &hash, language, now).await.unwrap();
    let status = SubscriptionStatus::Confirmed;
    subscriptions::open(&mut tx, &house.link(), person.id, newsletter.id, status, Some(now), now).await.unwrap();
    tx.commit().await.unwrap();
    house
}

async fn source(house: &House, url: &str) -> i64 {
    let source = NewSource { url, section: "blogs", category_sections: BTreeMap::new(), allow_private: true };
    collect_articles::add(house, "news", source).await.unwrap().id
}

/// Reads a source a minute later.
async fn read(house: &House, id: i64) -> Reading {
    house.clock.set(house.clock.now().plus(MINUTE));
    let row = sources::by_id(&mut house.db.read().await.unwrap(), id).await.unwrap().unwrap();
    let reading = collect_articles::fetch(house, &row).await.unwrap();
    assert_eq!(reading.error, None);
    reading
}

/// The titles of the latest edition, in order.
fn titles(database: &Database) -> Vec<String> {
    database.texts(
        "select a.title from edition_items i join articles a on a.id = i.article_id \
         where i.edition_id = (select max(id) from editions) order by i.position",
    )
}

fn subjects(database: &Database) -> String {
    database.texts("select body from outbox where kind = 'notice' order by id").concat()
}

const ADA: Approver<'static> = Approver { by: "ada", accept_warnings: true, override_reason: None };

/// The latest edition goes out.
async fn send(house: &House) {
    let latest = editions::page(&mut house.db.read().await.unwrap(), None, None, 1).await.unwrap().remove(0);
    approve(house, latest.id, &ADA).await.unwrap();
    publish::send(house, latest.id, None).await.unwrap();
    let mut tx = house.db.write().await.unwrap();
    let (from, to) = (EditionStatus::Sending, EditionStatus::Sent);
    assert!(editions::change_status(&mut tx, latest.id, from, to, None, house.clock.now()).await.unwrap());
    tx.commit().await.unwrap();
}

/// The clock is set to a moment of assembly, which reads the sources and makes the draft.
async fn assembled(house: &House, database: &Database, moment: &str) -> Vec<String> {
    house.clock.set(at(moment).plus(Duration::from_secs(2)));
    keep_schedule::keep(house).await.unwrap();
    titles(database)
}

fn four_editions_of_a_site_that_grows_and_changes_hold_each_public_post_once(database: Database) {
    let site = WordPress::open();
    wait(|| async {
        let house = house(&database).await;
        for number in 1..=23 {
            site.publish(number, &format!("Oud {number}"), "blogs", &format!("2026-10-{number:02}T09:00:00"));
        }
        let all = source(&house, &site.at("/wp-json/wp/v2/posts?per_page=100")).await;
        let feed = source(&house, &site.at("/feed/")).await;
        let category = source(&house, &site.at("/category/blogs/feed/")).await;
        assert_eq!(read(&house, all).await.new, 23);
        assert_eq!((read(&house, feed).await.new, read(&house, category).await.new), (0, 0), "they are known");

        site.publish(24, "Beveiligd", "blogs", "2026-11-24T09:00:00");
        site.edit(24, |post| post.protected = true);
        site.publish(25, "Nieuw", "blogs", "2026-11-25T09:00:00");
        let first = assembled(&house, &database, "2026-12-01T08:00:00Z").await;
        assert_eq!(first, ["Nieuw", "Oud 23", "Oud 22", "Oud 21", "Oud 20"]);
        // Edited before it leaves, it leaves as it is then.
        site.edit(25, |post| post.title = "Nieuw, verbeterd".into());
        // The three are read side by side; whichever showed it first is the one that may change it.
        for id in [all, feed, category] {
            read(&house, id).await;
        }
        assert_eq!(titles(&database)[0], "Nieuw, verbeterd");
        send(&house).await;

        // The winter: three are written, one of them moves, one is thrown away, and what was sent is edited.
        for (number, title) in [(26, "Winter"), (27, "Verhuist"), (28, "Verdwijnt")] {
            site.publish(number, title, "blogs", &format!("2027-01-{number}T09:00:00"));
        }
        house.clock.set(at("2027-01-29T06:00:00Z"));
        for id in [feed, category, all] {
            read(&house, id).await;
        }
        site.edit(27, |post| post.slug = "een-ander-adres".into());
        site.edit(25, |post| post.title = "Nieuw, na het versturen".into());
        site.trash(28);
        assert_eq!(assembled(&house, &database, "2027-03-01T08:00:00Z").await, ["Verhuist", "Winter"]);
        send(&house).await;

        // The spring: one goes behind a password after it was read, and one comes out.
        site.publish(29, "Lente", "blogs", "2027-04-29T09:00:00");
        site.publish(30, "Wordt geheim", "blogs", "2027-04-30T09:00:00");
        house.clock.set(at("2027-05-01T06:00:00Z"));
        read(&house, feed).await;
        site.edit(30, |post| post.protected = true);
        assert_eq!(assembled(&house, &database, "2027-06-01T07:00:00Z").await, ["Lente"]);
        send(&house).await;
        site.edit(30, |post| post.protected = false);
        site.publish(31, "Zomer", "blogs", "2027-07-31T09:00:00");
        let last = assembled(&house, &database, "2027-09-01T07:00:00Z").await;
        assert_eq!(last, ["Zomer"], "what was open again months ago is old news");
        send(&house).await;

        let twice = "select cast(count(*) as text) from edition_items group by article_id having count(*) > 1";
        assert_eq!(database.texts(twice), [""; 0]);
        let doubled = "select title from articles group by title having count(*) > 1";
        assert_eq!(database.texts(doubled), [""; 0]);
        assert_eq!(database.texts("select title from articles where title like 'Beveiligd%'"), [""; 0]);
    });
}

fn a_post_that_moves_is_the_same_in_every_feed(database: Database) {
    let site = WordPress::open();
    wait(|| async {
        let house = house(&database).await;
        site.publish(1, "Een", "blogs", "2026-11-20T09:00:00");
        let (feed, category) =
            (source(&house, &site.at("/feed/")).await, source(&house, &site.at("/category/blogs/feed/")).await);
        assert_eq!((read(&house, feed).await.new, read(&house, category).await.new), (1, 0));
        site.edit(1, |post| post.slug = "verhuisd".into());
        // The second feed tells first.
        assert_eq!(read(&house, category).await.new, 0);
        let reading = read(&house, feed).await;
        assert_eq!((reading.new, reading.changed), (0, 1));
        assert_eq!(read(&house, category).await.new, 0);
        assert_eq!(database.texts("select url from articles"), [site.at("/verhuisd/")]);
        let canonical = database.texts("select canonical from articles").concat();
        assert!(canonical.ends_with("/verhuisd"), "{canonical}");
    });
}

fn what_goes_behind_a_password_leaves_an_approved_edition_and_somebody_is_told(database: Database) {
    let site = WordPress::open();
    wait(|| async {
        let house = house(&database).await;
        site.publish(1, "Een", "blogs", "2026-11-20T09:00:00");
        site.publish(2, "Twee", "blogs", "2026-11-21T09:00:00");
        let feed = source(&house, &site.at("/feed/")).await;
        assert_eq!(assembled(&house, &database, "2026-12-01T08:00:00Z").await, ["Twee", "Een"]);
        let id = editions::page(&mut house.db.read().await.unwrap(), None, None, 1).await.unwrap()[0].id;
        approve(&house, id, &ADA).await.unwrap();
        publish::send(&house, id, Some(at("2026-12-03T08:00:00Z"))).await.unwrap();
        site.edit(2, |post| post.protected = true);
        assert_eq!(read(&house, feed).await.withdrawn, 1);
        assert_eq!(titles(&database), ["Een"]);
        assert_eq!(database.texts("select status from editions"), ["draft"], "it must be approved anew");
        let told = subjects(&database);
        assert!(told.contains("an article has been taken out of newsletter 1") && told.contains("* Twee"), "{told}");
        house.clock.set(at("2026-12-03T08:00:01Z"));
        keep_schedule::keep(&house).await.unwrap();
        assert_eq!(database.texts("select status from editions"), ["draft"]);
        assert_eq!(read(&house, feed).await.withdrawn, 0, "it is told once");
    });
}

fn what_a_list_of_posts_names_no_more_is_in_no_edition_until_it_is_back(database: Database) {
    let site = WordPress::open();
    wait(|| async {
        let house = house(&database).await;
        for number in 1..=3 {
            site.publish(number, &format!("Post {number}"), "blogs", &format!("2026-11-{:02}T09:00:00", number + 10));
        }
        let all = source(&house, &site.at("/wp-json/wp/v2/posts?per_page=2")).await;
        let drawn = assembled(&house, &database, "2026-12-01T08:00:00Z").await;
        assert_eq!(drawn, ["Post 3", "Post 2", "Post 1"]);
        let kept = site.posts().clone();
        site.trash(2);
        assert_eq!(read(&house, all).await.withdrawn, 1);
        assert_eq!(titles(&database), ["Post 3", "Post 1"]);
        let free = "select title from articles where withdrawn_at is not null";
        assert_eq!(database.texts(free), ["Post 2"]);
        *site.posts() = kept;
        assert_eq!(read(&house, all).await.changed, 1);
        assert_eq!(database.texts(free), [""; 0]);
        // A site that suddenly shows nothing at all has a fault, and we do not believe it.
        site.posts().clear();
        assert_eq!(read(&house, all).await.withdrawn, 0);
    });
}

fn items_without_a_date_are_new_once(database: Database) {
    let site = Site::open();
    wait(|| async {
        let house = house(&database).await;
        let item =
            |title: &str| format!("<item><title>{title}</title><link>https://www.example.org/{title}</link></item>");
        let feed = |titles: &[&str]| {
            let items: String = titles.iter().map(|title| item(title)).collect();
            format!("<rss version=\"2.0\"><channel><title>Zonder datum</title>{items}</channel></rss>")
        };
        let url = site.show("/feed/", &feed(&["derde", "tweede", "eerste"]));
        let id = source(&house, &url).await;
        read(&house, id).await;
        let dates = || database.texts("select cast(published_at as text) from articles order by id");
        let before = dates();
        assert_eq!(assembled(&house, &database, "2026-12-01T08:00:00Z").await, ["derde", "tweede", "eerste"]);
        send(&house).await;
        site.show("/feed/", &feed(&["derde", "tweede", "eerste, verbeterd"]));
        read(&house, id).await;
        assert_eq!(dates()[..3], before[..]);
        site.show("/feed/", &feed(&["vierde", "derde", "tweede", "eerste"]));
        assert_eq!(assembled(&house, &database, "2027-03-01T08:00:00Z").await[0], "vierde");
        assert!(!titles(&database).contains(&"derde".to_owned()));
        assert_eq!(dates()[..3], before[..]);
    });
}

fn what_a_person_took_away_stays_away(database: Database) {
    let site = WordPress::open();
    wait(|| async {
        let house = house(&database).await;
        site.publish(1, "Een", "blogs", "2026-11-20T09:00:00");
        site.publish(2, "Twee", "blogs", "2026-11-21T09:00:00");
        let (feed, all) = (
            source(&house, &site.at("/feed/")).await,
            source(&house, &site.at("/wp-json/wp/v2/posts?per_page=100")).await,
        );
        read(&house, feed).await;
        let id = database.texts("select cast(id as text) from articles where title = 'Twee'")[0].parse().unwrap();
        articles::remove(&house, id).await.unwrap();
        site.publish(3, "Drie", "blogs", "2026-11-22T09:00:00");
        for id in [feed, all, feed] {
            read(&house, id).await;
        }
        assert_eq!(database.texts("select title from articles order by title"), ["Drie", "Een"]);
    });
}

fn what_one_source_has_shown_is_known_to_another_as_well(database: Database) {
    let site = Site::open();
    wait(|| async {
        let house = house(&database).await;
        let item = |number: usize| {
            format!(
                "<item><title>Post {number}</title><link>https://www.example.org/{number}</link><guid>{number}</guid></item>"
            )
        };
        let page = |numbers: std::ops::Range<usize>| {
            let items: String = numbers.map(item).collect();
            format!(
                "<rss version=\"2.0\"><channel><title>Dorp</title><generator>https://wordpress.org/?v=6.1</generator>{items}</channel></rss>"
            )
        };
        let (one, other) = (site.show("/feed/", &page(0..10)), site.show("/copy/", &page(0..10)));
        for path in ["/feed/", "/copy/"] {
            site.show(&format!("{path}?paged=2"), &page(10..20));
        }
        let (one, other) = (source(&house, &one).await, source(&house, &other).await);
        assert_eq!((read(&house, one).await.new, read(&house, other).await.new), (20, 0));
        assert_eq!(site.visits("/copy/?paged=2"), 1);
        site.show("/copy/", &page(0..10).replace("Dorp", "Het hele dorp"));
        read(&house, other).await;
        assert_eq!(site.visits("/copy/?paged=2"), 1, "there is nothing to look for on the second page");
    });
}
