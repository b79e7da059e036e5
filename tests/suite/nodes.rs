//! Several processes on one database: what one of them suffers, the others make good, and nobody gets it twice for it.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::kit::cable::Cable;
use crate::kit::database::{Database, Engine};
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::Script;
use crate::kit::{Installation, on, on_each_engine};

on_each_engine![
    a_pause_from_another_process_takes_hold_at_once_at_full_speed,
    a_cancelling_from_another_process_takes_hold_at_once_at_full_speed,
    the_parts_work_apart,
];

const CONNECTIONS: usize = 4;
const READERS: usize = 1_500;
/// Nobody waits for longer than this.
const PATIENCE: Duration = Duration::from_secs(120);

/// A newsletter with readers, and a mail server that takes a moment for each reply.
fn prepared(installation: &mut Installation, readers: usize, delay: Duration) -> SmtpDouble {
    let mut script = Script::offering(&["PIPELINING", "ENHANCEDSTATUSCODES"]);
    script.delay = delay;
    let double = SmtpDouble::start(script);
    installation.set("SMTP_URL", &double.url("tls=none"));
    installation.set("SMTP_CONNECTIONS", &CONNECTIONS.to_string());
    // One for all nodes: what was approved holds it, in its links.
    installation.set("PUBLIC_URL", "http://news.example.org");
    installation.newsletter();
    installation.readers(readers, "example.org");
    double
}

fn came(double: &SmtpDouble) -> usize {
    double.seen().messages.len()
}

fn until(what: &str, done: impl FnMut() -> bool) {
    crate::kit::until(PATIENCE, what, done);
}

/// How many went out again; everybody got it, and everybody is accounted for.
fn repeated(double: &SmtpDouble, counts: &Value, readers: usize) -> usize {
    assert_eq!(counts["accepted"], readers, "{counts}");
    let copies = double.copies();
    assert_eq!(copies.len(), readers, "somebody got nothing");
    assert_eq!(double.seen().violations, Vec::<String>::new());
    copies.values().map(|copies| copies - 1).sum()
}

#[test]
fn what_a_node_has_in_hand_that_stands_still_is_sent_by_another_and_not_again_when_it_wakes() {
    on(Engine::Postgres, |database: Database| {
        let mut installation = Installation::from(database);
        let double = prepared(&mut installation, READERS, Duration::from_millis(3));
        let (sleeper, _other) = (installation.serve(), installation.another_node());
        let edition = installation.publish();
        until("a third was out", || came(&double) > READERS / 3);
        sleeper.signal("STOP");
        let counts = installation.sent(&edition);
        let before = came(&double);
        sleeper.signal("CONT");
        until("it noticed", || sleeper.log().contains("others have taken over"));
        // It had the time to send what it held; it must not have.
        std::thread::sleep(Duration::from_secs(1));
        assert_eq!(came(&double), before, "it sent what another had taken over");
        let repeated = repeated(&double, &counts, READERS);
        assert!(repeated <= CONNECTIONS, "{repeated} went out again");
    });
}

#[test]
fn what_a_node_had_in_hand_that_was_killed_is_sent_by_another() {
    on(Engine::Postgres, |database: Database| {
        let mut installation = Installation::from(database);
        let double = prepared(&mut installation, READERS, Duration::from_millis(1));
        let (first, _second) = (installation.serve(), installation.another_node());
        let edition = installation.publish();
        until("a third was out", || came(&double) > READERS / 3);
        first.kill();
        let repeated = repeated(&double, &installation.sent(&edition), READERS);
        assert!(repeated <= CONNECTIONS, "{repeated} went out again");
    });
}

#[test]
fn nodes_are_replaced_one_after_the_other_and_everybody_gets_it_once() {
    on(Engine::Postgres, |database: Database| {
        let mut installation = Installation::from(database);
        let double = prepared(&mut installation, READERS, Duration::from_millis(2));
        let mut nodes = vec![installation.another_node(), installation.another_node()];
        let edition = installation.publish();
        for stop in 1..=3 {
            until("more was out", || came(&double) > READERS * stop / 5);
            let status = nodes.remove(0).terminate();
            assert_eq!(status.code(), Some(0));
            nodes.push(installation.another_node());
        }
        assert_eq!(repeated(&double, &installation.sent(&edition), READERS), 0);
    });
}

#[test]
fn sessions_that_are_cut_off_cost_nobody_a_mail_and_nobody_gets_it_twice() {
    on(Engine::Postgres, |database: Database| {
        let mut installation = Installation::from(database);
        let double = prepared(&mut installation, READERS, Duration::from_millis(2));
        let _nodes = [installation.serve(), installation.another_node()];
        let edition = installation.publish();
        for cut in 1..=3 {
            until("more was out", || came(&double) > READERS * cut / 5);
            installation.database.sql(
                "select cast(count(pg_terminate_backend(pid)) as text) from pg_stat_activity \
                 where datname = current_database() and pid <> pg_backend_pid()",
            );
        }
        assert_eq!(repeated(&double, &installation.sent(&edition), READERS), 0);
    });
}

#[test]
fn a_database_that_is_away_for_a_while_is_waited_for() {
    on(Engine::Postgres, |database: Database| {
        let mut url: url::Url = database.url().parse().expect("the kit wrote the URL");
        let mut installation = Installation::from(database);
        let double = prepared(&mut installation, READERS, Duration::from_millis(2));
        let address = format!("{}:{}", url.host_str().unwrap_or_default(), url.port().unwrap_or(5432));
        let cable = Cable::to(&address);
        let edition = installation.publish();
        url.set_port(Some(cable.port())).expect("such a URL has a port");
        installation.set("DATABASE_URL", url.as_str());
        let serving = installation.serve();
        until("a third was out", || came(&double) > READERS / 3);
        cable.pull();
        until("it noticed", || serving.log().contains("sending waits"));
        std::thread::sleep(Duration::from_secs(12));
        let before = came(&double);
        assert!(before < READERS, "it stood still");
        cable.plug_in();
        assert_eq!(repeated(&double, &installation.sent(&edition), READERS), 0);
    });
}

#[test]
fn the_rate_holds_over_all_nodes_together() {
    on(Engine::Postgres, |database: Database| {
        let mut installation = Installation::from(database);
        let (per_second, readers) = (20, 100);
        installation.set("SMTP_RATE", &(per_second * 60).to_string());
        let double = prepared(&mut installation, readers, Duration::ZERO);
        let _nodes = [installation.serve(), installation.another_node(), installation.another_node()];
        let edition = installation.publish();
        until("the first was out", || came(&double) > 0);
        let began = Instant::now();
        assert_eq!(repeated(&double, &installation.sent(&edition), readers), 0);
        // A second's worth may be ahead at either end.
        let shortest = Duration::from_secs_f64((readers / per_second) as f64 - 2.0);
        assert!(began.elapsed() >= shortest, "{:?} for {readers}", began.elapsed());
    });
}

#[test]
fn of_several_nodes_one_makes_the_draft_that_is_due() {
    on(Engine::Postgres, |database: Database| {
        let mut installation = Installation::from(database);
        prepared(&mut installation, 1, Duration::ZERO);
        let nodes = [installation.serve(), installation.another_node(), installation.another_node()];
        installation.database.sql(
            "update newsletters set next_assemble_at = cast(extract(epoch from now()) * 1000000 as bigint) - 60000000",
        );
        let editions = || installation.database.texts("select status from editions");
        until("there was a draft", || !editions().is_empty());
        // Every node has had its tick by then.
        std::thread::sleep(Duration::from_secs(7));
        assert_eq!(editions(), ["draft"]);
        assert_eq!(installation.database.texts("select state from moments"), ["done"]);
        assert!(nodes.iter().all(|node| !node.log().contains("ERROR")), "a node that is too late says nothing");
    });
}

fn a_pause_from_another_process_takes_hold_at_once_at_full_speed(mut installation: Installation) {
    let double = prepared(&mut installation, READERS, Duration::ZERO);
    let _serving = installation.serve();
    let edition = installation.publish();
    until("it was under way", || came(&double) > 50);
    installation.run(&["edition", "pause", &edition]).done();
    let at_once = came(&double);
    std::thread::sleep(Duration::from_secs(1));
    assert!(came(&double) <= at_once + CONNECTIONS, "{} came after the pause", came(&double) - at_once);
    assert!(came(&double) < READERS, "it was paused in the middle");
    installation.run(&["edition", "resume", &edition]).done();
    assert_eq!(repeated(&double, &installation.sent(&edition), READERS), 0);
}

fn a_cancelling_from_another_process_takes_hold_at_once_at_full_speed(mut installation: Installation) {
    let double = prepared(&mut installation, READERS, Duration::ZERO);
    let _serving = installation.serve();
    let edition = installation.publish();
    until("it was under way", || came(&double) > 50);
    installation.run(&["edition", "cancel", &edition]).done();
    let at_once = came(&double);
    let report = || installation.run(&["edition", "report", &edition, "--json"]).json().remove(0);
    until("everybody was accounted for", || {
        let counts = report()["counts"].clone();
        ["queued", "sending", "deferred"].iter().all(|state| counts[state] == 0)
    });
    let (report, all) = (report(), came(&double));
    assert!(all <= at_once + CONNECTIONS && all < READERS, "{all} came, {at_once} before it was cancelled");
    assert_eq!((&report["counts"]["accepted"], &report["counts"]["skipped"]), (&all.into(), &(READERS - all).into()));
    assert_eq!(report["adds_up"], true);
}

fn the_parts_work_apart(mut installation: Installation) {
    let double = prepared(&mut installation, 20, Duration::ZERO);
    let web = installation.serve_only("web");
    let edition = installation.publish();
    assert_eq!(web.http.get("/n/nieuws").status, 200);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(came(&double), 0, "pages alone send nothing");
    let mut worker = installation.serve_only("worker");
    assert_eq!(repeated(&double, &installation.sent(&edition), 20), 0);
    assert!(worker.http.ask("GET", "/health/live").try_send().is_none(), "a worker has no pages");
    assert_eq!(worker.terminate().code(), Some(0));
}
