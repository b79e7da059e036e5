//! Signing in and out: who is at the desk, for how long, and how often somebody may guess.

use std::net::IpAddr;
use std::time::Duration;

use aws_lc_rs::hmac;

use super::{FlowError, House, passwords};
use crate::domain::address::EmailAddress;
use crate::domain::network::Network;
use crate::domain::time::Timestamp;
use crate::domain::token::{Link, Purpose, hex};
use crate::store::sessions::SessionRow;
use crate::store::users::UserRow;
use crate::store::{Durability, Tx, audit, limits, sessions, users};

/// A session that nobody uses ends after this long.
pub const IDLE: Duration = Duration::from_secs(2 * 3600);
/// And after this long, whatever its owner does.
pub const ABSOLUTE: Duration = Duration::from_secs(12 * 3600);
/// How long the second step may be owed.
const CODE_PATIENCE: Duration = Duration::from_secs(10 * 60);
/// How long a browser is remembered as one in which its user has signed in.
const DEVICE_KNOWN: Duration = Duration::from_secs(180 * 24 * 3600);

/// Wrong passwords within [`WINDOW`]: for one account (in strange browsers all together, in each known one by itself),
/// and from one network.
const PER_ACCOUNT: i64 = 10;
const PER_NETWORK: i64 = 50;
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// What a try of a password is counted as.
const GUESS: &str = "sign-in";

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

/// From where somebody tries.
#[derive(Clone, Copy)]
pub struct From<'a> {
    pub client: Option<IpAddr>,
    /// What the browser kept when its user signed in last.
    pub device: Option<&'a str>,
    /// The session that the browser holds now, whoever gave it: it ends here.
    pub session: Option<&'a str>,
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
    if let Err(retry_after) = count(house, GUESS, &account, user.as_ref(), from, now).await? {
        return Ok(Attempt::TooOften { retry_after });
    }
    let user = user.filter(|user| user.disabled_at.is_none());
    let hash = user.as_ref().and_then(|user| user.password_hash.as_deref());
    let right = passwords::matches(house, password, hash).await;
    let Some(user) = user.filter(|_| right) else { return Ok(Attempt::Wrong) };

    let mut tx = house.db.write().await?;
    forgive(house, &mut tx, GUESS, &account, &user, from, now).await?;
    let attempt = after_password(house, &mut tx, &user, from.session).await?;
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
    let awaits_code = user.totp_secret.is_some();
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
    sessions::insert(tx, &hash(house, &session), user.id, awaits_code, now, now.plus(lasts)).await?;
    if !awaits_code {
        users::seen(tx, user.id, now).await?;
        audit::note(tx, &user.email, "user.sign-in", &user.email, "", now).await?;
    }
    Ok(Tokens { session, device: house.keys.seal(Purpose::Device, &device(user, now)) })
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

/// Counts an attempt before it is looked at, so that many at once are not more than one after the other; `Err` says how
/// long to wait. Who comes in a browser that has been let in before has a count of their own: guesses from elsewhere
/// never keep them out.
pub(super) async fn count(
    house: &House,
    what: &'static str,
    account: &str,
    user: Option<&UserRow>,
    from: From<'_>,
    now: Timestamp,
) -> Result<Result<(), Duration>, FlowError> {
    let since = now.minus(WINDOW);
    let mut tx = house.db.write_with(Durability::Process).await?;
    for (key, most) in keys(house, what, account, user, from, now) {
        if limits::count(&mut tx, what, &key, since).await? >= most {
            let oldest = limits::oldest(&mut tx, what, &key, since).await?.unwrap_or(now);
            return Ok(Err(oldest.plus(WINDOW).since(now)));
        }
        limits::note(&mut tx, what, &key, now).await?;
    }
    tx.commit().await?;
    Ok(Ok(()))
}

/// A right password was no guess.
pub(super) async fn forgive(
    house: &House,
    tx: &mut Tx,
    what: &'static str,
    account: &str,
    user: &UserRow,
    from: From<'_>,
    counted_at: Timestamp,
) -> Result<(), FlowError> {
    for (key, _) in keys(house, what, account, Some(user), from, counted_at) {
        limits::take_back(tx, what, &key, counted_at).await?;
    }
    Ok(())
}

/// What an attempt is counted under, and how often it may be.
fn keys(
    house: &House,
    what: &str,
    account: &str,
    user: Option<&UserRow>,
    from: From<'_>,
    now: Timestamp,
) -> Vec<([u8; 32], i64)> {
    let known = user.zip(from.device).filter(|(user, device)| knows(house, device, user, now));
    if let Some((_, device)) = known {
        return vec![(house.keys.hash_text(&format!("{what} in {device}")), PER_ACCOUNT)];
    }
    let network = from.client.map(|client| format!("{what} from {}", Network::of_visitor(client)));
    let network = network.map(|network| (house.keys.hash_text(&network), PER_NETWORK));
    let account = (house.keys.hash_text(&format!("{what} of {account}")), PER_ACCOUNT);
    network.into_iter().chain([account]).collect()
}

/// What marks a browser: whose it is, and since when.
fn device(user: &UserRow, now: Timestamp) -> Link {
    let mut link = [0; 16];
    link[..8].copy_from_slice(&user.id.to_be_bytes());
    link[8..].copy_from_slice(&now.as_micros().to_be_bytes());
    link
}

fn knows(house: &House, device: &str, user: &UserRow, now: Timestamp) -> bool {
    let Some(link) = house.keys.open(Purpose::Device, device) else { return false };
    let number = |bytes: &[u8]| bytes.try_into().map(i64::from_be_bytes).unwrap_or_default();
    let (id, since) = (number(&link[..8]), Timestamp::from_micros(number(&link[8..])));
    id == user.id && now.since(since) < DEVICE_KNOWN
}
