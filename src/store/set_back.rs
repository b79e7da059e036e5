//! Moments that lie ahead, moved along when the clock is set back: what was to wait a minute still waits a minute.

use std::time::Duration;

use super::{StoreError, Tx, execute};
use crate::domain::time::Timestamp;

/// Moves whatever waits for a moment after `now` so much nearer, and forgets what is said to have happened after it. What
/// belongs to the calendar stays where it is.
pub async fn move_along(tx: &mut Tx, now: Timestamp, by: Duration) -> Result<(), StoreError> {
    let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    execute!(
        tx,
        "update deliveries set next_at = next_at - $2 where edition_id in (select id from editions where status in \
         ('sending', 'paused', 'cancelled')) and state in ('queued', 'deferred', 'sending', 'unknown') and next_at > $1",
        now,
        by
    )?;
    execute!(tx, "update editions set wave_until = wave_until - $2 where wave_until > $1", now, by)?;
    execute!(
        tx,
        "update outbox set next_at = next_at - $2 where state in ('queued', 'deferred') and next_at > $1",
        now,
        by
    )?;
    execute!(
        tx,
        "update webhook_deliveries set next_at = next_at - $2 where state = 'queued' and next_at > $1",
        now,
        by
    )?;
    execute!(tx, "update mailboxes set held_until = held_until - $2 where held_until > $1", now, by)?;
    execute!(tx, "update mailboxes set next_at = next_at - $2 where next_at > $1", now, by)?;
    execute!(tx, "update leases set until_at = until_at - $2 where until_at > $1", now, by)?;
    execute!(tx, "update domain_paces set resume_at = resume_at - $2 where resume_at > $1", now, by)?;
    // Or somebody who tried a minute ago would have to wait until that minute has come again.
    execute!(tx, "delete from attempts where at > $1", now)?;
    Ok(())
}
