//! An edition on its way: from one status to the next, when, by whom, and what holds it up.

use super::super::{StoreError, Tx, execute, webhooks};
use crate::domain::edition::EditionStatus;
use crate::domain::safety::StopReason;
use crate::domain::time::Timestamp;
use crate::domain::webhook::Event;

/// Takes the edition from one status to another, if it is still there; whoever gets `true` did it.
pub async fn change_status(
    tx: &mut Tx,
    id: i64,
    from: EditionStatus,
    to: EditionStatus,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update editions set status = $3, pause_reason = $4, updated_at = $5, version = version + 1, \
         started_at = case when $3 = 'sending' then coalesce(started_at, $5) else started_at end, \
         finished_at = case when $3 in ('sent', 'cancelled') then $5 when $3 = 'sending' then null else finished_at end \
         where id = $1 and status = $2",
        id,
        from,
        to,
        reason,
        now,
    )?;
    if touched == 1 {
        webhooks::about_edition(tx, id, Event::of_edition(to), now).await?;
    }
    Ok(touched == 1)
}

/// Counts what came back.
pub async fn count_feedback(
    tx: &mut Tx,
    id: i64,
    bounced: i64,
    policy_refusals: i64,
    complained: i64,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "update editions set bounced = bounced + $2, policy_refusals = policy_refusals + $3, complained = complained + $4 where id = $1",
        id,
        bounced,
        policy_refusals,
        complained,
    )?;
    Ok(())
}

/// Notes for which reason the sending stopped by itself.
pub async fn note_stop(tx: &mut Tx, id: i64, reason: StopReason) -> Result<(), StoreError> {
    execute!(tx, "update editions set stopped_for = $2 where id = $1", id, reason.as_str())?;
    Ok(())
}

/// Takes it out of the archive, or puts it back; `false` when it stood there already as it was to.
pub async fn withdraw(tx: &mut Tx, id: i64, withdrawn: bool, now: Timestamp) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update editions set withdrawn = $2, updated_at = $3 where id = $1 and withdrawn <> $2",
        id,
        withdrawn,
        now
    )?;
    Ok(touched == 1)
}

/// Somebody lets it go on: the reason for which it stopped stops it no more.
pub async fn overrule_stop(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    execute!(
        tx,
        "update editions set overruled = overruled || ' ' || stopped_for, stopped_for = null \
         where id = $1 and stopped_for is not null",
        id
    )?;
    Ok(())
}

/// The first wave is complete: the rest waits until then. The first to say so counts.
pub async fn begin_pause(tx: &mut Tx, id: i64, until: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update editions set wave_until = $2 where id = $1 and wave_until is null", id, until)?;
    Ok(())
}

/// Sets or clears the moment at which it goes out by itself.
pub async fn plan(tx: &mut Tx, id: i64, send_at: Option<Timestamp>, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update editions set send_at = $2, hold = false, updated_at = $3 where id = $1", id, send_at, now)?;
    Ok(())
}

/// Notes who let it go out, and whether its moment is a hold that can be taken back.
pub async fn ordered(tx: &mut Tx, id: i64, by: Option<&str>, hold: bool) -> Result<(), StoreError> {
    execute!(tx, "update editions set ordered_by = $2, hold = $3 where id = $1", id, by, hold)?;
    Ok(())
}

/// Notes that a person left so many uncertain deliveries as they are.
pub async fn leave_unknown(tx: &mut Tx, id: i64, count: i64) -> Result<(), StoreError> {
    execute!(tx, "update editions set unknown_left = $2 where id = $1", id, count)?;
    Ok(())
}
