//! `postduif suppression`: addresses that must not be mailed.

use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

use super::handed::Parts;
use super::output::{Output, card};
use super::progress::clear;
use super::rejects::{Report, show};
use crate::answers::SuppressionAnswer;
use crate::domain::address::EmailAddress;
use crate::domain::suppression::SuppressionReason;
use crate::flows::import::Rejected;
use crate::flows::import::blocks::{Blocked, Blocking, block};
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
    Import(Import),
    /// Lift the suppression of an address; what its owner ended stays ended
    Remove {
        /// The address
        #[arg(value_name = "ADDR", value_parser = EmailAddress::parse_any_role)]
        address: EmailAddress,
    },
}

/// Suppress every address in a file; what is suppressed already stays as it is
#[derive(Args)]
pub struct Import {
    /// The file, a CSV with a column “email”; - reads standard input
    file: PathBuf,
    /// bounced, complained, unsubscribed, manual or imported [default: the file's column “reason”, else imported]
    #[arg(long)]
    reason: Option<SuppressionReason>,
    /// Why, in your words; kept with each
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Where rows that could not be taken are written [default: FILE.rejected.csv]
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Tell what would happen, and change nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Serialize)]
struct Imported {
    #[serde(flatten)]
    counts: Blocked,
    /// The file of rejected rows; none when all were taken.
    report: Option<PathBuf>,
}

/// Suppressions listed at a time.
const PAGE: i64 = 1_000;

pub async fn run(command: Command, house: &House, output: &Output) -> anyhow::Result<()> {
    let answer = SuppressionAnswer::from(match command {
        Command::List => return list(house, output).await,
        Command::Import(arguments) => return import(&arguments, house, output).await,
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

async fn import(arguments: &Import, house: &House, output: &Output) -> anyhow::Result<()> {
    let parts = Parts::of(&arguments.file, house)?;
    let mut report = Report::open(arguments.report.as_deref(), parts.name(), &house.clock)?;
    let mut counts = Blocked::default();
    let done = async {
        for part in parts.each() {
            let order = Blocking {
                origin: &part.origin,
                reason: arguments.reason,
                note: arguments.note.as_deref(),
                actor: "command line",
            };
            let rejected = |row: Rejected| report.note(part.inside.as_deref(), &row);
            let (mut file, started) = (part.open()?, Instant::now());
            let done = block(house, order, arguments.dry_run, &mut file, rejected, |at| show(at, started)).await;
            clear();
            counts.add(done?);
        }
        anyhow::Ok(())
    };
    let done = done.await;
    let report = report.close();
    if let Err(error) = done {
        let place = report.map(|place| format!("; every line is in {}", place.display())).unwrap_or_default();
        anyhow::bail!("{error}{place}");
    }
    let answer = Imported { counts, report };
    Ok(output.one(&answer, || {
        let Blocked { rows, imported, unchanged, rejected } = answer.counts;
        let place = answer.report.as_ref().map_or_else(String::new, |path| format!(" (see {})", path.display()));
        let after = if arguments.dry_run { "\nNothing was changed." } else { "" };
        format!("{rows} rows: {imported} suppressed, {unchanged} were so already, {rejected} rejected{place}{after}")
    })?)
}

async fn list(house: &House, output: &Output) -> anyhow::Result<()> {
    let mut reader = house.db.read().await?;
    let mut after = 0;
    loop {
        let page = suppressions::page(&mut reader, after, PAGE).await?;
        let Some(last) = page.last() else {
            let nobody: &[SuppressionAnswer] = &[];
            return if after == 0 {
                Ok(output.list(nobody, &[], "No address is suppressed.", |_| Vec::new())?)
            } else {
                Ok(())
            };
        };
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
