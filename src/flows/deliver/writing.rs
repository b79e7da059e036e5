//! The letters owed, in the words and with the links that they carry to the wire.

use std::num::NonZeroU16;

use crate::domain::address::EmailAddress;
use crate::domain::letter::Letter;
use crate::domain::newsletter::promise;
use crate::domain::schedule::zone;
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::texts::mails;
use crate::domain::token::{Link, Purpose, unhex};
use crate::flows::edition_content::sender;
use crate::flows::newsletters::coming;
use crate::flows::reconfirm::ANSWER_WITHIN;
use crate::flows::subscribe::{CONFIRMATION_VALID, organisation};
use crate::flows::try_out::test_message;
use crate::flows::{FlowError, House};
use crate::mail::letter::{Letterhead, Occasion};
use crate::mail::message::{Message, Token};
use crate::store::newsletters::NewsletterRow;
use crate::store::outbox::LetterRow;
use crate::store::subscriptions::SubscriptionRow;
use crate::store::{Access, editions, newsletters, subscriptions};

/// The letter as it goes to the wire; `None` when nobody waits for it any more.
pub async fn write(house: &House, row: &LetterRow) -> Result<Option<Message>, FlowError> {
    let broken = |what: &str| FlowError::Conflict(format!("a letter's {what} is broken"));
    let letter: Letter = serde_json::from_str(&row.body).map_err(|_| broken("content"))?;
    let recipient = EmailAddress::stored(row.recipient.clone()).ok_or_else(|| broken("address"))?;
    let uid = link(&row.uid).ok_or_else(|| broken("number"))?;
    let token = house.keys.seal_delivery(&uid);
    let token = Token::parse(&token).map_err(|_| broken("token"))?;
    if let Letter::Test { edition, .. } = letter {
        return match test_message(house, edition, &recipient, token).await {
            Err(FlowError::NotFound(_)) => Ok(None),
            other => other.map(Some),
        };
    }
    let mut reader = house.db.read().await?;
    let Some(newsletter_id) = row.newsletter_id else { return Ok(None) };
    let Some(newsletter) = newsletters::by_id(&mut reader, newsletter_id).await? else { return Ok(None) };
    let Some(occasion) = occasion(house, &mut reader, &newsletter, row, &letter).await? else { return Ok(None) };

    let sender = sender(&newsletter).ok_or_else(|| broken("sender"))?;
    let reply_to = newsletter.reply_to.clone().and_then(EmailAddress::stored);
    let look = newsletter.look();
    let head = Letterhead {
        look: &look,
        language: letter.language(),
        sender: &sender,
        reply_to: reply_to.as_ref(),
        organisation: organisation(&newsletter),
        postal_address: &newsletter.postal_address,
        privacy_url: newsletter.privacy_url.as_deref(),
        public_url: &house.config.public_url,
    };
    let message = occasion
        .compose(&house.templates.now(), &head, &recipient, token, house.clock.now())
        .map_err(|error| FlowError::Conflict(error.to_string()))?;
    Ok(Some(house.sign(message)))
}

async fn occasion(
    house: &House,
    on: &mut impl Access,
    newsletter: &NewsletterRow,
    row: &LetterRow,
    letter: &Letter,
) -> Result<Option<Occasion>, FlowError> {
    let now = house.clock.now();
    let zone = zone(&newsletter.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let next_expected = || -> Result<_, FlowError> {
        Ok(coming(newsletter, now, 1)?.first().map(|coming| coming.send_at.in_zone(&zone).date()))
    };
    let sealed =
        |purpose, hex: &str| unhex(hex).and_then(|bytes| link(&bytes)).map(|link| house.keys.seal(purpose, &link));
    Ok(match letter {
        Letter::Confirm { language, link } => sealed(Purpose::Confirm, link).map(|token| Occasion::Confirm {
            token,
            valid_days: NonZeroU16::new((CONFIRMATION_VALID.as_secs() / 86_400) as u16).unwrap_or(NonZeroU16::MIN),
            promise: promise(newsletter.max_per_year, *language),
        }),
        Letter::AlreadySubscribed { .. } => {
            let since = subscription(on, row).await?.and_then(|subscription| subscription.confirmed_at);
            let next_expected = next_expected()?;
            since.map(|since| Occasion::AlreadySubscribed { since: since.in_zone(&zone).date(), next_expected })
        }
        Letter::Welcome { language, link } => {
            let previous = editions::archived(on, newsletter.id, 1).await?.pop();
            let next_expected = next_expected()?;
            sealed(Purpose::Unsubscribe, link).map(|unsubscribe_token| Occasion::Welcome {
                promise: promise(newsletter.max_per_year, *language),
                next_expected,
                previous_edition_url: previous
                    .map(|edition| house.config.public_url.archived_edition(&newsletter.slug, edition.number)),
                unsubscribe_token,
            })
        }
        Letter::Preferences { link, .. } => {
            sealed(Purpose::Identity, link).map(|token| Occasion::PreferencesLink { token })
        }
        Letter::ConfirmNewAddress { link, .. } => {
            sealed(Purpose::Move, link).map(|token| Occasion::ConfirmNewAddress { token })
        }
        Letter::Reconfirm { language, link } => {
            let reading = subscription(on, row).await?.filter(|one| one.status == SubscriptionStatus::Confirmed);
            let since = reading.map(|one| one.confirmed_at.unwrap_or(one.requested_at).in_zone(&zone).date());
            let (token, leave) = (sealed(Purpose::Stay, link), sealed(Purpose::Unsubscribe, link));
            // Who left since is asked nothing.
            since.zip(token.zip(leave)).map(|(since, (token, unsubscribe_token))| Occasion::Reconfirm {
                token,
                unsubscribe_token,
                since,
                answer_days: NonZeroU16::new((ANSWER_WITHIN.as_secs() / 86_400) as u16).unwrap_or(NonZeroU16::MIN),
                promise: promise(newsletter.max_per_year, *language),
            })
        }
        Letter::AddressChanged { .. } => {
            let contact = newsletter.reply_to.clone().unwrap_or_else(|| newsletter.from_address.clone());
            Some(Occasion::AddressChanged { contact })
        }
        Letter::Notice { subject, text, .. } => Some(Occasion::Notice { subject: subject.clone(), text: text.clone() }),
        Letter::Password { language, link, invited } => sealed(Purpose::Password, link).map(|token| {
            let (language, url) = (*language, format!("{}/admin/password/{token}", house.config.public_url));
            let organisation = organisation(newsletter);
            let (subject, body) = if *invited {
                (mails::invited_subject(language, organisation), mails::invited_body(language, organisation))
            } else {
                (mails::reset_subject(language), mails::reset_body(language))
            };
            Occasion::Notice { subject, text: format!("{body}\n\n{url}\n\n{}", mails::was_it_not_you(language)) }
        }),
        Letter::TryOut { language } => {
            Some(Occasion::Notice { subject: mails::try_out_subject(*language), text: mails::try_out_body(*language) })
        }
        // Composed as an edition, not as a letter.
        Letter::Test { .. } => None,
    })
}

/// Whose letter it is. Most are confirmations, which need not know.
async fn subscription(on: &mut impl Access, row: &LetterRow) -> Result<Option<SubscriptionRow>, FlowError> {
    let Some(id) = row.subscription_id else { return Ok(None) };
    Ok(subscriptions::by_id(on, id).await?)
}

/// What a stored link or number stands for.
pub fn link(bytes: &[u8]) -> Option<Link> {
    bytes.try_into().ok()
}
