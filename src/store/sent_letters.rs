//! Letters that have left and may still come back: whose each was. Nothing of what they said.

use super::{Access, StoreError, Tx, execute, fetch_optional};
use crate::domain::time::Timestamp;

/// Notes that a letter to an address has left; the keyed hash tells later whether it is still its reader's.
pub async fn insert(
    tx: &mut Tx,
    uid: &[u8],
    subscription_id: i64,
    address_hash: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into sent_letters (uid, subscription_id, address_hash, sent_at) values ($1, $2, $3, $4) on conflict do nothing",
        uid,
        subscription_id,
        address_hash,
        now
    )?;
    Ok(())
}

/// Whose letter it was, and the hash of the address that it went to.
pub async fn by_uid(on: &mut impl Access, uid: &[u8]) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
    fetch_optional!(on, (i64, Vec<u8>), "select subscription_id, address_hash from sent_letters where uid = $1", uid)
}

/// A letter came back: what more is said of it is a repetition.
pub async fn delete(tx: &mut Tx, uid: &[u8]) -> Result<(), StoreError> {
    execute!(tx, "delete from sent_letters where uid = $1", uid)?;
    Ok(())
}

/// Forgets letters that left before `before`.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, "delete from sent_letters where sent_at < $1", before)
}
