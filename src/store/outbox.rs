//! Letters we owe one person: confirmations, welcomes, notices. Written in the transaction that owes them.

use super::{Access, Conn, StoreError, Tx, execute, fetch_all, fetch_optional, fetch_value, row};
use crate::domain::letter::Letter;
use crate::domain::time::Timestamp;
use crate::domain::token::Link;

/// A letter to store.
pub struct NewLetter<'a> {
    /// Random; its token is the Message-ID, the same for every attempt.
    pub uid: Link,
    pub newsletter_id: Option<i64>,
    pub subscription_id: Option<i64>,
    pub recipient: &'a str,
    pub letter: &'a Letter,
    pub expires_at: Timestamp,
}

/// Owes a letter.
pub async fn insert(tx: &mut Tx, letter: &NewLetter<'_>, now: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into outbox (uid, kind, newsletter_id, subscription_id, recipient, body, next_at, expires_at, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $7)",
        letter.uid.as_slice(),
        letter.letter.kind(),
        letter.newsletter_id,
        letter.subscription_id,
        letter.recipient,
        serde_json::to_string(letter.letter).expect("texts and links alone always become JSON"),
        now,
        letter.expires_at,
    )?;
    Ok(())
}

row! {
    /// A letter as it is stored.
    #[derive(Clone)]
    pub struct LetterRow {
        pub id: i64,
        pub uid: Vec<u8>,
        pub kind: String,
        pub newsletter_id: Option<i64>,
        pub subscription_id: Option<i64>,
        pub recipient: String,
        /// JSON of [`Letter`].
        pub body: String,
        pub attempts: i64,
        /// How often the server took it and nobody knows whether it kept it.
        pub doubts: i64,
        pub next_at: Timestamp,
        pub expires_at: Timestamp,
        pub created_at: Timestamp,
    }
}

/// Claims up to `limit` letters that are due, for `owner`.
pub async fn claim(tx: &mut Tx, owner: &str, limit: i64, now: Timestamp) -> Result<Vec<LetterRow>, StoreError> {
    macro_rules! claim_query {
        ($lock:literal) => {
            concat!(
                "update outbox set state = 'sending', owner = $1 where id in (select id from outbox \
                 where state in ('queued', 'deferred') and next_at <= $2 order by next_at, id limit $3 ",
                $lock,
                ") returning id, uid, kind, newsletter_id, subscription_id, recipient, body, attempts, doubts, next_at, \
                 expires_at, created_at"
            )
        };
    }
    if matches!(tx.conn(), Conn::Sqlite(_)) {
        fetch_all!(tx, LetterRow, claim_query!(""), owner, now, limit)
    } else {
        fetch_all!(tx, LetterRow, claim_query!("for update skip locked"), owner, now, limit)
    }
}

/// The letter has left: nothing more is kept of it.
pub async fn delete(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    execute!(tx, "delete from outbox where id = $1", id)?;
    Ok(())
}

/// Whether a claimed letter is still `owner`'s: who stood still for long may have been inherited from.
pub async fn is_ours(on: &mut impl Access, id: i64, owner: &str) -> Result<bool, StoreError> {
    let query = "select count(*) from outbox where id = $1 and owner = $2 and state = 'sending'";
    Ok(fetch_value!(on, i64, query, id, owner)? == 1)
}

/// What becomes of a letter that has not left for certain.
pub struct PutBack<'a> {
    /// `deferred`, or `failed` for one that is given up.
    pub state: &'static str,
    pub attempts: i64,
    /// See [`LetterRow`].
    pub doubts: i64,
    pub next_at: Timestamp,
    /// What the mail server said, or why it was not asked.
    pub last_reply: &'a str,
}

/// `owner`'s letter waits, or is given up.
pub async fn put_back(tx: &mut Tx, id: i64, owner: &str, put: PutBack<'_>) -> Result<(), StoreError> {
    execute!(
        tx,
        "update outbox set state = $2, attempts = $3, next_at = $4, last_reply = $5, doubts = $7, owner = null \
         where id = $1 and owner = $6",
        id,
        put.state,
        put.attempts,
        put.next_at,
        put.last_reply,
        owner,
        put.doubts,
    )?;
    Ok(())
}

/// Gives back what a dead owner had claimed: a letter that may have left twice is better than one that never came.
pub async fn release_owner(tx: &mut Tx, owner: &str, now: Timestamp) -> Result<u64, StoreError> {
    execute!(
        tx,
        "update outbox set state = 'queued', owner = null, next_at = $2 where state = 'sending' and owner = $1",
        owner,
        now
    )
}

/// Gives back what `owner` seems to hold and does not: claims of which it never learned that they were stored.
pub async fn release_lost(tx: &mut Tx, owner: &str, held: &[i64], now: Timestamp) -> Result<u64, StoreError> {
    let held = serde_json::to_string(held).expect("numbers alone always become JSON");
    macro_rules! release_query {
        ($list:literal) => {
            concat!(
                "update outbox set state = 'queued', owner = null, next_at = $2 \
                 where state = 'sending' and owner = $1 and id not in (",
                $list,
                ")"
            )
        };
    }
    if matches!(tx.conn(), Conn::Sqlite(_)) {
        execute!(tx, release_query!("select value from json_each($3)"), owner, now, held)
    } else {
        let query = release_query!("select cast(value as bigint) from jsonb_array_elements_text(cast($3 as jsonb))");
        execute!(tx, query, owner, now, held)
    }
}

/// Who holds claims.
pub async fn owners(on: &mut impl Access) -> Result<Vec<String>, StoreError> {
    let rows =
        fetch_all!(on, (String,), "select distinct owner from outbox where state = 'sending' and owner is not null")?;
    Ok(rows.into_iter().map(|(owner,)| owner).collect())
}

/// When the next letter is due.
pub async fn next_due(on: &mut impl Access) -> Result<Option<Timestamp>, StoreError> {
    fetch_value!(on, Option<Timestamp>, "select min(next_at) from outbox where state in ('queued', 'deferred')")
}

/// What the mail server last said to a letter of this kind to this address that has not left.
pub async fn last_reply(on: &mut impl Access, kind: &str, recipient: &str) -> Result<Option<String>, StoreError> {
    let found = fetch_optional!(
        on,
        (String,),
        "select last_reply from outbox where kind = $1 and recipient = $2 and last_reply is not null \
         order by id desc limit 1",
        kind,
        recipient
    )?;
    Ok(found.map(|(reply,)| reply))
}

/// Forgets the letters of a kind to an address that are not on their way, because a newer one takes their place.
pub async fn forget_kind(tx: &mut Tx, kind: &str, recipient: &str) -> Result<u64, StoreError> {
    execute!(tx, "delete from outbox where kind = $1 and recipient = $2 and state <> 'sending'", kind, recipient)
}

/// Forgets letters that were given up before `before`.
pub async fn forget_failed(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, "delete from outbox where state = 'failed' and next_at < $1", before)
}

/// Forgets every letter owed to an address, in whatever case; what people of the house are told stays.
pub async fn forget_reader(tx: &mut Tx, email_key: &str) -> Result<u64, StoreError> {
    execute!(
        tx,
        "delete from outbox where lower(recipient) = $1 and kind not in ('notice', 'password', 'try-out')",
        email_key
    )
}
