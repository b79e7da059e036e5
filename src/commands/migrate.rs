//! `postduif migrate`: bring the database to this version.

use serde_json::json;

use super::output::Output;
use crate::clock::Clock;
use crate::config::Config;
use crate::store::{Db, migrate};

/// Makes the database where there is none; nothing happens to one that is up to date.
pub async fn run(config: &Config, output: &Output) -> anyhow::Result<()> {
    // First, because a database that has no key beside it is taken for one that has lost it.
    config.secret_key(&Clock::system())?;
    let db = Db::open(config.database_url.reveal()).await?;
    let migrated = migrate::migrate(&db).await;
    db.close().await;
    migrated?;
    let place = config.database_url.to_string();
    let version = env!("CARGO_PKG_VERSION");
    output.one(&json!({ "database": place, "version": version }), || {
        format!("The database {place} is ready for postduif {version}.")
    })?;
    Ok(())
}
