//! What commands that do something need first: a runtime, and the installation opened.

use anyhow::Context;

use super::Global;
use crate::app;
use crate::clock::Clock;
use crate::flows::House;

/// Runs a command to its end.
///
/// # Errors
/// The command's own.
pub fn block_on<T>(command: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the machine lets us start no threads")?
        .block_on(command)
}

/// Runs a command in the opened installation.
///
/// # Errors
/// The command's own.
pub fn in_house<T>(global: &Global, command: impl AsyncFnOnce(&House) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let config = global.load(None)?;
    block_on(async {
        let house = app::build(config, Clock::system()).await?;
        let outcome = command(&house).await;
        house.db.close().await;
        outcome
    })
}
