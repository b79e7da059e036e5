//! Another address for somebody who reads us: confirmed at the new one, told at the old one, the history kept.

use std::net::IpAddr;
use std::time::Duration;

use super::consent_proof::MOVED_FROM;
use super::preferences::{Asked, find};
use super::subscribe::{LETTER_PATIENCE, letters_allowed, too_many};
use super::{FlowError, House, people};
use crate::domain::address::EmailAddress;
use crate::domain::consent::{ConsentEvent, ConsentMeans};
use crate::domain::letter::Letter;
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::time::Timestamp;
use crate::domain::token::{Purpose, hex};
use crate::store::newsletters::NewsletterRow;
use crate::store::outbox::NewLetter;
use crate::store::subscriptions::{SubscriberRow, SubscriptionRow};
use crate::store::{Access, StoreError, Tx, consent, limits, newsletters, outbox, subscriptions, suppressions};

/// How long the link in the mail to the new address works.
pub const VALID: Duration = Duration::from_secs(24 * 3600);

/// Somebody about to move.
pub struct Moving {
    pub person: SubscriberRow,
    pub new: EmailAddress,
    /// The newsletter that speaks to them.
    pub newsletter: NewsletterRow,
}

/// What came of pressing the button behind the link.
pub enum Moved {
    Done(Box<Moving>),
    /// Somebody is known by the new address already, or it must not be mailed: nothing was changed.
    Taken(Box<Moving>),
}

/// Mails a link to the address that whom the token names wants from now on. The answer is the same for every address;
/// one that is taken, or must not be mailed, gets no mail. `None` for a token that is not ours.
///
/// # Errors
/// When nothing was stored.
pub async fn ask(
    house: &House,
    token: &str,
    new: &EmailAddress,
    client: Option<IpAddr>,
) -> Result<Option<Asked>, FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let Some(mine) = find(house, &mut tx, token).await? else { return Ok(None) };
    if let Some(limited) = too_many(house, &mut tx, client, now).await? {
        drop(tx);
        let retry_after = limited.told(house).await;
        return Ok(Some(Asked::TooMany { retry_after }));
    }
    let hash = house.keys.address_hash(new);
    let reading = mine.subscriptions.iter().find(|one| reads(one));
    if let Some(subscription) = reading
        && new.key() != mine.person.email_key
        && !is_barred(&mut tx, new, &hash).await?
        && letters_allowed(&mut tx, &hash, now).await?
    {
        limits::note(&mut tx, "letter", &hash, now).await?;
        let link = house.link();
        subscriptions::insert_move(&mut tx, &link, subscription.id, new, now, now.plus(VALID)).await?;
        let letter = Letter::ConfirmNewAddress { language: mine.person.language, link: hex(&link) };
        owe(house, &mut tx, subscription, new.as_str(), &letter, now).await?;
    }
    tx.commit().await?;
    house.wake.letters.notify_one();
    Ok(Some(Asked::LookInYourInbox))
}

/// Whom the link in the mail to a new address names; changes nothing. `None` once it is used or too old.
///
/// # Errors
/// When the database cannot answer.
pub async fn look(house: &House, token: &str) -> Result<Option<Moving>, FlowError> {
    Ok(moving(house, &mut house.db.read().await?, token).await?.map(|(moving, _)| moving))
}

/// Puts the new address in the place of the old one. Whoever pressed reads mail at the new one; the old one is told.
///
/// # Errors
/// When nothing was stored.
pub async fn confirm(house: &House, token: &str) -> Result<Option<Moved>, FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let Some((moving, through)) = moving(house, &mut tx, token).await? else { return Ok(None) };
    let (person, new) = (&moving.person, &moving.new);
    let hash = house.keys.address_hash(new);
    if is_barred(&mut tx, new, &hash).await? || !subscriptions::set_email(&mut tx, person.id, new, &hash, now).await? {
        return Ok(Some(Moved::Taken(Box::new(moving))));
    }
    // They proved that they read it: what a bounce or a list said of this address before holds no longer.
    suppressions::delete(&mut tx, &hash).await?;
    subscriptions::expire_links(&mut tx, person.id, now).await?;
    for subscription in subscriptions::of_subscriber(&mut tx, person.id).await? {
        let bounced = SubscriptionStatus::Bounced;
        if subscription.status == bounced {
            subscriptions::change_status(&mut tx, subscription.id, bounced, SubscriptionStatus::Confirmed, now).await?;
        }
        let Some(newsletter) = newsletters::by_id(&mut tx, subscription.newsletter_id).await? else { continue };
        let mut body = house.consent_body(&newsletter, new, subscription.language, ConsentMeans::Link);
        body.origin = Some(format!("{MOVED_FROM}{}", hex(&person.address_hash)));
        consent::append(&mut tx, &house.keys, newsletter.id, &hash, ConsentEvent::AddressChanged, &body, now).await?;
    }
    let letter = Letter::AddressChanged { language: person.language };
    owe(house, &mut tx, &through, &person.email, &letter, now).await?;
    tx.commit().await?;
    house.wake.letters.notify_one();
    Ok(Some(Moved::Done(Box::new(moving))))
}

/// Gets the newsletter, or would if their mailbox still worked.
fn reads(subscription: &SubscriptionRow) -> bool {
    matches!(subscription.status, SubscriptionStatus::Confirmed | SubscriptionStatus::Bounced)
}

/// Whether nobody can move to this address: somebody is there, or it must not be mailed.
async fn is_barred(on: &mut impl Access, new: &EmailAddress, hash: &[u8]) -> Result<bool, StoreError> {
    let silenced = suppressions::by_hash(on, hash).await?.is_some_and(|row| !row.reason.lifted_by_confirmation());
    Ok(silenced || subscriptions::subscriber_by_email(on, new).await?.is_some())
}

async fn moving(
    house: &House,
    on: &mut impl Access,
    token: &str,
) -> Result<Option<(Moving, SubscriptionRow)>, FlowError> {
    let Some(link) = house.keys.open(Purpose::Move, token) else { return Ok(None) };
    let Some(asked) = subscriptions::confirmation(on, &link).await? else { return Ok(None) };
    if asked.expires_at < house.clock.now() {
        return Ok(None);
    }
    let new = asked.new_email.as_deref().and_then(|email| EmailAddress::parse_any_role(email).ok());
    let (Some(new), Some(subscription)) = (new, subscriptions::by_id(on, asked.subscription_id).await?) else {
        return Ok(None);
    };
    let Some(newsletter) = newsletters::by_id(on, subscription.newsletter_id).await? else { return Ok(None) };
    let person = people::by_id(on, subscription.subscriber_id).await?;
    Ok(Some((Moving { person, new, newsletter }, subscription)))
}

async fn owe(
    house: &House,
    tx: &mut Tx,
    subscription: &SubscriptionRow,
    recipient: &str,
    letter: &Letter,
    now: Timestamp,
) -> Result<(), StoreError> {
    let owed = NewLetter {
        uid: house.link(),
        newsletter_id: Some(subscription.newsletter_id),
        subscription_id: Some(subscription.id),
        recipient,
        letter,
        expires_at: now.plus(LETTER_PATIENCE),
    };
    outbox::insert(tx, &owed, now).await
}
