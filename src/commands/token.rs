//! `postduif token`: keys for programs that use the API.

use clap::Subcommand;

use super::output::Output;
use crate::answers::{NewTokenAnswer, TokenAnswer};
use crate::domain::role::Role;
use crate::domain::time::Timestamp;
use crate::flows::{House, tokens};

#[derive(Subcommand)]
pub enum Command {
    /// Make a token; it is shown this once
    Create {
        /// What it is for, to recognise it by
        name: String,
        /// What it may do: viewer, editor or admin
        #[arg(long)]
        role: Role,
        /// Until when it holds, such as 2027-01-01T00:00:00Z [default: until it is revoked]
        #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
        expires: Option<Timestamp>,
    },
    /// List all tokens, without the tokens themselves
    List,
    /// Make a token worthless at once
    Revoke {
        /// Its id, as the list shows it
        id: i64,
    },
}

pub async fn run(command: Command, house: &House, output: &Output) -> anyhow::Result<()> {
    match command {
        Command::Create { name, role, expires } => {
            let (token, row) = tokens::create(house, &name, role, expires).await?;
            let answer = NewTokenAnswer { token, about: row.into() };
            output.one(&answer, || answer.token.clone())?;
        }
        Command::List => {
            let all: Vec<TokenAnswer> = tokens::all(house).await?.into_iter().map(TokenAnswer::from).collect();
            let head = ["id", "name", "role", "made", "last used", "expires", "revoked"];
            output.list(&all, &head, "There is no token; make one with `postduif token create`.", |one| {
                let moment = |moment: Option<Timestamp>| moment.map_or_else(|| "–".to_owned(), |at| at.to_string());
                vec![
                    one.id.to_string(),
                    one.name.clone(),
                    one.role.to_owned(),
                    one.created_at.to_string(),
                    moment(one.last_used_at),
                    moment(one.expires_at),
                    moment(one.revoked_at),
                ]
            })?;
        }
        Command::Revoke { id } => {
            tokens::revoke(house, id).await?;
            output.one(&serde_json::json!({ "id": id, "revoked": true }), || format!("Token {id} is revoked."))?;
        }
    }
    Ok(())
}
