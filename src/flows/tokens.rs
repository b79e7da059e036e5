//! Tokens for the API: shown once, kept as a hash, revoked at once.

use aws_lc_rs::hmac;

use super::{FlowError, House};
use crate::domain::fault::Faults;
use crate::domain::newsletter::one_line;
use crate::domain::role::Role;
use crate::domain::time::Timestamp;
use crate::domain::token::hex;
use crate::store::tokens::{self, TokenRow};

/// By this beginning, scanners for leaked secrets recognise a token.
const PREFIX: &str = "pd_live_";

/// Makes a token; the text is shown here and never again.
///
/// # Errors
/// [`FlowError::Invalid`] for a name that is no line.
pub async fn create(
    house: &House,
    name: &str,
    role: Role,
    expires_at: Option<Timestamp>,
) -> Result<(String, TokenRow), FlowError> {
    let name = one_line(name)
        .filter(|name| !name.is_empty())
        .ok_or_else(|| Faults::one("name", "must be one line of text"))?;
    let token = format!("{PREFIX}{}", hex(&house.clock.random::<32>()));
    let mut tx = house.db.write().await?;
    let row = tokens::insert(&mut tx, &name, role, &hash(house, &token), expires_at, house.clock.now()).await?;
    tx.commit().await?;
    Ok((token, row))
}

/// Whose token this is, if it is one that holds.
///
/// # Errors
/// When the database cannot answer.
pub async fn check(house: &House, token: &str) -> Result<Option<TokenRow>, FlowError> {
    if !token.starts_with(PREFIX) || token.len() > 200 {
        return Ok(None);
    }
    let now = house.clock.now();
    let row = tokens::valid(&mut house.db.read().await?, &hash(house, token), now).await?;
    if let Some(row) = &row
        && row.last_used_at.is_none_or(|used| now.since(used).as_secs() >= 60)
    {
        let mut tx = house.db.write_with(crate::store::Durability::Process).await?;
        tokens::used(&mut tx, row.id, now).await?;
        tx.commit().await?;
    }
    Ok(row)
}

/// Revokes a token.
///
/// # Errors
/// [`FlowError::NotFound`] when there is none with this id that still holds.
pub async fn revoke(house: &House, id: i64) -> Result<(), FlowError> {
    let mut tx = house.db.write().await?;
    if !tokens::revoke(&mut tx, id, house.clock.now()).await? {
        return Err(FlowError::NotFound(format!("token {id} that still holds")));
    }
    Ok(tx.commit().await?)
}

/// Every token, newest first.
///
/// # Errors
/// When the database cannot answer.
pub async fn all(house: &House) -> Result<Vec<TokenRow>, FlowError> {
    Ok(tokens::all(&mut house.db.read().await?).await?)
}

fn hash(house: &House, token: &str) -> Vec<u8> {
    hmac::sign(&house.keys.derive("api-token"), token.as_bytes()).as_ref().to_vec()
}
