//! What commands that do something need first: a runtime, and the installation opened.

use std::time::Duration;

use anyhow::Context;

use super::Global;
use crate::app;
use crate::clock::Clock;
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

/// Runs a command in the opened installation.
///
/// # Errors
/// The command's own.
pub fn in_house<T>(global: &Global, command: impl AsyncFnOnce(&House) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let config = global.load(None)?;
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
