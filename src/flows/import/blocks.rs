//! A list of addresses that must not be mailed, taken over from another tool: only ever more of them.

use std::collections::HashSet;
use std::io::{Read, Seek, SeekFrom};

use serde::Serialize;

use super::dialect::{BEGINNING, Dialect};
use super::table::{Row, Table};
use super::{CHUNK, ImportError, Progress, Reason, Rejected, backup, sound};
use crate::domain::address::EmailAddress;
use crate::domain::fault::Faults;
use crate::domain::import::{Refusal, Tally};
use crate::domain::newsletter::one_line;
use crate::domain::suppression::SuppressionReason;
use crate::flows::{FlowError, House};
use crate::store::suppressions::{self, NewSuppression};
use crate::store::{Tx, audit};

/// What is the same for every address in a file.
#[derive(Clone, Copy, Debug)]
pub struct Blocking<'a> {
    /// The name of the file.
    pub origin: &'a str,
    /// Why they must not be mailed; without it the file's own column `reason` tells, where it has one.
    pub reason: Option<SuppressionReason>,
    pub note: Option<&'a str>,
    /// Who does it, for the record of deeds.
    pub actor: &'a str,
}

/// How many rows came to what; imported, unchanged and rejected make up all rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Blocked {
    pub rows: u64,
    /// Suppressed from now on.
    pub imported: u64,
    /// Suppressed already.
    pub unchanged: u64,
    pub rejected: u64,
}

impl Blocked {
    /// Counts what came of another file.
    pub fn add(&mut self, more: Self) {
        self.rows += more.rows;
        self.imported += more.imported;
        self.unchanged += more.unchanged;
        self.rejected += more.rejected;
    }
}

/// Takes over a file, some rows at a time; memory does not grow with it, and doing it twice changes nothing. With
/// `dry_run` nothing is changed at all.
///
/// `rejected` hears of every row that was not taken, `progress` of every step.
///
/// # Errors
/// When the file is no list or not sound, or the note is no line: then nothing was changed. When the database refuses:
/// then what was stored until then stays.
pub async fn block<F: Read + Seek>(
    house: &House,
    order: Blocking<'_>,
    dry_run: bool,
    file: &mut F,
    mut rejected: impl FnMut(Rejected) -> std::io::Result<()>,
    mut progress: impl FnMut(Progress),
) -> Result<Blocked, ImportError> {
    let line = |note: &str| one_line(note).ok_or_else(|| Faults::one("note", "must be one line of text"));
    let note = order.note.map(line).transpose().map_err(FlowError::from)?;
    let mut beginning = Vec::with_capacity(BEGINNING);
    file.by_ref().take(BEGINNING as u64).read_to_end(&mut beginning)?;
    let dialect = Dialect::of(&beginning)?;
    file.seek(SeekFrom::Start(0))?;
    // The columns first: who gives a file of another kind wants to hear that, and not about its lines.
    Table::open(beginning.as_slice(), &dialect, order.origin, "")?;
    let survey = sound(file, &dialect, &mut rejected)?;
    let mut table = Table::open(file, &dialect, order.origin, "")?;
    if !dry_run {
        backup::automatic(house.into(), Reason::Import).await?;
    }
    let (mut sum, mut seen) = (Blocked::default(), HashSet::new());
    loop {
        let rows = table.take(CHUNK)?;
        if rows.is_empty() {
            break;
        }
        sum.rows += rows.len() as u64;
        let mut tx = house.db.write().await?;
        let (people, refused) = read(house, order, rows);
        let known = suppressions::among(&mut tx, people.iter().map(|(_, hash, _)| hash.as_slice())).await?;
        let mut new = Vec::new();
        for (email, hash, reason) in &people {
            let mut short = [0; 8];
            short.copy_from_slice(&hash[..8]);
            // Among the known ones a complaint still has something to say: it is graver than any other reason.
            let is_known = known.contains_key(hash.as_slice()) || !seen.insert(short);
            if !is_known || *reason == SuppressionReason::Complained {
                new.push(NewSuppression { address_hash: hash, email: email.as_str(), reason: *reason });
            }
            sum.imported += u64::from(!is_known);
            sum.unchanged += u64::from(is_known);
        }
        // One statement must not meet an address twice.
        new.sort_by_key(|one| (one.address_hash.to_vec(), one.reason != SuppressionReason::Complained));
        new.dedup_by_key(|one| one.address_hash.to_vec());
        if !dry_run {
            suppressions::insert_many(&mut tx, &new, note.as_deref(), house.clock.now()).await?;
            tx.commit().await?;
        }
        sum.rejected += refused.len() as u64;
        refused.into_iter().try_for_each(&mut rejected).map_err(ImportError::Report)?;
        let tally = Tally { rows: sum.rows, rejected: sum.rejected, ..Tally::default() };
        progress(Progress { tally, of: survey.rows });
        // Only a file's own repetitions are remembered in a dry run; otherwise the database knows them.
        if !dry_run {
            seen.clear();
        }
    }
    if !dry_run {
        let mut tx: Tx = house.db.write().await?;
        let counts = format!("{} imported, {} unchanged, {} rejected", sum.imported, sum.unchanged, sum.rejected);
        audit::note(&mut tx, order.actor, "suppression.import", order.origin, &counts, house.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(sum)
}

type Person = (EmailAddress, [u8; 32], SuppressionReason);

fn read(house: &House, order: Blocking<'_>, rows: Vec<Row>) -> (Vec<Person>, Vec<Rejected>) {
    let (mut people, mut refused) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        match EmailAddress::parse_any_role(&row.email) {
            Ok(email) => {
                let hash = house.keys.address_hash(&email);
                let told = || row.reason.as_deref().map_or(SuppressionReason::Imported, reason);
                people.push((email, hash, order.reason.unwrap_or_else(told)));
            }
            Err(fault) => {
                refused.push(Rejected { line: row.line, email: row.email, reason: Refusal::Address(fault) });
            }
        }
    }
    (people, refused)
}

/// The words of mail services for why they mail an address no more: `HardBounce`, `SpamComplaint`, `UNSUBSCRIBE` …
fn reason(word: &str) -> SuppressionReason {
    let word = word.to_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| word.contains(part));
    if says(&["complain", "spam", "abuse"]) {
        SuppressionReason::Complained
    } else if says(&["bounce", "invalid", "cleaned"]) {
        SuppressionReason::Bounced
    } else if says(&["unsub", "opt-out", "optout", "afgemeld", "uitgeschreven"]) {
        SuppressionReason::Unsubscribed
    } else if word.trim() == "manual" {
        SuppressionReason::Manual
    } else {
        SuppressionReason::Imported
    }
}
