//! Whether the house can do its work.

use std::time::Duration;

use tokio::time::timeout;

use super::{FlowError, House};
use crate::store::meta;

/// Where the fingerprint of the installation's secret is noted.
pub const KEY_FINGERPRINT: &str = "key-fingerprint";

/// A database that needs longer to say what it knows is away, whatever its connections look like.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks the database something that every brought-up database knows; it has two seconds.
///
/// # Errors
/// When it does not answer, or has been emptied behind our back.
pub async fn check(house: &House) -> Result<(), FlowError> {
    let known = async { meta::get(&mut house.db.read().await?, KEY_FINGERPRINT).await };
    let late = |_| FlowError::Conflict(format!("the database did not answer within {} seconds", PATIENCE.as_secs()));
    match timeout(PATIENCE, known).await.map_err(late)?? {
        Some(_) => Ok(()),
        None => Err(FlowError::Conflict("the database has no postduif in it any more".to_owned())),
    }
}
