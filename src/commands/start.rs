//! What commands that do something need first: a runtime, and the installation opened.

use anyhow::{Context, bail};

use super::Global;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::token::Keys;
use crate::flows::House;
use crate::store::{Db, meta, migrate};

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
pub fn in_house(global: &Global, command: impl AsyncFnOnce(&House) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let config = global.load(None)?;
    block_on(async {
        let house = open(config).await?;
        let outcome = command(&house).await;
        house.db.close().await;
        outcome
    })
}

/// Opens the installation: its secret, its database brought to this version, and proof that they belong together.
///
/// # Errors
/// With a sentence that says what to do.
pub async fn open(config: Config) -> anyhow::Result<House> {
    let clock = Clock::system();
    // First, because a database that has no key beside it is taken for one that has lost it.
    let secret = config.secret_key(&clock)?;
    let keys = Keys::new(secret.reveal())?;
    let db = Db::open(config.database_url.reveal()).await?;
    migrate::migrate(&db).await?;
    let mut tx = db.write().await?;
    let known = meta::settle(&mut tx, "secret_fingerprint", &keys.fingerprint()).await?;
    tx.commit().await?;
    if known != keys.fingerprint() {
        bail!(
            "the secret key is not the one with which the database {} was made; give that one, because with another key \
             every link in mails already sent is dead",
            config.database_url
        );
    }
    Ok(House::new(db, clock, keys, config)?)
}
