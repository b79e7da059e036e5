//! Consent records: added, never changed; the newest hash chains the next.

use aws_lc_rs::hmac;

use super::verbs::execute_many;
use super::{Access, StoreError, Tx, execute, fetch_all, fetch_optional, fetch_value, meta, row};
use crate::domain::consent::{ConsentBody, ConsentEntry, ConsentEvent, body_hash};
use crate::domain::time::Timestamp;
use crate::domain::token::{Keys, hex};

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

/// A record to add.
pub struct NewConsent<'a> {
    pub newsletter_id: i64,
    pub subject: &'a [u8],
    pub event: ConsentEvent,
    pub body: &'a ConsentBody,
}

/// Adds a record at the end of the chain. Do it last in a transaction: on PostgreSQL the chain's end is held
/// until the commit.
pub async fn append(
    tx: &mut Tx,
    keys: &Keys,
    newsletter_id: i64,
    subject: &[u8],
    event: ConsentEvent,
    body: &ConsentBody,
    now: Timestamp,
) -> Result<(), StoreError> {
    append_many(tx, keys, &[NewConsent { newsletter_id, subject, event, body }], now).await
}

/// Adds records in this order, looking for the chain's end once; as [`append`].
pub async fn append_many(
    tx: &mut Tx,
    keys: &Keys,
    records: &[NewConsent<'_>],
    now: Timestamp,
) -> Result<(), StoreError> {
    if records.is_empty() {
        return Ok(());
    }
    super::transaction::lock(tx, super::transaction::Lock::ConsentChain).await?;
    let last = fetch_optional!(
        tx,
        (i64, Vec<u8>, Option<String>),
        "select id, hash, (select value from meta where key = $1) from consent_records order by id desc limit 1",
        END
    )?;
    let (mut last_id, mut last_hash, noted) = match last {
        Some(last) => last,
        None => (0, Vec::new(), noted_end(tx).await?),
    };
    // A chain whose end was not ours before does not become so by a record more.
    let is_whole = noted == sealed_end(keys, last_id, &last_hash);
    let mut rows = Vec::with_capacity(records.len());
    for record in records {
        let body = serde_json::to_string(record.body).expect("texts alone always become JSON");
        let entry = ConsentEntry {
            id: last_id + 1,
            at: now,
            newsletter_id: record.newsletter_id,
            subject: record.subject.to_vec(),
            event: record.event,
            body_hash: body_hash(&body),
            previous: std::mem::take(&mut last_hash),
        };
        (last_id, last_hash) = (entry.id, entry.hash());
        rows.push((entry, body, last_hash.clone()));
    }
    execute_many!(
        tx,
        "insert into consent_records (id, at, newsletter_id, subject, event, body, body_hash, previous, hash)",
        "",
        rows,
        |row| [
            row.0.id,
            row.0.at,
            row.0.newsletter_id,
            &row.0.subject,
            row.0.event,
            &row.1,
            &row.0.body_hash,
            &row.0.previous,
            &row.2,
        ]
    )
    .await?;
    match sealed_end(keys, last_id, &last_hash) {
        Some(end) if is_whole => meta::set(tx, END, &end).await,
        _ => Ok(()),
    }
}

/// As many ways to the database and back as [`append`] makes, for nothing: where the time of an answer must not tell whether
/// there was anything to record.
pub async fn append_nothing(tx: &mut Tx) -> Result<(), StoreError> {
    super::transaction::lock(tx, super::transaction::Lock::ConsentChain).await?;
    for _ in 0..3 {
        noted_end(tx).await?;
    }
    Ok(())
}

/// Under this name the chain's end is noted beside it, so that records cut off at the end are missed.
const END: &str = "consent-chain-end";

/// The chain's end in words: the last record's number and hash.
pub fn end_of_chain(id: i64, hash: &[u8]) -> String {
    format!("{id}:{}", hex(hash))
}

/// The chain's end as it is noted: with a seal of the installation's key, so that whoever rewrites the records and
/// their hashes cannot write this as well. Nothing for a chain without records.
pub fn sealed_end(keys: &Keys, id: i64, hash: &[u8]) -> Option<String> {
    if id == 0 {
        return None;
    }
    let end = end_of_chain(id, hash);
    let seal = hmac::sign(&keys.derive("consent-chain"), end.as_bytes());
    Some(format!("{end}:{}", hex(seal.as_ref())))
}

/// The end that was noted with the newest record.
pub async fn noted_end(on: &mut impl Access) -> Result<Option<String>, StoreError> {
    meta::get(on, END).await
}

/// One person's records, oldest first.
pub async fn of_subject(on: &mut impl Access, subject: &[u8]) -> Result<Vec<ConsentRow>, StoreError> {
    fetch_all!(on, ConsentRow, "select * from consent_records where subject = $1 order by id", subject)
}

/// Whether this person ever confirmed anything to us from their mailbox.
pub async fn was_confirmed(on: &mut impl Access, subject: &[u8]) -> Result<bool, StoreError> {
    fetch_value!(
        on,
        bool,
        "select exists (select 1 from consent_records where subject = $1 and event = 'confirmed')",
        subject
    )
}

row! {
    /// A record as whoever checks the chain reads it: trusting nothing, not even that its event is one.
    #[derive(Clone)]
    pub struct ChainRow {
        pub id: i64,
        pub at: Timestamp,
        pub newsletter_id: i64,
        pub subject: Vec<u8>,
        pub event: String,
        pub body: Option<String>,
        pub body_hash: Vec<u8>,
        pub previous: Vec<u8>,
        pub hash: Vec<u8>,
        /// An erasure of the same person follows.
        pub erased: bool,
    }
}

/// A page of the chain, oldest first.
pub async fn chain(on: &mut impl Access, after: i64, limit: i64) -> Result<Vec<ChainRow>, StoreError> {
    fetch_all!(
        on,
        ChainRow,
        "select c.*, c.body is null and exists (select 1 from consent_records e where e.subject = c.subject \
         and e.id > c.id and e.event = 'erased') as erased from consent_records c where c.id > $1 order by c.id limit $2",
        after,
        limit
    )
}

/// Takes the personal part out of one person's records, up to the one with this number; the chain stays whole.
pub async fn erase_bodies(tx: &mut Tx, subject: &[u8], through: i64) -> Result<u64, StoreError> {
    execute!(
        tx,
        "update consent_records set body = null where subject = $1 and id <= $2 and body is not null",
        subject,
        through
    )
}

/// How often something was asked or confirmed of a newsletter since `since`; the index holds nothing else.
pub async fn count_since(
    on: &mut impl Access,
    newsletter_id: i64,
    event: ConsentEvent,
    since: Timestamp,
) -> Result<i64, StoreError> {
    fetch_value!(
        on,
        i64,
        "select count(*) from consent_records where newsletter_id = $1 and event = $2 and at >= $3 \
         and event in ('requested', 'confirmed')",
        newsletter_id,
        event,
        since
    )
}
