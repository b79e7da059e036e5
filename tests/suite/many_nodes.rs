//! A large sending of two nodes on one PostgreSQL. In the middle of it one is killed and another stands still; nobody is
//! lost for it, and what was taken over is not sent by who had it before.
//!
//! `POSTDUIF_TEST_MANY=100000` makes it so many readers and lets the node stand still for a minute;
//! `POSTDUIF_TEST_PROGRAM=target/release/postduif` lets the program be the one that people run.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::kit::database::{Database, Engine};
use crate::kit::smtp_double::script::Script;
use crate::kit::smtp_double::{Seen, SmtpDouble};
use crate::kit::{Installation, on};

const CONNECTIONS: usize = 4;
/// A node that gives no sign of life for so long is taken over.
const GIVEN_UP: Duration = Duration::from_secs(20);

/// How many readers, and how long a node stands still.
fn size() -> (usize, Duration) {
    match std::env::var("POSTDUIF_TEST_MANY").ok() {
        Some(asked) => (asked.parse().expect("a number of readers"), Duration::from_secs(60)),
        None => (4_000, GIVEN_UP + Duration::from_secs(5)),
    }
}

fn came(double: &SmtpDouble) -> usize {
    double.seen().messages.len()
}

/// The node that a message came from, as it calls itself.
fn node(seen: &Seen, message: usize) -> &str {
    seen.names.get(&seen.messages[message].connection).map_or("", String::as_str)
}

#[test]
fn of_two_nodes_one_is_killed_and_one_stands_still_and_everybody_gets_the_mail() {
    on(Engine::Postgres, |database: Database| {
        let (readers, stall) = size();
        let mut installation = Installation::from(database);
        let mut script = Script::offering(&["PIPELINING", "ENHANCEDSTATUSCODES"]);
        script.keeps_headers = true;
        // Of few mails some must be left when the node wakes up; of many they are.
        script.delay = if readers < 50_000 { Duration::from_millis(10) } else { Duration::ZERO };
        let double = SmtpDouble::start(script);
        installation.set("SMTP_URL", &double.url("tls=none"));
        installation.set("SMTP_CONNECTIONS", &CONNECTIONS.to_string());
        installation.set("PUBLIC_URL", "http://news.example.org");
        installation.newsletter();
        installation.readers(readers, "example.org");
        let mut named = |name: &str| {
            installation.set("SMTP_EHLO", name);
            installation.another_node()
        };
        let (first, sleeper) = (named("first.example.org"), named("sleeper.example.org"));
        let edition = installation.publish();
        let patience = Duration::from_secs(120 + readers as u64 / 50);
        let until = |what: &str, done: &dyn Fn() -> bool| {
            let deadline = Instant::now() + patience;
            while !done() {
                assert!(Instant::now() < deadline, "it took too long until {what}: {} came", came(&double));
                std::thread::sleep(Duration::from_millis(2));
            }
        };
        until("the first was out", &|| came(&double) > 0);
        let began = Instant::now();
        until("a sixth was out", &|| came(&double) > readers / 6);
        first.kill();
        let at_kill = came(&double);
        installation.set("SMTP_EHLO", "next.example.org");
        let next = installation.another_node();
        until("a third was out", &|| came(&double) > readers / 3);
        sleeper.signal("STOP");
        let at_stop = came(&double);
        std::thread::sleep(stall);
        let at_waking = came(&double);
        sleeper.signal("CONT");
        until("as many were out as there are readers", &|| came(&double) >= readers);
        let counts = installation.sent(&edition);
        let took = began.elapsed();
        // It had the time to send what it held; it must not have.
        std::thread::sleep(Duration::from_secs(2));

        let seen = double.seen();
        assert_eq!(seen.violations, Vec::<String>::new());
        let ended: u64 = ["accepted", "unknown"].iter().filter_map(|state| counts[*state].as_u64()).sum();
        assert_eq!(ended, readers as u64, "{counts}");
        let mut others = HashSet::new();
        let mut after_all = Vec::new();
        let mut by_node = std::collections::BTreeMap::<&str, usize>::new();
        for (number, message) in seen.messages.iter().enumerate() {
            let from = node(&seen, number);
            *by_node.entry(from).or_default() += 1;
            // What the killed node had in flight is repeated by whoever is there, which may be the one that woke up.
            if from == "next.example.org" {
                others.insert(&message.to);
            } else if from == "sleeper.example.org" && number >= at_waking && others.contains(&message.to) {
                after_all.push(&message.to);
            }
        }
        assert_eq!(after_all, Vec::<&String>::new(), "the node that stood still sent what others had taken over");
        let all = seen.messages.len();
        let mailed = seen.messages.iter().map(|message| &message.to).collect::<HashSet<_>>().len();
        assert_eq!(mailed, readers, "somebody got nothing");
        let repeated = all - mailed;
        assert!(repeated <= 2 * CONNECTIONS, "{repeated} went out again");
        println!(
            "{readers} mails in {took:.1?}: one node killed after {at_kill}, one stopped after {at_stop} for {stall:?} (until \
             {at_waking}); nobody lost, {repeated} repeated of {} that were in flight; {by_node:?}; {counts}",
            2 * CONNECTIONS
        );
        drop(seen);
        drop(next);
    });
}
