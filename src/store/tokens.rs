//! Tokens of the API, known by their hash alone.

use super::{Access, StoreError, Tx, execute, fetch_all, fetch_one, fetch_optional, row};
use crate::domain::role::Role;
use crate::domain::scope::Scope;
use crate::domain::time::Timestamp;

row! {
    /// A token as it is stored.
    #[derive(Clone, Debug)]
    pub struct TokenRow {
        pub id: i64,
        pub name: String,
        pub role: Role,
        /// Words separated by spaces; none is all that the role may.
        pub scopes: Option<String>,
        pub created_at: Timestamp,
        pub expires_at: Option<Timestamp>,
        pub last_used_at: Option<Timestamp>,
        pub revoked_at: Option<Timestamp>,
    }
}

impl TokenRow {
    /// What it may be used for.
    pub fn scopes(&self) -> Vec<Scope> {
        match &self.scopes {
            Some(listed) => Scope::read_list(listed),
            None => Scope::all_of(self.role).collect(),
        }
    }
}

/// Stores a new token by its hash.
pub async fn insert(
    tx: &mut Tx,
    name: &str,
    role: Role,
    scopes: &str,
    hash: &[u8],
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<TokenRow, StoreError> {
    fetch_one!(
        tx,
        TokenRow,
        "insert into api_tokens (name, role, scopes, hash, expires_at, created_at) values ($1, $2, $3, $4, $5, $6) \
         returning id, name, role, scopes, created_at, expires_at, last_used_at, revoked_at",
        name,
        role,
        scopes,
        hash,
        expires_at,
        now,
    )
}

/// The token with this hash that is neither revoked nor expired.
pub async fn valid(on: &mut impl Access, hash: &[u8], now: Timestamp) -> Result<Option<TokenRow>, StoreError> {
    fetch_optional!(
        on,
        TokenRow,
        "select id, name, role, scopes, created_at, expires_at, last_used_at, revoked_at from api_tokens \
         where hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2)",
        hash,
        now
    )
}

/// Notes that a token was used; callers do so at most once a minute.
pub async fn used(tx: &mut Tx, id: i64, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update api_tokens set last_used_at = $2 where id = $1", id, now)?;
    Ok(())
}

/// Every token, newest first.
pub async fn all(on: &mut impl Access) -> Result<Vec<TokenRow>, StoreError> {
    fetch_all!(
        on,
        TokenRow,
        "select id, name, role, scopes, created_at, expires_at, last_used_at, revoked_at from api_tokens order by id desc"
    )
}

/// Revokes the token with this id; its name, if there was one to revoke.
pub async fn revoke(tx: &mut Tx, id: i64, now: Timestamp) -> Result<Option<String>, StoreError> {
    let revoked = fetch_optional!(
        tx,
        (String,),
        "update api_tokens set revoked_at = $2 where id = $1 and revoked_at is null returning name",
        id,
        now
    )?;
    Ok(revoked.map(|(name,)| name))
}
