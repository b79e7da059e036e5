//! `postduif subscriber import`: a list of another tool, with a report of what could not be taken.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde::Serialize;

use crate::commands::handed::Parts;
use crate::commands::output::Output;
use crate::commands::progress::clear;
use crate::commands::rejects::{Report, show};
use crate::domain::import::Tally;
use crate::flows::House;
use crate::flows::import::{Order, Rejected, import, try_out, undo};

#[derive(Args)]
pub struct Arguments {
    /// The file, a CSV or Mailchimp's ZIP; - reads standard input
    #[arg(required_unless_present = "undo")]
    file: Option<PathBuf>,
    /// The newsletter
    #[arg(long, value_name = "SLUG", required_unless_present = "undo")]
    newsletter: Option<String>,
    /// How these people asked for the newsletter; recorded with each of them
    #[arg(long, value_name = "TEXT", required_unless_present = "undo")]
    consent: Option<String>,
    /// Where rows that could not be taken are written [default: FILE.rejected.csv]
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// The list that is taken over, of a file that holds several (MailPoet, phpList)
    #[arg(long, value_name = "NAME")]
    list: Option<String>,
    /// Tell what would happen, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Take an import back, by the number that it was given
    #[arg(long, value_name = "BATCH", conflicts_with_all = ["file", "newsletter", "consent", "report", "list", "dry_run"])]
    undo: Option<i64>,
}

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    tally: Tally,
    /// The file of rejected rows; none when all were taken.
    report: Option<PathBuf>,
    /// By this number it can be taken back; none where nothing was changed.
    batch: Option<i64>,
    /// The numbers of all, of a ZIP file with several lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    batches: Vec<i64>,
}

/// Who does it, for the record of deeds.
const ACTOR: &str = "command line";

pub async fn run(arguments: &Arguments, house: &House, output: &Output) -> anyhow::Result<()> {
    if let Some(batch) = arguments.undo {
        let undone = undo(house, batch, ACTOR).await?;
        return Ok(output.one(&undone, || {
            format!(
                "import {batch} is taken back: {} subscriptions, {} suppressions",
                undone.subscriptions, undone.suppressions
            )
        })?);
    }
    let (Some(path), Some(newsletter), Some(consent)) = (&arguments.file, &arguments.newsletter, &arguments.consent)
    else {
        anyhow::bail!("say which file, and with --newsletter and --consent for what and why");
    };
    let parts = Parts::of(path, house)?;
    let mut report = Report::open(arguments.report.as_deref(), parts.name(), &house.clock)?;
    let mut answer = Answer { tally: Tally::default(), report: None, batch: None, batches: Vec::new() };
    let done = async {
        for part in parts.each() {
            let inside = part.inside.clone();
            let rejected = |row: Rejected| report.note(inside.as_deref(), &row);
            let order = Order {
                newsletter,
                statement: consent,
                origin: &part.origin,
                actor: ACTOR,
                list: arguments.list.as_deref(),
            };
            let mut file = part.open()?;
            let tool = if arguments.dry_run {
                let (tally, tool) = try_out(house, order, &mut file, rejected).await?;
                answer.tally.add(tally);
                tool
            } else {
                let started = Instant::now();
                let outcome = import(house, order, &mut file, rejected, |progress| show(progress, started)).await;
                clear();
                let outcome = outcome?;
                answer.tally.add(outcome.tally);
                answer.batches.push(outcome.batch);
                outcome.tool
            };
            if tool == Some("listmonk") {
                eprintln!(
                    "listmonk's export does not say who confirmed or left a list: everybody it calls enabled counts as subscribed."
                );
            }
        }
        anyhow::Ok(())
    };
    let done = done.await;
    answer.report = report.close();
    if let Err(error) = done {
        // The lines that break a file are all in the report; the message has only the first of them.
        let place = answer.report.map(|place| format!("every line is in {}", place.display()));
        return Err(match place {
            Some(place) => anyhow::anyhow!("{error}; {place}"),
            None => error,
        });
    }
    answer.batch = answer.batches.last().copied();
    if answer.batches.len() < 2 {
        answer.batches.clear();
    }
    output.one(&answer, || text(&answer))?;
    Ok(())
}

fn text(answer: &Answer) -> String {
    let Tally { rows, imported, unchanged, suppressed, rejected } = answer.tally;
    let report = answer.report.as_ref().map_or_else(String::new, |path| format!(" (see {})", path.display()));
    let after = match answer.batch {
        Some(_) if !answer.batches.is_empty() => {
            let all: Vec<String> = answer.batches.iter().map(i64::to_string).collect();
            format!("\nThese are imports {}; `postduif subscriber import --undo N` takes each back.", all.join(", "))
        }
        Some(batch) => format!("\nThis is import {batch}; `postduif subscriber import --undo {batch}` takes it back."),
        None => "\nNothing was changed.".to_owned(),
    };
    format!(
        "{rows} rows: {imported} imported, {unchanged} subscribed already, {suppressed} not to be mailed, \
         {rejected} rejected{report}{after}"
    )
}
