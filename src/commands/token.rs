//! `postduif token`: keys for programs that use the API.

use std::str::FromStr;
use std::time::Duration;

use anyhow::bail;
use clap::Subcommand;

use super::ACTOR;
use super::output::Output;
use crate::answers::{NewTokenAnswer, TokenAnswer};
use crate::domain::role::Role;
use crate::domain::scope::Scope;
use crate::domain::time::Timestamp;
use crate::flows::House;
use crate::flows::tokens::{self, NewToken};

#[derive(Subcommand)]
pub enum Command {
    /// Make a token; it is shown this once
    Create {
        /// What it is for, to recognise it by
        name: String,
        /// What it may do: viewer, editor or admin
        #[arg(long)]
        role: Role,
        /// What it may be used for, separated by commas, such as articles:read,editions:send [default: all that the role may]
        #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
        scope: Vec<Scope>,
        /// How long it holds: a number of days, a moment such as 2027-01-01T00:00:00Z, or never
        #[arg(long, value_name = "DAYS", default_value = "365")]
        expires: Expiry,
    },
    /// List all tokens, without the tokens themselves
    List,
    /// Make a token worthless at once
    Revoke {
        /// Its id, as the list shows it
        id: i64,
    },
}

/// Until when a token holds.
#[derive(Clone, Copy)]
pub enum Expiry {
    Never,
    Days(u32),
    At(Timestamp),
}

impl FromStr for Expiry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "never" {
            return Ok(Self::Never);
        }
        match (text.parse(), Timestamp::parse(text)) {
            (Ok(days @ 1..=36_500), _) => Ok(Self::Days(days)),
            (_, Ok(moment)) => Ok(Self::At(moment)),
            _ => Err(format!("“{text}” is neither a number of days from 1 to 36500, nor a moment, nor never")),
        }
    }
}

impl Expiry {
    fn moment(self, now: Timestamp) -> anyhow::Result<Option<Timestamp>> {
        match self {
            Self::Never => Ok(None),
            Self::Days(days) => Ok(Some(now.plus(Duration::from_secs(u64::from(days) * 86_400)))),
            Self::At(moment) if moment > now => Ok(Some(moment)),
            Self::At(moment) => bail!("{moment} has passed: such a token would never hold"),
        }
    }
}

pub async fn run(command: Command, house: &House, output: &Output) -> anyhow::Result<()> {
    match command {
        Command::Create { name, role, scope, expires } => {
            let expires_at = expires.moment(house.clock.now())?;
            let new = NewToken { name: &name, role, scopes: &scope, expires_at, actor: ACTOR };
            let (token, row) = tokens::create(house, new).await?;
            let answer = NewTokenAnswer { token, about: row.into() };
            output.one(&answer, || answer.token.clone())?;
        }
        Command::List => {
            let all: Vec<TokenAnswer> = tokens::all(house).await?.into_iter().map(TokenAnswer::from).collect();
            let head = ["id", "name", "role", "scopes", "made", "last used", "expires", "revoked"];
            output.list(&all, &head, "There is no token; make one with `postduif token create`.", |one| {
                let moment = |moment: Option<Timestamp>| moment.map_or_else(|| "–".to_owned(), |at| at.to_string());
                vec![
                    one.id.to_string(),
                    one.name.clone(),
                    one.role.to_owned(),
                    Scope::write_list(&one.scopes),
                    one.created_at.to_string(),
                    moment(one.last_used_at),
                    moment(one.expires_at),
                    moment(one.revoked_at),
                ]
            })?;
        }
        Command::Revoke { id } => {
            tokens::revoke(house, id, ACTOR).await?;
            output.one(&serde_json::json!({ "id": id, "revoked": true }), || format!("Token {id} is revoked."))?;
        }
    }
    Ok(())
}
