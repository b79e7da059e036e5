//! The first start: a code for whoever can read the log, and with it the first administrator.

use std::time::Duration;

use aws_lc_rs::{constant_time, hmac};

use super::sign_in::{self, Tokens};
use super::users::{self as people, Addition};
use super::{FlowError, House, passwords};
use crate::domain::fault::Faults;
use crate::domain::language::Language;
use crate::domain::password::{InvalidPassword, NewPassword};
use crate::domain::role::Role;
use crate::domain::time::Timestamp;
use crate::domain::token::{hex, unhex};
use crate::store::{meta, users};

/// How long the code works; every start while there is no user makes a new one.
pub const VALID: Duration = Duration::from_secs(30 * 60);
/// Where its hash and its end are kept.
const FACT: &str = "setup_code";

/// Makes a code while nobody can sign in, and the address that takes it; the code of an earlier start is void.
///
/// # Errors
/// When the database fails.
pub async fn invite(house: &House) -> Result<Option<String>, FlowError> {
    let mut tx = house.db.write().await?;
    if users::count(&mut tx).await? > 0 {
        return Ok(None);
    }
    let code = hex(&house.clock.random::<16>());
    let ends = house.clock.now().plus(VALID).as_micros();
    meta::set(&mut tx, FACT, &format!("{} {ends}", hex(hash(house, &code).as_ref()))).await?;
    tx.commit().await?;
    Ok(Some(format!("{}/admin/setup?code={code}", house.config.public_url)))
}

/// Whether the first administrator is still to come.
///
/// # Errors
/// When the database fails.
pub async fn is_pending(house: &House) -> Result<bool, FlowError> {
    Ok(users::count(&mut house.db.read().await?).await? == 0)
}

/// Who wants to be the first administrator.
pub struct FirstAdmin<'a> {
    pub code: &'a str,
    pub name: &'a str,
    pub email: &'a str,
    pub password: &'a str,
    pub language: Language,
}

/// What came of it.
pub enum Outcome {
    /// Signed in.
    Done(Tokens),
    /// The code is none of ours, or too old.
    WrongCode,
    Password(InvalidPassword),
    /// The address or the name cannot be.
    Faulty(Faults),
    /// There is an administrator already.
    TooLate,
}

/// Makes the first administrator and signs them in; the code works once.
///
/// # Errors
/// When the database fails.
pub async fn begin(house: &House, admin: &FirstAdmin<'_>) -> Result<Outcome, FlowError> {
    if !is_pending(house).await? {
        return Ok(Outcome::TooLate);
    }
    let stored = meta::get(&mut house.db.read().await?, FACT).await?;
    if !stored.is_some_and(|stored| is_code(house, &stored, admin.code)) {
        return Ok(Outcome::WrongCode);
    }
    let password: NewPassword = match people::password_for(house, admin.email, admin.name, admin.password).await? {
        Ok(password) => password,
        Err(fault) => return Ok(Outcome::Password(fault)),
    };
    let password_hash = passwords::hash(house, &password).await;
    let mut tx = house.db.write().await?;
    if users::count(&mut tx).await? > 0 {
        return Ok(Outcome::TooLate);
    }
    let (email, name, language) = (admin.email, admin.name, admin.language);
    let addition = Addition { email, name, role: Role::Admin, language, password: None };
    let user = match people::insert(house, &mut tx, &addition, Some(&password_hash), "the first start").await {
        Ok(user) => user,
        Err(FlowError::Invalid(faults)) => return Ok(Outcome::Faulty(faults)),
        Err(error) => return Err(error),
    };
    meta::set(&mut tx, FACT, "").await?;
    let tokens = sign_in::begin(house, &mut tx, &user, None, false).await?;
    tx.commit().await?;
    Ok(Outcome::Done(tokens))
}

fn hash(house: &House, code: &str) -> hmac::Tag {
    hmac::sign(&house.keys.derive("setup-code"), code.trim().as_bytes())
}

fn is_code(house: &House, stored: &str, code: &str) -> bool {
    let Some((known, ends)) = stored.split_once(' ') else { return false };
    let (known, ends) = (unhex(known).unwrap_or_default(), ends.parse().map_or(0, |micros: i64| micros));
    let right = constant_time::verify_slices_are_equal(&known, hash(house, code).as_ref()).is_ok();
    right && house.clock.now() < Timestamp::from_micros(ends)
}
