//! The evidence: one person's records, and whether the chain of all of them is whole.

use std::collections::{BTreeSet, VecDeque};

use super::{FlowError, House};
use crate::domain::address::EmailAddress;
use crate::domain::consent::{ConsentBody, ConsentEntry, ConsentEvent, body_hash};
use crate::domain::token::{Keys, unhex};
use crate::store::consent::{self, ChainRow, ConsentRow};
use crate::store::{Access, StoreError};

/// Before the hash of the address that somebody had before, in the record of their moving.
pub const MOVED_FROM: &str = "moved-from:";

/// Records read at a time.
const PAGE: i64 = 5_000;
/// Faults told one by one; the rest is counted.
const TOLD: usize = 1_000;

/// The records of whoever has this address, oldest first, those of their former addresses with them.
///
/// # Errors
/// When the database cannot answer.
pub async fn records(house: &House, email: &EmailAddress) -> Result<Vec<ConsentRow>, FlowError> {
    Ok(of(&mut house.db.read().await?, &house.keys.address_hash(email)).await?)
}

/// As [`records`], by the hash.
pub(super) async fn of(on: &mut impl Access, subject: &[u8]) -> Result<Vec<ConsentRow>, StoreError> {
    let mut found: Vec<ConsentRow> = trail(on, subject).await?.into_iter().flat_map(|stage| stage.records).collect();
    found.sort_by_key(|record| record.id);
    Ok(found)
}

/// A person at one address: now, or before they moved.
pub(super) struct Stage {
    /// Keyed hash of the address.
    pub subject: Vec<u8>,
    /// Records of this address up to the one with this number are theirs; later ones would be somebody else's.
    pub through: i64,
    pub records: Vec<ConsentRow>,
}

impl Stage {
    /// The address itself, as long as a record tells it.
    pub fn email(&self, keys: &Keys) -> Option<EmailAddress> {
        let bodies = self.records.iter().rev().filter_map(|record| record.body.as_deref());
        let bodies = bodies.filter_map(|body| serde_json::from_str::<ConsentBody>(body).ok());
        let mut emails = bodies.filter_map(|body| EmailAddress::parse_any_role(&body.email).ok());
        emails.find(|email| keys.address_hash(email).as_slice() == self.subject)
    }
}

/// Every address that whoever has the one with this hash had, this one first.
pub(super) async fn trail(on: &mut impl Access, subject: &[u8]) -> Result<Vec<Stage>, StoreError> {
    let mut stages = Vec::new();
    let mut seen = BTreeSet::new();
    let mut ahead = VecDeque::from([(subject.to_vec(), i64::MAX)]);
    while let Some((subject, through)) = ahead.pop_front() {
        if !seen.insert(subject.clone()) {
            continue;
        }
        let mut records = consent::of_subject(on, &subject).await?;
        records.retain(|record| record.id <= through);
        ahead.extend(records.iter().rev().filter_map(|record| Some((former(record)?, record.id))));
        stages.push(Stage { subject, through, records });
    }
    Ok(stages)
}

/// The hash of the address before, where the record is one of moving.
fn former(record: &ConsentRow) -> Option<Vec<u8>> {
    if record.event != ConsentEvent::AddressChanged {
        return None;
    }
    let body: ConsentBody = serde_json::from_str(record.body.as_deref()?).ok()?;
    unhex(body.origin?.strip_prefix(MOVED_FROM)?)
}

/// What is wrong with the chain at one record.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ChainFault {
    pub record: i64,
    pub fault: &'static str,
    pub message: String,
}

/// Whether the chain is whole.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ChainVerdict {
    pub ok: bool,
    pub records: u64,
    /// Number and hash of the newest record: noted elsewhere, it shows later that nothing before it was changed.
    pub end: Option<String>,
    pub faults: Vec<ChainFault>,
    /// Faults beyond those told.
    pub more_faults: u64,
}

/// Reads the whole chain, a page at a time, and recomputes every hash.
///
/// # Errors
/// When the database cannot answer.
pub async fn verify(house: &House) -> Result<ChainVerdict, FlowError> {
    let mut check = Check::default();
    loop {
        // A connection a page: who writes must not be kept from folding the log.
        let page = consent::chain(&mut house.db.read().await?, check.last_id, PAGE).await?;
        if page.is_empty() {
            break;
        }
        page.iter().for_each(|row| check.look_at(row));
    }
    let mut reader = house.db.read().await?;
    let noted = consent::noted_end(&mut reader).await?;
    let newer = consent::chain(&mut reader, check.last_id, 1).await?;
    Ok(check.end(&house.keys, noted.as_deref(), newer.is_empty()))
}

/// The check half-way through the chain.
#[derive(Default)]
struct Check {
    records: u64,
    last_id: i64,
    last_hash: Vec<u8>,
    faults: Vec<ChainFault>,
    more_faults: u64,
}

impl Check {
    fn fault(&mut self, record: i64, fault: &'static str, message: String) {
        if self.faults.len() < TOLD {
            self.faults.push(ChainFault { record, fault, message });
        } else {
            self.more_faults += 1;
        }
    }

    fn look_at(&mut self, row: &ChainRow) {
        let (id, before) = (row.id, self.last_id);
        self.records += 1;
        if id != before + 1 {
            let gap = if id == before + 2 {
                format!("record {} is missing", before + 1)
            } else {
                format!("records {} to {} are missing", before + 1, id - 1)
            };
            self.fault(before + 1, "missing", gap);
        } else if row.previous != self.last_hash {
            let message = format!("record {id} does not follow record {before}: one of the two was moved or changed");
            self.fault(id, "out-of-order", message);
        }
        let expected = row.event.parse().ok().map(|event| {
            let (subject, body_hash) = (row.subject.clone(), row.body_hash.clone());
            let entry = ConsentEntry {
                id,
                at: row.at,
                newsletter_id: row.newsletter_id,
                subject,
                event,
                body_hash,
                previous: row.previous.clone(),
            };
            entry.hash()
        });
        if expected.as_ref() != Some(&row.hash) {
            self.fault(id, "changed", format!("record {id} was changed, or stood elsewhere"));
        }
        match &row.body {
            Some(body) if body_hash(body) != row.body_hash => {
                self.fault(id, "changed", format!("what record {id} says was changed"));
            }
            None if !row.erased => {
                self.fault(id, "missing", format!("what record {id} says is gone, and nobody asked for its erasure"));
            }
            _ => {}
        }
        self.last_id = id;
        self.last_hash.clone_from(&row.hash);
    }

    fn end(mut self, keys: &Keys, noted: Option<&str>, nothing_newer: bool) -> ChainVerdict {
        let end = (self.records > 0).then(|| consent::end_of_chain(self.last_id, &self.last_hash));
        // Where records were added meanwhile, the noted end is further on.
        if nothing_newer && noted != consent::sealed_end(keys, self.last_id, &self.last_hash).as_deref() {
            let last: Option<i64> = noted.and_then(|noted| noted.split(':').next()?.parse().ok());
            match last {
                Some(last) if last != self.last_id => {
                    let message =
                        format!("the newest record was number {last}, but the chain ends at {}", self.last_id);
                    self.fault(self.last_id + 1, "missing", message);
                }
                Some(_) => {
                    let message = "the end of the chain is not as this installation's key sealed it: records were \
                                   written anew, or the key is another one";
                    self.fault(self.last_id, "changed", message.to_owned());
                }
                None => {
                    let message = "the seal that was noted with the newest record is gone";
                    self.fault(self.last_id, "missing", message.to_owned());
                }
            }
        }
        let ok = self.faults.is_empty();
        ChainVerdict { ok, records: self.records, end, faults: self.faults, more_faults: self.more_faults }
    }
}
