//! Whether the house can do its work.

use super::{FlowError, House};
use crate::store::meta;

/// Where the fingerprint of the installation's secret is noted.
pub const KEY_FINGERPRINT: &str = "key-fingerprint";

/// Asks the database something that every brought-up database knows.
///
/// # Errors
/// When it does not answer, or has been emptied behind our back.
pub async fn check(house: &House) -> Result<(), FlowError> {
    match meta::get(&mut house.db.read().await?, KEY_FINGERPRINT).await? {
        Some(_) => Ok(()),
        None => Err(FlowError::Conflict("the database has no postduif in it any more".to_owned())),
    }
}
