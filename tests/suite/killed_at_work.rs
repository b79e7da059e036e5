//! The program dies at random moments of everything but sending: whoever was told yes can rely on it.
//!
//! `POSTDUIF_TEST_KILLS=100` kills so often in each test. The seed is printed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::kit::dice::Dice;
use crate::kit::http::Http;
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::Script;
use crate::kit::{Installation, on_each_engine};

on_each_engine![
    whoever_was_told_yes_can_rely_on_it_though_the_program_is_killed,
    a_list_arrives_whole_though_its_import_is_killed,
    the_schema_is_whole_though_its_change_is_killed,
];

/// So many visitors at once.
const VISITORS: usize = 4;

/// `POSTDUIF_TEST_KILLS`, or so many.
fn kills(usual: usize) -> usize {
    std::env::var("POSTDUIF_TEST_KILLS").map_or(usual, |count| count.parse().expect("a number of kills"))
}

fn whoever_was_told_yes_can_rely_on_it_though_the_program_is_killed(mut installation: Installation) {
    let double = SmtpDouble::start(Script::offering(&["PIPELINING"]));
    installation.set("SMTP_URL", &double.url("tls=none"));
    installation.set("SIGNUPS_PER_NETWORK", "0");
    installation.set("SIGNUPS_TOTAL", "0");
    installation.newsletter();
    let mut dice = Dice::thrown();

    // They sign up: who was told to look in the inbox finds a mail there.
    let next = AtomicUsize::new(0);
    let told = Mutex::new(BTreeSet::new());
    under_kills(&installation, &mut dice, kills(6), |http| {
        let email = format!("visitor{}@example.org", next.fetch_add(1, Ordering::Relaxed));
        if press(http, "/n/nieuws/subscribe", &format!("email={}", email.replace('@', "%40"))) == Some(303) {
            told.lock().expect("no visitor panics").insert(email);
        }
    });
    let told = told.into_inner().expect("no visitor panics");
    assert!(told.len() > 20, "{} visitors are too few to show anything", told.len());
    let serving = installation.serve();
    nothing_is_owed(&installation);
    let links = |kind: &str| -> BTreeMap<String, String> {
        let messages = double.seen().messages.clone();
        messages.iter().filter_map(|message| Some((message.to.clone(), link(&message.bytes, kind)?))).collect()
    };
    let confirm = links("/c/");
    let lost: Vec<&String> = told.iter().filter(|email| !confirm.contains_key(*email)).collect();
    assert_eq!(lost, Vec::<&String>::new(), "told to look in the inbox, and nothing came");
    serving.kill();

    // They confirm, and whoever was told that it is done is a reader.
    let done = pressed_under_kills(&installation, &mut dice, &confirm, "");
    assert_eq!(in_status(&installation, "confirmed", &done), done.len(), "a confirmation was forgotten");
    let serving = installation.serve();
    nothing_is_owed(&installation);
    serving.kill();

    // They leave by the button of their mail program.
    let done = pressed_under_kills(&installation, &mut dice, &links("/u/"), "List-Unsubscribe=One-Click");
    assert_eq!(in_status(&installation, "unsubscribed", &done), done.len(), "a good-bye was forgotten");
    let verified = installation.run(&["consent", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.err);
}

fn a_list_arrives_whole_though_its_import_is_killed(installation: Installation) {
    const ROWS: usize = 20_000;
    installation.newsletter();
    let path = installation.folder().join("list.csv");
    let rows: String = (0..ROWS).map(|n| format!("reader{n}@host{}.example.org\n", n % 50)).collect();
    std::fs::write(&path, format!("email\n{rows}")).expect("the folder has room");
    let path = path.display().to_string();
    let import =
        ["subscriber", "import", &path, "--newsletter", "nieuws", "--consent", "They asked on paper", "--json"];
    let mut dice = Dice::thrown();
    for _ in 0..kills(6) {
        let mut child = installation.command(&import).spawn().expect("the program starts");
        std::thread::sleep(dice.within(Duration::from_millis(20), Duration::from_millis(900)));
        // When it was quicker there is nothing to kill.
        let _ = child.kill();
        child.wait().expect("a killed child ends");
    }
    let told = installation.run(&import).json().remove(0);
    assert_eq!(told["rows"], ROWS, "{told}");
    assert_eq!((&told["imported"], &told["rejected"]), (&ROWS.into(), &0.into()), "{told}");
    let count =
        installation.database.texts("select cast(count(*) as text) from subscriptions where status = 'confirmed'");
    assert_eq!(count, [ROWS.to_string()]);
    let twice = "select cast(count(*) - count(distinct email_key) as text) from subscribers";
    assert_eq!(installation.database.texts(twice), ["0"]);
    let verified = installation.run(&["consent", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.err);
}

fn the_schema_is_whole_though_its_change_is_killed(installation: Installation) {
    let mut dice = Dice::thrown();
    for _ in 0..kills(10) {
        let mut child = installation.command(&["migrate"]).spawn().expect("the program starts");
        std::thread::sleep(dice.within(Duration::from_millis(1), Duration::from_millis(120)));
        let _ = child.kill();
        child.wait().expect("a killed child ends");
    }
    installation.run(&["migrate"]).done();
    installation.newsletter();
    let verified = installation.run(&["consent", "verify"]);
    assert_eq!(verified.code, 0, "{}", verified.err);
}

/// Visitors do something over and over while the program is killed and started again.
fn under_kills(installation: &Installation, dice: &mut Dice, kills: usize, visit: impl Fn(&Http) + Sync) {
    let over = AtomicBool::new(false);
    let mut serving = installation.serve();
    let http = serving.http.clone();
    std::thread::scope(|scope| {
        for _ in 0..VISITORS {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    visit(&http);
                }
            });
        }
        for _ in 0..kills {
            std::thread::sleep(dice.within(Duration::from_millis(50), Duration::from_millis(600)));
            serving.kill();
            serving = installation.serve();
        }
        over.store(true, Ordering::Relaxed);
        serving.kill();
    });
}

/// Presses each link until the program says that it is done; who was told so before the last kill.
fn pressed_under_kills(
    installation: &Installation,
    dice: &mut Dice,
    links: &BTreeMap<String, String>,
    body: &str,
) -> BTreeSet<String> {
    let waiting = Mutex::new(links.iter().collect::<Vec<_>>());
    let done = Mutex::new(BTreeSet::new());
    under_kills(installation, dice, kills(6), |http| {
        let Some((email, link)) = waiting.lock().expect("no visitor panics").pop() else {
            std::thread::sleep(Duration::from_millis(5));
            return;
        };
        match press(http, link, body) {
            Some(200 | 303) => drop(done.lock().expect("no visitor panics").insert(email.clone())),
            _ => waiting.lock().expect("no visitor panics").insert(0, (email, link)),
        }
        // So that there is something to do until the last kill.
        std::thread::sleep(Duration::from_millis(20));
    });
    let done = done.into_inner().expect("no visitor panics");
    assert!(!done.is_empty(), "nobody was told anything");
    done
}

/// The status of the answer; nothing when the program died over it.
fn press(http: &Http, place: &str, body: &str) -> Option<u16> {
    let ask = http.ask("POST", place).header("content-type", "application/x-www-form-urlencoded");
    ask.try_send_body(body).map(|answer| answer.status)
}

/// Waits until no letter is owed.
fn nothing_is_owed(installation: &Installation) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while installation.database.texts("select cast(count(*) as text) from outbox") != ["0"] {
        assert!(Instant::now() < deadline, "letters are owed for ever");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// How many of these people are in this status.
fn in_status(installation: &Installation, status: &str, people: &BTreeSet<String>) -> usize {
    let query = format!(
        "select p.email from subscribers p join subscriptions s on s.subscriber_id = p.id where s.status = '{status}'"
    );
    let found: BTreeSet<String> = installation.database.texts(&query).into_iter().collect();
    people.intersection(&found).count()
}

/// The path of a link of this kind in a mail.
fn link(bytes: &[u8], kind: &str) -> Option<String> {
    let mail = mail_parser::MessageParser::default().parse(bytes)?;
    let text = mail.body_text(0)?.into_owned();
    text.split_whitespace().find_map(|word| Some(word[word.find(kind)?..].to_owned()))
}
