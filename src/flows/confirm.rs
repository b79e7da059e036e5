//! The link in the confirmation mail: looking changes nothing, pressing the button confirms.

use super::subscribe::{LETTER_PATIENCE, letters_allowed, owe_letter};
use super::tally::Count;
use super::{FlowError, House};
use crate::domain::address::EmailAddress;
use crate::domain::consent::{ConsentEvent, ConsentMeans};
use crate::domain::letter::Letter;
use crate::domain::subscription::{SignUp, SubscriptionStatus};
use crate::domain::time::Timestamp;
use crate::domain::token::{Purpose, hex};
use crate::store::newsletters::NewsletterRow;
use crate::store::outbox::NewLetter;
use crate::store::subscriptions::{ConfirmationRow, SubscriptionRow};
use crate::store::{Access, StoreError, consent, limits, newsletters, outbox, subscriptions, suppressions};

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// One press confirms it.
    Open,
    /// It was confirmed before.
    Already,
    /// Too late, or ended since: an old mail must not bring anybody back. A fresh mail can be asked for.
    Expired,
}

/// A request and all that its page shows.
pub struct Request {
    pub newsletter: NewsletterRow,
    pub subscription: SubscriptionRow,
    pub standing: Standing,
}

/// What the token names; `None` for a token that is not ours or whose request is forgotten.
///
/// # Errors
/// When the database cannot answer.
pub async fn look(house: &House, token: &str) -> Result<Option<Request>, FlowError> {
    let mut reader = house.db.read().await?;
    Ok(find(house, &mut reader, token, house.clock.now()).await?)
}

/// Confirms. Doing it again is harmless and says [`Standing::Already`].
///
/// # Errors
/// When nothing was stored.
pub async fn confirm(house: &House, token: &str) -> Result<Option<Request>, FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let Some(mut request) = find(house, &mut tx, token, now).await? else { return Ok(None) };
    if request.standing != Standing::Open {
        return Ok(Some(request));
    }
    let subscription = &request.subscription;
    let changed =
        subscriptions::change_status(&mut tx, subscription.id, subscription.status, SubscriptionStatus::Confirmed, now)
            .await?;
    if !changed {
        // Somebody pressed at the same moment.
        request.standing = Standing::Already;
        return Ok(Some(request));
    }
    if suppressions::by_hash(&mut tx, &subscription.address_hash)
        .await?
        .is_some_and(|row| row.reason.lifted_by_confirmation())
    {
        suppressions::delete(&mut tx, &subscription.address_hash).await?;
    }
    let letter = Letter::Welcome { language: subscription.language, link: hex(&subscription.link) };
    let owed = NewLetter {
        uid: house.link(),
        newsletter_id: Some(request.newsletter.id),
        subscription_id: Some(subscription.id),
        recipient: &subscription.email,
        letter: &letter,
        expires_at: now.plus(LETTER_PATIENCE),
    };
    outbox::insert(&mut tx, &owed, now).await?;
    if let Ok(email) = EmailAddress::parse_any_role(&subscription.email) {
        let mut body = house.consent_body(&request.newsletter, &email, subscription.language, ConsentMeans::Link);
        body.origin = Some("/c/".to_owned());
        consent::append(
            &mut tx,
            &house.keys,
            request.newsletter.id,
            &subscription.address_hash,
            ConsentEvent::Confirmed,
            &body,
            now,
        )
        .await?;
    }
    tx.commit().await?;
    house.tally.count(Count::Confirmation);
    house.wake.letters.notify_one();
    request.subscription.status = SubscriptionStatus::Confirmed;
    Ok(Some(request))
}

/// Sends a fresh mail for an expired request, at most as often as a sign-up may. The page says the same either way.
///
/// # Errors
/// When nothing was stored.
pub async fn send_again(house: &House, token: &str) -> Result<Option<Request>, FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let Some(request) = find(house, &mut tx, token, now).await? else { return Ok(None) };
    let hash = &request.subscription.address_hash;
    let silenced = suppressions::by_hash(&mut tx, hash).await?.is_some_and(|row| !row.reason.lifted_by_confirmation());
    let answer = if silenced { SignUp::StaySilent } else { request.subscription.status.on_sign_up() };
    if request.standing == Standing::Expired
        && answer == SignUp::AskToConfirm
        && letters_allowed(&mut tx, hash, now).await?
    {
        let language = request.subscription.language;
        owe_letter(house, &mut tx, &request.newsletter, &request.subscription, answer, language, now).await?;
        limits::note(&mut tx, "letter", hash, now).await?;
    }
    tx.commit().await?;
    house.wake.letters.notify_one();
    Ok(Some(request))
}

async fn find(house: &House, on: &mut impl Access, token: &str, now: Timestamp) -> Result<Option<Request>, StoreError> {
    let Some(link) = house.keys.open(Purpose::Confirm, token) else { return Ok(None) };
    let Some(confirmation) = subscriptions::confirmation(on, &link).await? else { return Ok(None) };
    let Some(subscription) = subscriptions::by_id(on, confirmation.subscription_id).await? else { return Ok(None) };
    let Some(newsletter) = newsletters::by_id(on, subscription.newsletter_id).await? else { return Ok(None) };
    let standing = standing(&confirmation, &subscription, now);
    Ok(Some(Request { newsletter, subscription, standing }))
}

fn standing(confirmation: &ConfirmationRow, subscription: &SubscriptionRow, now: Timestamp) -> Standing {
    let asked_since_it_ended = subscription.ended_at.is_none_or(|ended| confirmation.created_at > ended);
    match subscription.status {
        SubscriptionStatus::Confirmed => Standing::Already,
        SubscriptionStatus::Complained => Standing::Expired,
        SubscriptionStatus::Pending | SubscriptionStatus::Unsubscribed | SubscriptionStatus::Bounced => {
            if asked_since_it_ended && now <= confirmation.expires_at {
                Standing::Open
            } else {
                Standing::Expired
            }
        }
    }
}
