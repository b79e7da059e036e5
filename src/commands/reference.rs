//! `postduif reference`: the pages of docs/reference, made of what the program itself follows.

use clap::{Args, CommandFactory, ValueEnum};

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
        Page::Api => reference::calls(),
        Page::Commands => commands(),
        Page::Metrics => metrics::reference(),
        Page::Problems => reference::problems(),
        Page::Settings => settings::reference(),
    }
}

/// Every command with its help, as a terminal shows it.
fn commands() -> String {
    let mut root = Cli::command().term_width(100);
    root.build();
    let mut page =
        "# Commands\n\nEvery command answers `--json` with JSON alone on standard output, and ends with 0 (done), \
                    1 (failed) or 2 (misused).\n"
            .to_owned();
    describe(&mut page, &mut root);
    page
}

fn describe(page: &mut String, command: &mut clap::Command) {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).replace('-', " ");
    let help = command.render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    page.push_str(&format!("\n## {name}\n\n```text\n{}\n```\n", lines.join("\n").trim_end()));
    for below in command.get_subcommands_mut().filter(|below| !below.is_hide_set()) {
        describe(page, below);
    }
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
