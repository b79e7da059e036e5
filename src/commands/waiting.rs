//! Waiting for an edition to be out, with a line that shows how far it is; where nobody sends, this process does.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::progress;
use crate::domain::edition::EditionStatus;
use crate::flows::deliver::Mailer;
use crate::flows::{House, keep_schedule};
use crate::store::editions::{self, EditionRow};

/// How often the counters are read.
const LOOK: Duration = Duration::from_millis(200);

/// Sends until the edition is out, stopped or cancelled. Another process that sends already goes on, and this one
/// stands by.
pub async fn until_sent(house: &House, edition: EditionRow) -> anyhow::Result<EditionRow> {
    let mailer = Mailer::start(house, crate::app::relays(house));
    let ended = watch(house, edition.id).await;
    mailer.stop().await;
    progress::clear();
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
    let mut begun = None;
    loop {
        let row = editions::by_id(&mut house.db.read().await?, id).await?;
        let row = row.with_context(|| format!("edition {id} is gone"))?;
        let planned = match row.status {
            EditionStatus::Sending => false,
            EditionStatus::Scheduled => true,
            _ => return Ok(row),
        };
        if planned {
            keep_schedule::begin_if_due(house, &row).await?;
        }
        let (since, first) = *begun.get_or_insert_with(|| (Instant::now(), row.counts().finished()));
        show(&row, first, since.elapsed());
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                bail!(if planned {
                    "interrupted; the edition stays planned, and a running `postduif serve` sends it"
                } else {
                    "interrupted; what is in hand is finished, and a running `postduif serve` sends the rest"
                });
            }
        }
    }
}

/// One line on a terminal, written over and over. `first` were done when we began to look, so long ago.
fn show(row: &EditionRow, first: i64, elapsed: Duration) {
    if row.status == EditionStatus::Scheduled {
        let at = row.send_at.map_or_else(String::new, |at| at.to_string());
        return progress::show(|| format!("edition {} goes out at {at}", row.id));
    }
    let done = row.counts().finished();
    progress::show(|| {
        let bar = progress::bar(done.unsigned_abs(), row.audience.unsigned_abs());
        let (since, all) = (done.saturating_sub(first), row.audience.saturating_sub(first));
        let left = progress::left(since.unsigned_abs(), all.unsigned_abs(), elapsed);
        format!("{bar} {done} of {} ({} deferred){left}", row.audience, row.deferred)
    });
}
