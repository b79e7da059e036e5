//! Invitations and resets: links by mail that let a user of the desk choose a password.

use super::{Access, StoreError, Tx, execute, fetch_optional};
use crate::domain::time::Timestamp;
use crate::domain::token::Link;

/// Opens a way to a password until `expires_at`; ways opened before are closed.
pub async fn open(
    tx: &mut Tx,
    link: &Link,
    user_id: i64,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    close(tx, user_id).await?;
    execute!(
        tx,
        "insert into user_links (link, user_id, created_at, expires_at) values ($1, $2, $3, $4)",
        link.as_slice(),
        user_id,
        now,
        expires_at,
    )?;
    Ok(())
}

/// Whose link this is, while it works.
pub async fn user_of(on: &mut impl Access, link: &Link, now: Timestamp) -> Result<Option<i64>, StoreError> {
    let found = fetch_optional!(
        on,
        (i64,),
        "select user_id from user_links where link = $1 and expires_at > $2",
        link.as_slice(),
        now
    )?;
    Ok(found.map(|(user_id,)| user_id))
}

/// Closes every way of a user.
pub async fn close(tx: &mut Tx, user_id: i64) -> Result<(), StoreError> {
    execute!(tx, "delete from user_links where user_id = $1", user_id)?;
    Ok(())
}

/// Forgets links that no longer work.
pub async fn forget(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, "delete from user_links where expires_at <= $1", now)
}
