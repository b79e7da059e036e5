//! Starts and results: the gate that every message passes, and the counters that move with what became of it.

use serde::Serialize;

use super::super::{Access, Conn, Db, StoreError, Tx, execute, fetch_all};
use crate::domain::delivery::{Counts, DeliveryState};
use crate::domain::time::Timestamp;

/// What a result `j` changes of its row; at the moment that is the parameter given.
macro_rules! result {
    ($now:literal) => {
        concat!(
            "state = j.state, attempts = j.attempts, next_at = j.next_at, \
             code = case when j.code is null and j.state in ('queued', 'deferred', 'expired') then deliveries.code else j.code end, \
             status = case when j.code is null and j.state in ('queued', 'deferred', 'expired') then deliveries.status else j.status end, \
             reply = case when j.code is null and j.state in ('queued', 'deferred', 'expired') then deliveries.reply else j.reply end, \
             reason = case when j.state = 'queued' then deliveries.reason else j.reason end, \
             put_off_at = case when j.state = 'queued' then put_off_at when j.state = 'deferred' and j.attempts = deliveries.attempts \
             then coalesce(put_off_at, ",
            $now,
            ") end, owner = null, claimed_at = null, \
             finished_at = case when j.state in ('queued', 'deferred') then null else ",
            $now,
            " end"
        )
    };
}

/// The row that `j` names, as long as nobody has claimed it since; and for a start, while its edition goes out and its
/// reader stays.
macro_rules! named {
    (row) => {
        "deliveries.edition_id = j.e and deliveries.seq = j.s and deliveries.claim = j.c"
    };
    (start) => {
        concat!(
            named!(row),
            " and deliveries.state || '' = 'sending' \
             and exists (select 1 from editions e where e.id = deliveries.edition_id and e.status = 'sending') \
             and exists (select 1 from subscriptions s join subscribers p on p.id = s.subscriber_id \
             where s.id = deliveries.subscription_id and s.status = 'confirmed' \
             and not exists (select 1 from suppressions x where x.address_hash = p.address_hash)) \
             returning deliveries.edition_id, deliveries.seq"
        )
    };
}

/// How many results there are of each kind, edition by edition, of whatever stands behind it.
macro_rules! counted {
    ($from:literal) => {
        concat!(
            "select edition_id, count(*) as n, count(*) filter (where state = 'queued') as queued, \
             count(*) filter (where state = 'accepted') as accepted, count(*) filter (where state = 'deferred') as deferred, \
             count(*) filter (where state = 'rejected') as rejected, count(*) filter (where state = 'expired') as expired, \
             count(*) filter (where state = 'skipped') as skipped, count(*) filter (where state = 'unknown') as unknown from ",
            $from,
            " group by edition_id"
        )
    };
}

/// Moves the counters by what was `counted` at the moment $3.
macro_rules! moved {
    ($from:expr) => {
        concat!(
            "update editions set sending = editions.sending - n, queued = editions.queued + counted.queued, \
             accepted = editions.accepted + counted.accepted, deferred = editions.deferred + counted.deferred, \
             rejected = editions.rejected + counted.rejected, expired = editions.expired + counted.expired, \
             skipped = editions.skipped + counted.skipped, unknown = editions.unknown + counted.unknown, \
             moved_at = case when n > counted.queued + counted.deferred then $3 else moved_at end from ",
            $from,
            " where editions.id = counted.edition_id"
        )
    };
}

/// A message about to be handed over: the last look at whether it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Start {
    #[serde(rename = "e")]
    pub edition_id: i64,
    #[serde(rename = "s")]
    pub seq: i64,
    /// [`Claim::number`](super::Claim::number).
    #[serde(rename = "c")]
    pub claim: i64,
}

macro_rules! start_query {
    ($list:literal) => {
        concat!("update deliveries set started_at = $2 from (", $list, ") as j where ", named!(start))
    };
}

/// On SQLite and on PostgreSQL.
pub(super) const START: [&str; 2] = [
    start_query!("select value ->> 'e' as e, value ->> 's' as s, value ->> 'c' as c from jsonb_each($1)"),
    start_query!("select * from jsonb_to_recordset(cast($1 as jsonb)) as r (e bigint, s bigint, c bigint)"),
];

/// Notes that messages are about to be handed over, and gives back those that may: still in the same claim, the edition still
/// going out, the person still subscribed. This is the one gate that every message passes.
pub async fn start(tx: &mut Tx, starts: &[Start], now: Timestamp) -> Result<Vec<(i64, i64)>, StoreError> {
    let list = serde_json::to_string(starts).expect("numbers alone always become JSON");
    let query = if matches!(tx.conn(), Conn::Sqlite(_)) { START[0] } else { START[1] };
    fetch_all!(tx, (i64, i64), query, list, now)
}

/// What became of a claimed delivery.
#[derive(Clone, Debug, Serialize)]
pub struct Settled {
    #[serde(rename = "e")]
    pub edition_id: i64,
    #[serde(rename = "s")]
    pub seq: i64,
    /// [`Claim::number`](super::Claim::number).
    #[serde(rename = "c")]
    pub claim: i64,
    pub state: DeliveryState,
    pub attempts: i64,
    /// Microseconds.
    pub next_at: i64,
    pub code: Option<i64>,
    pub status: Option<String>,
    pub reply: Option<String>,
    pub reason: Option<String>,
}

/// Notes what became of deliveries, and moves the counters with them. What somebody else has claimed since stays as it
/// is; what somebody thought uncertain in the meantime, because we had not spoken for long, is certain now.
pub async fn settle(tx: &mut Tx, settled: &[Settled], now: Timestamp) -> Result<(), StoreError> {
    let noted = settle_from(tx, DeliveryState::Sending, settled, now).await?;
    if noted < settled.len() {
        settle_from(tx, DeliveryState::Unknown, settled, now).await?;
    }
    Ok(())
}

// Each of the list's values is read once, and not at each mention of it.
macro_rules! settle_query {
    ($list:literal) => {
        concat!(
            "with j as materialized (",
            $list,
            ") update deliveries set ",
            result!("$2"),
            " from j where ",
            named!(row),
            " and deliveries.state = $3 returning deliveries.edition_id, deliveries.state"
        )
    };
}

/// On SQLite and on PostgreSQL.
pub(super) const SETTLE: [&str; 2] = [
    settle_query!(
        "select value ->> 'e' as e, value ->> 's' as s, value ->> 'c' as c, value ->> 'state' as state, value ->> 'attempts' as attempts, \
                 value ->> 'next_at' as next_at, value ->> 'code' as code, value ->> 'status' as status, \
                 value ->> 'reply' as reply, value ->> 'reason' as reason from jsonb_each($1)"
    ),
    settle_query!(
        "select * from jsonb_to_recordset(cast($1 as jsonb)) as r (e bigint, s bigint, c bigint, state text, \
                 attempts bigint, next_at bigint, code bigint, status text, reply text, reason text)"
    ),
];

async fn settle_from(
    tx: &mut Tx,
    from: DeliveryState,
    settled: &[Settled],
    now: Timestamp,
) -> Result<usize, StoreError> {
    let list = serde_json::to_string(settled).expect("texts and numbers alone always become JSON");
    let query = if matches!(tx.conn(), Conn::Sqlite(_)) { SETTLE[0] } else { SETTLE[1] };
    let rows = fetch_all!(tx, (i64, DeliveryState), query, list, now, from)?;
    move_counts(tx, from, &rows, now).await?;
    Ok(rows.len())
}

/// What [`note_at_once`] has done.
#[derive(Debug, Default)]
pub struct Noted {
    /// How many results were noted: the others are of claims that were taken over.
    pub settled: usize,
    /// The starts that were granted, as by [`start`].
    pub granted: Vec<(i64, i64)>,
}

/// On SQLite, where the counters move first, by what the results are about to find; and on PostgreSQL.
pub(super) const NOTE: [&str; 2] = [
    concat!(
        "begin immediate; ",
        moved!(concat!(
            "(",
            counted!(
                "(select j.value ->> 'e' as edition_id, j.value ->> 'state' as state from jsonb_each($1) as j cross join deliveries \
             where deliveries.edition_id = j.value ->> 'e' and deliveries.seq = j.value ->> 's' \
             and deliveries.claim = j.value ->> 'c' and deliveries.state || '' = 'sending')"
            ),
            ") as counted"
        )),
        "; with j as materialized (select value ->> 'e' as e, value ->> 's' as s, value ->> 'c' as c, value ->> 'state' as state, \
     value ->> 'attempts' as attempts, value ->> 'next_at' as next_at, value ->> 'code' as code, value ->> 'status' as status, \
     value ->> 'reply' as reply, value ->> 'reason' as reason from jsonb_each($1)) update deliveries set ",
        result!("$3"),
        " from j where ",
        named!(row),
        " and deliveries.state || '' = 'sending' returning 0, 1; update deliveries set started_at = $3 \
     from (select value ->> 'e' as e, value ->> 's' as s, value ->> 'c' as c from jsonb_each($2)) as j where ",
        named!(start),
        "; commit",
    ),
    concat!(
        "with noted as (update deliveries set ",
        result!("$3"),
        " from jsonb_to_recordset(cast($1 as jsonb)) as j (e bigint, s bigint, c bigint, state text, attempts bigint, \
     next_at bigint, code bigint, status text, reply text, reason text) where ",
        named!(row),
        " and deliveries.state || '' = 'sending' returning deliveries.edition_id, deliveries.state), counted as (",
        counted!("noted"),
        "), moved as (",
        moved!("counted"),
        "), started as (update deliveries set started_at = $3 \
     from jsonb_to_recordset(cast($2 as jsonb)) as j (e bigint, s bigint, c bigint) where ",
        named!(start),
        ") select cast(0 as bigint) as edition_id, count(*) as seq from noted union all select edition_id, seq from started",
    ),
];

/// [`settle`] and [`start`] in one journey to the database, and in a transaction of its own. `None` where the longer way
/// must be taken: on SQLite when others wait for the writer, and would share a commit.
///
/// # Errors
/// On PostgreSQL when nothing was stored.
pub async fn note_at_once(
    db: &Db,
    settled: &[Settled],
    starts: &[Start],
    now: Timestamp,
) -> Result<Option<Noted>, StoreError> {
    let Some(mut connection) = db.at_once().await? else { return Ok(None) };
    let settled = serde_json::to_string(settled).expect("texts and numbers alone always become JSON");
    let starts = serde_json::to_string(starts).expect("numbers alone always become JSON");
    let sqlite = matches!(connection.conn(), Conn::Sqlite(_));
    let rows = fetch_all!(&mut connection, (i64, i64), if sqlite { NOTE[0] } else { NOTE[1] }, settled, starts, now);
    let rows = match rows {
        Ok(rows) => rows,
        // What was begun is undone; the longer way is patient with other processes, and says what is wrong.
        Err(_) if sqlite => return Ok(None),
        Err(error) => return Err(error),
    };
    connection.done();
    let mut noted = Noted::default();
    for (edition, number) in rows {
        // No edition has the number 0.
        if edition == 0 {
            noted.settled += usize::try_from(number).unwrap_or_default();
        } else {
            noted.granted.push((edition, number));
        }
    }
    Ok(Some(noted))
}

/// Adds up what left one state, edition by edition.
pub(super) async fn move_counts(
    tx: &mut Tx,
    from: DeliveryState,
    rows: &[(i64, DeliveryState)],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut editions: Vec<i64> = rows.iter().map(|(edition_id, _)| *edition_id).collect();
    editions.sort_unstable();
    editions.dedup();
    for edition_id in editions {
        let mut counts = Counts::default();
        for (_, state) in rows.iter().filter(|(id, _)| *id == edition_id) {
            counts.moved(from, *state);
        }
        add_counts(tx, edition_id, &counts, now).await?;
    }
    Ok(())
}

pub(super) async fn add_counts(tx: &mut Tx, edition_id: i64, by: &Counts, now: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        "update editions set queued = queued + $2, sending = sending + $3, accepted = accepted + $4, deferred = deferred + $5, \
         rejected = rejected + $6, expired = expired + $7, skipped = skipped + $8, unknown = unknown + $9, \
         moved_at = coalesce($10, moved_at) where id = $1",
        edition_id,
        by.queued,
        by.sending,
        by.accepted,
        by.deferred,
        by.rejected,
        by.expired,
        by.skipped,
        by.unknown,
        (by.finished() != 0).then_some(now),
    )?;
    Ok(())
}
