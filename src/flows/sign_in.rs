//! Signing in and out: who is at the desk, and for how long.

use std::time::Duration;

use aws_lc_rs::hmac;

use super::guesses::{self, From, Guess, Guessed};
use super::{FlowError, House, passwords, second_step};
use crate::domain::address::EmailAddress;
use crate::domain::token::{Purpose, hex};
use crate::store::sessions::SessionRow;
use crate::store::users::UserRow;
use crate::store::{Durability, Tx, audit, sessions, users};

/// A session that nobody uses ends after this long.
pub const IDLE: Duration = Duration::from_secs(2 * 3600);
/// And after this long, whatever its owner does.
pub const ABSOLUTE: Duration = Duration::from_secs(12 * 3600);
/// How long the second step may be owed.
const CODE_PATIENCE: Duration = Duration::from_secs(10 * 60);
/// Somebody who is signed in.
#[derive(Clone)]
pub struct SignedIn {
    pub user: UserRow,
    pub session: SessionRow,
}

/// What a browser keeps after its user has signed in.
pub struct Tokens {
    /// The session.
    pub session: String,
    /// Marks the browser as one in which this user has signed in; good for nothing else.
    pub device: String,
}

/// What came of an attempt.
pub enum Attempt {
    In(Tokens),
    /// The password is right; the session is good for the second step alone.
    CodeNeeded(Tokens),
    /// The same whether the address or the password is wrong, or the user is shut out.
    Wrong,
    TooOften {
        retry_after: Duration,
    },
}

/// Tries an address and a password. An unknown address costs as much time as a known one, and is counted alike.
///
/// # Errors
/// When the database fails.
pub async fn sign_in(house: &House, email: &str, password: &str, from: From<'_>) -> Result<Attempt, FlowError> {
    let now = house.clock.now();
    let email = EmailAddress::parse_any_role(email).ok();
    let user = match &email {
        Some(email) => users::by_email(&mut house.db.read().await?, email).await?,
        None => None,
    };
    let account = email.map_or_else(String::new, |email| email.key());
    let guess = Guess { what: Guessed::Password, account: &account, user: user.as_ref(), from, at: now };
    if let Err(retry_after) = guesses::count(house, guess).await? {
        return Ok(Attempt::TooOften { retry_after });
    }
    let able = user.as_ref().filter(|user| user.disabled_at.is_none());
    let hash = able.and_then(|user| user.password_hash.as_deref());
    let right = passwords::matches(house, password, hash).await;
    let Some(user) = able.filter(|_| right) else {
        guesses::wrong(house, guess).await?;
        return Ok(Attempt::Wrong);
    };

    let mut tx = house.db.write().await?;
    guesses::forgive(house, &mut tx, guess).await?;
    let attempt = after_password(house, &mut tx, user, from.session).await?;
    tx.commit().await?;
    Ok(attempt)
}

/// Somebody has shown that they know the password, or may choose it: in, or on to the second step.
///
/// # Errors
/// When the database fails.
pub async fn after_password(
    house: &House,
    tx: &mut Tx,
    user: &UserRow,
    held: Option<&str>,
) -> Result<Attempt, FlowError> {
    let awaits_code = second_step::is_on(user);
    let tokens = begin(house, tx, user, held, awaits_code).await?;
    Ok(if awaits_code { Attempt::CodeNeeded(tokens) } else { Attempt::In(tokens) })
}

/// Begins a session under a new id, and ends the one that the browser held.
///
/// # Errors
/// When the database fails.
pub async fn begin(
    house: &House,
    tx: &mut Tx,
    user: &UserRow,
    held: Option<&str>,
    awaits_code: bool,
) -> Result<Tokens, FlowError> {
    let now = house.clock.now();
    if let Some(held) = held {
        sessions::delete(tx, &hash(house, held)).await?;
    }
    let session = hex(&house.clock.random::<32>());
    let lasts = if awaits_code { CODE_PATIENCE } else { ABSOLUTE };
    let kept = hash(house, &session);
    sessions::insert(tx, &kept, user.id, awaits_code, now, now.plus(lasts)).await?;
    if awaits_code && user.passkeys > 0 {
        sessions::set_challenge(tx, &kept, Some(&house.clock.random::<32>()), Some(now.plus(lasts))).await?;
    }
    if !awaits_code {
        users::seen(tx, user.id, now).await?;
        audit::note(tx, &user.email, "user.sign-in", &user.email, "", now).await?;
    }
    Ok(Tokens { session, device: house.keys.seal(Purpose::Device, &guesses::device(user, now)) })
}

/// Whose session this is, while it lasts and its user may sign in.
///
/// # Errors
/// When the database fails.
pub async fn recognise(house: &House, token: &str) -> Result<Option<SignedIn>, FlowError> {
    let now = house.clock.now();
    let mut reader = house.db.read().await?;
    let Some(session) = sessions::lasting(&mut reader, &hash(house, token), now.minus(IDLE), now).await? else {
        return Ok(None);
    };
    let user = users::by_id(&mut reader, session.user_id).await?.filter(|user| user.disabled_at.is_none());
    drop(reader);
    let Some(user) = user else { return Ok(None) };
    if now.since(session.last_seen_at).as_secs() >= 60 {
        let mut tx = house.db.write_with(Durability::Process).await?;
        sessions::seen(&mut tx, &session.hash, now).await?;
        users::seen(&mut tx, user.id, now).await?;
        tx.commit().await?;
    }
    Ok(Some(SignedIn { user, session }))
}

/// Whether a session that was recognised a while ago still lasts, and its user may still look.
///
/// # Errors
/// When the database fails.
pub async fn still_lasts(house: &House, session: &SessionRow) -> Result<bool, FlowError> {
    let now = house.clock.now();
    let mut reader = house.db.read().await?;
    let lasting = sessions::lasting(&mut reader, &session.hash, now.minus(IDLE), now).await?;
    let user = users::by_id(&mut reader, session.user_id).await?;
    Ok(lasting.is_some() && user.is_some_and(|user| user.disabled_at.is_none()))
}

/// Ends a session.
///
/// # Errors
/// When the database fails.
pub async fn sign_out(house: &House, token: &str) -> Result<(), FlowError> {
    let mut tx = house.db.write().await?;
    sessions::delete(&mut tx, &hash(house, token)).await?;
    Ok(tx.commit().await?)
}

/// What is stored of a session's token.
fn hash(house: &House, token: &str) -> Vec<u8> {
    hmac::sign(&house.keys.derive("session"), token.as_bytes()).as_ref().to_vec()
}
