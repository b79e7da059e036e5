//! Looking at an edition before it leaves: as a page, as text, as a message, and as a test mail.

use super::edition_content::{Envelope, Rendering, contents};
use super::{FlowError, House};
use crate::domain::address::EmailAddress;
use crate::domain::language::Language;
use crate::domain::letter::Letter;
use crate::domain::subscription::MailFormat;
use crate::mail::compose::Composed;
use crate::mail::merge::Recipient;
use crate::mail::message::Token;
use crate::store::edition_tests::{self, EditionTestRow};
use crate::store::editions::{self, EditionRow};
use crate::store::newsletters::{self, NewsletterRow};
use crate::store::outbox::{self, NewLetter};
use crate::store::subscriptions::SubscriberRow;
use crate::store::{Tx, idempotency};

/// What a subscriber would get.
pub struct Preview {
    pub html: String,
    pub text: String,
    /// The whole message, as it goes to the wire.
    pub message: Vec<u8>,
}

/// Renders an edition as a subscriber would get it; personal links do nothing.
///
/// # Errors
/// [`FlowError::NotFound`] when there is none with this id; [`FlowError::Conflict`] when it cannot be rendered.
pub async fn preview(house: &House, id: i64, language: Option<Language>) -> Result<Preview, FlowError> {
    let to = EmailAddress::parse("reader@example.org").expect("a plain address is one");
    rendered(house, id, language, MailFormat::Html, &to).await
}

/// The same as one subscriber would get it: in their language and form, to their address. Personal links do nothing.
///
/// # Errors
/// As [`preview`].
pub async fn preview_as(house: &House, id: i64, person: &SubscriberRow) -> Result<Preview, FlowError> {
    rendered(house, id, Some(person.language), person.format, &super::people::address(person)?).await
}

async fn rendered(
    house: &House,
    id: i64,
    language: Option<Language>,
    format: MailFormat,
    to: &EmailAddress,
) -> Result<Preview, FlowError> {
    let (newsletter, edition) = find(house, id).await?;
    let contents = contents(&mut house.db.read().await?, house, &newsletter, &edition).await?;
    let rendering = Rendering::new(house, &newsletter, &contents)?;
    let composed = rendering.variant(rendering.place(language.unwrap_or(newsletter.language), format));
    let now = house.clock.now();
    let token = house.keys.seal_delivery(&sample_link(&edition));
    let token = Token::parse(&token).expect("our own tokens are letters and digits of a known length");
    let message = house.sign(composed.merge(&Recipient::sample(to, token, now)));
    Ok(Preview { html: composed.preview_html(), text: composed.preview_text(), message: message.into_bytes() })
}

/// Owes a test mail to each address, and notes what was tested. It is marked as a test, and its links do nothing.
///
/// # Errors
/// As [`preview`]; [`FlowError::Conflict`] also when no mail server is set.
pub async fn test(house: &House, id: i64, to: &[EmailAddress], by: &str) -> Result<(), FlowError> {
    let tx = house.db.write().await?;
    owe_tests(house, tx, id, to, by).await
}

/// The same for a form, whose key makes pressing twice pressing once.
///
/// # Errors
/// As [`preview`].
pub async fn test_once(house: &House, id: i64, to: &[EmailAddress], by: &str, key: &str) -> Result<(), FlowError> {
    let mut tx = house.db.write().await?;
    let key = house.keys.hash_text(&format!("test form {key}"));
    if !idempotency::reserve(&mut tx, &key, &id.to_be_bytes(), house.clock.now()).await? {
        return Ok(());
    }
    owe_tests(house, tx, id, to, by).await
}

async fn owe_tests(house: &House, mut tx: Tx, id: i64, to: &[EmailAddress], by: &str) -> Result<(), FlowError> {
    let (newsletter, edition) = find(house, id).await?;
    super::publish::needs_mail_server(house)?;
    let now = house.clock.now();
    let letter = Letter::Test { language: newsletter.language, edition: edition.id };
    let contents = contents(&mut tx, house, &newsletter, &edition).await?;
    let tested = EditionTestRow {
        edition_id: id,
        at: now,
        actor: by.to_owned(),
        recipients: to.iter().map(EmailAddress::as_str).collect::<Vec<_>>().join(", "),
        content: serde_json::to_string(&contents).expect("texts and numbers alone always become JSON"),
        content_hash: Rendering::new(house, &newsletter, &contents)?.hash(),
    };
    edition_tests::insert(&mut tx, &tested).await?;
    for address in to {
        let owed = NewLetter {
            uid: house.link(),
            newsletter_id: Some(newsletter.id),
            subscription_id: None,
            recipient: address.as_str(),
            letter: &letter,
            expires_at: now.plus(super::subscribe::LETTER_PATIENCE),
        };
        outbox::insert(&mut tx, &owed, now).await?;
    }
    // To how many, not to whom: their addresses stand with the test, and go with it.
    house.by(by).note(&mut tx, "edition.test", &id.to_string(), &to.len().to_string()).await?;
    tx.commit().await?;
    house.wake.letters.notify_one();
    Ok(())
}

/// The test mail as it goes to the wire.
///
/// # Errors
/// As [`preview`].
pub(super) async fn test_message(
    house: &House,
    id: i64,
    to: &EmailAddress,
    token: Token<'_>,
) -> Result<crate::mail::message::Message, FlowError> {
    let (newsletter, edition) = find(house, id).await?;
    let contents = contents(&mut house.db.read().await?, house, &newsletter, &edition).await?;
    let envelope = Envelope::of(house, &newsletter)?;
    let content = contents
        .iter()
        .find(|content| content.language == newsletter.language)
        .ok_or_else(|| FlowError::Conflict("the edition has no content".to_owned()))?;
    let composed = Composed::test(&house.templates.now(), content, &envelope.mailing(house), MailFormat::Html)
        .map_err(|error| FlowError::Conflict(error.to_string()))?;
    let now = house.clock.now();
    Ok(house.sign(composed.merge(&Recipient::sample(to, token, now))))
}

async fn find(house: &House, id: i64) -> Result<(NewsletterRow, EditionRow), FlowError> {
    let mut reader = house.db.read().await?;
    let edition = editions::by_id(&mut reader, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
    let newsletter = newsletters::by_id(&mut reader, edition.newsletter_id)
        .await?
        .ok_or_else(|| FlowError::NotFound("newsletter of this edition".to_owned()))?;
    Ok((newsletter, edition))
}

/// A link that no delivery has: places count from one.
fn sample_link(edition: &EditionRow) -> crate::domain::token::Link {
    let mut link = [0; 16];
    link[..8].copy_from_slice(&edition.uid.to_be_bytes());
    link
}
