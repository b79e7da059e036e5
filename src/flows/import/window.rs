//! A window on the file: rows that are taken in an order of their own, while the next ones are read.
//!
//! Addresses and their hashes come in any order, so that two thousand rows in the order of a file change two thousand pages of
//! an index each, and every page is written again for almost every row. In the order of the keys a page is written
//! once for a dozen of them.

use std::io::Read;

use super::person::{Person, sort_out};
use super::table::Table;
use super::{ImportError, Rejected};
use crate::domain::token::Keys;

/// Rows of a window: the more, the fewer pages are written; each takes some two hundred bytes of memory.
pub(super) const ROWS: u64 = 40_000;
/// What the rows of a window may take in the file, in bytes a row.
const BYTES_EACH: u64 = 256;
/// Rows that are read at a time, beside a transaction.
const PART: u64 = 4_000;

/// The rows of a window.
#[derive(Default)]
pub(super) struct Window {
    pub rows: u64,
    pub people: Vec<Person>,
    pub refused: Vec<Rejected>,
    bytes: u64,
}

/// Reads one window ahead. Where each ends depends on nothing but the file and the number of rows agreed.
pub(super) struct Ahead<F: Read> {
    pub table: Table<F>,
    keys: Keys,
    rows: u64,
    next: Window,
    is_full: bool,
}

impl<F: Read> Ahead<F> {
    pub fn new(table: Table<F>, keys: Keys, rows: u64) -> Self {
        Self { table, keys, rows, next: Window::default(), is_full: false }
    }

    /// Reads some more of the next window, if there is more of it.
    pub async fn read_on(&mut self) -> Result<(), ImportError> {
        if self.is_full {
            return Ok(());
        }
        let most = PART.min(self.rows - self.next.rows);
        let room = (self.rows * BYTES_EACH).saturating_sub(self.next.bytes);
        let (rows, bytes) = self.table.take_within(usize::try_from(most).unwrap_or(usize::MAX), room)?;
        let is_end = rows.is_empty();
        self.next.rows += rows.len() as u64;
        self.next.bytes += bytes;
        // On a thread of its own: the database has others.
        let keys = self.keys.clone();
        let sorted = tokio::task::spawn_blocking(move || sort_out(rows, &keys)).await;
        let (people, refused) = sorted.map_err(std::io::Error::other)?;
        self.next.people.extend(people);
        self.next.refused.extend(refused);
        self.is_full = is_end || self.next.rows >= self.rows || self.next.bytes >= self.rows * BYTES_EACH;
        Ok(())
    }

    /// The next window, read to its end; none behind the last row.
    pub async fn next(&mut self) -> Result<Option<Window>, ImportError> {
        while !self.is_full {
            self.read_on().await?;
        }
        self.is_full = false;
        Ok(Some(std::mem::take(&mut self.next)).filter(|window| window.rows > 0))
    }
}
