//! `postduif migrate`: bring the database to this version, or everything in it to another database.

use clap::Args;
use serde_json::json;

use super::output::Output;
use super::{progress, start};
use crate::app;
use crate::clock::Clock;
use crate::config::{Config, DatabaseUrl, key_file};
use crate::flows::{House, restore};
use crate::store::{Db, migrate};

/// Bring the database to this version; `serve` does it too
#[derive(Args)]
pub struct Arguments {
    /// Then move everything to this empty database, of either engine, and compare
    #[arg(long, value_name = "URL")]
    to: Option<DatabaseUrl>,
    /// Say what would change, and change nothing
    #[arg(long, conflicts_with = "to")]
    dry_run: bool,
}

/// Makes the database where there is none; nothing happens to one that is up to date.
pub async fn run(arguments: Arguments, config: Config, output: &Output) -> anyhow::Result<()> {
    if arguments.dry_run {
        return look(&config, output).await;
    }
    if arguments.to.is_some() {
        start::must_be_there(&config)?;
    }
    let house = app::build(config, Clock::system()).await?;
    let outcome = match arguments.to {
        Some(to) => move_to(&house, to, output).await,
        None => ready(&house, output),
    };
    house.db.close().await;
    outcome
}

fn ready(house: &House, output: &Output) -> anyhow::Result<()> {
    let place = house.config.database_url.to_string();
    let version = env!("CARGO_PKG_VERSION");
    output.one(&json!({ "database": place, "version": version }), || {
        format!("The database {place} is ready for postduif {version}.")
    })?;
    Ok(())
}

async fn look(config: &Config, output: &Output) -> anyhow::Result<()> {
    let place = config.database_url.to_string();
    let there = config.database_url.sqlite_path().is_none_or(std::path::Path::exists);
    let applied = if there {
        let db = Db::open(config.database_url.reveal()).await?;
        let mut reader = db.read().await?;
        let applied = migrate::applied(&mut reader).await?;
        migrate::refuse_newer(&mut reader, &applied).await?;
        drop(reader);
        db.close().await;
        applied
    } else {
        Vec::new()
    };
    let missing = migrate::missing(&applied);
    let names: Vec<String> = missing.iter().map(|(version, name)| format!("{version:04} {name}")).collect();
    output.one(&json!({ "database": place, "missing": names }), || match names.as_slice() {
        [] => format!("{place} is up to date; nothing would change."),
        _ if applied.is_empty() => format!("{place} would be made, with {} schema changes.", names.len()),
        _ => format!("{place} would be backed up and get these schema changes: {}.", names.join(", ")),
    })?;
    Ok(())
}

async fn move_to(house: &House, to: DatabaseUrl, output: &Output) -> anyhow::Result<()> {
    let (from, place) = (house.config.database_url.to_string(), to.to_string());
    let key = house.config.database_url.sqlite_path().filter(|_| house.config.given_secret().is_none()).map(key_file);
    let key = match key {
        Some(file) if to.sqlite_path().is_none() => {
            format!("\nThe secret key goes along: set POSTDUIF_SECRET_KEY_FILE={} on every node.", file.display())
        }
        // Beside the new database lies a copy of it.
        Some(_) => String::new(),
        None => {
            "\nThe secret key goes along: leave POSTDUIF_SECRET_KEY, or POSTDUIF_SECRET_KEY_FILE, as it is.".to_owned()
        }
    };
    let moved = progress::during("moving, and comparing", restore::move_to(house, to)).await?;
    let tables = &moved.manifest.tables;
    output.one(&json!({ "from": from, "to": place, "rows": moved.rows, "tables": tables }), || {
        format!(
            "{} rows in {} tables are in {place} now, each table counted and hashed on both sides.\n\
             Set POSTDUIF_DATABASE_URL to it. {from} is as it was; do not serve it again.{key}",
            moved.rows,
            tables.len()
        )
    })?;
    Ok(())
}
