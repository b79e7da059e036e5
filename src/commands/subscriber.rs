//! `postduif subscriber`: people, and what they subscribed to.

mod export;
mod import;

use anyhow::bail;
use clap::{Args, Subcommand};
use serde_json::json;

use super::output::{Output, card};
use crate::answers::SubscriberAnswer;
use crate::domain::address::EmailAddress;
use crate::domain::language::Language;
use crate::flows::House;
use crate::flows::import::{Admitted, add};
use crate::flows::unsubscribe::unsubscribe_address;
use crate::store::subscriptions;

#[derive(Subcommand)]
pub enum Command {
    /// Take over a list of people from a CSV file with a column “email”; nobody is mailed
    Import(import::Arguments),
    /// Write people as CSV, or with --json as one object a line
    Export(export::Arguments),
    /// Show what is known about one address
    Show {
        /// The address
        #[arg(value_name = "ADDR")]
        address: EmailAddress,
    },
    /// Subscribe one person on your word
    Add {
        #[command(flatten)]
        who: Who,
        /// How they asked for it; recorded
        #[arg(long, value_name = "TEXT")]
        consent: String,
        /// nl or en [default: the newsletter's]
        #[arg(long)]
        language: Option<Language>,
    },
    /// End one person's subscription at once
    Unsubscribe(Who),
}

/// One person and one newsletter.
#[derive(Args)]
pub struct Who {
    /// The address
    #[arg(value_name = "ADDR")]
    address: EmailAddress,
    /// The newsletter
    #[arg(long, value_name = "SLUG")]
    newsletter: String,
}

pub async fn run(command: Command, house: &House, output: &Output) -> anyhow::Result<()> {
    match command {
        Command::Import(arguments) => import::run(&arguments, house, output).await,
        Command::Export(arguments) => export::run(&arguments, house, output).await,
        Command::Show { address } => show(&address, house, output).await,
        Command::Add { who, consent, language } => {
            if add(house, &who.newsletter, &who.address, language, &consent).await? == Admitted::Unchanged {
                eprintln!("This address gets the newsletter already; nothing was changed.");
            }
            show(&who.address, house, output).await
        }
        Command::Unsubscribe(who) => {
            let ended = unsubscribe_address(house, &who.newsletter, &who.address).await?;
            let answer = json!({ "newsletter": who.newsletter, "status": "unsubscribed", "changed": ended });
            let sentence = if ended { "The subscription is ended." } else { "The subscription had ended before." };
            output.one(&answer, || sentence.to_owned())?;
            Ok(())
        }
    }
}

async fn show(address: &EmailAddress, house: &House, output: &Output) -> anyhow::Result<()> {
    let mut reader = house.db.read().await?;
    let Some(row) = subscriptions::subscriber_by_email(&mut reader, address).await? else {
        bail!("nobody with this address is known; look at the spelling");
    };
    let answer = SubscriberAnswer::of(&mut reader, row).await?;
    output.one(&answer, || text(&answer))?;
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
