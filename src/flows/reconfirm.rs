//! After a long silence readers are asked whether they stay: once, and who does not answer leaves.

use std::time::Duration;

use super::newsletters::find;
use super::unsubscribe::{Ending, Held, end};
use super::{FlowError, House};
use crate::domain::address::EmailAddress;
use crate::domain::consent::{ConsentEvent, ConsentMeans};
use crate::domain::letter::Letter;
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::time::Timestamp;
use crate::domain::token::{Purpose, hex};
use crate::store::consent::NewConsent;
use crate::store::newsletters::NewsletterRow;
use crate::store::outbox::{LetterRow, NewLetter};
use crate::store::{
    Access, StoreError, Tx, audit, consent, editions, newsletters, outbox, reconfirmations, subscriptions,
};

/// How long somebody has for their answer.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long we try to deliver the question: a mailbox may be away for some days.
const PATIENCE: Duration = Duration::from_secs(5 * 24 * 3600);
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);
/// Readers of one transaction.
const CHUNK: i64 = 500;

/// How many are asked, or would be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Asked {
    /// Asked now; in a dry run, those who would be.
    pub asked: u64,
    /// Asked before, without an answer yet.
    pub unanswered: u64,
    pub dry_run: bool,
}

/// Before which moment somebody must have said last that they want the newsletter to be asked now; `None` where the
/// newsletter does not ask, or an edition went out since.
///
/// # Errors
/// When the database cannot answer.
pub async fn cutoff(
    house: &House,
    on: &mut impl Access,
    newsletter: &NewsletterRow,
) -> Result<Option<Timestamp>, StoreError> {
    let Some(months) = u32::try_from(newsletter.reconfirm_after_months).ok().filter(|months| *months > 0) else {
        return Ok(None);
    };
    let before = house.clock.now().minus(MONTH * months);
    let last = editions::last_started(on, newsletter.id, -1).await?.and_then(|edition| edition.started_at);
    Ok(last.is_none_or(|last| last < before).then_some(before))
}

/// Asks everybody who has heard nothing for as long as the newsletter says. Doing it again asks nobody twice, and goes
/// on where it broke off.
///
/// # Errors
/// [`FlowError::Conflict`] when the newsletter does not ask; when the database refuses.
pub async fn ask(house: &House, slug: &str, dry_run: bool, actor: &str) -> Result<Asked, FlowError> {
    let mut reader = house.db.read().await?;
    let newsletter = find(&mut reader, slug).await?;
    if newsletter.reconfirm_after_months == 0 {
        return Err(FlowError::Conflict(format!(
            "this newsletter asks nobody; say first after how many months of silence it does: \
             `postduif newsletter edit {slug} --reconfirm-after-months 18`"
        )));
    }
    let unanswered = reconfirmations::count_unanswered(&mut reader, newsletter.id).await?;
    let mut asked = Asked { unanswered: u64::try_from(unanswered).unwrap_or_default(), dry_run, ..Asked::default() };
    let Some(before) = cutoff(house, &mut reader, &newsletter).await? else { return Ok(asked) };
    if dry_run {
        let due = reconfirmations::count_due(&mut reader, newsletter.id, before).await?;
        asked.asked = u64::try_from(due).unwrap_or_default();
        return Ok(asked);
    }
    drop(reader);
    loop {
        let now = house.clock.now();
        let mut tx = house.db.write().await?;
        let due = reconfirmations::due(&mut tx, newsletter.id, before, CHUNK).await?;
        if due.is_empty() {
            break;
        }
        let mut bodies = Vec::with_capacity(due.len());
        for subscription in &due {
            reconfirmations::asked(&mut tx, subscription.id, now).await?;
            let letter = Letter::Reconfirm { language: subscription.language, link: hex(&subscription.link) };
            let owed = NewLetter {
                uid: house.link(),
                newsletter_id: Some(newsletter.id),
                subscription_id: Some(subscription.id),
                recipient: &subscription.email,
                letter: &letter,
                expires_at: now.plus(PATIENCE),
            };
            outbox::insert(&mut tx, &owed, now).await?;
            if let Ok(email) = EmailAddress::parse_any_role(&subscription.email) {
                let means = ConsentMeans::Operator;
                bodies.push((subscription, house.consent_body(&newsletter, &email, subscription.language, means)));
            }
        }
        let records: Vec<NewConsent<'_>> = bodies
            .iter()
            .map(|(subscription, body)| NewConsent {
                newsletter_id: newsletter.id,
                subject: &subscription.address_hash,
                event: ConsentEvent::ReconfirmationAsked,
                body,
            })
            .collect();
        consent::append_many(&mut tx, &house.keys, &records, now).await?;
        asked.asked += due.len() as u64;
        tx.commit().await?;
        house.wake.letters.notify_one();
    }
    if asked.asked > 0 {
        let mut tx = house.db.write().await?;
        let count = asked.asked.to_string();
        audit::note(&mut tx, actor, "newsletter.reconfirm", slug, &count, house.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(asked)
}

/// What the token of such a mail names; changes nothing. `None` for a token of another kind, or of nobody any more.
///
/// # Errors
/// When the database cannot answer.
pub async fn look(house: &House, token: &str) -> Result<Option<Held>, FlowError> {
    Ok(held(house, &mut house.db.read().await?, token).await?)
}

/// Somebody stays. Doing it again is harmless; `false` for who has left since.
///
/// # Errors
/// When nothing was stored.
pub async fn stay(house: &House, token: &str) -> Result<bool, FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let Some(held) = held(house, &mut tx, token).await? else { return Ok(false) };
    let subscription = &held.subscription;
    if subscription.status != SubscriptionStatus::Confirmed {
        return Ok(false);
    }
    if !reconfirmations::stayed(&mut tx, subscription.id, now).await? {
        return Ok(true);
    }
    if let Ok(email) = EmailAddress::parse_any_role(&subscription.email) {
        let mut body = house.consent_body(&held.newsletter, &email, subscription.language, ConsentMeans::Link);
        body.origin = Some("/c/".to_owned());
        let (event, subject) = (ConsentEvent::Reconfirmed, &subscription.address_hash);
        consent::append(&mut tx, &house.keys, held.newsletter.id, subject, event, &body, now).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// A letter is given up. Who never got the question was not asked: they get editions as before, may be asked again, and
/// nobody leaves over it.
///
/// # Errors
/// When the database refuses.
pub(super) async fn never_arrived(tx: &mut Tx, letter: &LetterRow) -> Result<(), FlowError> {
    if let (REQUEST, Some(subscription)) = (letter.kind.as_str(), letter.subscription_id) {
        reconfirmations::not_asked(tx, subscription).await?;
    }
    Ok(())
}

/// The kind of [`Letter::Reconfirm`].
const REQUEST: &str = "reconfirm";

/// Ends the subscriptions of those who were asked longer ago than [`ANSWER_WITHIN`] and did not answer; says how many.
///
/// # Errors
/// When the database refuses.
pub async fn end_unanswered(house: &House) -> Result<u64, FlowError> {
    let mut ended = 0;
    loop {
        let mut tx = house.db.write().await?;
        let before = house.clock.now().minus(ANSWER_WITHIN);
        let silent = reconfirmations::unanswered_since(&mut tx, before, CHUNK).await?;
        if silent.is_empty() {
            return Ok(ended);
        }
        for subscription in silent {
            let Some(newsletter) = newsletters::by_id(&mut tx, subscription.newsletter_id).await? else { continue };
            let ending = Ending {
                status: SubscriptionStatus::Unsubscribed,
                event: ConsentEvent::Unsubscribed,
                means: ConsentMeans::Retention,
                note: Some("not reconfirmed within 30 days".to_owned()),
            };
            ended += u64::from(end(house, &mut tx, &Held { newsletter, subscription }, ending).await?);
        }
        tx.commit().await?;
    }
}

async fn held(house: &House, on: &mut impl Access, token: &str) -> Result<Option<Held>, StoreError> {
    let Some(link) = house.keys.open(Purpose::Stay, token) else { return Ok(None) };
    let Some(subscription) = subscriptions::by_link(on, &link).await? else { return Ok(None) };
    let Some(newsletter) = newsletters::by_id(on, subscription.newsletter_id).await? else { return Ok(None) };
    Ok(Some(Held { newsletter, subscription }))
}
