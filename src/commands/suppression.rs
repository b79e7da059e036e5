//! `postduif suppression`: addresses that must not be mailed.

use clap::Subcommand;
use serde_json::json;

use super::output::{Output, card};
use crate::answers::SuppressionAnswer;
use crate::domain::address::EmailAddress;
use crate::domain::suppression::SuppressionReason;
use crate::flows::{House, suppress};
use crate::store::suppressions;

#[derive(Subcommand)]
pub enum Command {
    /// List them
    List,
    /// Never mail an address, whether it is known or not
    Add {
        /// The address
        #[arg(value_name = "ADDR", value_parser = EmailAddress::parse_any_role)]
        address: EmailAddress,
        /// bounced, complained, unsubscribed, erased, manual or imported
        #[arg(long, default_value = "manual")]
        reason: SuppressionReason,
        /// Why, in your words
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Lift the suppression of an address; what its owner ended stays ended
    Remove {
        /// The address
        #[arg(value_name = "ADDR", value_parser = EmailAddress::parse_any_role)]
        address: EmailAddress,
    },
}

/// Suppressions listed at a time.
const PAGE: i64 = 1_000;

pub async fn run(command: Command, house: &House, output: &Output) -> anyhow::Result<()> {
    let answer = SuppressionAnswer::from(match command {
        Command::List => return list(house, output).await,
        Command::Add { address, reason, note } => {
            suppress::add(house, &address, reason, note.as_deref(), super::ACTOR).await?
        }
        Command::Remove { address } => {
            suppress::remove(house, &address, super::ACTOR).await?;
            let answer = json!({ "email": address, "suppressed": false });
            return Ok(output.one(&answer, || "The suppression is lifted.".to_owned())?);
        }
    });
    Ok(output.one(&answer, || {
        card(&[
            ("address", name(&answer).to_owned()),
            ("reason", answer.reason.to_owned()),
            ("note", answer.note.clone().unwrap_or_default()),
            ("since", answer.created_at.to_string()),
        ])
    })?)
}

async fn list(house: &House, output: &Output) -> anyhow::Result<()> {
    let mut reader = house.db.read().await?;
    let mut after = 0;
    loop {
        let page = suppressions::page(&mut reader, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        for row in page {
            let one = SuppressionAnswer::from(row);
            output.one(&one, || format!("{}  {}  {}", one.created_at, one.reason, name(&one)))?;
        }
    }
}

fn name(one: &SuppressionAnswer) -> &str {
    one.email.as_deref().unwrap_or("(only a keyed hash is kept)")
}
