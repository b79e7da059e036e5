//! Somebody fills in an address: whatever comes of it, the screen says the same.

use std::net::IpAddr;
use std::time::Duration;

use super::effort::{Effort, spend};
use super::feedback::UNREACHABLE;
use super::mail_domains::{remembered, take_mail};
use super::newsletters::find;
use super::tally::Count;
use super::{FlowError, House, notices};
use crate::domain::address::EmailAddress;
use crate::domain::consent::{ConsentEvent, ConsentMeans};
use crate::domain::language::Language;
use crate::domain::letter::Letter;
use crate::domain::network::Network;
use crate::domain::newsletter;
use crate::domain::subscription::{SignUp, SubscriptionStatus};
use crate::domain::texts::pages as texts;
use crate::domain::time::Timestamp;
use crate::domain::token::hex;
use crate::store::newsletters::NewsletterRow;
use crate::store::outbox::NewLetter;
use crate::store::subscriptions::SubscriptionRow;
use crate::store::{Access, Tx, limits, outbox, subscriptions, suppressions};

/// How long a link to confirm works.
pub const CONFIRMATION_VALID: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long we try to deliver a letter: a confirmation that comes a day late confuses more than it helps.
pub const LETTER_PATIENCE: Duration = Duration::from_secs(24 * 3600);

const HOUR: Duration = Duration::from_secs(3600);
pub(super) const DAY: Duration = Duration::from_secs(24 * 3600);

/// Under this name it is noted that somebody signed up who must not be mailed.
pub(super) const WANTS_BACK: &str = "wants-back";

/// Letters to one address, most per rolling window.
const PER_ADDRESS: [(i64, Duration); 3] =
    [(1, Duration::from_secs(600)), (3, DAY), (5, Duration::from_secs(7 * 24 * 3600))];

/// A sign-up whose address has been found possible.
pub struct SignUpRequest<'a> {
    pub newsletter: &'a str,
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

/// Takes a sign-up: subscription, consent record and the letter owed in one transaction.
///
/// # Errors
/// [`FlowError::NotFound`] for a newsletter that does not exist; [`FlowError::Store`] when nothing was stored.
pub async fn subscribe(house: &House, request: SignUpRequest<'_>) -> Result<Answer, FlowError> {
    let now = house.clock.now();
    let newsletter = find(&mut house.db.read().await?, request.newsletter).await?;
    if !takes_mail(house, &request, now).await? {
        house.tally.count(Count::SignupInvalid);
        return Ok(Answer::NoMailServer);
    }
    let mut tx = house.db.write().await?;
    if let Some(limited) = too_many(house, &mut tx, request.client, now).await? {
        drop(tx);
        house.tally.count(Count::SignupRateLimited);
        return Ok(Answer::TooMany { retry_after: limited.told(house).await });
    }
    if let Some(effort) = &request.effort
        && !spend(house, &mut tx, effort).await?
    {
        house.tally.count(Count::SignupWorkAsked);
        return Ok(Answer::EffortUsed);
    }

    let language = request.language.unwrap_or(newsletter.language);
    let hash = house.keys.address_hash(&request.email);
    let person = subscriptions::find_or_insert_subscriber(&mut tx, &request.email, &hash, language, now).await?;
    let subscription =
        subscriptions::find_or_open(&mut tx, &house.link(), &person, (newsletter.id, &newsletter.slug), now).await?;
    let silenced = suppressions::by_hash(&mut tx, &hash).await?.is_some_and(|row| !row.reason.lifted_by_confirmation());

    let answer = if silenced { SignUp::StaySilent } else { subscription.status.on_sign_up() };
    if answer == SignUp::StaySilent {
        // For an administrator to see: only they can let this person in again.
        limits::note(&mut tx, WANTS_BACK, &hash, now).await?;
    }
    if answer != SignUp::StaySilent && within_address_limits(&mut tx, &hash, &subscription, now).await? {
        owe_letter(house, &mut tx, &newsletter, &subscription, answer, language, now).await?;
        limits::note(&mut tx, "letter", &hash, now).await?;
        if answer == SignUp::AskToConfirm {
            let mut body = house.consent_body(&newsletter, &request.email, language, request.means);
            let promise = newsletter::promise(newsletter.max_per_year, language);
            body.text = Some(texts::form_consent(language, organisation(&newsletter), promise));
            body.origin = request.origin;
            body.text_version = Some(env!("CARGO_PKG_VERSION").to_owned());
            crate::store::consent::append(
                &mut tx,
                &house.keys,
                newsletter.id,
                &hash,
                ConsentEvent::Requested,
                &body,
                now,
            )
            .await?;
        }
    }
    tx.commit().await?;
    house.tally.count(Count::SignupAccepted);
    house.wake.letters.notify_one();
    Ok(Answer::LookInYourInbox)
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
    let letter = match answer {
        SignUp::StaySilent => return Ok(()),
        SignUp::SayAlreadySubscribed => Letter::AlreadySubscribed { language, link: hex(&subscription.link) },
        SignUp::AskToConfirm => {
            let link = house.link();
            subscriptions::insert_confirmation(tx, &link, subscription.id, now, now.plus(CONFIRMATION_VALID)).await?;
            Letter::Confirm { language, link: hex(&link) }
        }
    };
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
async fn takes_mail(house: &House, request: &SignUpRequest<'_>, now: Timestamp) -> Result<bool, FlowError> {
    let domain = request.email.domain();
    if let Some(known) = remembered(house, domain) {
        return Ok(known);
    }
    let is_held = limited(house, &mut house.db.read().await?, request.client, now).await?;
    Ok(is_held || take_mail(house, domain).await)
}

/// Too many sign-ups.
pub(super) struct Limited {
    retry_after: Duration,
    /// In all, and not from this network alone: something for an operator to know.
    in_all: bool,
}

impl Limited {
    /// After how long to come back; tells the operators where they should know. Not within a transaction of one's own.
    pub(super) async fn told(self, house: &House) -> Duration {
        if self.in_all {
            house.tally.count(Count::SignupLimitReached);
            if let Err(error) = tell_operators(house).await {
                tracing::error!(%error, "nobody could be told that sign-ups reached their limit");
            }
        }
        self.retry_after
    }
}

/// Under this name it is noted that the operators were told of the limit.
const LIMIT_TOLD: &str = "sign-up-limit-told";

/// By mail and in the log, once a day: it lasts for hours, and there may be thousands who try.
async fn tell_operators(house: &House) -> Result<(), FlowError> {
    let now = house.clock.now();
    let since = now.minus(DAY);
    if limits::count(&mut house.db.read().await?, LIMIT_TOLD, ALL, since).await? > 0 {
        return Ok(());
    }
    let mut tx = house.db.write().await?;
    if !limits::once(&mut tx, LIMIT_TOLD, ALL, since, now).await? {
        return Ok(());
    }
    let most = house.config.signups_total.unwrap_or_default();
    notices::signups_limited(house, &mut tx, most).await?;
    tx.commit().await?;
    tracing::warn!(
        most,
        "sign-ups in all have reached their limit of an hour; whoever comes now is asked to come back"
    );
    house.wake.letters.notify_one();
    Ok(())
}

/// The key of what is counted for the whole installation.
const ALL: &[u8] = b"all";

/// What a sign-up is counted against: its kind, its key, and how many an hour there may be.
fn counted(house: &House, client: Option<IpAddr>) -> Vec<(&'static str, Vec<u8>, i64)> {
    let network = client.map(|address| house.keys.hash_text(&Network::of_visitor(address).to_string()).to_vec());
    let network = network.zip(house.config.signups_per_network).map(|(key, most)| (NETWORK, key, most.into()));
    let all = house.config.signups_total.map(|most| ("sign-up", ALL.to_vec(), most.into()));
    network.into_iter().chain(all).collect()
}

const NETWORK: &str = "network";

/// Whether there were too many from this network, or in all; changes nothing.
async fn limited(
    house: &House,
    on: &mut impl Access,
    client: Option<IpAddr>,
    now: Timestamp,
) -> Result<bool, FlowError> {
    for (kind, key, most) in counted(house, client) {
        if limits::count(on, kind, &key, now.minus(HOUR)).await? >= most {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Who is held until the oldest of what counts is an hour old.
async fn held(on: &mut impl Access, kind: &str, key: &[u8], now: Timestamp) -> Result<Limited, FlowError> {
    let oldest = limits::oldest(on, kind, key, now.minus(HOUR)).await?.unwrap_or(now);
    let retry_after = oldest.plus(HOUR).since(now).max(Duration::from_secs(1));
    Ok(Limited { retry_after, in_all: kind != NETWORK })
}

/// Counts a sign-up against its network and against all; `Some` where it is too many.
pub(super) async fn too_many(
    house: &House,
    tx: &mut Tx,
    client: Option<IpAddr>,
    now: Timestamp,
) -> Result<Option<Limited>, FlowError> {
    let since = now.minus(HOUR);
    for (kind, key, most) in counted(house, client) {
        if !limits::note_within(tx, kind, &key, most, since, now).await? {
            return Ok(Some(held(tx, kind, &key, now).await?));
        }
    }
    Ok(None)
}

/// Whether this address may get another letter; who stays silent here is told nothing on the screen.
async fn within_address_limits(
    tx: &mut Tx,
    hash: &[u8],
    subscription: &SubscriptionRow,
    now: Timestamp,
) -> Result<bool, FlowError> {
    // Mailboxes get repaired, but not every day.
    const REPAIRED_WITHIN: Duration = Duration::from_secs(30 * 24 * 3600);
    let (letters, unreachable) = recent(tx, "letter", hash, (UNREACHABLE, REPAIRED_WITHIN), now).await?;
    if !letters {
        return Ok(false);
    }
    let (most, window) = match subscription.status {
        SubscriptionStatus::Confirmed => (1, DAY),
        SubscriptionStatus::Bounced => (1, REPAIRED_WITHIN),
        _ if unreachable => (1, REPAIRED_WITHIN),
        _ => return Ok(true),
    };
    Ok(limits::count(tx, "letter", hash, now.minus(window)).await? < most)
}

/// Whether a letter may go to an address now, whoever asked for it: nobody's mailbox is flooded from here.
pub(super) async fn letters_allowed(tx: &mut Tx, hash: &[u8], now: Timestamp) -> Result<bool, FlowError> {
    kind_allowed(tx, "letter", hash, now).await
}

/// The same for letters of another kind, which are counted apart.
pub(super) async fn kind_allowed(
    tx: &mut Tx,
    kind: &'static str,
    hash: &[u8],
    now: Timestamp,
) -> Result<bool, FlowError> {
    Ok(recent(tx, kind, hash, (kind, DAY), now).await?.0)
}

/// Whether a letter of this kind may go to an address now, and whether something else happened there within a span.
async fn recent(
    tx: &mut Tx,
    kind: &str,
    hash: &[u8],
    (else_kind, span): (&str, Duration),
    now: Timestamp,
) -> Result<(bool, bool), FlowError> {
    let windows = PER_ADDRESS.map(|(_, window)| (kind, now.minus(window)));
    let [first, second, third] = windows;
    let counted = limits::counts(tx, hash, [first, second, third, (else_kind, now.minus(span))]).await?;
    let within = PER_ADDRESS.iter().zip(counted).all(|((most, _), count)| count < *most);
    Ok((within, counted[3] > 0))
}

/// Who asks, in words: the organisation, or the sender's name where none is set.
pub fn organisation(newsletter: &NewsletterRow) -> &str {
    if newsletter.organisation.is_empty() { &newsletter.from_name } else { &newsletter.organisation }
}
