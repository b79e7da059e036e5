//! Every step, every fault: what is known afterwards is true, and nobody is lost or mailed twice.

use std::collections::BTreeMap;

use postduif::domain::address::EmailAddress;
use postduif::domain::reply::{Stage, Verdict};
use postduif::mail::smtp::{Answer, Connection, Outcome, Relay};

use super::{MESSAGE, address, hasty_relay, open, relay, to};
use crate::kit::smtp_double::SmtpDouble;
use crate::kit::smtp_double::script::{Fault, Script, Step, When};

/// How a fault at the first message must end.
#[derive(Debug, PartialEq)]
enum End {
    Refused(Stage, Verdict),
    /// It was not sent.
    Lost,
    /// Nobody knows.
    Unknown,
}

const LATER: Verdict = Verdict::Later { greylisted: false, slower: false };

async fn end_of(offers: &[&'static str], step: Step, fault: Fault) -> (End, usize) {
    let double = SmtpDouble::start(Script::offering(offers).with(step, fault, When::First));
    let (ada, bob) = (address("ada@example.org"), address("bob@example.org"));
    let mut connection = hasty_relay(&double, "tls=none").open().await.expect("it opens");
    let outcome = match connection.offer(&to(&ada)).await {
        Answer::Go => connection.send(MESSAGE, Some(&to(&bob))).await,
        Answer::Refused(refusal) => Outcome::Refused(refusal),
        Answer::Lost(failure) => Outcome::LostBefore(failure),
    };
    // Whatever happened to Ada's, Bob's arrives: over the same connection or over another one.
    let answered = connection.answer().await;
    let bobs = match answered {
        Some(Answer::Go) => connection.send(MESSAGE, None).await,
        _ if connection.is_usable() => connection.deliver(&to(&bob), MESSAGE).await,
        _ => hasty_relay(&double, "tls=none").open().await.expect("it opens").deliver(&to(&bob), MESSAGE).await,
    };
    assert!(matches!(bobs, Outcome::Accepted(_)), "{fault:?} at {step:?}: {bobs:?}");
    assert_eq!(double.seen().violations, Vec::<String>::new(), "{fault:?} at {step:?}");
    let copies = double.copies();
    assert_eq!(copies["bob@example.org"], 1);
    let end = match outcome {
        Outcome::Accepted(reply) => panic!("{fault:?} at {step:?}: accepted with {reply}"),
        Outcome::Refused(refusal) => End::Refused(refusal.stage, refusal.verdict),
        Outcome::LostBefore(_) => End::Lost,
        Outcome::LostAfter(_) => End::Unknown,
    };
    (end, copies.get("ada@example.org").copied().unwrap_or_default())
}

#[tokio::test]
async fn every_fault_at_every_step_ends_as_it_must() {
    use postduif::domain::bounce::BounceClass::{Gone, Policy};
    let mut cases = Vec::new();
    for (step, stage) in
        [(Step::Mail, Stage::Mail), (Step::Rcpt, Stage::Rcpt), (Step::Data, Stage::Data), (Step::Dot, Stage::End)]
    {
        let lost = || if step == Step::Dot { End::Unknown } else { End::Lost };
        cases.extend([
            (step, Fault::Says("421 4.3.2 shutting down"), End::Refused(stage, Verdict::Server), 0),
            (step, Fault::Says("451-4.3.0 trouble\r\n451 4.3.0 here"), End::Refused(stage, LATER), 0),
            (step, Fault::Drops, lost(), 0),
            (step, Fault::Stalls, lost(), 0),
            (step, Fault::Garbles, lost(), 0),
            (step, Fault::NeverEnds, lost(), 0),
        ]);
    }
    cases.extend([
        (Step::Mail, Fault::Says("550 5.7.1 not from you"), End::Refused(Stage::Mail, Verdict::Ours(Policy)), 0),
        (Step::Rcpt, Fault::Says("550 5.1.1 who?"), End::Refused(Stage::Rcpt, Verdict::Recipient(Gone)), 0),
        (Step::Data, Fault::Says("554 5.7.1 no"), End::Refused(Stage::Data, Verdict::Ours(Policy)), 0),
        (Step::Dot, Fault::Says("554 5.7.1 spam"), End::Refused(Stage::End, Verdict::Ours(Policy)), 0),
        (Step::Mail, Fault::Drips, End::Lost, 0),
        (Step::Dot, Fault::Drips, End::Unknown, 1),
        (Step::Dot, Fault::DiesBeforeReply, End::Unknown, 1),
        // Short enough to have left as a whole before the server hung up.
        (Step::Body, Fault::Drops, End::Unknown, 0),
        (Step::Body, Fault::Stalls, End::Unknown, 0),
        (Step::Body, Fault::Says("421 4.3.2 shutting down"), End::Refused(Stage::End, Verdict::Server), 0),
        // A go-ahead that is none, and one more reply than was asked for.
        (Step::Data, Fault::Says("250 ok"), End::Lost, 0),
        (Step::Data, Fault::Babbles, End::Lost, 0),
        (Step::Mail, Fault::Says("354 go on"), End::Lost, 0),
        (Step::Dot, Fault::Says("354 go on"), End::Unknown, 0),
    ]);
    let runs = cases.into_iter().flat_map(|(step, fault, end, copies)| {
        let offers: [&[&'static str]; 2] = [&["PIPELINING"], &[]];
        offers.map(|offers| (offers, step, fault, format!("{end:?}, {copies} copies")))
    });
    futures_util::future::join_all(runs.map(|(offers, step, fault, expected)| async move {
        let (end, copies) = end_of(offers, step, fault).await;
        assert_eq!(format!("{end:?}, {copies} copies"), expected, "{fault:?} at {step:?} with {offers:?}");
    }))
    .await;
}

#[tokio::test]
async fn a_server_that_hangs_up_within_a_large_message_leaves_no_doubt() {
    let ada = address("ada@example.org");
    let large = b"0123456789012345678901234567890123456789\r\n".repeat(400_000);
    for (fault, refused) in
        [(Fault::Drops, None), (Fault::Says("421 enough"), Some(Verdict::Server)), (Fault::Stalls, None)]
    {
        let double = SmtpDouble::start(Script::default().with(Step::Body, fault, When::First));
        let mut connection = hasty_relay(&double, "tls=none").open().await.expect("it opens");
        let outcome = connection.deliver(&to(&ada), &[&large]).await;
        match (&outcome, refused) {
            (Outcome::Refused(refusal), Some(verdict)) => assert_eq!(refusal.verdict, verdict),
            (Outcome::LostBefore(_), None) => {}
            _ => panic!("{fault:?}: {outcome:?}"),
        }
        assert!(!connection.is_usable());
        assert!(double.copies().is_empty());
    }
}

#[tokio::test]
async fn a_connection_that_the_server_has_given_up_costs_no_message() {
    let (ada, bob) = (address("ada@example.org"), address("bob@example.org"));
    for fault in [Fault::Leaves, Fault::Babbles] {
        let double = SmtpDouble::start(Script::default().with(Step::Dot, fault, When::First));
        let mut connection = open(&double).await.expect("it opens");
        assert!(matches!(connection.deliver(&to(&ada), MESSAGE).await, Outcome::Accepted(_)));
        let outcome = connection.deliver(&to(&bob), MESSAGE).await;
        assert!(matches!(outcome, Outcome::LostBefore(_)), "{fault:?}: {outcome:?}");
        assert!(!connection.is_usable());
        assert_eq!(double.copies().into_keys().collect::<Vec<_>>(), ["ada@example.org"]);
    }
}

#[tokio::test]
async fn a_server_that_wants_few_messages_a_connection_gets_them_over_many() {
    let recipients: Vec<_> = (0..10).map(|number| address(&format!("r{number}@example.org"))).collect();
    for offers in [&["PIPELINING"][..], &[]] {
        let double = SmtpDouble::start(Script { most_messages: Some(3), ..Script::offering(offers) });
        let relay = relay(&double, "tls=none");
        let mut engine = Engine { relay: &relay, accepted: BTreeMap::new(), unknown: 0, attempts: 0 };
        engine.run(&recipients).await;
        assert_eq!((engine.accepted.len(), engine.unknown), (10, 0));
        assert_eq!(double.seen().per_connection(), [3, 3, 3, 1]);
    }
}

#[tokio::test]
async fn greylisting_is_seen_as_such_and_passes_on_the_second_try() {
    let ada = address("ada@example.org");
    let double = SmtpDouble::start(Script { greylists: true, ..Script::offering(&["PIPELINING"]) });
    let mut connection = open(&double).await.expect("it opens");
    let outcome = connection.deliver(&to(&ada), MESSAGE).await;
    let Outcome::Refused(refusal) = outcome else { panic!("{outcome:?}") };
    assert_eq!(refusal.verdict, Verdict::Later { greylisted: true, slower: false });
    assert!(matches!(connection.deliver(&to(&ada), MESSAGE).await, Outcome::Accepted(_)));
}

/// Messages for one connection; few, so that there are many connections.
const MOST_MESSAGES: u32 = 4;

/// Sends to everybody as a delivery engine does, and keeps the books.
struct Engine<'a> {
    relay: &'a Relay,
    accepted: BTreeMap<String, usize>,
    /// Messages of which nobody knows whether they arrived; each is sent once more.
    unknown: usize,
    attempts: usize,
}

impl Engine<'_> {
    async fn run(&mut self, recipients: &[EmailAddress]) {
        let mut waiting: Vec<&EmailAddress> = recipients.iter().rev().collect();
        while let Some(first) = waiting.pop() {
            self.attempts += 1;
            assert!(self.attempts < 40 * recipients.len(), "it never ends: {} wait", waiting.len());
            match self.relay.open().await {
                Ok(connection) => self.over(connection, first, &mut waiting).await,
                Err(_) => waiting.push(first),
            }
        }
    }

    async fn over<'r>(
        &mut self,
        mut connection: Connection,
        first: &'r EmailAddress,
        waiting: &mut Vec<&'r EmailAddress>,
    ) {
        let (mut current, mut answer) = (first, connection.offer(&to(first)).await);
        loop {
            self.attempts += 1;
            if answer != Answer::Go {
                waiting.insert(0, current);
                let Some(next) = waiting.pop() else { return };
                if !connection.is_usable() {
                    return waiting.push(next);
                }
                (current, answer) = (next, connection.offer(&to(next)).await);
                continue;
            }
            let next = if connection.messages() < MOST_MESSAGES { waiting.pop() } else { None };
            let outcome = connection.send(MESSAGE, next.map(to).as_ref()).await;
            match outcome {
                Outcome::Accepted(_) => *self.accepted.entry(current.to_string()).or_default() += 1,
                Outcome::Refused(_) | Outcome::LostBefore(_) => waiting.insert(0, current),
                Outcome::LostAfter(_) => {
                    self.unknown += 1;
                    waiting.insert(0, current);
                }
            }
            let Some(next) = next else { return connection.quit().await };
            if !connection.is_usable() {
                return waiting.push(next);
            }
            (current, answer) = (next, connection.answer().await.expect("it was asked"));
        }
    }
}

#[tokio::test]
async fn with_a_fault_now_and_then_everybody_is_mailed_and_twice_only_after_a_swallowed_reply() {
    let recipients: Vec<_> = (0..40).map(|number| address(&format!("r{number}@example.org"))).collect();
    let steps = [Step::Connect, Step::Ehlo, Step::Mail, Step::Rcpt, Step::Data, Step::Body, Step::Dot];
    let faults = [
        Fault::Says("421 4.3.2 shutting down"),
        Fault::Says("451 4.3.0 later"),
        Fault::Drops,
        Fault::Leaves,
        Fault::Garbles,
        Fault::DiesBeforeReply,
        Fault::Babbles,
    ];
    let mut runs = Vec::new();
    for step in steps {
        for fault in faults {
            for when in [When::First, When::Every(7)] {
                for offers in [&["PIPELINING"][..], &[]] {
                    runs.push((step, fault, when, offers));
                }
            }
        }
    }
    for (step, fault, when, offers) in runs {
        if step == Step::Body
            && matches!(fault, Fault::Says("451 4.3.0 later") | Fault::Leaves | Fault::Garbles | Fault::Babbles)
        {
            // A second reply behind an unasked one is what `Babbles` at the dot already is.
            continue;
        }
        let double = SmtpDouble::start(Script::offering(offers).with(step, fault, when));
        let relay = relay(&double, "tls=none");
        let mut engine = Engine { relay: &relay, accepted: BTreeMap::new(), unknown: 0, attempts: 0 };
        engine.run(&recipients).await;
        let what = format!("{fault:?} at {step:?}, {when:?}, {offers:?}");
        assert_eq!(engine.accepted.len(), recipients.len(), "{what}");
        assert!(engine.accepted.values().all(|times| *times == 1), "{what}");
        let copies = double.copies();
        assert_eq!(copies.len(), recipients.len(), "{what}: somebody is lost");
        let repeats: usize = copies.values().map(|copies| copies - 1).sum();
        assert!(repeats <= engine.unknown, "{what}: {repeats} repeats, {} unknown", engine.unknown);
        let seen = double.seen();
        assert_eq!(seen.violations, Vec::<String>::new(), "{what}");
        assert!(seen.per_connection().iter().all(|messages| *messages <= MOST_MESSAGES as usize + 1), "{what}");
    }
}
