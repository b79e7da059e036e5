//! Answers kept for a day, so that a POST sent twice happens once.

use super::{Access, StoreError, Tx, execute, fetch_optional, row};
use crate::domain::time::Timestamp;

row! {
    /// What is known of a request with a key.
    pub struct KnownRequest {
        pub request_hash: Vec<u8>,
        /// The answer's HTTP status; 0 while it is being worked on.
        pub status: i64,
        pub response: String,
        pub created_at: Timestamp,
    }
}

/// Takes a key for a request; `false` when it is taken.
pub async fn reserve(tx: &mut Tx, key: &[u8], request_hash: &[u8], now: Timestamp) -> Result<bool, StoreError> {
    let inserted = execute!(
        tx,
        "insert into idempotency_keys (key, request_hash, status, response, created_at) values ($1, $2, 0, '', $3) \
         on conflict (key) do nothing",
        key,
        request_hash,
        now,
    )?;
    Ok(inserted == 1)
}

/// What is known under a key.
pub async fn known(on: &mut impl Access, key: &[u8]) -> Result<Option<KnownRequest>, StoreError> {
    fetch_optional!(
        on,
        KnownRequest,
        "select request_hash, status, response, created_at from idempotency_keys where key = $1",
        key
    )
}

/// Keeps the answer.
pub async fn answered(tx: &mut Tx, key: &[u8], status: i64, response: &str) -> Result<(), StoreError> {
    execute!(tx, "update idempotency_keys set status = $2, response = $3 where key = $1", key, status, response)?;
    Ok(())
}

/// Gives a key back: nothing happened, so it may be tried again.
pub async fn release(tx: &mut Tx, key: &[u8]) -> Result<(), StoreError> {
    execute!(tx, "delete from idempotency_keys where key = $1", key)?;
    Ok(())
}

/// Forgets what is older.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, "delete from idempotency_keys where created_at < $1", before)
}
