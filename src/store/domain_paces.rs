//! The paces of domains that asked us to slow down: they hold beyond a restart.

use super::{Access, StoreError, Tx, execute, fetch_all, row};
use crate::domain::time::Timestamp;

row! {
    /// The pace at one domain.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PaceRow {
        pub domain: String,
        /// Messages that may be on their way to it at once.
        pub allowed: i64,
        /// How often in a row it asked us to slow down.
        pub complaints: i64,
        /// It is left alone until then.
        pub resume_at: Timestamp,
    }
}

/// Keeps paces as they are now.
pub async fn keep(tx: &mut Tx, paces: &[PaceRow], now: Timestamp) -> Result<(), StoreError> {
    for pace in paces {
        execute!(
            tx,
            "insert into domain_paces (domain, allowed, complaints, resume_at, updated_at) values ($1, $2, $3, $4, $5) \
             on conflict (domain) do update set allowed = excluded.allowed, complaints = excluded.complaints, \
             resume_at = excluded.resume_at, updated_at = excluded.updated_at",
            pace.domain.as_str(),
            pace.allowed,
            pace.complaints,
            pace.resume_at,
            now,
        )?;
    }
    Ok(())
}

/// All that are kept.
pub async fn all(on: &mut impl Access) -> Result<Vec<PaceRow>, StoreError> {
    fetch_all!(on, PaceRow, "select domain, allowed, complaints, resume_at from domain_paces order by domain")
}

/// Forgets paces that have not changed since `before`; says how many.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, "delete from domain_paces where updated_at < $1", before)
}
