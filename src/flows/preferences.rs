//! One's own data: a link to it by mail, choices, and being forgotten. Taking data out and erasing need a fresh link.

use std::net::IpAddr;
use std::time::Duration;

use super::subscribe::{DAY, LETTER_PATIENCE, kind_allowed, too_many};
use super::unsubscribe::{Ending, Held, end};
use super::{FlowError, House, consent_proof, erase};
use crate::domain::address::EmailAddress;
use crate::domain::consent::{ConsentEvent, ConsentMeans};
use crate::domain::language::Language;
use crate::domain::letter::Letter;
use crate::domain::subscription::{MailFormat, SubscriptionStatus};
use crate::domain::time::Timestamp;
use crate::domain::token::{Purpose, hex};
use crate::store::outbox::NewLetter;
use crate::store::subscriptions::{SubscriberRow, SubscriptionRow};
use crate::store::{Access, StoreError, Tx, limits, newsletters, outbox, subscriptions};

/// How long a link that was asked for gives every right.
pub const FRESH: Duration = Duration::from_secs(3600);

/// Letters with a link, as they are counted.
const LETTERS: &str = "preferences";

/// Whom a link belongs to.
pub struct Mine {
    pub person: SubscriberRow,
    pub subscriptions: Vec<SubscriptionRow>,
    /// The link came by a mail of the last hour.
    pub fresh: bool,
}

/// What somebody is told who asks for a mail, whoever they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// “Look in your inbox.”
    LookInYourInbox,
    /// Too many from this network, or in all: come back after so long.
    TooMany { retry_after: Duration },
}

/// Mails a link to the data of this address, if we know it by more than a sign-up that nobody confirmed: one in ten
/// minutes, three a day, five a week, and one a day to who complained. The answer is the same for everyone.
///
/// # Errors
/// When nothing was stored.
pub async fn ask(house: &House, email: &EmailAddress, client: Option<IpAddr>) -> Result<Asked, FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    if let Some(limited) = too_many(house, &mut tx, client, now).await? {
        drop(tx);
        let retry_after = limited.told(house).await;
        return Ok(Asked::TooMany { retry_after });
    }
    if let Some(person) = subscriptions::subscriber_by_email(&mut tx, email).await? {
        owe_link(house, &mut tx, &person, now).await?;
    }
    tx.commit().await?;
    house.wake.letters.notify_one();
    Ok(Asked::LookInYourInbox)
}

/// Whom the token names; changes nothing.
///
/// # Errors
/// When the database cannot answer.
pub async fn look(house: &House, token: &str) -> Result<Option<Mine>, FlowError> {
    Ok(find(house, &mut house.db.read().await?, token).await?)
}

/// Mails a fresh link to whom the token names, as often as [`ask`] does.
///
/// # Errors
/// When nothing was stored.
pub async fn send_link(house: &House, token: &str) -> Result<Option<Mine>, FlowError> {
    let mut tx = house.db.write().await?;
    let Some(mine) = find(house, &mut tx, token).await? else { return Ok(None) };
    owe_link(house, &mut tx, &mine.person, house.clock.now()).await?;
    tx.commit().await?;
    house.wake.letters.notify_one();
    Ok(Some(mine))
}

/// Stores in which language and form somebody wants their mail.
///
/// # Errors
/// When nothing was stored.
pub async fn choose(
    house: &House,
    token: &str,
    language: Language,
    format: MailFormat,
) -> Result<Option<Mine>, FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let Some(mine) = find(house, &mut tx, token).await? else { return Ok(None) };
    subscriptions::set_language(&mut tx, mine.person.id, language, now).await?;
    subscriptions::set_format(&mut tx, mine.person.id, format, now).await?;
    let after = find(house, &mut tx, token).await?;
    tx.commit().await?;
    Ok(after)
}

/// Ends one of the subscriptions of whom the token names.
///
/// # Errors
/// When nothing was stored.
pub async fn leave(house: &House, token: &str, slug: &str) -> Result<Option<Mine>, FlowError> {
    let mut tx = house.db.write().await?;
    let Some(mine) = find(house, &mut tx, token).await? else { return Ok(None) };
    let Some(subscription) = mine.subscriptions.into_iter().find(|one| one.newsletter == slug) else {
        return Err(FlowError::no_newsletter(slug));
    };
    if let Some(newsletter) = newsletters::by_id(&mut tx, subscription.newsletter_id).await? {
        let held = Held { newsletter, subscription };
        let ending = Ending {
            status: SubscriptionStatus::Unsubscribed,
            event: ConsentEvent::Unsubscribed,
            means: ConsentMeans::Link,
            note: None,
        };
        end(house, &mut tx, &held, ending).await?;
    }
    let after = find(house, &mut tx, token).await?;
    tx.commit().await?;
    Ok(after)
}

/// Forgets whom a fresh token names; `false` when it is not fresh, or names nobody.
///
/// # Errors
/// When nothing was stored.
pub async fn erase_me(house: &House, token: &str) -> Result<bool, FlowError> {
    let mut tx = house.db.write().await?;
    let Some(mine) = find(house, &mut tx, token).await?.filter(|mine| mine.fresh) else { return Ok(false) };
    erase::forget(house, &mut tx, mine.person.id, ConsentMeans::Link, "the person").await?;
    tx.commit().await?;
    erase::tidy(house).await;
    Ok(true)
}

/// The consent records of a person, oldest first, as `(moment, event, body)`.
///
/// # Errors
/// When the database cannot answer.
pub async fn consents(
    house: &House,
    person: &SubscriberRow,
) -> Result<Vec<(Timestamp, ConsentEvent, Option<String>)>, FlowError> {
    let rows = consent_proof::of(&mut house.db.read().await?, &person.address_hash).await?;
    Ok(rows.into_iter().map(|row| (row.at, row.event, row.body)).collect())
}

async fn owe_link(house: &House, tx: &mut Tx, person: &SubscriberRow, now: Timestamp) -> Result<(), FlowError> {
    // The letter speaks for a newsletter: the one they came by.
    let all = subscriptions::of_subscriber(tx, person.id).await?;
    // Who never confirmed may be somebody whose address a stranger typed: they hear from us by the sign-up alone.
    let Some(subscription) = all.iter().find(|one| one.status != SubscriptionStatus::Pending) else { return Ok(()) };
    if !kind_allowed(tx, LETTERS, &person.address_hash, now).await? {
        return Ok(());
    }
    // Their own data are theirs to ask for, also when they want no mail; others must not annoy them by it.
    let complained = all.iter().any(|one| one.status == SubscriptionStatus::Complained);
    if complained && limits::count(tx, LETTERS, &person.address_hash, now.minus(DAY)).await? > 0 {
        return Ok(());
    }
    limits::note(tx, LETTERS, &person.address_hash, now).await?;
    let link = house.link();
    subscriptions::insert_confirmation(tx, &link, subscription.id, now, now.plus(FRESH)).await?;
    let letter = Letter::Preferences { language: person.language, link: hex(&link) };
    let owed = NewLetter {
        uid: house.link(),
        newsletter_id: Some(subscription.newsletter_id),
        subscription_id: Some(subscription.id),
        recipient: &person.email,
        letter: &letter,
        expires_at: now.plus(FRESH.min(LETTER_PATIENCE)),
    };
    Ok(outbox::insert(tx, &owed, now).await?)
}

/// The link of a newsletter opens the choices for ever; one that was asked for gives every right for an hour, and
/// after that no more than the other.
pub(super) async fn find(house: &House, on: &mut impl Access, token: &str) -> Result<Option<Mine>, StoreError> {
    let (subscription, fresh) = if let Some(link) = house.keys.open(Purpose::Preferences, token) {
        (subscriptions::by_link(on, &link).await?, false)
    } else if let Some(link) = house.keys.open(Purpose::Identity, token) {
        match subscriptions::confirmation(on, &link).await? {
            Some(asked) => {
                let fresh = house.clock.now() <= asked.expires_at;
                (subscriptions::by_id(on, asked.subscription_id).await?, fresh)
            }
            None => (None, false),
        }
    } else {
        (None, false)
    };
    let Some(subscription) = subscription else { return Ok(None) };
    let Some(person) = subscriptions::subscriber_by_id(on, subscription.subscriber_id).await? else { return Ok(None) };
    let subscriptions = subscriptions::of_subscriber(on, person.id).await?;
    Ok(Some(Mine { person, subscriptions, fresh }))
}
