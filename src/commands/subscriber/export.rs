//! `postduif subscriber export`: people as a file that our own import and any spreadsheet can read.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};

use super::Selection;
use crate::answers::{ExportAnswer, csv_of};
use crate::commands::output::{Output, OutputError};
use crate::commands::{misused, progress};
use crate::flows::House;
use crate::flows::export::Export;

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    selection: Selection,
    /// csv or jsonl [default: csv, with --json jsonl]
    #[arg(long)]
    format: Option<Format>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Csv,
    Jsonl,
}

pub async fn run(arguments: &Arguments, house: &House, output: &Output) -> anyhow::Result<()> {
    if output.is_json() && arguments.format == Some(Format::Csv) {
        return Err(misused("--json is JSON Lines, and cannot be --format csv"));
    }
    let lines = arguments.format.map_or(output.is_json(), |format| format == Format::Jsonl);
    let mut export = Export::of(house, arguments.selection.newsletter.as_deref(), arguments.selection.status).await?;
    if !lines {
        output.raw(&csv_of([ExportAnswer::HEAD.map(str::to_owned)])?)?;
    }
    let mut written = 0;
    loop {
        let mut page: Vec<ExportAnswer> = export.next(house).await?.into_iter().map(ExportAnswer::from).collect();
        if page.is_empty() {
            page.extend(export.next_suppressions(house).await?.into_iter().map(ExportAnswer::from));
        }
        if page.is_empty() {
            progress::clear();
            return Ok(());
        }
        written += page.len();
        // Where the lines themselves go to a terminal, they show how far it is.
        if !std::io::stdout().is_terminal() {
            progress::show(|| format!("{written} lines written"));
        }
        if lines {
            page.iter().try_for_each(|one| -> Result<(), OutputError> { output.json(one) })?;
        } else {
            output.raw(&csv_of(page.iter().map(ExportAnswer::cells))?)?;
        }
    }
}
