//! Moments of the calendar that have been dealt with: each once, whatever the number of nodes and restarts.

use super::{Access, StoreError, Tx, execute, fetch_all, fetch_value};
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

/// A moment that somebody began and did not end.
pub struct LeftMoment {
    pub scope: String,
    pub due_at: Timestamp,
}

/// Takes a moment, or takes over one that was begun before `stale` and never ended; `false` when it is another's or done.
pub async fn begin(
    tx: &mut Tx,
    kind: &str,
    scope: &str,
    due_at: Timestamp,
    stale: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let taken = execute!(
        tx,
        "insert into moments (kind, scope, due_at, state, node, started_at) values ($1, $2, $3, 'running', '', $5) \
         on conflict (kind, scope, due_at) do update set started_at = excluded.started_at \
         where moments.state = 'running' and moments.started_at <= $4",
        kind,
        scope,
        due_at,
        stale,
        now
    )?;
    Ok(taken == 1)
}

/// Moments that were begun before `stale` and never ended: whoever had them is gone.
pub async fn left(on: &mut impl Access, kind: &str, stale: Timestamp) -> Result<Vec<LeftMoment>, StoreError> {
    let rows = fetch_all!(
        on,
        (String, Timestamp),
        "select scope, due_at from moments where kind = $1 and state = 'running' and started_at <= $2 order by due_at, scope",
        kind,
        stale,
    )?;
    Ok(rows.into_iter().map(|(scope, due_at)| LeftMoment { scope, due_at }).collect())
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
