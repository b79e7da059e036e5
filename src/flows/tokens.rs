//! Tokens for the API: shown once, kept as a hash, revoked at once.

use std::time::Duration;

use aws_lc_rs::hmac;

use super::{FlowError, House};
use crate::domain::fault::Faults;
use crate::domain::newsletter::one_line;
use crate::domain::role::Role;
use crate::domain::scope::Scope;
use crate::domain::time::Timestamp;
use crate::domain::token::hex;
use crate::store::audit;
use crate::store::tokens::{self, TokenRow};

/// By this beginning, scanners for leaked secrets recognise a token.
const PREFIX: &str = "pd_live_";

/// How long a token holds unless somebody says otherwise.
pub const USUAL_LIFE: Duration = Duration::from_secs(365 * 24 * 3600);

/// A token to make.
pub struct NewToken<'a> {
    pub name: &'a str,
    pub role: Role,
    /// Nothing is all that the role may.
    pub scopes: &'a [Scope],
    /// Nothing is until it is revoked.
    pub expires_at: Option<Timestamp>,
    /// Who makes it, for the log of deeds.
    pub actor: &'a str,
}

/// Makes a token; the text is shown here and never again.
///
/// # Errors
/// [`FlowError::Invalid`] for a name that is no line, or a scope beyond the role.
pub async fn create(house: &House, new: NewToken<'_>) -> Result<(String, TokenRow), FlowError> {
    let mut faults = Faults::default();
    let name = one_line(new.name).filter(|name| !name.is_empty());
    if name.is_none() {
        faults.add("name", "must be one line of text");
    }
    for scope in new.scopes.iter().filter(|scope| !new.role.may(scope.least_role())) {
        faults.add("scopes", format!("{scope} needs the role {}", scope.least_role()));
    }
    let Some(name) = name.filter(|_| faults.0.is_empty()) else { return Err(faults.into()) };
    let all: Vec<Scope> = Scope::all_of(new.role).collect();
    // Written out, so that a later version with more scopes gives an old token none of them.
    let scopes = Scope::write_list(if new.scopes.is_empty() { &all } else { new.scopes });
    let token = format!("{PREFIX}{}", hex(&house.clock.random::<32>()));
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let row = tokens::insert(&mut tx, &name, new.role, &scopes, &hash(house, &token), new.expires_at, now).await?;
    audit::note(&mut tx, new.actor, "token.create", &row.name, &format!("{}: {scopes}", row.role), now).await?;
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
pub async fn revoke(house: &House, id: i64, actor: &str) -> Result<(), FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let Some(name) = tokens::revoke(&mut tx, id, now).await? else {
        return Err(FlowError::NotFound(format!("token {id} that still holds")));
    };
    audit::note(&mut tx, actor, "token.revoke", &name, "", now).await?;
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
