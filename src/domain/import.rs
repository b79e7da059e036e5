//! Taking over a list: how far it is, and how many of its rows came to what.

use serde::Serialize;

use super::address::InvalidAddress;
use super::text_enum::text_enum;

text_enum! {
    /// How far a list is.
    pub enum ImportState ("state of an import") {
        /// Looked at, not taken over.
        Waiting = "waiting",
        /// Being taken over, or broken off: the same file goes on from there.
        Running = "running",
        Done = "done",
        /// Taken back.
        Undone = "undone",
    }
}

/// How many rows came to what; imported, unchanged, suppressed and rejected make up all rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Tally {
    pub rows: u64,
    /// Get the newsletter from now on.
    pub imported: u64,
    /// Got it already.
    pub unchanged: u64,
    /// Must not be mailed: left or bounced there or here.
    pub suppressed: u64,
    pub rejected: u64,
}

impl Tally {
    /// So many rows that are not taken.
    pub fn of_rejected(rows: u64) -> Self {
        Self { rows, rejected: rows, ..Self::default() }
    }

    /// Counts what came of further rows.
    pub fn add(&mut self, more: Self) {
        self.rows += more.rows;
        self.imported += more.imported;
        self.unchanged += more.unchanged;
        self.suppressed += more.suppressed;
        self.rejected += more.rejected;
    }
}

/// Why a row is not taken, whatever we know of its person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(transparent)]
    Address(#[from] InvalidAddress),
    #[error("never confirmed there, so there is no consent")]
    Unconfirmed,
    #[error("“{0}” is no status that we know")]
    UnknownStatus(String),
    #[error("this row is about “{0}”, not about the list that is taken over")]
    OtherList(String),
    #[error("is on no list there, so nobody asked for anything")]
    NoList,
    #[error("the line breaks the file: it {0}")]
    Broken(String),
}
