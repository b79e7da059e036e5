//! What keeps a restored database from doing by itself what may have been done already.

use crate::domain::time::Timestamp;
use crate::store::{StoreError, Tx, execute, fetch_all};

/// What waits for a person after a restore.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Editions that were planned to go out; their moments must be set again.
    pub planned: Vec<i64>,
    /// Editions that were going out, now paused: some may have arrived after the backup was made.
    pub paused: Vec<i64>,
    /// Letters that were owed, now dropped: they may have left after the backup was made.
    pub letters: u64,
    /// What other programs were still to be told, now given up: they may have heard it, and can be told again.
    pub webhooks: u64,
    /// Moments of assembly that have passed, and are not made up for.
    pub assemblies: u64,
}

/// Takes away every moment that would fire by itself, every letter that is owed and every session.
pub async fn hold_back(tx: &mut Tx, now: Timestamp) -> Result<Held, StoreError> {
    let ids = |rows: Vec<(i64,)>| rows.into_iter().map(|(id,)| id).collect();
    let planned = fetch_all!(
        tx,
        (i64,),
        "update editions set status = case when status = 'scheduled' then 'approved' else status end, send_at = null, \
         pause_reason = case when status = 'scheduled' then $1 else pause_reason end, version = version + 1, updated_at = $2 \
         where status in ('draft', 'approved', 'scheduled') and send_at is not null returning id",
        REASON,
        now
    )?;
    let paused = fetch_all!(
        tx,
        (i64,),
        "update editions set status = 'paused', pause_reason = $1, version = version + 1, updated_at = $2 \
         where status = 'sending' returning id",
        REASON,
        now
    )?;
    let letters = execute!(tx, "delete from outbox")?;
    // Whose question was dropped must not be taken for somebody who did not answer it.
    execute!(tx, "delete from reconfirmations where stayed_at is null")?;
    let webhooks = execute!(
        tx,
        "update webhook_deliveries set state = 'failed', last_answer = $1, finished_at = $2 where state = 'queued'",
        REASON,
        now
    )?;
    execute!(tx, "delete from sessions")?;
    execute!(tx, "delete from leases")?;
    Ok(Held { planned: ids(planned), paused: ids(paused), letters, webhooks, assemblies: 0 })
}

/// Shown beside the editions.
const REASON: &str = "restored from a backup";
