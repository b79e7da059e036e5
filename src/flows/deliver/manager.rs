//! The manager: finds editions that go out, freezes their audience, claims ahead of the couriers, and ends them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::edition::{Running, Settings};
use super::lanes::{Job, Lanes};
use super::ledger::Ledger;
use super::relays::Relays;
use super::release;
use crate::domain::address::EmailAddress;
use crate::domain::delivery::DeliveryState;
use crate::domain::edition::{EditionStatus, EditionStep};
use crate::domain::retry::RetryPolicy;
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::time::Timestamp;
use crate::flows::edition_content::{Rendering, contents};
use crate::flows::{FlowError, House, publish};
use crate::store::deliveries::{self, ClaimedRow, Settled};
use crate::store::editions::{self, EditionRow};
use crate::store::presence::Presence;
use crate::store::{Durability, newsletters, outbox};

/// Deliveries of one claim: one write to the disk for all of them.
const CLAIM: i64 = 200;
/// Without anybody ringing: what other processes did.
const LOOK: Duration = Duration::from_millis(300);
/// While the last messages of an edition are on their way.
const LOOK_CLOSELY: Duration = Duration::from_millis(20);
/// How often the dead are looked for.
const RECOVER: Duration = Duration::from_secs(2);
/// After a fault of the database.
const FAULT_PAUSE: Duration = Duration::from_secs(2);
/// An edition that has not moved for so long raises an alarm.
const STALLED: Duration = Duration::from_secs(600);

pub struct Manager {
    house: House,
    owner: String,
    lanes: Arc<Lanes>,
    ledger: Ledger,
    retry: RetryPolicy,
    running: HashMap<i64, Arc<Running>>,
    /// Tells who else works under our name whether they may.
    present: watch::Sender<bool>,
    presence: Option<Presence>,
    recovered: Option<Instant>,
    moved: HashMap<i64, (i64, Instant)>,
}

impl Manager {
    pub fn new(house: House, owner: String, lanes: Arc<Lanes>, ledger: Ledger, retry: RetryPolicy) -> Self {
        Self {
            house,
            owner,
            lanes,
            ledger,
            retry,
            running: HashMap::new(),
            present: watch::Sender::new(false),
            presence: None,
            recovered: None,
            moved: HashMap::new(),
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
            let pause = match self.round(&relays).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::error!(%error, "editions cannot be looked after; sending waits");
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
        self.presence
    }

    /// One look at everything; says when the next is due, without a bell.
    async fn round(&mut self, relays: &Relays) -> Result<Duration, FlowError> {
        if self.presence.is_none() {
            self.presence = Presence::enter(&self.house.db, &self.owner).await?;
            self.present.send_replace(self.presence.is_some());
            self.recovered = None;
        }
        if self.presence.is_none() {
            // Another process sends for this database; this one stands by.
            return Ok(LOOK);
        }
        if self.recovered.is_none_or(|last| last.elapsed() > RECOVER) {
            self.recover().await?;
            self.recovered = Some(Instant::now());
        }
        let busy = editions::busy(&mut self.house.db.read().await?).await?;
        self.stop_those_not_in(&busy).await;
        let (mut more, mut last) = (false, false);
        for edition in busy {
            last |= edition.sending > 0 && edition.queued == 0 && self.lanes.is_empty();
            let looked_after = match edition.status {
                EditionStatus::Sending => self.advance(&edition, relays).await,
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

    /// Claims ahead, or ends what is done.
    async fn advance(&mut self, edition: &EditionRow, relays: &Relays) -> Result<bool, FlowError> {
        let Some(running) = self.running(edition).await? else { return Ok(false) };
        let now = self.house.clock.now();
        let mut more = false;
        if !edition.frozen {
            let mut tx = self.house.db.write_with(Durability::Process).await?;
            let done =
                deliveries::freeze_some(&mut tx, edition.id, edition.newsletter_id, running.started_at, now).await?;
            tx.commit().await?;
            more = !done;
        }
        if self.lanes.is_hungry() {
            more |= self.claim(&running, now).await? > 0;
        }
        if edition.frozen && edition.queued + edition.sending + edition.deferred == 0 {
            self.finish(&running).await?;
        } else {
            self.watch(edition, relays);
        }
        Ok(more)
    }

    async fn claim(&self, running: &Arc<Running>, now: Timestamp) -> Result<usize, FlowError> {
        let repeats = running.on_unknown.repeats();
        // Claiming is a write, and an edition whose rest waits for later has nothing to claim.
        let due = deliveries::next_due(&mut self.house.db.read().await?, running.id, repeats).await?;
        if due.is_none_or(|due| due > now) {
            return Ok(0);
        }
        let mut tx = self.house.db.write().await?;
        let mut seqs = deliveries::claim(&mut tx, running.id, &self.owner, repeats, CLAIM, now).await?;
        if seqs.is_empty() {
            return Ok(0);
        }
        seqs.sort_unstable();
        let rows = deliveries::claimed(&mut tx, running.id, &self.owner, now).await?;
        tx.commit().await?;
        let (mut jobs, mut unfit) = (Vec::with_capacity(rows.len()), Vec::new());
        // A clock that stands still gives two claims the same moment.
        for row in rows.into_iter().filter(|row| seqs.binary_search(&row.seq).is_ok()) {
            match job(running, &row) {
                Ok(job) => jobs.push(job),
                Err(reason) => unfit.push(settled(running.id, &row, DeliveryState::Skipped, Some(reason), now)),
            }
        }
        let claimed = jobs.len() + unfit.len();
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
            let why = "what would be sent is not what was approved: templates or settings have changed since. \
                       Cancel it and approve a new one, or restore them.";
            return self.refuse(edition, why).await;
        }
        let Ok(sender) = EmailAddress::parse_any_role(&newsletter.from_address) else {
            return self.refuse(edition, "the sender's address is broken; set it again").await;
        };
        let settings = Settings { sender, on_unknown: newsletter.on_unknown, retry: self.retry.clone() };
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
        let repeats = running.on_unknown.repeats();
        if deliveries::repeatable(&mut self.house.db.read().await?, running.id, repeats).await? > 0 {
            return Ok(());
        }
        let mut tx = self.house.db.write().await?;
        let Some(edition) = editions::by_id(&mut tx, running.id).await? else { return Ok(()) };
        let counts = edition.counts();
        if deliveries::repeatable(&mut tx, running.id, repeats).await? > 0 || counts.finished() != edition.audience {
            return Ok(());
        }
        if deliveries::recount(&mut tx, running.id).await? != counts {
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
        let goes_on = |id: i64| busy.iter().any(|edition| edition.id == id && edition.status == EditionStatus::Sending);
        let stopped: Vec<i64> = self.running.keys().copied().filter(|id| !goes_on(*id)).collect();
        for id in stopped {
            self.running.remove(&id);
            self.moved.remove(&id);
            self.give_back(|job| job.edition.id == id).await;
        }
    }

    async fn give_back(&self, unwanted: impl Fn(&Job) -> bool) {
        let now = self.house.clock.now();
        for jobs in self.lanes.take_out(unwanted).chunks(500) {
            let waiting = jobs.iter().map(|job| Settled {
                edition_id: job.edition.id,
                seq: job.seq,
                state: DeliveryState::Queued,
                attempts: job.attempts,
                next_at: now.as_micros(),
                code: None,
                status: None,
                reply: None,
                reason: None,
            });
            self.ledger.note(waiting.collect(), None).await;
        }
    }

    /// Gives back what dead workers had claimed.
    async fn recover(&mut self) -> Result<(), FlowError> {
        let Some(presence) = &mut self.presence else { return Ok(()) };
        if let Err(error) = presence.check().await {
            // Without it others believe us dead. On SQLite it is a lock on a file, which no fault takes away.
            self.presence = None;
            self.present.send_replace(false);
            return Err(error.into());
        }
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
        drop(reader);
        for owner in letters.into_iter().filter(|owner| *owner != self.owner) {
            if presence.is_dead(&owner).await? {
                release::letters(house, &owner).await?;
            }
        }
        for (edition, owner) in claims.into_iter().filter(|(_, owner)| *owner != self.owner) {
            if presence.is_dead(&owner).await? {
                let same_boot = !boot.is_empty() && owner.rsplit_once('@').is_some_and(|(_, other)| other == boot);
                release::claims(house, edition, &owner, !same_boot).await?;
            }
        }
        Ok(())
    }

    /// Raises an alarm when an edition stands still though it should move.
    fn watch(&mut self, edition: &EditionRow, relays: &Relays) {
        let finished = edition.counts().finished();
        let entry = self.moved.entry(edition.id).or_insert((finished, Instant::now()));
        if entry.0 != finished {
            *entry = (finished, Instant::now());
        } else if edition.queued + edition.sending > 0 && entry.1.elapsed() > STALLED {
            let why = relays.alarms().join("; ");
            tracing::error!(edition = edition.id, queued = edition.queued, why, "the edition does not move");
            entry.1 = Instant::now();
        }
    }
}

/// The job of a claimed row, or why there is none.
fn job(running: &Arc<Running>, row: &ClaimedRow) -> Result<Job, &'static str> {
    match row.subscription {
        None => return Err("erased"),
        Some(SubscriptionStatus::Confirmed) => {}
        Some(status) => return Err(status.as_str()),
    }
    if row.suppressed.is_some() {
        return Err("suppressed");
    }
    let recipient =
        row.email.as_deref().and_then(|email| EmailAddress::parse_any_role(email).ok()).ok_or("address-broken")?;
    let link = row.link.as_deref().and_then(|link| link.try_into().ok()).ok_or("link-broken")?;
    let language = row.language.unwrap_or_default();
    let format = row.format.unwrap_or(crate::domain::subscription::MailFormat::Html);
    Ok(Job {
        edition: Arc::clone(running),
        seq: row.seq,
        attempts: row.attempts,
        returns: 0,
        recipient,
        link,
        variant: running.rendering.place(language, format),
    })
}

fn settled(edition_id: i64, row: &ClaimedRow, state: DeliveryState, reason: Option<&str>, now: Timestamp) -> Settled {
    Settled {
        edition_id,
        seq: row.seq,
        state,
        attempts: row.attempts,
        next_at: now.as_micros(),
        code: None,
        status: None,
        reply: None,
        reason: reason.map(str::to_owned),
    }
}
