//! Who was asked, after a long silence, whether they stay.

use super::subscriptions::SubscriptionRow;
use super::{Access, StoreError, Tx, execute, fetch_all, fetch_value, subscriptions};
use crate::domain::time::Timestamp;

/// Whoever gets a newsletter, may be mailed, was not asked yet, and last said before `$2` that they want it.
macro_rules! due_query {
    ($what:literal, $rest:literal) => {
        concat!(
            "select ",
            $what,
            " from subscriptions s join subscribers p on p.id = s.subscriber_id \
             where s.newsletter_id = $1 and s.status = 'confirmed' and s.confirmed_at < $2 \
             and not exists (select 1 from reconfirmations q where q.subscription_id = s.id and q.asked_at > s.confirmed_at \
             and (q.stayed_at is null or q.stayed_at >= $2)) \
             and not exists (select 1 from suppressions x where x.address_hash = p.address_hash) ",
            $rest
        )
    };
}

/// How many are to be asked, because they last said before `before` that they want the newsletter.
pub async fn count_due(on: &mut impl Access, newsletter_id: i64, before: Timestamp) -> Result<i64, StoreError> {
    fetch_value!(on, i64, due_query!("count(*)", ""), newsletter_id, before)
}

/// Some of them.
pub async fn due(
    on: &mut impl Access,
    newsletter_id: i64,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<SubscriptionRow>, StoreError> {
    let ids = fetch_all!(on, (i64,), due_query!("s.id", "order by s.id limit $3"), newsletter_id, before, limit)?;
    rows(on, ids).await
}

/// How many were asked and have not answered.
pub async fn count_unanswered(on: &mut impl Access, newsletter_id: i64) -> Result<i64, StoreError> {
    fetch_value!(
        on,
        i64,
        "select count(*) from reconfirmations r join subscriptions s on s.id = r.subscription_id where r.stayed_at is null \
         and r.asked_at > s.confirmed_at and s.newsletter_id = $1 and s.status = 'confirmed'",
        newsletter_id
    )
}

/// Some of those who were asked before `before` and have not answered; a question that has not left asks nobody.
pub async fn unanswered_since(
    on: &mut impl Access,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<SubscriptionRow>, StoreError> {
    let ids = fetch_all!(
        on,
        (i64,),
        "select s.id from reconfirmations r join subscriptions s on s.id = r.subscription_id where r.stayed_at is null \
         and r.asked_at < $1 and s.status = 'confirmed' and r.asked_at > s.confirmed_at \
         and not exists (select 1 from outbox o where o.subscription_id = s.id and o.kind = 'reconfirm') \
         order by r.asked_at, s.id limit $2",
        before,
        limit
    )?;
    rows(on, ids).await
}

async fn rows(on: &mut impl Access, ids: Vec<(i64,)>) -> Result<Vec<SubscriptionRow>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    for (id,) in ids {
        found.extend(subscriptions::by_id(on, id).await?);
    }
    Ok(found)
}

/// Notes that somebody is asked.
pub async fn asked(tx: &mut Tx, subscription_id: i64, now: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into reconfirmations (subscription_id, asked_at) values ($1, $2) \
         on conflict (subscription_id) do update set asked_at = excluded.asked_at, stayed_at = null",
        subscription_id,
        now
    )?;
    Ok(())
}

/// The question did not arrive, so nobody was asked: unless they have answered, it is as if it had not been sent.
pub async fn not_asked(tx: &mut Tx, subscription_id: i64) -> Result<bool, StoreError> {
    let touched =
        execute!(tx, "delete from reconfirmations where subscription_id = $1 and stayed_at is null", subscription_id)?;
    Ok(touched == 1)
}

/// Notes that somebody stays; `false` when they were not asked, or have said so.
pub async fn stayed(tx: &mut Tx, subscription_id: i64, now: Timestamp) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update reconfirmations set stayed_at = $2 where subscription_id = $1 and stayed_at is null",
        subscription_id,
        now
    )?;
    Ok(touched == 1)
}
