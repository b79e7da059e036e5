//! Addresses that must not be mailed, known by their keyed hash.

use std::collections::HashMap;

use super::verbs::{Both, execute_many, in_hex, of_engine, of_hashes};
use super::{Access, StoreError, Tx, execute, fetch_all, fetch_optional, fetch_value, row, webhooks};
use crate::domain::suppression::SuppressionReason;
use crate::domain::time::Timestamp;

row! {
    /// A suppression as it is stored.
    #[derive(Clone)]
    pub struct SuppressionRow {
        pub id: i64,
        pub address_hash: Vec<u8>,
        /// Gone after erasure.
        pub email: Option<String>,
        pub reason: SuppressionReason,
        pub note: Option<String>,
        pub created_at: Timestamp,
    }
}

/// The suppression of this address.
pub async fn by_hash(on: &mut impl Access, address_hash: &[u8]) -> Result<Option<SuppressionRow>, StoreError> {
    fetch_optional!(
        on,
        SuppressionRow,
        "select id, address_hash, email, reason, note, created_at from suppressions where address_hash = $1",
        address_hash
    )
}

pub(super) const AMONG: Both = of_hashes!("select address_hash, reason from suppressions where address_hash ", "");

/// Which of these addresses must not be mailed, and why.
pub async fn among<'h>(
    on: &mut impl Access,
    hashes: impl Iterator<Item = &'h [u8]>,
) -> Result<HashMap<Vec<u8>, SuppressionReason>, StoreError> {
    let (query, hashes) = (of_engine(on, AMONG), in_hex(hashes));
    Ok(fetch_all!(on, (Vec<u8>, SuppressionReason), query, hashes)?.into_iter().collect())
}

/// Suppresses an address; one that is suppressed keeps its reason unless this one is a complaint or an erasure. An
/// erasure leaves a complaint and an administrator's block what they are: their owner alone does not lift them.
pub async fn insert(
    tx: &mut Tx,
    address_hash: &[u8],
    email: Option<&str>,
    reason: SuppressionReason,
    note: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    webhooks::about_suppression(tx, address_hash, email, reason.as_str(), now).await?;
    execute!(
        tx,
        "insert into suppressions (address_hash, email, reason, note, created_at) values ($1, $2, $3, $4, $5) \
         on conflict (address_hash) do update set reason = case \
         when 'complained' in (suppressions.reason, excluded.reason) then 'complained' \
         when excluded.reason = 'erased' and suppressions.reason <> 'manual' then 'erased' else suppressions.reason end, \
         email = case when excluded.reason = 'erased' then null else suppressions.email end, \
         note = case when excluded.reason = 'erased' then null else suppressions.note end",
        address_hash,
        email,
        reason,
        note,
        now,
    )?;
    Ok(())
}

/// An address that must not be mailed.
pub struct NewSuppression<'a> {
    pub address_hash: &'a [u8],
    pub email: &'a str,
    pub reason: SuppressionReason,
}

/// Suppresses addresses, all at once, each as [`insert`] does.
pub async fn insert_many(
    tx: &mut Tx,
    suppressions: &[NewSuppression<'_>],
    note: Option<&str>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let told: Vec<_> = suppressions.iter().map(|one| (one.email, one.reason)).collect();
    webhooks::about_suppressions(tx, &told, now).await?;
    execute_many!(
        tx,
        "insert into suppressions (address_hash, email, reason, note, created_at)",
        "on conflict (address_hash) do update set reason = excluded.reason where excluded.reason = 'complained'",
        suppressions,
        |one| [one.address_hash, one.email, one.reason, note, now]
    )
    .await
}

/// Lifts the suppression of an address; says whether there was one.
pub async fn delete(tx: &mut Tx, address_hash: &[u8]) -> Result<bool, StoreError> {
    Ok(execute!(tx, "delete from suppressions where address_hash = $1", address_hash)? == 1)
}

/// A page of suppressions in order of id.
pub async fn page(on: &mut impl Access, after: i64, limit: i64) -> Result<Vec<SuppressionRow>, StoreError> {
    fetch_all!(
        on,
        SuppressionRow,
        "select id, address_hash, email, reason, note, created_at from suppressions where id > $1 order by id limit $2",
        after,
        limit
    )
}

/// A page of suppressed addresses that are known and belong to nobody who is, in order of id.
pub async fn of_strangers(on: &mut impl Access, after: i64, limit: i64) -> Result<Vec<SuppressionRow>, StoreError> {
    fetch_all!(
        on,
        SuppressionRow,
        "select x.id, x.address_hash, x.email, x.reason, x.note, x.created_at from suppressions x where x.id > $1 \
         and x.email is not null and not exists (select 1 from subscribers p join subscriptions s on s.subscriber_id = p.id \
         where p.email_key = lower(x.email)) order by x.id limit $2",
        after,
        limit
    )
}

/// Reduces suppressions that came before `before` to their hashes; says how many.
pub async fn forget_addresses(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    execute!(
        tx,
        "update suppressions set email = null, note = null where created_at < $1 and (email is not null or note is not null)",
        before
    )
}

/// Reduces one suppression to its hash.
pub async fn forget_address(tx: &mut Tx, address_hash: &[u8]) -> Result<(), StoreError> {
    execute!(tx, "update suppressions set email = null, note = null where address_hash = $1", address_hash)?;
    Ok(())
}

/// The newest suppressions first; `before` is the last id of the page before.
pub async fn newest(on: &mut impl Access, before: i64, limit: i64) -> Result<Vec<SuppressionRow>, StoreError> {
    fetch_all!(
        on,
        SuppressionRow,
        "select id, address_hash, email, reason, note, created_at from suppressions where id < $1 order by id desc limit $2",
        before,
        limit
    )
}

/// How many addresses must not be mailed.
pub async fn count(on: &mut impl Access) -> Result<i64, StoreError> {
    fetch_value!(on, i64, "select count(*) from suppressions")
}
