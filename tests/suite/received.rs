//! An edition with everything nasty in it, as it arrived at hundreds of readers: no fault in form, headers, MIME or
//! signatures, no Message-ID twice, and no two mails that differ in more than what is the reader's own.
//!
//! `POSTDUIF_TEST_RECEIVED=10000` makes it as many readers as that. Mails are judged while others are on their way, by as
//! many judges as there are processors.

mod form;
mod html;
mod stranger;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use postduif::domain::smarthost::Smarthost;
use postduif::flows::approve::{Approver, approve};
use postduif::flows::articles::{EnteredArticle, enter};
use postduif::flows::assemble::{Assembled, assemble};
use postduif::flows::deliver::{Mailer, Relays};
use postduif::flows::{House, publish};
use postduif::mail::dkim_key::DkimKey;
use postduif::mail::sign::Signer;
use postduif::mail::smtp::{Relay, Timeouts, Tls};

use self::form::Likeness;
use self::stranger::Stranger;
use super::signatures::{ed25519, rsa};
use crate::kit::database::{Database, Engine};
use crate::kit::house::Served;
use crate::kit::on_each_engine;
use crate::kit::smtp_double::script::Script;
use crate::kit::smtp_double::{Message, SmtpDouble};

on_each_engine![what_arrives_is_without_fault_whatever_feeds_and_people_write];

/// As feeds, and people who mean no good, write them.
fn titles() -> Vec<String> {
    [
        "\r\nBcc: victim@example.org\r\n\r\n.\r\n",
        "a\n.\nb\r.\rc\n..\n\u{0}\u{1}\u{2}\u{3}d",
        "<script>alert(1)</script><img src=x onerror=alert(1)></title></table>",
        "{{ 7*7 }} {% raw %} {# x #} %s ${jndi:ldap://x}",
        "=?utf-8?q?evil?= =?utf-8?b?eA==?=",
        "👩\u{200d}👩\u{200d}👧\u{200d}👦 🕊\u{fe0f} 名前 ﷽",
        "שלום עולם \u{202e}txt.exe مرحبا",
        "“IB&P”: 'auto’s' \"quoted\" <a@b>, (x) \\ ; &amp; &#038;",
        ".",
        "From me to you",
        "--=_postduif_boundary--",
        "=3D=\r\n=20",
    ]
    .into_iter()
    .map(str::to_owned)
    .chain(["é".repeat(3_000), "x".repeat(3_000), "woord ".repeat(500), "🕊".repeat(3_000)])
    .collect()
}

const NAME: &str = "IB&P \"Één\" <x>,\r\nBcc: victim@example.org (名前) \u{202e}";

/// How many get it.
fn readers(engine: Engine) -> usize {
    let asked = std::env::var("POSTDUIF_TEST_RECEIVED").ok().and_then(|number| number.parse().ok());
    asked.unwrap_or(if engine == Engine::Sqlite { 300 } else { 60 })
}

fn what_arrives_is_without_fault_whatever_feeds_and_people_write(database: Database) {
    let readers = readers(database.engine());
    let double = SmtpDouble::start(Script::offering(&["PIPELINING"]));
    let settings = [
        ("smtp_url", double.url("tls=none")),
        ("offline", "true".to_owned()),
        ("public_url", "https://nieuws.example.nl".to_owned()),
        ("bounce_address", "bounces@example.nl".to_owned()),
    ];
    let settings: Vec<(&str, &str)> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let served = Served::set(database, &settings);
    let signer = Signer::new(vec![rsa(), ed25519()]);
    let records = signer.keys().iter().map(DkimKey::dns_record).map(|record| (record.name, record.value)).collect();
    let house = House { signer: Arc::new(signer), ..served.house.clone() };
    for (number, title) in titles().into_iter().enumerate() {
        let article = EnteredArticle {
            section: if number % 3 == 0 { "news" } else { "blogs" }.to_owned(),
            url: format!("https://www.example.nl/{number}?a=1&b=\"<>'"),
            summary: title.chars().take(400).collect(),
            title,
            published: None,
        };
        served.run(enter(&house, "ibp", article)).expect("it is cleaned, not refused");
    }
    served.confirmed("o'brien+tag@xn--bcher-kva.example");
    served.readers(readers - 1);
    served.database.sql("update subscribers set language = 'en' where id % 3 = 0");
    served.database.sql("update subscribers set format = 'text' where id % 5 = 0");
    // Since when somebody reads is their own too; here it is the same for all.
    served.database.sql("update subscriptions set confirmed_at = 0");
    let Ok(Assembled::Draft(edition)) = served.run(assemble(&house, "ibp", None)) else { panic!("no draft") };
    // Past every check of what people may type.
    let subject = format!("Onderwerp {}", titles()[..8].join(" "));
    let promo = r#"{"heading":"Lees\r\nBcc: x@y.nl","title":"<b>","text":"**Vet** en [een link](https://www.example.nl/?a=1&b=2)\r\n.\r\n","url":"https://www.example.nl/","button":"\u0000.\n"}"#;
    served.run(async {
        let mut tx = house.db.write().await.expect("the database takes it");
        let texts = postduif::store::editions::EditionTexts {
            subject: subject.replace('\0', ""),
            preheader: titles()[1].replace('\0', ""),
            intro: format!("Beste\r\n.\r\n..\r\n\r\n{}", titles()[2]),
            promo: Some(promo.to_owned()),
        };
        postduif::store::editions::edit(&mut tx, edition.id, edition.version, &texts, "a test", house.clock.now())
            .await
            .expect("it is stored");
        tx.commit().await.expect("the database keeps it");
    });
    served
        .database
        .sql(&format!("update newsletters set from_name = '{NAME}', title = '{NAME}', organisation = '{NAME}'"));
    let anyway = Approver { by: "a test", accept_warnings: true, override_reason: Some("it is to be nasty") };
    served.run(approve(&house, edition.id, &anyway)).expect("a reason passes everything");
    let server = Smarthost::parse_list(&double.url("tls=none")).expect("it is an address").remove(0);
    // A busy machine is no reason for a doubt: the test's clock stands still, and a repeat would never be due.
    let relay = Relay::new(server, "test.example", Timeouts::all(Duration::from_secs(120)), Tls::from_system());
    let mailer = served.run(async { Mailer::start(&house, Relays::new(house.clock.clone(), vec![relay])) });
    served.run(publish::send(&house, edition.id, None)).expect("it goes out");
    let began = Instant::now();
    let told = || served.database.texts("select status || ' ' || audience || ' ' || accepted from editions").concat();
    let patience = Duration::from_secs(60 + readers as u64 / 10);
    let court = Court::default();
    let (hand_in, mails) = channel::<Message>();
    let mails = Mutex::new(mails);
    std::thread::scope(|scope| {
        let judges: Vec<_> = (0..std::thread::available_parallelism().map_or(2, usize::from))
            .map(|_| scope.spawn(|| court.sit(&mails, &records)))
            .collect();
        loop {
            let is_sent = told() == format!("sent {readers} {readers}");
            for message in std::mem::take(&mut double.seen().messages) {
                // Who signed up got letters too.
                if form::is_of_list(&message.bytes) {
                    hand_in.send(message).expect("there is a court");
                }
            }
            // A judge who found a fault has left, and says below what it was.
            if is_sent || judges.iter().any(|judge| judge.is_finished()) {
                break;
            }
            assert!(began.elapsed() < patience, "it came only to this: {}", told());
            std::thread::sleep(Duration::from_millis(50));
        }
        drop(hand_in);
        for judge in judges {
            judge.join().unwrap_or_else(|fault| std::panic::resume_unwind(fault));
        }
    });
    served.run(mailer.stop());
    assert_eq!(double.seen().violations, Vec::<String>::new());
    let kinds = court.likeness.kinds();
    let all: usize = kinds.values().map(|(count, _)| count).sum();
    assert_eq!((kinds.len(), all), (4, readers), "two languages in two forms");
    for (_, example) in kinds.values() {
        if let Some(html) = html::html_of(&example.bytes) {
            html::check_html(&html);
            html::check_access(&html);
        }
    }
    let (judged, signatures) = (court.judged.into_inner(), court.signatures.into_inner());
    let counts: Vec<String> = kinds
        .iter()
        .map(|((language, has_html), (count, _))| {
            format!("{count} {language}{}", if *has_html { "" } else { " as text" })
        })
        .collect();
    println!(
        "{all} mails received in {:.0?} without a fault ({}): {all} different Message-IDs; a stranger read {judged} of \
         them and found {signatures} signatures that hold",
        began.elapsed(),
        counts.join(", ")
    );
    assert!(judged == 0 || (judged, signatures) == (readers, 2 * readers), "{judged} were judged");
}

/// Where mails are judged, by several judges at the same time.
#[derive(Default)]
struct Court {
    likeness: Likeness,
    judged: AtomicUsize,
    signatures: AtomicUsize,
}

impl Court {
    /// Judges one mail after the other until there are no more.
    fn sit(&self, mails: &Mutex<Receiver<Message>>, records: &BTreeMap<String, String>) {
        let mut stranger = Stranger::called(records);
        loop {
            let next = mails.lock().expect("nobody fails while taking one").recv();
            let Ok(message) = next else { return };
            form::check(&message.bytes);
            let message = Arc::new(message);
            let is_first = self.likeness.compare(&message);
            if let Some(stranger) = &mut stranger {
                let hold = stranger.judge(&message, is_first);
                self.judged.fetch_add(1, Ordering::Relaxed);
                self.signatures.fetch_add(hold, Ordering::Relaxed);
            }
        }
    }
}
