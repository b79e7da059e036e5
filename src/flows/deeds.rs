//! The log of what people did at the desk, for those who look after it.

use super::{FlowError, House};
use crate::store::audit::{self, AuditRow};

/// Notes a deed that has no transaction of its own.
///
/// # Errors
/// When the database fails.
pub async fn note(house: &House, actor: &str, action: &str, target: &str) -> Result<(), FlowError> {
    let mut tx = house.db.write().await?;
    audit::note(&mut tx, actor, action, target, "", house.clock.now()).await?;
    Ok(tx.commit().await?)
}

/// A page of the log, newest first; `before` is the last id of the page before.
///
/// # Errors
/// When the database fails.
pub async fn page(house: &House, before: Option<i64>, limit: i64) -> Result<Vec<AuditRow>, FlowError> {
    Ok(audit::page(&mut house.db.read().await?, before, limit).await?)
}
