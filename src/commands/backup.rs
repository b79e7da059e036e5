//! `postduif backup` and `postduif restore`: a proved copy of everything, and back, into either engine.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::output::{Output, card};
use super::progress;
use crate::clock::Clock;
use crate::config::{Config, put_key};
use crate::flows::backup::Made;
use crate::flows::restore::{Into, Restored, key_inside, restore};
use crate::flows::{House, backup};
use crate::store::backup::{Manifest, TableSum};

/// Copy everything into one file while serving goes on, and prove the copy
#[derive(Args)]
pub struct Arguments {
    /// The file to write; an older backup of this name is replaced
    file: PathBuf,
    /// Leave the secret key out, for a place that is less safe than the key: restoring then needs POSTDUIF_SECRET_KEY_FILE
    #[arg(long)]
    without_key: bool,
}

/// Put a backup of either engine into this database; nothing due fires by itself afterwards
#[derive(Args)]
pub struct RestoreArguments {
    /// The backup
    file: PathBuf,
    /// Replace the data that is there
    #[arg(long)]
    replace: bool,
    /// Only write the secret key that is in the backup to this file
    #[arg(long, value_name = "KEYFILE", conflicts_with = "replace")]
    key_to: Option<PathBuf>,
}

#[derive(Serialize)]
struct Answer<'a> {
    file: String,
    made_at: &'a str,
    engine: &'a str,
    schema: i64,
    rows: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    key: &'static str,
    tables: &'a BTreeMap<String, TableSum>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<HeldAnswer<'a>>,
}

#[derive(Serialize)]
struct HeldAnswer<'a> {
    planned: &'a [i64],
    paused: &'a [i64],
    letters: u64,
    webhooks: u64,
    assemblies: u64,
    before: Option<String>,
}

impl<'a> Answer<'a> {
    fn of(file: &std::path::Path, manifest: &'a Manifest) -> Self {
        Self {
            file: file.display().to_string(),
            made_at: &manifest.made_at,
            engine: &manifest.engine,
            schema: manifest.schema,
            rows: manifest.rows(),
            bytes: None,
            key: if manifest.key_inside { "inside" } else { "apart" },
            tables: &manifest.tables,
            held: None,
        }
    }
}

pub async fn run(arguments: &Arguments, house: &House, output: &Output) -> anyhow::Result<()> {
    let Made { file, bytes, manifest } = progress::during(
        "copying, and reading again",
        backup::make_with(house.into(), &arguments.file, !arguments.without_key),
    )
    .await?;
    let answer = Answer { bytes: Some(bytes), ..Answer::of(&file, &manifest) };
    output.one(&answer, || {
        let key = if manifest.key_inside {
            "in the file, which is therefore as secret as the key itself"
        } else {
            "not in the file: keep it safe too, but not beside the backup; without it no link in a mail works"
        };
        card(&[
            ("backup", file.display().to_string()),
            ("rows", manifest.rows().to_string()),
            ("size", format!("{bytes} bytes")),
            ("proved", "every row was read again and compared".to_owned()),
            ("secret key", key.to_owned()),
        ])
    })?;
    Ok(())
}

pub async fn run_restore(arguments: &RestoreArguments, config: &Config, output: &Output) -> anyhow::Result<()> {
    let clock = Clock::system();
    anyhow::ensure!(arguments.file.exists(), "there is no such file: {}", arguments.file.display());
    if let Some(file) = &arguments.key_to {
        anyhow::ensure!(!file.exists(), "{} is there already; choose another name", file.display());
        put_key(file, &key_inside(&arguments.file).await?, &clock).context("the key was not written")?;
        let file = file.display().to_string();
        output.one(&serde_json::json!({ "key_file": file }), || {
            format!("The secret key is in {file}; set POSTDUIF_SECRET_KEY_FILE={file}.")
        })?;
        return Ok(());
    }
    let into = if arguments.replace { Into::Replacing } else { Into::Empty };
    let restored = progress::during("restoring", restore(config, &clock, &arguments.file, into)).await?;
    let (held, before) = (&restored.held, restored.before.as_ref().map(|file| file.display().to_string()));
    let answer = Answer {
        held: Some(HeldAnswer {
            planned: &held.planned,
            paused: &held.paused,
            letters: held.letters,
            webhooks: held.webhooks,
            assemblies: held.assemblies,
            before,
        }),
        ..Answer::of(&arguments.file, &restored.manifest)
    };
    output.one(&answer, || text(&restored))?;
    Ok(())
}

fn text(restored: &Restored) -> String {
    let Restored { manifest, rows, held, before } = restored;
    let mut lines = vec![format!(
        "{rows} rows are restored from {}, as they were at {}, and were counted and hashed on arrival.",
        manifest.engine, manifest.made_at
    )];
    if let Some(before) = before {
        lines.push(format!("What was here before is in {}.", before.display()));
    }
    for id in &held.planned {
        lines.push(format!("Edition {id} had a moment to go out; it waits until you send it or give it a new one."));
    }
    for id in &held.paused {
        lines.push(format!(
            "Edition {id} was going out and is paused. Some may have got it after the backup was made, and would get it \
             twice: look, then `postduif edition resume {id}` or `cancel {id}`."
        ));
    }
    if held.letters > 0 {
        lines.push(format!("{} letters that were owed are dropped: they may have left already.", held.letters));
    }
    if held.webhooks > 0 {
        lines.push(format!(
            "{} webhooks that waited are given up: the other side may have heard them; each can be told again.",
            held.webhooks
        ));
    }
    if held.assemblies > 0 {
        lines.push(format!("{} moments of assembly that have passed are not made up for.", held.assemblies));
    }
    lines.push("Who signed up or left after the backup was made is not in it.".to_owned());
    lines.join("\n")
}
