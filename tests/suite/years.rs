//! Years in seconds: people, editors, the calendar and a moody mail server by the dice of one seed, against a model
//! that knows what must come of it.
//!
//! `POSTDUIF_TEST_SEED=…` plays one again, `POSTDUIF_TEST_YEARS=10` plays longer. The seed is printed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use postduif::domain::role::Role;
use postduif::domain::smarthost::Smarthost;
use postduif::domain::time::Timestamp;
use postduif::flows::deliver::{Mailer, Relays};
use postduif::flows::{keep_schedule, retention};
use postduif::mail::smtp::{Relay, Timeouts, Tls};
use serde_json::{Value, json};

use crate::kit::database::Database;
use crate::kit::dice::Dice;
use crate::kit::house::Served;
use crate::kit::on_each_engine;
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::{Fault, Script, Step, When};

on_each_engine![whatever_happens_in_years_everybody_gets_what_they_asked_for_and_nothing_else];

const DAY: Duration = Duration::from_secs(24 * 3600);
const PEOPLE: u64 = 30;
/// The promise of the newsletter.
const MAX_PER_YEAR: usize = 4;

/// What has reached one person, as they see it.
#[derive(Default)]
struct Inbox {
    /// Links to confirm, with the moment they were mailed.
    confirm: Vec<(String, Timestamp)>,
    /// The newest link to leave.
    leave: Option<String>,
    editions: Vec<String>,
}

/// The world, and what must be true of it.
struct World {
    served: Served,
    double: SmtpDouble,
    dice: Dice,
    token: String,
    inboxes: BTreeMap<String, Inbox>,
    /// Messages of the double that have been looked at.
    read: usize,
    /// Who wants the newsletter, by the model's own account.
    readers: BTreeSet<String>,
    /// Each edition that began: when, and who was a reader then.
    begun: Vec<(Timestamp, BTreeSet<String>)>,
}

fn whatever_happens_in_years_everybody_gets_what_they_asked_for_and_nothing_else(database: Database) {
    let years = std::env::var("POSTDUIF_TEST_YEARS").ok().map(|years| years.parse::<u64>().expect("a number"));
    let days = years.map_or(400, |years| years * 365);
    let mut world = World::new(database, Dice::thrown());
    let mailer = world.mailer();
    for _ in 0..days {
        world.day();
    }
    world.served.run(mailer.stop());
    world.judge();
}

impl World {
    fn new(database: Database, mut dice: Dice) -> Self {
        // A server that is often in a mood, but always about itself: nobody may be lost or blamed for it.
        let often = |dice: &mut Dice| When::Every(5 + usize::try_from(dice.roll(30)).expect("it is small"));
        let script = Script::offering(&["PIPELINING"])
            .with(Step::Connect, Fault::Drops, often(&mut dice))
            .with(Step::Mail, Fault::Says("421 4.3.2 shutting down"), often(&mut dice))
            .with(Step::Rcpt, Fault::Says("451 4.7.1 greylisted"), often(&mut dice))
            .with(Step::Data, Fault::Drops, often(&mut dice));
        let double = SmtpDouble::start(script);
        let server = double.url("tls=none");
        let settings =
            [("signups_per_network", "0"), ("signups_total", "0"), ("offline", "true"), ("smtp_url", server.as_str())];
        let served = Served::set(database, &settings);
        let token = served.api_token(Role::Admin);
        let (inboxes, readers) = (BTreeMap::new(), BTreeSet::new());
        Self { served, double, dice, token, inboxes, read: 0, readers, begun: Vec::new() }
    }

    fn mailer(&self) -> Mailer {
        let server = Smarthost::parse_list(&self.double.url("tls=none")).unwrap().remove(0);
        let relay = Relay::new(server, "test.example", Timeouts::all(Duration::from_secs(20)), Tls::from_system());
        let house = self.served.house.clone();
        self.served.run(async move { Mailer::start(&house, Relays::new(house.clock.clone(), vec![relay])) })
    }

    /// One day, hour by hour where something happens.
    fn day(&mut self) {
        let morning = self.served.house.clock.now();
        if self.dice.one_in(3) {
            let name = self.dice.roll(u64::MAX);
            let url = format!("https://www.example.org/{name}");
            let article =
                json!({ "section": "blogs", "title": format!("Article {name}"), "url": url, "summary": "Words." });
            assert_eq!(self.api("/newsletters/ibp/articles", &article).0, 201);
        }
        for _ in 0..self.dice.roll(3) {
            let person = self.person();
            assert_eq!(self.served.subscribe(&person).status, 303);
            self.deliver();
        }
        for _ in 0..self.dice.roll(3) {
            self.confirm();
        }
        if self.dice.one_in(10) {
            self.leave();
        }
        self.editor();
        for hour in [0, 1, 3] {
            // Now and then the clock is set back by an hour.
            let back = if self.dice.one_in(20) { 1 } else { 0 };
            self.set(morning.plus(DAY / 24 * hour).minus(DAY / 24 * back));
            self.tick();
        }
        self.set(morning.plus(DAY));
        self.served.run(retention::forget(&self.served.house)).unwrap();
        self.deliver();
    }

    fn set(&self, moment: Timestamp) {
        self.served.house.clock.set(moment);
    }

    fn person(&mut self) -> String {
        let number = self.dice.roll(PEOPLE);
        // Far enough apart that none looks like another one mistyped.
        let place =
            ["delft", "breda", "utrecht", "zwolle", "almere"][usize::try_from(number % 5).expect("it is small")];
        format!("person{number}@{place}.example.org")
    }

    /// Somebody presses the button of a mail, an old one perhaps.
    fn confirm(&mut self) {
        let person = self.person();
        let Some(inbox) = self.inboxes.get(&person) else { return };
        if inbox.confirm.is_empty() {
            return;
        }
        let pick = self.dice.roll(inbox.confirm.len() as u64);
        let (link, mailed) = inbox.confirm[usize::try_from(pick).expect("it is small")].clone();
        let before = self.status(&person);
        let answer = self.served.form(&link, &[]);
        assert!(answer.status < 500, "{}", answer.text());
        let age = self.served.house.clock.now().since(mailed);
        if age > 8 * DAY {
            assert_eq!(self.status(&person), before, "a link {age:?} old moved somebody");
        } else if self.status(&person) == "confirmed" {
            self.readers.insert(person);
        }
        self.deliver();
    }

    /// Somebody has had enough.
    fn leave(&mut self) {
        let person = self.person();
        let Some(link) = self.inboxes.get(&person).and_then(|inbox| inbox.leave.clone()) else { return };
        let answer = self.served.form(&link, &[("List-Unsubscribe", "One-Click")]);
        assert_eq!(answer.status, 200, "{}", answer.text());
        self.readers.remove(&person);
        assert_ne!(self.status(&person), "confirmed");
    }

    /// The editor looks in every few days, and now and then wants one more edition than was promised.
    fn editor(&mut self) {
        if self.dice.one_in(40) {
            self.api("/newsletters/ibp/editions", &json!({}));
        }
        if !self.dice.one_in(4) {
            return;
        }
        let list =
            self.served.http.ask("GET", "/api/v1/editions?newsletter=ibp").header("authorization", &self.bearer());
        let list = list.send().json();
        let drafts = list["items"].as_array().expect("a list").iter().filter(|edition| edition["status"] == "draft");
        for id in drafts.map(|edition| edition["id"].clone()).collect::<Vec<_>>() {
            if self.dice.one_in(8) {
                self.api(&format!("/editions/{id}/cancel"), &json!({}));
            } else if self.api(&format!("/editions/{id}/approve"), &json!({ "accept_warnings": true })).0 == 200 {
                self.begun.push((self.served.house.clock.now(), self.readers.clone()));
                let (status, answer) = self.api(&format!("/editions/{id}/send"), &json!({}));
                assert_eq!(status, 200, "{answer}");
                self.deliver();
            }
        }
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    fn api(&self, place: &str, body: &Value) -> (u16, String) {
        let ask = self.served.http.ask("POST", &format!("/api/v1{place}"));
        let ask = ask.header("authorization", &self.bearer()).header("content-type", "application/json");
        let answer = ask.send_body(&body.to_string());
        assert!(answer.status < 500, "{place}: {}", answer.text());
        (answer.status, answer.text())
    }

    fn tick(&self) {
        self.served.run(keep_schedule::keep(&self.served.house)).unwrap();
    }

    fn status(&self, person: &str) -> String {
        self.served.status(person)
    }

    /// Lets time pass until nothing is owed, then looks into all inboxes.
    fn deliver(&mut self) {
        let owed = "select cast((select count(*) from outbox where state <> 'failed') \
                    + (select count(*) from editions where status = 'sending') as text)";
        let began = Instant::now();
        while self.served.database.texts(owed) != ["0"] {
            assert!(began.elapsed() < Duration::from_secs(60), "something is owed for ever");
            self.set(self.served.house.clock.now().plus(Duration::from_secs(20)));
            self.served.house.wake.letters.notify_waiters();
            self.served.house.wake.editions.notify_waiters();
            std::thread::sleep(Duration::from_millis(4));
        }
        let now = self.served.house.clock.now();
        let messages = self.double.seen().messages[self.read..].to_vec();
        self.read += messages.len();
        for message in messages {
            let mail = mail_parser::MessageParser::default().parse(&message.bytes).expect("it is a mail");
            let text = mail.body_text(0).expect("it has a text").into_owned();
            let link = |kind: &str| {
                let path = text.split_whitespace().find_map(|word| Some(&word[word.find(kind)?..]))?;
                Some(path.to_owned())
            };
            let inbox = self.inboxes.entry(message.to.clone()).or_default();
            if let Some(confirm) = link("/c/") {
                inbox.confirm.push((confirm, now));
            }
            if let Some(leave) = link("/u/") {
                inbox.leave = Some(leave);
            }
            if mail.header("List-Id").is_some() {
                let archive = link("/n/ibp/archive/").expect("an edition says where it can be read");
                inbox.editions.push(archive);
            }
        }
    }

    fn judge(&self) {
        // Everybody who was a reader when an edition began has it, once; nobody else has anything.
        let mut expected: BTreeMap<&String, usize> = BTreeMap::new();
        for (_, readers) in &self.begun {
            for reader in readers {
                *expected.entry(reader).or_default() += 1;
            }
        }
        for (person, inbox) in &self.inboxes {
            let distinct: BTreeSet<&String> = inbox.editions.iter().collect();
            assert_eq!(distinct.len(), inbox.editions.len(), "{person} got one twice: {:?}", inbox.editions);
            assert_eq!(inbox.editions.len(), expected.get(person).copied().unwrap_or_default(), "{person}");
        }
        let everybody = self.inboxes.values().map(|inbox| inbox.editions.len()).sum::<usize>();
        assert_eq!(everybody, expected.values().sum::<usize>(), "somebody was lost");
        assert!(self.begun.len() >= 3, "the years were too quiet to show anything: {}", self.begun.len());
        // The promise, in any year; the schedule's own moments have three weeks' leeway.
        for (at, _) in &self.begun {
            let year = self.begun.iter().filter(|(other, _)| *other <= *at && at.since(*other) < (365 - 21) * DAY);
            assert!(year.count() <= MAX_PER_YEAR, "the promise was broken");
        }
        // Nobody lingers who never confirmed.
        let now = self.served.house.clock.now().minus(32 * DAY).as_micros();
        let lingering = format!("select status from subscriptions where status = 'pending' and requested_at < {now}");
        assert_eq!(self.served.database.texts(&lingering), Vec::<String>::new());
        let verified = self.served.cli(&["consent", "verify"]);
        assert_eq!(verified.code, 0, "{}", verified.err);
    }
}
