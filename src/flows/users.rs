//! Who may sign in: added, given another role, shut out, let in again; each change ends the sessions it touches.

use std::time::Duration;

use super::{FlowError, House, passwords};
use crate::domain::address::EmailAddress;
use crate::domain::fault::Faults;
use crate::domain::language::Language;
use crate::domain::newsletter::one_line;
use crate::domain::password::{InvalidPassword, NewPassword};
use crate::domain::role::Role;
use crate::domain::token::Purpose;
use crate::store::users::{self, NewUser, UserRow};
use crate::store::{Access, Tx, audit, newsletters, sessions, user_links};

/// How long an invitation works.
pub const INVITATION_VALID: Duration = Duration::from_secs(7 * 24 * 3600);

/// A user to add.
pub struct Addition<'a> {
    pub email: &'a str,
    /// May be empty: then the address serves until its owner says otherwise.
    pub name: &'a str,
    pub role: Role,
    pub language: Language,
    /// None: the user chooses one by a link.
    pub password: Option<NewPassword>,
}

/// Adds a user.
///
/// # Errors
/// [`FlowError::Invalid`] for an address or name that cannot be, [`FlowError::Conflict`] for one who is there already.
pub async fn add(house: &House, user: Addition<'_>, actor: &str) -> Result<UserRow, FlowError> {
    let hash = match &user.password {
        Some(password) => Some(passwords::hash(house, password).await),
        None => None,
    };
    let mut tx = house.db.write().await?;
    let row = insert(house, &mut tx, &user, hash.as_deref(), actor).await?;
    tx.commit().await?;
    Ok(row)
}

/// Adds a user as a step of something larger.
///
/// # Errors
/// As [`add`].
pub async fn insert(
    house: &House,
    tx: &mut Tx,
    user: &Addition<'_>,
    password_hash: Option<&str>,
    actor: &str,
) -> Result<UserRow, FlowError> {
    let now = house.clock.now();
    let mut faults = Faults::default();
    let email = faults.keep("email", EmailAddress::parse_any_role(user.email));
    let name = one_line(user.name);
    if name.is_none() {
        faults.add("name", "must be one line of text");
    }
    let (Some(email), Some(name)) = (email, name) else { return Err(faults.into()) };
    let new = NewUser { email: &email, name: &name, role: user.role, language: user.language, password_hash };
    let Some(row) = users::insert(tx, &new, now).await? else {
        return Err(FlowError::Conflict(format!("{email} is a user already")));
    };
    audit::note(tx, actor, "user.add", &row.email, row.role.as_str(), now).await?;
    Ok(row)
}

/// A password for this user that nobody guesses who knows them and the house: not their address or name, not the
/// organisation, not a newsletter.
///
/// # Errors
/// When the database cannot answer.
pub async fn password_for(
    house: &House,
    email: &str,
    name: &str,
    password: &str,
) -> Result<Result<NewPassword, InvalidPassword>, FlowError> {
    let newsletters = newsletters::all(&mut house.db.read().await?).await?;
    let mut about = vec![email, name, house.config.public_url.host()];
    about.extend(
        newsletters
            .iter()
            .flat_map(|one| [&one.slug, &one.title, &one.organisation, &one.from_name].map(|text| text.as_str())),
    );
    Ok(NewPassword::parse(password, &about))
}

/// The user of this address.
///
/// # Errors
/// [`FlowError::NotFound`] when there is none.
pub async fn find(on: &mut impl Access, email: &str) -> Result<UserRow, FlowError> {
    let missing = || FlowError::NotFound(format!("user “{}”", email.chars().take(254).collect::<String>()));
    let address = EmailAddress::parse_any_role(email).map_err(|_| missing())?;
    users::by_email(on, &address).await?.ok_or_else(missing)
}

/// Every user.
///
/// # Errors
/// When the database cannot answer.
pub async fn all(house: &House) -> Result<Vec<UserRow>, FlowError> {
    Ok(users::all(&mut house.db.read().await?).await?)
}

/// Another password, given by an operator; every session of the user ends.
///
/// # Errors
/// [`FlowError::NotFound`] when there is no such user.
pub async fn set_password(
    house: &House,
    email: &str,
    password: &NewPassword,
    actor: &str,
) -> Result<UserRow, FlowError> {
    let hash = passwords::hash(house, password).await;
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let user = find(&mut tx, email).await?;
    users::set_password(&mut tx, user.id, &hash, now).await?;
    sessions::delete_of(&mut tx, user.id).await?;
    user_links::close(&mut tx, user.id).await?;
    audit::note(&mut tx, actor, "user.password", &user.email, "", now).await?;
    tx.commit().await?;
    Ok(user)
}

/// A link by which this user chooses a password; any before it stops working.
///
/// # Errors
/// When the database refuses.
pub async fn password_link(house: &House, tx: &mut Tx, user: &UserRow, valid: Duration) -> Result<String, FlowError> {
    let (now, link) = (house.clock.now(), house.link());
    user_links::open(tx, &link, user.id, now, now.plus(valid)).await?;
    Ok(format!("{}/admin/password/{}", house.config.public_url, house.keys.seal(Purpose::Password, &link)))
}

/// Another role; the user signs in anew with it.
///
/// # Errors
/// [`FlowError::Conflict`] for the last administrator, whom nobody could make one again.
pub async fn set_role(house: &House, id: i64, role: Role, actor: &str) -> Result<(), FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let user = by_id(&mut tx, id).await?;
    if user.role == role {
        return Ok(());
    }
    if role != Role::Admin {
        keep_an_admin(&mut tx, &user).await?;
    }
    users::set_role(&mut tx, id, role, now).await?;
    sessions::delete_of(&mut tx, id).await?;
    let change = format!("{} → {role}", user.role);
    audit::note(&mut tx, actor, "user.role", &user.email, &change, now).await?;
    Ok(tx.commit().await?)
}

/// Shuts a user out at once, or lets one in again.
///
/// # Errors
/// As [`set_role`].
pub async fn set_disabled(house: &House, id: i64, disabled: bool, actor: &str) -> Result<UserRow, FlowError> {
    switch(house, id, disabled, actor, true).await
}

/// Shuts a user out whoever they are: for an operator at the command line, who can let in another. Says whether an
/// administrator is left who can sign in.
///
/// # Errors
/// When the database fails.
pub async fn shut_out(house: &House, id: i64, actor: &str) -> Result<(UserRow, bool), FlowError> {
    let user = switch(house, id, true, actor, false).await?;
    let others = users::other_admins(&mut house.db.read().await?, id).await?;
    let left = others > 0 || user.role != Role::Admin;
    Ok((user, left))
}

/// Ends every session of a user, such as one on a telephone that was lost.
///
/// # Errors
/// [`FlowError::NotFound`] when there is no such user.
pub async fn end_sessions(house: &House, id: i64, actor: &str) -> Result<(), FlowError> {
    let mut tx = house.db.write().await?;
    let user = by_id(&mut tx, id).await?;
    sessions::delete_of(&mut tx, id).await?;
    audit::note(&mut tx, actor, "user.sessions-end", &user.email, "", house.clock.now()).await?;
    Ok(tx.commit().await?)
}

/// The user of this id.
///
/// # Errors
/// [`FlowError::NotFound`] when there is none.
pub async fn one(house: &House, id: i64) -> Result<UserRow, FlowError> {
    by_id(&mut house.db.read().await?, id).await
}

async fn switch(house: &House, id: i64, disabled: bool, actor: &str, guarded: bool) -> Result<UserRow, FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let user = by_id(&mut tx, id).await?;
    if user.disabled_at.is_some() == disabled {
        return Ok(user);
    }
    if disabled && guarded {
        keep_an_admin(&mut tx, &user).await?;
    }
    users::set_disabled(&mut tx, id, disabled.then_some(now), now).await?;
    sessions::delete_of(&mut tx, id).await?;
    user_links::close(&mut tx, id).await?;
    let deed = if disabled { "user.disable" } else { "user.enable" };
    audit::note(&mut tx, actor, deed, &user.email, "", now).await?;
    let user = by_id(&mut tx, id).await?;
    tx.commit().await?;
    Ok(user)
}

async fn by_id(on: &mut impl Access, id: i64) -> Result<UserRow, FlowError> {
    users::by_id(on, id).await?.ok_or_else(|| FlowError::NotFound(format!("user {id}")))
}

async fn keep_an_admin(tx: &mut Tx, user: &UserRow) -> Result<(), FlowError> {
    let is_one = user.role == Role::Admin && user.disabled_at.is_none();
    if is_one && users::other_admins(tx, user.id).await? == 0 {
        return Err(FlowError::Conflict(
            "this is the only administrator who can sign in; make another user administrator first".to_owned(),
        ));
    }
    Ok(())
}
