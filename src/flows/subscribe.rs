//! Somebody fills in an address: whatever comes of it, the screen says the same.

mod limits;
mod queue;
mod together;

use std::net::IpAddr;
use std::time::Duration;

pub(super) use self::limits::{kind_allowed, letters_allowed, too_many};
pub use self::queue::SignUps;
use self::together::{Asked, Outcome};
use super::effort::Effort;
use super::mail_domains::{remembered, take_mail};
use super::tally::Count;
use super::{FlowError, House};
use crate::domain::address::EmailAddress;
use crate::domain::consent::ConsentMeans;
use crate::domain::language::Language;
use crate::domain::letter::Letter;
use crate::domain::subscription::SignUp;
use crate::domain::time::Timestamp;
use crate::domain::token::{Link, hex};
use crate::store::newsletters::NewsletterRow;
use crate::store::outbox::NewLetter;
use crate::store::subscriptions::SubscriptionRow;
use crate::store::{Tx, outbox, subscriptions};

/// How long a link to confirm works.
pub const CONFIRMATION_VALID: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long we try to deliver a letter: a confirmation that comes a day late confuses more than it helps.
pub const LETTER_PATIENCE: Duration = Duration::from_secs(24 * 3600);

const HOUR: Duration = Duration::from_secs(3600);
pub(super) const DAY: Duration = Duration::from_secs(24 * 3600);

/// Under this name it is noted that somebody signed up who must not be mailed.
pub(super) const WANTS_BACK: &str = "wants-back";

/// A sign-up whose address has been found possible.
pub struct SignUpRequest {
    /// Slug.
    pub newsletter: String,
    pub email: EmailAddress,
    pub language: Option<Language>,
    pub means: ConsentMeans,
    /// From where, as far as the proxies we trust can tell; not stored, only counted under a keyed hash.
    pub client: Option<IpAddr>,
    /// Where the form stood, for the evidence.
    pub origin: Option<String>,
    /// What the browser or its owner did for it, where something is asked.
    pub effort: Option<Effort>,
}

/// What the visitor is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// “Look in your inbox.”
    LookInYourInbox,
    /// Too many sign-ups from this network, or in all: come back after so long.
    TooMany { retry_after: Duration },
    /// Nobody takes mail for the address's domain, for certain.
    NoMailServer,
    /// What was done for it was used before.
    EffortUsed,
}

/// Takes a sign-up: subscription, consent record and the letter owed are stored together, and durable with the answer. Those
/// that come at the same time share a transaction and each of its statements.
///
/// # Errors
/// [`FlowError::NotFound`] for a newsletter that does not exist; [`FlowError::Store`] when nothing was stored.
pub async fn subscribe(house: &House, request: SignUpRequest) -> Result<Answer, FlowError> {
    if !takes_mail(house, &request, house.clock.now()).await? {
        house.tally.count(Count::SignupInvalid);
        return Ok(Answer::NoMailServer);
    }
    let (count, answer) = match house.sign_ups.take(house, Asked::of(house, request)).await? {
        Outcome::Stored => (Count::SignupAccepted, Answer::LookInYourInbox),
        Outcome::TooMany(limited) => {
            (Count::SignupRateLimited, Answer::TooMany { retry_after: limited.told(house).await })
        }
        Outcome::EffortUsed => (Count::SignupWorkAsked, Answer::EffortUsed),
    };
    house.tally.count(count);
    Ok(answer)
}

/// What answers a sign-up: a letter, and the link by which it is confirmed where it asks for that.
fn letter_for(
    house: &House,
    subscription: &[u8],
    answer: SignUp,
    language: Language,
) -> Option<(Letter, Option<Link>)> {
    match answer {
        SignUp::StaySilent => None,
        SignUp::SayAlreadySubscribed => Some((Letter::AlreadySubscribed { language, link: hex(subscription) }, None)),
        SignUp::AskToConfirm => {
            let link = house.link();
            Some((Letter::Confirm { language, link: hex(&link) }, Some(link)))
        }
    }
}

/// Owes the letter that answers a sign-up.
pub(super) async fn owe_letter(
    house: &House,
    tx: &mut Tx,
    newsletter: &NewsletterRow,
    subscription: &SubscriptionRow,
    answer: SignUp,
    language: Language,
    now: Timestamp,
) -> Result<(), FlowError> {
    let Some((letter, link)) = letter_for(house, &subscription.link, answer, language) else { return Ok(()) };
    if let Some(link) = link {
        subscriptions::insert_confirmation(tx, &link, subscription.id, now, now.plus(CONFIRMATION_VALID)).await?;
    }
    let owed = NewLetter {
        uid: house.link(),
        newsletter_id: Some(newsletter.id),
        subscription_id: Some(subscription.id),
        recipient: &subscription.email,
        letter: &letter,
        expires_at: now.plus(LETTER_PATIENCE),
    };
    Ok(outbox::insert(tx, &owed, now).await?)
}

/// Whether anybody takes mail for the address, as far as DNS is certain. Whoever signs up too often makes us ask nothing.
async fn takes_mail(house: &House, request: &SignUpRequest, now: Timestamp) -> Result<bool, FlowError> {
    let domain = request.email.domain();
    if let Some(known) = remembered(house, domain) {
        return Ok(known);
    }
    let is_held = limits::limited(house, &mut house.db.read().await?, request.client, now).await?;
    Ok(is_held || take_mail(house, domain).await)
}

/// Who asks, in words: the organisation, or the sender's name where none is set.
pub fn organisation(newsletter: &NewsletterRow) -> &str {
    if newsletter.organisation.is_empty() { &newsletter.from_name } else { &newsletter.organisation }
}
