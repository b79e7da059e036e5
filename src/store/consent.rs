//! Consent records: added, never changed; the newest hash chains the next.

use super::{Access, StoreError, Tx, execute, fetch_all, fetch_optional, row};
use crate::domain::consent::{ConsentBody, ConsentEntry, ConsentEvent, body_hash};
use crate::domain::time::Timestamp;

row! {
    /// A record as it is stored.
    #[derive(Clone)]
    pub struct ConsentRow {
        pub id: i64,
        pub at: Timestamp,
        pub newsletter_id: i64,
        pub subject: Vec<u8>,
        pub event: ConsentEvent,
        /// JSON of [`ConsentBody`]; gone after erasure.
        pub body: Option<String>,
        pub body_hash: Vec<u8>,
        pub previous: Vec<u8>,
        pub hash: Vec<u8>,
    }
}

impl ConsentRow {
    /// The part that is chained.
    pub fn entry(&self) -> ConsentEntry {
        ConsentEntry {
            id: self.id,
            at: self.at,
            newsletter_id: self.newsletter_id,
            subject: self.subject.clone(),
            event: self.event,
            body_hash: self.body_hash.clone(),
            previous: self.previous.clone(),
        }
    }
}

/// Adds a record at the end of the chain. Do it last in a transaction: on PostgreSQL the chain's end is held
/// until the commit.
pub async fn append(
    tx: &mut Tx,
    newsletter_id: i64,
    subject: &[u8],
    event: ConsentEvent,
    body: &ConsentBody,
    now: Timestamp,
) -> Result<(), StoreError> {
    super::db::lock(tx, super::db::Lock::ConsentChain).await?;
    let last = fetch_optional!(tx, (i64, Vec<u8>), "select id, hash from consent_records order by id desc limit 1")?;
    let (last_id, previous) = last.unwrap_or_default();
    let body = serde_json::to_string(body).expect("texts alone always become JSON");
    let entry = ConsentEntry {
        id: last_id + 1,
        at: now,
        newsletter_id,
        subject: subject.to_vec(),
        event,
        body_hash: body_hash(&body),
        previous,
    };
    let hash = entry.hash();
    execute!(
        tx,
        "insert into consent_records (id, at, newsletter_id, subject, event, body, body_hash, previous, hash) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        entry.id,
        entry.at,
        entry.newsletter_id,
        entry.subject,
        entry.event,
        body,
        entry.body_hash,
        entry.previous,
        hash,
    )?;
    Ok(())
}

/// One person's records, oldest first.
pub async fn of_subject(on: &mut impl Access, subject: &[u8]) -> Result<Vec<ConsentRow>, StoreError> {
    fetch_all!(on, ConsentRow, "select * from consent_records where subject = $1 order by id", subject)
}

/// A page of the chain, oldest first.
pub async fn page(on: &mut impl Access, after: i64, limit: i64) -> Result<Vec<ConsentRow>, StoreError> {
    fetch_all!(on, ConsentRow, "select * from consent_records where id > $1 order by id limit $2", after, limit)
}

/// Takes the personal part out of one person's records; the chain stays whole.
pub async fn erase_bodies(tx: &mut Tx, subject: &[u8]) -> Result<u64, StoreError> {
    execute!(tx, "update consent_records set body = null where subject = $1 and body is not null", subject)
}
