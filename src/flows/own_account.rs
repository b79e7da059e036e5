//! What users change about themselves: their language, their password, where they are signed in.

use std::time::Duration;

use super::guesses::{self, From, Proof};
use super::sign_in::{self, IDLE, Tokens};
use super::{FlowError, House, passwords, users as people};
use crate::domain::language::Language;
use crate::domain::password::InvalidPassword;
use crate::store::sessions::SessionRow;
use crate::store::users::{self, UserRow};
use crate::store::{audit, sessions, user_links};

/// What came of changing a password.
pub enum Change {
    /// Signed in anew here, and nowhere else.
    Done(Tokens),
    /// The password of now is another.
    Wrong,
    TooOften {
        retry_after: Duration,
    },
    Invalid(InvalidPassword),
}

/// Another password, by who knows the one of now. Every session ends; this one begins anew.
///
/// # Errors
/// When the database fails.
pub async fn change_password(
    house: &House,
    user: &UserRow,
    current: &str,
    wanted: &str,
    from: From<'_>,
) -> Result<Change, FlowError> {
    let wanted = match people::password_for(house, &user.email, &user.name, wanted).await? {
        Ok(wanted) => wanted,
        Err(fault) => return Ok(Change::Invalid(fault)),
    };
    match guesses::prove(house, user, current, from).await? {
        Proof::Given => {}
        Proof::Wrong => return Ok(Change::Wrong),
        Proof::TooOften { retry_after } => return Ok(Change::TooOften { retry_after }),
    }
    let hash = passwords::hash(house, &wanted).await;
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    users::set_password(&mut tx, user.id, &hash, now).await?;
    user_links::close(&mut tx, user.id).await?;
    sessions::delete_of(&mut tx, user.id).await?;
    audit::note(&mut tx, &user.email, "user.password", &user.email, "", now).await?;
    let tokens = sign_in::begin(house, &mut tx, user, from.session, false).await?;
    tx.commit().await?;
    Ok(Change::Done(tokens))
}

/// The desk in another language.
///
/// # Errors
/// When the database fails.
pub async fn set_language(house: &House, user: &UserRow, language: Language) -> Result<(), FlowError> {
    let mut tx = house.db.write().await?;
    users::set_language(&mut tx, user.id, language, house.clock.now()).await?;
    Ok(tx.commit().await?)
}

/// Ends the user's sessions but the one with this hash.
///
/// # Errors
/// When the database fails.
pub async fn sign_out_others(house: &House, user: &UserRow, kept: &[u8]) -> Result<(), FlowError> {
    let mut tx = house.db.write().await?;
    sessions::delete_others(&mut tx, user.id, kept).await?;
    Ok(tx.commit().await?)
}

/// Where the user is signed in, newest first.
///
/// # Errors
/// When the database fails.
pub async fn sessions_of(house: &House, user: &UserRow) -> Result<Vec<SessionRow>, FlowError> {
    let now = house.clock.now();
    Ok(sessions::of_user(&mut house.db.read().await?, user.id, now.minus(IDLE), now).await?)
}
