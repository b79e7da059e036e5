//! The program dies in the middle of sending, and nobody is lost for it.
//!
//! It dies at random moments; the seed is printed. `POSTDUIF_TEST_KILLS=100` kills so often, with a mail server that
//! fails at the same time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::kit::dice::Dice;
use crate::kit::installation::Serving;
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::{Fault, Script, Step, When};
use crate::kit::{Installation, on_each_engine};

on_each_engine![
    nobody_is_lost_and_few_get_it_twice_when_the_sender_is_killed,
    everybody_gets_it_once_when_the_sender_is_told_to_stop,
];

const READERS: usize = 2_000;
/// So many readers for each kill that is asked for, so that they do not run out first.
const READERS_A_KILL: usize = 120;
/// `POSTDUIF_SMTP_CONNECTIONS`: as many mails are in flight, and may go out again, for each kill.
const CONNECTIONS: usize = 4;

fn nobody_is_lost_and_few_get_it_twice_when_the_sender_is_killed(installation: Installation) {
    let kills = std::env::var("POSTDUIF_TEST_KILLS").ok().map(|count| count.parse().expect("a number of kills"));
    let script = if kills.is_some() { failing() } else { working() };
    let kills = kills.unwrap_or(STOPS);
    let (double, copies, kills) = interrupted(installation, script, kills, |serving| serving.kill());
    let repeated: usize = copies.values().map(|copies| copies - 1).sum();
    let swallowed = double.seen().swallowed;
    println!(
        "killed {kills} times: {} readers have it, {repeated} repeated, of {} that were in flight and {swallowed} whose reply was \
         lost",
        copies.len(),
        kills * CONNECTIONS
    );
    assert!(
        repeated <= kills * CONNECTIONS + swallowed,
        "{repeated} mails went out again, {swallowed} replies were lost"
    );
    // A repeat is recognised by who gets it: it carries the Message-ID of the first.
    let mut ids = BTreeMap::new();
    for message in &double.seen().messages {
        let text = String::from_utf8_lossy(&message.bytes).into_owned();
        let id = text.lines().find(|line| line.to_lowercase().starts_with("message-id:")).map(str::to_owned);
        let first = ids.entry(message.to.clone()).or_insert_with(|| id.clone());
        assert!(id.is_some() && *first == id, "{}: {first:?}, then {id:?}", message.to);
    }
}

fn everybody_gets_it_once_when_the_sender_is_told_to_stop(installation: Installation) {
    let (_, copies, _) = interrupted(installation, working(), STOPS, |mut serving| {
        let status = serving.terminate();
        assert_eq!(status.code(), Some(0), "{}", serving.log());
    });
    assert!(copies.values().all(|copies| *copies == 1), "{copies:?}");
}

/// How often the sender is stopped, at most: when everybody has got it before, less often.
const STOPS: usize = 12;

fn working() -> Script {
    Script::offering(&["PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES"])
}

/// Takes messages and dies before it says so, hangs up, and closes the door, now and then.
fn failing() -> Script {
    working()
        .with(Step::Dot, Fault::DiesBeforeReply, When::Every(50))
        .with(Step::Rcpt, Fault::Drops, When::Every(61))
        .with(Step::Mail, Fault::Says("421 4.3.2 shutting down"), When::Every(97))
        .with(Step::Body, Fault::Drops, When::Every(113))
}

/// Sends to everybody, interrupted now and then, and finds that all of them got it; how often it was interrupted.
fn interrupted(
    mut installation: Installation,
    script: Script,
    stops: usize,
    stop: impl Fn(Serving),
) -> (SmtpDouble, BTreeMap<String, usize>, usize) {
    let mut dice = Dice::thrown();
    let readers = if stops > STOPS { READERS_A_KILL * stops } else { READERS };
    let double = SmtpDouble::start(Script { keeps_headers: true, ..script });
    installation.set("SMTP_URL", &double.url("tls=none"));
    installation.set("SMTP_CONNECTIONS", &CONNECTIONS.to_string());
    installation.newsletter();
    installation.readers(readers, "example.org");
    let mut serving = installation.serve();
    let edition = installation.publish();
    let (mut stopped, mut before) = (0, 0);
    while stopped < stops {
        // Something is under way again, and ends at any moment after that.
        let deadline = Instant::now() + Duration::from_secs(60);
        while double.seen().messages.len() == before {
            assert!(Instant::now() < deadline, "{before} mails came: {}", serving.log());
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(dice.within(Duration::ZERO, Duration::from_millis(250)));
        if double.seen().messages.len() >= readers && double.copies().len() == readers {
            break;
        }
        stop(serving);
        (stopped, before) = (stopped + 1, double.seen().messages.len());
        serving = installation.serve();
    }
    assert!(stopped > 0, "the sender was too quick to be stopped");
    let counts = installation.sent(&edition);
    let ended: u64 = ["accepted", "unknown"].iter().filter_map(|state| counts[*state].as_u64()).sum();
    assert_eq!(ended, readers as u64, "{counts}");
    let copies = double.copies();
    explained(&installation, &copies, stops > STOPS);
    assert_eq!(double.seen().violations, Vec::<String>::new());
    (double, copies, stopped)
}

/// Whoever is noted as having it has it, and whoever has nothing stands there as uncertain, for a person to decide: of very
/// many, one has its connection cut off behind the last byte of the message, and again when it is repeated.
fn explained(installation: &Installation, copies: &BTreeMap<String, usize>, very_many: bool) {
    let ledger = "select email || ' ' || state || ' ' || cast(attempts as text) || ' ' || cast(repeats as text) || ' ' || \
                  cast(cuts as text) from deliveries order by email";
    let mut without = 0;
    for line in installation.database.texts(ledger) {
        let mut words = line.split(' ');
        let (email, state) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let numbers: Vec<u32> = words.map(|number| number.parse().expect("it is a number")).collect();
        let [attempts, repeats, cuts] = numbers[..] else { panic!("{line}") };
        let has_it = copies.contains_key(email);
        if state == "unknown" || !has_it {
            println!(
                "{email}: {state} after {attempts} attempts, {repeats} for lost replies, {cuts} for crashes; has it: {has_it}"
            );
        }
        if !has_it {
            without += 1;
            assert_eq!(state, "unknown", "{line}: it was lost");
            assert!(repeats >= 1 && attempts >= 2, "{line}: given up before it was repeated");
        }
    }
    assert!(without == 0 || very_many, "{without} got nothing");
}
