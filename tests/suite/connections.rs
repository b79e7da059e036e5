//! Connections to mail servers: how many, to which, for whom first, and how they end when we are stopped.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use postduif::app;
use postduif::domain::language::Language;
use postduif::domain::letter::Letter;
use postduif::domain::smarthost::Smarthost;
use postduif::flows::deliver::{Mailer, Relays};
use postduif::flows::{House, publish};
use postduif::mail::smtp::{ConnectionLimits, Relay, Timeouts, Tls};
use postduif::store::outbox::{self, NewLetter};

use crate::delivery::{approved, house, house_with, sent, until};
use crate::kit::database::Database;
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::{Fault, Script, Step, When};
use crate::kit::{on_each_engine, wait};

on_each_engine![
    a_stop_waits_for_slow_replies_begins_nothing_new_and_leaves_nothing_uncertain,
    a_server_that_accepts_connections_and_says_nothing_keeps_nobody_waiting,
    servers_share_by_weight_and_a_dead_one_does_not_eat_its_share,
    letters_go_first_within_the_connections_and_the_rate_of_the_settings,
    a_letter_that_is_taken_and_never_confirmed_is_repeated_once_with_the_same_message_id,
    a_login_that_is_refused_is_not_tried_again_and_again,
    a_connection_carries_what_the_server_says_and_tells_it_the_name_of_each_delivery,
    an_access_token_comes_from_the_endpoint_of_the_settings_once_for_all_connections,
];

fn relay(url: &str) -> Relay {
    let server = Smarthost::parse_list(url).unwrap().remove(0);
    // Longer than any test: nothing here may depend on a server's being given up in the middle of a dialogue.
    Relay::new(server, "test.example", Timeouts::all(Duration::from_secs(300)), Tls::from_system())
}

fn mailer(house: &House, urls: &[&str]) -> Mailer {
    Mailer::start(house, Relays::new(house.clock.clone(), urls.iter().map(|url| relay(url)).collect()))
}

/// Owes so many letters to `letter-N@example.org`.
async fn owe(house: &House, count: usize) {
    let now = house.clock.now();
    let mut tx = house.db.write().await.unwrap();
    for n in 0..count {
        let letter = Letter::Notice { language: Language::En, subject: "Hello".into(), text: "There.".into() };
        let recipient = format!("letter-{n}@example.org");
        let expires_at = now.plus(Duration::from_secs(7200));
        let letter = NewLetter {
            uid: house.link(),
            newsletter_id: Some(1),
            subscription_id: None,
            recipient: &recipient,
            letter: &letter,
            expires_at,
        };
        outbox::insert(&mut tx, &letter, now).await.unwrap();
    }
    tx.commit().await.unwrap();
    house.wake.letters.notify_one();
}

/// Waits until it is so, and says how long that took.
async fn in_time(what: &str, so: impl Fn() -> bool) -> Duration {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < Duration::from_secs(60), "it never came to that: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    began.elapsed()
}

/// How many letters it has got.
fn letters(double: &SmtpDouble) -> usize {
    double.seen().messages.iter().filter(|message| message.to.starts_with("letter-")).count()
}

fn a_stop_waits_for_slow_replies_begins_nothing_new_and_leaves_nothing_uncertain(database: Database) {
    wait(|| async {
        let house = house(&database, 100).await;
        let slow = Fault::Lingers(Duration::from_secs(5));
        let double = SmtpDouble::start(Script::offering(&["PIPELINING"]).with(Step::Dot, slow, When::Always));
        let id = approved(&house).await;
        let mailer = mailer(&house, &[&double.url("tls=none")]);
        publish::send(&house, id, None).await.unwrap();
        in_time("four messages are in", || double.seen().messages.len() >= 4).await;
        let began = Instant::now();
        mailer.stop().await;
        assert!(began.elapsed() < Duration::from_millis(9_500), "{:?}", began.elapsed());
        let edition = until(&house, id, |_| true).await;
        assert_eq!((edition.sending, edition.unknown, edition.accepted, edition.queued), (0, 0, 4, 96));
        assert_eq!(double.seen().messages.len(), 4, "nothing new has left");
    });
}

fn a_server_that_accepts_connections_and_says_nothing_keeps_nobody_waiting(database: Database) {
    wait(|| async {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let silent = (format!("smtp://{}?tls=none", silent.local_addr().unwrap()), silent);
        for (connections, bad) in [("4", silent.0.as_str()), ("1", &silent.0), ("4", "smtp://192.0.2.1:25?tls=none")] {
            let database = Database::fresh(database.engine()).expect("it was there just now");
            let house = house_with(&database, 150, &[("smtp_connections", connections)]).await;
            let double = SmtpDouble::start(Script::offering(&["PIPELINING"]));
            let mailer = mailer(&house, &[bad, &double.url("tls=none")]);
            owe(&house, 3).await;
            let took = in_time("the letters are in", || letters(&double) == 3).await;
            assert!(took < Duration::from_secs(8), "{took:?}");
            let id = approved(&house).await;
            publish::send(&house, id, None).await.unwrap();
            let began = Instant::now();
            let edition = until(&house, id, sent).await;
            assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
            assert_eq!(edition.accepted, 150);
            owe(&house, 3).await;
            let took = in_time("more letters are in", || letters(&double) >= 6).await;
            assert!(took < Duration::from_secs(5), "{took:?}");
            mailer.stop().await;
        }
    });
}

fn servers_share_by_weight_and_a_dead_one_does_not_eat_its_share(database: Database) {
    wait(|| async {
        let house = house_with(&database, 600, &[("smtp_connections", "8")]).await;
        let script = || Script { delay: Duration::from_millis(5), ..Script::offering(&["PIPELINING"]) };
        let (much, little) = (SmtpDouble::start(script()), SmtpDouble::start(script()));
        let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let urls = [
            much.url("tls=none&weight=3"),
            format!("smtp://{dead}?tls=none&weight=4"),
            little.url("tls=none&weight=1"),
        ];
        let id = approved(&house).await;
        // Short-lived connections, so that a share that was lost to a busy machine is made up for.
        let limits = ConnectionLimits { messages: 15, ..ConnectionLimits::default() };
        let relays = urls.iter().map(|url| relay(url).with_limits(limits)).collect();
        let mailer = Mailer::start(&house, Relays::new(house.clock.clone(), relays));
        publish::send(&house, id, None).await.unwrap();
        let edition = until(&house, id, sent).await;
        mailer.stop().await;
        assert_eq!(edition.accepted, 600);
        let (much, little) = (much.copies().len(), little.copies().len());
        assert_eq!(much + little, 600);
        assert!((300..=550).contains(&much), "three quarters are 450: {much} and {little}");
    });
}

fn letters_go_first_within_the_connections_and_the_rate_of_the_settings(database: Database) {
    wait(|| async {
        let house = house_with(&database, 40, &[("smtp_connections", "1"), ("smtp_rate", "300")]).await;
        let double = SmtpDouble::start(Script::offering(&["PIPELINING"]));
        let id = approved(&house).await;
        let mailer = mailer(&house, &[&double.url("tls=none")]);
        let began = Instant::now();
        publish::send(&house, id, None).await.unwrap();
        in_time("the edition is on its way", || double.seen().messages.len() >= 5).await;
        owe(&house, 6).await;
        in_time("the letters are in", || letters(&double) == 6).await;
        let before = double.seen().messages.len() - 6;
        assert!(before <= 14, "{before} of an edition went before letters");
        let edition = until(&house, id, sent).await;
        // Five a second, and the slots of the first second may all be there at once.
        assert!(began.elapsed() > Duration::from_millis(7_500), "{:?}", began.elapsed());
        in_time("the editors' notice is in", || double.seen().messages.len() >= 46).await;
        mailer.stop().await;
        assert_eq!((edition.accepted, double.seen().peak), (40, 1));
        assert!(double.seen().connections < 10, "the connection changes hands instead of being opened anew");
    });
}

fn a_letter_that_is_taken_and_never_confirmed_is_repeated_once_with_the_same_message_id(database: Database) {
    wait(|| async {
        let house = house(&database, 0).await;
        let double = SmtpDouble::start(Script::offering(&[]).with(Step::Dot, Fault::DiesBeforeReply, When::Always));
        owe(&house, 1).await;
        let mailer = mailer(&house, &[&double.url("tls=none")]);
        let state = || database.texts("select state || cast(doubts as text) from outbox");
        in_time("the first doubt", || state() == ["deferred1"]).await;
        database.sql("update outbox set next_at = 0");
        in_time("the second doubt", || state() == ["failed2"]).await;
        database.sql("update outbox set next_at = 0");
        tokio::time::sleep(Duration::from_secs(2)).await;
        mailer.stop().await;
        let seen = double.seen();
        let id = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            text.lines().find(|line| line.starts_with("Message-ID:")).map(str::to_owned).expect("it has one")
        };
        let ids: Vec<String> = seen.messages.iter().map(|message| id(&message.bytes)).collect();
        assert_eq!(ids.len(), 2, "a third copy would be one too many");
        assert_eq!(ids[0], ids[1]);
    });
}

fn a_login_that_is_refused_is_not_tried_again_and_again(database: Database) {
    wait(|| async {
        let house = house(&database, 20).await;
        let double =
            SmtpDouble::start(Script { password: Some("right"), ..Script::offering(&["PIPELINING", "AUTH PLAIN"]) });
        let id = approved(&house).await;
        let mailer = mailer(&house, &[&double.url("").replace("smtp://", "smtp://jan:wrong@")]);
        owe(&house, 2).await;
        publish::send(&house, id, None).await.unwrap();
        in_time("a login was tried", || double.seen().connections > 0).await;
        tokio::time::sleep(Duration::from_secs(6)).await;
        let alarms = mailer.relays.alarms();
        mailer.stop().await;
        let tries = double.seen().commands.iter().filter(|command| command.starts_with("AUTH")).count();
        assert_eq!(tries, 1, "each try brings the account nearer to being locked");
        assert!(alarms.len() == 1 && alarms[0].contains("535"), "{alarms:?}");
    });
}

fn a_connection_carries_what_the_server_says_and_tells_it_the_name_of_each_delivery(database: Database) {
    wait(|| async {
        let house = house(&database, 60).await;
        owe(&house, 7).await;
        let double = SmtpDouble::start(Script::offering(&["PIPELINING", "DSN", "LIMITS RCPTMAX=10 MAILMAX=5"]));
        let id = approved(&house).await;
        let limits = ConnectionLimits { messages: 50, ..ConnectionLimits::default() };
        let relay = relay(&double.url("tls=none")).with_limits(limits);
        let mailer = Mailer::start(&house, Relays::new(house.clock.clone(), vec![relay]));
        publish::send(&house, id, None).await.unwrap();
        until(&house, id, sent).await;
        in_time("all are in", || double.seen().messages.len() >= 67).await;
        mailer.stop().await;
        let seen = double.seen();
        assert_eq!(seen.per_connection().into_iter().max(), Some(5));
        assert_eq!(seen.violations, Vec::<String>::new());
        for message in &seen.messages {
            let name = message.from.split_once(" RET=HDRS ENVID=").expect("it has a name").1;
            let text = String::from_utf8_lossy(&message.bytes);
            assert!(text.contains(&format!("Message-ID: <{name}@")), "{}", message.from);
        }
    });
}

/// Gives the token `t0ken` to everybody; its address, and the forms that it was sent.
fn token_endpoint() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
    let forms = Arc::clone(&asked);
    std::thread::spawn(move || {
        for visitor in listener.incoming().flatten() {
            let mut reader = BufReader::new(&visitor);
            let (mut line, mut length) = (String::new(), 0);
            while reader.read_line(&mut line).unwrap() > 2 {
                if let Some(text) = line.to_lowercase().strip_prefix("content-length:") {
                    length = text.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut form = vec![0; length];
            reader.read_exact(&mut form).unwrap();
            forms.lock().unwrap().push(String::from_utf8(form).unwrap());
            let body = r#"{"access_token":"t0ken","token_type":"Bearer","expires_in":3600,"refresh_token":"second"}"#;
            let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            write!(&visitor, "{head}{body}").unwrap();
        }
    });
    (format!("http://{address}/token"), asked)
}

fn an_access_token_comes_from_the_endpoint_of_the_settings_once_for_all_connections(database: Database) {
    wait(|| async {
        let (endpoint, asked) = token_endpoint();
        let double =
            SmtpDouble::start(Script { password: Some("t0ken"), ..Script::offering(&["PIPELINING", "AUTH XOAUTH2"]) });
        let smtp = double.url("auth=xoauth2").replace("smtp://", "smtp://jan@");
        let settings = [
            ("smtp_url", smtp.as_str()),
            ("smtp_token_url", &endpoint),
            ("smtp_token_client", "our-client"),
            ("smtp_token_refresh", "the-first-one"),
            ("smtp_token_scope", "mail"),
        ];
        let house = house_with(&database, 40, &settings).await;
        let id = approved(&house).await;
        let mailer = Mailer::start(&house, app::relays(&house));
        publish::send(&house, id, None).await.unwrap();
        assert_eq!(until(&house, id, sent).await.accepted, 40);
        mailer.stop().await;
        let asked = asked.lock().unwrap();
        let form = "grant_type=refresh_token&refresh_token=the-first-one&client_id=our-client&scope=mail";
        assert_eq!(*asked, [form]);
    });
}
