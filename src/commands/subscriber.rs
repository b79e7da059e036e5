//! `postduif subscriber`: people and what they subscribed to.

use anyhow::bail;
use clap::Subcommand;

use super::output::{Output, card};
use crate::answers::SubscriberAnswer;
use crate::domain::address::EmailAddress;
use crate::flows::House;
use crate::store::subscriptions;

#[derive(Subcommand)]
pub enum Command {
    /// Show what is known about one address
    Show {
        /// The address
        #[arg(value_name = "ADDR")]
        address: EmailAddress,
    },
}

pub async fn run(command: Command, house: &House, output: &Output) -> anyhow::Result<()> {
    match command {
        Command::Show { address } => {
            let mut reader = house.db.read().await?;
            let Some(row) = subscriptions::subscriber_by_email(&mut reader, &address).await? else {
                bail!("nobody with this address is known; look at the spelling");
            };
            let answer = SubscriberAnswer::of(&mut reader, row).await?;
            output.one(&answer, || text(&answer))?;
        }
    }
    Ok(())
}

fn text(one: &SubscriberAnswer) -> String {
    let mut facts = vec![
        ("address", one.email.clone()),
        ("language", one.language.to_owned()),
        ("known since", one.created_at.to_string()),
    ];
    facts.extend(one.subscriptions.iter().map(|subscription| {
        let confirmed = subscription.confirmed_at.map_or_else(String::new, |moment| format!(", confirmed {moment}"));
        let requested = subscription.requested_at;
        (
            "subscription",
            format!("{}: {}, asked for {requested}{confirmed}", subscription.newsletter, subscription.status),
        )
    }));
    card(&facts)
}
