//! Waiting for an edition to be out, with a line that shows how far it is; where nobody sends, this process does.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::domain::edition::EditionStatus;
use crate::flows::House;
use crate::flows::deliver::Mailer;
use crate::store::editions::{self, EditionRow};

/// How often the counters are read.
const LOOK: Duration = Duration::from_millis(200);

/// Sends until the edition is out, stopped or cancelled. Another process that sends already goes on, and this one
/// stands by.
pub async fn until_sent(house: &House, edition: EditionRow) -> anyhow::Result<EditionRow> {
    let mailer = Mailer::start(house, crate::app::relays(house));
    let ended = watch(house, edition.id).await;
    mailer.stop().await;
    clear();
    let edition = ended?;
    match edition.status {
        EditionStatus::Sent => Ok(edition),
        status => {
            let reason = edition.pause_reason.map_or_else(String::new, |reason| format!(" ({reason})"));
            bail!("edition {} is {status}{reason}; see `postduif edition report {}`", edition.id, edition.id)
        }
    }
}

async fn watch(house: &House, id: i64) -> anyhow::Result<EditionRow> {
    loop {
        let row = editions::by_id(&mut house.db.read().await?, id).await?;
        let row = row.with_context(|| format!("edition {id} is gone"))?;
        if row.status != EditionStatus::Sending {
            return Ok(row);
        }
        show(&row);
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                bail!("interrupted; what is in hand is finished, and a running `postduif serve` sends the rest");
            }
        }
    }
}

/// One line on a terminal, written over and over.
fn show(row: &EditionRow) {
    let (done, all) = (row.counts().finished(), row.audience.max(1));
    if std::io::stderr().is_terminal() {
        let filled = usize::try_from(done * 30 / all).unwrap_or_default().min(30);
        let bar = format!("{}{}", "█".repeat(filled), "░".repeat(30 - filled));
        eprint!("\r{bar} {done} of {} ({} deferred)\x1b[K", row.audience, row.deferred);
        let _ = std::io::stderr().flush();
    }
}

fn clear() {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
}
