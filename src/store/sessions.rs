//! Who is signed in where. A session is known by the hash of its cookie alone.

use super::{Access, StoreError, Tx, execute, fetch_all, fetch_optional, row};
use crate::domain::time::Timestamp;

row! {
    /// A session as stored.
    #[derive(Clone)]
    pub struct SessionRow {
        pub hash: Vec<u8>,
        pub user_id: i64,
        /// The password was right, and the second step is owed: good for that step and nothing else.
        pub awaits_code: bool,
        /// What a passkey is asked to sign, and until when it may.
        pub challenge: Option<Vec<u8>>,
        pub challenge_until: Option<Timestamp>,
        pub created_at: Timestamp,
        pub last_seen_at: Timestamp,
        /// The end, whatever its owner does.
        pub expires_at: Timestamp,
    }
}

/// Begins a session.
pub async fn insert(
    tx: &mut Tx,
    hash: &[u8],
    user_id: i64,
    awaits_code: bool,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into sessions (hash, user_id, awaits_code, created_at, last_seen_at, expires_at) \
         values ($1, $2, $3, $4, $4, $5)",
        hash,
        user_id,
        awaits_code,
        now,
        expires_at,
    )?;
    Ok(())
}

/// The session with this hash that lasts: used after `idle_since`, and not at its end.
pub async fn lasting(
    on: &mut impl Access,
    hash: &[u8],
    idle_since: Timestamp,
    now: Timestamp,
) -> Result<Option<SessionRow>, StoreError> {
    fetch_optional!(
        on,
        SessionRow,
        "select hash, user_id, awaits_code, challenge, challenge_until, created_at, last_seen_at, expires_at from sessions \
         where hash = $1 and last_seen_at > $2 and expires_at > $3",
        hash,
        idle_since,
        now,
    )
}

/// Where a user is signed in, newest first.
pub async fn of_user(
    on: &mut impl Access,
    user_id: i64,
    idle_since: Timestamp,
    now: Timestamp,
) -> Result<Vec<SessionRow>, StoreError> {
    fetch_all!(
        on,
        SessionRow,
        "select hash, user_id, awaits_code, challenge, challenge_until, created_at, last_seen_at, expires_at from sessions \
         where user_id = $1 and last_seen_at > $2 and expires_at > $3 and awaits_code = $4 order by created_at desc, hash",
        user_id,
        idle_since,
        now,
        false,
    )
}

/// Another challenge for a passkey, or none.
pub async fn set_challenge(
    tx: &mut Tx,
    hash: &[u8],
    challenge: Option<&[u8]>,
    until: Option<Timestamp>,
) -> Result<(), StoreError> {
    execute!(tx, "update sessions set challenge = $2, challenge_until = $3 where hash = $1", hash, challenge, until)?;
    Ok(())
}

/// Takes the challenge away, so that it is answered once; it, if it may still be answered.
pub async fn take_challenge(tx: &mut Tx, hash: &[u8], now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
    let held = fetch_optional!(
        tx,
        (Option<Vec<u8>>,),
        "select challenge from sessions where hash = $1 and challenge_until > $2",
        hash,
        now
    )?;
    set_challenge(tx, hash, None, None).await?;
    Ok(held.and_then(|(challenge,)| challenge))
}

/// The session was used; callers say so at most once a minute.
pub async fn seen(tx: &mut Tx, hash: &[u8], now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update sessions set last_seen_at = $2 where hash = $1", hash, now)?;
    Ok(())
}

/// Ends one session.
pub async fn delete(tx: &mut Tx, hash: &[u8]) -> Result<(), StoreError> {
    execute!(tx, "delete from sessions where hash = $1", hash)?;
    Ok(())
}

/// Ends every session of a user.
pub async fn delete_of(tx: &mut Tx, user_id: i64) -> Result<u64, StoreError> {
    execute!(tx, "delete from sessions where user_id = $1", user_id)
}

/// Ends every session of a user but this one.
pub async fn delete_others(tx: &mut Tx, user_id: i64, kept: &[u8]) -> Result<u64, StoreError> {
    execute!(tx, "delete from sessions where user_id = $1 and hash <> $2", user_id, kept)
}

/// Forgets sessions that have ended.
pub async fn forget(tx: &mut Tx, idle_since: Timestamp, now: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, "delete from sessions where last_seen_at <= $1 or expires_at <= $2", idle_since, now)
}
