//! The database's server crashes in the middle of a sending and loses its last commits: nobody is lost for it, and nobody
//! gets it twice without being called uncertain.

use std::time::Duration;

use crate::kit::Installation;
use crate::kit::database::Database;
use crate::kit::own_postgres::OwnPostgres;
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::Script;

const CONNECTIONS: usize = 4;
const READERS: usize = 1_500;

fn prepared(server: &OwnPostgres) -> (Installation, SmtpDouble) {
    let mut installation = Installation::from(Database::on_server(server.url()));
    let mut script = Script::offering(&["PIPELINING", "ENHANCEDSTATUSCODES"]);
    script.delay = Duration::from_millis(2);
    let double = SmtpDouble::start(script);
    installation.set("SMTP_URL", &double.url("tls=none"));
    installation.set("SMTP_CONNECTIONS", &CONNECTIONS.to_string());
    installation.newsletter();
    installation.readers(READERS, "example.org");
    (installation, double)
}

fn until(what: &str, done: impl FnMut() -> bool) {
    crate::kit::until(Duration::from_secs(120), what, done);
}

/// How many mails went out again, and how many doubts the ledger names; everybody got it.
fn repeated(installation: &Installation, double: &SmtpDouble, edition: &str) -> (usize, usize) {
    let counts = installation.sent(edition);
    assert_eq!(counts["accepted"], READERS, "{counts}");
    let copies = double.copies();
    assert_eq!(copies.len(), READERS, "somebody got nothing");
    let doubts = installation.database.texts("select cast(sum(repeats + cuts) as text) from deliveries");
    let doubts = doubts[0].parse().expect("a number of repeats");
    (copies.values().map(|copies| copies - 1).sum(), doubts)
}

#[test]
fn a_server_that_crashes_twice_is_told_again_what_it_lost_and_nobody_gets_it_twice() {
    let Some(server) = OwnPostgres::start() else { return };
    let (installation, double) = prepared(&server);
    let serving = installation.serve();
    let edition = installation.publish();
    for crash in 1..=2 {
        until("more was out", || double.seen().messages.len() > READERS * crash / 4);
        server.crash();
        std::thread::sleep(Duration::from_secs(1));
        server.begin();
    }
    let (repeats, doubts) = repeated(&installation, &double, &edition);
    assert!(serving.log().contains("lost its last commits"), "{}", serving.log());
    assert_eq!((repeats, doubts), (0, 0), "{}", serving.log());
}

#[test]
fn what_a_process_held_that_died_with_the_server_is_uncertain_and_known_one_by_one() {
    let Some(server) = OwnPostgres::start() else { return };
    let (installation, double) = prepared(&server);
    let serving = installation.serve();
    let edition = installation.publish();
    until("a third was out", || double.seen().messages.len() > READERS / 3);
    server.crash();
    serving.kill();
    server.begin();
    let _serving = installation.serve();
    let (repeats, doubts) = repeated(&installation, &double, &edition);
    assert!(repeats <= doubts, "{repeats} went out again, of which {doubts} were known to be uncertain");
}

#[test]
fn of_a_node_that_was_killed_only_what_it_had_begun_is_uncertain_whatever_machine_it_ran_on() {
    let Some(server) = OwnPostgres::start() else { return };
    let (installation, double) = prepared(&server);
    let serving = installation.serve();
    let edition = installation.publish();
    until("a third was out", || double.seen().messages.len() > READERS / 3);
    serving.kill();
    // As if it had run on a machine of another name.
    let renamed = "set owner = replace(owner, '@', '@another-') where owner is not null";
    installation.database.sql(&format!("update deliveries {renamed}"));
    installation.database.sql(&format!("update workers {renamed}"));
    let _serving = installation.serve();
    let (repeats, doubts) = repeated(&installation, &double, &edition);
    assert!(repeats <= CONNECTIONS && doubts <= CONNECTIONS, "{repeats} went out again, {doubts} were uncertain");
}
