//! `postduif user`: who may sign in to the editor's desk.

use std::io::{IsTerminal, Read};

use anyhow::{Context, bail};
use clap::Subcommand;
use serde::Serialize;

use super::ACTOR;
use super::output::Output;
use crate::answers::UserAnswer;
use crate::domain::language::Language;
use crate::domain::password::NewPassword;
use crate::domain::role::Role;
use crate::domain::time::Timestamp;
use crate::flows::users::{self, Addition, INVITATION_VALID};
use crate::flows::{FlowError, House, second_step};
use crate::store::users::UserRow;

/// Longest line that may hold a password, in bytes.
const LINE: u64 = 8 * 1024;

#[derive(Subcommand)]
pub enum Command {
    /// Let somebody in; the password is asked for, or read from standard input: without one a link is made
    Add {
        /// The address to sign in with
        email: String,
        /// What they may do: viewer, editor or admin
        #[arg(long)]
        role: Role,
        /// What the desk calls them
        #[arg(long, default_value = "")]
        name: String,
        /// The language of the desk: nl or en
        #[arg(long, default_value = "nl")]
        language: Language,
    },
    /// List everybody who may sign in
    List,
    /// Give somebody another password, asked for or read from standard input; without one a link is made
    Password { email: String },
    /// Shut somebody out at once
    Disable { email: String },
    /// Let somebody in again
    Enable { email: String },
    /// Ask somebody who has lost telephone and recovery codes for no second step any more
    SecondStepOff { email: String },
}

/// A user, with the link by which they choose a password where none was given.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    user: UserAnswer,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

pub async fn run(command: Command, house: &House, output: &Output) -> anyhow::Result<()> {
    match command {
        Command::Add { email, role, name, language } => {
            let password = password(house, &email, &name).await?;
            let wants_link = password.is_none();
            let addition = Addition { email: &email, name: &name, role, language, password };
            let user = users::add(house, addition, ACTOR).await?;
            let link = if wants_link { Some(link(house, &user).await?) } else { None };
            tell(output, user, link, "may sign in")?;
        }
        Command::List => {
            let all: Vec<UserAnswer> = users::all(house).await?.into_iter().map(UserAnswer::from).collect();
            let head = ["id", "address", "name", "role", "second step", "last seen", "disabled"];
            output.list(&all, &head, "Nobody may sign in; add somebody with `postduif user add`.", |user| {
                let moment = |moment: Option<Timestamp>| moment.map_or_else(|| "–".to_owned(), |at| at.to_string());
                vec![
                    user.id.to_string(),
                    user.email.clone(),
                    user.name.clone(),
                    user.role.to_string(),
                    if user.second_factor { "on" } else { "off" }.to_owned(),
                    moment(user.last_seen_at),
                    moment(user.disabled_at),
                ]
            })?;
        }
        Command::Password { email } => {
            let user = users::find(&mut house.db.read().await.map_err(FlowError::from)?, &email).await?;
            match password(house, &user.email, &user.name).await? {
                Some(password) => {
                    let user = users::set_password(house, &email, &password, ACTOR).await?;
                    tell(output, user, None, "has another password")?;
                }
                None => {
                    let link = link(house, &user).await?;
                    tell(output, user, Some(link), "may choose another password")?;
                }
            }
        }
        Command::Disable { email } => set_disabled(house, output, &email, true).await?,
        Command::Enable { email } => set_disabled(house, output, &email, false).await?,
        Command::SecondStepOff { email } => {
            let user = users::find(&mut house.db.read().await.map_err(FlowError::from)?, &email).await?;
            second_step::forget(house, &user, ACTOR).await?;
            let user = users::find(&mut house.db.read().await.map_err(FlowError::from)?, &email).await?;
            tell(output, user, None, "signs in with the password alone")?;
        }
    }
    Ok(())
}

async fn set_disabled(house: &House, output: &Output, email: &str, disabled: bool) -> anyhow::Result<()> {
    let user = users::find(&mut house.db.read().await.map_err(FlowError::from)?, email).await?;
    let user = if disabled {
        let (user, left) = users::shut_out(house, user.id, ACTOR).await?;
        if !left {
            eprintln!("postduif: warning: no administrator is left who can sign in; `postduif user add` lets one in");
        }
        user
    } else {
        users::set_disabled(house, user.id, false, ACTOR).await?
    };
    Ok(tell(output, user, None, if disabled { "can no longer sign in" } else { "may sign in again" })?)
}

fn tell(output: &Output, user: UserRow, link: Option<String>, done: &str) -> Result<(), super::output::OutputError> {
    let told = Told { user: user.into(), link };
    output.one(&told, || {
        let by = told.link.as_ref().map(|link| format!("\nOpen this within 7 days to choose a password: {link}"));
        format!("{} ({}) {done}.{}", told.user.email, told.user.role, by.unwrap_or_default())
    })
}

async fn link(house: &House, user: &UserRow) -> Result<String, FlowError> {
    let mut tx = house.db.write().await?;
    let link = users::password_link(house, &mut tx, user, INVITATION_VALID).await?;
    tx.commit().await?;
    Ok(link)
}

/// The password for this address: from the terminal, unseen and twice, or the first line of what is piped in.
async fn password(house: &House, email: &str, name: &str) -> anyhow::Result<Option<NewPassword>> {
    let typed = if std::io::stdin().is_terminal() {
        let typed = rpassword::prompt_password(format!("Password for {email} (nothing: a link to choose one): "))
            .context("the terminal gives no password")?;
        if !typed.is_empty() && rpassword::prompt_password("The same again: ")? != typed {
            bail!("the two passwords are not the same");
        }
        typed
    } else {
        let mut piped = String::new();
        std::io::stdin().lock().take(LINE).read_to_string(&mut piped).context("standard input holds no text")?;
        piped.lines().next().unwrap_or_default().to_owned()
    };
    if typed.is_empty() {
        return Ok(None);
    }
    Ok(Some(users::password_for(house, email, name, &typed).await??))
}
