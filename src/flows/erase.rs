//! Forgetting a person on their request (GDPR article 17): nothing is left but a keyed hash that keeps imports from
//! bringing them back.

use super::{FlowError, House, consent_proof, people};
use crate::domain::address::EmailAddress;
use crate::domain::consent::{ConsentBody, ConsentEvent, ConsentMeans};
use crate::domain::suppression::SuppressionReason;
use crate::domain::token::hex;
use crate::store::{Tx, audit, consent, deliveries, feedback, meta, newsletters, outbox, subscriptions, suppressions};

/// Files up to this size are written anew at once; larger ones in the nightly round.
const SCRUB_AT_ONCE_OCTETS: u64 = 256 * 1024 * 1024;
/// Under this name it is noted that the file holds free space to be written anew.
const SCRUB_DUE: &str = "scrub-due";

/// What was there to forget; nothing of it names the person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Erased {
    /// Somebody was known by this address.
    pub known: bool,
    pub subscriptions: u64,
    pub letters: u64,
    pub deliveries: u64,
    pub consent_records: u64,
}

/// Forgets whoever has this address. Doing it again is harmless, and an address that nobody knows is remembered as
/// one not to be taken in by an import.
///
/// # Errors
/// When nothing was stored.
pub async fn erase_address(
    house: &House,
    email: &EmailAddress,
    means: ConsentMeans,
    actor: &str,
) -> Result<Erased, FlowError> {
    let mut tx = house.db.write().await?;
    let erased = forget_address(house, &mut tx, email, SuppressionReason::Erased, means, actor).await?;
    tx.commit().await?;
    tidy(house).await;
    Ok(erased)
}

/// Forgets a person. `actor` is who did it, for the record of deeds: themselves, or somebody of the house.
///
/// # Errors
/// [`FlowError::NotFound`] when there is nobody with this id.
pub async fn erase(house: &House, subscriber_id: i64, means: ConsentMeans, actor: &str) -> Result<(), FlowError> {
    let mut tx = house.db.write().await?;
    forget(house, &mut tx, subscriber_id, means, actor).await?;
    tx.commit().await?;
    tidy(house).await;
    Ok(())
}

/// After an erasure: writes a small file anew at once, and leaves a large one to the night.
pub(super) async fn tidy(house: &House) {
    let size = house.db.path().and_then(|path| std::fs::metadata(path).ok()).map_or(0, |file| file.len());
    if size <= SCRUB_AT_ONCE_OCTETS
        && let Err(error) = scrub(house).await
    {
        tracing::warn!(%error, "the database file is written anew tonight, because it cannot be now");
    }
}

/// Writes the database file anew, if somebody was forgotten since it was last done.
///
/// # Errors
/// When another process holds the file; then it is still due.
pub async fn scrub(house: &House) -> Result<(), FlowError> {
    if meta::get(&mut house.db.read().await?, SCRUB_DUE).await?.as_deref() != Some("yes") {
        return Ok(());
    }
    house.db.scrub().await?;
    let mut tx = house.db.write().await?;
    meta::set(&mut tx, SCRUB_DUE, "no").await?;
    Ok(tx.commit().await?)
}

/// Forgets a person as part of a larger step; [`tidy`] follows its commit.
///
/// # Errors
/// When the database refuses.
pub(super) async fn forget(
    house: &House,
    tx: &mut Tx,
    subscriber_id: i64,
    means: ConsentMeans,
    actor: &str,
) -> Result<(), FlowError> {
    forget_as(house, tx, subscriber_id, SuppressionReason::Erased, means, actor).await
}

/// The same, with the reason for which the address must not be mailed any more.
///
/// # Errors
/// When the database refuses.
pub(super) async fn forget_as(
    house: &House,
    tx: &mut Tx,
    subscriber_id: i64,
    reason: SuppressionReason,
    means: ConsentMeans,
    actor: &str,
) -> Result<(), FlowError> {
    let person = people::by_id(tx, subscriber_id).await?;
    forget_address(house, tx, &people::address(&person)?, reason, means, actor).await?;
    Ok(())
}

async fn forget_address(
    house: &House,
    tx: &mut Tx,
    email: &EmailAddress,
    reason: SuppressionReason,
    means: ConsentMeans,
    actor: &str,
) -> Result<Erased, FlowError> {
    let now = house.clock.now();
    let subject = house.keys.address_hash(email);
    let mut erased = Erased::default();
    if let Some(person) = subscriptions::subscriber_by_email(tx, email).await? {
        erased.known = true;
        for subscription in subscriptions::of_subscriber(tx, person.id).await? {
            erased.subscriptions += 1;
            erased.deliveries += deliveries::forget_person(tx, subscription.newsletter_id, subscription.id).await?;
            feedback::forget_person(tx, subscription.id).await?;
        }
        subscriptions::delete_subscriber(tx, person.id).await?;
    }
    erased.letters = outbox::forget_reader(tx, &email.key()).await?;
    subscriptions::forget_moves(tx, now, &email.key()).await?;
    suppressions::insert(tx, &subject, None, reason, None, now).await?;
    suppressions::forget_address(tx, &subject).await?;
    // What the clock does every day is counted, not told one by one.
    if means != ConsentMeans::Retention {
        audit::note(tx, actor, "subscriber.erase", &hex(&subject[..8]), "", now).await?;
    }
    meta::set(tx, SCRUB_DUE, "yes").await?;

    let records = consent_proof::of(tx, &subject).await?;
    let mut newsletters_of_record: Vec<(Vec<u8>, i64)> =
        records.iter().map(|record| (record.subject.clone(), record.newsletter_id)).collect();
    newsletters_of_record.sort_unstable();
    newsletters_of_record.dedup();
    let mut subjects: Vec<Vec<u8>> = newsletters_of_record.iter().map(|(subject, _)| subject.clone()).collect();
    subjects.dedup();
    for subject in &subjects {
        erased.consent_records += consent::erase_bodies(tx, subject).await?;
    }
    // The record of the erasure says what was done, not to whom.
    for (subject, newsletter_id) in &newsletters_of_record {
        let newsletter = newsletters::by_id(tx, *newsletter_id).await?;
        let body = ConsentBody {
            email: String::new(),
            newsletter: newsletter.map(|newsletter| newsletter.slug).unwrap_or_default(),
            language: String::new(),
            means,
            text: None,
            text_version: None,
            promise: None,
            origin: None,
            note: None,
            salt: hex(&house.clock.random::<16>()),
        };
        consent::append(tx, *newsletter_id, subject, ConsentEvent::Erased, &body, now).await?;
    }
    Ok(erased)
}
