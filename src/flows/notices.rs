//! What editors are told by mail: owed like any letter, in the transaction of what happened.

use std::time::Duration;

use super::preflight::{Outside, look};
use super::{FlowError, House};
use crate::domain::address::EmailAddress;
use crate::domain::edition::Approval;
use crate::domain::letter::Letter;
use crate::domain::notice::Notice;
use crate::domain::preflight::Severity;
use crate::domain::schedule::zone;
use crate::domain::texts::dates;
use crate::domain::time::Timestamp;
use crate::store::editions::{self, EditionRow};
use crate::store::newsletters::NewsletterRow;
use crate::store::outbox::{self, NewLetter};
use crate::store::sources::SourceRow;
use crate::store::{Access, Tx, newsletters, users};

/// A notice that is a week late helps nobody.
const PATIENCE: Duration = Duration::from_secs(7 * 24 * 3600);

/// So many findings are named in a notice; the desk shows all of them.
const FINDINGS_NAMED: usize = 10;

/// Who is told about a newsletter: whom it names, or else everybody who works on newsletters here.
///
/// # Errors
/// When the database cannot answer.
pub async fn readers(on: &mut impl Access, newsletter: &NewsletterRow) -> Result<Vec<EmailAddress>, FlowError> {
    let parsed = |address: &str| EmailAddress::parse_any_role(address).ok();
    let named: Vec<_> = newsletter.notify.split(',').filter_map(parsed).collect();
    if !named.is_empty() {
        return Ok(named);
    }
    Ok(users::editors(on).await?.iter().filter_map(|address| parsed(address)).collect())
}

/// Tells everybody who looks after a newsletter.
///
/// # Errors
/// When the database refuses.
pub async fn tell(house: &House, tx: &mut Tx, newsletter: &NewsletterRow, notice: &Notice) -> Result<(), FlowError> {
    let readers = readers(tx, newsletter).await?;
    tell_these(house, tx, newsletter, notice, &readers).await
}

async fn tell_these(
    house: &House,
    tx: &mut Tx,
    newsletter: &NewsletterRow,
    notice: &Notice,
    readers: &[EmailAddress],
) -> Result<(), FlowError> {
    let now = house.clock.now();
    let language = newsletter.language;
    let letter = Letter::Notice { language, subject: notice.subject(language), text: notice.text(language) };
    for address in readers {
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

/// “Draft ready: newsletter 3.” With what the look at it found, as far as nobody outside need be asked for that.
///
/// # Errors
/// When the database refuses.
pub async fn draft_ready(
    house: &House,
    tx: &mut Tx,
    newsletter: &NewsletterRow,
    edition: &EditionRow,
) -> Result<Notice, FlowError> {
    let looked = look(tx, house, newsletter, edition, (&Outside::not_asked(), newsletter.language)).await?;
    let found = [Severity::Error, Severity::Warning].into_iter().flat_map(|severity| looked.messages(severity));
    let goes_out = edition.send_at.filter(|_| newsletter.approval == Approval::Automatic);
    Ok(Notice::DraftReady {
        edition: edition.number.to_string(),
        since: since_previous(tx, newsletter, edition).await?,
        articles: titles(tx, edition).await?,
        findings: found.take(FINDINGS_NAMED).map(str::to_owned).collect(),
        goes_out: goes_out.map(|at| in_words(newsletter, at)),
        url: edition_page(house, edition.id),
    })
}

/// “Newsletter 3 is still open.”
pub fn still_open(house: &House, edition: &EditionRow, next: String) -> Notice {
    Notice::StillOpen { edition: edition.number.to_string(), next, url: edition_page(house, edition.id) }
}

/// “Newsletter 3 is approved but not sent”: its moment has passed, or it has waited for long.
///
/// # Errors
/// When the database refuses.
pub async fn not_sent(
    house: &House,
    tx: &mut Tx,
    edition: &EditionRow,
    passed: Option<Timestamp>,
) -> Result<(), FlowError> {
    let Some(newsletter) = newsletters::by_id(tx, edition.newsletter_id).await? else { return Ok(()) };
    let notice = Notice::NotSent {
        edition: edition.number.to_string(),
        approved: in_words(&newsletter, edition.approved_at.unwrap_or(edition.created_at)),
        passed: passed.map(|moment| in_words(&newsletter, moment)),
        url: edition_page(house, edition.id),
    };
    tell(house, tx, &newsletter, &notice).await
}

/// “An article has left newsletter 3”: its source shows it to nobody any more.
///
/// # Errors
/// When the database refuses.
pub async fn articles_taken_out(
    house: &House,
    tx: &mut Tx,
    edition_id: i64,
    articles: Vec<String>,
    was_approved: bool,
) -> Result<(), FlowError> {
    let Some(edition) = editions::by_id(tx, edition_id).await? else { return Ok(()) };
    let Some(newsletter) = newsletters::by_id(tx, edition.newsletter_id).await? else { return Ok(()) };
    let url = edition_page(house, edition.id);
    let notice = Notice::ArticlesGone { edition: edition.number.to_string(), articles, was_approved, url };
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
        articles: titles(tx, edition).await?,
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

/// “There are unusually many sign-ups”: the limit for all of them together is reached. Everybody who looks after any
/// newsletter hears it once.
///
/// # Errors
/// When the database refuses.
pub async fn signups_limited(house: &House, tx: &mut Tx, most: u32) -> Result<(), FlowError> {
    let notice = Notice::SignupsLimited { most, url: format!("{}/admin/subscribers", house.config.public_url) };
    let mut told: Vec<EmailAddress> = Vec::new();
    for newsletter in newsletters::all(tx).await? {
        let readers = readers(tx, &newsletter).await?;
        let new: Vec<_> = readers.into_iter().filter(|one| !told.contains(one)).collect();
        tell_these(house, tx, &newsletter, &notice, &new).await?;
        told.extend(new);
    }
    Ok(())
}

async fn titles(on: &mut impl Access, edition: &EditionRow) -> Result<Vec<String>, FlowError> {
    Ok(editions::items(on, edition.id).await?.into_iter().map(|item| item.title).collect())
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
