//! What the calendar asks for: assembling, sending, and asking a person when a moment was missed.

use std::time::Duration;

use super::approve::{ApprovalError, Approver, approve};
use super::assemble::{Assembled, Occurrence, assemble};
use super::newsletters::coming;
use super::notices::{self, edition_page, in_words, since_previous};
use super::{FlowError, House, publish};
use crate::domain::edition::EditionStatus;
use crate::domain::notice::Notice;
use crate::domain::schedule::zone;
use crate::domain::time::Timestamp;
use crate::store::editions::{self, EditionRow};
use crate::store::moments::{self, MomentState};
use crate::store::newsletters::{self, NewsletterRow};

/// A moment of assembly that is missed by more than this is not made up for: a draft about last winter helps nobody.
const LATE_ASSEMBLY: Duration = Duration::from_secs(7 * 24 * 3600);
/// A moment of sending that is missed by more than this asks a person, because nobody expects that mail any more.
const LATE_SENDING: Duration = Duration::from_secs(24 * 3600);
/// A draft that nobody touches is brought to mind so often, and at most so many times.
const REMIND_EVERY: Duration = Duration::from_secs(7 * 24 * 3600);
const MOST_REMINDERS: i64 = 3;

/// Does what is due. Of several nodes one does each thing, because whoever moves a moment on does it.
///
/// # Errors
/// When the database refuses; what was done until then stays done.
pub async fn keep(house: &House) -> Result<(), FlowError> {
    let now = house.clock.now();
    let due = newsletters::due_for_assembly(&mut house.db.read().await?, now).await?;
    for newsletter in due {
        assemble_due(house, &newsletter, now).await?;
    }
    let waiting =
        editions::forgotten_drafts(&mut house.db.read().await?, now.minus(REMIND_EVERY), MOST_REMINDERS).await?;
    for edition in waiting {
        let mut tx = house.db.write().await?;
        if editions::reminded(&mut tx, &edition, now).await? {
            notices::draft_waits(house, &mut tx, &edition).await?;
        }
        tx.commit().await?;
        house.wake.letters.notify_one();
    }
    let drafts = editions::drafts_past_review(&mut house.db.read().await?, now).await?;
    for edition in drafts {
        send_after_review(house, &edition).await?;
    }
    let scheduled = editions::due_for_sending(&mut house.db.read().await?, now).await?;
    for edition in scheduled {
        send_due(house, &edition, now).await?;
    }
    Ok(())
}

async fn assemble_due(house: &House, newsletter: &NewsletterRow, now: Timestamp) -> Result<(), FlowError> {
    let Some(due_at) = newsletter.next_assemble_at else { return Ok(()) };
    let next = coming(newsletter, now, 1)?.first().copied();
    let mut tx = house.db.write().await?;
    let ours = newsletters::advance(&mut tx, newsletter.id, due_at, next.map(|moment| moment.assemble_at)).await?;
    if !ours || !moments::begin(&mut tx, "assemble", &newsletter.slug, due_at, now).await? {
        return Ok(tx.commit().await?);
    }
    if now.since(due_at) > LATE_ASSEMBLY {
        moments::end(&mut tx, "assemble", &newsletter.slug, due_at, MomentState::Missed, "too late", now).await?;
        let notice = Notice::MomentMissed {
            when: in_words(newsletter, due_at),
            url: format!("{}/admin", house.config.public_url),
        };
        notices::tell(house, &mut tx, newsletter, &notice).await?;
        tracing::warn!(newsletter = newsletter.slug, "a moment of assembly was missed and is not made up for");
        return Ok(tx.commit().await?);
    }
    tx.commit().await?;

    // The last days' articles must be in, even when the daily reading failed.
    let _ = super::collect_articles::fetch_all(house, Some(&newsletter.slug)).await?;
    let zone = zone(&newsletter.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let send_at = crate::domain::schedule::sending_moment(due_at, newsletter.review_days, &zone);
    let assembled = assemble(house, &newsletter.slug, Some(Occurrence { due_at, send_at })).await?;
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let (outcome, notice) = match assembled {
        Assembled::Draft(edition) => {
            let items = editions::items(&mut tx, edition.id).await?;
            let notice = Notice::DraftReady {
                edition: edition.number.to_string(),
                since: since_previous(&mut tx, newsletter, &edition).await?,
                articles: items.into_iter().map(|item| item.title).collect(),
                goes_out: (newsletter.approval == crate::domain::edition::Approval::Automatic)
                    .then(|| in_words(newsletter, send_at)),
                url: edition_page(house, edition.id),
            };
            (format!("edition {}", edition.number), Some(notice))
        }
        Assembled::Open(edition) => (format!("edition {} is still open", edition.number), None),
        Assembled::TooFew { since, .. } => {
            let next = next.map_or_else(String::new, |moment| in_words(newsletter, moment.assemble_at));
            let since = since
                .map_or_else(|| in_words(newsletter, newsletter.created_at), |moment| in_words(newsletter, moment));
            ("too few articles".to_owned(), Some(Notice::NothingNew { since, next }))
        }
    };
    if let Some(notice) = notice {
        notices::tell(house, &mut tx, newsletter, &notice).await?;
    }
    moments::end(&mut tx, "assemble", &newsletter.slug, due_at, MomentState::Done, &outcome, now).await?;
    tx.commit().await?;
    house.wake.letters.notify_one();
    Ok(())
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
    let url = edition_page(house, edition.id);
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
