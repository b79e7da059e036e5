//! Letters we owe one person: confirmations, welcomes, notices. Written in the transaction that owes them.

use super::{StoreError, Tx, execute};
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
