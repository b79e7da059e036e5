//! Numbers for the operator's graphs: how many of what, never of whom.

use super::{Access, StoreError, fetch_all, fetch_optional, fetch_value, row};
use crate::domain::time::Timestamp;

row! {
    /// How every delivery of every edition stands, and how many wait in those that are going out.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct DeliveryTotals {
        pub accepted: i64,
        pub rejected: i64,
        pub expired: i64,
        pub skipped: i64,
        pub unknown: i64,
        pub queued: i64,
        pub sending: i64,
        pub deferred: i64,
    }
}

/// Subscriptions by status.
pub async fn subscriptions(on: &mut impl Access) -> Result<Vec<(String, i64)>, StoreError> {
    fetch_all!(on, (String, i64), "select status, count(*) from subscriptions group by status")
}

/// Suppressed addresses.
pub async fn suppressions(on: &mut impl Access) -> Result<i64, StoreError> {
    Ok(fetch_optional!(on, (i64,), "select count(*) from suppressions")?.map_or(0, |(count,)| count))
}

/// Deliveries by state, from the counters that the editions keep.
pub async fn deliveries(on: &mut impl Access) -> Result<DeliveryTotals, StoreError> {
    let totals = fetch_optional!(
        on,
        DeliveryTotals,
        "select cast(coalesce(sum(accepted), 0) as bigint) as accepted, cast(coalesce(sum(rejected), 0) as bigint) as rejected, \
         cast(coalesce(sum(expired), 0) as bigint) as expired, cast(coalesce(sum(skipped), 0) as bigint) as skipped, \
         cast(coalesce(sum(unknown), 0) as bigint) as unknown, \
         cast(coalesce(sum(case when status in ('sending', 'paused') then queued else 0 end), 0) as bigint) as queued, \
         cast(coalesce(sum(case when status in ('sending', 'paused') then sending else 0 end), 0) as bigint) as sending, \
         cast(coalesce(sum(case when status in ('sending', 'paused') then deferred else 0 end), 0) as bigint) as deferred \
         from editions"
    )?;
    Ok(totals.unwrap_or_default())
}

/// Letters that are owed, by state, and when the oldest of each was written.
pub async fn letters(on: &mut impl Access) -> Result<Vec<(String, i64, Timestamp)>, StoreError> {
    fetch_all!(on, (String, i64, Timestamp), "select state, count(*), min(created_at) from outbox group by state")
}

/// What other programs are still to be told.
pub async fn webhooks_waiting(on: &mut impl Access) -> Result<i64, StoreError> {
    fetch_value!(on, i64, "select count(*) from webhook_deliveries where state = 'queued'")
}
