//! Which of several lists in a file is taken over: the one that was named, or the only one that it can be.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;

use super::CHUNK;
use super::table::{Standing, Table, TableError};

/// More lists than this are none.
const MOST_LISTS: usize = 1_000;

/// A list, and who gets mail by it: their number, and a sum of hashes that does not depend on their order.
struct Members {
    name: String,
    people: u64,
    sum: u64,
}

/// Walks through a table that has lists. Where several hold the same people, or all but one hold nobody who gets mail, there
/// is nothing to choose.
///
/// # Errors
/// [`TableError::SeveralLists`] when one must be chosen, [`TableError::NoSuchList`] when that one is not there.
pub(super) fn choose<R: Read>(mut table: Table<R>, wanted: Option<&str>) -> Result<Option<String>, TableError> {
    let mut found: Vec<Members> = Vec::new();
    loop {
        let rows = table.take(CHUNK)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let mut hasher = DefaultHasher::new();
            row.email.to_lowercase().hash(&mut hasher);
            let (people, sum) = if row.standing == Standing::Subscribed { (1, hasher.finish()) } else { (0, 0) };
            for name in row.lists {
                if let Some(known) = found.iter_mut().find(|list| list.name == name) {
                    known.people += people;
                    known.sum = known.sum.wrapping_add(sum);
                } else if found.len() < MOST_LISTS {
                    found.push(Members { name, people, sum });
                }
            }
        }
    }
    let counts = |found: &[Members]| found.iter().map(|list| (list.name.clone(), list.people)).collect();
    if let Some(wanted) = wanted {
        let known = found.iter().find(|list| list.name.to_lowercase() == wanted.trim().to_lowercase());
        let known = known.map(|list| list.name.clone());
        return known.map(Some).ok_or_else(|| TableError::NoSuchList(wanted.to_owned(), counts(&found)));
    }
    let mut peopled = found.iter().filter(|list| list.people > 0);
    let Some(first) = peopled.next() else { return Ok(found.into_iter().next().map(|list| list.name)) };
    if peopled.all(|list| (list.people, list.sum) == (first.people, first.sum)) {
        Ok(Some(first.name.clone()))
    } else {
        Err(TableError::SeveralLists(counts(&found)))
    }
}
