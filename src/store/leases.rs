//! Moments that are shared by all nodes: who comes next begins where the one before ended.

use std::time::Duration;

use super::{StoreError, Tx, fetch_value};
use crate::domain::time::Timestamp;

/// Reserves a stretch of `length` on the shared time line `name`, not before `now`; gives its beginning.
pub async fn reserve(tx: &mut Tx, name: &str, now: Timestamp, length: Duration) -> Result<Timestamp, StoreError> {
    let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
    let end = fetch_value!(
        tx,
        Timestamp,
        "insert into leases (name, owner, fence, until_at) values ($1, '', 0, $2 + $3) on conflict (name) do update \
         set until_at = case when leases.until_at > $2 then leases.until_at else $2 end + $3 returning until_at",
        name,
        now,
        micros,
    )?;
    Ok(end.minus(length))
}
