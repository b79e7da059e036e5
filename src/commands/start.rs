//! What commands that do something need first: a runtime, and the installation opened.

use anyhow::Context;

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
