//! What a round does for one edition: freezes its audience, claims ahead, ends it, or passes over who still waits.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tracing::Instrument;

use super::super::claimed::{job, skipped};
use super::super::edition::{Running, Settings};
use super::Manager;
use crate::domain::address::EmailAddress;
use crate::domain::edition::EditionStep;
use crate::domain::safety::Wave;
use crate::domain::schedule::zone;
use crate::domain::texts::{preflight, sending};
use crate::domain::time::Timestamp;
use crate::flows::edition_content::{Rendering, contents};
use crate::flows::{FlowError, publish, spans};
use crate::store::deliveries::{self, Claim};
use crate::store::editions::{self, EditionRow};
use crate::store::{Durability, newsletters, within};

/// Deliveries of one claim: one write to the disk for all of them.
const CLAIM: i64 = 200;
/// Counting a ledger of ten million anew is more than the usual patience allows.
const RECOUNT: Duration = Duration::from_secs(900);

impl Manager {
    /// Claims ahead, or ends what is done.
    pub(super) async fn advance(&mut self, edition: &EditionRow) -> Result<bool, FlowError> {
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
    pub(super) async fn skip(&mut self, edition: &EditionRow) -> Result<bool, FlowError> {
        let mut tx = self.house.db.write_with(Durability::Process).await?;
        let skipped = deliveries::skip_waiting(&mut tx, edition.id, "cancelled", 2000, self.house.clock.now()).await?;
        tx.commit().await?;
        Ok(skipped > 0)
    }
}
