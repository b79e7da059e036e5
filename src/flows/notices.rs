//! What editors are told by mail: owed like any letter, in the transaction of what happened.

use std::time::Duration;

use super::{FlowError, House};
use crate::domain::address::EmailAddress;
use crate::domain::letter::Letter;
use crate::domain::notice::Notice;
use crate::domain::schedule::zone;
use crate::domain::texts::dates;
use crate::domain::time::Timestamp;
use crate::store::editions::{self, EditionRow};
use crate::store::newsletters::NewsletterRow;
use crate::store::outbox::{self, NewLetter};
use crate::store::sources::SourceRow;
use crate::store::{Access, Tx, newsletters};

/// A notice that is a week late helps nobody.
const PATIENCE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Tells everybody who looks after a newsletter.
///
/// # Errors
/// When the database refuses.
pub async fn tell(house: &House, tx: &mut Tx, newsletter: &NewsletterRow, notice: &Notice) -> Result<(), FlowError> {
    let now = house.clock.now();
    let language = newsletter.language;
    let letter = Letter::Notice { language, subject: notice.subject(language), text: notice.text(language) };
    for address in newsletter.notify.split(',').filter_map(|address| EmailAddress::parse_any_role(address).ok()) {
        let owed = NewLetter {
            uid: house.link(),
            newsletter_id: Some(newsletter.id),
            subscription_id: None,
            recipient: address.as_str(),
            letter: &letter,
            expires_at: now.plus(PATIENCE),
        };
        outbox::insert(tx, &owed, now).await?;
    }
    Ok(())
}

/// “Newsletter 3 is sent.”
///
/// # Errors
/// When the database refuses.
pub async fn edition_sent(house: &House, tx: &mut Tx, edition: &EditionRow) -> Result<(), FlowError> {
    let Some(newsletter) = newsletters::by_id(tx, edition.newsletter_id).await? else { return Ok(()) };
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let notice = Notice::Sent {
        edition: edition.number.to_string(),
        accepted: count(edition.accepted),
        total: count(edition.audience),
        rejected: count(edition.rejected),
        unknown: count(edition.unknown),
        url: edition_page(house, edition.id),
    };
    tell(house, tx, &newsletter, &notice).await
}

/// “Newsletter 3 has stopped.”
///
/// # Errors
/// When the database refuses.
pub async fn edition_paused(house: &House, tx: &mut Tx, edition: &EditionRow, reason: &str) -> Result<(), FlowError> {
    let Some(newsletter) = newsletters::by_id(tx, edition.newsletter_id).await? else { return Ok(()) };
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let notice = Notice::Paused {
        edition: edition.number.to_string(),
        done: count(edition.counts().finished()),
        total: count(edition.audience),
        reason: reason.to_owned(),
        url: edition_page(house, edition.id),
    };
    tell(house, tx, &newsletter, &notice).await
}

/// “Newsletter 3 is waiting for you.”
///
/// # Errors
/// When the database refuses.
pub async fn draft_waits(house: &House, tx: &mut Tx, edition: &EditionRow) -> Result<(), FlowError> {
    let Some(newsletter) = newsletters::by_id(tx, edition.newsletter_id).await? else { return Ok(()) };
    let notice = Notice::DraftReminder {
        edition: edition.number.to_string(),
        since: since_previous(tx, &newsletter, edition).await?,
        articles: editions::items(tx, edition.id).await?.into_iter().map(|item| item.title).collect(),
        goes_out: None,
        url: edition_page(house, edition.id),
    };
    tell(house, tx, &newsletter, &notice).await
}

/// “We can no longer read www.example.org.”
///
/// # Errors
/// When the database refuses.
pub async fn source_failing(house: &House, tx: &mut Tx, source: &SourceRow, reason: &str) -> Result<(), FlowError> {
    let Some(newsletter) = newsletters::by_id(tx, source.newsletter_id).await? else { return Ok(()) };
    let notice = Notice::SourceFailing {
        source: source.title.clone().unwrap_or_else(|| source.url.clone()),
        since: in_words(&newsletter, source.last_success_at.unwrap_or(source.created_at)),
        reason: reason.to_owned(),
        url: format!("{}/admin/settings", house.config.public_url),
    };
    tell(house, tx, &newsletter, &notice).await
}

/// Up to when articles were looked at for the edition before this one, in words.
///
/// # Errors
/// When the database cannot answer.
pub async fn since_previous(
    on: &mut impl Access,
    newsletter: &NewsletterRow,
    edition: &EditionRow,
) -> Result<String, FlowError> {
    let previous = editions::last_started(on, newsletter.id, edition.id).await?;
    Ok(in_words(newsletter, previous.map_or(newsletter.created_at, |previous| previous.cutoff_at)))
}

/// A moment as the newsletter's readers say it.
pub fn in_words(newsletter: &NewsletterRow, moment: Timestamp) -> String {
    let zone = zone(&newsletter.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    dates::moment(newsletter.language, moment.in_zone(&zone).datetime())
}

/// The edition's page in the desk.
pub fn edition_page(house: &House, edition_id: i64) -> String {
    format!("{}/admin/editions/{edition_id}", house.config.public_url)
}
