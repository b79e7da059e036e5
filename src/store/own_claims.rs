//! What the ledger says a process has in hand, for the process itself to compare with what it knows.

use super::{Access, StoreError, fetch_all, row};

row! {
    /// A delivery that is claimed.
    #[derive(Clone, Copy, Debug)]
    pub struct HeldRow {
        pub edition_id: i64,
        pub seq: i64,
        /// The number of its claim.
        pub claim: i64,
        pub attempts: i64,
    }
}

/// What `owner` holds of an edition.
pub async fn of_edition(on: &mut impl Access, edition_id: i64, owner: &str) -> Result<Vec<HeldRow>, StoreError> {
    fetch_all!(
        on,
        HeldRow,
        "select edition_id, seq, coalesce(claim, 0) as claim, attempts from deliveries \
         where edition_id = $1 and state = 'sending' \
         and state in ('queued', 'deferred', 'sending', 'unknown') and next_at >= 0 and owner = $2",
        edition_id,
        owner,
    )
}
