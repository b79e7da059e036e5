//! Mailboxes that are looked into for what came back: how far each is, and who looks at this moment.

use super::{Access, StoreError, Tx, execute, fetch_optional, row};
use crate::domain::time::Timestamp;

row! {
    /// One mailbox.
    #[derive(Clone, Debug)]
    pub struct MailboxRow {
        /// A keyed hash of server, user and folder.
        pub account: String,
        /// The numbers of messages hold as long as this does not change (RFC 9051 section 2.3.1.1).
        pub uid_validity: i64,
        /// The last message that was dealt with.
        pub last_uid: i64,
        /// Messages that were not ours, all in all.
        pub left_alone: i64,
        pub looked_at: Option<Timestamp>,
        /// What kept us from looking the last time, in words.
        pub trouble: Option<String>,
    }
}

/// Takes a mailbox in hand until `until`; nothing while somebody else has it, or, unless `at_once`, before it is due.
pub async fn take(
    tx: &mut Tx,
    account: &str,
    now: Timestamp,
    until: Timestamp,
    at_once: bool,
) -> Result<Option<MailboxRow>, StoreError> {
    execute!(tx, "insert into mailboxes (account) values ($1) on conflict do nothing", account)?;
    fetch_optional!(
        tx,
        MailboxRow,
        "update mailboxes set held_until = $3 where account = $1 and held_until <= $2 and (next_at <= $2 or $4 = 1) \
         returning account, uid_validity, last_uid, left_alone, looked_at, trouble",
        account,
        now,
        until,
        i64::from(at_once)
    )
}

/// A message was dealt with: the next look begins behind it.
pub async fn advance(
    tx: &mut Tx,
    account: &str,
    uid_validity: i64,
    uid: i64,
    left_alone: bool,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "update mailboxes set uid_validity = $2, last_uid = $3, left_alone = left_alone + $4 where account = $1",
        account,
        uid_validity,
        uid,
        i64::from(left_alone)
    )?;
    Ok(())
}

/// The look is over.
pub async fn give_back(
    tx: &mut Tx,
    account: &str,
    now: Timestamp,
    next_at: Timestamp,
    trouble: Option<&str>,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "update mailboxes set held_until = 0, looked_at = $2, next_at = $3, trouble = $4 where account = $1",
        account,
        now,
        next_at,
        trouble
    )?;
    Ok(())
}

/// One mailbox, if it was ever looked into.
pub async fn by_account(on: &mut impl Access, account: &str) -> Result<Option<MailboxRow>, StoreError> {
    fetch_optional!(
        on,
        MailboxRow,
        "select account, uid_validity, last_uid, left_alone, looked_at, trouble from mailboxes where account = $1",
        account
    )
}
