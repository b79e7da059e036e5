//! `postduif reference`: the pages of docs/reference, made of what the program itself follows.

use clap::{Args, ValueEnum};

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
    Metrics,
    Problems,
    Settings,
}

pub fn run(arguments: &Arguments, output: &Output) -> anyhow::Result<()> {
    Ok(output.raw(text(arguments.page).as_bytes())?)
}

fn text(page: Page) -> String {
    match page {
        Page::Metrics => metrics::reference(),
        Page::Problems => reference::problems(),
        Page::Settings => settings::reference(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_of_the_reference_are_what_the_program_follows() {
        for (page, name, written) in [
            (Page::Metrics, "metrics", include_str!("../../docs/reference/metrics.md")),
            (Page::Problems, "problems", include_str!("../../docs/reference/problems.md")),
        ] {
            assert!(written == text(page), "write it anew: postduif reference {name} > docs/reference/{name}.md");
        }
    }
}
