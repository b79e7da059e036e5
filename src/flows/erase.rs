//! Somebody is forgotten (GDPR article 17): what stays is a keyed hash, so that no import brings them back by accident.

use super::{FlowError, House};
use crate::domain::address::EmailAddress;
use crate::domain::consent::{ConsentEvent, ConsentMeans};
use crate::domain::suppression::SuppressionReason;
use crate::domain::token::hex;
use crate::store::{Tx, audit, consent, deliveries, newsletters, subscriptions, suppressions};

/// Forgets a person. `actor` is who did it, for the record of deeds: themselves, or somebody of the house.
///
/// # Errors
/// [`FlowError::NotFound`] when there is nobody with this id.
pub async fn erase(house: &House, subscriber_id: i64, means: ConsentMeans, actor: &str) -> Result<(), FlowError> {
    let mut tx = house.db.write().await?;
    forget(house, &mut tx, subscriber_id, means, actor).await?;
    Ok(tx.commit().await?)
}

/// The same inside a transaction of the caller's.
pub(super) async fn forget(
    house: &House,
    tx: &mut Tx,
    subscriber_id: i64,
    means: ConsentMeans,
    actor: &str,
) -> Result<(), FlowError> {
    let now = house.clock.now();
    let person = subscriptions::subscriber_by_id(tx, subscriber_id)
        .await?
        .ok_or_else(|| FlowError::NotFound(format!("subscriber {subscriber_id}")))?;
    let email = EmailAddress::parse_any_role(&person.email).ok();
    for subscription in subscriptions::of_subscriber(tx, person.id).await? {
        let newsletter = newsletters::by_id(tx, subscription.newsletter_id).await?;
        if let (Some(newsletter), Some(email)) = (newsletter, &email) {
            let body = house.consent_body(&newsletter, email, person.language, means);
            consent::append(tx, newsletter.id, &person.address_hash, ConsentEvent::Erased, &body, now).await?;
        }
        deliveries::forget_person(tx, subscription.newsletter_id, subscription.id).await?;
    }
    consent::erase_bodies(tx, &person.address_hash).await?;
    suppressions::insert(tx, &person.address_hash, None, SuppressionReason::Erased, None, now).await?;
    audit::note(tx, actor, "subscriber.erase", &hex(&person.address_hash[..8]), "", now).await?;
    subscriptions::delete_subscriber(tx, person.id).await?;
    Ok(())
}
