//! Who sends: each process says again and again that it lives, and what it has trouble with.

use super::{Access, StoreError, Tx, execute, fetch_all, row};
use crate::domain::time::Timestamp;

row! {
    /// A process that sends, or did until it fell silent.
    #[derive(Clone, Debug)]
    pub struct WorkerRow {
        pub owner: String,
        /// Counted up with each sign of life: who sees it stand still need not compare clocks.
        pub beats: i64,
        pub seen_at: Timestamp,
        /// What keeps it from sending, in words.
        pub trouble: Option<String>,
        /// The mark of the database's server under which it works; empty on SQLite.
        pub boot: String,
    }
}

/// A process begins to send, or does so again after it was taken for dead or has lost its server, which it now knows by
/// the mark `boot`.
pub async fn enter(tx: &mut Tx, owner: &str, boot: &str, now: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into workers (owner, beats, seen_at, boot) values ($1, 1, $2, $3) \
         on conflict (owner) do update set beats = workers.beats + 1, seen_at = excluded.seen_at, boot = excluded.boot",
        owner,
        now,
        boot
    )?;
    Ok(())
}

/// A sign of life; `false` when others have taken this process for dead.
pub async fn beat(tx: &mut Tx, owner: &str, trouble: Option<&str>, now: Timestamp) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update workers set beats = beats + 1, seen_at = $2, trouble = $3 where owner = $1",
        owner,
        now,
        trouble
    )?;
    Ok(touched == 1)
}

/// It sends no longer.
pub async fn forget(tx: &mut Tx, owner: &str) -> Result<(), StoreError> {
    execute!(tx, "delete from workers where owner = $1", owner)?;
    Ok(())
}

/// All that have not said goodbye.
pub async fn all(on: &mut impl Access) -> Result<Vec<WorkerRow>, StoreError> {
    fetch_all!(on, WorkerRow, "select * from workers order by owner")
}
