//! Passkeys of users: public keys, which open nothing by themselves.

use super::{Access, StoreError, Tx, execute, fetch_all, row};
use crate::domain::time::Timestamp;

row! {
    /// A passkey as stored.
    #[derive(Clone)]
    pub struct PasskeyRow {
        /// As the authenticator calls it.
        pub id: Vec<u8>,
        pub user_id: i64,
        pub name: String,
        /// In COSE.
        pub public_key: Vec<u8>,
        pub sign_count: i64,
        pub created_at: Timestamp,
        pub last_used_at: Option<Timestamp>,
    }
}

/// Stores a new passkey; says whether there was none of this id.
pub async fn insert(
    tx: &mut Tx,
    user_id: i64,
    name: &str,
    id: &[u8],
    public_key: &[u8],
    sign_count: i64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let stored = execute!(
        tx,
        "insert into passkeys (id, user_id, name, public_key, sign_count, created_at) values ($1, $2, $3, $4, $5, $6) \
         on conflict (id) do nothing",
        id,
        user_id,
        name,
        public_key,
        sign_count,
        now
    )?;
    Ok(stored == 1)
}

/// The passkeys of a user, oldest first.
pub async fn of_user(on: &mut impl Access, user_id: i64) -> Result<Vec<PasskeyRow>, StoreError> {
    fetch_all!(
        on,
        PasskeyRow,
        "select id, user_id, name, public_key, sign_count, created_at, last_used_at from passkeys \
         where user_id = $1 order by created_at, id",
        user_id
    )
}

/// One was used.
pub async fn used(tx: &mut Tx, id: &[u8], sign_count: i64, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update passkeys set sign_count = $2, last_used_at = $3 where id = $1", id, sign_count, now)?;
    Ok(())
}

/// Takes one of a user's away; says whether it was there.
pub async fn delete(tx: &mut Tx, user_id: i64, id: &[u8]) -> Result<bool, StoreError> {
    Ok(execute!(tx, "delete from passkeys where user_id = $1 and id = $2", user_id, id)? == 1)
}

/// Takes all of a user's away.
pub async fn delete_of(tx: &mut Tx, user_id: i64) -> Result<u64, StoreError> {
    execute!(tx, "delete from passkeys where user_id = $1", user_id)
}
