//! Guesses at passwords and codes: how often somebody may, and what is noted of those that were wrong.

use std::net::IpAddr;
use std::time::Duration;

use super::{FlowError, House, passwords};
use crate::domain::address::EmailAddress;
use crate::domain::network::Network;
use crate::domain::time::Timestamp;
use crate::domain::token::{Link, Purpose, hex};
use crate::store::sessions::SessionRow;
use crate::store::users::UserRow;
use crate::store::{Durability, Tx, audit, limits};

/// Wrong ones within [`WINDOW`]: for one account (in strange browsers all together, in each known one by itself), and
/// from one network.
const PER_ACCOUNT: i64 = 10;
const PER_NETWORK: i64 = 50;
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// How long a browser is remembered as one in which its user has signed in.
const DEVICE_KNOWN: Duration = Duration::from_secs(180 * 24 * 3600);
/// Who has signed in just now need not show their password again for so long.
const FRESH: Duration = Duration::from_secs(5 * 60);

/// From where somebody tries.
#[derive(Clone, Copy)]
pub struct From<'a> {
    pub client: Option<IpAddr>,
    /// What the browser kept when its user signed in last.
    pub device: Option<&'a str>,
    /// The session that the browser holds now, whoever gave it: it ends when another begins.
    pub session: Option<&'a str>,
}

/// What is guessed at; each is counted by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guessed {
    Password,
    /// The second step.
    Code,
}

impl Guessed {
    const fn word(self) -> &'static str {
        match self {
            Self::Password => "sign-in",
            Self::Code => "code",
        }
    }
}

/// One guess.
#[derive(Clone, Copy)]
pub struct Guess<'a> {
    pub what: Guessed,
    /// The address as it is compared, whether or not it is a user's.
    pub account: &'a str,
    pub user: Option<&'a UserRow>,
    pub from: From<'a>,
    pub at: Timestamp,
}

/// Counts a guess before it is looked at, so that many at once are not more than one after the other; `Err` says how
/// long to wait. Who comes in a browser that has been let in before has a count of their own: guesses from elsewhere
/// never keep them out.
pub(super) async fn count(house: &House, guess: Guess<'_>) -> Result<Result<(), Duration>, FlowError> {
    let (since, what) = (guess.at.minus(WINDOW), guess.what.word());
    let mut tx = house.db.write_with(Durability::Process).await?;
    for (key, most) in keys(house, guess) {
        if limits::count(&mut tx, what, &key, since).await? >= most {
            let oldest = limits::oldest(&mut tx, what, &key, since).await?.unwrap_or(guess.at);
            drop(tx);
            note(house, guess, "throttled", "user.throttled").await?;
            return Ok(Err(oldest.plus(WINDOW).since(guess.at)));
        }
        limits::note(&mut tx, what, &key, guess.at).await?;
    }
    tx.commit().await?;
    Ok(Ok(()))
}

/// A right password was no guess.
pub(super) async fn forgive(house: &House, tx: &mut Tx, guess: Guess<'_>) -> Result<(), FlowError> {
    for (key, _) in keys(house, guess) {
        limits::take_back(tx, guess.what.word(), &key, guess.at).await?;
    }
    Ok(())
}

/// It was wrong.
pub(super) async fn wrong(house: &House, guess: Guess<'_>) -> Result<(), FlowError> {
    note(house, guess, "wrong", "user.sign-in-failed").await
}

/// Every failure is in the log, by keyed hashes; in the log of deeds the first of an account within [`WINDOW`], so that
/// nobody fills it.
async fn note(house: &House, guess: Guess<'_>, outcome: &'static str, deed: &'static str) -> Result<(), FlowError> {
    let short = |text: &str| hex(&house.keys.hash_text(text)[..8]);
    let account = short(&format!("account {}", guess.account));
    let network = guess.from.client.map(|client| short(&format!("network {}", Network::of_visitor(client))));
    tracing::warn!(guessed = guess.what.word(), outcome, account, network, "somebody was not let in");
    let Some(user) = guess.user else { return Ok(()) };
    let key = house.keys.hash_text(&format!("{deed} {}", user.id));
    let mut tx = house.db.write_with(Durability::Process).await?;
    if limits::count(&mut tx, "noted", &key, guess.at.minus(WINDOW)).await? == 0 {
        limits::note(&mut tx, "noted", &key, guess.at).await?;
        audit::note(&mut tx, "somebody", deed, &user.email, guess.what.word(), guess.at).await?;
    }
    Ok(tx.commit().await?)
}

/// What came of showing a password once more.
pub enum Proof {
    Given,
    Wrong,
    TooOften { retry_after: Duration },
}

/// Whether this session has begun just now, so that nobody need show their password again.
pub fn is_fresh(house: &House, session: &SessionRow) -> bool {
    house.clock.now().since(session.created_at) < FRESH
}

/// Asks who is signed in for their password, unless they have signed in just now: a session that somebody left open, or
/// lost, does not change how its owner signs in.
///
/// # Errors
/// When the database fails.
pub async fn prove_anew(
    house: &House,
    user: &UserRow,
    session: &SessionRow,
    password: &str,
    from: From<'_>,
) -> Result<Proof, FlowError> {
    if is_fresh(house, session) { Ok(Proof::Given) } else { prove(house, user, password, from).await }
}

/// Looks at the password of who is signed in, counted like those of who wants to be.
///
/// # Errors
/// When the database fails.
pub async fn prove(house: &House, user: &UserRow, password: &str, from: From<'_>) -> Result<Proof, FlowError> {
    let account = account(user);
    let at = house.clock.now();
    let guess = Guess { what: Guessed::Password, account: &account, user: Some(user), from, at };
    if let Err(retry_after) = count(house, guess).await? {
        return Ok(Proof::TooOften { retry_after });
    }
    if !passwords::matches(house, password, user.password_hash.as_deref()).await {
        wrong(house, guess).await?;
        return Ok(Proof::Wrong);
    }
    let mut tx = house.db.write_with(Durability::Process).await?;
    forgive(house, &mut tx, guess).await?;
    tx.commit().await?;
    Ok(Proof::Given)
}

/// The address of a user as guesses are counted under it.
pub(super) fn account(user: &UserRow) -> String {
    EmailAddress::parse_any_role(&user.email).map_or_else(|_| user.email.clone(), |email| email.key())
}

/// What a guess is counted under, and how often it may be.
fn keys(house: &House, guess: Guess<'_>) -> Vec<([u8; 32], i64)> {
    let what = guess.what.word();
    let known = guess.user.zip(guess.from.device).filter(|(user, device)| knows(house, device, user, guess.at));
    if let Some((_, device)) = known {
        return vec![(house.keys.hash_text(&format!("{what} in {device}")), PER_ACCOUNT)];
    }
    let network = guess.from.client.map(|client| format!("{what} from {}", Network::of_visitor(client)));
    let network = network.map(|network| (house.keys.hash_text(&network), PER_NETWORK));
    let account = (house.keys.hash_text(&format!("{what} of {}", guess.account)), PER_ACCOUNT);
    network.into_iter().chain([account]).collect()
}

/// What marks a browser: whose it is, and since when.
pub(super) fn device(user: &UserRow, now: Timestamp) -> Link {
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
