//! Moments of the calendar that have been dealt with: each once, whatever the number of nodes and restarts.

use super::{Access, StoreError, Tx, execute, fetch_value};
use crate::domain::text_enum::text_enum;
use crate::domain::time::Timestamp;

text_enum! {
    /// How a moment ended.
    pub enum MomentState ("state of a moment") {
        Running = "running",
        Done = "done",
        Missed = "missed",
        Failed = "failed",
    }
}

/// Takes a moment; `false` when it was taken before.
pub async fn begin(
    tx: &mut Tx,
    kind: &str,
    scope: &str,
    due_at: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let inserted = execute!(
        tx,
        "insert into moments (kind, scope, due_at, state, node, started_at) values ($1, $2, $3, 'running', '', $4) \
         on conflict (kind, scope, due_at) do nothing",
        kind,
        scope,
        due_at,
        now
    )?;
    Ok(inserted == 1)
}

/// Notes how a moment ended.
pub async fn end(
    tx: &mut Tx,
    kind: &str,
    scope: &str,
    due_at: Timestamp,
    state: MomentState,
    outcome: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "update moments set state = $4, outcome = $5, finished_at = $6 where kind = $1 and scope = $2 and due_at = $3",
        kind,
        scope,
        due_at,
        state.as_str(),
        outcome,
        now,
    )?;
    Ok(())
}

/// The latest moment of a kind that was dealt with.
pub async fn latest(on: &mut impl Access, kind: &str) -> Result<Option<Timestamp>, StoreError> {
    fetch_value!(on, Option<Timestamp>, "select max(finished_at) from moments where kind = $1", kind)
}
