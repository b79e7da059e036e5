//! What comes back, taken: a message or a service's call becomes a verdict about one delivery, applied once.
//!
//! Nothing in it is believed but a token that we made. What carries none changes nothing, and nothing is ever mailed
//! in answer.

mod inbox;
mod letters;
mod mailbox;
pub mod service;
mod tie;
mod verdict;

pub use inbox::Inbox;
pub(super) use letters::{UNREACHABLE, returned, sent};
pub use mailbox::{EVERY, LookError, Looked, look_now, look_when_due, standing};
pub use tie::{DeliveryTie, delivery};
pub(super) use verdict::refused;

use tracing::Instrument;

use letters::of_letter;
use verdict::{About, act, note};

use super::tally::Count;
use super::{FlowError, House, safety, spans};
use crate::domain::feedback::{Channel, Effect, FeedbackKind, Verdict};
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::token::Link;
use crate::mail::report::{self, Action, Clues, Failure, Feedback, Kind};
use crate::store::unclassified::{self, NewUnclassified};
use crate::store::{Tx, audit, deliveries, editions, subscriptions};

/// What came of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was applied.
    Applied(FeedbackKind, Effect),
    /// It was known already.
    Repeated,
    /// It asks for nothing: an automatic reply, a delay, ordinary mail.
    Harmless,
    /// It is about us, but nothing is kept any more of whom it is about.
    Forgotten,
    /// It came in at the return path of one of our mails, but nobody can read it but a person: it is kept for one.
    Unclassified,
    /// Nothing in it was made by us.
    Unmatched,
}

impl Outcome {
    /// A word for logs and scripts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied(_, effect) => effect.as_str(),
            Self::Repeated => "repeated",
            Self::Harmless => "harmless",
            Self::Forgotten => "forgotten",
            Self::Unclassified => "unclassified",
            Self::Unmatched => "unmatched",
        }
    }
}

/// Takes one message. `recipient` is the envelope's, where it is known.
///
/// # Errors
/// When nothing was stored: then the message must come again.
pub async fn take(
    house: &House,
    message: Vec<u8>,
    recipient: Option<&str>,
    channel: Channel,
) -> Result<Outcome, FlowError> {
    take_in(house, message, recipient, channel).instrument(spans::feedback(channel.as_str())).await
}

async fn take_in(
    house: &House,
    message: Vec<u8>,
    recipient: Option<&str>,
    channel: Channel,
) -> Result<Outcome, FlowError> {
    // Reading is bounded work, but enough of it to keep others waiting.
    let read = tokio::task::spawn_blocking(move || report::read(&message)).await;
    let feedback = read.map_err(|error| FlowError::Conflict(format!("the message could not be read: {error}")))?;
    let outcome = judge(house, &feedback, recipient, channel).await?;
    if outcome == Outcome::Unmatched {
        house.tally.count(Count::BounceUnmatched);
    }
    spans::tell("outcome", outcome.as_str());
    tracing::info!(kind = feedback.kind.as_str(), outcome = outcome.as_str(), channel = channel.as_str(), "feedback");
    Ok(outcome)
}

async fn judge(
    house: &House,
    feedback: &Feedback,
    recipient: Option<&str>,
    channel: Channel,
) -> Result<Outcome, FlowError> {
    let clues = &feedback.clues;
    // Whatever comes in at the address for leaving is the wish to leave, in whatever words (RFC 2369 section 3.2).
    if let Some(link) = tie::wish_to_leave(&house.keys, clues, recipient) {
        return of_reader(house, link, Verdict::wish(FeedbackKind::Unsubscribe), channel).await;
    }
    let kind = match feedback.kind {
        Kind::Bounce => FeedbackKind::Bounce,
        Kind::Complaint => FeedbackKind::Complaint,
        Kind::Unsubscribe => FeedbackKind::Unsubscribe,
        Kind::Other if feedback.unread.is_some() => return keep_unread(house, feedback, recipient, channel).await,
        Kind::AutoReply | Kind::Other => return Ok(Outcome::Harmless),
    };
    if let Some(tie) = delivery(&house.keys, clues, recipient) {
        return of_delivery(house, tie, channel, |sent_to| verdict(feedback, kind, sent_to)).await;
    }
    // A complaint or a wish needs no more than the reader; a bounce must say which mail it is about.
    match tie::subscription(&house.keys, clues) {
        Some(link) if kind != FeedbackKind::Bounce => of_reader(house, link, Verdict::wish(kind), channel).await,
        _ => Ok(Outcome::Unmatched),
    }
}

/// Keeps the beginning of a mail that came in at a delivery's own return path, where nobody writes but mail servers, for a
/// person to read. Anything else is ordinary mail.
async fn keep_unread(
    house: &House,
    feedback: &Feedback,
    recipient: Option<&str>,
    channel: Channel,
) -> Result<Outcome, FlowError> {
    let (Some(unread), Some(tie)) = (&feedback.unread, tie::arrival(&house.keys, &feedback.clues, recipient)) else {
        return Ok(Outcome::Harmless);
    };
    let mut tx = house.db.write().await?;
    let Some(edition) = editions::by_uid(&mut tx, tie.edition_uid).await? else { return Ok(Outcome::Forgotten) };
    let Some(delivery) = deliveries::one(&mut tx, edition.id, tie.seq).await? else { return Ok(Outcome::Forgotten) };
    let mail = NewUnclassified {
        edition_id: edition.id,
        seq: delivery.seq,
        subscription_id: delivery.subscription_id,
        channel,
        subject: &unread.subject,
        words: &unread.text,
    };
    unclassified::insert(&mut tx, &mail, house.clock.now()).await?;
    tx.commit().await?;
    Ok(Outcome::Unclassified)
}

/// Takes a mail that only a person could read off the list, because somebody dealt with it.
///
/// # Errors
/// [`FlowError::NotFound`] when it is not on it.
pub async fn dismiss(house: &House, id: i64, actor: &str) -> Result<(), FlowError> {
    let mut tx = house.db.write().await?;
    if !unclassified::delete(&mut tx, id).await? {
        return Err(FlowError::NotFound("unread mail of this number".to_owned()));
    }
    audit::note(&mut tx, actor, "feedback.dismiss", &id.to_string(), "", house.clock.now()).await?;
    Ok(tx.commit().await?)
}

/// What a service says about one of our mails: `clues` must tie it to one, as in a message.
///
/// # Errors
/// When nothing was stored.
pub async fn hear(house: &House, clues: &Clues, said: Verdict) -> Result<Outcome, FlowError> {
    let outcome = match delivery(&house.keys, clues, None) {
        Some(tie) => of_delivery(house, tie, Channel::Service, |_| Some(said.clone())).await?,
        None => match tie::subscription(&house.keys, clues) {
            Some(link) if said.kind != FeedbackKind::Bounce => {
                of_reader(house, link, said.clone(), Channel::Service).await?
            }
            _ => Outcome::Unmatched,
        },
    };
    if outcome == Outcome::Unmatched && said.kind == FeedbackKind::Bounce {
        house.tally.count(Count::BounceUnmatched);
    }
    tracing::info!(kind = said.kind.as_str(), outcome = outcome.as_str(), channel = "service", "feedback");
    Ok(outcome)
}

/// What a message says about the mail that went to `sent_to`; nothing while its mail server goes on trying.
fn verdict(feedback: &Feedback, kind: FeedbackKind, sent_to: Option<&str>) -> Option<Verdict> {
    if kind != FeedbackKind::Bounce {
        return Some(Verdict::wish(kind));
    }
    let Failure { action, status, reason, diagnostic, .. } = failure(feedback, sent_to)?;
    (*action == Action::Failed).then(|| Verdict::bounce(*reason, status.clone(), Some(diagnostic)))
}

/// A report may be about several recipients, one of them ours; otherwise the most serious failure counts.
fn failure<'a>(feedback: &'a Feedback, sent_to: Option<&str>) -> Option<&'a Failure> {
    let ours = sent_to.and_then(|email| {
        let is_ours = |address: &str| address.eq_ignore_ascii_case(email);
        let mut named = feedback.recipients.iter();
        named.find(|one| is_ours(&one.address) || one.other.as_deref().is_some_and(is_ours))?.failure.as_ref()
    });
    ours.or_else(|| feedback.failure())
}

/// Applies a verdict about one delivery.
async fn of_delivery(
    house: &House,
    tie: DeliveryTie,
    channel: Channel,
    verdict: impl FnOnce(Option<&str>) -> Option<Verdict>,
) -> Result<Outcome, FlowError> {
    let mut tx = house.db.write().await?;
    let Some(edition) = editions::by_uid(&mut tx, tie.edition_uid).await? else {
        return of_letter(house, tx, tie, channel, verdict).await;
    };
    let Some(delivery) = deliveries::one(&mut tx, edition.id, tie.seq).await? else { return Ok(Outcome::Forgotten) };
    let Some(subscription) = subscriptions::by_id(&mut tx, delivery.subscription_id).await? else {
        return Ok(Outcome::Forgotten);
    };
    let Some(verdict) = verdict(delivery.email.as_deref()) else { return Ok(Outcome::Harmless) };
    let about = About { newsletter_id: edition.newsletter_id, delivery: Some(delivery), subscription };
    apply(house, tx, about, verdict, channel).await
}

/// Applies a verdict about one reader, by the link of their subscription.
async fn of_reader(house: &House, link: Link, verdict: Verdict, channel: Channel) -> Result<Outcome, FlowError> {
    let mut tx = house.db.write().await?;
    let Some(subscription) = subscriptions::by_link(&mut tx, &link).await? else { return Ok(Outcome::Forgotten) };
    let has_ended = match verdict.kind {
        FeedbackKind::Complaint => subscription.status == SubscriptionStatus::Complained,
        _ => !matches!(subscription.status, SubscriptionStatus::Pending | SubscriptionStatus::Confirmed),
    };
    if has_ended {
        return Ok(Outcome::Repeated);
    }
    let about = About { newsletter_id: subscription.newsletter_id, delivery: None, subscription };
    apply(house, tx, about, verdict, channel).await
}

/// One transaction: noted, counted, the sending looked at, and acted upon.
async fn apply(
    house: &House,
    mut tx: Tx,
    about: About,
    verdict: Verdict,
    channel: Channel,
) -> Result<Outcome, FlowError> {
    let kind = verdict.kind;
    let edition = about.delivery.as_ref().map(|delivery| delivery.edition_id);
    let Some(noted) = note(house, &mut tx, about, verdict, channel).await? else { return Ok(Outcome::Repeated) };
    let stopped = match edition {
        Some(edition) => safety::watch(house, &mut tx, edition).await?,
        None => false,
    };
    let effect = act(house, &mut tx, noted).await?;
    tx.commit().await?;
    if stopped {
        safety::ring(house);
    }
    Ok(Outcome::Applied(kind, effect))
}
