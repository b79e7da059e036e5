//! Counters that only rise, over all nodes and restarts.

use super::{Access, StoreError, Tx, execute, fetch_all};

/// Adds to the counter of this series. Who adds to several does so in one order, so that nobody waits for each other.
pub async fn add(tx: &mut Tx, series: &str, more: i64) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into counters (series, total) values ($1, $2) \
         on conflict (series) do update set total = counters.total + excluded.total",
        series,
        more
    )?;
    Ok(())
}

/// Every counter that has ever counted.
pub async fn all(on: &mut impl Access) -> Result<Vec<(String, i64)>, StoreError> {
    fetch_all!(on, (String, i64), "select series, total from counters")
}
