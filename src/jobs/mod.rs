//! What the clock starts. The scheduler only ticks; which moment is due, and whether it has been dealt with, is in
//! the database, because the scheduler forgets at a restart and fires an hour off after the clock changes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use crate::domain::checkup::CheckStatus;
use crate::domain::time::Timestamp;
use crate::flows::feedback::LookError;
use crate::flows::{FlowError, House, backup, collect_articles, doctor, feedback, keep_schedule, retention, webhooks};
use crate::store::within;

/// Every five seconds: a planned edition leaves when it should.
const TICK: &str = "*/5 * * * * *";
/// How long a single statement of a round may take. Nothing here takes minutes; but a database that vanishes without a word
/// after it took a statement would never answer, and no further round would begin on this node.
const STATEMENT: Duration = Duration::from_secs(15 * 60);
/// Who stops us waits ten seconds in all.
const PATIENCE: Duration = Duration::from_secs(7);

/// The running clockwork.
pub struct Jobs {
    scheduler: JobScheduler,
    beats: Vec<Alone>,
}

/// Held by a beat while its round is in hand, so that a round that takes longer than a tick is not overtaken by the next.
type Alone = Arc<Mutex<()>>;

impl Jobs {
    /// Starts ticking. Each beat goes by itself: what waits for strangers keeps no edition waiting.
    ///
    /// # Errors
    /// When the scheduler does not start.
    pub async fn start(house: &House) -> Result<Self, JobSchedulerError> {
        let scheduler = JobScheduler::new().await?;
        let mut beats = Vec::new();
        let last_forgot = Arc::new(Mutex::new(None));
        for (job, alone) in [
            beat(house, "the schedule", |house| async move { keep_schedule::look_after_editions(&house).await })?,
            beat(house, "assembling", |house| async move { keep_schedule::assemble_due(&house).await })?,
            beat(house, "reading sources", |house| async move { collect_articles::fetch_due(&house).await.map(drop) })?,
            beat(house, "telling webhooks", |house| async move { webhooks::tell_due(&house).await.map(drop) })?,
            // Its server may take its time, too.
            beat(house, "looking into the mailbox", look_into_mailbox)?,
            beat(house, "housekeeping", move |house| keep_house(house, Arc::clone(&last_forgot)))?,
        ] {
            scheduler.add(job).await?;
            beats.push(alone);
        }
        scheduler.start().await?;
        Ok(Self { scheduler, beats })
    }

    /// Stops ticking; rounds in hand are finished first, as far as that takes no time.
    pub async fn stop(mut self) {
        if let Err(error) = self.scheduler.shutdown().await {
            tracing::warn!(%error, "the clock did not stop in order");
        }
        let finished = async {
            for beat in &self.beats {
                drop(beat.lock().await);
            }
        };
        let _ = tokio::time::timeout(PATIENCE, finished).await;
    }
}

/// Rounds of one kind, one at a time; what goes wrong in one is tried again by the next.
fn beat<R>(
    house: &House,
    what: &'static str,
    round: impl Fn(House) -> R + Send + Sync + 'static,
) -> Result<(Job, Alone), JobSchedulerError>
where
    R: Future<Output = Result<(), FlowError>> + Send + 'static,
{
    let (house, alone) = (house.clone(), Alone::default());
    let held = Arc::clone(&alone);
    let job = Job::new_async(TICK, move |_, _| {
        let round = Arc::clone(&held).try_lock_owned().ok().map(|alone| (alone, round(house.clone())));
        Box::pin(async move {
            let Some((_alone, round)) = round else { return };
            // In a task of its own: a panic there must not stop the clock.
            match tokio::spawn(within(STATEMENT, round)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "{what} failed; the next round tries again"),
                Err(error) => tracing::error!(%error, "a round of {what} broke off"),
            }
        })
    })?;
    Ok((job, alone))
}

/// Looks into the mailbox that bounces come in at, when that is due and one is set.
async fn look_into_mailbox(house: House) -> Result<(), FlowError> {
    match feedback::look_when_due(&house).await {
        Ok(_) => Ok(()),
        Err(LookError::Flow(error)) => Err(error),
        Err(error) => {
            tracing::error!(%error, "the mailbox could not be looked into; it is tried again");
            Ok(())
        }
    }
}

async fn keep_house(house: House, last_forgot: Arc<Mutex<Option<Timestamp>>>) -> Result<(), FlowError> {
    if let Err(error) = backup::daily(&house).await {
        tracing::error!(%error, "there is no new backup; the next try is in an hour");
    }
    if doctor::is_due(&house).await? {
        // It waits for others' servers, and the house for nobody.
        drop(tokio::spawn(within(STATEMENT, examine(house.clone()))));
    }
    let now = house.clock.now();
    let mut last = last_forgot.lock().await;
    if last.is_none_or(|moment| now.since(moment) >= retention::EVERY) {
        retention::forget(&house).await?;
        *last = Some(now);
    }
    Ok(())
}

async fn examine(house: House) {
    match doctor::run(&house).await {
        Ok(checks) => {
            for check in checks.iter().filter(|check| check.status == CheckStatus::Fail) {
                tracing::warn!(check = check.name, "{}", check.message);
            }
        }
        Err(error) => tracing::error!(%error, "the doctor could not look; tomorrow it tries again"),
    }
}
