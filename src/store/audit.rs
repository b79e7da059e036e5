//! What people did: added, never changed.

use super::{Access, StoreError, Tx, execute, fetch_all, row};
use crate::domain::time::Timestamp;

row! {
    /// One deed.
    #[derive(Clone, Debug)]
    pub struct AuditRow {
        pub id: i64,
        pub at: Timestamp,
        pub actor: String,
        pub action: String,
        pub target: String,
        pub detail: String,
    }
}

/// Notes a deed.
pub async fn note(
    tx: &mut Tx,
    actor: &str,
    action: &str,
    target: &str,
    detail: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into audit_log (at, actor, action, target, detail) values ($1, $2, $3, $4, $5)",
        now,
        actor,
        action,
        target,
        detail
    )?;
    Ok(())
}

/// A page of deeds, newest first; `before` is the last id of the page before.
pub async fn page(on: &mut impl Access, before: Option<i64>, limit: i64) -> Result<Vec<AuditRow>, StoreError> {
    fetch_all!(
        on,
        AuditRow,
        "select * from audit_log where id < $1 order by id desc limit $2",
        before.unwrap_or(i64::MAX),
        limit
    )
}

/// What was done to one thing, oldest first.
pub async fn about(on: &mut impl Access, kind: &str, target: &str) -> Result<Vec<AuditRow>, StoreError> {
    fetch_all!(
        on,
        AuditRow,
        "select * from audit_log where target = $1 and substr(action, 1, length($2)) = $2 order by id limit 1000",
        target,
        kind
    )
}

/// Forgets deeds that are older.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, "delete from audit_log where at < $1", before)
}
