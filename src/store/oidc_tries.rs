//! Sign-ins that have been sent to the OpenID provider and may come back, each once.

use super::{StoreError, Tx, execute, fetch_optional};
use crate::domain::time::Timestamp;

/// One goes to the provider.
pub async fn insert(tx: &mut Tx, state: &[u8], next: &str, expires_at: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "insert into oidc_tries (state, next, expires_at) values ($1, $2, $3)", state, next, expires_at)?;
    Ok(())
}

/// One comes back: where it wanted to go, if it is known and in time. It does not come back again.
pub async fn take(tx: &mut Tx, state: &[u8], now: Timestamp) -> Result<Option<String>, StoreError> {
    let found = fetch_optional!(
        tx,
        (String, Timestamp),
        "delete from oidc_tries where state = $1 returning next, expires_at",
        state
    )?;
    Ok(found.filter(|(_, expires_at)| *expires_at > now).map(|(next, _)| next))
}

/// Forgets those that never came back.
pub async fn forget(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, "delete from oidc_tries where expires_at <= $1", now)
}
