//! Somebody of the house says that an address must not be mailed, or may be mailed again.

use super::unsubscribe::{Ending, Held, end};
use super::{FlowError, House};
use crate::domain::address::EmailAddress;
use crate::domain::consent::{ConsentEvent, ConsentMeans};
use crate::domain::fault::Faults;
use crate::domain::newsletter::one_line;
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::suppression::SuppressionReason;
use crate::domain::token::hex;
use crate::store::suppressions::SuppressionRow;
use crate::store::{Tx, audit, newsletters, subscriptions, suppressions};

/// Suppresses an address, and ends what its owner subscribed to. One that is suppressed stays so for the reason that
/// it has.
///
/// # Errors
/// [`FlowError::Invalid`] for a note that is no line.
pub async fn add(
    house: &House,
    email: &EmailAddress,
    reason: SuppressionReason,
    note: Option<&str>,
    actor: &str,
) -> Result<SuppressionRow, FlowError> {
    let line = |note: &str| one_line(note).ok_or_else(|| Faults::one("note", "must be one line of text"));
    let note = note.map(line).transpose()?;
    let hash = house.keys.address_hash(email);
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    // An erasure leaves the hash alone.
    let kept = (reason != SuppressionReason::Erased).then_some(email.as_str());
    suppressions::insert(&mut tx, &hash, kept, reason, note.as_deref(), now).await?;
    audit::note(&mut tx, actor, "suppression.add", &hex(&hash[..8]), "", now).await?;
    let row = suppressions::by_hash(&mut tx, &hash).await?;
    end_all(house, &mut tx, email, reason, note.as_deref()).await?;
    tx.commit().await?;
    row.ok_or_else(|| FlowError::Conflict("the suppression was lifted at the same moment".to_owned()))
}

/// A subscription that is not mailed must not look as if it were: it ends, and the record says by whom.
async fn end_all(
    house: &House,
    tx: &mut Tx,
    email: &EmailAddress,
    reason: SuppressionReason,
    note: Option<&str>,
) -> Result<(), FlowError> {
    let (status, event) = match reason {
        SuppressionReason::Complained => (SubscriptionStatus::Complained, ConsentEvent::Complained),
        SuppressionReason::Bounced => (SubscriptionStatus::Bounced, ConsentEvent::Bounced),
        _ => (SubscriptionStatus::Unsubscribed, ConsentEvent::Unsubscribed),
    };
    let Some(person) = subscriptions::subscriber_by_email(tx, email).await? else { return Ok(()) };
    for subscription in subscriptions::of_subscriber(tx, person.id).await? {
        let Some(newsletter) = newsletters::by_id(tx, subscription.newsletter_id).await? else { continue };
        let said = note.map_or_else(|| format!("suppressed: {reason}"), |note| format!("suppressed: {reason}; {note}"));
        let ending = Ending { status, event, means: ConsentMeans::Operator, note: Some(said) };
        end(house, tx, &Held { newsletter, subscription }, ending).await?;
    }
    Ok(())
}

/// Lifts the suppression of an address: from now on it may be mailed again, when it asks to be.
///
/// # Errors
/// [`FlowError::NotFound`] when it is not suppressed.
pub async fn remove(house: &House, email: &EmailAddress, actor: &str) -> Result<(), FlowError> {
    let hash = house.keys.address_hash(email);
    let mut tx = house.db.write().await?;
    if !suppressions::delete(&mut tx, &hash).await? {
        return Err(FlowError::NotFound("suppression of this address".to_owned()));
    }
    audit::note(&mut tx, actor, "suppression.remove", &hex(&hash[..8]), "", house.clock.now()).await?;
    Ok(tx.commit().await?)
}
