//! Counters that only rise, over all nodes and restarts.

use super::{Access, Conn, StoreError, Tx, execute, fetch_all, fetch_value};

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

/// What the counters whose series lie between these two, in the order of bytes, come to together.
pub async fn sum(on: &mut impl Access, from: &str, through: &str) -> Result<i64, StoreError> {
    let sql = match on.conn() {
        Conn::Sqlite(_) => {
            "select cast(coalesce(sum(total), 0) as bigint) from counters where series between $1 and $2"
        }
        Conn::Postgres(_) => {
            "select cast(coalesce(sum(total), 0) as bigint) from counters \
             where series collate \"C\" between $1 and $2"
        }
    };
    fetch_value!(on, i64, sql, from, through)
}

/// Forgets those between the first of these two and the one before the second.
pub async fn forget(tx: &mut Tx, from: &str, before: &str) -> Result<u64, StoreError> {
    let sql = match tx.conn() {
        Conn::Sqlite(_) => "delete from counters where series >= $1 and series < $2",
        Conn::Postgres(_) => "delete from counters where series collate \"C\" >= $1 and series collate \"C\" < $2",
    };
    execute!(tx, sql, from, before)
}
