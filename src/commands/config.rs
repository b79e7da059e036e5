//! `postduif config`: the settings as they hold, secrets masked, where each came from, and what DNS needs for them.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::Global;
use super::output::{Output, printable};
use crate::config::settings::{self, Fallback};
use crate::config::{Config, DkimKey, Effective};
use crate::domain::token::Keys;
use crate::flows::furniture_faults;
use crate::mail::dkim_key::DkimKey as Key;

/// Show the effective settings, with secrets masked, and where each came from
#[derive(Args)]
#[command(after_help = explained())]
pub struct Arguments {
    /// Print the page of the reference
    #[arg(long, hide = true)]
    reference: bool,
}

/// Every setting in a sentence, from the table that loading follows.
fn explained() -> String {
    let mut text =
        "Settings, as environment variables; each also exists as NAME_FILE, which names a file with the value, \
                    and in the TOML file in small letters without POSTDUIF_:\n"
            .to_owned();
    for setting in settings::ALL {
        let default = match &setting.default {
            Fallback::None => "none".to_owned(),
            Fallback::Value(value) => (*value).to_owned(),
            Fallback::Derived(words) => (*words).to_owned(),
        };
        text.push_str(&format!("\n  {}\n      {} [default: {default}]\n", setting.variable(), setting.doc));
    }
    text
}

#[derive(Serialize)]
struct Line<'a> {
    setting: String,
    key: &'a str,
    value: Option<&'a str>,
    origin: String,
}

pub fn run(arguments: &Arguments, global: &Global, output: &Output) -> anyhow::Result<ExitCode> {
    if arguments.reference {
        output.raw(settings::reference().as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = global.load(None)?;
    let records = records(&config);
    let record = |value| Line {
        setting: "DNS".to_owned(),
        key: "dkim record",
        value: Some(value),
        origin: "dkim_key_file".to_owned(),
    };
    let lines: Vec<Line<'_>> =
        config.effective().iter().map(line).chain(records.iter().map(|value| record(value.as_str()))).collect();
    output.list(&lines, &["setting", "value", "from"], "", |line| {
        vec![line.key.to_owned(), line.value.unwrap_or("–").to_owned(), line.origin.clone()]
    })?;
    let faults = in_the_way(&config);
    for fault in &faults {
        eprintln!("postduif: {}", printable(fault));
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What would stop `serve`, though each setting by itself is sound: a secret that is missing, a file that cannot be read.
fn in_the_way(config: &Config) -> Vec<String> {
    let secret = config.secret_without_making().map_err(|error| error.to_string());
    let keys = secret.and_then(|secret| match secret {
        Some(secret) => Keys::new(secret.reveal()).map(drop).map_err(|error| error.to_string()),
        None => Ok(()),
    });
    keys.err().into_iter().chain(furniture_faults(config).iter().map(ToString::to_string)).collect()
}

/// What must stand in DNS for each key that mail is signed with, to paste. A key that cannot be read is told among what is
/// in the way; the rest of the settings can be looked at all the same.
fn records(config: &Config) -> Vec<String> {
    let record = |key: &DkimKey| {
        let pem = std::fs::read(&key.key_file).ok()?;
        Some(Key::from_pem(&key.domain, &key.selector, &pem).ok()?.dns_record().line())
    };
    config.dkim.iter().filter_map(record).collect()
}

fn line(one: &Effective) -> Line<'_> {
    Line {
        setting: one.setting.variable(),
        key: one.setting.key,
        value: one.value.as_deref(),
        origin: one.origin.to_string(),
    }
}
