//! The clock of the machine is set back while we work: what waits for a moment must not wait for it twice.

use std::time::Duration;

use super::{FlowError, House};
use crate::store::set_back;

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// Small corrections are how clocks are kept right.
const TOLERATED: Duration = Duration::from_secs(5);
/// Before another try, where the database does not answer.
const AGAIN: Duration = Duration::from_secs(5);

/// Returns once the clock has gone back, and by how much.
pub async fn noticed(house: &House) -> Duration {
    let mut before = house.clock.now();
    loop {
        tokio::time::sleep(LOOK).await;
        let now = house.clock.now();
        // What passed between the two looks does not matter.
        let by = before.since(now);
        if by > TOLERATED {
            return by;
        }
        before = now;
    }
}

/// Moves along what waits for a moment that has become later by it. Whoever keeps moments in memory must begin anew.
///
/// # Errors
/// When the database refuses; then nothing was moved.
pub async fn mend(house: &House, by: Duration) -> Result<(), FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    set_back::move_along(&mut tx, now, by).await?;
    house.note(&mut tx, "clock.set-back", "", &format!("{} s", by.as_secs())).await?;
    Ok(tx.commit().await?)
}

/// The same until it is done.
pub async fn mend_at_last(house: &House, by: Duration) {
    while let Err(error) = mend(house, by).await {
        tracing::error!(%error, "what waits cannot be moved along with the clock; it is tried again");
        tokio::time::sleep(AGAIN).await;
    }
}
