//! A database that says nothing any more, without a word of goodbye: nobody waits for it for long, nothing is lost, and all goes
//! on by itself when it is back, or another has taken its place.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::kit::cable::Cable;
use crate::kit::database::{Database, Engine};
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::Script;
use crate::kit::{Installation, on};

const READERS: usize = 600;
const CONNECTIONS: usize = 4;
/// A statement may take fifteen seconds, and the wait for a connection four.
const LONGEST: Duration = Duration::from_secs(25);
const PATIENCE: Duration = Duration::from_secs(120);

fn until(what: &str, done: impl FnMut() -> bool) {
    crate::kit::until(PATIENCE, what, done);
}

/// An edition that is ready to go out, and the way to its database.
fn prepared(database: Database) -> (Installation, SmtpDouble, Cable) {
    let mut url: url::Url = database.url().parse().expect("the kit wrote the URL");
    let cable = Cable::to(&format!("{}:{}", url.host_str().unwrap_or_default(), url.port().unwrap_or(5432)));
    let mut installation = Installation::from(database);
    let mut script = Script::offering(&["PIPELINING", "ENHANCEDSTATUSCODES"]);
    script.delay = Duration::from_millis(5);
    let double = SmtpDouble::start(script);
    installation.set("SMTP_URL", &double.url("tls=none"));
    installation.set("SMTP_CONNECTIONS", &CONNECTIONS.to_string());
    installation.newsletter();
    installation.readers(READERS, "example.org");
    url.set_port(Some(cable.port())).expect("such a URL has a port");
    installation.set("DATABASE_URL", url.as_str());
    (installation, double, cable)
}

#[test]
fn no_request_hangs_while_the_database_stands_still_and_everybody_gets_the_edition_once() {
    on(Engine::Postgres, |database: Database| {
        let (installation, double, cable) = prepared(database);
        let serving = installation.serve();
        let edition = installation.publish();
        until("a third was out", || double.seen().messages.len() > READERS / 3);
        let over = AtomicBool::new(false);
        let answers: Vec<(u16, String, Duration)> = std::thread::scope(|scope| {
            // Without a break, so that connections are in use when it happens, and are not asked whether they live.
            let visitors: Vec<_> = (0..6)
                .map(|_| {
                    scope.spawn(|| {
                        let mut answers = Vec::new();
                        while !over.load(Ordering::Relaxed) {
                            let began = Instant::now();
                            let answer = serving.http.get("/n/nieuws");
                            answers.push((answer.status, answer.header("retry-after").to_owned(), began.elapsed()));
                        }
                        answers
                    })
                })
                .collect();
            std::thread::sleep(Duration::from_millis(500));
            cable.freeze();
            std::thread::sleep(Duration::from_secs(30));
            cable.thaw();
            std::thread::sleep(Duration::from_secs(1));
            over.store(true, Ordering::Relaxed);
            visitors.into_iter().flat_map(|visitor| visitor.join().expect("a visitor sees no panic")).collect()
        });
        let longest = answers.iter().map(|(.., took)| *took).max().unwrap_or_default();
        assert!(longest < LONGEST, "somebody waited {longest:?}");
        let refused: Vec<_> = answers.iter().filter(|(status, ..)| *status != 200).collect();
        assert!(!refused.is_empty() && refused.iter().all(|(status, retry, _)| *status == 503 && retry == "60"));
        until("it is ready again", || serving.http.get("/health/ready").status == 200);
        let counts = installation.sent(&edition);
        assert_eq!(counts["accepted"], READERS, "{counts}");
        let copies = double.copies();
        assert_eq!((copies.len(), copies.values().sum::<usize>()), (READERS, READERS), "once, and everybody");
    });
}

#[test]
fn connections_on_which_nothing_comes_any_more_are_given_up_and_a_new_server_is_used() {
    on(Engine::Postgres, |database: Database| {
        let (installation, double, cable) = prepared(database);
        let serving = installation.serve();
        let edition = installation.publish();
        until("a third was out", || double.seen().messages.len() > READERS / 3);
        // As after a failover: what is open is dead and nobody says so, what is opened now is answered.
        cable.forget();
        installation.database.sql(
            "select cast(count(pg_terminate_backend(pid)) as text) from pg_stat_activity \
             where datname = current_database() and pid <> pg_backend_pid()",
        );
        let began = Instant::now();
        until("pages are shown", || serving.http.get("/n/nieuws").status == 200);
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
        let counts = installation.sent(&edition);
        assert_eq!(counts["accepted"], READERS, "{counts}");
        let copies = double.copies();
        assert_eq!(copies.len(), READERS, "somebody got nothing");
        let repeats = copies.values().map(|copies| copies - 1).sum::<usize>();
        assert!(repeats <= CONNECTIONS, "{repeats} went out again");
    });
}
