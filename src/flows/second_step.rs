//! The second step: a code from an app, and ten codes for the day the telephone is gone.

use std::time::Duration;

use aws_lc_rs::hmac;

use super::guesses::{self, From, Guess, Guessed, Proof};
use super::sign_in::{self, Attempt};
use super::{FlowError, House};
use crate::domain::time::Timestamp;
use crate::domain::token::hex;
use crate::domain::totp::TotpKey;
use crate::store::sessions::SessionRow;
use crate::store::users::UserRow;
use crate::store::{Tx, audit, passkeys, recovery_codes, sessions, users};

/// How many codes for emergencies there are.
const RECOVERY_CODES: usize = 10;
/// How long the first code may be owed.
const TO_BEGIN: Duration = Duration::from_secs(15 * 60);

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

/// Whether signing in takes a user a second step.
pub const fn is_on(user: &UserRow) -> bool {
    user.totp_secret.is_some() || user.passkeys > 0
}

/// Begins a second step in this session, for who shows their password or has signed in just now; before its first code
/// it asks nobody anything.
///
/// # Errors
/// When the database fails.
pub async fn start(
    house: &House,
    user: &UserRow,
    session: &SessionRow,
    password: &str,
    from: From<'_>,
) -> Result<Proof, FlowError> {
    let proof = guesses::prove_anew(house, user, session, password, from).await?;
    if matches!(proof, Proof::Given) {
        let now = house.clock.now();
        let begun = format!("{}.{}.{}", hex(&house.clock.random::<16>()), now.as_micros(), mark(session));
        let mut tx = house.db.write().await?;
        users::set_totp_begun(&mut tx, user.id, Some(&begun), now).await?;
        tx.commit().await?;
    }
    Ok(proof)
}

/// Which session has begun it: another does not end it.
fn mark(session: &SessionRow) -> String {
    hex(&session.hash[..session.hash.len().min(8)])
}

/// The number of a second step that this session has begun, not long ago.
fn number_begun<'a>(house: &House, user: &'a UserRow, session: &SessionRow) -> Option<&'a str> {
    let (number, rest) = user.totp_begun.as_deref()?.split_once('.')?;
    let (since, whose) = rest.split_once('.')?;
    let since = Timestamp::from_micros(since.parse().ok()?);
    (whose == mark(session) && house.clock.now().since(since) < TO_BEGIN).then_some(number)
}

/// The second step that has been begun in this session.
pub fn begun(house: &House, user: &UserRow, session: &SessionRow) -> Option<Begun> {
    let key = key(house, number_begun(house, user, session)?);
    Some(Begun {
        secret: key.base32(),
        uri: key.uri(&format!("postduif {}", house.config.public_url.host()), &user.email),
    })
}

/// Switches the second step on with its first code. `None` for a code that is not right; else the codes for
/// emergencies, which are shown once, unless there are some already. Every other session ends.
///
/// # Errors
/// When the database fails.
pub async fn confirm(
    house: &House,
    user: &UserRow,
    session: &SessionRow,
    code: &str,
) -> Result<Option<Vec<String>>, FlowError> {
    let Some(number) = number_begun(house, user, session) else { return Ok(None) };
    let now = house.clock.now();
    let Some(step) = key(house, number).step_of(code, now, None) else { return Ok(None) };
    let mut tx = house.db.write().await?;
    let codes = first_codes(house, &mut tx, user).await?;
    users::set_totp(&mut tx, user.id, Some(number), Some(step), now).await?;
    users::set_totp_begun(&mut tx, user.id, None, now).await?;
    sessions::delete_others(&mut tx, user.id, &session.hash).await?;
    audit::note(&mut tx, &user.email, "user.second-step-on", &user.email, "", now).await?;
    tx.commit().await?;
    Ok(Some(codes))
}

/// The codes for emergencies of who had no second step yet; who had one has codes.
pub(super) async fn first_codes(house: &House, tx: &mut Tx, user: &UserRow) -> Result<Vec<String>, FlowError> {
    if is_on(user) {
        return Ok(Vec::new());
    }
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code(house)).collect();
    recovery_codes::replace(tx, user.id, &codes.iter().map(|code| hash(house, code)).collect::<Vec<_>>()).await?;
    Ok(codes)
}

/// Switches the codes of the app off, by who shows once more that they can take the step. Every other session ends.
///
/// # Errors
/// When the database fails.
pub async fn stop(
    house: &House,
    user: &UserRow,
    session: &SessionRow,
    code: &str,
    from: From<'_>,
) -> Result<Proof, FlowError> {
    let (at, account) = (house.clock.now(), guesses::account(user));
    let guess = Guess { what: Guessed::Code, account: &account, user: Some(user), from, at };
    if let Err(retry_after) = guesses::count(house, guess).await? {
        return Ok(Proof::TooOften { retry_after });
    }
    let mut tx = house.db.write().await?;
    if !take(house, &mut tx, user, code).await? {
        drop(tx);
        guesses::wrong(house, guess).await?;
        return Ok(Proof::Wrong);
    }
    guesses::forgive(house, &mut tx, guess).await?;
    users::set_totp(&mut tx, user.id, None, None, at).await?;
    if user.passkeys == 0 {
        recovery_codes::replace(&mut tx, user.id, &[]).await?;
    }
    sessions::delete_others(&mut tx, user.id, &session.hash).await?;
    audit::note(&mut tx, &user.email, "user.second-step-off", &user.email, "", at).await?;
    tx.commit().await?;
    Ok(Proof::Given)
}

/// Takes every second step away from somebody who has lost telephone, passkeys and recovery codes; an operator or
/// another administrator vouches for them.
///
/// # Errors
/// When the database fails.
pub async fn forget(house: &House, user: &UserRow, actor: &str) -> Result<(), FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    users::set_totp(&mut tx, user.id, None, None, now).await?;
    users::set_totp_begun(&mut tx, user.id, None, now).await?;
    passkeys::delete_of(&mut tx, user.id).await?;
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
    let account = guesses::account(&who.user);
    let at = house.clock.now();
    let guess = Guess { what: Guessed::Code, account: &account, user: Some(&who.user), from, at };
    if let Err(retry_after) = guesses::count(house, guess).await? {
        return Ok(Some(Attempt::TooOften { retry_after }));
    }
    let mut tx = house.db.write().await?;
    // Read again within the transaction: of two presses with one code, one counts.
    let Some(user) = users::by_id(&mut tx, who.user.id).await? else { return Ok(None) };
    if !take(house, &mut tx, &user, code).await? {
        drop(tx);
        guesses::wrong(house, guess).await?;
        return Ok(Some(Attempt::Wrong));
    }
    guesses::forgive(house, &mut tx, guess).await?;
    let tokens = sign_in::begin(house, &mut tx, &user, Some(token), false).await?;
    tx.commit().await?;
    Ok(Some(Attempt::In(tokens)))
}

/// Takes a code of the app or one for emergencies, so that it is never taken again.
async fn take(house: &House, tx: &mut Tx, user: &UserRow, code: &str) -> Result<bool, FlowError> {
    let now = house.clock.now();
    if let Some(number) = user.totp_secret.as_deref()
        && let Some(step) = key(house, number).step_of(code, now, user.totp_last_step)
    {
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
