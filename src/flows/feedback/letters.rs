//! What comes back about a letter: the same verdict as about an edition, though the letter itself is gone.
//!
//! Who never confirmed has nothing that could end: of their address it is noted, under its keyed hash, that it cannot be
//! reached, so that whoever fills it in again and again causes no more letters.

use super::tie::DeliveryTie;
use super::verdict::{About, act, note};
use super::{Channel, FlowError, House, Outcome};
use crate::domain::address::EmailAddress;
use crate::domain::feedback::{Consequence, Effect, FeedbackKind, Verdict};
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::suppression::SuppressionReason;
use crate::store::outbox::LetterRow;
use crate::store::{Tx, limits, reconfirmations, sent_letters, subscriptions};

/// Under this name it is noted that letters to an address do not arrive.
pub(in crate::flows) const UNREACHABLE: &str = "unreachable";

/// Notes that a letter has left, so that a report about it is understood.
pub(in crate::flows) async fn sent(house: &House, tx: &mut Tx, letter: &LetterRow) -> Result<(), FlowError> {
    let Some((subscription_id, hash)) = reader(house, letter) else { return Ok(()) };
    Ok(sent_letters::insert(tx, &letter.uid, subscription_id, &hash, house.clock.now()).await?)
}

/// Applies what the mail server said while it was offered a letter.
pub(in crate::flows) async fn returned(
    house: &House,
    tx: &mut Tx,
    letter: &LetterRow,
    verdict: Verdict,
) -> Result<(), FlowError> {
    let Some((subscription_id, hash)) = reader(house, letter) else { return Ok(()) };
    learn(house, tx, subscription_id, &hash, verdict, Channel::Smtp).await.map(|_| ())
}

/// Whose subscription a letter is about, and the keyed hash of the address it goes to; most of those to users are about none.
fn reader(house: &House, letter: &LetterRow) -> Option<(i64, [u8; 32])> {
    let recipient = EmailAddress::stored(letter.recipient.clone())?;
    Some((letter.subscription_id?, house.keys.address_hash(&recipient)))
}

/// Applies what a report says about a letter that had left.
pub(super) async fn of_letter(
    house: &House,
    mut tx: Tx,
    tie: DeliveryTie,
    channel: Channel,
    verdict: impl FnOnce(Option<&str>) -> Option<Verdict>,
) -> Result<Outcome, FlowError> {
    let uid = tie.link();
    let Some((subscription_id, hash)) = sent_letters::by_uid(&mut tx, &uid).await? else {
        return Ok(Outcome::Forgotten);
    };
    let Some(verdict) = verdict(None) else { return Ok(Outcome::Harmless) };
    let outcome = learn(house, &mut tx, subscription_id, &hash, verdict, channel).await?;
    sent_letters::delete(&mut tx, &uid).await?;
    tx.commit().await?;
    Ok(outcome)
}

async fn learn(
    house: &House,
    tx: &mut Tx,
    subscription_id: i64,
    address_hash: &[u8],
    verdict: Verdict,
    channel: Channel,
) -> Result<Outcome, FlowError> {
    let kind = verdict.kind;
    let Some(subscription) = subscriptions::by_id(tx, subscription_id).await? else { return Ok(Outcome::Forgotten) };
    // Letters also go to an address that somebody wants to move to, or has left.
    if subscription.address_hash != address_hash {
        return Ok(Outcome::Forgotten);
    }
    let consequence = verdict.consequence();
    let is_reader = subscription.status == SubscriptionStatus::Confirmed;
    let about = About { newsletter_id: subscription.newsletter_id, delivery: None, subscription };
    match consequence {
        // One letter is no edition: only those are counted. The question whether somebody stays was not asked then.
        Consequence::Count | Consequence::Nothing => {
            if kind == FeedbackKind::Bounce {
                reconfirmations::not_asked(tx, about.subscription.id).await?;
            }
            Ok(Outcome::Applied(kind, Effect::Noted))
        }
        Consequence::Suppress(SuppressionReason::Bounced) if !is_reader => {
            limits::note(tx, UNREACHABLE, address_hash, house.clock.now()).await?;
            note(house, tx, about, verdict, channel).await?;
            Ok(Outcome::Applied(kind, Effect::Noted))
        }
        Consequence::Suppress(_) | Consequence::Unsubscribe => {
            let Some(noted) = note(house, tx, about, verdict, channel).await? else { return Ok(Outcome::Repeated) };
            Ok(Outcome::Applied(kind, act(house, tx, noted).await?))
        }
    }
}
