//! What the doctor found, as programs see it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::checkup::CheckStatus;
use crate::domain::time::Timestamp;
use crate::store::doctor::CheckRow;

/// The last examination of the house.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CheckupAnswer {
    /// When it was; nothing before the first.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
    pub checks: Vec<CheckAnswer>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CheckAnswer {
    /// What, and often of what: `spf.record:example.nl`.
    pub name: String,
    #[schema(inline)]
    pub status: CheckStatus,
    pub message: String,
    /// What to do: lines to paste, or a sentence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<String>,
}

impl From<Vec<CheckRow>> for CheckupAnswer {
    fn from(rows: Vec<CheckRow>) -> Self {
        Self { at: rows.first().map(|row| row.at), checks: rows.into_iter().map(CheckAnswer::from).collect() }
    }
}

impl From<CheckRow> for CheckAnswer {
    fn from(row: CheckRow) -> Self {
        // Noted in full: what it found, then what to do, line by line.
        let mut lines = row.message.split('\n').map(str::to_owned);
        let message = lines.next().unwrap_or_default();
        Self { name: row.check_name, status: row.status, message, advice: lines.collect() }
    }
}
