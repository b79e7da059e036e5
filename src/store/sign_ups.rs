//! What sign-ups need of the database, for as many as come at once: each statement takes all of them.

use serde::Serialize;

use super::outbox::NewLetter;
use super::transaction::{Lock, lock};
use super::verbs::{Both, in_hex, of_engine, of_hashes};
use super::{StoreError, Tx, execute, fetch_all, row, suppressions};
use crate::domain::language::Language;
use crate::domain::subscription::{MailFormat, SubscriptionStatus};
use crate::domain::time::Timestamp;
use crate::domain::token::{Link, hex};

/// A statement over a JSON array of objects, whose fields are the columns of `j`; on SQLite and on PostgreSQL. `jsonb_each`
/// hands each object on as SQLite reads it, where `json_each` makes it text again for each field.
macro_rules! each {
    ([$name:ident $kind:ident $(, $names:ident $kinds:ident)*], $head:literal, $tail:literal) => {
        [
            concat!(
                $head, "from (select ", each!(sqlite $name $kind) $(, ", ", each!(sqlite $names $kinds))*,
                " from jsonb_each($1)) as j where true ", $tail
            ),
            concat!(
                $head, "from (select ", each!(postgres $name $kind) $(, ", ", each!(postgres $names $kinds))*,
                " from jsonb_to_recordset(cast($1 as jsonb)) as r (", each!(column $name $kind) $(, ", ", each!(column $names $kinds))*,
                ")) as j where true ", $tail
            ),
        ]
    };
    (sqlite $name:ident bytes) => { concat!("unhex(value ->> '", stringify!($name), "') as ", stringify!($name)) };
    (sqlite $name:ident $kind:ident) => { concat!("value ->> '", stringify!($name), "' as ", stringify!($name)) };
    (postgres $name:ident bytes) => { concat!("decode(r.", stringify!($name), ", 'hex') as ", stringify!($name)) };
    (postgres $name:ident $kind:ident) => { concat!("r.", stringify!($name)) };
    (column $name:ident bytes) => { concat!(stringify!($name), " text") };
    (column $name:ident $kind:ident) => { concat!(stringify!($name), " ", stringify!($kind)) };
}

const TALLIES: Both = of_hashes!(
    "select kind, key, count(*) as times, min(at) as oldest from attempts where kind in ('network', 'sign-up') and at > $2 and key ",
    "group by kind, key"
);
const LETTERS: Both =
    of_hashes!("select kind, key, at from attempts where kind in ('letter', 'unreachable') and at > $2 and key ", "");
const NOTE: Both = each!([kind text, key bytes], "insert into attempts (kind, key, at) select j.kind, j.key, $2 ", "");
const PEOPLE: Both = each!(
    [email text, email_key text, hash bytes, domain text, language text],
    "insert into subscribers (email, email_key, address_hash, domain, language, created_at, updated_at) \
     select j.email, j.email_key, j.hash, j.domain, j.language, $2, $2 ",
    "on conflict (email_key) do update set updated_at = subscribers.updated_at \
     returning id, email, email_key, address_hash, language, format"
);
const OPEN: Both = each!(
    [link bytes, person bigint, newsletter bigint],
    "insert into subscriptions (link, subscriber_id, newsletter_id, status, requested_at) \
     select j.link, j.person, j.newsletter, 'pending', $2 ",
    "on conflict (subscriber_id, newsletter_id) do update set status = subscriptions.status \
     returning id, link, subscriber_id, newsletter_id, status"
);
const CONFIRMATIONS: Both = each!(
    [link bytes, subscription bigint],
    "insert into confirmations (link, subscription_id, created_at, expires_at) select j.link, j.subscription, $2, $3 ",
    ""
);
const OWE: Both = each!(
    [uid bytes, kind text, newsletter bigint, subscription bigint, recipient text, body text, expires_at bigint],
    "insert into outbox (uid, kind, newsletter_id, subscription_id, recipient, body, next_at, expires_at, created_at) \
     select j.uid, j.kind, j.newsletter, j.subscription, j.recipient, j.body, $2, j.expires_at, $2 ",
    ""
);

/// Every statement that a sign-up needs, by name: on SQLite and on PostgreSQL.
pub const EVERY_SIGN_UP: [(&str, [&str; 2]); 8] = [
    ("tallies", TALLIES),
    ("letters", LETTERS),
    ("suppressed", suppressions::AMONG),
    ("note", NOTE),
    ("find_or_insert", PEOPLE),
    ("find_or_open", OPEN),
    ("expect", CONFIRMATIONS),
    ("owe", OWE),
];

fn json(rows: &[impl Serialize]) -> String {
    serde_json::to_string(rows).expect("texts and numbers alone always become JSON")
}

/// Waits until no other node takes sign-ups, and holds them back until the transaction ends: what is counted is counted
/// for all of them, and two that take the same people in another order do not wait for each other.
pub async fn in_turn(tx: &mut Tx) -> Result<(), StoreError> {
    lock(tx, Lock::SignUps).await
}

row! {
    /// How often something happened under a key, and when first.
    pub struct TallyRow {
        pub kind: String,
        pub key: Vec<u8>,
        pub times: i64,
        pub oldest: Timestamp,
    }
}

/// How many sign-ups there were since `since` under each of these keys; none where there were none.
pub async fn tallies(tx: &mut Tx, keys: &[&[u8]], since: Timestamp) -> Result<Vec<TallyRow>, StoreError> {
    let (query, keys) = (of_engine(tx, TALLIES), in_hex(keys.iter().copied()));
    fetch_all!(tx, TallyRow, query, keys, since)
}

row! {
    /// A letter to an address, or that its mailbox was found unreachable.
    pub struct LetterTimeRow {
        pub kind: String,
        pub key: Vec<u8>,
        pub at: Timestamp,
    }
}

/// What was noted of letters to these addresses since `since`.
pub async fn letters(tx: &mut Tx, hashes: &[&[u8]], since: Timestamp) -> Result<Vec<LetterTimeRow>, StoreError> {
    let (query, hashes) = (of_engine(tx, LETTERS), in_hex(hashes.iter().copied()));
    fetch_all!(tx, LetterTimeRow, query, hashes, since)
}

/// Notes that each of these happened now, under its key.
pub async fn note(tx: &mut Tx, happened: &[(&str, &[u8])], now: Timestamp) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct Row<'r> {
        kind: &'r str,
        key: String,
    }
    let rows: Vec<Row<'_>> = happened.iter().map(|(kind, key)| Row { kind, key: hex(key) }).collect();
    let query = of_engine(tx, NOTE);
    execute!(tx, query, json(&rows), now)?;
    Ok(())
}

/// Somebody who signs up.
#[derive(Serialize)]
pub struct Person<'a> {
    pub email: &'a str,
    pub email_key: &'a str,
    /// In hexadecimal.
    pub hash: &'a str,
    pub domain: &'a str,
    pub language: Language,
}

row! {
    /// Somebody, as they are known.
    #[derive(Clone)]
    pub struct PersonRow {
        pub id: i64,
        pub email: String,
        pub email_key: String,
        pub address_hash: Vec<u8>,
        pub language: Language,
        pub format: MailFormat,
    }
}

/// Finds these people, of whom none may be named twice, or makes them known. An address in another spelling stays as it
/// first came.
pub async fn find_or_insert(tx: &mut Tx, people: &[Person<'_>], now: Timestamp) -> Result<Vec<PersonRow>, StoreError> {
    let query = of_engine(tx, PEOPLE);
    fetch_all!(tx, PersonRow, query, json(people), now)
}

/// A subscription that is to be there.
#[derive(Serialize)]
pub struct Wanted {
    /// In hexadecimal: what the links of a new one carry.
    pub link: String,
    pub person: i64,
    pub newsletter: i64,
}

row! {
    /// A subscription, as it stands.
    #[derive(Clone)]
    pub struct StandingRow {
        pub id: i64,
        pub link: Vec<u8>,
        pub subscriber_id: i64,
        pub newsletter_id: i64,
        pub status: SubscriptionStatus,
    }
}

/// Finds these subscriptions, of which none may be named twice; where there is none, a pending one.
pub async fn find_or_open(tx: &mut Tx, wanted: &[Wanted], now: Timestamp) -> Result<Vec<StandingRow>, StoreError> {
    let query = of_engine(tx, OPEN);
    fetch_all!(tx, StandingRow, query, json(wanted), now)
}

/// Notes requests that wait until somebody confirms them: each one's link, and its subscription.
pub async fn expect(
    tx: &mut Tx,
    requests: &[(Link, i64)],
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct Row {
        link: String,
        subscription: i64,
    }
    let rows: Vec<Row> =
        requests.iter().map(|(link, subscription)| Row { link: hex(link), subscription: *subscription }).collect();
    let query = of_engine(tx, CONFIRMATIONS);
    execute!(tx, query, json(&rows), now, expires_at)?;
    Ok(())
}

/// Owes these letters.
pub async fn owe(tx: &mut Tx, letters: &[NewLetter<'_>], now: Timestamp) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct Row<'r> {
        uid: String,
        kind: &'r str,
        newsletter: Option<i64>,
        subscription: Option<i64>,
        recipient: &'r str,
        body: String,
        expires_at: i64,
    }
    let rows: Vec<Row<'_>> = letters
        .iter()
        .map(|letter| Row {
            uid: hex(&letter.uid),
            kind: letter.letter.kind(),
            newsletter: letter.newsletter_id,
            subscription: letter.subscription_id,
            recipient: letter.recipient,
            body: serde_json::to_string(letter.letter).expect("texts and links alone always become JSON"),
            expires_at: letter.expires_at.as_micros(),
        })
        .collect();
    let query = of_engine(tx, OWE);
    execute!(tx, query, json(&rows), now)?;
    Ok(())
}
