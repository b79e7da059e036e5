//! `postduif subscriber export`: people as a file that our own import and any spreadsheet can read.

use clap::Args;

use crate::answers::SubscriberAnswer;
use crate::commands::output::Output;
use crate::domain::subscription::SubscriptionStatus;
use crate::flows::{House, newsletters};
use crate::store::subscriptions;

/// People read at once.
const PAGE: i64 = 500;

#[derive(Args)]
pub struct Arguments {
    /// Of this newsletter alone
    #[arg(long, value_name = "SLUG")]
    newsletter: Option<String>,
    /// In this state alone: pending, confirmed, unsubscribed, bounced or complained
    #[arg(long)]
    status: Option<SubscriptionStatus>,
}

pub async fn run(arguments: &Arguments, house: &House, output: &Output) -> anyhow::Result<()> {
    let mut reader = house.db.read().await?;
    let of = match &arguments.newsletter {
        Some(slug) => Some(newsletters::find(&mut reader, slug).await?.id),
        None => None,
    };
    if !output.is_json() {
        output.raw(b"email,language,newsletter,status,requested_at,confirmed_at\n")?;
    }
    let mut after = 0;
    loop {
        let rows = subscriptions::page(&mut reader, of, arguments.status, after, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.id;
        for row in rows {
            let person = SubscriberAnswer::of(&mut reader, row).await?;
            if output.is_json() {
                output.one(&person, String::new)?;
            } else {
                output.raw(&lines(&person, arguments)?)?;
            }
        }
    }
}

/// A line for each subscription that was asked for.
fn lines(person: &SubscriberAnswer, arguments: &Arguments) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for one in &person.subscriptions {
        let wanted = arguments.newsletter.as_ref().is_none_or(|slug| *slug == one.newsletter)
            && arguments.status.is_none_or(|status| status.as_str() == one.status);
        if wanted {
            let confirmed = one.confirmed_at.map_or_else(String::new, |moment| moment.to_string());
            writer.write_record([
                &safe(&person.email),
                person.language,
                &one.newsletter,
                one.status,
                &one.requested_at.to_string(),
                &confirmed,
            ])?;
        }
    }
    Ok(writer.into_inner()?)
}

/// A cell that no spreadsheet takes for a formula (ASVS 1.2.10).
pub fn safe(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula { format!("'{cell}") } else { cell.to_owned() }
}
