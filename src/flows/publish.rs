//! From approved to on its way: send now, hold, plan, pause, resume, cancel. Each is one step of the edition's machine.

use std::time::Duration;

use super::edition_content::{Rendering, contents};
use super::{FlowError, House, notices};
use crate::domain::edition::{EditionStatus, EditionStep};
use crate::domain::fault::Faults;
use crate::domain::newsletter::one_line;
use crate::domain::time::Timestamp;
use crate::store::editions::{self, EditionRow};
use crate::store::{Access, Tx, audit, idempotency, newsletters};

/// How long a sending from the desk waits, so that it can be taken back.
pub const HOLD: Duration = Duration::from_secs(5 * 60);

/// Lets an approved edition go out now, or at a moment to come.
///
/// # Errors
/// [`FlowError::Conflict`] when its state forbids it, with what to do instead; [`FlowError::Invalid`] for a moment that is past.
pub async fn send(house: &House, id: i64, at: Option<Timestamp>) -> Result<EditionRow, FlowError> {
    send_in_name_of(house, id, at, None).await
}

/// The same in the name of `by`, for the log of deeds.
///
/// # Errors
/// As [`send`].
pub async fn send_by(house: &House, id: i64, at: Option<Timestamp>, by: &str) -> Result<EditionRow, FlowError> {
    send_in_name_of(house, id, at, Some(by)).await
}

async fn send_in_name_of(
    house: &House,
    id: i64,
    at: Option<Timestamp>,
    by: Option<&str>,
) -> Result<EditionRow, FlowError> {
    let now = house.clock.now();
    if at.is_some_and(|at| at <= now) {
        return Err(Faults::one("at", "lies in the past; leave it out to send now").into());
    }
    let mut tx = house.db.write().await?;
    let action = match at {
        None => {
            step(&mut tx, id, EditionStep::Send, None, now).await?;
            "edition.send"
        }
        Some(at) => {
            step(&mut tx, id, EditionStep::Schedule, None, now).await?;
            editions::plan(&mut tx, id, Some(at), now).await?;
            "edition.schedule"
        }
    };
    needs_mail_server(house)?;
    must_be_as_approved(&mut tx, house, id).await?;
    if let Some(by) = by {
        editions::ordered(&mut tx, id, Some(by), false).await?;
        let when = at.map(|at| at.to_string()).unwrap_or_default();
        audit::note(&mut tx, by, action, &id.to_string(), &when, now).await?;
    }
    done(house, tx, id).await
}

/// What an editor at the desk filled in.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The version that was looked at.
    pub version: i64,
    /// Made with the form: pressing twice is pressing once.
    pub key: &'a str,
    /// A moment to come; `None` is now, after the hold.
    pub at: Option<Timestamp>,
}

/// What an order came to.
pub enum Ordered {
    /// It will go out at its `send_at`.
    Taken(Box<EditionRow>),
    /// It was ordered before, or is on its way already; nothing was done.
    Before,
}

/// Lets an approved edition go out at a moment, or after the hold, in which it can be taken back. The moment is stored:
/// a restart keeps it.
///
/// # Errors
/// [`FlowError::Conflict`] when it changed since it was looked at or its state forbids it; [`FlowError::Invalid`] for a
/// moment that is past.
pub async fn order(house: &House, id: i64, order: Order<'_>, by: &str) -> Result<Ordered, FlowError> {
    let now = house.clock.now();
    if order.at.is_some_and(|at| at <= now) {
        return Err(Faults::one("at", "lies in the past").into());
    }
    let mut tx = house.db.write().await?;
    let edition = editions::by_id(&mut tx, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
    let key = house.keys.hash_text(&format!("desk form {}", order.key));
    let first = idempotency::reserve(&mut tx, &key, &id.to_be_bytes(), now).await?;
    // Taken back after this very form ordered it: the form is old, and says nothing about what one wants now.
    if !first && edition.status == EditionStatus::Approved {
        return Err(changed());
    }
    if !first || matches!(edition.status, EditionStatus::Sending | EditionStatus::Paused | EditionStatus::Sent) {
        return Ok(Ordered::Before);
    }
    if edition.version != order.version {
        return Err(changed());
    }
    step(&mut tx, id, EditionStep::Schedule, None, now).await?;
    needs_mail_server(house)?;
    must_be_as_approved(&mut tx, house, id).await?;
    editions::plan(&mut tx, id, Some(order.at.unwrap_or_else(|| now.plus(HOLD))), now).await?;
    editions::ordered(&mut tx, id, Some(by), order.at.is_none()).await?;
    let (action, when) = match order.at {
        Some(at) => ("edition.schedule", at.to_string()),
        None => ("edition.send", String::new()),
    };
    audit::note(&mut tx, by, action, &id.to_string(), &when, now).await?;
    Ok(Ordered::Taken(Box::new(done(house, tx, id).await?)))
}

/// Stops an edition that must not go on, for a reason that the machine found, and tells the editors; what is in hand is
/// finished, nothing else leaves.
///
/// # Errors
/// [`FlowError::Conflict`] when its state forbids it.
pub async fn pause(house: &House, id: i64, reason: &str) -> Result<EditionRow, FlowError> {
    let reason = reason_of(reason)?;
    let mut tx = house.db.write().await?;
    step(&mut tx, id, EditionStep::Pause, Some(&reason), house.clock.now()).await?;
    let edition = editions::by_id(&mut tx, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
    notices::edition_paused(house, &mut tx, &edition, &reason).await?;
    let edition = done(house, tx, id).await?;
    house.wake.letters.notify_one();
    Ok(edition)
}

/// Lets a paused edition go on where it stopped. Nobody gets it twice; what made it stop by itself does so no more.
///
/// # Errors
/// [`FlowError::Conflict`] when its state forbids it.
pub async fn resume(house: &House, id: i64) -> Result<EditionRow, FlowError> {
    let mut tx = house.db.write().await?;
    step(&mut tx, id, EditionStep::Resume, None, house.clock.now()).await?;
    needs_mail_server(house)?;
    done(house, tx, id).await
}

/// What a person does to an edition that is approved, planned or on its way.
#[derive(Clone, Copy, Debug)]
pub enum Deed<'a> {
    /// What is in hand is finished, nothing else leaves. With the reason.
    Pause(&'a str),
    /// It goes on where it stopped. Nobody gets it twice.
    Resume,
    /// The end for good: a draft is thrown away, what has not left stays here.
    Cancel,
    /// A planned sending is taken back; the approval stays.
    Unschedule,
    /// The approval is taken back; also that of a paused edition which has gone to nobody.
    Reopen,
}

/// Does it, in the name of `by`.
///
/// # Errors
/// [`FlowError::Conflict`] when its state forbids it.
pub async fn by_hand(house: &House, id: i64, deed: Deed<'_>, by: &str) -> Result<EditionRow, FlowError> {
    let now = house.clock.now();
    let reason = match deed {
        Deed::Pause(reason) => reason_of(reason)?,
        _ => String::new(),
    };
    let mut tx = house.db.write().await?;
    let action = match deed {
        Deed::Pause(_) => {
            step(&mut tx, id, EditionStep::Pause, Some(&reason), now).await?;
            "edition.pause"
        }
        Deed::Resume => {
            step(&mut tx, id, EditionStep::Resume, None, now).await?;
            needs_mail_server(house)?;
            "edition.resume"
        }
        Deed::Cancel => {
            step(&mut tx, id, EditionStep::Cancel, None, now).await?;
            "edition.cancel"
        }
        Deed::Unschedule => {
            step(&mut tx, id, EditionStep::Unschedule, None, now).await?;
            // Without a moment nothing fires by itself, whatever the newsletter's rule for drafts.
            editions::plan(&mut tx, id, None, now).await?;
            editions::ordered(&mut tx, id, None, false).await?;
            "edition.unschedule"
        }
        Deed::Reopen => {
            let edition = editions::by_id(&mut tx, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
            if edition.status == EditionStatus::Paused {
                take_back(&mut tx, &edition, now).await?;
            } else {
                allowed(&edition, EditionStep::Change)?;
                editions::reopen(&mut tx, id, now).await?;
            }
            "edition.reopen"
        }
    };
    audit::note(&mut tx, by, action, &id.to_string(), &reason, now).await?;
    done(house, tx, id).await
}

async fn take_back(tx: &mut Tx, edition: &EditionRow, now: Timestamp) -> Result<(), FlowError> {
    if let Some(open) = editions::open_one(tx, edition.newsletter_id).await? {
        let why = format!("edition {} of this newsletter is open; cancel or send that one first", open.id);
        return Err(FlowError::Conflict(why));
    }
    if !editions::take_back(tx, edition.id, now).await? {
        let why =
            "it has gone to somebody already, so it cannot change any more; let it go on, or cancel it".to_owned();
        return Err(FlowError::Conflict(why));
    }
    Ok(())
}

/// Whether an approved edition would still go out as it was approved: templates and settings stand in it too.
///
/// # Errors
/// When the database cannot answer, or it cannot be rendered any more.
pub async fn is_as_approved(on: &mut impl Access, house: &House, edition: &EditionRow) -> Result<bool, FlowError> {
    let Some(newsletter) = newsletters::by_id(on, edition.newsletter_id).await? else { return Ok(true) };
    let contents = contents(on, house, &newsletter, edition).await?;
    let hash = Rendering::new(house, &newsletter, &contents)?.hash();
    Ok(edition.content_hash.as_deref().is_none_or(|approved| approved == hash))
}

/// # Errors
/// [`FlowError::Conflict`] says how to go on.
async fn must_be_as_approved(tx: &mut Tx, house: &House, id: i64) -> Result<(), FlowError> {
    let edition = editions::by_id(tx, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
    if is_as_approved(tx, house, &edition).await? {
        return Ok(());
    }
    let why = "what would be sent is not what was approved: settings or templates changed since; approve it again";
    Err(FlowError::Conflict(why.to_owned()))
}

/// Without a mail server nothing that is asked for would ever leave.
///
/// # Errors
/// [`FlowError::Conflict`] says which setting is missing.
pub fn needs_mail_server(house: &House) -> Result<(), FlowError> {
    if house.config.smtp.is_empty() {
        return Err(FlowError::Conflict(
            "no mail server is set, so nothing can be sent: set POSTDUIF_SMTP_URL, for every process that serves or sends"
                .to_owned(),
        ));
    }
    Ok(())
}

fn reason_of(reason: &str) -> Result<String, FlowError> {
    Ok(one_line(reason).ok_or_else(|| Faults::one("reason", "must be one line of at most 300 characters"))?)
}

fn changed() -> FlowError {
    FlowError::Conflict("somebody changed the edition in the meantime; look again".to_owned())
}

fn allowed(edition: &EditionRow, step: EditionStep) -> Result<EditionStatus, FlowError> {
    edition.status.after(step).map_err(|forbidden| FlowError::Conflict(forbidden.to_string()))
}

async fn step(tx: &mut Tx, id: i64, step: EditionStep, reason: Option<&str>, now: Timestamp) -> Result<(), FlowError> {
    let edition = editions::by_id(tx, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
    let status = allowed(&edition, step)?;
    if step == EditionStep::Resume {
        editions::overrule_stop(tx, id).await?;
    }
    if editions::change_status(tx, id, edition.status, status, reason, now).await? { Ok(()) } else { Err(changed()) }
}

/// Commits, and wakes who sends.
async fn done(house: &House, mut tx: Tx, id: i64) -> Result<EditionRow, FlowError> {
    let edition = editions::by_id(&mut tx, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
    tx.commit().await?;
    house.wake.editions.notify_waiters();
    Ok(edition)
}
