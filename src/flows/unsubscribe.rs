//! Leaving: at once, by one link, for ever; and the way back for who pressed by mistake.

use std::time::Duration;

use super::tally::Count;
use super::{FlowError, House};
use crate::domain::address::EmailAddress;
use crate::domain::consent::{ConsentEvent, ConsentMeans};
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::time::Timestamp;
use crate::domain::token::Purpose;
use crate::store::newsletters::NewsletterRow;
use crate::store::subscriptions::SubscriptionRow;
use crate::store::{Access, StoreError, audit, consent, limits, newsletters, reconfirmations, subscriptions};

/// How long an unsubscription can be taken back with the same link.
pub const UNDO_WITHIN: Duration = Duration::from_secs(30 * 24 * 3600);

/// In seconds.
const WEEK: i64 = 7 * 24 * 3600;

/// What an unsubscribe link names.
pub enum Found {
    /// A subscription, and all that its page shows.
    Subscription(Box<Held>),
    /// The link is ours, but nothing of the person is kept any more.
    Nothing,
    /// The link is not ours.
    Unknown,
}

/// A subscription and its newsletter.
pub struct Held {
    pub newsletter: NewsletterRow,
    pub subscription: SubscriptionRow,
}

/// What came of leaving.
pub enum Left {
    /// Done now.
    Now(Box<Held>),
    /// Was done before.
    Before(Box<Held>),
    Nothing,
    Unknown,
}

/// What the token names; changes nothing.
///
/// # Errors
/// When the database cannot answer.
pub async fn look(house: &House, token: &str) -> Result<Found, FlowError> {
    let mut reader = house.db.read().await?;
    Ok(find(house, &mut reader, token).await?)
}

/// Ends the subscription that the token names. Doing it again is harmless.
///
/// # Errors
/// When nothing was stored.
pub async fn unsubscribe(house: &House, token: &str, means: ConsentMeans) -> Result<Left, FlowError> {
    let mut tx = house.db.write().await?;
    let held = match find(house, &mut tx, token).await? {
        Found::Subscription(held) => held,
        Found::Nothing => return Ok(Left::Nothing),
        Found::Unknown => return Ok(Left::Unknown),
    };
    let ending =
        Ending { status: SubscriptionStatus::Unsubscribed, event: ConsentEvent::Unsubscribed, means, note: None };
    if !end(house, &mut tx, &held, ending).await? {
        return Ok(Left::Before(held));
    }
    tx.commit().await?;
    Ok(Left::Now(held))
}

/// How a subscription ends, and what its record says.
pub(super) struct Ending {
    pub status: SubscriptionStatus,
    pub event: ConsentEvent,
    pub means: ConsentMeans,
    pub note: Option<String>,
}

/// Ends a subscription that is pending or confirmed, or by a complaint any that has not ended so, with its record; `false` when it had ended before.
///
/// # Errors
/// When the database refuses.
pub(super) async fn end(
    house: &House,
    tx: &mut crate::store::Tx,
    held: &Held,
    ending: Ending,
) -> Result<bool, StoreError> {
    let now = house.clock.now();
    let subscription = &held.subscription;
    let is_open = matches!(subscription.status, SubscriptionStatus::Pending | SubscriptionStatus::Confirmed);
    // Who complains after leaving has complained: only an administrator may open it again.
    let is_graver = ending.status == SubscriptionStatus::Complained && subscription.status != ending.status;
    if !(is_open || is_graver)
        || !subscriptions::change_status(tx, subscription.id, subscription.status, ending.status, now).await?
    {
        return Ok(false);
    }
    if let Ok(email) = EmailAddress::parse_any_role(&subscription.email) {
        let mut body = house.consent_body(&held.newsletter, &email, subscription.language, ending.means);
        body.note = ending.note;
        consent::append(tx, &house.keys, held.newsletter.id, &subscription.address_hash, ending.event, &body, now)
            .await?;
    }
    if ending.status == SubscriptionStatus::Unsubscribed {
        house.tally.count(match ending.means {
            ConsentMeans::OneClick => Count::LeftOneClick,
            ConsentMeans::Link | ConsentMeans::Form => Count::LeftPage,
            ConsentMeans::Mail | ConsentMeans::MailServer => Count::LeftMail,
            ConsentMeans::Api | ConsentMeans::Import | ConsentMeans::Operator | ConsentMeans::Retention => {
                Count::LeftOperator
            }
        });
    }
    Ok(true)
}

/// Takes an unsubscription back: the token proves the same mailbox, so the old consent stands again. `false`
/// when there is nothing to take back, or it is too long ago.
///
/// # Errors
/// When nothing was stored.
pub async fn undo(house: &House, token: &str) -> Result<bool, FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let Found::Subscription(held) = find(house, &mut tx, token).await? else { return Ok(false) };
    let subscription = &held.subscription;
    let in_time = subscription.ended_at.is_some_and(|ended| now.since(ended) <= UNDO_WITHIN);
    if !in_time || !subscriptions::undo_end(&mut tx, subscription.id, now).await? {
        return Ok(false);
    }
    // Whoever had been asked whether they stay has said so by this.
    reconfirmations::stayed(&mut tx, subscription.id, now).await?;
    if let Ok(email) = EmailAddress::parse_any_role(&subscription.email) {
        let body = house.consent_body(&held.newsletter, &email, subscription.language, ConsentMeans::Link);
        consent::append(
            &mut tx,
            &house.keys,
            held.newsletter.id,
            &subscription.address_hash,
            ConsentEvent::Undone,
            &body,
            now,
        )
        .await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Keeps why somebody left: without their address, without a moment finer than the week, and once.
///
/// # Errors
/// When nothing was stored.
pub async fn reason(house: &House, token: &str, reason: &'static str) -> Result<Found, FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let found = find(house, &mut tx, token).await?;
    if let Found::Subscription(held) = &found
        && held.subscription.status == SubscriptionStatus::Unsubscribed
        && limits::count(&mut tx, "reason", &held.subscription.link, now.minus(UNDO_WITHIN)).await? == 0
    {
        limits::note(&mut tx, "reason", &held.subscription.link, now).await?;
        let week = Timestamp::from_seconds(now.as_seconds() / WEEK * WEEK);
        audit::note(&mut tx, "a reader", "unsubscribe.reason", &held.newsletter.slug, reason, week).await?;
        tx.commit().await?;
    }
    Ok(found)
}

async fn find(house: &House, on: &mut impl Access, token: &str) -> Result<Found, StoreError> {
    let Some(link) = house.keys.open(Purpose::Unsubscribe, token) else { return Ok(Found::Unknown) };
    let Some(subscription) = subscriptions::by_link(on, &link).await? else { return Ok(Found::Nothing) };
    let Some(newsletter) = newsletters::by_id(on, subscription.newsletter_id).await? else { return Ok(Found::Nothing) };
    Ok(Found::Subscription(Box::new(Held { newsletter, subscription })))
}
