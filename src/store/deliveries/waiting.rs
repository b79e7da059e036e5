//! What waits: for its moment, for a person's decision, or because its owner died.

use super::super::{Access, StoreError, Tx, execute, fetch_all, fetch_value};
use super::claims::MOST_CUTS;
use super::notes::move_counts;
use crate::domain::delivery::DeliveryState;
use crate::domain::time::Timestamp;

/// Gives back what dead owners had claimed, some at a time: what was started is uncertain, the rest waits again.
/// With `in_doubt` even what was only claimed is uncertain, because a start may have been lost with the power.
/// Says how many rows it gave back.
pub async fn release_owner(
    tx: &mut Tx,
    edition_id: i64,
    owner: &str,
    in_doubt: bool,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let rows = fetch_all!(
        tx,
        (i64, DeliveryState),
        "update deliveries set owner = null, claimed_at = null, next_at = $3, \
         state = case when started_at is not null or $4 then 'unknown' else 'queued' end, \
         reason = case when started_at is not null or $4 then 'interrupted' else reason end, \
         finished_at = case when started_at is not null or $4 then $3 else finished_at end \
         where edition_id = $1 and state = 'sending' \
         and state in ('queued', 'deferred', 'sending', 'unknown') and next_at >= 0 and owner = $2 \
         returning edition_id, state",
        edition_id,
        owner,
        now,
        in_doubt,
    )?;
    move_counts(tx, DeliveryState::Sending, &rows, now).await?;
    Ok(rows.len())
}

/// Who holds claims of an edition.
pub async fn owners(on: &mut impl Access, edition_id: i64) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(
        on,
        (String,),
        "select distinct owner from deliveries where edition_id = $1 and state = 'sending' \
         and state in ('queued', 'deferred', 'sending', 'unknown') and next_at >= 0 and owner is not null",
        edition_id
    )?;
    Ok(rows.into_iter().map(|(owner,)| owner).collect())
}

/// Passes over what still waits in a cancelled edition, some at a time; says how many.
pub async fn skip_waiting(
    tx: &mut Tx,
    edition_id: i64,
    reason: &str,
    limit: i64,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let mut skipped = 0;
    for state in [DeliveryState::Queued, DeliveryState::Deferred] {
        let rows = fetch_all!(
            tx,
            (i64, DeliveryState),
            "update deliveries set state = 'skipped', reason = $2, finished_at = $3 where edition_id = $1 and seq in \
             (select seq from deliveries where edition_id = $1 and state = $4 \
             and state in ('queued', 'deferred', 'sending', 'unknown') and next_at >= 0 order by next_at, seq limit $5) \
             returning edition_id, state",
            edition_id,
            reason,
            now,
            state,
            limit,
        )?;
        move_counts(tx, state, &rows, now).await?;
        skipped += rows.len();
    }
    Ok(skipped)
}

/// How many uncertain deliveries will still be repeated, where each may be so `repeats` times.
pub async fn repeatable(on: &mut impl Access, edition_id: i64, repeats: i64) -> Result<i64, StoreError> {
    fetch_value!(
        on,
        i64,
        "select count(*) from deliveries where edition_id = $1 and state = 'unknown' \
         and state in ('queued', 'deferred', 'sending', 'unknown') and next_at >= 0 and $2 > 0 and case when reason = 'interrupted' then cuts < $3 else repeats < $2 end",
        edition_id,
        repeats,
        MOST_CUTS,
    )
}

/// When the next waiting delivery is due; an uncertain one waits while it may be repeated, `repeats` times at most.
pub async fn next_due(on: &mut impl Access, edition_id: i64, repeats: i64) -> Result<Option<Timestamp>, StoreError> {
    fetch_value!(
        on,
        Option<Timestamp>,
        "select min(next_at) from (select (select next_at from deliveries where edition_id = $1 and state = 'queued' \
         and state in ('queued', 'deferred', 'sending', 'unknown') and next_at >= 0 order by next_at limit 1) as next_at \
         union all select (select next_at from deliveries where edition_id = $1 and state = 'deferred' \
         and state in ('queued', 'deferred', 'sending', 'unknown') and next_at >= 0 order by next_at limit 1) \
         union all select (select next_at from deliveries where edition_id = $1 and state = 'unknown' \
         and state in ('queued', 'deferred', 'sending', 'unknown') and next_at >= 0 and $2 > 0 \
         and case when reason = 'interrupted' then cuts < $3 else repeats < $2 end order by next_at limit 1)) as due",
        edition_id,
        repeats,
        MOST_CUTS,
    )
}

/// Makes deferred deliveries due at once; says how many.
pub async fn hurry_deferred(tx: &mut Tx, edition_id: i64, now: Timestamp) -> Result<u64, StoreError> {
    execute!(
        tx,
        "update deliveries set next_at = $2 where edition_id = $1 and state = 'deferred' \
         and state in ('queued', 'deferred', 'sending', 'unknown') and next_at > $2",
        edition_id,
        now
    )
}

/// Lets everything uncertain be sent once more, by the same Message-ID; says how many. Its repeats begin anew.
pub async fn repeat_unknown(tx: &mut Tx, edition_id: i64, now: Timestamp) -> Result<usize, StoreError> {
    let rows = fetch_all!(
        tx,
        (i64, DeliveryState),
        "update deliveries set state = 'queued', next_at = $2, repeats = 0, cuts = 0, finished_at = null \
         where edition_id = $1 and state = 'unknown' returning edition_id, state",
        edition_id,
        now
    )?;
    move_counts(tx, DeliveryState::Unknown, &rows, now).await?;
    Ok(rows.len())
}
