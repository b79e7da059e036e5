//! Editions whose moment has come, or that have waited too long: what the clock and the senders look for.

use super::super::{Access, StoreError, Tx, execute, fetch_all};
use super::EditionRow;
use crate::domain::time::Timestamp;

/// Editions that a sender must look after: going out, or cancelled while somebody still waited.
pub async fn busy(on: &mut impl Access) -> Result<Vec<EditionRow>, StoreError> {
    fetch_all!(
        on,
        EditionRow,
        "select * from editions where status = 'sending' or (status = 'cancelled' and started_at is not null \
         and queued + deferred > 0) order by started_at, id"
    )
}

/// Editions of which deliveries are claimed.
pub async fn with_claims(on: &mut impl Access) -> Result<Vec<i64>, StoreError> {
    let rows = fetch_all!(on, (i64,), "select id from editions where sending > 0 order by id")?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Editions whose sending moment has come.
pub async fn due_for_sending(on: &mut impl Access, now: Timestamp) -> Result<Vec<EditionRow>, StoreError> {
    fetch_all!(
        on,
        EditionRow,
        "select * from editions where status = 'scheduled' and send_at <= $1 order by send_at, id",
        now
    )
}

/// Drafts that leave by themselves after their review.
pub async fn drafts_past_review(on: &mut impl Access, now: Timestamp) -> Result<Vec<EditionRow>, StoreError> {
    fetch_all!(
        on,
        EditionRow,
        "select e.* from editions e join newsletters n on n.id = e.newsletter_id \
         where e.status in ('draft', 'approved') and e.send_at <= $1 and n.approval = 'automatic' order by e.send_at, e.id",
        now
    )
}

/// Approved editions that only a person lets go, and whose proposed moment has passed since without that.
pub async fn passed_by(on: &mut impl Access, now: Timestamp) -> Result<Vec<EditionRow>, StoreError> {
    fetch_all!(
        on,
        EditionRow,
        "select e.* from editions e join newsletters n on n.id = e.newsletter_id \
         where e.status = 'approved' and e.send_at <= $1 and e.approved_at < e.send_at and n.approval = 'required' \
         order by e.send_at, e.id",
        now
    )
}

/// Lets its proposed moment pass, if nobody else has: whoever gets `true` tells it.
pub async fn pass(tx: &mut Tx, edition: &EditionRow, now: Timestamp) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update editions set send_at = null, updated_at = $3 where id = $1 and send_at = $2 and status = 'approved'",
        edition.id,
        edition.send_at,
        now
    )?;
    Ok(touched == 1)
}

/// Drafts and approved editions that have waited since before `since` without anybody touching them, and of which people were
/// reminded less often than `most` times. Those that leave by themselves wait for nobody.
pub async fn forgotten(on: &mut impl Access, since: Timestamp, most: i64) -> Result<Vec<EditionRow>, StoreError> {
    fetch_all!(
        on,
        EditionRow,
        "select e.* from editions e join newsletters n on n.id = e.newsletter_id where e.status in ('draft', 'approved') \
         and e.reminders < $2 and coalesce(e.reminded_at, e.created_at) <= $1 and e.updated_at <= $1 \
         and (e.send_at is null or n.approval = 'required') order by e.id",
        since,
        most
    )
}

/// Notes a reminder, if nobody else has: whoever gets `true` writes it.
pub async fn reminded(tx: &mut Tx, edition: &EditionRow, now: Timestamp) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update editions set reminders = reminders + 1, reminded_at = $3 where id = $1 and reminders = $2 and status = $4",
        edition.id,
        edition.reminders,
        now,
        edition.status,
    )?;
    Ok(touched == 1)
}
