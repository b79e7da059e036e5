//! The second step: a code from an app, and ten codes for the day the telephone is gone.

use std::time::Duration;

use aws_lc_rs::hmac;

use super::sign_in::{self, Attempt, From};
use super::{FlowError, House};
use crate::domain::token::hex;
use crate::domain::totp::TotpKey;
use crate::store::users::UserRow;
use crate::store::{Tx, audit, recovery_codes, sessions, users};

/// How many codes for emergencies there are.
const RECOVERY_CODES: usize = 10;

/// The key of a user's second step, as it is or as it has been begun.
fn key(house: &House, number: &str) -> TotpKey {
    TotpKey::derive(&house.keys.derive("totp"), number)
}

/// A second step that waits for its first code.
pub struct Begun {
    /// To type into an app.
    pub secret: String,
    /// To read as a picture.
    pub uri: String,
}

/// Begins a second step; before its first code it asks nobody anything.
///
/// # Errors
/// When the database fails.
pub async fn start(house: &House, user: &UserRow) -> Result<(), FlowError> {
    let mut tx = house.db.write().await?;
    users::set_totp_begun(&mut tx, user.id, Some(&hex(&house.clock.random::<16>())), house.clock.now()).await?;
    Ok(tx.commit().await?)
}

/// The second step that has been begun.
pub fn begun(house: &House, user: &UserRow) -> Option<Begun> {
    let key = key(house, user.totp_begun.as_deref()?);
    Some(Begun {
        secret: key.base32(),
        uri: key.uri(&format!("postduif {}", house.config.public_url.host()), &user.email),
    })
}

/// Switches the second step on with its first code; gives the codes for emergencies, which are shown once. `None` for
/// a code that is not right. Every other session ends.
///
/// # Errors
/// When the database fails.
pub async fn confirm(house: &House, user: &UserRow, code: &str, here: &[u8]) -> Result<Option<Vec<String>>, FlowError> {
    let Some(number) = user.totp_begun.as_deref() else { return Ok(None) };
    let now = house.clock.now();
    let Some(step) = key(house, number).step_of(code, now, None) else { return Ok(None) };
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code(house)).collect();
    let mut tx = house.db.write().await?;
    users::set_totp(&mut tx, user.id, Some(number), Some(step), now).await?;
    users::set_totp_begun(&mut tx, user.id, None, now).await?;
    recovery_codes::replace(&mut tx, user.id, &codes.iter().map(|code| hash(house, code)).collect::<Vec<_>>()).await?;
    sessions::delete_others(&mut tx, user.id, here).await?;
    audit::note(&mut tx, &user.email, "user.second-step-on", &user.email, "", now).await?;
    tx.commit().await?;
    Ok(Some(codes))
}

/// What came of switching the second step off.
pub enum Stopped {
    Done,
    Wrong,
    TooOften { retry_after: Duration },
}

/// Switches the second step off, by who shows once more that they can take it.
///
/// # Errors
/// When the database fails.
pub async fn stop(house: &House, user: &UserRow, code: &str, from: From<'_>) -> Result<Stopped, FlowError> {
    let now = house.clock.now();
    if let Err(retry_after) = sign_in::count(house, "code", &user.email, Some(user), from, now).await? {
        return Ok(Stopped::TooOften { retry_after });
    }
    let mut tx = house.db.write().await?;
    if !take(house, &mut tx, user, code).await? {
        return Ok(Stopped::Wrong);
    }
    sign_in::forgive(house, &mut tx, "code", &user.email, user, from, now).await?;
    users::set_totp(&mut tx, user.id, None, None, now).await?;
    recovery_codes::replace(&mut tx, user.id, &[]).await?;
    audit::note(&mut tx, &user.email, "user.second-step-off", &user.email, "", now).await?;
    tx.commit().await?;
    Ok(Stopped::Done)
}

/// Takes the second step away from somebody who has lost telephone and recovery codes; an operator vouches for them.
///
/// # Errors
/// When the database fails.
pub async fn forget(house: &House, user: &UserRow, actor: &str) -> Result<(), FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    users::set_totp(&mut tx, user.id, None, None, now).await?;
    recovery_codes::replace(&mut tx, user.id, &[]).await?;
    sessions::delete_of(&mut tx, user.id).await?;
    audit::note(&mut tx, actor, "user.second-step-off", &user.email, "", now).await?;
    Ok(tx.commit().await?)
}

/// Tries a code in a session that waits for one; a right one begins the session proper, under a new id.
///
/// # Errors
/// When the database fails.
pub async fn try_code(house: &House, token: &str, code: &str, from: From<'_>) -> Result<Option<Attempt>, FlowError> {
    let Some(who) = sign_in::recognise(house, token).await?.filter(|who| who.session.awaits_code) else {
        return Ok(None);
    };
    let counted_at = house.clock.now();
    if let Err(retry_after) = sign_in::count(house, "code", &who.user.email, Some(&who.user), from, counted_at).await? {
        return Ok(Some(Attempt::TooOften { retry_after }));
    }
    let mut tx = house.db.write().await?;
    // Read again within the transaction: of two presses with one code, one counts.
    let Some(user) = users::by_id(&mut tx, who.user.id).await? else { return Ok(None) };
    if !take(house, &mut tx, &user, code).await? {
        return Ok(Some(Attempt::Wrong));
    }
    sign_in::forgive(house, &mut tx, "code", &who.user.email, &user, from, counted_at).await?;
    let tokens = sign_in::begin(house, &mut tx, &user, Some(token), false).await?;
    tx.commit().await?;
    Ok(Some(Attempt::In(tokens)))
}

/// Takes a code of the app or one for emergencies, so that it is never taken again.
async fn take(house: &House, tx: &mut Tx, user: &UserRow, code: &str) -> Result<bool, FlowError> {
    let Some(number) = user.totp_secret.as_deref() else { return Ok(false) };
    let now = house.clock.now();
    if let Some(step) = key(house, number).step_of(code, now, user.totp_last_step) {
        users::set_totp(tx, user.id, Some(number), Some(step), now).await?;
        return Ok(true);
    }
    Ok(recovery_codes::take(tx, user.id, &hash(house, code)).await?)
}

/// Sixteen hexadecimal digits in four groups: 64 bits, easily typed.
fn recovery_code(house: &House) -> String {
    let digits = hex(&house.clock.random::<8>());
    [&digits[..4], &digits[4..8], &digits[8..12], &digits[12..]].join("-")
}

/// What is stored of it: however it is typed, its digits count.
fn hash(house: &House, code: &str) -> Vec<u8> {
    let digits: String = code.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    hmac::sign(&house.keys.derive("recovery-code"), digits.to_ascii_lowercase().as_bytes()).as_ref().to_vec()
}
