//! The manager: finds editions that go out, freezes their audience, claims ahead of the couriers, and ends them.

mod advance;
mod living;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::time::Instant;

use super::claimed::waiting;
use super::edition::Running;
use super::lanes::{Job, Lanes};
use super::lease::Lease;
use super::ledger::Ledger;
use super::memory::Memory;
use super::neighbours::Neighbours;
use super::relays::Relays;
use super::stalled::{STALLED, stalled};
use crate::domain::edition::EditionStatus;
use crate::domain::language::Language;
use crate::domain::retry::RetryPolicy;
use crate::domain::texts::sending;
use crate::domain::time::Timestamp;
use crate::flows::{FlowError, House, publish};
use crate::store::editions::EditionRow;
use crate::store::presence::Presence;
use crate::store::{Durability, domain_paces, editions, newsletters};

/// Without anybody ringing: what other processes did.
const LOOK: Duration = Duration::from_millis(300);
/// While the last messages of an edition are on their way.
const LOOK_CLOSELY: Duration = Duration::from_millis(20);
/// How often the dead are looked for.
const RECOVER: Duration = Duration::from_secs(1);
/// How often the paces of domains are kept, where they have changed.
const KEEP_PACES: Duration = Duration::from_secs(1);
/// After a fault of the database.
const FAULT_PAUSE: Duration = Duration::from_secs(2);
/// So often editions that do not move are looked for before one of them is given up: whoever comes back after days has
/// its chance to send it first.
const LOOKS_BEFORE_THE_END: u32 = 20;

pub struct Manager {
    house: House,
    owner: String,
    lanes: Arc<Lanes>,
    ledger: Ledger,
    memory: Memory,
    retry: RetryPolicy,
    /// How often editions that do not move are looked for.
    look: Duration,
    running: HashMap<i64, Arc<Running>>,
    /// Tells who else works under our name whether they may.
    present: watch::Sender<bool>,
    presence: Option<Presence>,
    /// The server's mark under which all that we hold was claimed or compared; see [`Presence::mark`].
    mark: Option<String>,
    lease: Arc<Lease>,
    neighbours: Neighbours,
    beaten: Option<Instant>,
    recovered: Option<Instant>,
    paces_kept: Option<Instant>,
    looked_for_stalled: Instant,
    looks: u32,
    alarmed: HashMap<i64, Instant>,
}

impl Manager {
    pub fn new(
        house: House,
        owner: String,
        lanes: Arc<Lanes>,
        (ledger, memory): (Ledger, Memory),
        lease: Arc<Lease>,
        (retry, look): (RetryPolicy, Duration),
    ) -> Self {
        Self {
            house,
            owner,
            lanes,
            ledger,
            memory,
            retry,
            look,
            running: HashMap::new(),
            present: watch::Sender::new(false),
            presence: None,
            mark: None,
            lease,
            neighbours: Neighbours::default(),
            beaten: None,
            recovered: None,
            paces_kept: None,
            looked_for_stalled: Instant::now(),
            looks: 0,
            alarmed: HashMap::new(),
        }
    }

    /// Says whether this process is the one, or one of those, that send for the database.
    pub fn present(&self) -> watch::Receiver<bool> {
        self.present.subscribe()
    }

    /// Looks after editions until told to stop. What it gives back proves that we live, for who winds up.
    pub async fn run(mut self, relays: Relays, mut stop: watch::Receiver<bool>) -> Option<Presence> {
        let (house, lanes) = (self.house.clone(), Arc::clone(&self.lanes));
        while !*stop.borrow() {
            // Before the look: who rings while we look is heard afterwards.
            let rung = house.wake.editions.notified();
            let pause = match AssertUnwindSafe(self.round(&relays)).catch_unwind().await {
                Ok(Ok(pause)) => pause,
                Ok(Err(error)) => {
                    self.memory.doubt();
                    tracing::error!(%error, "editions cannot be looked after; sending waits");
                    FAULT_PAUSE
                }
                Err(_) => {
                    self.memory.doubt();
                    tracing::error!("looking after editions broke off; it begins anew");
                    FAULT_PAUSE
                }
            };
            if pause.is_zero() {
                continue;
            }
            tokio::select! {
                () = rung => {}
                () = lanes.low() => {}
                () = tokio::time::sleep(pause) => {}
                _ = stop.changed() => {}
            }
        }
        if let Err(error) = self.keep_paces().await {
            tracing::warn!(%error, "the paces of domains could not be kept");
        }
        self.presence
    }

    /// One look at everything; says when the next is due, without a bell.
    async fn round(&mut self, relays: &Relays) -> Result<Duration, FlowError> {
        if self.presence.is_none() && !self.enter().await? {
            // Another process sends for this database; this one stands by.
            return Ok(LOOK);
        }
        self.beat(relays).await?;
        if self.recovered.is_none_or(|last| last.elapsed() > RECOVER) {
            self.reconcile().await?;
            self.recover().await?;
            self.recovered = Some(Instant::now());
        }
        self.make_room().await;
        if self.paces_kept.is_none_or(|last| last.elapsed() > KEEP_PACES) {
            self.keep_paces().await?;
            self.paces_kept = Some(Instant::now());
        }
        let busy = editions::busy(&mut self.house.db.read().await?).await?;
        self.stop_those_not_in(&busy).await;
        self.alarm().await?;
        let (mut more, mut last) = (false, false);
        for edition in busy {
            last |= edition.sending > 0 && edition.queued == 0 && self.lanes.is_empty();
            let looked_after = match edition.status {
                EditionStatus::Sending => self.advance(&edition).await,
                _ => self.skip(&edition).await,
            };
            // One edition in trouble does not keep the others.
            more |= looked_after.unwrap_or_else(|error| {
                tracing::error!(edition = edition.id, %error, "the edition cannot be looked after; it waits");
                false
            });
        }
        Ok(match (more, last) {
            (true, _) => Duration::ZERO,
            (false, true) => LOOK_CLOSELY,
            (false, false) => LOOK,
        })
    }

    /// Gives back what waits for domains that are left alone.
    async fn make_room(&self) {
        for jobs in self.lanes.resting().chunks(500) {
            // A few seconds apart, so that not all of them come back at once.
            let later = |job: &Job, until: Timestamp| until.plus(Duration::from_secs(job.seq.unsigned_abs() % 8));
            let settled = jobs.iter().map(|(job, until)| waiting(job, later(job, *until)));
            self.ledger.note(settled.collect(), None).await;
        }
    }

    /// Keeps the paces of domains that have asked us to slow down: they hold beyond a restart.
    async fn keep_paces(&self) -> Result<(), FlowError> {
        let paces = self.lanes.changed_paces();
        if !paces.is_empty() {
            let mut tx = self.house.db.write_with(Durability::Process).await?;
            domain_paces::keep(&mut tx, &paces, self.house.clock.now()).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Editions that stand still or have ended leave the lanes at once.
    async fn stop_those_not_in(&mut self, busy: &[EditionRow]) {
        // One that was paused and let go on in between begins anew: what stopped it does not count any more.
        let goes_on = |running: &Running| {
            let same = |edition: &EditionRow| edition.id == running.id && edition.updated_at == running.resumed_at;
            busy.iter().any(|edition| edition.status == EditionStatus::Sending && same(edition))
        };
        let stopped = self.running.values().filter(|running| !goes_on(running)).map(|running| running.id);
        let stopped: Vec<i64> = stopped.collect();
        for id in stopped {
            self.running.remove(&id);
            self.alarmed.remove(&id);
            self.give_back(|job| job.edition.id == id).await;
        }
    }

    async fn give_back(&self, unwanted: impl Fn(&Job) -> bool) {
        let now = self.house.clock.now();
        for jobs in self.lanes.take_out(unwanted).chunks(500) {
            self.ledger.note(jobs.iter().map(|job| waiting(job, now)).collect(), None).await;
        }
    }

    /// Raises an alarm when an edition stands still though it should move. One that has stood still for as long as a
    /// single message would have been tried waits for a person: nothing waits without an end.
    async fn alarm(&mut self) -> Result<(), FlowError> {
        if self.looked_for_stalled.elapsed() < self.look {
            return Ok(());
        }
        self.looked_for_stalled = Instant::now();
        self.looks = self.looks.saturating_add(1);
        let now = self.house.clock.now();
        for one in stalled(&self.house).await? {
            if self.looks > LOOKS_BEFORE_THE_END && now >= self.retry.deadline(one.since) {
                let newsletter = newsletters::by_id(&mut self.house.db.read().await?, one.newsletter_id).await?;
                let language = newsletter.map(|newsletter| newsletter.language).unwrap_or_default();
                let why = sending::stood_still(language, one.why.text(language));
                tracing::error!(
                    edition = one.edition,
                    waiting = one.waiting,
                    "the edition has stood still for so long that it was paused"
                );
                publish::pause(&self.house, one.edition, &why).await?;
                continue;
            }
            if self.alarmed.get(&one.edition).is_none_or(|last| last.elapsed() >= STALLED) {
                let why = one.why.text(Language::En);
                tracing::error!(edition = one.edition, waiting = one.waiting, why, "the edition does not move");
                self.alarmed.insert(one.edition, Instant::now());
            }
        }
        Ok(())
    }
}
