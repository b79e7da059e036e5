//! A verdict applied: noted once for each delivery and kind, counted, and acted upon, in the caller's transaction.
//!
//! First everything is noted and counted, then the sending is looked at, and last people are dealt with: on PostgreSQL
//! the end of the consent chain is held until the commit, so it is taken as late as can be.

use std::time::Duration;

use crate::domain::address::EmailAddress;
use crate::domain::bounce::BounceClass;
use crate::domain::consent::{ConsentEvent, ConsentMeans};
use crate::domain::delivery::DeliveryState;
use crate::domain::feedback::{AT_LEAST, Channel, Consequence, EDITIONS_IN_A_ROW, Effect, FeedbackKind, Verdict};
use crate::domain::reply::Reply;
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::suppression::SuppressionReason;
use crate::domain::time::Timestamp;
use crate::flows::tally::Count;
use crate::flows::unsubscribe::{Ending, Held, end};
use crate::flows::{FlowError, House, safety};
use crate::store::deliveries::{self, DeliveryRow, Settled};
use crate::store::feedback::{self, Subject};
use crate::store::subscriptions::SubscriptionRow;
use crate::store::{Tx, editions, newsletters, subscriptions, suppressions};

/// Editions of daily mail that fit into the longest stretch that counts, and some.
const LOOKED_BACK: i64 = 60;

/// Whom a verdict is about.
pub(super) struct About {
    pub newsletter_id: i64,
    /// The delivery, unless only the reader is known.
    pub delivery: Option<DeliveryRow>,
    pub subscription: SubscriptionRow,
}

/// A verdict that was noted and has not been acted upon.
pub(super) struct Noted {
    id: i64,
    about: About,
    verdict: Verdict,
}

/// Applies what mail servers said while they were offered messages: what a report would say later, by the same code.
/// `true` when the sending stopped for it: then ring the bells once the transaction is committed.
///
/// # Errors
/// When the database refuses.
pub(in crate::flows) async fn refused(house: &House, tx: &mut Tx, settled: &[Settled]) -> Result<bool, FlowError> {
    let mut all = Vec::new();
    let mut touched: Vec<i64> = Vec::new();
    for (settled, verdict) in settled.iter().filter_map(|settled| Some((settled, verdict_of(settled)?))) {
        if !touched.contains(&settled.edition_id) {
            touched.push(settled.edition_id);
        }
        let Some(delivery) = deliveries::one(tx, settled.edition_id, settled.seq).await? else { continue };
        let Some(subscription) = subscriptions::by_id(tx, delivery.subscription_id).await? else { continue };
        let about = About { newsletter_id: subscription.newsletter_id, delivery: Some(delivery), subscription };
        all.extend(note(house, tx, about, verdict, Channel::Smtp).await?);
    }
    let mut stopped = false;
    for edition_id in touched {
        stopped |= safety::watch(house, tx, edition_id).await?;
    }
    for noted in all {
        act(house, tx, noted).await?;
    }
    Ok(stopped)
}

/// What a refusal, or a wait that was too long, says about the recipient.
fn verdict_of(settled: &Settled) -> Option<Verdict> {
    let reason = match settled.state {
        DeliveryState::Rejected => settled.reason.as_deref()?.parse().ok()?,
        // A mailbox that stays full for days says so in the status of the last answer.
        DeliveryState::Expired => {
            let code = u16::try_from(settled.code?).ok()?;
            let line =
                format!("{code} {} {}", settled.status.as_deref()?, settled.reply.as_deref().unwrap_or_default());
            let (class, subject, detail) = Reply::parse(line.as_bytes()).ok()?.enhanced?;
            BounceClass::from_status(class, subject, detail)
        }
        _ => return None,
    };
    Some(Verdict::bounce(reason, settled.status.clone(), settled.reply.as_deref()))
}

/// Notes a verdict and counts it for the edition; nothing when it is known already.
pub(super) async fn note(
    house: &House,
    tx: &mut Tx,
    about: About,
    verdict: Verdict,
    channel: Channel,
) -> Result<Option<Noted>, FlowError> {
    let now = house.clock.now();
    let place = about.delivery.as_ref().map(|delivery| (delivery.edition_id, delivery.seq));
    let subject =
        Subject { newsletter_id: about.newsletter_id, delivery: place, subscription_id: about.subscription.id };
    let inserted = feedback::insert(tx, subject, &verdict, channel, now).await?;
    let id = match (inserted, place) {
        (Some(id), Some((edition_id, _))) => {
            let came_back = verdict.kind == FeedbackKind::Bounce && channel != Channel::Smtp;
            let complained = verdict.kind == FeedbackKind::Complaint;
            let is_policy = verdict.is_about_us();
            editions::count_feedback(tx, edition_id, came_back.into(), is_policy.into(), complained.into()).await?;
            id
        }
        (Some(id), None) => id,
        (None, Some((edition_id, seq))) => {
            let known = feedback::of_delivery(tx, edition_id, seq, verdict.kind).await?;
            let Some(known) = known.filter(|known| verdict.outweighs(known.reason)) else { return Ok(None) };
            feedback::replace(tx, known.id, &verdict, channel, now).await?;
            known.id
        }
        (None, None) => return Ok(None),
    };
    if verdict.kind == FeedbackKind::Bounce && channel != Channel::Smtp {
        let for_good = matches!(verdict.consequence(), Consequence::Suppress(_));
        house.tally.count(if for_good { Count::BounceHard } else { Count::BounceSoft });
    }
    Ok(Some(Noted { id, about, verdict }))
}

/// Does what a noted verdict asks for.
pub(super) async fn act(house: &House, tx: &mut Tx, noted: Noted) -> Result<Effect, FlowError> {
    let Noted { id, about, verdict } = noted;
    let effect = match verdict.consequence() {
        Consequence::Suppress(reason) => suppress(house, tx, &about, &verdict, reason).await?,
        Consequence::Unsubscribe => leave(house, tx, about).await?,
        Consequence::Count => {
            feedback::set_effect(tx, id, Effect::Counted).await?;
            let latest = feedback::latest(tx, about.newsletter_id, about.subscription.id, LOOKED_BACK).await?;
            let in_a_row: Vec<Timestamp> =
                latest.into_iter().map_while(|(began, counted)| counted.then_some(began)).collect();
            let since = in_a_row.last().map_or(Duration::ZERO, |first| house.clock.now().since(*first));
            if in_a_row.len() < EDITIONS_IN_A_ROW || since < AT_LEAST {
                return Ok(Effect::Counted);
            }
            suppress(house, tx, &about, &verdict, SuppressionReason::Bounced).await?
        }
        Consequence::Nothing => Effect::Noted,
    };
    feedback::set_effect(tx, id, effect).await?;
    Ok(effect)
}

/// Never again to the address that the delivery went to. Its owner's subscriptions end, unless they have moved to another
/// address since, or have asked anew after the mail that came back.
async fn suppress(
    house: &House,
    tx: &mut Tx,
    about: &About,
    verdict: &Verdict,
    reason: SuppressionReason,
) -> Result<Effect, FlowError> {
    let complained = reason == SuppressionReason::Complained;
    let subscription = &about.subscription;
    if let Some(delivery) = about.delivery.as_ref().filter(|_| !complained) {
        let sent_at = delivery.started_at.or(delivery.finished_at);
        if sent_at.is_some_and(|sent| subscription.confirmed_at.is_some_and(|confirmed| confirmed > sent)) {
            return Ok(Effect::Noted);
        }
        // Old deliveries no longer say where they went: then nobody can tell whether this is still the address.
        let Some(sent_to) = &delivery.email else { return Ok(Effect::Noted) };
        let Ok(sent_to) = EmailAddress::parse_any_role(sent_to) else { return Ok(Effect::Noted) };
        let hash = house.keys.address_hash(&sent_to);
        if EmailAddress::parse_any_role(&subscription.email).is_ok_and(|now| now.key() != sent_to.key()) {
            let note = verdict.words.as_deref();
            suppressions::insert(tx, &hash, Some(sent_to.as_str()), reason, note, house.clock.now()).await?;
            return Ok(Effect::Suppressed);
        }
    }
    let (email, hash) = (Some(subscription.email.as_str()), &subscription.address_hash);
    suppressions::insert(tx, hash, email, reason, verdict.words.as_deref(), house.clock.now()).await?;
    let (status, event) = if complained {
        (SubscriptionStatus::Complained, ConsentEvent::Complained)
    } else {
        (SubscriptionStatus::Bounced, ConsentEvent::Bounced)
    };
    for subscription in subscriptions::of_subscriber(tx, subscription.subscriber_id).await? {
        let Some(newsletter) = newsletters::by_id(tx, subscription.newsletter_id).await? else { continue };
        let ending = Ending { status, event, means: ConsentMeans::MailServer, note: verdict.words.clone() };
        end(house, tx, &Held { newsletter, subscription }, ending).await?;
    }
    Ok(Effect::Suppressed)
}

/// Ends the one subscription whose reader asked by mail.
async fn leave(house: &House, tx: &mut Tx, about: About) -> Result<Effect, FlowError> {
    let Some(newsletter) = newsletters::by_id(tx, about.newsletter_id).await? else { return Ok(Effect::Noted) };
    let ending = Ending {
        status: SubscriptionStatus::Unsubscribed,
        event: ConsentEvent::Unsubscribed,
        means: ConsentMeans::Mail,
        note: None,
    };
    let held = Held { newsletter, subscription: about.subscription };
    let left = end(house, tx, &held, ending).await?;
    Ok(if left { Effect::Unsubscribed } else { Effect::Noted })
}
