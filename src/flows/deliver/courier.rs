//! One connection's task: takes jobs, hands messages over, notes every start and every result.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tracing::Instrument;

use super::edition::Prepared;
use super::ending::Ending;
use super::hand::Hand;
use super::judging::{Closed, Entry, closes_the_door};
use super::lanes::{Job, Lanes, Pacing};
use super::lease::{Held, Lease};
use super::ledger::Ledger;
use super::lines::{Lane, Line};
use super::relays::Relays;
use crate::domain::delivery::DeliveryState;
use crate::domain::retry::Next;
use crate::flows::tally::Phase;
use crate::flows::{House, spans};
use crate::mail::smtp::{Answer, Connection, Envelope, Outcome};
use crate::store::deliveries::{Settled, Start};

/// How long a connection waits for more to do.
const IDLE: Duration = Duration::from_secs(10);
/// Before a connection's task that broke off begins anew.
const BREATH: Duration = Duration::from_secs(1);

/// What every courier works with.
#[derive(Clone)]
pub struct Courier {
    pub house: House,
    pub lanes: std::sync::Arc<Lanes>,
    pub ledger: Ledger,
    pub relays: Relays,
    pub rate: super::rate::Rate,
    pub pauses: std::sync::Arc<super::Pauses>,
    pub lease: std::sync::Arc<Lease>,
    pub ending: Ending,
    /// What this one has taken and not brought to its end.
    pub hand: Hand,
}

impl Courier {
    /// Works until the lanes are closed; then only the reply to what has left is waited for.
    pub async fn run(self) {
        while self.lanes.ready().await {
            // Nothing is in hand yet, so nothing is finished first.
            let began = tokio::time::Instant::now();
            let opened = {
                let _opening = self.house.tally.opening();
                tokio::select! {
                    biased;
                    () = self.ending.closing() => return,
                    opened = self.relays.open(Lane::Editions) => opened,
                }
            };
            match opened {
                Ok(line) => {
                    self.house.tally.took(Phase::Connect, began.elapsed());
                    if let Some(handshake) = line.connection.handshake() {
                        self.house.tally.took(Phase::Tls, handshake);
                    }
                    let _open = self.house.tally.open();
                    // A fault of ours must cost one message at most, not a connection for ever.
                    let server = self.house.config.smtp.get(line.server).map_or("", |server| server.host.as_str());
                    let using = AssertUnwindSafe(self.use_up(line)).catch_unwind();
                    if using.instrument(spans::connection(server)).await.is_err() {
                        self.pick_up().await;
                    }
                }
                Err(pause) => tokio::select! {
                    () = self.ending.closing() => return,
                    () = self.relays.better() => {}
                    () = tokio::time::sleep(pause) => {}
                },
            }
        }
    }

    /// Notes what a task that broke off had in hand: what had begun may have arrived, the rest is tried again later.
    async fn pick_up(&self) {
        let now = self.house.clock.now();
        let mut settled = Vec::new();
        for job in self.hand.empty() {
            tracing::error!(
                edition = job.edition.id,
                seq = job.seq,
                "sending this message broke off; its connection is replaced"
            );
            if !job.ended {
                self.lanes.done(&job.domain, Pacing::CameBack);
            }
            let mut entry = Settled {
                edition_id: job.edition.id,
                seq: job.seq,
                claim: job.claim,
                state: DeliveryState::Unknown,
                attempts: job.attempts.saturating_add(1),
                next_at: now.plus(self.pauses.unknown).as_micros(),
                code: None,
                status: None,
                reply: None,
                reason: Some("broke-off".to_owned()),
            };
            if !job.started {
                let attempts = u32::try_from(entry.attempts).unwrap_or(u32::MAX);
                let random = u64::from_le_bytes(self.house.clock.random());
                let first = job.edition.first_tried(attempts, now);
                (entry.state, entry.next_at) = match job.edition.retry.after(attempts, false, first, now, random) {
                    Next::At(moment) => (DeliveryState::Deferred, moment.as_micros()),
                    Next::Expired => (DeliveryState::Expired, now.as_micros()),
                };
            }
            settled.push(entry);
        }
        self.ledger.note(settled, None).await;
        tokio::time::sleep(BREATH).await;
    }

    /// The next job, if one may set out now.
    fn grab(&self) -> Option<Job> {
        let job = self.lanes.try_take()?;
        self.hand.take(&job);
        Some(job)
    }

    pub(super) fn give_back(&self, job: Job, pacing: Pacing) {
        self.hand.let_go(job.edition.id, job.seq);
        self.lanes.give_back(job, pacing);
    }

    pub(super) fn done(&self, job: &Job, pacing: Pacing) {
        self.hand.ended(job.edition.id, job.seq);
        self.lanes.done(job.recipient.domain(), pacing);
    }

    /// As [`Ledger::note`]; what is noted is out of hand.
    pub(super) async fn note(&self, settled: Vec<Settled>, start: Option<Start>) -> bool {
        let ended: Vec<(i64, i64)> = settled.iter().map(|settled| (settled.edition_id, settled.seq)).collect();
        let granted = self.ledger.note(settled, start).await;
        for (edition, seq) in ended {
            self.hand.let_go(edition, seq);
        }
        match start {
            Some(start) if granted => self.hand.started(start.edition_id, start.seq),
            Some(start) => self.hand.let_go(start.edition_id, start.seq),
            None => {}
        }
        granted
    }

    /// Sends over one connection for as long as it serves, or until a letter needs it.
    async fn use_up(&self, mut line: Line) {
        let is_whole = self.send_over(&mut line).await;
        spans::tell("messages", line.connection.messages());
        if is_whole {
            self.put_away(line).await;
        }
    }

    /// `false` when the connection is of no use to anybody any more.
    async fn send_over(&self, line: &mut Line) -> bool {
        let (server, connection) = (line.server, &mut line.connection);
        let mut first = self.take().await;
        while let Some(job) = first.take() {
            let prepared = Prepared::new(&self.house, job);
            let envelope = envelope(&prepared);
            let began = tokio::time::Instant::now();
            let answer = tokio::select! {
                biased;
                answer = connection.offer(&envelope) => answer,
                () = self.ending.closing() => {
                    self.give_back(prepared.job, Pacing::CameBack);
                    return false;
                }
            };
            self.house.tally.took(Phase::Mail, began.elapsed());
            match answer {
                Answer::Go if self.ending.is_closing() => {
                    self.give_back(prepared.job, Pacing::CameBack);
                    return false;
                }
                Answer::Go => {
                    let held = self.lease.now();
                    if !self.note(Vec::new(), Some(start(&prepared))).await {
                        // The server waits for a message that must not leave: the connection is of no use any more.
                        self.done(&prepared.job, Pacing::CameBack);
                        return false;
                    }
                    if !self.stream(server, connection, prepared, held).await {
                        return false;
                    }
                }
                Answer::Refused(refusal) => {
                    let closes = closes_the_door(refusal.verdict);
                    self.not_offered(server, connection, prepared, &refusal).await;
                    if closes {
                        break;
                    }
                }
                Answer::Lost(failure) => {
                    let settled =
                        self.door_closed(server, connection, prepared.job, Closed::Lost(&failure.to_string()));
                    self.note(settled.into_iter().collect(), None).await;
                    return false;
                }
            }
            if !connection.is_usable() {
                return false;
            }
            if !connection.has_room() {
                break;
            }
            first = self.take().await;
        }
        true
    }

    /// A connection that is not needed any more goes to the letters that wait for one, or is closed.
    async fn put_away(&self, line: Line) {
        if self.ending.is_closing() {
            // Whether the server says goodbye as well is nothing to wait for.
            let _ = tokio::time::timeout(super::GOODBYE, line.quit()).await;
        } else if self.relays.lines().letters_wait() {
            line.give_back();
        } else {
            line.quit().await;
        }
    }

    /// Sends message after message, each envelope behind the dot of the message before; `false` when the
    /// connection is gone.
    async fn stream(&self, server: usize, connection: &mut Connection, mut current: Prepared, mut held: Held) -> bool {
        loop {
            if self.ending.is_closing() {
                // Granted, but nothing of it has left.
                let waits = Entry::of(&current.job).settle(DeliveryState::Queued, self.house.clock.now());
                self.done(&current.job, Pacing::CameBack);
                self.note(vec![waits], None).await;
                return false;
            }
            // Nothing waits for its turn behind a message that the server waits for.
            let alone = !connection.has_room() || self.rate.is_limited() || self.relays.lines().letters_wait();
            let following = if alone { None } else { self.grab() };
            let mut next = following.map(|job| Prepared::new(&self.house, job));
            let began = tokio::time::Instant::now();
            let outcome = {
                let envelope = next.as_ref().map(envelope);
                let may = || self.lease.holds(held);
                let message: &[&[u8]] = &[current.message.as_bytes()];
                tokio::select! {
                    biased;
                    outcome = connection.send_while(message, envelope.as_ref(), &may) => outcome,
                    () = self.ending.cut() => connection.broken_off(),
                }
            };
            self.house.tally.took(Phase::Data, began.elapsed());
            // What was offered behind it is not begun once we are being stopped.
            let answer = match &next {
                Some(_) if !self.ending.is_closing() => tokio::select! {
                    biased;
                    answer = connection.answer() => answer,
                    () = self.ending.closing() => None,
                },
                _ => None,
            };
            let mut ends = match &outcome {
                Outcome::LostBefore(_) | Outcome::LostAfter(_) => true,
                Outcome::Refused(refusal) => closes_the_door(refusal.verdict),
                Outcome::Accepted(_) => false,
            };
            let (settled, stop) = self.judge(server, connection, &current, outcome);
            self.done(&current.job, stop.pacing);
            let edition = std::sync::Arc::clone(&current.job.edition);
            let mut settled = vec![settled];

            let mut offered = None;
            match (next.take(), answer) {
                (Some(next), Some(Answer::Go)) if !self.ending.is_closing() => offered = Some(next),
                (Some(next), Some(Answer::Refused(refusal))) => {
                    ends |= closes_the_door(refusal.verdict);
                    settled.extend(self.refused_before_start(server, connection, next, &refusal));
                }
                (Some(next), Some(Answer::Lost(failure))) => {
                    settled.extend(self.door_closed(server, connection, next.job, Closed::Lost(&failure.to_string())));
                }
                (Some(next), Some(Answer::Go) | None) => {
                    // The server waits for a message, or has not been heard: nothing else may be said to it.
                    ends |= self.ending.is_closing();
                    self.give_back(next.job, Pacing::CameBack);
                }
                (None, _) => {}
            }
            // Before the next start is asked for: the gate then stays shut for every connection.
            if let Some(why) = stop.edition {
                self.stop_edition(&edition, &why).await;
            }
            held = self.lease.now();
            let granted = self.note(settled, offered.as_ref().map(start)).await;
            match offered {
                Some(prepared) if granted => current = prepared,
                Some(prepared) => {
                    self.done(&prepared.job, Pacing::CameBack);
                    return false;
                }
                None => return !ends && connection.is_usable(),
            }
        }
    }

    async fn take(&self) -> Option<Job> {
        // An idle connection is kept for a moment, unless a letter needs it: editions arrive in batches.
        let until = tokio::time::Instant::now() + IDLE;
        loop {
            tokio::select! {
                biased;
                () = self.relays.lines().wanted(Lane::Editions) => return None,
                ready = self.lanes.ready() => if !ready { return None },
                () = tokio::time::sleep_until(until) => return None,
            }
            // The slot first: a job in hand could neither be paused nor given to another connection.
            tokio::select! {
                () = self.ending.closing() => return None,
                () = self.relays.lines().wanted(Lane::Editions) => return None,
                () = self.rate.wait(Lane::Editions) => {}
            }
            if let Some(job) = self.grab() {
                return Some(job);
            }
        }
    }
}

fn start(prepared: &Prepared) -> Start {
    Start { edition_id: prepared.job.edition.id, seq: prepared.job.seq, claim: prepared.job.claim }
}

fn envelope(prepared: &Prepared) -> Envelope<'_> {
    Envelope {
        return_path: Some(&prepared.return_path),
        recipient: &prepared.job.recipient,
        size: prepared.message.as_bytes().len(),
        eight_bit: false,
        id: Some(&prepared.token),
    }
}
