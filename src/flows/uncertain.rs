//! A person decides what a machine cannot: whether uncertain mail is sent once more, and whether to wait for a server.

use super::{FlowError, House};
use crate::domain::delivery::OnUnknown;
use crate::domain::edition::EditionStep;
use crate::store::editions::{self, EditionRow};
use crate::store::{audit, deliveries, newsletters};

/// Whether the uncertain deliveries of an edition wait for a person: not while they are still repeated by themselves.
pub fn waits_for_a_person(edition: &EditionRow, on_unknown: OnUnknown) -> bool {
    let repeated = on_unknown == OnUnknown::Repeat && edition.finished_at.is_none();
    edition.undecided() > 0 && !repeated
}

/// Sends what may not have arrived once more, under the same Message-ID, or leaves it as it is. Says how many.
///
/// # Errors
/// [`FlowError::Conflict`] when the state of the edition forbids it.
pub async fn decide(house: &House, id: i64, what: OnUnknown, by: &str) -> Result<usize, FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let edition = editions::by_id(&mut tx, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
    let newsletter = newsletters::by_id(&mut tx, edition.newsletter_id)
        .await?
        .ok_or_else(|| FlowError::NotFound("newsletter of this edition".to_owned()))?;
    if !waits_for_a_person(&edition, newsletter.on_unknown) {
        return Err(FlowError::Conflict("nothing uncertain waits for a decision".to_owned()));
    }
    let count = match what {
        OnUnknown::Leave => {
            editions::leave_unknown(&mut tx, id, edition.unknown).await?;
            usize::try_from(edition.undecided()).unwrap_or(0)
        }
        OnUnknown::Repeat => {
            let status = edition.status.after(EditionStep::Repeat);
            let status = status.map_err(|forbidden| FlowError::Conflict(forbidden.to_string()))?;
            let reason = edition.pause_reason.as_deref();
            editions::change_status(&mut tx, id, edition.status, status, reason, now).await?;
            editions::leave_unknown(&mut tx, id, 0).await?;
            deliveries::repeat_unknown(&mut tx, id, now).await?
        }
    };
    audit::note(&mut tx, by, "edition.uncertain", &id.to_string(), &format!("{what} {count}"), now).await?;
    tx.commit().await?;
    house.wake.editions.notify_waiters();
    Ok(count)
}

/// Tries what servers have put off at once. Says how many.
///
/// # Errors
/// [`FlowError::NotFound`] when there is no such edition.
pub async fn hurry(house: &House, id: i64, by: &str) -> Result<u64, FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    editions::by_id(&mut tx, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
    let count = deliveries::hurry_deferred(&mut tx, id, now).await?;
    audit::note(&mut tx, by, "edition.hurry", &id.to_string(), &count.to_string(), now).await?;
    tx.commit().await?;
    house.wake.editions.notify_waiters();
    Ok(count)
}
