//! Reading many sources, a few at the same time: one that lets us wait keeps nobody else waiting.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{EVERY, Reading, fetch};
use crate::flows::newsletters::find;
use crate::flows::{FlowError, House};
use crate::store::sources::{self, SourceRow};
use crate::store::within;

/// How many are read at the same time.
const AT_ONCE: usize = 6;
/// What was read so recently need not be read again before an edition is assembled.
const FRESH: Duration = Duration::from_secs(10 * 60);
/// How long an assembly waits for its sources; it then goes by what is there.
const PATIENCE: Duration = Duration::from_secs(40);
/// How long a single statement may take; each reading is a task of its own, and would wait for ever for a database that vanished.
const STATEMENT: Duration = Duration::from_secs(60);

/// Reads the sources of a newsletter now, or of all; one that fails does not keep the others from being read.
///
/// # Errors
/// When the database refuses.
pub async fn fetch_all(house: &House, slug: Option<&str>) -> Result<Vec<Reading>, FlowError> {
    let rows = {
        let mut reader = house.db.read().await?;
        match slug {
            Some(slug) => {
                let newsletter = find(&mut reader, slug).await?;
                sources::of_newsletter(&mut reader, newsletter.id).await?
            }
            None => sources::all(&mut reader).await?,
        }
    };
    let mut reading = Reading::many(house, rows, false);
    let mut readings = Vec::new();
    while let Some(read) = reading.join_next().await {
        readings.extend(read.unwrap_or(Ok(None))?);
    }
    readings.sort_by_key(|reading| reading.source);
    Ok(readings)
}

/// Reads the sources whose daily visit is due. Of several nodes one reads each.
///
/// # Errors
/// When the database refuses.
pub async fn fetch_due(house: &House) -> Result<usize, FlowError> {
    let due = sources::due(&mut house.db.read().await?, house.clock.now()).await?;
    let mut reading = Reading::many(house, due, true);
    let mut read = 0;
    while let Some(one) = reading.join_next().await {
        read += usize::from(one.unwrap_or(Ok(None))?.is_some());
    }
    Ok(read)
}

/// Reads the sources of these newsletters, except those that were read just now, and waits for them, but not for ever: the
/// last days' articles must be in, even when the daily reading failed. What takes longer comes in for the next edition.
///
/// # Errors
/// When the database refuses.
pub async fn freshen(house: &House, newsletters: &[i64]) -> Result<(), FlowError> {
    let now = house.clock.now();
    let mut rows = sources::all(&mut house.db.read().await?).await?;
    rows.retain(|row| {
        // A visit without an outcome is one in hand, of which nobody knows when it ends.
        let last = if row.failures > 0 { row.last_fetch_at } else { row.last_success_at };
        newsletters.contains(&row.newsletter_id) && last.is_none_or(|at| now.since(at) > FRESH)
    });
    let mut reading = Reading::many(house, rows, false);
    let all = async { while reading.join_next().await.is_some() {} };
    if tokio::time::timeout(PATIENCE, all).await.is_err() {
        tracing::warn!("not every source could be read in time for an assembly");
        // Broken off in the middle of a transaction they would only make trouble; each has its own limit.
        reading.detach_all();
    }
    Ok(())
}

impl Reading {
    /// Readings on their way. With `claiming`, only those whose visit nobody else makes.
    fn many(house: &House, rows: Vec<SourceRow>, claiming: bool) -> JoinSet<Result<Option<Self>, FlowError>> {
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        let mut reading = JoinSet::new();
        for row in rows {
            let (house, turns) = (house.clone(), Arc::clone(&turns));
            reading.spawn(within(STATEMENT, async move {
                let _turn = turns.acquire().await;
                if house.fetcher.is_stopped() || (claiming && !claimed(&house, &row).await?) {
                    return Ok(None);
                }
                let reading = fetch(&house, &row).await?;
                if claiming && reading.error.is_some() && house.fetcher.is_stopped() {
                    // We broke it off ourselves: who starts next reads it, and not only tomorrow.
                    let mut tx = house.db.write().await?;
                    sources::hurry(&mut tx, row.id, house.clock.now()).await?;
                    tx.commit().await?;
                }
                Ok(Some(reading))
            }));
        }
        reading
    }
}

async fn claimed(house: &House, source: &SourceRow) -> Result<bool, FlowError> {
    let now = house.clock.now();
    // A few minutes apart each day, so that not every installation asks at the same second.
    let spread = Duration::from_secs_f64(house.clock.fraction() * 600.0);
    let mut tx = house.db.write().await?;
    let ours = sources::claim(&mut tx, source, now.plus(EVERY + spread), now).await?;
    tx.commit().await?;
    Ok(ours)
}
