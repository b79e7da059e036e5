//! The lane of letters: confirmations, welcomes and notices never wait behind an edition.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch;

use super::bag::Bag;
use super::ending::Ending;
use super::lease::{Held, Lease};
use super::lines::{Lane, Line};
use super::rate::Rate;
use super::relays::Relays;
use super::writing::{link, write};
use crate::domain::address::EmailAddress;
use crate::domain::feedback::Verdict as Said;
use crate::domain::letter::Letter;
use crate::domain::reply::Verdict;
use crate::domain::retry::{Next, RetryPolicy};
use crate::flows::tally::Count;
use crate::flows::{FlowError, House, feedback, reconfirm};
use crate::mail::message::Message;
use crate::mail::smtp::{Answer, Envelope, Outcome, Refusal};
use crate::store::Durability;
use crate::store::outbox::{self, LetterRow};

/// Letters that one task claims at a time.
const CLAIM: i64 = 8;
/// Without anybody ringing: letters that other processes owe, and those put off.
const LOOK: Duration = Duration::from_millis(500);
/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(20);
/// A letter of which nobody knows so often whether it has arrived is not sent again: it may have arrived each time.
const DOUBTS: i64 = 2;

/// One task that sends letters.
#[derive(Clone)]
pub struct Postman {
    pub house: House,
    pub owner: String,
    pub relays: Relays,
    pub rate: Rate,
    pub lease: Arc<Lease>,
    pub ending: Ending,
    pub bag: Bag,
}

/// A connection that is kept between letters.
type Kept = Option<(Line, tokio::time::Instant)>;

/// What became of one attempt.
enum Came {
    /// It has left, or need not leave any more.
    Through,
    /// Later, without or with an attempt counted against it.
    Waiting { counts: bool, greylisted: bool, why: String },
    /// Nobody knows whether it has arrived.
    Doubtful(String),
    /// Never, and what that says about the address.
    Refused { why: String, verdict: Option<Said> },
    /// Nothing has begun, and we are being stopped: it stays claimed for who winds up.
    Left,
}

impl Came {
    fn later(counts: bool, why: String) -> Self {
        Self::Waiting { counts, greylisted: false, why }
    }
}

impl Postman {
    /// Sends letters until told to stop; then only the reply to what has left is waited for, and the rest waits for who
    /// winds up.
    ///
    /// Only while `present`: others may take what we have in hand for a dead sender's.
    pub async fn run(self, mut present: watch::Receiver<bool>) {
        let mut kept: Kept = None;
        while !self.ending.is_closing() {
            // Letters that cannot leave need not be claimed and given back every second.
            let pause = self.relays.pause();
            if pause.is_some() || !*present.borrow() {
                tokio::select! {
                    Ok(()) = present.changed() => {}
                    () = self.relays.better() => {}
                    () = tokio::time::sleep(pause.unwrap_or(LOOK)) => {}
                    () = self.ending.closing() => {}
                }
                continue;
            }
            let held = self.lease.now();
            let letters = match self.claim().await {
                Ok(letters) => letters,
                Err(error) => {
                    tracing::error!(%error, "letters cannot be read; they wait");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    continue;
                }
            };
            if letters.is_empty() {
                self.idle(&mut kept).await;
                continue;
            }
            for letter in letters {
                if self.ending.is_closing() {
                    break;
                }
                // Asked before each: after a standstill others may have sent it.
                if !self.lease.holds(held) && !self.still_ours(&letter).await {
                    self.bag.take_out(letter.id);
                    continue;
                }
                // A fault of ours must cost one letter an attempt, not everybody their letters.
                if AssertUnwindSafe(self.send(&mut kept, held, &letter)).catch_unwind().await.is_err() {
                    tracing::error!(letter = letter.id, "sending a letter broke off; it is tried again later");
                    kept = None;
                    self.settle(&letter, &Came::later(true, "sending it broke off".to_owned())).await;
                }
            }
        }
        // Whether the servers say goodbye as well is nothing to wait for.
        let _ = tokio::time::timeout(super::GOODBYE, async {
            if let Some((line, _)) = kept {
                line.quit().await;
            }
            self.relays.lines().tidy(true).await;
        })
        .await;
    }

    /// Waits for letters. An idle connection is there for whoever needs one.
    async fn idle(&self, kept: &mut Kept) {
        let lines = self.relays.lines();
        if let Some((line, _)) = kept.take_if(|(_, used)| used.elapsed() > IDLE) {
            line.quit().await;
        }
        lines.tidy(false).await;
        tokio::select! {
            () = self.house.wake.letters.notified() => {}
            () = lines.wanted(Lane::Letters), if kept.is_some() => {
                if let Some((line, _)) = kept.take() {
                    line.give_back();
                }
            }
            () = tokio::time::sleep(LOOK) => {}
            () = self.ending.closing() => {}
        }
    }

    async fn claim(&self) -> Result<Vec<LetterRow>, FlowError> {
        // A look first: claiming is a write, and there is mostly nothing to claim.
        let now = self.house.clock.now();
        let due = outbox::next_due(&mut self.house.db.read().await?).await?;
        if due.is_none_or(|due| due > now) && !self.bag.is_in_doubt().await {
            return Ok(Vec::new());
        }
        self.bag.claim(&self.house, &self.owner, CLAIM).await
    }

    async fn send(&self, kept: &mut Kept, held: Held, letter: &LetterRow) {
        let came = match write(&self.house, letter).await {
            Ok(Some(message)) => self.attempt(kept, held, letter, &message).await,
            Ok(None) => Came::Through,
            Err(error) => Came::later(true, error.to_string()),
        };
        self.settle(letter, &came).await;
    }

    /// Whether the letter was not taken over; a database that cannot say is asked again.
    async fn still_ours(&self, letter: &LetterRow) -> bool {
        loop {
            let answer = match self.house.db.read().await {
                Ok(mut reader) => outbox::is_ours(&mut reader, letter.id, &self.owner).await,
                Err(error) => Err(error),
            };
            match answer {
                Ok(ours) => return ours,
                Err(error) => tracing::error!(%error, "letters cannot be read; they wait"),
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn settle(&self, letter: &LetterRow, came: &Came) {
        let mut pause = Duration::from_millis(50);
        while let Err(error) = self.note(letter, came).await {
            // What was sent must be noted before anything else is sent: wait for the database.
            tracing::error!(%error, "a letter's result cannot be noted; sending waits");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
        if !matches!(came, Came::Left) {
            self.bag.take_out(letter.id);
        }
    }

    async fn attempt(&self, kept: &mut Kept, held: Held, letter: &LetterRow, message: &Message) -> Came {
        let Some(recipient) = EmailAddress::stored(letter.recipient.clone()) else {
            return Came::Refused { why: "the address is broken".to_owned(), verdict: None };
        };
        let token = link(&letter.uid).map(|uid| self.house.keys.seal_delivery(&uid)).unwrap_or_default();
        let return_path = self.house.return_path(&token);
        let envelope = Envelope {
            return_path: return_path.as_ref(),
            recipient: &recipient,
            size: message.as_bytes().len(),
            eight_bit: false,
            id: Some(&token).filter(|token| !token.is_empty()).map(String::as_str),
        };
        // An idle connection may have died: then a fresh one gets its chance at once.
        for fresh in [false, true] {
            let reusable = kept.take().map(|(line, _)| line);
            let reusable = reusable.filter(|line| line.connection.is_usable() && line.connection.has_room() && !fresh);
            let opened = match reusable {
                Some(line) => Ok(line),
                None => tokio::select! {
                    biased;
                    () = self.ending.closing() => return Came::Left,
                    opened = self.relays.open(Lane::Letters) => opened,
                },
            };
            let Ok(mut line) = opened else {
                let why = self.relays.alarms().pop().unwrap_or_else(|| "no mail server can be reached".to_owned());
                return Came::later(false, why);
            };
            let reused = line.connection.messages() > 0;
            tokio::select! {
                biased;
                () = self.ending.closing() => return Came::Left,
                () = self.rate.wait(Lane::Letters) => {}
            }
            // It may have waited for its turn for long.
            if !self.lease.holds(held) && !self.still_ours(letter).await {
                return Came::Left;
            }
            let answer = tokio::select! {
                biased;
                answer = line.connection.offer(&envelope) => answer,
                () = self.ending.closing() => return Came::Left,
            };
            let came = match answer {
                Answer::Go if self.ending.is_closing() => return Came::Left,
                Answer::Go => {
                    let bytes: &[&[u8]] = &[message.as_bytes()];
                    let outcome = tokio::select! {
                        biased;
                        outcome = line.connection.send(bytes, None) => outcome,
                        () = self.ending.cut() => line.connection.broken_off(),
                    };
                    match outcome {
                        Outcome::Accepted(_) => {
                            self.relays.worked(line.server);
                            Came::Through
                        }
                        Outcome::LostAfter(failure) => {
                            self.relays.stumbled(line.server, &failure.to_string());
                            Came::Doubtful(failure.to_string())
                        }
                        Outcome::LostBefore(_) if reused && !fresh => continue,
                        Outcome::LostBefore(failure) => {
                            self.relays.stumbled(line.server, &failure.to_string());
                            Came::later(true, failure.to_string())
                        }
                        Outcome::Refused(refusal) => self.refused(line.server, &refusal),
                    }
                }
                Answer::Lost(_) if reused && !fresh => continue,
                Answer::Lost(failure) => {
                    self.relays.stumbled(line.server, &failure.to_string());
                    Came::later(true, failure.to_string())
                }
                Answer::Refused(refusal) => self.refused(line.server, &refusal),
            };
            if line.connection.is_usable() {
                *kept = Some((line, tokio::time::Instant::now()));
            }
            return came;
        }
        Came::later(false, "the connection was lost twice".to_owned())
    }

    fn refused(&self, server: usize, refusal: &Refusal) -> Came {
        let why = refusal.to_string();
        match refusal.verdict {
            Verdict::Recipient(reason) => {
                let numbers = refusal.reply.enhanced;
                let status = numbers.map(|(class, subject, detail)| format!("{class}.{subject}.{detail}"));
                Came::Refused { verdict: Some(Said::bounce(reason, status, Some(&why))), why }
            }
            Verdict::Later { greylisted, .. } => Came::Waiting { counts: true, greylisted, why },
            Verdict::Ours(_) => Came::later(true, why),
            Verdict::Transport => {
                self.relays.refused(server, &why);
                Came::later(false, why)
            }
            Verdict::Server | Verdict::Confused | Verdict::Accepted => {
                self.relays.stumbled(server, &why);
                Came::later(false, why)
            }
        }
    }

    async fn note(&self, letter: &LetterRow, came: &Came) -> Result<(), FlowError> {
        let now = self.house.clock.now();
        let (attempts, doubts) = (letter.attempts + 1, letter.doubts);
        let again = |attempts: i64, greylisted: bool| {
            let tries = u32::try_from(attempts.max(1)).unwrap_or(u32::MAX);
            let random = u64::from_le_bytes(self.house.clock.random());
            // A letter waits as long as its row says, whatever the policy's own patience.
            let policy = RetryPolicy::service_until(letter.expires_at, letter.created_at);
            match policy.after(tries, greylisted, letter.created_at, now, random) {
                Next::At(moment) => ("deferred", moment),
                Next::Expired => ("failed", now),
            }
        };
        let (state, next_at, attempts, doubts, why) = match came {
            Came::Left => return Ok(()),
            Came::Through => {
                // As with an edition's results: the loss of power may repeat what it leaves claimed.
                let mut tx = self.house.db.write_with(Durability::Process).await?;
                feedback::sent(&self.house, &mut tx, letter).await?;
                outbox::delete(&mut tx, letter.id).await?;
                tx.commit().await?;
                self.count(letter, came);
                return Ok(());
            }
            Came::Refused { why, .. } => ("failed", now, attempts, doubts, why),
            Came::Doubtful(why) if doubts + 1 >= DOUBTS => {
                tracing::error!(
                    letter = letter.id,
                    kind = letter.kind,
                    why,
                    "a letter was taken twice and never confirmed; it is not sent again, because it may have arrived"
                );
                ("failed", now, attempts, doubts + 1, why)
            }
            Came::Doubtful(why) => {
                let (state, at) = again(attempts, false);
                (state, at, attempts, doubts + 1, why)
            }
            Came::Waiting { counts: true, greylisted, why } => {
                let (state, at) = again(attempts, *greylisted);
                (state, at, attempts, doubts, why)
            }
            // Without a server there was no attempt: look again soon.
            Came::Waiting { why, .. } => {
                let (state, at) = again(letter.attempts, false);
                let at = if state == "deferred" { now.plus(Duration::from_secs(1)) } else { at };
                (state, at, letter.attempts, doubts, why)
            }
        };
        let put = outbox::PutBack { state, attempts, doubts, next_at, last_reply: why };
        let mut tx = self.house.db.write().await?;
        outbox::put_back(&mut tx, letter.id, &self.owner, put).await?;
        if state == "failed" {
            reconfirm::never_arrived(&mut tx, letter).await?;
        }
        if let Came::Refused { verdict: Some(verdict), .. } = came {
            feedback::returned(&self.house, &mut tx, letter, verdict.clone()).await?;
        }
        tx.commit().await?;
        self.count(letter, came);
        Ok(())
    }

    fn count(&self, letter: &LetterRow, came: &Came) {
        let is_test = matches!(serde_json::from_str(&letter.body), Ok(Letter::Test { .. }));
        self.house.tally.count(match (came, is_test) {
            // Without a server there was no attempt.
            (Came::Left | Came::Waiting { counts: false, .. }, _) => return,
            (Came::Through, false) => Count::SystemAccepted,
            (Came::Through, true) => Count::TestAccepted,
            (Came::Refused { .. }, false) => Count::SystemRejected,
            (Came::Refused { .. }, true) => Count::TestRejected,
            (Came::Waiting { .. } | Came::Doubtful(_), false) => Count::SystemDeferred,
            (Came::Waiting { .. } | Came::Doubtful(_), true) => Count::TestDeferred,
        });
    }
}
