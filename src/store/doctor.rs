//! What the doctor found the last times: preflight asks it before an edition leaves.

use std::time::Duration;

use super::{Access, StoreError, Tx, execute, fetch_all, fetch_value, row};
use crate::domain::checkup::CheckStatus;
use crate::domain::time::Timestamp;

/// How long runs are kept, to see since when something is wrong.
const KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

/// One check and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct NewCheck<'a> {
    /// `spf.include`, `dkim.record` …
    pub name: &'a str,
    pub status: CheckStatus,
    pub message: &'a str,
}

row! {
    /// One check of a run.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct CheckRow {
        pub at: Timestamp,
        pub check_name: String,
        pub status: CheckStatus,
        pub message: String,
    }
}

/// Notes a whole run, and forgets those of long ago.
///
/// # Errors
/// When the database refuses; so for every function of this room.
pub async fn record(tx: &mut Tx, at: Timestamp, checks: &[NewCheck<'_>]) -> Result<(), StoreError> {
    execute!(tx, "delete from doctor_runs where at < $1", at.minus(KEPT))?;
    for check in checks {
        execute!(
            tx,
            "insert into doctor_runs (at, check_name, status, message) values ($1, $2, $3, $4) \
             on conflict (at, check_name) do update set status = excluded.status, message = excluded.message",
            at,
            check.name,
            check.status,
            check.message,
        )?;
    }
    Ok(())
}

/// The last run, in order of name; empty when there never was one.
pub async fn latest(on: &mut impl Access) -> Result<Vec<CheckRow>, StoreError> {
    fetch_all!(
        on,
        CheckRow,
        "select at, check_name, status, message from doctor_runs where at = (select max(at) from doctor_runs) order by check_name"
    )
}

/// When the last run was.
pub async fn last_run(on: &mut impl Access) -> Result<Option<Timestamp>, StoreError> {
    fetch_value!(on, Option<Timestamp>, "select max(at) from doctor_runs")
}
