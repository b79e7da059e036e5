//! From approved to on its way: send now, plan, pause, resume, cancel. Each is one step of the edition's machine.

use super::{FlowError, House};
use crate::domain::edition::EditionStep;
use crate::domain::fault::Faults;
use crate::domain::newsletter::one_line;
use crate::domain::time::Timestamp;
use crate::store::editions::{self, EditionRow};

/// Lets an approved edition go out now, or at a moment to come.
///
/// # Errors
/// [`FlowError::Conflict`] when its state forbids it, with what to do instead; [`FlowError::Invalid`] for a moment that is past.
pub async fn send(house: &House, id: i64, at: Option<Timestamp>) -> Result<EditionRow, FlowError> {
    let Some(at) = at else { return step(house, id, EditionStep::Send, None).await };
    if at <= house.clock.now() {
        return Err(Faults::one("at", "lies in the past; leave it out to send now").into());
    }
    step(house, id, EditionStep::Schedule, Some(Detail::At(at))).await
}

/// Stops an edition that is going out; what is in hand is finished, nothing else leaves.
///
/// # Errors
/// [`FlowError::Conflict`] when its state forbids it.
pub async fn pause(house: &House, id: i64, reason: &str) -> Result<EditionRow, FlowError> {
    let reason = one_line(reason).ok_or_else(|| Faults::one("reason", "must be one line of at most 300 characters"))?;
    step(house, id, EditionStep::Pause, Some(Detail::Reason(&reason))).await
}

/// Lets a paused edition go on where it stopped. Nobody gets it twice.
///
/// # Errors
/// [`FlowError::Conflict`] when its state forbids it.
pub async fn resume(house: &House, id: i64) -> Result<EditionRow, FlowError> {
    step(house, id, EditionStep::Resume, None).await
}

/// Ends an edition for good: a draft is thrown away, what has not left stays here.
///
/// # Errors
/// [`FlowError::Conflict`] when its state forbids it.
pub async fn cancel(house: &House, id: i64) -> Result<EditionRow, FlowError> {
    step(house, id, EditionStep::Cancel, None).await
}

enum Detail<'a> {
    At(Timestamp),
    Reason(&'a str),
}

async fn step(house: &House, id: i64, step: EditionStep, detail: Option<Detail<'_>>) -> Result<EditionRow, FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let edition = editions::by_id(&mut tx, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
    let status = edition.status.after(step).map_err(|forbidden| FlowError::Conflict(forbidden.to_string()))?;
    let reason = match detail {
        Some(Detail::Reason(reason)) => Some(reason),
        _ => None,
    };
    if let Some(Detail::At(at)) = detail {
        editions::plan(&mut tx, id, Some(at), now).await?;
    }
    if !editions::change_status(&mut tx, id, edition.status, status, reason, now).await? {
        return Err(FlowError::Conflict("somebody changed the edition at the same moment; look again".to_owned()));
    }
    let edition = editions::by_id(&mut tx, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
    tx.commit().await?;
    house.wake.editions.notify_waiters();
    Ok(edition)
}
