//! Who may sign in to the desk.

use super::{Access, StoreError, Tx, execute, fetch_all, fetch_optional, fetch_value, row};
use crate::domain::address::EmailAddress;
use crate::domain::language::Language;
use crate::domain::role::Role;
use crate::domain::time::Timestamp;

row! {
    /// A user as stored.
    #[derive(Clone)]
    pub struct UserRow {
        pub id: i64,
        pub email: String,
        pub name: String,
        pub role: Role,
        pub language: Language,
        /// None until somebody who was invited has chosen one.
        pub password_hash: Option<String>,
        /// From this random number and the installation's key the second step's key is derived.
        pub totp_secret: Option<String>,
        /// The last step of which a code was taken.
        pub totp_last_step: Option<i64>,
        /// The number of a second step that waits for its first code.
        pub totp_begun: Option<String>,
        /// Who this is to the OpenID provider: its issuer and its subject, with a space between them.
        pub oidc_subject: Option<String>,
        /// How many passkeys they have.
        pub passkeys: i64,
        pub disabled_at: Option<Timestamp>,
        pub last_seen_at: Option<Timestamp>,
        pub created_at: Timestamp,
    }
}

macro_rules! columns {
    () => {
        "id, email, name, role, language, password_hash, totp_secret, totp_last_step, totp_begun, oidc_subject, \
         (select count(*) from passkeys where passkeys.user_id = users.id) as passkeys, disabled_at, last_seen_at, created_at"
    };
}

/// A user to store.
pub struct NewUser<'a> {
    pub email: &'a EmailAddress,
    pub name: &'a str,
    pub role: Role,
    pub language: Language,
    pub password_hash: Option<&'a str>,
}

/// Stores a user; `None` when this address is one's already.
pub async fn insert(tx: &mut Tx, user: &NewUser<'_>, now: Timestamp) -> Result<Option<UserRow>, StoreError> {
    fetch_optional!(
        tx,
        UserRow,
        concat!(
            "insert into users (email, email_key, name, role, language, password_hash, created_at, updated_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $7) on conflict (email_key) do nothing returning ",
            columns!()
        ),
        user.email.as_str(),
        user.email.key(),
        user.name,
        user.role,
        user.language,
        user.password_hash,
        now,
    )
}

/// The user with this address, in whatever case it was typed.
pub async fn by_email(on: &mut impl Access, email: &EmailAddress) -> Result<Option<UserRow>, StoreError> {
    fetch_optional!(on, UserRow, concat!("select ", columns!(), " from users where email_key = $1"), email.key())
}

/// The user with this id.
pub async fn by_id(on: &mut impl Access, id: i64) -> Result<Option<UserRow>, StoreError> {
    fetch_optional!(on, UserRow, concat!("select ", columns!(), " from users where id = $1"), id)
}

/// The user whom the OpenID provider knows by this.
pub async fn by_oidc_subject(on: &mut impl Access, subject: &str) -> Result<Option<UserRow>, StoreError> {
    fetch_optional!(on, UserRow, concat!("select ", columns!(), " from users where oidc_subject = $1"), subject)
}

/// Ties a user to what the OpenID provider knows them by.
pub async fn set_oidc_subject(tx: &mut Tx, id: i64, subject: &str, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update users set oidc_subject = $2, updated_at = $3 where id = $1", id, subject, now)?;
    Ok(())
}

/// Every user, in the order in which they came.
pub async fn all(on: &mut impl Access) -> Result<Vec<UserRow>, StoreError> {
    fetch_all!(on, UserRow, concat!("select ", columns!(), " from users order by id"))
}

/// The addresses of everybody who works on newsletters and may sign in.
pub async fn editors(on: &mut impl Access) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(
        on,
        (String,),
        "select email from users where role in ('admin', 'editor') and disabled_at is null order by id"
    )?;
    Ok(rows.into_iter().map(|(email,)| email).collect())
}

/// How many users there are, whatever they may.
pub async fn count(on: &mut impl Access) -> Result<i64, StoreError> {
    fetch_value!(on, i64, "select count(*) from users")
}

/// Administrators who can sign in, besides this user.
pub async fn other_admins(on: &mut impl Access, id: i64) -> Result<i64, StoreError> {
    fetch_value!(
        on,
        i64,
        "select count(*) from users where role = 'admin' and disabled_at is null and password_hash is not null and id <> $1",
        id
    )
}

/// Another password.
pub async fn set_password(tx: &mut Tx, id: i64, hash: &str, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update users set password_hash = $2, updated_at = $3 where id = $1", id, hash, now)?;
    Ok(())
}

/// Another role.
pub async fn set_role(tx: &mut Tx, id: i64, role: Role, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update users set role = $2, updated_at = $3 where id = $1", id, role, now)?;
    Ok(())
}

/// May no longer sign in, or may again.
pub async fn set_disabled(tx: &mut Tx, id: i64, at: Option<Timestamp>, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update users set disabled_at = $2, updated_at = $3 where id = $1", id, at, now)?;
    Ok(())
}

/// Another name.
pub async fn set_name(tx: &mut Tx, id: i64, name: &str, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update users set name = $2, updated_at = $3 where id = $1", id, name, now)?;
    Ok(())
}

/// Another language for the desk.
pub async fn set_language(tx: &mut Tx, id: i64, language: Language, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update users set language = $2, updated_at = $3 where id = $1", id, language, now)?;
    Ok(())
}

/// A second step that waits for its first code, or none.
pub async fn set_totp_begun(tx: &mut Tx, id: i64, number: Option<&str>, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update users set totp_begun = $2, updated_at = $3 where id = $1", id, number, now)?;
    Ok(())
}

/// The second step and the last step of which a code was taken, or none.
pub async fn set_totp(
    tx: &mut Tx,
    id: i64,
    number: Option<&str>,
    last_step: Option<i64>,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "update users set totp_secret = $2, totp_last_step = $3, updated_at = $4 where id = $1",
        id,
        number,
        last_step,
        now
    )?;
    Ok(())
}

/// The user was here.
pub async fn seen(tx: &mut Tx, id: i64, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update users set last_seen_at = $2 where id = $1", id, now)?;
    Ok(())
}
