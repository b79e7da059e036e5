//! `postduif migrate`: bring the database to this version.

use serde_json::json;

use super::output::Output;
use crate::app;
use crate::clock::Clock;
use crate::config::Config;

/// Makes the database where there is none; nothing happens to one that is up to date.
pub async fn run(config: Config, output: &Output) -> anyhow::Result<()> {
    let house = app::build(config, Clock::system()).await?;
    house.db.close().await;
    let place = house.config.database_url.to_string();
    let version = env!("CARGO_PKG_VERSION");
    output.one(&json!({ "database": place, "version": version }), || {
        format!("The database {place} is ready for postduif {version}.")
    })?;
    Ok(())
}
