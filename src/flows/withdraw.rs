//! An edition leaves the archive, and comes back: mails that are out stay out, but nobody finds it with us any more.

use super::{FlowError, House};
use crate::store::audit;
use crate::store::editions::{self, EditionRow};

/// Takes an edition out of the archive and its feed, in the name of `by`; or, with `withdrawn` false, puts it back.
/// Asked for again, nothing happens.
///
/// # Errors
/// [`FlowError::NotFound`] when there is none with this id; [`FlowError::Conflict`] when it never stood in the archive.
pub async fn withdraw(house: &House, id: i64, withdrawn: bool, by: &str) -> Result<EditionRow, FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let edition = editions::by_id(&mut tx, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
    if edition.started_at.is_none() {
        let why = format!("the edition is {} and not in the archive, so there is nothing to withdraw", edition.status);
        return Err(FlowError::Conflict(why));
    }
    if editions::withdraw(&mut tx, id, withdrawn, now).await? {
        let action = if withdrawn { "edition.withdraw" } else { "edition.put-back" };
        audit::note(&mut tx, by, action, &id.to_string(), "", now).await?;
    }
    let edition = editions::by_id(&mut tx, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
    tx.commit().await?;
    Ok(edition)
}
