//! Mail that came in at the return path of one of our deliveries and that nobody can read but a person.

use super::{Access, StoreError, Tx, execute, fetch_all, fetch_value, row};
use crate::domain::feedback::Channel;
use crate::domain::time::Timestamp;

/// So many are kept; the oldest make way.
pub const MOST: i64 = 500;

row! {
    /// One such mail, cut to its beginning.
    #[derive(Clone, Debug)]
    pub struct UnclassifiedRow {
        pub id: i64,
        pub at: Timestamp,
        pub edition_id: i64,
        pub seq: i64,
        pub subscription_id: i64,
        pub channel: Channel,
        pub subject: String,
        /// The beginning of its text.
        pub words: String,
        /// The address that the delivery went to, as long as it is kept.
        pub email: Option<String>,
    }
}

/// A mail to keep.
#[derive(Clone, Copy, Debug)]
pub struct NewUnclassified<'a> {
    pub edition_id: i64,
    pub seq: i64,
    pub subscription_id: i64,
    pub channel: Channel,
    pub subject: &'a str,
    pub words: &'a str,
}

/// Keeps a mail; the same again says nothing new.
pub async fn insert(tx: &mut Tx, mail: &NewUnclassified<'_>, now: Timestamp) -> Result<(), StoreError> {
    let known = fetch_value!(
        tx,
        i64,
        "select count(*) from unclassified_mail where edition_id = $1 and seq = $2 and subject = $3 and words = $4",
        mail.edition_id,
        mail.seq,
        mail.subject,
        mail.words
    )?;
    if known > 0 {
        return Ok(());
    }
    execute!(
        tx,
        "insert into unclassified_mail (at, edition_id, seq, subscription_id, channel, subject, words) \
         values ($1, $2, $3, $4, $5, $6, $7)",
        now,
        mail.edition_id,
        mail.seq,
        mail.subscription_id,
        mail.channel,
        mail.subject,
        mail.words
    )?;
    execute!(
        tx,
        "delete from unclassified_mail where id <= (select id from unclassified_mail order by id desc limit 1 offset $1)",
        MOST
    )?;
    Ok(())
}

/// The newest first; `before` is the last id of the page before.
pub async fn newest(on: &mut impl Access, before: i64, limit: i64) -> Result<Vec<UnclassifiedRow>, StoreError> {
    fetch_all!(
        on,
        UnclassifiedRow,
        "select u.id, u.at, u.edition_id, u.seq, u.subscription_id, u.channel, u.subject, u.words, d.email \
         from unclassified_mail u left join deliveries d on d.edition_id = u.edition_id and d.seq = u.seq \
         where u.id < $1 order by u.id desc limit $2",
        before,
        limit
    )
}

/// How many there are.
pub async fn count(on: &mut impl Access) -> Result<i64, StoreError> {
    fetch_value!(on, i64, "select count(*) from unclassified_mail")
}

/// Somebody has read it and dealt with it.
pub async fn delete(tx: &mut Tx, id: i64) -> Result<bool, StoreError> {
    Ok(execute!(tx, "delete from unclassified_mail where id = $1", id)? == 1)
}

/// Forgets what came before `before`.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, "delete from unclassified_mail where at < $1", before)
}
