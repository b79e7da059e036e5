//! A suppression as programs see it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::time::Timestamp;
use crate::store::suppressions::SuppressionRow;

/// An address that must not be mailed.
#[derive(Clone, Serialize, ToSchema)]
pub struct SuppressionAnswer {
    pub id: i64,
    /// None after erasure: then only a keyed hash is known.
    pub email: Option<String>,
    pub reason: &'static str,
    pub note: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<SuppressionRow> for SuppressionAnswer {
    fn from(row: SuppressionRow) -> Self {
        Self { id: row.id, email: row.email, reason: row.reason.as_str(), note: row.note, created_at: row.created_at }
    }
}
