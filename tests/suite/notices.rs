//! What editors are told by mail, as it arrives with them: when, how often, and in their newsletter's language.

use std::time::{Duration, Instant};

use postduif::clock::Clock;
use postduif::config::Config;
use postduif::domain::newsletter::NewsletterChange;
use postduif::domain::smarthost::Smarthost;
use postduif::domain::subscription::SubscriptionStatus;
use postduif::domain::time::Timestamp;
use postduif::domain::token::Keys;
use postduif::flows::approve::{Approver, approve};
use postduif::flows::articles::{self, EnteredArticle};
use postduif::flows::collect_articles::{self, NewSource};
use postduif::flows::deliver::{Mailer, Relays};
use postduif::flows::{House, keep_schedule, newsletters, publish};
use postduif::mail::smtp::{Relay, Timeouts, Tls};
use postduif::store::{Db, editions, migrate, subscriptions};

use crate::kit::database::Database;
use crate::kit::feeds::Site;
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::{Fault, Script, Step, When};
use crate::kit::{on_each_engine, wait};

on_each_engine![
    a_draft_is_announced_and_brought_to_mind_three_times_and_its_sending_told,
    an_edition_that_stops_by_itself_is_told_with_the_reason,
    a_source_that_fails_for_hours_is_told_once_and_again_after_it_worked,
    too_few_articles_are_told_with_the_next_date,
];

const EDITOR: &str = "editor@example.org";
const DAY: Duration = Duration::from_secs(24 * 3600);

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// A house at work with its clock in the test's hand, and the mail server that takes all its mail.
struct Office {
    house: House,
    double: SmtpDouble,
    mailer: Mailer,
}

impl Office {
    async fn open(database: &Database, language: &str, script: Script) -> Self {
        let double = SmtpDouble::start(script);
        let db = Db::open(database.url()).await.unwrap();
        migrate::migrate(&db).await.unwrap();
        let clock = Clock::manual(at("2026-11-23T12:00:00Z"));
        let config = Config::from_values(&[("smtp_url", &double.url("tls=none")), ("offline", "true")]).unwrap();
        let house = House::new(db, clock, Keys::new(&[7; 32]).unwrap(), config).unwrap();
        let newsletter = NewsletterChange {
            slug: Some("news".into()),
            title: Some("News".into()),
            language: Some(language.into()),
            from: Some("News <news@example.org>".into()),
            postal_address: Some("Street 1".into()),
            notify: Some(format!("{EDITOR}, second@example.org")),
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
        let server = Smarthost::parse_list(&double.url("tls=none")).unwrap().remove(0);
        let timeouts = Timeouts::all(Duration::from_secs(5));
        let relay = Relay::new(server, "test.example", timeouts, Tls::from_system());
        let mailer = Mailer::start(&house, Relays::new(house.clock.clone(), vec![relay]));
        Self { house, double, mailer }
    }

    async fn article(&self, number: u8) {
        let entered = EnteredArticle {
            section: "blogs".into(),
            title: format!("Article {number}"),
            url: format!("https://www.example.org/{number}"),
            summary: "What it says.".into(),
            published: None,
        };
        articles::enter(&self.house, "news", entered).await.unwrap();
    }

    /// Lets the clock stand there, and does what is due.
    async fn tick(&self, moment: Timestamp) {
        self.house.clock.set(moment);
        keep_schedule::keep(&self.house).await.unwrap();
    }

    /// Waits until the editor has had so many mails, and gives subject and text of each.
    async fn told(&self, count: usize) -> Vec<(String, String)> {
        let began = Instant::now();
        loop {
            let told: Vec<_> = self.double.seen().messages.iter().filter(|one| one.to == EDITOR).map(read).collect();
            if told.len() >= count {
                // What came too often would come at once.
                tokio::time::sleep(Duration::from_millis(50)).await;
                assert_eq!(told.len(), count, "{told:#?}");
                let second = self.double.seen().messages.iter().filter(|one| one.to == "second@example.org").count();
                assert!(second <= count && second + 1 >= count, "everybody who looks after it is told");
                return told;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "{count} notices were due: {told:#?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn read(message: &crate::kit::smtp_double::Message) -> (String, String) {
    let mail = mail_parser::MessageParser::default().parse(&message.bytes).expect("it is a mail");
    assert_eq!(mail.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
    assert!(mail.header_raw("List-Unsubscribe").is_none(), "a notice is no newsletter");
    let text = mail.body_text(0).expect("it has a text").replace("\r\n", " ").replace('\n', " ");
    (mail.subject().unwrap_or_default().to_owned(), text)
}

fn a_draft_is_announced_and_brought_to_mind_three_times_and_its_sending_told(database: Database) {
    wait(|| async {
        let office = Office::open(&database, "nl", Script::offering(&[])).await;
        office.article(1).await;
        let ready = at("2026-12-01T08:00:01Z");
        office.tick(ready).await;
        let told = office.told(1).await;
        assert_eq!(told[0].0, "Concept klaar: nieuwsbrief 1");
        for part in ["Er gaat niets uit voordat jij het goedkeurt", "* Article 1", "/admin/editions/1"] {
            assert!(told[0].1.contains(part), "{part}: {}", told[0].1);
        }
        // Looked at every day for two months, it is brought to mind after one, two and three weeks.
        for day in 1..60 {
            office.tick(ready.plus(DAY * day)).await;
            let due = 1 + usize::try_from(day / 7).unwrap().min(3);
            if day % 7 == 0 && day <= 28 {
                let told = office.told(due).await;
                assert_eq!(told[due - 1].0, "Herinnering: nieuwsbrief 1 wacht op je", "on day {day}");
            }
        }
        office.told(4).await;
        approve(&office.house, 1, &Approver { by: "ada", accept_warnings: true, override_reason: None }).await.unwrap();
        publish::send(&office.house, 1, None).await.unwrap();
        let told = office.told(5).await;
        assert_eq!(told[4].0, "Nieuwsbrief 1 is verstuurd");
        assert!(told[4].1.contains("Aangenomen: 1 van de 1 e-mails."), "{}", told[4].1);
        office.mailer.stop().await;
    });
}

fn an_edition_that_stops_by_itself_is_told_with_the_reason(database: Database) {
    wait(|| async {
        let script = Script::offering(&[]).with(Step::Dot, Fault::Says("554 5.7.1 spam"), When::Every(1));
        let office = Office::open(&database, "en", script).await;
        office.article(1).await;
        office.tick(at("2026-12-01T08:00:01Z")).await;
        // The mail server refuses the notice of the draft as well: it waits until things are well.
        approve(&office.house, 1, &Approver { by: "ada", accept_warnings: true, override_reason: None }).await.unwrap();
        publish::send(&office.house, 1, None).await.unwrap();
        let began = Instant::now();
        while database.texts("select status from editions") != ["paused"] {
            assert!(began.elapsed() < Duration::from_secs(30), "it never stops");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        office.double.becomes_well();
        database.sql("update outbox set next_at = 0 where state in ('queued', 'deferred')");
        let told = office.told(2).await;
        let subjects: Vec<_> = told.iter().map(|(subject, _)| subject.as_str()).collect();
        assert!(subjects.contains(&"Draft ready: newsletter 1"), "{subjects:?}");
        let stopped = told.iter().find(|(subject, _)| subject == "Attention: newsletter 1 has stopped");
        let (_, text) = stopped.expect("it is told that it has stopped");
        assert!(text.contains("Sending stopped after 0 of 1 emails. Reason: "), "{text}");
        assert!(text.contains("554 5.7.1 spam"), "{text}");
        assert!(text.contains("Nobody will get the newsletter twice"), "{text}");
        office.mailer.stop().await;
    });
}

fn a_source_that_fails_for_hours_is_told_once_and_again_after_it_worked(database: Database) {
    wait(|| async {
        let office = Office::open(&database, "nl", Script::offering(&[])).await;
        let site = Site::open();
        let feed = "<rss version=\"2.0\"><channel><title>Het dorp</title><item><title>Een</title>\
                    <link>https://www.example.org/een</link></item></channel></rss>";
        let url = site.show("/feed/", feed);
        let source =
            NewSource { url: &url, section: "blogs", category_sections: Default::default(), allow_private: true };
        collect_articles::add(&office.house, "news", source).await.unwrap();
        let mut now = at("2026-11-24T06:00:00Z");
        let visits = |mut now: Timestamp, hours: u32| {
            let house = office.house.clone();
            async move {
                for _ in 0..hours {
                    now = now.plus(Duration::from_secs(3600));
                    house.clock.set(now);
                    collect_articles::fetch_due(&house).await.unwrap();
                }
                now
            }
        };
        now = visits(now, 1).await;
        site.hide("/feed/");
        now = visits(now, 30).await;
        assert_eq!(office.double.seen().messages.len(), 0, "an evening of maintenance is not worth a mail");
        now = visits(now, 48).await;
        let told = office.told(1).await;
        assert_eq!(told[0].0, "We kunnen Het dorp niet meer lezen");
        assert!(told[0].1.contains("Sinds dinsdag 24 november 2026 om 08:00"), "{}", told[0].1);
        site.show("/feed/", feed);
        now = visits(now, 24).await;
        site.hide("/feed/");
        visits(now, 60).await;
        office.told(2).await;
        office.mailer.stop().await;
    });
}

fn too_few_articles_are_told_with_the_next_date(database: Database) {
    wait(|| async {
        let office = Office::open(&database, "en", Script::offering(&[])).await;
        office.tick(at("2026-12-01T08:00:01Z")).await;
        let told = office.told(1).await;
        assert_eq!(told[0].0, "No new articles for the newsletter");
        assert!(told[0].1.contains("The next time is Monday 1 March 2027 at 09:00"), "{}", told[0].1);
        assert!(editions::page(&mut office.house.db.read().await.unwrap(), None, None, 9).await.unwrap().is_empty());
        office.mailer.stop().await;
    });
}
