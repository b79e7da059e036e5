//! What somebody at the desk does for one person: asks them to confirm, lets them go, lets them in again.

use super::people::{address, by_id, refusal, statement};
use super::subscribe::{WANTS_BACK, letters_allowed, organisation, owe_letter};
use super::unsubscribe::{Ending, Held, end};
use super::{FlowError, House, newsletters};
use crate::domain::address::EmailAddress;
use crate::domain::consent::{ConsentEvent, ConsentMeans};
use crate::domain::language::Language;
use crate::domain::plain_text::clean_line;
use crate::domain::subscription::{SignUp, SubscriptionStatus};
use crate::domain::time::Timestamp;
use crate::domain::token::hex;
use crate::store::subscriptions::SubscriptionRow;
use crate::store::{Tx, audit, consent, limits, subscriptions, suppressions};

/// Longest reason that is kept, in characters.
const MOST_NOTE: usize = 500;

/// Somebody who asked in another way than by the form, and who confirms it from their mailbox.
pub struct Invitation<'a> {
    pub newsletter: &'a str,
    pub email: &'a EmailAddress,
    pub language: Language,
    /// When and how they asked, in the operator's words.
    pub evidence: &'a str,
    pub actor: &'a str,
}

/// Asks somebody to confirm, on the evidence given; gives their id. Who gets the newsletter already is not mailed.
///
/// # Errors
/// [`FlowError::Invalid`] for evidence that says nothing, [`FlowError::Conflict`] when only they themselves, or an
/// administrator, can bring them back.
pub async fn invite(house: &House, invitation: Invitation<'_>) -> Result<i64, FlowError> {
    let evidence = statement("evidence", invitation.evidence)?;
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let newsletter = newsletters::find(&mut tx, invitation.newsletter).await?;
    let hash = house.keys.address_hash(invitation.email);
    if let Some(suppression) = suppressions::by_hash(&mut tx, &hash).await? {
        return Err(FlowError::Conflict(refusal(suppression.reason)));
    }
    let (email, language) = (invitation.email, invitation.language);
    let person = subscriptions::find_or_insert_subscriber(&mut tx, email, &hash, language, now).await?;
    let pending = SubscriptionStatus::Pending;
    subscriptions::open(&mut tx, &house.link(), person.id, newsletter.id, pending, None, now).await?;
    let held = subscriptions::of(&mut tx, person.id, newsletter.id).await?.ok_or_else(vanished)?;
    match held.status {
        SubscriptionStatus::Pending => {}
        SubscriptionStatus::Confirmed => return Ok(person.id),
        _ => return Err(FlowError::Conflict(refusal(crate::domain::suppression::SuppressionReason::Unsubscribed))),
    }
    let mut body = house.consent_body(&newsletter, email, language, ConsentMeans::Operator);
    body.note = Some(evidence);
    body.origin = Some(organisation(&newsletter).to_owned());
    if letters_allowed(&mut tx, &hash, now).await? {
        ask(house, &mut tx, &held, now).await?;
    }
    audit::note(&mut tx, invitation.actor, "subscriber.add", &format!("subscriber {}", person.id), "", now).await?;
    consent::append(&mut tx, &house.keys, newsletter.id, &hash, ConsentEvent::Requested, &body, now).await?;
    tx.commit().await?;
    house.wake.letters.notify_one();
    Ok(person.id)
}

/// Sends the mail to confirm once more.
///
/// # Errors
/// [`FlowError::Conflict`] when one went out just now, or there is nothing to confirm.
pub async fn ask_again(house: &House, id: i64, slug: &str, actor: &str) -> Result<(), FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let held = subscription(&mut tx, id, slug).await?;
    if held.status != SubscriptionStatus::Pending {
        return Err(FlowError::Conflict("there is nothing that this person could confirm".to_owned()));
    }
    if !letters_allowed(&mut tx, &held.address_hash, now).await? {
        return Err(FlowError::Conflict("a mail went to this address just now; try again later".to_owned()));
    }
    ask(house, &mut tx, &held, now).await?;
    audit::note(&mut tx, actor, "subscriber.ask-again", &format!("subscriber {id}"), slug, now).await?;
    tx.commit().await?;
    house.wake.letters.notify_one();
    Ok(())
}

/// Ends a subscription at somebody's wish, with the reason in words.
///
/// # Errors
/// [`FlowError::NotFound`] when there is none.
pub async fn let_go(house: &House, id: i64, slug: &str, note: &str, actor: &str) -> Result<bool, FlowError> {
    let mut tx = house.db.write().await?;
    let held = subscription(&mut tx, id, slug).await?;
    let newsletter = newsletters::find(&mut tx, slug).await?;
    let note: String = clean_line(note).chars().take(MOST_NOTE).collect();
    let ending = Ending {
        status: SubscriptionStatus::Unsubscribed,
        event: ConsentEvent::Unsubscribed,
        means: ConsentMeans::Operator,
        note: Some(note).filter(|note| !note.is_empty()),
    };
    let ended = end(house, &mut tx, &Held { newsletter, subscription: held }, ending).await?;
    audit::note(&mut tx, actor, "subscriber.unsubscribe", &format!("subscriber {id}"), slug, house.clock.now()).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Lets somebody in again who complained or was blocked, and asks them to confirm: an administrator's decision, when
/// they themselves say that they want to.
///
/// # Errors
/// [`FlowError::NotFound`] when there is no such subscription.
pub async fn let_back(house: &House, id: i64, slug: &str, actor: &str) -> Result<(), FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let held = subscription(&mut tx, id, slug).await?;
    suppressions::delete(&mut tx, &held.address_hash).await?;
    if !matches!(held.status, SubscriptionStatus::Confirmed | SubscriptionStatus::Pending) {
        let pending = SubscriptionStatus::Pending;
        subscriptions::change_status(&mut tx, held.id, held.status, pending, now).await?;
    }
    if held.status != SubscriptionStatus::Confirmed {
        let held = subscription(&mut tx, id, slug).await?;
        ask(house, &mut tx, &held, now).await?;
    }
    limits::forget_key(&mut tx, WANTS_BACK, &held.address_hash).await?;
    audit::note(&mut tx, actor, "subscriber.let-back", &hex(&held.address_hash[..8]), slug, now).await?;
    tx.commit().await?;
    house.wake.letters.notify_one();
    Ok(())
}

async fn ask(house: &House, tx: &mut Tx, held: &SubscriptionRow, now: Timestamp) -> Result<(), FlowError> {
    let newsletter = newsletters::find(tx, &held.newsletter).await?;
    owe_letter(house, tx, &newsletter, held, SignUp::AskToConfirm, held.language, now).await?;
    Ok(limits::note(tx, "letter", &held.address_hash, now).await?)
}

async fn subscription(tx: &mut Tx, id: i64, slug: &str) -> Result<SubscriptionRow, FlowError> {
    let person = by_id(tx, id).await?;
    address(&person)?;
    let mut held = subscriptions::of_subscriber(tx, id).await?.into_iter();
    held.find(|one| one.newsletter == slug).ok_or_else(|| FlowError::no_newsletter(slug))
}

fn vanished() -> FlowError {
    FlowError::Conflict("the subscription vanished while it was made".to_owned())
}
