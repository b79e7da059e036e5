//! Every fault at every step of the dialogue, once, now and then, and always: each ends as it must.
//!
//! `POSTDUIF_TEST_SWEEP=500` sweeps with that many readers.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use postduif::domain::edition::EditionStatus;
use postduif::domain::retry::{RetryPolicy, ServerBackoff};
use postduif::domain::smarthost::Smarthost;
use postduif::flows::deliver::{Mailer, Pauses, Relays};
use postduif::flows::{House, publish};
use postduif::mail::smtp::{Relay, Timeouts, Tls};
use postduif::store::editions::EditionRow;

use crate::delivery::{approved, house, sent, until};
use crate::kit::database::{Database, Engine};
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::{Fault, Script, Step, When};
use crate::kit::{given, wait};

const STEPS: [Step; 6] = [Step::Connect, Step::Ehlo, Step::Mail, Step::Rcpt, Step::Data, Step::Dot];
const WHEN: [When; 3] = [When::First, When::Every(7), When::Always];
/// Cases at one time: most of them wait most of the time.
const AT_ONCE: usize = 12;

#[derive(Clone, Copy, Debug)]
struct Case {
    step: Step,
    fault: Fault,
    when: When,
}

impl Case {
    fn says(&self, digit: u8) -> bool {
        matches!(self.fault, Fault::Says(reply) if reply.as_bytes()[0] == digit)
    }

    /// Whether the fault falls on a message rather than on the way to it.
    fn is_on_a_message(&self) -> bool {
        !matches!(self.step, Step::Connect | Step::Ehlo)
    }
}

fn faults(step: Step) -> [Fault; 5] {
    let refusal = match step {
        Step::Rcpt => "550 5.1.1 no such user",
        Step::Dot => "554 5.7.1 looks like spam",
        _ => "554 5.3.0 no service for you",
    };
    [
        Fault::Says("421 4.3.2 shutting down"),
        Fault::Says("451 4.3.0 try again later"),
        Fault::Says(refusal),
        Fault::Drops,
        Fault::Stalls,
    ]
}

fn cases() -> Vec<Case> {
    let cases = STEPS.into_iter().flat_map(|step| {
        faults(step).into_iter().flat_map(move |fault| WHEN.into_iter().map(move |when| Case { step, fault, when }))
    });
    cases.collect()
}

#[test]
fn every_fault_at_every_step_ends_as_it_must() {
    let readers = std::env::var("POSTDUIF_TEST_SWEEP").map_or(60, |count| count.parse().expect("a number of readers"));
    let cases = cases();
    assert_eq!(cases.len(), 90);
    sweep(Engine::Sqlite, cases, readers, AT_ONCE);
}

#[test]
fn every_fault_on_a_message_ends_as_it_must_on_postgres_too() {
    if given("DATABASE_URL").is_none() {
        return;
    }
    let all = std::env::var("POSTDUIF_TEST_SWEEP").is_ok();
    let chosen = |case: &Case| all || matches!(case.step, Step::Rcpt | Step::Dot);
    sweep(Engine::Postgres, cases().into_iter().filter(chosen).collect(), 30, 4);
}

fn sweep(engine: Engine, cases: Vec<Case>, readers: usize, at_once: usize) {
    wait(|| async move {
        let mut faults: Vec<String> = futures_util::stream::iter(cases)
            .map(|case| async move {
                let ended = tokio::task::spawn_blocking(move || wait(|| run(engine, case, readers))).await;
                match ended {
                    Ok(()) => None,
                    Err(panic) => Some(format!("{case:?}: {}", message(panic))),
                }
            })
            .buffer_unordered(at_once)
            .filter_map(std::future::ready)
            .collect()
            .await;
        faults.sort();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    });
}

fn message(panic: tokio::task::JoinError) -> String {
    let panic = panic.into_panic();
    panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "it panicked".to_owned())
}

async fn run(engine: Engine, case: Case, readers: usize) {
    let database = Database::fresh(engine).expect("its server was given");
    let house = house(&database, readers).await;
    let double = SmtpDouble::start(Script::offering(&["PIPELINING"]).with(case.step, case.fault, case.when));
    let id = approved(&house).await;
    let mailer = mailer(&house, &double, case);
    publish::send(&house, id, None).await.unwrap();
    if case.when == When::Always {
        troubled(&house, &double, case, id, readers).await;
    }
    let edition = until(&house, id, sent).await;
    mailer.stop().await;
    judge(case, &edition, &double, readers);
}

/// A fault that always comes: the edition waits for better times, or for somebody to look at it.
async fn troubled(house: &House, double: &SmtpDouble, case: Case, id: i64, readers: usize) {
    if case.says(b'5') && case.is_on_a_message() {
        let stops_itself = |edition: &EditionRow| edition.status == EditionStatus::Paused;
        if case.step == Step::Rcpt {
            let paused = until(house, id, stops_itself).await;
            assert!(paused.rejected < i64::try_from(readers).unwrap(), "the rest of the list is not spent");
            double.becomes_well();
            publish::resume(house, id).await.unwrap();
        } else {
            let stopped = |edition: &EditionRow| edition.status == EditionStatus::Paused && edition.sending == 0;
            let paused = until(house, id, stopped).await;
            assert!(paused.pause_reason.is_some_and(|why| why.contains("554")), "it says why");
            assert_eq!(paused.queued + paused.deferred, i64::try_from(readers).unwrap(), "nobody is blamed");
            double.becomes_well();
            publish::resume(house, id).await.unwrap();
        }
        return;
    }
    let began = Instant::now();
    while double.seen().reached(case.step) < 3 {
        assert!(began.elapsed() < Duration::from_secs(60), "it gave up trying");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(double.copies().len(), 0, "nothing can have arrived");
    double.becomes_well();
}

fn judge(case: Case, edition: &EditionRow, double: &SmtpDouble, readers: usize) {
    let copies = double.copies();
    let total = i64::try_from(readers).unwrap();
    assert!(copies.values().all(|copies| *copies == 1), "somebody got it twice: {copies:?}");
    assert_eq!(double.seen().violations, Vec::<String>::new());
    let rejected = if case.step == Step::Rcpt && case.says(b'5') {
        assert!(edition.rejected > 0);
        edition.rejected
    } else {
        0
    };
    assert_eq!(edition.rejected, rejected, "somebody was blamed");
    // A message whose reply is lost is repeated once; where that one is lost as well it is left as it is: uncertain.
    let twice = case.step == Step::Dot && case.when != When::First;
    let uncertain = if twice { edition.unknown } else { 0 };
    assert!(case.when == When::Always || uncertain <= total / 5, "{uncertain} are uncertain");
    assert_eq!((edition.accepted, edition.unknown), (total - rejected - uncertain, uncertain), "{edition:?}");
    assert_eq!(i64::try_from(copies.len()).unwrap(), edition.accepted);
}

fn mailer(house: &House, double: &SmtpDouble, case: Case) -> Mailer {
    let patience = if case.fault == Fault::Stalls { Duration::from_secs(1) } else { Duration::from_secs(20) };
    let server = Smarthost::parse_list(&double.url("tls=none")).unwrap().remove(0);
    let relay = Relay::new(server, "test.example", Timeouts::all(patience), Tls::from_system());
    let quick = Duration::from_millis(50);
    let backoff = ServerBackoff { first: quick, base: quick, ceiling: 4 * quick };
    let pauses = Pauses {
        retry: RetryPolicy::new(vec![4 * quick], Duration::from_secs(600)),
        unknown: 4 * quick,
        soon: quick,
        look: 600 * quick,
    };
    Mailer::start_with(house, Relays::new(house.clock.clone(), vec![relay]).with_backoff(backoff), pauses)
}
