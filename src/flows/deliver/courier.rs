//! One connection's task: takes jobs, hands messages over, notes every start and every result.

use std::time::Duration;

use super::edition::{Prepared, Running};
use super::lanes::{Job, Lanes, Pacing};
use super::ledger::Ledger;
use super::relays::Relays;
use crate::domain::bounce::BounceClass;
use crate::domain::delivery::DeliveryState;
use crate::domain::reply::{Reply, Verdict};
use crate::domain::retry::Next;
use crate::flows::{House, publish};
use crate::mail::smtp::{Answer, Connection, Envelope, Outcome, Refusal};
use crate::store::deliveries::{Settled, Start};

/// Messages over one connection, at most; servers dislike more.
const MESSAGES_PER_CONNECTION: u32 = 1000;
/// How long one connection is used, at most.
const CONNECTION_AGE: Duration = Duration::from_secs(300);
/// How long a connection waits for more to do.
const IDLE: Duration = Duration::from_secs(10);
/// A message that may have arrived is repeated after so long, where it is repeated.
const UNKNOWN_PAUSE: Duration = Duration::from_secs(30);
/// A message that certainly did not arrive, through no fault of its own.
const SOON: Duration = Duration::from_secs(2);

/// What every courier works with.
#[derive(Clone)]
pub struct Courier {
    pub house: House,
    pub lanes: std::sync::Arc<Lanes>,
    pub ledger: Ledger,
    pub relays: Relays,
    pub rate: super::rate::Rate,
}

impl Courier {
    /// Works until the lanes are closed; then what is in hand is finished first.
    pub async fn run(self) {
        while self.lanes.ready().await {
            match self.relays.open().await {
                Ok((server, connection)) => self.use_up(server, connection).await,
                Err(pause) => tokio::time::sleep(pause).await,
            }
        }
    }

    /// Sends over one connection for as long as it serves.
    async fn use_up(&self, server: usize, mut connection: Connection) {
        let mut first = self.take().await;
        while let Some(job) = first.take() {
            let prepared = Prepared::new(&self.house, job);
            match connection.offer(&envelope(&prepared)).await {
                Answer::Go => {
                    if !self.ledger.note(Vec::new(), Some(start(&prepared))).await {
                        // The server waits for a message that must not leave: the connection is of no use any more.
                        self.lanes.done(prepared.job.recipient.domain(), Pacing::CameBack);
                        return;
                    }
                    if !self.stream(server, &mut connection, prepared).await {
                        return;
                    }
                }
                Answer::Refused(refusal) => self.not_offered(server, &connection, prepared, &refusal).await,
                Answer::Lost(failure) => {
                    self.broke_off(server, &connection, &failure.to_string());
                    self.lanes.give_back(prepared.job);
                    return;
                }
            }
            if !connection.is_usable() {
                return;
            }
            if !self.has_time(&connection) {
                break;
            }
            first = self.take().await;
        }
        connection.quit().await;
    }

    /// Sends message after message, each envelope behind the dot of the message before; `false` when the
    /// connection is gone.
    async fn stream(&self, server: usize, connection: &mut Connection, mut current: Prepared) -> bool {
        loop {
            let following = if self.has_time(connection) { self.try_take().await } else { None };
            let mut next = following.map(|job| Prepared::new(&self.house, job));
            let outcome = {
                let envelope = next.as_ref().map(envelope);
                connection.send(&[current.message.as_bytes()], envelope.as_ref()).await
            };
            let answer = if next.is_some() { connection.answer().await } else { None };
            let lost = matches!(outcome, Outcome::LostBefore(_) | Outcome::LostAfter(_));
            let (settled, stop) = self.judge(server, connection, &current, outcome);
            self.lanes.done(current.job.recipient.domain(), stop.pacing);
            let edition = std::sync::Arc::clone(&current.job.edition);
            let mut settled = vec![settled];

            let mut offered = None;
            match (next.take(), answer) {
                (Some(next), Some(Answer::Go)) => offered = Some(next),
                (Some(next), Some(Answer::Refused(refusal))) => {
                    settled.extend(self.refused_before_start(server, connection, next, &refusal));
                }
                (Some(next), Some(Answer::Lost(failure))) => {
                    self.broke_off(server, connection, &failure.to_string());
                    self.lanes.give_back(next.job);
                }
                (Some(next), None) => self.lanes.give_back(next.job),
                (None, _) => {}
            }
            let granted = self.ledger.note(settled, offered.as_ref().map(start)).await;
            if let Some(why) = stop.edition {
                self.stop_edition(&edition, &why).await;
            }
            match offered {
                Some(prepared) if granted => current = prepared,
                Some(prepared) => {
                    self.lanes.done(prepared.job.recipient.domain(), Pacing::CameBack);
                    return false;
                }
                None => return !lost && connection.is_usable(),
            }
        }
    }

    async fn take(&self) -> Option<Job> {
        // An idle connection is kept for a moment: editions arrive in batches.
        if !matches!(tokio::time::timeout(IDLE, self.lanes.ready()).await, Ok(true)) {
            return None;
        }
        self.try_take().await
    }

    async fn try_take(&self) -> Option<Job> {
        let job = self.lanes.try_take()?;
        self.rate.wait().await;
        Some(job)
    }

    /// A connection that ended after it had carried messages is the server's way to limit them: a new one may be
    /// opened at once. One that carried none says that something is wrong.
    fn broke_off(&self, server: usize, connection: &Connection, why: &str) {
        if connection.messages() == 0 {
            self.relays.stumbled(server, why);
        }
    }

    fn has_time(&self, connection: &Connection) -> bool {
        connection.messages() < MESSAGES_PER_CONNECTION && connection.opened().elapsed() < CONNECTION_AGE
    }

    /// An envelope that the server would not take, before anything was noted as started.
    async fn not_offered(&self, server: usize, connection: &Connection, prepared: Prepared, refusal: &Refusal) {
        let edition = std::sync::Arc::clone(&prepared.job.edition);
        let (settled, why) = match refusal.verdict {
            Verdict::Server => (self.refused_before_start(server, connection, prepared, refusal), None),
            _ => {
                let (settled, stop) = self.judge(server, connection, &prepared, Outcome::Refused(refusal.clone()));
                self.lanes.done(prepared.job.recipient.domain(), stop.pacing);
                (Some(settled), stop.edition)
            }
        };
        if let Some(settled) = settled {
            self.ledger.note(vec![settled], None).await;
        }
        if let Some(why) = why {
            self.stop_edition(&edition, &why).await;
        }
    }

    fn refused_before_start(
        &self,
        server: usize,
        connection: &Connection,
        prepared: Prepared,
        refusal: &Refusal,
    ) -> Option<Settled> {
        if refusal.verdict == Verdict::Server {
            // About the server, and nothing was sent: the job goes to another connection as it is.
            self.broke_off(server, connection, &refusal.to_string());
            self.lanes.give_back(prepared.job);
            return None;
        }
        let (settled, stop) = self.judge(server, connection, &prepared, Outcome::Refused(refusal.clone()));
        self.lanes.done(prepared.job.recipient.domain(), stop.pacing);
        if let Some(why) = stop.edition {
            let (courier, edition) = (self.clone(), prepared.job.edition);
            tokio::spawn(async move { courier.stop_edition(&edition, &why).await });
        }
        Some(settled)
    }

    /// What an outcome means for the ledger, the edition, the domain and the server.
    fn judge(&self, server: usize, connection: &Connection, prepared: &Prepared, outcome: Outcome) -> (Settled, Stop) {
        let job = &prepared.job;
        let now = self.house.clock.now();
        let mut entry = Entry { job, attempts: job.attempts + 1, reply: None, reason: None };
        let mut stop = Stop { edition: None, pacing: Pacing::Arrived };
        let settled = match outcome {
            Outcome::Accepted(reply) => {
                self.relays.worked(server);
                job.edition.accepted();
                entry.reply = Some(reply);
                entry.settle(DeliveryState::Accepted, now)
            }
            Outcome::LostAfter(failure) => {
                self.broke_off(server, connection, &failure.to_string());
                entry.reason = Some("connection-lost".to_owned());
                entry.settle(DeliveryState::Unknown, now.plus(UNKNOWN_PAUSE))
            }
            Outcome::LostBefore(failure) => {
                self.broke_off(server, connection, &failure.to_string());
                entry.reason = Some("connection-lost".to_owned());
                let pause = SOON.saturating_mul(1 << job.attempts.clamp(0, 10));
                self.later(
                    &mut entry,
                    Next::At(now.plus(pause).min(job.edition.retry.deadline(job.edition.started_at))),
                )
            }
            Outcome::Refused(refusal) => {
                let why = refusal.to_string();
                let greylisted = matches!(refusal.verdict, Verdict::Later { greylisted: true, .. });
                entry.reply = Some(refusal.reply);
                match refusal.verdict {
                    Verdict::Recipient(class) => {
                        if class == BounceClass::Policy && job.edition.refused_by_policy() {
                            stop.edition = Some(why);
                        }
                        entry.reason = Some(class.as_str().to_owned());
                        entry.settle(DeliveryState::Rejected, now)
                    }
                    Verdict::Later { slower, .. } => {
                        if slower {
                            stop.pacing = Pacing::SlowDown;
                        }
                        let next = self.next(&entry, greylisted);
                        self.later(&mut entry, next)
                    }
                    Verdict::Ours(class) => {
                        if job.edition.refused() {
                            stop.edition = Some(why);
                        }
                        entry.reason = Some(class.as_str().to_owned());
                        let next = self.next(&entry, false);
                        self.later(&mut entry, next)
                    }
                    Verdict::Server | Verdict::Transport | Verdict::Confused | Verdict::Accepted => {
                        self.broke_off(server, connection, &why);
                        entry.attempts = job.attempts;
                        entry.reason = Some(BounceClass::Network.as_str().to_owned());
                        entry.settle(DeliveryState::Deferred, now.plus(SOON))
                    }
                }
            }
        };
        (settled, stop)
    }

    fn next(&self, entry: &Entry<'_>, greylisted: bool) -> Next {
        let edition = &entry.job.edition;
        let attempts = u32::try_from(entry.attempts).unwrap_or(u32::MAX);
        let random = u64::from_le_bytes(self.house.clock.random());
        edition.retry.after(attempts, greylisted, edition.started_at, self.house.clock.now(), random)
    }

    fn later(&self, entry: &mut Entry<'_>, next: Next) -> Settled {
        match next {
            Next::At(moment) if moment > self.house.clock.now() => entry.settle(DeliveryState::Deferred, moment),
            Next::At(_) | Next::Expired => entry.settle(DeliveryState::Expired, self.house.clock.now()),
        }
    }

    /// Pauses an edition that mail servers refuse for what it is or for who we are.
    async fn stop_edition(&self, edition: &Running, why: &str) {
        match publish::pause(&self.house, edition.id, why).await {
            Ok(_) => tracing::error!(edition = edition.id, why, "the edition is paused: mail servers refuse it"),
            // It stands still already.
            Err(error) => tracing::debug!(edition = edition.id, %error, "the edition was not paused again"),
        }
    }
}

/// What a result asks for beyond its own row.
struct Stop {
    edition: Option<String>,
    pacing: Pacing,
}

struct Entry<'a> {
    job: &'a Job,
    attempts: i64,
    reply: Option<Reply>,
    reason: Option<String>,
}

impl Entry<'_> {
    fn settle(&mut self, state: DeliveryState, next_at: crate::domain::time::Timestamp) -> Settled {
        let reply = self.reply.take();
        Settled {
            edition_id: self.job.edition.id,
            seq: self.job.seq,
            state,
            attempts: self.attempts,
            next_at: next_at.as_micros(),
            code: reply.as_ref().map(|reply| i64::from(reply.code)),
            status: reply.as_ref().and_then(|reply| reply.enhanced).map(|(a, b, c)| format!("{a}.{b}.{c}")),
            reply: reply.map(|reply| reply.text),
            reason: self.reason.take(),
        }
    }
}

fn start(prepared: &Prepared) -> Start {
    Start { edition_id: prepared.job.edition.id, seq: prepared.job.seq }
}

fn envelope(prepared: &Prepared) -> Envelope<'_> {
    Envelope {
        return_path: Some(&prepared.return_path),
        recipient: &prepared.job.recipient,
        size: prepared.message.as_bytes().len(),
        eight_bit: false,
        id: None,
    }
}
