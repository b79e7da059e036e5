//! Rolling counts of what may happen only so often; keys are hashes, so nothing personal is kept.

use super::{Access, StoreError, Tx, execute, fetch_one, fetch_value};
use crate::domain::time::Timestamp;

/// How often it happened since `since`.
pub async fn count(on: &mut impl Access, kind: &str, key: &[u8], since: Timestamp) -> Result<i64, StoreError> {
    fetch_value!(on, i64, "select count(*) from attempts where kind = $1 and key = $2 and at > $3", kind, key, since)
}

/// How often it happened since each of these moments.
pub async fn counts(
    on: &mut impl Access,
    kind: &str,
    key: &[u8],
    [first, second, third]: [Timestamp; 3],
) -> Result<[i64; 3], StoreError> {
    let counted = fetch_one!(
        on,
        (i64, i64, i64),
        "select (select count(*) from attempts where kind = $1 and key = $2 and at > $3), \
         (select count(*) from attempts where kind = $1 and key = $2 and at > $4), \
         (select count(*) from attempts where kind = $1 and key = $2 and at > $5)",
        kind,
        key,
        first,
        second,
        third,
    )?;
    Ok(counted.into())
}

/// Notes that it happened now, unless it has happened `most` times since `since`; says whether it was noted.
pub async fn note_within(
    tx: &mut Tx,
    kind: &str,
    key: &[u8],
    most: i64,
    since: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let noted = execute!(
        tx,
        "insert into attempts (kind, key, at) select $1, $2, $3 \
         where (select count(*) from attempts where kind = $1 and key = $2 and at > $4) < $5",
        kind,
        key,
        now,
        since,
        most,
    )?;
    Ok(noted == 1)
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

/// It happens now, unless it happened since `since`; `false` then. Held until the commit, so that of two at the same moment
/// one is the first.
pub async fn once(tx: &mut Tx, kind: &str, key: &[u8], since: Timestamp, now: Timestamp) -> Result<bool, StoreError> {
    super::transaction::lock(tx, super::transaction::Lock::Once).await?;
    note_within(tx, kind, key, 1, since, now).await
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
