//! How many were forgotten when: counts alone, nothing of whom.

use super::{Access, StoreError, Tx, execute, fetch_all};
use crate::domain::time::Timestamp;

/// Adds to the count of a day.
pub async fn add(tx: &mut Tx, day: Timestamp, what: &str, count: u64) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into forgotten (day, what, count) values ($1, $2, $3) on conflict (day, what) do update \
         set count = forgotten.count + excluded.count",
        day,
        what,
        i64::try_from(count).unwrap_or(i64::MAX)
    )?;
    Ok(())
}

/// How many of each kind in all, and the last day on which there were any.
pub async fn totals(on: &mut impl Access) -> Result<Vec<(String, i64, Timestamp)>, StoreError> {
    fetch_all!(
        on,
        (String, i64, Timestamp),
        "select what, cast(sum(count) as bigint), max(day) from forgotten group by what order by what"
    )
}
