//! People by hand: added with evidence, found, and let go by whoever runs the newsletter.

use super::subscribe::organisation;
use super::unsubscribe::{Ending, Held, end};
use super::{FlowError, House, newsletters};
use crate::domain::address::EmailAddress;
use crate::domain::consent::{ConsentEvent, ConsentMeans};
use crate::domain::fault::Faults;
use crate::domain::language::Language;
use crate::domain::plain_text::clean_line;
use crate::domain::subscription::{MailFormat, SubscriptionStatus};
use crate::domain::suppression::SuppressionReason;
use crate::domain::webhook::Event;
use crate::store::subscriptions::SubscriberRow;
use crate::store::{Access, consent, newsletters as stored, subscriptions, suppressions, webhooks};

/// Evidence that is shorter proves nothing.
const LEAST_EVIDENCE: usize = 5;
/// Longer is no sentence.
const MOST_EVIDENCE: usize = 2_000;

/// Somebody who asked on paper, by telephone, at the counter.
pub struct Addition<'a> {
    pub newsletter: &'a str,
    pub email: EmailAddress,
    pub language: Option<Language>,
    /// When and how they asked, in the operator's words.
    pub evidence: &'a str,
    pub means: ConsentMeans,
}

/// The person with this address.
///
/// # Errors
/// [`FlowError::NotFound`] when nobody is known by it.
pub async fn find(on: &mut impl Access, email: &EmailAddress) -> Result<SubscriberRow, FlowError> {
    subscriptions::subscriber_by_email(on, email).await?.ok_or_else(nobody)
}

/// The person with this id.
///
/// # Errors
/// [`FlowError::NotFound`] when there is none.
pub async fn by_id(on: &mut impl Access, id: i64) -> Result<SubscriberRow, FlowError> {
    subscriptions::subscriber_by_id(on, id).await?.ok_or_else(|| FlowError::NotFound(format!("subscriber {id}")))
}

/// The address of a person, read again as what it was when it was stored.
///
/// # Errors
/// [`FlowError::Conflict`] when somebody changed the database by hand.
pub fn address(person: &SubscriberRow) -> Result<EmailAddress, FlowError> {
    EmailAddress::parse_any_role(&person.email)
        .map_err(|error| FlowError::Conflict(format!("the address of subscriber {} is broken: {error}", person.id)))
}

/// Changes how a person gets their mail; what is not given stays.
///
/// # Errors
/// [`FlowError::NotFound`] when there is no such person.
pub async fn choose(
    house: &House,
    id: i64,
    language: Option<Language>,
    format: Option<MailFormat>,
) -> Result<SubscriberRow, FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    by_id(&mut tx, id).await?;
    if let Some(language) = language {
        subscriptions::set_language(&mut tx, id, language, now).await?;
    }
    if let Some(format) = format {
        subscriptions::set_format(&mut tx, id, format, now).await?;
    }
    let person = by_id(&mut tx, id).await?;
    tx.commit().await?;
    Ok(person)
}

/// “There is nobody with this address”: the address itself stays out of errors, because errors end up in logs.
fn nobody() -> FlowError {
    FlowError::NotFound("person with this address; look at its spelling".to_owned())
}

/// Words of an operator that stand in the record of each person they speak of.
///
/// # Errors
/// [`Faults`] when there are too few of them to say anything, or too many.
pub fn statement(field: &'static str, text: &str) -> Result<String, Faults> {
    let text = clean_line(text);
    match text.chars().count() {
        LEAST_EVIDENCE..=MOST_EVIDENCE => Ok(text),
        0..LEAST_EVIDENCE => Err(Faults::one(
            field,
            "say when and how they asked for it, such as “paper form at the fair of 12 March 2026”: it is kept as evidence",
        )),
        _ => Err(Faults::one(field, format!("may have {MOST_EVIDENCE} characters at most"))),
    }
}

/// Subscribes somebody by hand, confirmed by the evidence given. Who is subscribed stays so (then `false`); no
/// mail is sent.
///
/// # Errors
/// [`FlowError::Invalid`] for an address of the mail system's own; [`FlowError::Conflict`] when the address must not be
/// mailed, or its owner left: then only they can come back.
pub async fn add(house: &House, addition: Addition<'_>) -> Result<(SubscriberRow, bool), FlowError> {
    let evidence = statement("consent", addition.evidence)?;
    // Whoever read the address may have let one of the mail system's own through, because such a one can be looked up.
    EmailAddress::parse(addition.email.as_str()).map_err(|error| Faults::one("email", error.to_string()))?;
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let newsletter = newsletters::find(&mut tx, addition.newsletter).await?;
    let hash = house.keys.address_hash(&addition.email);
    if let Some(suppression) = suppressions::by_hash(&mut tx, &hash).await? {
        return Err(FlowError::Conflict(refusal(suppression.reason)));
    }
    let language = addition.language.unwrap_or(newsletter.language);
    let person = subscriptions::find_or_insert_subscriber(&mut tx, &addition.email, &hash, language, now).await?;
    let confirmed = SubscriptionStatus::Confirmed;
    if subscriptions::open(&mut tx, &house.link(), person.id, newsletter.id, confirmed, Some(now), now).await? {
        if let Some(opened) = subscriptions::of(&mut tx, person.id, newsletter.id).await? {
            webhooks::about_subscription(&mut tx, opened.id, Event::SubscriberConfirmed, now).await?;
        }
    } else {
        let held = subscriptions::of(&mut tx, person.id, newsletter.id)
            .await?
            .ok_or_else(|| FlowError::Conflict("the subscription vanished while it was looked at".to_owned()))?;
        match held.status {
            SubscriptionStatus::Confirmed => return Ok((person, false)),
            SubscriptionStatus::Pending => {
                subscriptions::change_status(&mut tx, held.id, held.status, confirmed, now).await?;
            }
            SubscriptionStatus::Unsubscribed => {
                return Err(FlowError::Conflict(refusal(SuppressionReason::Unsubscribed)));
            }
            SubscriptionStatus::Bounced => return Err(FlowError::Conflict(refusal(SuppressionReason::Bounced))),
            SubscriptionStatus::Complained => return Err(FlowError::Conflict(refusal(SuppressionReason::Complained))),
        }
    }
    let mut body = house.consent_body(&newsletter, &addition.email, language, addition.means);
    body.note = Some(evidence);
    body.origin = Some(organisation(&newsletter).to_owned());
    consent::append(&mut tx, &house.keys, newsletter.id, &hash, ConsentEvent::Added, &body, now).await?;
    tx.commit().await?;
    Ok((person, true))
}

/// Why an address is not taken, and what can be done about it.
pub(super) fn refusal(reason: SuppressionReason) -> String {
    let why = match reason {
        SuppressionReason::Unsubscribed => {
            "this person unsubscribed; they can sign up again themselves, through the form"
        }
        SuppressionReason::Erased => {
            "this person had their data erased; they can sign up again themselves, through the form"
        }
        SuppressionReason::Bounced => {
            "mail to this address came back; if the mailbox works again, its owner can sign up through the form"
        }
        SuppressionReason::Complained => "this person reported our mail as spam; write to them no more",
        SuppressionReason::Manual | SuppressionReason::Imported => {
            "it was blocked; `postduif suppression remove` frees it"
        }
    };
    format!("this address must not be mailed ({reason}): {why}")
}

/// Ends the subscriptions of an address, to one newsletter or to all; says how many ended now.
///
/// # Errors
/// [`FlowError::NotFound`] when nobody is known by this address, or there is no such newsletter.
pub async fn unsubscribe(
    house: &House,
    email: &EmailAddress,
    newsletter: Option<&str>,
    means: ConsentMeans,
) -> Result<(SubscriberRow, u64), FlowError> {
    let mut tx = house.db.write().await?;
    let person = find(&mut tx, email).await?;
    let only = match newsletter {
        Some(slug) => Some(newsletters::find(&mut tx, slug).await?.id),
        None => None,
    };
    let mut ended = 0;
    for subscription in subscriptions::of_subscriber(&mut tx, person.id).await? {
        if only.is_some_and(|only| only != subscription.newsletter_id) {
            continue;
        }
        let Some(newsletter) = stored::by_id(&mut tx, subscription.newsletter_id).await? else { continue };
        let ending =
            Ending { status: SubscriptionStatus::Unsubscribed, event: ConsentEvent::Unsubscribed, means, note: None };
        if end(house, &mut tx, &Held { newsletter, subscription }, ending).await? {
            ended += 1;
        }
    }
    tx.commit().await?;
    Ok((person, ended))
}
