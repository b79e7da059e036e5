//! Looks whether a sending must stop by itself, and stops it: in the transaction of what happened.

use super::notices::{self, edition_page};
use super::{FlowError, House};
use crate::domain::edition::{EditionStatus, EditionStep};
use crate::domain::notice::Notice;
use crate::domain::texts;
use crate::store::{Tx, editions, newsletters};

/// Pauses the edition if an unusual share of it was refused, came back or was complained about, and tells the editors.
/// `true` when it did: then ring the bells once the transaction is committed.
///
/// # Errors
/// When the database refuses.
pub(super) async fn watch(house: &House, tx: &mut Tx, edition_id: i64) -> Result<bool, FlowError> {
    let Some(edition) = editions::by_id(tx, edition_id).await? else { return Ok(false) };
    if edition.status != EditionStatus::Sending {
        return Ok(false);
    }
    let Some(newsletter) = newsletters::by_id(tx, edition.newsletter_id).await? else { return Ok(false) };
    let overruled = |reason| edition.is_overruled(reason);
    let Some(stop) = newsletter.safety().stop(&edition.tally(), overruled) else { return Ok(false) };
    let Ok(paused) = edition.status.after(EditionStep::Pause) else { return Ok(false) };
    let why = texts::feedback::stop(newsletter.language, &stop);
    let now = house.clock.now();
    if !editions::change_status(tx, edition.id, edition.status, paused, Some(&why), now).await? {
        return Ok(false);
    }
    editions::note_stop(tx, edition.id, stop.reason).await?;
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let notice = Notice::Paused {
        edition: edition.number.to_string(),
        done: count(edition.counts().finished()),
        total: count(edition.audience),
        reason: why,
        url: edition_page(house, edition.id),
    };
    notices::tell(house, tx, &newsletter, &notice).await?;
    tracing::error!(
        edition = edition.id,
        reason = stop.reason.as_str(),
        count = stop.count,
        of = stop.of,
        "the edition is paused by itself"
    );
    Ok(true)
}

/// Wakes whoever sends and whoever writes the notice.
pub(super) fn ring(house: &House) {
    house.wake.editions.notify_waiters();
    house.wake.letters.notify_one();
}
