//! `postduif man`: the manual page, the pages of all commands behind it.

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::Cli;
use super::output::Output;

pub fn run(output: &Output) -> anyhow::Result<()> {
    let mut command = Cli::command();
    command.build();
    let mut text = Vec::new();
    write_pages(&command, &mut text)?;
    Ok(output.raw(&text)?)
}

/// The page of a command, then those of the commands below it.
fn write_pages(command: &Command, text: &mut Vec<u8>) -> std::io::Result<()> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    Man::new(command.clone()).title(name).render(text)?;
    command.get_subcommands().filter(|below| !below.is_hide_set()).try_for_each(|below| write_pages(below, text))
}
