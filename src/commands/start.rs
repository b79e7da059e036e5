//! What commands that do something need first: a runtime, and the installation opened.

use std::time::Duration;

use anyhow::{Context, bail};

use super::Global;
use crate::app;
use crate::clock::Clock;
use crate::config::Config;
use crate::flows::{House, tally};

/// How long threads may go on that somebody outside keeps waiting; nobody asks for what they would find any more.
const FAREWELL: Duration = Duration::from_millis(500);

/// Runs a command to its end.
///
/// # Errors
/// The command's own.
pub fn block_on<T>(command: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the machine lets us start no threads")?;
    let outcome = runtime.block_on(command);
    runtime.shutdown_timeout(FAREWELL);
    outcome
}

/// Whether there must be an installation already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    MustBeThere,
    MayBeNew,
}

/// Runs a command in the opened installation.
///
/// # Errors
/// The command's own, and where there must be an SQLite file and is none.
pub fn in_house<T>(
    global: &Global,
    place: Place,
    command: impl AsyncFnOnce(&House) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let config = global.load(None)?;
    if place == Place::MustBeThere {
        must_be_there(&config)?;
    }
    block_on(async {
        let house = app::build(config, Clock::system()).await?.by(super::ACTOR);
        let outcome = command(&house).await;
        if let Err(error) = tally::store(&house).await {
            tracing::debug!(%error, "what was counted is not stored");
        }
        house.db.close().await;
        outcome
    })
}

/// Nothing is made for a command that only wants to know, or works on what is there.
///
/// # Errors
/// Where the settings name an SQLite file that is not there.
pub fn must_be_there(config: &Config) -> anyhow::Result<()> {
    match config.database_url.sqlite_path() {
        Some(path) if !path.exists() => bail!(
            "there is no database {}; set POSTDUIF_DATABASE_URL to the one that `postduif serve` uses (`postduif config` \
             shows where settings come from, `postduif migrate` makes a new database)",
            std::path::absolute(path).as_deref().unwrap_or(path).display()
        ),
        _ => Ok(()),
    }
}
