//! Rolling counts of what may happen only so often; keys are hashes, so nothing personal is kept.

use super::{Access, StoreError, Tx, execute, fetch_value};
use crate::domain::time::Timestamp;

/// How often it happened since `since`.
pub async fn count(on: &mut impl Access, kind: &str, key: &[u8], since: Timestamp) -> Result<i64, StoreError> {
    fetch_value!(on, i64, "select count(*) from attempts where kind = $1 and key = $2 and at > $3", kind, key, since)
}

/// When the oldest of those happened: the moment from which the count begins to fall.
pub async fn oldest(
    on: &mut impl Access,
    kind: &str,
    key: &[u8],
    since: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    fetch_value!(
        on,
        Option<Timestamp>,
        "select min(at) from attempts where kind = $1 and key = $2 and at > $3",
        kind,
        key,
        since
    )
}

/// It happened now.
pub async fn note(tx: &mut Tx, kind: &str, key: &[u8], now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "insert into attempts (kind, key, at) values ($1, $2, $3)", kind, key, now)?;
    Ok(())
}

/// What was noted at that moment did not happen after all.
pub async fn take_back(tx: &mut Tx, kind: &str, key: &[u8], at: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "delete from attempts where kind = $1 and key = $2 and at = $3", kind, key, at)?;
    Ok(())
}

/// Forgets what is too old to count.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, "delete from attempts where at < $1", before)
}

/// Forgets everything of one kind under one key.
pub async fn forget_key(tx: &mut Tx, kind: &str, key: &[u8]) -> Result<u64, StoreError> {
    execute!(tx, "delete from attempts where kind = $1 and key = $2", kind, key)
}
