//! What is kept for how long, and forgetting what is not.

use std::time::Duration;

use super::{FlowError, House, erase, reconfirm};
use crate::domain::consent::ConsentMeans;
use crate::domain::retention::{Entry, Kept};
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::suppression::SuppressionReason;
use crate::domain::time::Timestamp;
use crate::store::{
    Durability, Tx, audit, deliveries, domain_paces, edition_tests, feedback, forgotten, idempotency, imports, limits,
    meta, oidc_tries, outbox, sent_letters, sessions, subscriptions, suppressions, unclassified, user_links, webhooks,
};

/// How often there is something to forget.
pub const EVERY: Duration = Duration::from_secs(24 * 3600);

/// Rows forgotten in one short transaction.
const CHUNK: i64 = 500;
/// The same where each of them is erased.
const PEOPLE: i64 = 50;
/// Rows of the ledger changed in one short transaction.
const STRETCH: i64 = 5_000;

/// What one round forgot, in the order of [`Kept::ALL`]; nothing personal.
pub type Forgotten = Vec<(Kept, u64)>;

/// The register.
///
/// # Errors
/// When the database cannot answer.
pub async fn register(house: &House) -> Result<Vec<Entry>, FlowError> {
    let totals = forgotten::totals(&mut house.db.read().await?).await?;
    Ok(Kept::ALL
        .iter()
        .map(|kept| {
            let counted = totals.iter().find(|(what, ..)| what == kept.as_str());
            Entry {
                kept: *kept,
                period: kept.period(&house.config.keep),
                forgotten: counted.map_or(0, |(_, count, _)| u64::try_from(*count).unwrap_or_default()),
                last: counted.map(|(.., day)| *day),
            }
        })
        .collect())
}

/// Forgets what is older than it may be. Counts stay, nothing personal.
///
/// # Errors
/// When the database refuses; what was forgotten until then stays forgotten.
pub async fn forget(house: &House) -> Result<Forgotten, FlowError> {
    let now = house.clock.now();
    reconfirm::end_unanswered(house).await?;
    let mut counts = Forgotten::new();
    for kept in Kept::ALL {
        let Some(period) = kept.period(&house.config.keep) else { continue };
        let count = forget_kind(house, *kept, now.minus(period)).await?;
        if count > 0 {
            counts.push((*kept, count));
        }
    }
    if !counts.is_empty() {
        tracing::info!(?counts, "forgot what is older than it may be");
    }
    erase::scrub(house).await?;
    Ok(counts)
}

/// Forgets everything of one kind that is older than `before`; says how much.
async fn forget_kind(house: &House, kept: Kept, before: Timestamp) -> Result<u64, FlowError> {
    let mut all = 0;
    if matches!(kept, Kept::DeliveryAddresses | Kept::ServerReplies) {
        all = forget_in_ledger(house, kept, before).await?;
    }
    loop {
        let mut tx = house.db.write_with(Durability::Process).await?;
        let (count, full) = match kept {
            Kept::Unconfirmed => (forget_unconfirmed(house, &mut tx, before).await?, Some(PEOPLE)),
            Kept::Ended => (forget_ended(house, &mut tx, before).await?, Some(PEOPLE)),
            Kept::Suppressions => (suppressions::forget_addresses(&mut tx, before).await?, None),
            Kept::UnclassifiedMail => (unclassified::forget(&mut tx, before).await?, None),
            Kept::SentLetters => (sent_letters::forget(&mut tx, before).await?, None),
            Kept::FailedLetters => (outbox::forget_failed(&mut tx, before).await?, None),
            Kept::TestMails => (edition_tests::forget_recipients(&mut tx, before).await?, None),
            Kept::WebhookDeliveries => (webhooks::forget(&mut tx, before).await?, None),
            Kept::RepeatedRequests => (idempotency::forget(&mut tx, before).await?, None),
            // Their links have an end of their own.
            Kept::NewAddresses => (subscriptions::forget_moves(&mut tx, house.clock.now(), "").await?, None),
            Kept::ImportFiles => (imports::forget_files(&mut tx, before).await?, None),
            Kept::Attempts => (limits::forget(&mut tx, before).await?, None),
            Kept::Audit => (audit::forget(&mut tx, before).await?, None),
            Kept::Sessions => {
                oidc_tries::forget(&mut tx, house.clock.now()).await?;
                (sessions::forget(&mut tx, before, house.clock.now()).await?, None)
            }
            Kept::UserLinks => (user_links::forget(&mut tx, house.clock.now()).await?, None),
            Kept::DomainPaces => (domain_paces::forget(&mut tx, before).await?, None),
            Kept::ServerReplies => (feedback::forget_words(&mut tx, before, CHUNK).await?, Some(CHUNK)),
            Kept::DeliveryAddresses => (0, None),
        };
        count_in(house, &mut tx, kept, count).await?;
        tx.commit().await?;
        all += count;
        if full.is_none_or(|full| count < u64::try_from(full).unwrap_or_default()) {
            return Ok(all);
        }
    }
}

/// Adds to the count of today.
async fn count_in(house: &House, tx: &mut Tx, kept: Kept, count: u64) -> Result<(), FlowError> {
    if count > 0 {
        let day = Timestamp::from_seconds(house.clock.now().as_seconds() / 86_400 * 86_400);
        forgotten::add(tx, day, kept.as_str(), count).await?;
    }
    Ok(())
}

/// People who never confirmed: nothing stays, not even that they must not be mailed, for nobody said so.
async fn forget_unconfirmed(house: &House, tx: &mut Tx, before: Timestamp) -> Result<u64, FlowError> {
    let people = subscriptions::unconfirmed_before(tx, before, PEOPLE).await?;
    for id in &people {
        erase::forget_as(house, tx, *id, None, ConsentMeans::Retention, "retention").await?;
    }
    Ok(people.len() as u64)
}

/// People who left long ago: of each a keyed hash stays, with the reason.
async fn forget_ended(house: &House, tx: &mut Tx, before: Timestamp) -> Result<u64, FlowError> {
    let ended = subscriptions::ended_before(tx, before, PEOPLE).await?;
    for person in &ended {
        let reason = match person.status {
            SubscriptionStatus::Complained => SuppressionReason::Complained,
            SubscriptionStatus::Bounced => SuppressionReason::Bounced,
            _ => SuppressionReason::Unsubscribed,
        };
        erase::forget_as(house, tx, person.id, Some(reason), ConsentMeans::Retention, "retention").await?;
    }
    Ok(ended.len() as u64)
}

/// Takes addresses or replies out of the ledgers of old editions, one edition after the other. How far it is stands
/// in the database: a ledger is gone through once.
async fn forget_in_ledger(house: &House, kept: Kept, before: Timestamp) -> Result<u64, FlowError> {
    let mark = format!("forgotten-through:{kept}");
    let mut all = 0;
    loop {
        let through = meta::get(&mut house.db.read().await?, &mark).await?;
        let through = Timestamp::from_micros(through.and_then(|micros| micros.parse().ok()).unwrap_or(i64::MIN));
        let next = deliveries::finished_between(&mut house.db.read().await?, through, before).await?;
        let Some((edition, finished_at, last)) = next else { return Ok(all) };
        let mut after = i64::MIN;
        while after < last {
            let end = after.max(-1) + STRETCH;
            let mut tx = house.db.write_with(Durability::Process).await?;
            let count = match kept {
                Kept::DeliveryAddresses => deliveries::forget_addresses(&mut tx, edition, after, end).await?,
                _ => deliveries::forget_replies(&mut tx, edition, after, end).await?,
            };
            count_in(house, &mut tx, kept, count).await?;
            tx.commit().await?;
            all += count;
            after = end;
        }
        let mut tx = house.db.write().await?;
        meta::set(&mut tx, &mark, &finished_at.as_micros().to_string()).await?;
        tx.commit().await?;
    }
}
