//! Somebody of the house says that an address must not be mailed, or may be mailed again.

use super::{FlowError, House};
use crate::domain::address::EmailAddress;
use crate::domain::fault::Faults;
use crate::domain::newsletter::one_line;
use crate::domain::suppression::SuppressionReason;
use crate::domain::token::hex;
use crate::store::suppressions::SuppressionRow;
use crate::store::{audit, suppressions};

/// Suppresses an address. One that is suppressed stays so for the reason that it has.
///
/// # Errors
/// [`FlowError::Invalid`] for a note that is no line.
pub async fn add(
    house: &House,
    email: &EmailAddress,
    reason: SuppressionReason,
    note: Option<&str>,
    actor: &str,
) -> Result<SuppressionRow, FlowError> {
    let line = |note: &str| one_line(note).ok_or_else(|| Faults::one("note", "must be one line of text"));
    let note = note.map(line).transpose()?;
    let hash = house.keys.address_hash(email);
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    // An erasure leaves the hash alone.
    let kept = (reason != SuppressionReason::Erased).then_some(email.as_str());
    suppressions::insert(&mut tx, &hash, kept, reason, note.as_deref(), now).await?;
    audit::note(&mut tx, actor, "suppression.add", &hex(&hash[..8]), "", now).await?;
    let row = suppressions::by_hash(&mut tx, &hash).await?;
    tx.commit().await?;
    row.ok_or_else(|| FlowError::Conflict("the suppression was lifted at the same moment".to_owned()))
}

/// Lifts the suppression of an address: from now on it may be mailed again, when it asks to be.
///
/// # Errors
/// [`FlowError::NotFound`] when it is not suppressed.
pub async fn remove(house: &House, email: &EmailAddress, actor: &str) -> Result<(), FlowError> {
    let hash = house.keys.address_hash(email);
    let mut tx = house.db.write().await?;
    if !suppressions::delete(&mut tx, &hash).await? {
        return Err(FlowError::NotFound("suppression of this address".to_owned()));
    }
    audit::note(&mut tx, actor, "suppression.remove", &hex(&hash[..8]), "", house.clock.now()).await?;
    Ok(tx.commit().await?)
}
