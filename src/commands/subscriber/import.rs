//! `postduif subscriber import`: a list of another tool, with a report of what could not be taken.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use crate::commands::output::Output;
use crate::config::TemporaryFolder;
use crate::domain::csv_cell::guarded;
use crate::domain::import::Tally;
use crate::flows::House;
use crate::flows::import::{Order, Progress, Rejected, import, try_out, undo};

#[derive(Args)]
pub struct Arguments {
    /// The file; - reads standard input
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
    /// Tell what would happen, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Take an import back, by the number that it was given
    #[arg(long, value_name = "BATCH", conflicts_with_all = ["file", "newsletter", "consent", "report", "dry_run"])]
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
    let passing =
        (path.as_os_str() == "-").then(|| TemporaryFolder::new("postduif-import", &house.clock)).transpose()?;
    let (mut file, name) = match &passing {
        // Read twice, so what comes through a pipe is put down first.
        Some(folder) => (put_down(folder.path()).context("standard input cannot be put down")?, Path::new("import")),
        None => (File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?, path.as_path()),
    };
    let origin = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let order = Order { newsletter, statement: consent, origin: &origin, actor: ACTOR };
    let place = arguments.report.clone().unwrap_or_else(|| name.with_added_extension("rejected.csv"));
    let mut report = None;
    let rejected = |row: Rejected| note(&mut report, &place, &row);
    let (tally, batch, tool) = if arguments.dry_run {
        let (tally, tool) = try_out(house, order, &mut file, rejected).await?;
        (tally, None, tool)
    } else {
        let started = Instant::now();
        let outcome = import(house, order, &mut file, rejected, |progress| show(progress, started)).await;
        if io::stderr().is_terminal() {
            eprint!("\r\x1b[K");
        }
        let outcome = outcome?;
        (outcome.tally, Some(outcome.batch), outcome.tool)
    };
    if let Some(mut report) = report {
        report.flush()?;
    }
    if tool == Some("listmonk") {
        eprintln!(
            "listmonk's export does not say who confirmed or left a list: everybody it calls enabled counts as subscribed."
        );
    }
    let answer = Answer { tally, report: (tally.rejected > 0).then_some(place), batch };
    output.one(&answer, || text(&answer))?;
    Ok(())
}

fn put_down(folder: &Path) -> io::Result<File> {
    let place = folder.join("list");
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(place)?;
    io::copy(&mut io::stdin().lock(), &mut file)?;
    io::Seek::rewind(&mut file)?;
    Ok(file)
}

/// Writes a row that was not taken; the report is made at the first one, for its owner's eyes alone.
fn note(report: &mut Option<csv::Writer<File>>, place: &Path, row: &Rejected) -> io::Result<()> {
    let report = match report {
        Some(report) => report,
        None => {
            let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(place)?;
            let mut writer = csv::Writer::from_writer(file);
            writer.write_record(["line", "email", "reason"])?;
            report.insert(writer)
        }
    };
    Ok(report.write_record([row.line.to_string().as_str(), &guarded(&row.email), &guarded(&row.reason.to_string())])?)
}

/// One line on a terminal, written over and over.
fn show(progress: Progress, started: Instant) {
    if io::stderr().is_terminal() {
        let Progress { tally, of } = progress;
        let filled = usize::try_from(tally.rows * 30 / of.max(1)).unwrap_or_default().min(30);
        let bar = format!("{}{}", "█".repeat(filled), "░".repeat(30 - filled));
        let pace = tally.rows * 1000 / u64::try_from(started.elapsed().as_millis().max(1)).unwrap_or(u64::MAX);
        eprint!("\r{bar} {} of {of} rows, {pace} a second, {} rejected\x1b[K", tally.rows, tally.rejected);
        let _ = io::stderr().flush();
    }
}

fn text(answer: &Answer) -> String {
    let Tally { rows, imported, unchanged, suppressed, rejected } = answer.tally;
    let report = answer.report.as_ref().map_or_else(String::new, |path| format!(" (see {})", path.display()));
    let after = match answer.batch {
        Some(batch) => format!("\nThis is import {batch}; `postduif subscriber import --undo {batch}` takes it back."),
        None => "\nNothing was changed.".to_owned(),
    };
    format!(
        "{rows} rows: {imported} imported, {unchanged} subscribed already, {suppressed} not to be mailed, \
         {rejected} rejected{report}{after}"
    )
}
