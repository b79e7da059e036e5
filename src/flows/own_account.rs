//! What users change about themselves: their language, their password, where they are signed in.

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
    Invalid(InvalidPassword),
}

/// Another password, by who knows the one of now. Every session ends; this one begins anew. `held` is its token.
///
/// # Errors
/// When the database fails.
pub async fn change_password(
    house: &House,
    user: &UserRow,
    current: &str,
    wanted: &str,
    held: Option<&str>,
) -> Result<Change, FlowError> {
    let wanted = match people::password_for(&user.email, wanted) {
        Ok(wanted) => wanted,
        Err(fault) => return Ok(Change::Invalid(fault)),
    };
    if !passwords::matches(house, current, user.password_hash.as_deref()).await {
        return Ok(Change::Wrong);
    }
    let hash = passwords::hash(house, &wanted).await;
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    users::set_password(&mut tx, user.id, &hash, now).await?;
    user_links::close(&mut tx, user.id).await?;
    sessions::delete_of(&mut tx, user.id).await?;
    audit::note(&mut tx, &user.email, "user.password", &user.email, "", now).await?;
    let tokens = sign_in::begin(house, &mut tx, user, held, false).await?;
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
