//! `postduif serve`: pages, API, scheduler and mailer, until told to stop.

use clap::{Args, ValueEnum};

use crate::app::{self, Parts, Signals};
use crate::clock::Clock;
use crate::config::Config;
use crate::flows::first_start;

/// Serve web pages and the API, keep the schedule, send mail
#[derive(Args)]
pub struct Arguments {
    /// Address and port for HTTP
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Run one part alone, where others run elsewhere
    #[arg(long, value_name = "PART")]
    only: Option<Only>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Only {
    Web,
    Worker,
}

pub async fn run(config: Config, arguments: &Arguments) -> anyhow::Result<()> {
    let parts = match arguments.only {
        None => Parts::All,
        Some(Only::Web) => Parts::Web,
        Some(Only::Worker) => Parts::Worker,
    };
    let house = app::build(config, Clock::system()).await?;
    let signals = Signals::heard()?;
    let running = app::serve(house, parts).await?;
    let engine = running.house.db.engine();
    if running.address.is_some()
        && let Some(link) = first_start::invite(&running.house).await?
    {
        let minutes = first_start::VALID.as_secs() / 60;
        tracing::warn!("nobody can sign in yet; open this link within {minutes} minutes to set things up: {link}");
    }
    match running.address {
        Some(address) => tracing::info!(%address, url = %running.house.config.public_url, engine, "serving"),
        None => tracing::info!(engine, "working"),
    }
    running.until_told(signals).await;
    Ok(())
}
