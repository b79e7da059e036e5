//! Invitations and resets: a link by mail, and the password that is chosen with it.

use std::net::IpAddr;
use std::time::Duration;

use super::sign_in::{self, Attempt};
use super::users::{self as people, Addition, INVITATION_VALID};
use super::{FlowError, House, passwords};
use crate::domain::address::EmailAddress;
use crate::domain::letter::Letter;
use crate::domain::network::Network;
use crate::domain::newsletter::one_line;
use crate::domain::password::InvalidPassword;
use crate::domain::role::Role;
use crate::domain::time::Timestamp;
use crate::domain::token::{Link, Purpose, hex};
use crate::store::outbox::{self, NewLetter};
use crate::store::users::{self, UserRow};
use crate::store::{Durability, Tx, audit, limits, newsletters, sessions, user_links};

/// How long the link to another password works.
pub const RESET_VALID: Duration = Duration::from_secs(3600);
/// Resets asked for one address, most in [`WINDOW`], and from one network.
const PER_ADDRESS: i64 = 3;
const PER_NETWORK: i64 = 20;
const WINDOW: Duration = Duration::from_secs(3600);
/// Resets asked for one address in a day: an hour's limit alone would let a stranger send 72.
const PER_DAY: i64 = 5;

/// Adds a user and mails the link by which they choose a password. Who was invited before gets a fresh link.
///
/// # Errors
/// [`FlowError::Invalid`] for an address that cannot be; [`FlowError::Conflict`] for one who signs in already, or
/// while there is no newsletter in whose name to write.
pub async fn invite(house: &House, by: &UserRow, email: &str, role: Role) -> Result<(), FlowError> {
    let mut tx = house.db.write().await?;
    let known = match EmailAddress::parse_any_role(email) {
        Ok(address) => users::by_email(&mut tx, &address).await?,
        Err(_) => None,
    };
    let user = match known.filter(|user| user.password_hash.is_none() && user.disabled_at.is_none()) {
        Some(user) => user,
        None => {
            let addition = Addition { email, name: "", role, language: by.language, password: None };
            people::insert(house, &mut tx, &addition, None, &by.email).await?
        }
    };
    owe(house, &mut tx, &user, INVITATION_VALID, true).await?;
    tx.commit().await?;
    house.wake.letters.notify_one();
    Ok(())
}

/// Mails a link to another password, if the address is a user's. Whoever asks learns nothing: callers answer without
/// waiting for this.
///
/// # Errors
/// When the database fails.
pub async fn reset(house: &House, email: &EmailAddress, client: Option<IpAddr>) -> Result<(), FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write_with(Durability::Process).await?;
    let network = client.map(|client| ("reset-network", Network::of_visitor(client).to_string(), PER_NETWORK));
    for (kind, key, most) in network.into_iter().chain([("reset", email.key(), PER_ADDRESS)]) {
        let key = house.keys.hash_text(&key);
        if limits::count(&mut tx, kind, &key, now.minus(WINDOW)).await? >= most {
            return Ok(());
        }
        limits::note(&mut tx, kind, &key, now).await?;
    }
    let today = limits::count(&mut tx, "reset", &house.keys.hash_text(&email.key()), now.minus(24 * WINDOW)).await?;
    if today > PER_DAY {
        return Ok(());
    }
    if let Some(user) = users::by_email(&mut tx, email).await?.filter(|user| user.disabled_at.is_none()) {
        owe(house, &mut tx, &user, RESET_VALID, false).await?;
        audit::note(&mut tx, &user.email, "user.reset-asked", &user.email, "", now).await?;
    }
    tx.commit().await?;
    house.wake.letters.notify_one();
    Ok(())
}

async fn owe(house: &House, tx: &mut Tx, user: &UserRow, valid: Duration, invited: bool) -> Result<(), FlowError> {
    let first = newsletters::all(tx).await?.into_iter().next();
    let newsletter = first.ok_or_else(|| {
        FlowError::Conflict("mail needs a sender: make a newsletter first, then there is one".to_owned())
    })?;
    let (now, link) = (house.clock.now(), house.link());
    user_links::open(tx, &link, user.id, now, now.plus(valid)).await?;
    let letter = Letter::Password { language: user.language, link: hex(&link), invited };
    let owed = NewLetter {
        uid: house.link(),
        newsletter_id: Some(newsletter.id),
        subscription_id: None,
        recipient: &user.email,
        letter: &letter,
        expires_at: now.plus(valid),
    };
    Ok(outbox::insert(tx, &owed, now).await?)
}

/// Whose link this is, while it works.
///
/// # Errors
/// When the database fails.
pub async fn look(house: &House, token: &str) -> Result<Option<UserRow>, FlowError> {
    let Some(link) = open(house, token) else { return Ok(None) };
    let mut reader = house.db.read().await?;
    let Some(id) = user_links::user_of(&mut reader, &link, house.clock.now()).await? else { return Ok(None) };
    Ok(users::by_id(&mut reader, id).await?.filter(|user| user.disabled_at.is_none()))
}

/// What came of choosing a password.
pub enum Choice {
    /// Every session has ended; signed in anew, or as far as the second step.
    Done(Attempt),
    Invalid(InvalidPassword),
    /// The name is no line of text.
    Name,
    /// The link does not work, or no longer.
    Gone,
}

/// Gives the owner of a link the password they chose; the link works once.
///
/// # Errors
/// When the database fails.
pub async fn choose(
    house: &House,
    token: &str,
    name: Option<&str>,
    password: &str,
    held: Option<&str>,
) -> Result<Choice, FlowError> {
    let Some(user) = look(house, token).await? else { return Ok(Choice::Gone) };
    let Some(name) = one_line(name.unwrap_or(&user.name)) else { return Ok(Choice::Name) };
    let password = match people::password_for(house, &user.email, &name, password).await? {
        Ok(password) => password,
        Err(fault) => return Ok(Choice::Invalid(fault)),
    };
    let hash = passwords::hash(house, &password).await;
    let now: Timestamp = house.clock.now();
    let mut tx = house.db.write().await?;
    // Twice pressed at once, the link counts once.
    let Some(link) = open(house, token) else { return Ok(Choice::Gone) };
    if user_links::user_of(&mut tx, &link, now).await? != Some(user.id) {
        return Ok(Choice::Gone);
    }
    user_links::close(&mut tx, user.id).await?;
    users::set_password(&mut tx, user.id, &hash, now).await?;
    users::set_name(&mut tx, user.id, &name, now).await?;
    sessions::delete_of(&mut tx, user.id).await?;
    audit::note(&mut tx, &user.email, "user.password", &user.email, "", now).await?;
    let attempt = sign_in::after_password(house, &mut tx, &user, held).await?;
    tx.commit().await?;
    Ok(Choice::Done(attempt))
}

fn open(house: &House, token: &str) -> Option<Link> {
    house.keys.open(Purpose::Password, token)
}
