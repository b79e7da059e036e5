//! What the calendar asks for: assembling, sending, and asking a person when a moment was missed.

use std::time::Duration;

use super::approve::{ApprovalError, Approver, approve};
use super::assemble::{Assembled, Occurrence, assemble_in};
use super::collect_articles::freshen;
use super::newsletters::coming;
use super::notices::{self, in_words};
use super::preflight::missing;
use super::{FlowError, House, publish};
use crate::domain::edition::EditionStatus;
use crate::domain::notice::Notice;
use crate::domain::schedule::{sending_moment, zone};
use crate::domain::time::Timestamp;
use crate::store::editions::{self, EditionRow};
use crate::store::moments::{self, MomentState};
use crate::store::newsletters::{self, NewsletterRow};
use crate::store::{Access, Tx};

/// What moments of assembly are called in the table of moments.
const ASSEMBLE: &str = "assemble";
/// A moment of assembly that is missed by more than this is not made up for: a draft about last winter helps nobody.
const LATE_ASSEMBLY: Duration = Duration::from_secs(7 * 24 * 3600);
/// A moment of sending that is missed by more than this asks a person, because nobody expects that mail any more.
const LATE_SENDING: Duration = Duration::from_secs(24 * 3600);
/// A moment that was begun so long ago without an end is nobody's any more.
const ABANDONED: Duration = Duration::from_secs(10 * 60);
/// An edition that waits for a person is brought to mind so often, and at most so many times.
const REMIND_EVERY: Duration = Duration::from_secs(7 * 24 * 3600);
const MOST_REMINDERS: i64 = 3;

/// Does all that is due, one after the other; a program at work has its clock call the two halves apart.
///
/// # Errors
/// When the database refuses; what was done until then stays done.
pub async fn keep(house: &House) -> Result<(), FlowError> {
    assemble_due(house).await?;
    look_after_editions(house).await
}

/// Reminds, asks, and lets go what is due. Of several nodes one does each thing. What goes wrong with one edition does not
/// keep the others.
///
/// # Errors
/// The first that went wrong; the next time everything is tried again.
pub async fn look_after_editions(house: &House) -> Result<(), FlowError> {
    let now = house.clock.now();
    let mut outcome = Ok(());
    for edition in editions::due_for_sending(&mut house.db.read().await?, now).await? {
        outcome = outcome.and(send_due(house, &edition, now).await);
    }
    for edition in editions::drafts_past_review(&mut house.db.read().await?, now).await? {
        outcome = outcome.and(send_after_review(house, &edition).await);
    }
    for edition in editions::passed_by(&mut house.db.read().await?, now).await? {
        outcome = outcome.and(tell_passed_by(house, &edition, now).await);
    }
    let waiting = editions::forgotten(&mut house.db.read().await?, now.minus(REMIND_EVERY), MOST_REMINDERS).await?;
    for edition in waiting {
        outcome = outcome.and(remind(house, &edition, now).await);
    }
    outcome
}

/// An approved edition leaves when a person says so; the moment that was proposed for it passes once.
async fn tell_passed_by(house: &House, edition: &EditionRow, now: Timestamp) -> Result<(), FlowError> {
    let mut tx = house.db.write().await?;
    if editions::pass(&mut tx, edition, now).await? {
        notices::not_sent(house, &mut tx, edition, edition.send_at).await?;
    }
    tx.commit().await?;
    house.wake.letters.notify_one();
    Ok(())
}

async fn remind(house: &House, edition: &EditionRow, now: Timestamp) -> Result<(), FlowError> {
    let mut tx = house.db.write().await?;
    if editions::reminded(&mut tx, edition, now).await? {
        match edition.status {
            EditionStatus::Approved => notices::not_sent(house, &mut tx, edition, None).await?,
            _ => notices::draft_waits(house, &mut tx, edition).await?,
        }
    }
    tx.commit().await?;
    house.wake.letters.notify_one();
    Ok(())
}

/// Assembles what is due, after reading its sources. Of several nodes one makes each edition: all that belongs to a moment
/// is one transaction, so that a moment is either still due or has its edition and its notice.
///
/// # Errors
/// The first that went wrong; the next time everything is tried again.
pub async fn assemble_due(house: &House) -> Result<(), FlowError> {
    let now = house.clock.now();
    let due: Vec<(NewsletterRow, Timestamp)> = {
        let mut reader = house.db.read().await?;
        let newsletters = newsletters::due_for_assembly(&mut reader, now).await?;
        let mut due: Vec<_> =
            newsletters.into_iter().filter_map(|row| row.next_assemble_at.map(|at| (row, at))).collect();
        due.extend(left_behind(&mut reader, now).await?);
        due
    };
    if due.is_empty() {
        return Ok(());
    }
    let soon: Vec<i64> = due.iter().filter(|(_, at)| !is_too_late(*at, now)).map(|(row, _)| row.id).collect();
    // Before anything is taken on: who dies while strangers let us wait has promised nothing.
    freshen(house, &soon).await?;
    if house.fetcher.is_stopped() {
        return Ok(());
    }
    let mut outcome = Ok(());
    for (newsletter, due_at) in due {
        outcome = outcome.and(keep_moment(house, &newsletter, due_at).await);
    }
    house.wake.letters.notify_one();
    outcome
}

/// Moments that another process took on and left without an end.
async fn left_behind(on: &mut impl Access, now: Timestamp) -> Result<Vec<(NewsletterRow, Timestamp)>, FlowError> {
    let mut left = Vec::new();
    for moment in moments::left(on, ASSEMBLE, now.minus(ABANDONED)).await? {
        let newsletter = newsletters::by_slug(on, &moment.scope).await?;
        left.extend(newsletter.map(|newsletter| (newsletter, moment.due_at)));
    }
    Ok(left)
}

fn is_too_late(due_at: Timestamp, now: Timestamp) -> bool {
    now.since(due_at) > LATE_ASSEMBLY
}

/// One moment of assembly with everything that comes of it.
async fn keep_moment(house: &House, newsletter: &NewsletterRow, due_at: Timestamp) -> Result<(), FlowError> {
    let now = house.clock.now();
    let slug = newsletter.slug.as_str();
    let next = coming(newsletter, now, 1)?.first().map(|moment| moment.assemble_at);
    let mut tx = house.db.write().await?;
    let is_next = newsletter.next_assemble_at == Some(due_at);
    if is_next && !newsletters::advance(&mut tx, newsletter.id, due_at, next).await? {
        // Another node was quicker, or somebody has just given it another schedule.
        return Ok(());
    }
    if !moments::begin(&mut tx, ASSEMBLE, slug, due_at, now.minus(ABANDONED), now).await? {
        return Ok(tx.commit().await?);
    }
    let (state, outcome, notice) = if is_too_late(due_at, now) {
        tracing::warn!(newsletter = slug, "a moment of assembly was missed and is not made up for");
        let notice = Notice::MomentMissed {
            when: in_words(newsletter, due_at),
            url: format!("{}/admin", house.config.public_url),
        };
        (MomentState::Missed, "too late".to_owned(), notice)
    } else {
        let (outcome, notice) = assemble_at(house, &mut tx, newsletter, due_at, next).await?;
        (MomentState::Done, outcome, notice)
    };
    notices::tell(house, &mut tx, newsletter, &notice).await?;
    moments::end(&mut tx, ASSEMBLE, slug, due_at, state, &outcome, now).await?;
    Ok(tx.commit().await?)
}

/// What comes of a moment of assembly: in a few words for the table, and for the editors.
async fn assemble_at(
    house: &House,
    tx: &mut Tx,
    newsletter: &NewsletterRow,
    due_at: Timestamp,
    next: Option<Timestamp>,
) -> Result<(String, Notice), FlowError> {
    let zone = zone(&newsletter.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let send_at = sending_moment(due_at, newsletter.review_days, &zone);
    let next = next.map(|moment| in_words(newsletter, moment));
    Ok(match assemble_in(tx, house, newsletter, Some(Occurrence { due_at, send_at })).await? {
        Assembled::Draft(edition) => {
            let notice = notices::draft_ready(house, tx, newsletter, &edition).await?;
            (format!("edition {}", edition.number), notice)
        }
        Assembled::Open(edition) => {
            let outcome = format!("edition {} is still open", edition.number);
            (outcome, notices::still_open(house, &edition, next.unwrap_or_default()))
        }
        Assembled::TooFew { since, .. } => {
            let since = since.unwrap_or(newsletter.created_at);
            let unread = missing(tx, newsletter, (since, house.clock.now()), newsletter.language).await?;
            let since = in_words(newsletter, since);
            ("too few articles".to_owned(), Notice::NothingNew { since, unread, next: next.unwrap_or_default() })
        }
    })
}

/// Approves and sends what may leave by itself after its review, unless something stands in the way.
async fn send_after_review(house: &House, edition: &EditionRow) -> Result<(), FlowError> {
    let approver = Approver { by: "automatic", accept_warnings: true, override_reason: None };
    if edition.status == EditionStatus::Draft {
        match approve(house, edition.id, &approver).await {
            Ok(_) => {}
            Err(ApprovalError::Findings(preflight)) => {
                let reason = preflight.messages(crate::domain::preflight::Severity::Error).join(" ");
                return ask(house, edition, &reason).await;
            }
            Err(ApprovalError::Flow(FlowError::Conflict(_))) => return Ok(()),
            Err(ApprovalError::Flow(error)) => return Err(error),
        }
    }
    let Some(edition) = editions::by_id(&mut house.db.read().await?, edition.id).await? else { return Ok(()) };
    send_due(house, &edition, house.clock.now()).await
}

/// Lets a planned edition go if its moment has come, for whoever waits for this one alone.
///
/// # Errors
/// When the database refuses.
pub async fn begin_if_due(house: &House, edition: &EditionRow) -> Result<(), FlowError> {
    let now = house.clock.now();
    match edition.send_at {
        Some(at) if edition.status == EditionStatus::Scheduled && at <= now => send_due(house, edition, now).await,
        _ => Ok(()),
    }
}

async fn send_due(house: &House, edition: &EditionRow, now: Timestamp) -> Result<(), FlowError> {
    let Some(send_at) = edition.send_at else { return Ok(()) };
    if now.since(send_at) > LATE_SENDING {
        return ask(house, edition, "").await;
    }
    // Whoever tries by hand is told; the moment itself waits until there is a mail server, or is missed.
    if publish::needs_mail_server(house).is_err() {
        return Ok(());
    }
    match publish::send(house, edition.id, None).await {
        Ok(_) => {
            tracing::info!(edition = edition.id, "the edition begins to go out at its moment");
            Ok(())
        }
        // Somebody else was quicker.
        Err(FlowError::Conflict(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The moment has passed or something stands in the way: nothing fires by itself any more, a person is asked.
async fn ask(house: &House, edition: &EditionRow, reason: &str) -> Result<(), FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let Some(newsletter) = newsletters::by_id(&mut tx, edition.newsletter_id).await? else { return Ok(()) };
    let was = edition.send_at.unwrap_or(now);
    // Without a moment it waits for a person; approved content stays approved.
    editions::plan(&mut tx, edition.id, None, now).await?;
    if edition.status == EditionStatus::Scheduled {
        editions::change_status(
            &mut tx,
            edition.id,
            EditionStatus::Scheduled,
            EditionStatus::Approved,
            Some("missed"),
            now,
        )
        .await?;
    }
    let url = notices::edition_page(house, edition.id);
    let notice = if reason.is_empty() {
        Notice::MomentMissed { when: in_words(&newsletter, was), url }
    } else {
        let count = |number: i64| u64::try_from(number).unwrap_or_default();
        Notice::Paused {
            edition: edition.number.to_string(),
            done: count(edition.counts().finished()),
            total: count(edition.audience),
            reason: reason.to_owned(),
            url,
        }
    };
    notices::tell(house, &mut tx, &newsletter, &notice).await?;
    tx.commit().await?;
    house.wake.letters.notify_one();
    tracing::warn!(edition = edition.id, reason, "the edition does not go out by itself; a person is asked");
    Ok(())
}
