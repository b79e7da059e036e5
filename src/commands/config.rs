//! `postduif config`: the settings as they hold, secrets masked, and where each came from.

use clap::Args;
use serde::Serialize;

use super::Global;
use super::output::Output;
use crate::config::Effective;

/// Show the effective settings, with secrets masked, and where each came from
#[derive(Args)]
pub struct Arguments {}

#[derive(Serialize)]
struct Line<'a> {
    setting: String,
    key: &'a str,
    value: Option<&'a str>,
    origin: String,
}

pub fn run(_: &Arguments, global: &Global, output: &Output) -> anyhow::Result<()> {
    let config = global.load(None)?;
    let lines: Vec<Line<'_>> = config.effective().iter().map(line).collect();
    output.list(&lines, &["setting", "value", "from"], "", |line| {
        vec![line.key.to_owned(), line.value.unwrap_or("–").to_owned(), line.origin.clone()]
    })?;
    Ok(())
}

fn line(one: &Effective) -> Line<'_> {
    Line {
        setting: one.setting.variable(),
        key: one.setting.key,
        value: one.value.as_deref(),
        origin: one.origin.to_string(),
    }
}
