//! What the clock starts. The scheduler only ticks; which moment is due, and whether it has been dealt with, is in
//! the database, because the scheduler forgets at a restart and fires an hour off after the clock changes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use crate::domain::checkup::CheckStatus;
use crate::domain::time::Timestamp;
use crate::flows::{House, backup, collect_articles, doctor, keep_schedule, retention, webhooks};

/// Every five seconds: a planned edition leaves when it should.
const TICK: &str = "*/5 * * * * *";

/// The running clockwork.
pub struct Jobs {
    scheduler: JobScheduler,
    in_hand: Arc<Mutex<LastDone>>,
}

#[derive(Default)]
struct LastDone {
    forgot: Option<Timestamp>,
}

impl Jobs {
    /// Starts ticking.
    ///
    /// # Errors
    /// When the scheduler does not start.
    pub async fn start(house: &House) -> Result<Self, JobSchedulerError> {
        let scheduler = JobScheduler::new().await?;
        let in_hand = Arc::new(Mutex::new(LastDone::default()));
        let house_for_telling = house.clone();
        let (house, last) = (house.clone(), Arc::clone(&in_hand));
        let job = Job::new_async(TICK, move |_, _| {
            let (house, last) = (house.clone(), Arc::clone(&last));
            Box::pin(async move {
                // A round that takes longer than a tick is not overtaken by the next.
                let Ok(mut last) = last.try_lock_owned() else { return };
                // In a task of its own: a panic there must not stop the clock.
                let round = tokio::spawn(async move { tick(&house, &mut last).await });
                if let Err(error) = round.await {
                    tracing::error!(%error, "a round of the clock broke off");
                }
            })
        })?;
        scheduler.add(job).await?;
        scheduler.add(telling(house_for_telling)?).await?;
        scheduler.start().await?;
        Ok(Self { scheduler, in_hand })
    }

    /// Stops ticking; a round in hand is finished first, but who stops us waits ten seconds in all.
    pub async fn stop(mut self) {
        if let Err(error) = self.scheduler.shutdown().await {
            tracing::warn!(%error, "the clock did not stop in order");
        }
        let _ = tokio::time::timeout(Duration::from_secs(7), self.in_hand.lock()).await;
    }
}

/// Webhooks have a beat of their own: the other side may take its time, and the schedule does not wait for it.
fn telling(house: House) -> Result<Job, JobSchedulerError> {
    let one_at_a_time = Arc::new(Mutex::new(()));
    Job::new_async(TICK, move |_, _| {
        let (house, alone) = (house.clone(), Arc::clone(&one_at_a_time));
        Box::pin(async move {
            let Ok(_alone) = alone.try_lock_owned() else { return };
            let round = tokio::spawn(async move { webhooks::tell_due(&house).await });
            match round.await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::error!(%error, "webhooks could not be told; the next round tries again"),
                Err(error) => tracing::error!(%error, "a round of telling broke off"),
            }
        })
    })
}

async fn tick(house: &House, last: &mut LastDone) {
    if let Err(error) = keep_schedule::keep(house).await {
        tracing::error!(%error, "the schedule could not be kept; the next tick tries again");
    }
    if let Err(error) = collect_articles::fetch_due(house).await {
        tracing::error!(%error, "sources could not be read; the next tick tries again");
    }
    if let Err(error) = backup::daily(house).await {
        tracing::error!(%error, "there is no new backup; the next try is in an hour");
    }
    match doctor::is_due(house).await {
        // It waits for others' servers, and the clock for nobody.
        Ok(true) => drop(tokio::spawn(examine(house.clone()))),
        Ok(false) => {}
        Err(error) => tracing::error!(%error, "whether the doctor is due is not known; the next tick tries again"),
    }
    let now = house.clock.now();
    if last.forgot.is_none_or(|moment| now.since(moment) >= retention::EVERY) {
        match retention::forget(house).await {
            Ok(_) => last.forgot = Some(now),
            Err(error) => tracing::error!(%error, "nothing could be forgotten; the next tick tries again"),
        }
    }
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
