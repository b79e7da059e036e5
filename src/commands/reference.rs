//! `postduif reference`: the pages of docs/reference, made of what the program itself follows.

use std::fmt::Write as _;

use clap::builder::StyledStr;
use clap::{Arg, Args, Command, CommandFactory, ValueEnum};

use super::Cli;
use super::output::Output;
use crate::config::settings;
use crate::flows::metrics;
use crate::web::reference;

/// Print a page of the reference
#[derive(Args)]
pub struct Arguments {
    page: Page,
}

#[derive(Clone, Copy, ValueEnum)]
enum Page {
    Api,
    Commands,
    Metrics,
    Problems,
    Settings,
}

pub fn run(arguments: &Arguments, output: &Output) -> anyhow::Result<()> {
    Ok(output.raw(text(arguments.page).as_bytes())?)
}

fn text(page: Page) -> String {
    match page {
        Page::Api => reference::api(),
        Page::Commands => commands(),
        Page::Metrics => metrics::reference(),
        Page::Problems => reference::problems(),
        Page::Settings => settings::reference(),
    }
}

/// Every command with what it takes, as `--help` says it.
fn commands() -> String {
    let mut command = Cli::command();
    command.build();
    let mut page = String::from(
        "# Commands\n\nEvery command takes `--help`, and `--json` for an answer that programs read (a list as one object a line). \
         It exits with 0 when it is done, 1 when it failed, which one line on standard error explains, and 2 when it was \
         misused.\n",
    );
    let global: Vec<&Arg> = command.get_arguments().filter(|arg| arg.is_global_set()).collect();
    section(&mut page, "Every command takes", &global);
    for below in command.get_subcommands() {
        describe(&mut page, below);
    }
    page
}

/// A command, then those below it.
fn describe(page: &mut String, command: &Command) {
    if command.is_hide_set() {
        return;
    }
    let below: Vec<&Command> = command.get_subcommands().filter(|below| !below.is_hide_set()).collect();
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let about = command.get_about().map(plain).unwrap_or_default();
    let level = if name.matches(' ').count() > 1 { "###" } else { "##" };
    // Writing to a String cannot fail.
    let _ = writeln!(page, "\n{level} `{name}`\n\n{about}.");
    if below.is_empty() {
        let usage = command.clone().render_usage().to_string();
        let _ = writeln!(page, "\n```\n{}\n```", usage.trim_start_matches("Usage: ").trim());
        let own: Vec<&Arg> = command.get_arguments().filter(|arg| !arg.is_global_set() && !arg.is_hide_set()).collect();
        section(page, "", &own);
    }
    below.iter().for_each(|below| describe(page, below));
}

fn section(page: &mut String, title: &str, arguments: &[&Arg]) {
    let rows: Vec<String> = arguments.iter().filter(|arg| arg.get_id() != "help").map(|arg| row(arg)).collect();
    if rows.is_empty() {
        return;
    }
    let lead = if title.is_empty() { String::new() } else { format!("{title}:\n\n") };
    let _ = writeln!(page, "\n{lead}| | |\n| --- | --- |\n{}", rows.join("\n"));
}

fn row(arg: &Arg) -> String {
    let takes = arg.get_action().takes_values();
    let value = || {
        arg.get_value_names().unwrap_or_default().iter().map(|name| format!("<{name}>")).collect::<Vec<_>>().join(" ")
    };
    let name = match (arg.get_long(), takes) {
        (None, _) => value(),
        (Some(long), false) => format!("--{long}"),
        (Some(long), true) => format!("--{long} {}", value()),
    };
    let mut text = arg.get_long_help().or_else(|| arg.get_help()).map(plain).unwrap_or_default();
    let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if takes && !defaults.is_empty() && defaults != [""] {
        let _ = write!(text, " (default: {})", defaults.join(", "));
    }
    let choices: Vec<String> =
        arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    if takes && !choices.is_empty() {
        let _ = write!(text, " ({})", choices.join(", "));
    }
    format!("| `{name}` | {} |", text.replace('|', "\\|"))
}

/// Help on one line of Markdown.
fn plain(help: &StyledStr) -> String {
    help.to_string().split_whitespace().collect::<Vec<_>>().join(" ").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_of_the_reference_are_what_the_program_follows() {
        for (page, name, written) in [
            (Page::Api, "api", include_str!("../../docs/reference/api.md")),
            (Page::Commands, "commands", include_str!("../../docs/reference/commands.md")),
            (Page::Metrics, "metrics", include_str!("../../docs/reference/metrics.md")),
            (Page::Problems, "problems", include_str!("../../docs/reference/problems.md")),
        ] {
            assert!(written == text(page), "write it anew: postduif reference {name} > docs/reference/{name}.md");
        }
    }
}
