//! `postduif subscriber`: people and what they subscribed to.

mod export;
mod import;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::output::{Output, card};
use crate::answers::{ConsentRecordAnswer, RetentionAnswer, SubscriberAnswer, SuppressionAnswer};
use crate::domain::address::EmailAddress;
use crate::domain::consent::ConsentMeans;
use crate::domain::language::Language;
use crate::domain::subscription::SubscriptionStatus;
use crate::flows::people::{self, Addition};
use crate::flows::{House, consent_proof, erase, newsletters, retention};
use crate::store::{subscriptions, suppressions};

#[derive(Subcommand)]
pub enum Command {
    /// Take over a list of people from the file of another tool; nobody is mailed
    Import(import::Arguments),
    /// Write the list to standard output: CSV that spreadsheets can open safely, or JSON Lines, with the evidence
    Export(export::Arguments),
    /// List people
    List(Selection),
    /// Show what is known about one address, with the evidence
    Show {
        /// The address
        #[arg(value_name = "ADDR", value_parser = EmailAddress::parse_any_role)]
        address: EmailAddress,
    },
    /// Subscribe somebody who asked on paper or by telephone; no mail is sent
    Add {
        /// The address
        #[arg(value_name = "ADDR", value_parser = EmailAddress::parse_any_role)]
        address: EmailAddress,
        /// The newsletter
        #[arg(long, value_name = "SLUG")]
        newsletter: String,
        /// When and how they asked: kept as evidence
        #[arg(long, value_name = "TEXT", visible_alias = "evidence")]
        consent: String,
        /// nl or en [default: the newsletter's]
        #[arg(long)]
        language: Option<Language>,
    },
    /// End the subscriptions of an address
    Unsubscribe {
        /// The address
        #[arg(value_name = "ADDR", value_parser = EmailAddress::parse_any_role)]
        address: EmailAddress,
        /// Only this newsletter [default: all]
        #[arg(long, value_name = "SLUG")]
        newsletter: Option<String>,
    },
    /// What is kept for how long, and how many were forgotten: for the register of processing
    Retention {
        /// Forget now what is older than it may be; `serve` does it every day
        #[arg(long)]
        now: bool,
    },
    /// Forget a person (GDPR article 17): only a keyed hash stays, so that no import brings them back
    Erase {
        /// The address
        #[arg(value_name = "ADDR", value_parser = EmailAddress::parse_any_role)]
        address: EmailAddress,
    },
}

/// Which people.
#[derive(Args)]
pub struct Selection {
    /// Only of this newsletter
    #[arg(long, value_name = "SLUG")]
    newsletter: Option<String>,
    /// Only those whose subscription is pending, confirmed, unsubscribed, bounced or complained
    #[arg(long)]
    status: Option<SubscriptionStatus>,
}

/// People listed at a time.
const PAGE: i64 = 500;

pub async fn run(command: Command, house: &House, output: &Output) -> anyhow::Result<()> {
    match command {
        Command::List(selection) => list(&selection, house, output).await,
        Command::Show { address } => show(&address, house, output).await,
        Command::Add { address, newsletter, consent, language } => {
            let means = ConsentMeans::Operator;
            let addition = Addition { newsletter: &newsletter, email: address, language, evidence: &consent, means };
            let (row, added) = people::add(house, addition).await?;
            if !added {
                eprintln!("This address gets the newsletter already; nothing was changed.");
            }
            let answer = SubscriberAnswer::of(&mut house.db.read().await?, row).await?;
            Ok(output.one(&answer, || text(&answer))?)
        }
        Command::Unsubscribe { address, newsletter } => {
            let means = ConsentMeans::Operator;
            let (row, ended) = people::unsubscribe(house, &address, newsletter.as_deref(), means).await?;
            let person = SubscriberAnswer::of(&mut house.db.read().await?, row).await?;
            let answer = Ended { person, changed: ended > 0 };
            Ok(output.one(&answer, || {
                let said = if answer.changed { "ended" } else { "nothing to end: it had ended before" };
                format!("{said}\n{}", text(&answer.person))
            })?)
        }
        Command::Erase { address } => {
            let erased = erase::erase_address(house, &address, ConsentMeans::Operator, "command line").await?;
            Ok(output.one(&erased, || {
                let known = if erased.known { "forgotten" } else { "nobody was known by this address" };
                format!(
                    "{known}: {} subscriptions, {} letters, {} deliveries, {} consent records; only a keyed hash is kept",
                    erased.subscriptions, erased.letters, erased.deliveries, erased.consent_records
                )
            })?)
        }
        Command::Retention { now } => {
            if now {
                retention::forget(house).await?;
            }
            let counted = retention::register(house).await?.into_iter().map(RetentionAnswer::from);
            let answers: Vec<_> = counted.chain(RetentionAnswer::others()).collect();
            let head = ["what", "days", "forgotten", "description"];
            Ok(output.list(&answers, &head, "nothing is kept", |one| {
                let days = one.days.map_or_else(|| "-".to_owned(), |days| days.to_string());
                vec![one.what.to_owned(), days, one.forgotten.to_string(), one.description.clone()]
            })?)
        }
        Command::Import(arguments) => import::run(&arguments, house, output).await,
        Command::Export(arguments) => export::run(&arguments, house, output).await,
    }
}

async fn list(selection: &Selection, house: &House, output: &Output) -> anyhow::Result<()> {
    let mut reader = house.db.read().await?;
    let newsletter_id = match &selection.newsletter {
        Some(slug) => Some(newsletters::find(&mut reader, slug).await?.id),
        None => None,
    };
    let mut after = 0;
    loop {
        let page = subscriptions::page(&mut reader, newsletter_id, selection.status, after, PAGE).await?;
        let Some(last) = page.last() else {
            let nobody: &[SubscriberAnswer] = &[];
            return if after == 0 { Ok(output.list(nobody, &[], "There is nobody.", |_| Vec::new())?) } else { Ok(()) };
        };
        after = last.id;
        for row in page {
            let one = SubscriberAnswer::of(&mut reader, row).await?;
            output.one(&one, || {
                let each = one.subscriptions.iter().map(|each| format!("{}: {}", each.newsletter, each.status));
                format!("{}  {}", one.email, each.collect::<Vec<_>>().join(", "))
            })?;
        }
    }
}

/// A person after their subscriptions were ended.
#[derive(Serialize)]
struct Ended {
    #[serde(flatten)]
    person: SubscriberAnswer,
    /// Something ended now.
    changed: bool,
}

/// A person with all that is recorded about them.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    person: SubscriberAnswer,
    suppression: Option<SuppressionAnswer>,
    consent: Vec<ConsentRecordAnswer>,
}

async fn show(address: &EmailAddress, house: &House, output: &Output) -> anyhow::Result<()> {
    let mut reader = house.db.read().await?;
    let row = people::find(&mut reader, address).await?;
    let suppression = suppressions::by_hash(&mut reader, &row.address_hash).await?;
    let shown = Shown {
        person: SubscriberAnswer::of(&mut reader, row).await?,
        suppression: suppression.map(SuppressionAnswer::from),
        consent: consent_proof::records(house, address).await?.into_iter().map(ConsentRecordAnswer::from).collect(),
    };
    output.one(&shown, || {
        let mut facts = vec![text(&shown.person)];
        facts.extend(
            shown.suppression.iter().map(|one| format!("suppressed    {} since {}", one.reason, one.created_at)),
        );
        facts.extend(shown.consent.iter().map(|one| {
            let way = one.means.map_or_else(String::new, |means| format!(" by {means}"));
            format!("record {}      {}: {}{way}", one.id, one.at, one.event)
        }));
        facts.join("\n")
    })?;
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
