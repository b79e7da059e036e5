//! `postduif subscriber import`: a list of another tool, with a report of what could not be taken.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use crate::commands::output::Output;
use crate::domain::csv_cell::guarded;
use crate::flows::House;
use crate::flows::import::{Evidence, Rejected, Tally, import};

#[derive(Args)]
pub struct Arguments {
    /// The file; - reads standard input
    file: PathBuf,
    /// The newsletter
    #[arg(long, value_name = "SLUG")]
    newsletter: String,
    /// How these people asked for the newsletter; recorded with each of them
    #[arg(long, value_name = "TEXT")]
    consent: String,
    /// Where rows that could not be taken are written [default: FILE.rejected.csv]
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    tally: Tally,
    /// The file of rejected rows; none when all were taken.
    report: Option<PathBuf>,
}

pub async fn run(arguments: &Arguments, house: &House, output: &Output) -> anyhow::Result<()> {
    let path = &arguments.file;
    let (file, name): (Box<dyn Read>, &Path) = if path.as_os_str() == "-" {
        (Box::new(io::stdin()), Path::new("import"))
    } else {
        let file = File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
        (Box::new(file), path)
    };
    let origin = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let evidence = Evidence { statement: &arguments.consent, origin: &origin };
    let place = arguments.report.clone().unwrap_or_else(|| name.with_added_extension("rejected.csv"));
    let mut report = None;
    let rejected = |row: Rejected| note(&mut report, &place, &row);
    let tally = import(house, &arguments.newsletter, evidence, file, rejected, show).await;
    if io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
    let tally = tally?;
    if let Some(mut report) = report {
        report.flush()?;
    }
    let answer = Answer { tally, report: (tally.rejected > 0).then_some(place) };
    output.one(&answer, || text(&answer))?;
    Ok(())
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
    Ok(report.write_record([row.line.to_string().as_str(), &guarded(&row.email), &row.reason])?)
}

fn show(tally: Tally) {
    if io::stderr().is_terminal() {
        eprint!("\r{} rows: {} imported, {} rejected\x1b[K", tally.rows, tally.imported, tally.rejected);
        let _ = io::stderr().flush();
    }
}

fn text(answer: &Answer) -> String {
    let Tally { rows, imported, unchanged, suppressed, rejected } = answer.tally;
    let report = answer.report.as_ref().map_or_else(String::new, |path| format!(" (see {})", path.display()));
    format!(
        "{rows} rows: {imported} imported, {unchanged} subscribed already, {suppressed} not to be mailed, \
         {rejected} rejected{report}"
    )
}
