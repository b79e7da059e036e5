//! The ledger: one row per recipient and edition, and the counters that must add up.

mod claims;
mod notes;
mod waiting;

use std::time::Duration;

pub use claims::{Claim, ClaimedRow, PassedOver, claim, claimed};
pub use notes::{Noted, Settled, Start, note_at_once, settle, start};
pub use waiting::{hurry_deferred, next_due, owners, release_owner, repeat_unknown, repeatable, skip_waiting};

use super::{Access, StoreError, Tx, execute, fetch_all, fetch_optional, fetch_value, row};
use crate::domain::delivery::{Counts, DeliveryState};
use crate::domain::time::Timestamp;

/// How many recipients one short transaction takes into the ledger.
const FREEZE_CHUNK: i64 = 5_000;

/// What runs for every message or claim, as SQLite gets it and as PostgreSQL does: so that their plans can be looked at.
pub const EVERY_MESSAGE: [(&str, [&str; 2]); 5] = [
    ("claim", claims::CLAIM),
    ("put off", claims::PUT_OFF),
    ("start", notes::START),
    ("settle", notes::SETTLE),
    ("note", notes::NOTE),
];

row! {
    /// A delivery as reports show it.
    #[derive(Clone)]
    pub struct DeliveryRow {
        pub edition_id: i64,
        pub seq: i64,
        pub subscription_id: i64,
        /// Gone once it is no longer needed.
        pub email: Option<String>,
        pub domain: String,
        pub state: DeliveryState,
        pub attempts: i64,
        pub repeats: i64,
        pub next_at: Timestamp,
        pub started_at: Option<Timestamp>,
        pub finished_at: Option<Timestamp>,
        pub code: Option<i64>,
        pub status: Option<String>,
        pub reply: Option<String>,
        pub reason: Option<String>,
    }
}
/// Takes the next recipients of a started edition into the ledger, in the order of their subscriptions; who
/// confirmed after the start is not among them. `true` once everybody is in.
///
/// Their turns go round the domains, by a microsecond for each place: the first of every domain, the second of every
/// domain, and so on. A domain with many readers that takes few at a time then keeps nobody of another one waiting.
pub async fn freeze_some(
    tx: &mut Tx,
    edition_id: i64,
    newsletter_id: i64,
    started_at: Timestamp,
) -> Result<bool, StoreError> {
    let progress = fetch_optional!(
        tx,
        (i64, i64),
        "select frozen_through, audience from editions where id = $1 and not frozen",
        edition_id
    )?;
    let Some((after, audience)) = progress else { return Ok(true) };
    let through = fetch_value!(
        tx,
        Option<i64>,
        "select max(id) from (select id from subscriptions where newsletter_id = $1 and status = 'confirmed' and id > $2 \
         order by id limit $3) as chunk",
        newsletter_id,
        after,
        FREEZE_CHUNK,
    )?;
    let Some(through) = through else {
        execute!(tx, "update editions set frozen = true where id = $1", edition_id)?;
        return Ok(true);
    };
    let added = execute!(
        tx,
        "insert into deliveries (edition_id, seq, subscription_id, email, domain, state, next_at) \
         select $1, $2 + row_number() over (order by s.id), s.id, p.email, p.domain, 'queued', \
         $3 + row_number() over (partition by p.domain order by s.id) \
         from subscriptions s join subscribers p on p.id = s.subscriber_id \
         where s.newsletter_id = $4 and s.status = 'confirmed' and s.id > $5 and s.id <= $6 and s.confirmed_at <= $7 \
         and not exists (select 1 from suppressions x where x.address_hash = p.address_hash) \
         and not exists (select 1 from reconfirmations r where r.subscription_id = s.id and r.stayed_at is null \
         and r.asked_at > s.confirmed_at) \
         on conflict (edition_id, subscription_id) do nothing",
        edition_id,
        audience,
        started_at.minus(Duration::from_micros(FREEZE_CHUNK.unsigned_abs())),
        newsletter_id,
        after,
        through,
        started_at,
    )?;
    let added = i64::try_from(added).unwrap_or(i64::MAX);
    execute!(
        tx,
        "update editions set frozen_through = $2, audience = audience + $3, queued = queued + $3 where id = $1",
        edition_id,
        through,
        added
    )?;
    Ok(false)
}
/// A page of an edition's deliveries in order, in one state or in all.
pub async fn page(
    on: &mut impl Access,
    edition_id: i64,
    state: Option<DeliveryState>,
    after: i64,
    limit: i64,
) -> Result<Vec<DeliveryRow>, StoreError> {
    fetch_all!(
        on,
        DeliveryRow,
        "select edition_id, seq, subscription_id, email, domain, state, attempts, repeats + cuts as repeats, next_at, started_at, finished_at, code, \
         status, reply, reason from deliveries where edition_id = $1 and seq > $2 and ($3 = '' or state = $3) order by seq limit $4",
        edition_id,
        after,
        state.map_or("", DeliveryState::as_str),
        limit,
    )
}

/// One delivery.
pub async fn one(on: &mut impl Access, edition_id: i64, seq: i64) -> Result<Option<DeliveryRow>, StoreError> {
    fetch_optional!(
        on,
        DeliveryRow,
        "select edition_id, seq, subscription_id, email, domain, state, attempts, repeats + cuts as repeats, next_at, started_at, finished_at, code, \
         status, reply, reason from deliveries where edition_id = $1 and seq = $2",
        edition_id,
        seq,
    )
}

row! {
    /// An edition that was sent to one person.
    pub struct ReceivedRow {
        pub edition_id: i64,
        pub number: i64,
        pub subject: String,
        pub state: DeliveryState,
        pub finished_at: Option<Timestamp>,
    }
}

/// What was sent to one person, oldest first.
pub async fn of_person(on: &mut impl Access, subscriber_id: i64) -> Result<Vec<ReceivedRow>, StoreError> {
    fetch_all!(
        on,
        ReceivedRow,
        "select d.edition_id, e.number, e.subject, d.state, d.finished_at from subscriptions s join editions e on e.newsletter_id = s.newsletter_id \
         join deliveries d on d.edition_id = e.id and d.subscription_id = s.id where s.subscriber_id = $1 order by d.edition_id",
        subscriber_id,
    )
}

/// Takes what names a person out of the ledger: the address, a domain that may be theirs alone, and the words of mail
/// servers, which repeat it.
pub async fn forget_person(tx: &mut Tx, newsletter_id: i64, subscription_id: i64) -> Result<u64, StoreError> {
    execute!(
        tx,
        "update deliveries set email = null, domain = '', reply = null where subscription_id = $2 \
         and edition_id in (select id from editions where newsletter_id = $1)",
        newsletter_id,
        subscription_id,
    )
}

/// How an edition fared at each domain, the busiest first.
pub async fn per_domain(
    on: &mut impl Access,
    edition_id: i64,
    limit: i64,
) -> Result<Vec<(String, DeliveryState, i64)>, StoreError> {
    fetch_all!(
        on,
        (String, DeliveryState, i64),
        "with counted as materialized (select domain, state, count(*) as n from deliveries where edition_id = $1 \
         group by domain, state), top as (select domain, sum(n) as n from counted group by domain order by n desc, domain limit $2) \
         select counted.domain, counted.state, counted.n from counted join top on top.domain = counted.domain \
         order by top.n desc, counted.domain, counted.state",
        edition_id,
        limit,
    )
}

/// The counters as the rows tell them: for the check that both agree.
pub async fn recount(on: &mut impl Access, edition_id: i64) -> Result<Counts, StoreError> {
    let rows = fetch_all!(
        on,
        (DeliveryState, i64),
        "select state, count(*) from deliveries where edition_id = $1 group by state",
        edition_id
    )?;
    let mut counts = Counts::default();
    for (state, count) in rows {
        *counts.of(state) = count;
    }
    Ok(counts)
}

/// An edition that finished between `after` and `before`, oldest first: `(id, finished_at, highest place)`.
pub async fn finished_between(
    on: &mut impl Access,
    after: Timestamp,
    before: Timestamp,
) -> Result<Option<(i64, Timestamp, i64)>, StoreError> {
    fetch_optional!(
        on,
        (i64, Timestamp, i64),
        "select e.id, e.finished_at, coalesce((select max(d.seq) from deliveries d where d.edition_id = e.id), 0) \
         from editions e where e.finished_at > $1 and e.finished_at < $2 order by e.finished_at, e.id limit 1",
        after,
        before
    )
}

/// Takes the addresses out of a stretch of an edition's ledger; says of how many.
pub async fn forget_addresses(tx: &mut Tx, edition_id: i64, after: i64, through: i64) -> Result<u64, StoreError> {
    execute!(
        tx,
        "update deliveries set email = null where edition_id = $1 and seq > $2 and seq <= $3 and email is not null",
        edition_id,
        after,
        through
    )
}

/// Takes the words of mail servers, which repeat addresses, out of a stretch of an edition's ledger.
pub async fn forget_replies(tx: &mut Tx, edition_id: i64, after: i64, through: i64) -> Result<u64, StoreError> {
    execute!(
        tx,
        "update deliveries set reply = null where edition_id = $1 and seq > $2 and seq <= $3 and reply is not null",
        edition_id,
        after,
        through
    )
}
