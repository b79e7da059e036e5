//! `postduif man`: the manual page, the pages of all commands behind it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;
use serde_json::json;

use super::Cli;
use super::output::Output;

/// Print the manual
#[derive(Args)]
pub struct Arguments {
    /// Write a page for each command into this folder instead, as packages want them
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, output: &Output) -> anyhow::Result<()> {
    let mut command = Cli::command();
    command.build();
    if let Some(folder) = &arguments.to {
        write_files(&command, folder)?;
        if output.is_json() {
            output.json(&json!({ "folder": folder }))?;
        }
        return Ok(());
    }
    let mut text = Vec::new();
    write_pages(&command, &mut text)?;
    if output.is_json() {
        return Ok(output.json(&json!({ "text": String::from_utf8_lossy(&text) }))?);
    }
    Ok(output.raw(&text)?)
}

/// `postduif.1`, `postduif-serve.1` …
fn write_files(command: &Command, folder: &Path) -> anyhow::Result<()> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let mut page = Vec::new();
    Man::new(command.clone()).title(name).render(&mut page)?;
    let file = folder.join(format!("{name}.1"));
    std::fs::write(&file, page).with_context(|| format!("{} cannot be written", file.display()))?;
    command.get_subcommands().filter(|below| !below.is_hide_set()).try_for_each(|below| write_files(below, folder))
}

/// The page of a command, then those of the commands below it.
fn write_pages(command: &Command, text: &mut Vec<u8>) -> std::io::Result<()> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    Man::new(command.clone()).title(name).render(text)?;
    command.get_subcommands().filter(|below| !below.is_hide_set()).try_for_each(|below| write_pages(below, text))
}
