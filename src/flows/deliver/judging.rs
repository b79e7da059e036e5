//! What became of a message: for its row, its edition, its domain and the server.

use std::sync::Arc;
use std::time::Duration;

use super::courier::Courier;
use super::edition::{Prepared, Running};
use super::lanes::{Job, Pacing};
use crate::domain::bounce::BounceClass;
use crate::domain::delivery::DeliveryState;
use crate::domain::reply::{Reply, Stage, Verdict};
use crate::domain::retry::{Next, spread};
use crate::domain::time::Timestamp;
use crate::flows::publish;
use crate::mail::smtp::{Connection, Fault, Outcome, Refusal};
use crate::store::deliveries::Settled;

/// A job on which so many doors closed in a row waits in the ledger: it may be the reason, and keeps others waiting.
const RETURNS: u32 = 3;
/// A job that no server has tried waits no longer than this, whose door may open at any time.
const LONGEST_SOON: Duration = Duration::from_secs(30);

impl Courier {
    /// A connection that ended after it had carried messages is the server's way to limit them: a new one may be
    /// opened at once. One that carried none says that something is wrong.
    fn broke_off(&self, server: usize, connection: &Connection, why: &str) {
        if connection.messages() == 0 {
            self.relays.stumbled(server, why);
        }
    }

    /// The connection ended before anything of the message left: the job goes over another one, or waits a little.
    pub(super) fn door_closed(
        &self,
        server: usize,
        connection: &Connection,
        mut job: Job,
        how: Closed<'_>,
    ) -> Option<Settled> {
        self.broke_off(server, connection, &how.words());
        let pacing = how.pacing();
        job.returns += 1;
        if job.returns < RETURNS {
            self.give_back(job, pacing);
            return None;
        }
        self.done(&job, pacing);
        let mut entry = Entry::of(&job);
        entry.reply = how.reply();
        Some(self.soon(entry, connection))
    }

    /// Later, through no fault of the message. No attempt counts while the server takes nothing from anybody, but nothing
    /// waits longer than a message may: what is put off again and again waits longer each time, and expires in the end.
    fn soon(&self, mut entry: Entry<'_>, connection: &Connection) -> Settled {
        let job = entry.job;
        entry.attempts = job.attempts + i64::from(connection.messages() > 0);
        entry.reason = Some(BounceClass::Network.as_str().to_owned());
        let now = self.house.clock.now();
        let (pause, since) = if entry.attempts == job.attempts {
            // An edition that stood still has not waited.
            let since = job.put_off_at.unwrap_or(now).max(job.edition.resumed_at);
            let longest = self.pauses.soon.max(LONGEST_SOON);
            ((now.since(since) / 4).clamp(self.pauses.soon, longest), since)
        } else {
            let doublings = entry.attempts.clamp(0, 10);
            (self.pauses.soon.saturating_mul(1 << doublings), self.first_tried(&entry))
        };
        let random = u64::from_le_bytes(self.house.clock.random());
        let deadline = job.edition.retry.deadline(since);
        self.later(&mut entry, Next::At(now.plus(spread(pause, random)).min(deadline)))
    }

    fn first_tried(&self, entry: &Entry<'_>) -> Timestamp {
        let attempts = u32::try_from(entry.attempts).unwrap_or(u32::MAX);
        entry.job.edition.first_tried(attempts, self.house.clock.now())
    }

    /// An envelope that the server would not take, before anything was noted as started.
    pub(super) async fn not_offered(
        &self,
        server: usize,
        connection: &Connection,
        prepared: Prepared,
        refusal: &Refusal,
    ) {
        let edition = Arc::clone(&prepared.job.edition);
        let (settled, why) = if closes_the_door(refusal.verdict) {
            (self.refused_before_start(server, connection, prepared, refusal), None)
        } else {
            let (settled, stop) = self.judge(server, connection, &prepared, Outcome::Refused(refusal.clone()));
            self.done(&prepared.job, stop.pacing);
            (Some(settled), stop.edition)
        };
        if let Some(settled) = settled {
            self.note(vec![settled], None).await;
        }
        if let Some(why) = why {
            self.stop_edition(&edition, &why).await;
        }
    }

    pub(super) fn refused_before_start(
        &self,
        server: usize,
        connection: &Connection,
        prepared: Prepared,
        refusal: &Refusal,
    ) -> Option<Settled> {
        if closes_the_door(refusal.verdict) {
            // About the server, and nothing was sent: the job goes to another connection as it is.
            if refusal.verdict == Verdict::Transport {
                self.relays.refused(server, &refusal.to_string());
            }
            return self.door_closed(server, connection, prepared.job, Closed::Refused(refusal));
        }
        let (settled, stop) = self.judge(server, connection, &prepared, Outcome::Refused(refusal.clone()));
        self.done(&prepared.job, stop.pacing);
        if let Some(why) = stop.edition {
            let (courier, edition) = (self.clone(), prepared.job.edition);
            tokio::spawn(async move { courier.stop_edition(&edition, &why).await });
        }
        Some(settled)
    }

    /// What an outcome means for the ledger, the edition, the domain and the server.
    pub(super) fn judge(
        &self,
        server: usize,
        connection: &Connection,
        prepared: &Prepared,
        outcome: Outcome,
    ) -> (Settled, Stop) {
        let job = &prepared.job;
        let now = self.house.clock.now();
        let mut entry = Entry { attempts: job.attempts + 1, ..Entry::of(job) };
        let mut stop = Stop { edition: None, pacing: Pacing::CameBack };
        let settled = match outcome {
            Outcome::Accepted(reply) => {
                stop.pacing = Pacing::Arrived;
                self.relays.worked(server);
                job.edition.accepted();
                entry.reply = Some(reply);
                entry.settle(DeliveryState::Accepted, now)
            }
            Outcome::LostAfter(failure) => {
                self.broke_off(server, connection, &failure.to_string());
                entry.reason = Some("connection-lost".to_owned());
                entry.settle(DeliveryState::Unknown, now.plus(self.pauses.unknown))
            }
            Outcome::LostBefore(failure) => {
                if failure.fault != Fault::Withdrawn {
                    self.broke_off(server, connection, &failure.to_string());
                }
                self.soon(entry, connection)
            }
            Outcome::Refused(refusal) => {
                let why = refusal.to_string();
                stop.pacing = pacing(&refusal);
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
                    Verdict::Later { .. } => {
                        let next = self.next(&entry, greylisted);
                        self.later(&mut entry, next)
                    }
                    Verdict::Ours(class) => {
                        if job.edition.refused(&why) {
                            stop.edition = Some(why);
                        }
                        entry.reason = Some(class.as_str().to_owned());
                        let next = self.next(&entry, false);
                        self.later(&mut entry, next)
                    }
                    Verdict::Server | Verdict::Transport | Verdict::Confused | Verdict::Accepted => {
                        if refusal.verdict == Verdict::Transport {
                            self.relays.refused(server, &why);
                        }
                        self.broke_off(server, connection, &why);
                        self.soon(entry, connection)
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
        edition.retry.after(attempts, greylisted, self.first_tried(entry), self.house.clock.now(), random)
    }

    fn later(&self, entry: &mut Entry<'_>, next: Next) -> Settled {
        match next {
            Next::At(moment) if moment > self.house.clock.now() => entry.settle(DeliveryState::Deferred, moment),
            Next::At(_) | Next::Expired => entry.settle(DeliveryState::Expired, self.house.clock.now()),
        }
    }

    /// Pauses an edition that mail servers refuse for what it is or for who we are.
    pub(super) async fn stop_edition(&self, edition: &Running, why: &str) {
        match publish::pause(&self.house, edition.id, why).await {
            Ok(_) => tracing::error!(edition = edition.id, why, "the edition is paused: mail servers refuse it"),
            // It stands still already.
            Err(error) => tracing::debug!(edition = edition.id, %error, "the edition was not paused again"),
        }
    }
}

/// What a result asks for beyond its own row.
pub struct Stop {
    pub edition: Option<String>,
    pub pacing: Pacing,
}

pub struct Entry<'a> {
    job: &'a Job,
    attempts: i64,
    reply: Option<Reply>,
    reason: Option<String>,
}

impl<'a> Entry<'a> {
    pub fn of(job: &'a Job) -> Self {
        Self { job, attempts: job.attempts, reply: None, reason: None }
    }

    pub fn settle(&mut self, state: DeliveryState, next_at: Timestamp) -> Settled {
        let reply = self.reply.take();
        Settled {
            edition_id: self.job.edition.id,
            seq: self.job.seq,
            claim: self.job.claim,
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

/// How a connection ended before anything of a message had left.
pub enum Closed<'a> {
    Lost(&'a str),
    Refused(&'a Refusal),
}

impl Closed<'_> {
    fn words(&self) -> String {
        match self {
            Self::Lost(why) => (*why).to_owned(),
            Self::Refused(refusal) => refusal.to_string(),
        }
    }

    fn reply(&self) -> Option<Reply> {
        match self {
            Self::Lost(_) => None,
            Self::Refused(refusal) => Some(refusal.reply.clone()),
        }
    }

    fn pacing(&self) -> Pacing {
        match self {
            Self::Lost(_) => Pacing::CameBack,
            Self::Refused(refusal) => pacing(refusal),
        }
    }
}

/// What a refusal says of the pace at the recipient's domain (RFC 5321 section 3.8 for 421, RFC 3463 section 3.8 for 4.7.x).
fn pacing(refusal: &Refusal) -> Pacing {
    match refusal.verdict {
        Verdict::Later { slower: true, .. } => Pacing::SlowDown,
        Verdict::Recipient(_) => Pacing::Arrived,
        Verdict::Server if matches!(refusal.stage, Stage::Rcpt | Stage::Data | Stage::End) => Pacing::Hindered,
        _ => Pacing::CameBack,
    }
}

/// Whether a refusal is about the server or our access to it: nothing more goes over this connection.
pub const fn closes_the_door(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Server | Verdict::Transport | Verdict::Confused)
}
