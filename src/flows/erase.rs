//! Forgetting a person on their request (GDPR article 17): nothing is left but a keyed hash that keeps imports from
//! bringing them back.

use super::consent_proof::{self, Stage};
use super::{FlowError, House, people};
use crate::domain::address::EmailAddress;
use crate::domain::consent::{ConsentBody, ConsentEvent, ConsentMeans};
use crate::domain::suppression::SuppressionReason;
use crate::domain::time::Timestamp;
use crate::domain::token::hex;
use crate::store::{
    StoreError, Tx, audit, consent, deliveries, feedback, meta, newsletters, outbox, subscriptions, suppressions,
    traces,
};

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
    let erased = forget_address(house, &mut tx, email, Some(SuppressionReason::Erased), means, actor).await?;
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
    forget_as(house, tx, subscriber_id, Some(SuppressionReason::Erased), means, actor).await
}

/// The same, with the reason for which the address must not be mailed any more; without one it may be, as before.
///
/// # Errors
/// When the database refuses.
pub(super) async fn forget_as(
    house: &House,
    tx: &mut Tx,
    subscriber_id: i64,
    reason: Option<SuppressionReason>,
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
    reason: Option<SuppressionReason>,
    means: ConsentMeans,
    actor: &str,
) -> Result<Erased, FlowError> {
    let now = house.clock.now();
    let subject = house.keys.address_hash(email);
    let mut erased = Erased::default();
    let trail = consent_proof::trail(tx, &subject).await?;
    if let Some(person) = subscriptions::subscriber_by_email(tx, email).await? {
        erased.known = true;
        for subscription in subscriptions::of_subscriber(tx, person.id).await? {
            erased.subscriptions += 1;
            erased.deliveries += deliveries::forget_person(tx, subscription.newsletter_id, subscription.id).await?;
            feedback::forget_person(tx, subscription.id).await?;
        }
        subscriptions::delete_subscriber(tx, person.id).await?;
    }
    let mut newsletters_of_record: Vec<(Vec<u8>, i64)> = Vec::new();
    for stage in &trail {
        let is_present = stage.subject == subject;
        let address = if is_present { Some(email.clone()) } else { stage.email(&house.keys) };
        erased.letters += forget_stage(tx, stage, address.as_ref(), is_present, reason, now).await?;
        erased.consent_records += consent::erase_bodies(tx, &stage.subject, stage.through).await?;
        newsletters_of_record.extend(stage.records.iter().map(|record| (record.subject.clone(), record.newsletter_id)));
    }
    newsletters_of_record.sort_unstable();
    newsletters_of_record.dedup();
    // What the clock does every day is counted, not told one by one.
    if means != ConsentMeans::Retention {
        audit::note(tx, actor, "subscriber.erase", &hex(&subject[..8]), "", now).await?;
    }
    meta::set(tx, SCRUB_DUE, "yes").await?;

    for (subject, newsletter_id) in &newsletters_of_record {
        close_records(house, tx, subject, *newsletter_id, means, now).await?;
    }
    Ok(erased)
}

/// Takes an address, the present or a former one, out of all but the consent records; says how many letters went.
async fn forget_stage(
    tx: &mut Tx,
    stage: &Stage,
    email: Option<&EmailAddress>,
    is_present: bool,
    reason: Option<SuppressionReason>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let mut letters = 0;
    if let Some(email) = email {
        // Somebody else may have got the address since: what is there now is theirs.
        if !is_present && subscriptions::subscriber_by_email(tx, email).await?.is_some() {
            return Ok(0);
        }
        letters = outbox::forget_reader(tx, &email.key()).await?;
        subscriptions::forget_moves(tx, now, &email.key()).await?;
        traces::forget(tx, email).await?;
    }
    if let Some(reason) = reason {
        suppressions::insert(tx, &stage.subject, None, reason, None, now).await?;
        suppressions::forget_address(tx, &stage.subject).await?;
    }
    Ok(letters)
}

/// Adds the record that closes those whose personal part was taken out: it says what was done, not to whom.
///
/// # Errors
/// When the database refuses.
pub(super) async fn close_records(
    house: &House,
    tx: &mut Tx,
    subject: &[u8],
    newsletter_id: i64,
    means: ConsentMeans,
    now: Timestamp,
) -> Result<(), StoreError> {
    let newsletter = newsletters::by_id(tx, newsletter_id).await?;
    let slug = newsletter.map(|newsletter| newsletter.slug).unwrap_or_default();
    let body = nameless(house, slug, means);
    consent::append(tx, &house.keys, newsletter_id, subject, ConsentEvent::Erased, &body, now).await
}

/// What a record says that names nobody.
pub(super) fn nameless(house: &House, newsletter: String, means: ConsentMeans) -> ConsentBody {
    ConsentBody {
        email: String::new(),
        newsletter,
        language: String::new(),
        means,
        text: None,
        text_version: None,
        promise: None,
        origin: None,
        note: None,
        salt: hex(&house.clock.random::<16>()),
    }
}
