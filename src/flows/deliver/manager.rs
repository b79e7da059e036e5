//! The manager: finds editions that go out, freezes their audience, claims ahead of the couriers, and ends them.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::tz::TimeZone;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::Instrument;

use super::claimed::{job, skipped, waiting};
use super::edition::{Running, Settings};
use super::lanes::{Job, Lanes};
use super::lease::Lease;
use super::ledger::Ledger;
use super::memory::Memory;
use super::neighbours::Neighbours;
use super::relays::Relays;
use super::stalled::{STALLED, stalled};
use super::{reconcile, release};
use crate::domain::address::EmailAddress;
use crate::domain::edition::{EditionStatus, EditionStep};
use crate::domain::language::Language;
use crate::domain::retry::RetryPolicy;
use crate::domain::safety::Wave;
use crate::domain::schedule::zone;
use crate::domain::texts::{preflight, sending};
use crate::domain::time::Timestamp;
use crate::domain::token::hex;
use crate::flows::edition_content::{Rendering, contents};
use crate::flows::{FlowError, House, publish, spans};
use crate::store::deliveries::{self, Claim};
use crate::store::editions::{self, EditionRow};
use crate::store::presence::Presence;
use crate::store::workers::WorkerRow;
use crate::store::{Durability, domain_paces, newsletters, outbox, within, workers};

/// Deliveries of one claim: one write to the disk for all of them.
const CLAIM: i64 = 200;
/// Without anybody ringing: what other processes did.
const LOOK: Duration = Duration::from_millis(300);
/// While the last messages of an edition are on their way.
const LOOK_CLOSELY: Duration = Duration::from_millis(20);
/// How often the dead are looked for.
const RECOVER: Duration = Duration::from_secs(1);
/// How often a process says that it lives, where others wait for it.
const BEAT: Duration = Duration::from_secs(1);
/// The same where nobody can take over, for those who look on.
const IDLE_BEAT: Duration = Duration::from_secs(15);
/// How often the paces of domains are kept, where they have changed.
const KEEP_PACES: Duration = Duration::from_secs(1);
/// After a fault of the database.
const FAULT_PAUSE: Duration = Duration::from_secs(2);
/// So often editions that do not move are looked for before one of them is given up: whoever comes back after days has
/// its chance to send it first.
const LOOKS_BEFORE_THE_END: u32 = 20;
/// Counting a ledger of ten million anew is more than the usual patience allows.
const RECOUNT: Duration = Duration::from_secs(900);

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

    /// Becomes one of those who send; `false` while another process is the only one.
    async fn enter(&mut self) -> Result<bool, FlowError> {
        let random = hex(&self.house.clock.random::<8>());
        let Some(presence) = Presence::enter(&self.house.db, &self.owner, &random).await? else { return Ok(false) };
        if self.mark.is_none() {
            // Nothing is claimed yet, so nothing can have been lost.
            self.mark = Some(presence.mark().to_owned());
            self.lanes.know(domain_paces::all(&mut self.house.db.read().await?).await?);
        } else {
            self.memory.doubt();
            let mut tx = self.house.db.write_with(self.lasting()).await?;
            let known = workers::beat(&mut tx, &self.owner, None, self.house.clock.now()).await?;
            tx.commit().await?;
            if !known {
                self.is_inherited().await;
            }
        }
        // Until what we hold is compared, others must take it for uncertain should we die: an older mark says so.
        self.sign(self.mark.clone().unwrap_or_default()).await?;
        self.neighbours.forget();
        (self.presence, self.beaten, self.recovered) = (Some(presence), None, None);
        self.present.send_replace(true);
        self.house.tally.sends(true);
        Ok(true)
    }

    /// Writes down that we work, and under which mark.
    async fn sign(&self, mark: String) -> Result<(), FlowError> {
        let mut tx = self.house.db.write_with(self.lasting()).await?;
        workers::enter(&mut tx, &self.owner, &mark, self.house.clock.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What a server that crashes must not forget: on SQLite we die with the power ourselves.
    fn lasting(&self) -> Durability {
        if self.house.db.path().is_none() { Durability::Disk } else { Durability::Process }
    }

    /// Others have taken us for dead: what we had in hand is theirs.
    async fn is_inherited(&self) {
        tracing::warn!("others have taken over what this process had in hand, because it stood still");
        self.lease.ended();
        self.give_back(|_| true).await;
    }

    /// Says that we live, and what we have trouble with. Who was taken for dead in the meantime holds nothing any more.
    async fn beat(&mut self, relays: &Relays) -> Result<(), FlowError> {
        let many = self.house.db.path().is_none();
        let pause = if many { BEAT } else { IDLE_BEAT };
        if self.beaten.is_some_and(|last| last.elapsed() < pause) {
            return Ok(());
        }
        let began = Instant::now();
        let beaten = self.try_beat(relays).await;
        if beaten.is_err() {
            // Without it others believe us dead. On SQLite it is a lock on a file, which no fault takes away.
            self.presence = None;
            self.present.send_replace(false);
            self.house.tally.sends(false);
        }
        if !beaten? {
            self.is_inherited().await;
            self.sign(self.mark.clone().unwrap_or_default()).await?;
        }
        if many {
            self.lease.beat(began);
        }
        self.beaten = Some(began);
        Ok(())
    }

    async fn try_beat(&mut self, relays: &Relays) -> Result<bool, FlowError> {
        if let Some(presence) = &mut self.presence {
            presence.check().await?;
        }
        let trouble = Some(relays.alarms().join("; ")).filter(|trouble| !trouble.is_empty());
        // With it everything that was noted before becomes durable.
        let stored = self.memory.mark();
        let mut tx = self.house.db.write_with(self.lasting()).await?;
        let known = workers::beat(&mut tx, &self.owner, trouble.as_deref(), self.house.clock.now()).await?;
        tx.commit().await?;
        if let Some(presence) = &mut self.presence {
            // Our session has seen no crash until now, so there was none between those commits and this one.
            presence.check().await?;
            self.memory.durable(stored);
        }
        Ok(known)
    }

    /// After a fault of the database: compares what it says we hold with what we know.
    async fn reconcile(&mut self) -> Result<(), FlowError> {
        if self.memory.is_in_doubt() {
            reconcile::own_claims(&self.house, &self.owner, &self.memory, &self.ledger).await?;
        }
        let mark = self.presence.as_ref().map(|presence| presence.mark().to_owned());
        if self.mark != mark && mark.is_some() {
            self.sign(mark.clone().unwrap_or_default()).await?;
            self.mark = mark;
        }
        Ok(())
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

    /// Claims ahead, or ends what is done.
    async fn advance(&mut self, edition: &EditionRow) -> Result<bool, FlowError> {
        let Some(running) = self.running(edition).await? else { return Ok(false) };
        let now = self.house.clock.now();
        let mut more = false;
        if !edition.frozen {
            let freezing = self.freeze(edition, running.started_at);
            more = !freezing.instrument(spans::freezing(&running.span)).await?;
        }
        if let Some(why) = running.remaining(edition) {
            publish::pause(&self.house, edition.id, &why).await?;
            return Ok(false);
        }
        let most = match self.wave(edition, &running, now).await? {
            Wave::All => CLAIM,
            Wave::First(left) => left.min(CLAIM),
            Wave::Complete | Wave::Wait(_) => return Ok(more),
        };
        if most > 0 && self.lanes.is_hungry() {
            more |= self.claim(&running, most, now).await? > 0;
        }
        if edition.frozen && edition.queued + edition.sending + edition.deferred == 0 {
            self.finish(&running).await?;
        }
        Ok(more)
    }

    /// Freezes a chunk of the audience; `true` once everybody is in it.
    async fn freeze(&self, edition: &EditionRow, started_at: Timestamp) -> Result<bool, FlowError> {
        let mut tx = self.house.db.write_with(Durability::Process).await?;
        let done = deliveries::freeze_some(&mut tx, edition.id, edition.newsletter_id, started_at).await?;
        tx.commit().await?;
        Ok(done)
    }

    /// How much may leave now. The rest waits once the first wave has left and is answered.
    async fn wave(&self, edition: &EditionRow, running: &Running, now: Timestamp) -> Result<Wave, FlowError> {
        let safety = &running.safety;
        if safety.first_wave_percent > 0 && !edition.frozen {
            // Before everybody is known nobody can say how many the first are.
            return Ok(Wave::First(0));
        }
        let wave = safety.wave(edition.audience, edition.queued, edition.sending, edition.wave_until, now);
        if wave == Wave::Complete && edition.queued > 0 {
            let until = now.plus(safety.pause());
            let mut tx = self.house.db.write().await?;
            editions::begin_pause(&mut tx, edition.id, until).await?;
            tx.commit().await?;
            tracing::info!(edition = edition.id, %until, "the first wave has left; the rest waits");
        }
        // With nobody left to wait there is nothing to wait for.
        Ok(if edition.queued == 0 { Wave::All } else { wave })
    }

    async fn claim(&self, running: &Arc<Running>, most: i64, now: Timestamp) -> Result<usize, FlowError> {
        // Claiming is a write, and an edition whose rest waits for later has nothing to claim.
        let due = deliveries::next_due(&mut self.house.db.read().await?, running.id, running.repeats).await?;
        if due.is_none_or(|due| due > now) {
            return Ok(0);
        }
        self.claim_due(running, most, now).instrument(spans::claiming(&running.span)).await
    }

    async fn claim_due(&self, running: &Arc<Running>, most: i64, now: Timestamp) -> Result<usize, FlowError> {
        let repeats = running.repeats;
        let claim = Claim { owner: &self.owner, number: i64::from_le_bytes(self.house.clock.random()) };
        let passed_over = self.lanes.passed_over();
        let mut tx = self.house.db.write().await?;
        let found = deliveries::claim(&mut tx, running.id, claim, repeats, most, &passed_over, now).await?;
        if found.is_empty() {
            if !passed_over.is_empty() {
                // What was put off is put off.
                tx.commit().await?;
            }
            return Ok(0);
        }
        let rows = deliveries::claimed(&mut tx, running.id, claim).await?;
        // Nobody knows whether a commit whose answer is lost took place.
        self.memory.claims(claim.number);
        tx.commit().await.inspect_err(|_| self.memory.doubt())?;
        self.memory.claimed(running.id, claim.number, rows.iter().map(|row| row.seq));
        let (mut jobs, mut unfit) = (Vec::with_capacity(rows.len()), Vec::new());
        for row in rows {
            match job(running, &row, claim) {
                Ok(job) => jobs.push(job),
                Err(reason) => unfit.push(skipped(running.id, &row, claim, reason, now)),
            }
        }
        let claimed = jobs.len() + unfit.len();
        spans::tell("deliveries", claimed);
        if !unfit.is_empty() {
            self.ledger.note(unfit, None).await;
        }
        self.lanes.push(jobs);
        Ok(claimed)
    }

    /// The edition as this process sends it, composed at the first look.
    async fn running(&mut self, edition: &EditionRow) -> Result<Option<Arc<Running>>, FlowError> {
        if let Some(running) = self.running.get(&edition.id) {
            return Ok(Some(Arc::clone(running)));
        }
        let mut reader = self.house.db.read().await?;
        let Some(newsletter) = newsletters::by_id(&mut reader, edition.newsletter_id).await? else { return Ok(None) };
        let contents = contents(&mut reader, &self.house, &newsletter, edition).await?;
        drop(reader);
        let rendering = match Rendering::new(&self.house, &newsletter, &contents) {
            Ok(rendering) => rendering,
            Err(error) => return self.refuse(edition, &error.to_string()).await,
        };
        if edition.content_hash.as_deref().is_some_and(|approved| approved != rendering.hash()) {
            return self.refuse(edition, &sending::not_what_was_approved(newsletter.language)).await;
        }
        let Ok(sender) = EmailAddress::parse_any_role(&newsletter.from_address) else {
            return self.refuse(edition, &preflight::broken_sender(newsletter.language)).await;
        };
        let settings = Settings {
            sender,
            repeats: newsletter.on_unknown.repeats(newsletter.repeats),
            retry: self.retry.clone(),
            safety: newsletter.safety(),
            zone: zone(&newsletter.timezone).unwrap_or(TimeZone::UTC),
        };
        let running = Arc::new(Running::new(edition, rendering, settings));
        self.running.insert(edition.id, Arc::clone(&running));
        Ok(Some(running))
    }

    async fn refuse(&self, edition: &EditionRow, why: &str) -> Result<Option<Arc<Running>>, FlowError> {
        tracing::error!(edition = edition.id, why, "the edition is paused");
        publish::pause(&self.house, edition.id, why).await?;
        Ok(None)
    }

    /// Ends an edition if everybody is accounted for.
    async fn finish(&mut self, running: &Running) -> Result<(), FlowError> {
        let now = self.house.clock.now();
        // A look first: this comes round again and again while an uncertain delivery waits for its repeat.
        let repeats = running.repeats;
        if deliveries::repeatable(&mut self.house.db.read().await?, running.id, repeats).await? > 0 {
            return Ok(());
        }
        let mut tx = self.house.db.write().await?;
        let Some(edition) = editions::by_id(&mut tx, running.id).await? else { return Ok(()) };
        let counts = edition.counts();
        if deliveries::repeatable(&mut tx, running.id, repeats).await? > 0 || counts.finished() != edition.audience {
            return Ok(());
        }
        if within(RECOUNT, deliveries::recount(&mut tx, running.id)).await? != counts {
            tracing::error!(
                edition = running.id,
                "the counters do not agree with the ledger; the edition is not called sent"
            );
            return Ok(());
        }
        let Ok(sent) = edition.status.after(EditionStep::Finish) else { return Ok(()) };
        if editions::change_status(&mut tx, running.id, edition.status, sent, None, now).await? {
            crate::flows::notices::edition_sent(&self.house, &mut tx, &edition).await?;
            tx.commit().await?;
            self.house.wake.letters.notify_one();
            tracing::info!(
                edition = running.id,
                audience = edition.audience,
                accepted = counts.accepted,
                rejected = counts.rejected,
                expired = counts.expired,
                skipped = counts.skipped,
                unknown = counts.unknown,
                "the edition is sent"
            );
        }
        self.running.remove(&running.id);
        Ok(())
    }

    /// Passes over who still waits in a cancelled edition.
    async fn skip(&mut self, edition: &EditionRow) -> Result<bool, FlowError> {
        let mut tx = self.house.db.write_with(Durability::Process).await?;
        let skipped = deliveries::skip_waiting(&mut tx, edition.id, "cancelled", 2000, self.house.clock.now()).await?;
        tx.commit().await?;
        Ok(skipped > 0)
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

    /// Gives back what dead workers had claimed.
    async fn recover(&mut self) -> Result<(), FlowError> {
        let Some(presence) = &mut self.presence else { return Ok(()) };
        let house = &self.house;
        let boot = house.clock.boot();
        let mut reader = house.db.read().await?;
        let letters = outbox::owners(&mut reader).await?;
        let mut claims = Vec::new();
        for edition in editions::with_claims(&mut reader).await? {
            for owner in deliveries::owners(&mut reader, edition).await? {
                claims.push((edition, owner));
            }
        }
        let workers: HashMap<String, WorkerRow> =
            workers::all(&mut reader).await?.into_iter().map(|worker| (worker.owner.clone(), worker)).collect();
        drop(reader);
        let mut others: Vec<String> = workers.keys().cloned().chain(letters).collect();
        others.extend(claims.iter().map(|(_, owner)| owner.clone()));
        others.sort_unstable();
        others.dedup();
        others.retain(|owner| *owner != self.owner);
        self.neighbours.only(&others);
        for owner in others {
            if !self.neighbours.is_dead(presence, &owner, workers.get(&owner).map(|worker| worker.beats)).await? {
                continue;
            }
            // First of all: should it live, it learns from this that nothing is its own any more.
            release::worker(house, &owner).await?;
            release::letters(house, &owner).await?;
            // Only quick commits can have been lost: with the machine on SQLite, with its server on PostgreSQL.
            let same_boot = if presence.is_alone() {
                !boot.is_empty() && owner.rsplit_once('@').is_some_and(|(_, other)| other == boot)
            } else {
                workers.get(&owner).is_some_and(|worker| worker.boot == presence.mark())
            };
            for (edition, _) in claims.iter().filter(|(_, other)| *other == owner) {
                release::claims(house, *edition, &owner, !same_boot).await?;
            }
        }
        Ok(())
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
