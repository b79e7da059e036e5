//! The ledger: one row per recipient and edition, and the counters that must add up.

use std::time::Duration;

use serde::Serialize;

use super::{Access, Conn, Db, StoreError, Tx, execute, fetch_all, fetch_optional, fetch_value, row};
use crate::domain::delivery::{Counts, DeliveryState};
use crate::domain::language::Language;
use crate::domain::subscription::{MailFormat, SubscriptionStatus};
use crate::domain::time::Timestamp;

/// How many recipients one short transaction takes into the ledger.
const FREEZE_CHUNK: i64 = 5_000;

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

row! {
    /// A claimed delivery with all that its message needs.
    #[derive(Clone)]
    pub struct ClaimedRow {
        pub seq: i64,
        pub email: Option<String>,
        pub domain: String,
        pub attempts: i64,
        pub repeats: i64,
        pub put_off_at: Option<Timestamp>,
        pub link: Option<Vec<u8>>,
        pub subscription: Option<SubscriptionStatus>,
        pub language: Option<Language>,
        pub format: Option<MailFormat>,
        pub suppressed: Option<String>,
        /// When they subscribed: confirmed, or else what the list said from which they came.
        pub subscribed_at: Option<Timestamp>,
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

/// A batch of deliveries that one process takes in hand.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The process.
    pub owner: &'a str,
    /// Random: what others have taken over since does not carry it any more, so that neither a start nor a result of an
    /// older claim passes.
    pub number: i64,
}

// What waits is found by an index over what waits. An engine uses it only where a statement says word for word what the
// index says of its rows, `state in (…)`: that a state is one of them is more than SQLite concludes, and more than
// PostgreSQL can know of a state that it is handed. And SQLite, which does not count, prefers it to reading a whole edition
// in order only where one column more is bounded, `next_at >= 0`, and the order is not had for nothing, `+seq`.
// Where rows are named by their key the index over what waits must not be used: in it PostgreSQL passes everything that
// has been `sending` since it last tidied up, which it does not count. `state || ''` is what no index has.

/// Domains that a claim passes over, each with the moment until which.
pub type PassedOver = [(String, Timestamp)];

/// How far ahead a claim looks behind what it passes over.
const LOOK_AHEAD: i64 = 2_000;
/// How often it puts off what stands in front before it leaves the rest for the next time.
const LOOKS: usize = 5;
/// A doubt that a crash of ours left is answered so often at most, apart from those that lost replies leave: a message on
/// which the process itself breaks must not go out for ever.
const MOST_CUTS: i64 = 9;

/// Claims up to `limit` deliveries that are due. What is uncertain comes last, and after `repeats` lost replies no more.
/// What goes to the domains of `passed_over` waits: where it stands in front of everything else, until its domain may be
/// tried again. Without an end of its own a moment moves by a few seconds, so that not all of them come back at once.
pub async fn claim(
    tx: &mut Tx,
    edition_id: i64,
    claim: Claim<'_>,
    repeats: i64,
    limit: i64,
    passed_over: &PassedOver,
    now: Timestamp,
) -> Result<Vec<i64>, StoreError> {
    let mut claimed = Vec::new();
    for state in [DeliveryState::Deferred, DeliveryState::Queued, DeliveryState::Unknown] {
        for _ in 0..LOOKS {
            let left = limit - i64::try_from(claimed.len()).unwrap_or(i64::MAX);
            if left <= 0 {
                return Ok(claimed);
            }
            let end = if passed_over.is_empty() { None } else { look_ahead(tx, edition_id, state, now).await? };
            let within = Within { domains: passed_over, end: end.unwrap_or((i64::MAX, 0)) };
            let rows = claim_in_state(tx, edition_id, claim, state, repeats, left, within, now).await?;
            if !rows.is_empty() {
                let mut counts = Counts::default();
                *counts.of(state) = -i64::try_from(rows.len()).unwrap_or(i64::MAX);
                *counts.of(DeliveryState::Sending) = i64::try_from(rows.len()).unwrap_or(i64::MAX);
                add_counts(tx, edition_id, &counts, now).await?;
            }
            let found = i64::try_from(rows.len()).unwrap_or(i64::MAX);
            claimed.extend(rows.into_iter().map(|(seq,)| seq));
            if found == left || end.is_none() || put_off(tx, edition_id, state, within, now).await? == 0 {
                break;
            }
        }
    }
    Ok(claimed)
}

/// What a claim passes over, and the place in the order at which its look ends.
#[derive(Clone, Copy)]
struct Within<'a> {
    domains: &'a PassedOver,
    end: (i64, i64),
}

/// The place so far behind that a claim need not look further; `None` when fewer are due.
async fn look_ahead(
    tx: &mut Tx,
    edition_id: i64,
    state: DeliveryState,
    now: Timestamp,
) -> Result<Option<(i64, i64)>, StoreError> {
    fetch_optional!(
        tx,
        (i64, i64),
        "select next_at, seq from deliveries where edition_id = $1 and state = $2 \
         and state in ('queued', 'deferred', 'sending', 'unknown') and next_at <= $3 order by next_at, seq limit 1 offset $4",
        edition_id,
        state,
        now,
        LOOK_AHEAD,
    )
}

/// Lets what stands in front of the others wait for its domain; says how many rows.
async fn put_off(
    tx: &mut Tx,
    edition_id: i64,
    state: DeliveryState,
    within: Within<'_>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let later = |(domain, until): &(String, Timestamp)| (domain.clone(), until.as_micros());
    let list: Vec<(String, i64)> = within.domains.iter().filter(|(_, until)| *until > now).map(later).collect();
    if list.is_empty() {
        return Ok(0);
    }
    let list = serde_json::to_string(&list).expect("texts and numbers alone always become JSON");
    let (end_at, end_seq) = within.end;
    macro_rules! put_off_query {
        ($list:literal) => {
            concat!(
                "update deliveries set next_at = j.until + seq % 8 * 1000000 from (",
                $list,
                ") as j where edition_id = $1 and state = $2 and state in ('queued', 'deferred', 'sending', 'unknown') \
                 and next_at >= 0 and (next_at, seq) < ($3, $4) and deliveries.domain = j.name"
            )
        };
    }
    if matches!(tx.conn(), Conn::Sqlite(_)) {
        let query = put_off_query!("select value ->> 0 as name, value ->> 1 as until from json_each($5)");
        execute!(tx, query, edition_id, state, end_at, end_seq, list)
    } else {
        let query = put_off_query!(
            "select value ->> 0 as name, cast(value ->> 1 as bigint) as until \
             from jsonb_array_elements(cast($5 as jsonb))"
        );
        execute!(tx, query, edition_id, state, end_at, end_seq, list)
    }
}

#[expect(clippy::too_many_arguments, reason = "the values of one statement")]
async fn claim_in_state(
    tx: &mut Tx,
    edition_id: i64,
    claim: Claim<'_>,
    state: DeliveryState,
    repeats: i64,
    limit: i64,
    within: Within<'_>,
    now: Timestamp,
) -> Result<Vec<(i64,)>, StoreError> {
    // One of the two splits between the engines: PostgreSQL passes over rows that another node is claiming. It may run
    // a subquery that locks more than once, and so exceed the limit, unless it is told to keep what it found. It goes
    // straight to where it found them: by their numbers it may read a whole edition that it still thinks is small.
    macro_rules! claim_query {
        ($row:literal, $list:literal, $lock:literal, $these:literal) => {
            concat!(
                "with due as materialized (select ",
                $row,
                " from deliveries where edition_id = $1 and state = $4 \
                 and state in ('queued', 'deferred', 'sending', 'unknown') \
                 and next_at <= $3 and (next_at, seq) < ($9, $10) and domain not in (",
                $list,
                ") and ($4 <> 'unknown' or ($6 > 0 and case when reason = 'interrupted' then cuts < $11 else repeats < $6 \
                 end)) order by next_at, seq limit $5 ",
                $lock,
                ") update deliveries set state = 'sending', owner = $2, claim = $7, claimed_at = $3, started_at = null, \
                 cuts = cuts + case when $4 = 'unknown' and reason = 'interrupted' then 1 else 0 end, \
                 repeats = repeats + case when $4 = 'unknown' and coalesce(reason, '') <> 'interrupted' then 1 else 0 end \
                 where ",
                $these,
                " returning seq"
            )
        };
    }
    let Claim { owner, number } = claim;
    let names: Vec<&str> = within.domains.iter().map(|(domain, _)| domain.as_str()).collect();
    let names = serde_json::to_string(&names).expect("texts alone always become JSON");
    let (at, seq) = within.end;
    if matches!(tx.conn(), Conn::Sqlite(_)) {
        let query = claim_query!(
            "seq",
            "select value from json_each($8)",
            "",
            "edition_id = $1 and seq in (select seq from due)"
        );
        fetch_all!(tx, (i64,), query, edition_id, owner, now, state, limit, repeats, number, names, at, seq, MOST_CUTS)
    } else {
        let query = claim_query!(
            "ctid",
            "select jsonb_array_elements_text(cast($8 as jsonb))",
            "for update skip locked",
            "ctid = any (array(select ctid from due))"
        );
        fetch_all!(tx, (i64,), query, edition_id, owner, now, state, limit, repeats, number, names, at, seq, MOST_CUTS)
    }
}

/// What the messages of a claim need, in order. Found by their state, of which there are few rows: a range of
/// numbers would be most of the edition where it is claimed anew.
pub async fn claimed(on: &mut impl Access, edition_id: i64, claim: Claim<'_>) -> Result<Vec<ClaimedRow>, StoreError> {
    fetch_all!(
        on,
        ClaimedRow,
        "select d.seq, d.email, d.domain, d.attempts, d.repeats, d.put_off_at, s.link, s.status as subscription, p.language, \
         p.format, x.reason as suppressed, coalesce(s.confirmed_at, s.requested_at) as subscribed_at from deliveries d \
         left join subscriptions s on s.id = d.subscription_id left join subscribers p on p.id = s.subscriber_id \
         left join suppressions x on x.address_hash = p.address_hash \
         where d.edition_id = $1 and d.state = 'sending' \
         and d.state in ('queued', 'deferred', 'sending', 'unknown') and d.next_at >= 0 and d.claim = $2 order by +d.seq",
        edition_id,
        claim.number,
    )
}

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
    /// [`Claim::number`].
    #[serde(rename = "c")]
    pub claim: i64,
}

/// Notes that messages are about to be handed over, and gives back those that may: still in the same claim, the edition still
/// going out, the person still subscribed. This is the one gate that every message passes.
pub async fn start(tx: &mut Tx, starts: &[Start], now: Timestamp) -> Result<Vec<(i64, i64)>, StoreError> {
    let list = serde_json::to_string(starts).expect("numbers alone always become JSON");
    macro_rules! start_query {
        ($list:literal) => {
            concat!("update deliveries set started_at = $2 from (", $list, ") as j where ", named!(start))
        };
    }
    if matches!(tx.conn(), Conn::Sqlite(_)) {
        fetch_all!(
            tx,
            (i64, i64),
            start_query!("select value ->> 'e' as e, value ->> 's' as s, value ->> 'c' as c from json_each($1)"),
            list,
            now
        )
    } else {
        fetch_all!(
            tx,
            (i64, i64),
            start_query!("select * from jsonb_to_recordset(cast($1 as jsonb)) as r (e bigint, s bigint, c bigint)"),
            list,
            now
        )
    }
}

/// What became of a claimed delivery.
#[derive(Clone, Debug, Serialize)]
pub struct Settled {
    #[serde(rename = "e")]
    pub edition_id: i64,
    #[serde(rename = "s")]
    pub seq: i64,
    /// [`Claim::number`].
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

async fn settle_from(
    tx: &mut Tx,
    from: DeliveryState,
    settled: &[Settled],
    now: Timestamp,
) -> Result<usize, StoreError> {
    let list = serde_json::to_string(settled).expect("texts and numbers alone always become JSON");
    macro_rules! settle_query {
        ($list:literal) => {
            concat!(
                "update deliveries set ",
                result!("$2"),
                " from (",
                $list,
                ") as j where ",
                named!(row),
                " and deliveries.state = $3 returning deliveries.edition_id, deliveries.state"
            )
        };
    }
    let rows = if matches!(tx.conn(), Conn::Sqlite(_)) {
        fetch_all!(
            tx,
            (i64, DeliveryState),
            settle_query!(
                "select value ->> 'e' as e, value ->> 's' as s, value ->> 'c' as c, value ->> 'state' as state, value ->> 'attempts' as attempts, \
                 value ->> 'next_at' as next_at, value ->> 'code' as code, value ->> 'status' as status, \
                 value ->> 'reply' as reply, value ->> 'reason' as reason from json_each($1)"
            ),
            list,
            now,
            from
        )
    } else {
        fetch_all!(
            tx,
            (i64, DeliveryState),
            settle_query!(
                "select * from jsonb_to_recordset(cast($1 as jsonb)) as r (e bigint, s bigint, c bigint, state text, \
                 attempts bigint, next_at bigint, code bigint, status text, reply text, reason text)"
            ),
            list,
            now,
            from
        )
    }?;
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
    const POSTGRES: &str = concat!(
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
    );
    // Its counters move first, by what the results are about to find.
    const SQLITE: &str = concat!(
        "begin immediate; ",
        moved!(concat!(
            "(",
            counted!(
                "(select j.value ->> 'e' as edition_id, j.value ->> 'state' as state from json_each($1) as j cross join deliveries \
                 where deliveries.edition_id = j.value ->> 'e' and deliveries.seq = j.value ->> 's' \
                 and deliveries.claim = j.value ->> 'c' and deliveries.state || '' = 'sending')"
            ),
            ") as counted"
        )),
        "; update deliveries set ",
        result!("$3"),
        " from (select value ->> 'e' as e, value ->> 's' as s, value ->> 'c' as c, value ->> 'state' as state, \
         value ->> 'attempts' as attempts, value ->> 'next_at' as next_at, value ->> 'code' as code, value ->> 'status' as status, \
         value ->> 'reply' as reply, value ->> 'reason' as reason from json_each($1)) as j where ",
        named!(row),
        " and deliveries.state || '' = 'sending' returning 0, 1; update deliveries set started_at = $3 \
         from (select value ->> 'e' as e, value ->> 's' as s, value ->> 'c' as c from json_each($2)) as j where ",
        named!(start),
        "; commit",
    );
    let Some(mut connection) = db.at_once().await? else { return Ok(None) };
    let settled = serde_json::to_string(settled).expect("texts and numbers alone always become JSON");
    let starts = serde_json::to_string(starts).expect("numbers alone always become JSON");
    let sqlite = matches!(connection.conn(), Conn::Sqlite(_));
    let rows = fetch_all!(&mut connection, (i64, i64), if sqlite { SQLITE } else { POSTGRES }, settled, starts, now);
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
async fn move_counts(
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

async fn add_counts(tx: &mut Tx, edition_id: i64, by: &Counts, now: Timestamp) -> Result<(), StoreError> {
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

/// Gives back what dead owners had claimed, some at a time: what was started is uncertain, the rest waits again.
/// With `in_doubt` even what was only claimed is uncertain, because a start may have been lost with the power.
/// Says how many rows it gave back.
pub async fn release_owner(
    tx: &mut Tx,
    edition_id: i64,
    owner: &str,
    in_doubt: bool,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let rows = fetch_all!(
        tx,
        (i64, DeliveryState),
        "update deliveries set owner = null, claimed_at = null, next_at = $3, \
         state = case when started_at is not null or $4 then 'unknown' else 'queued' end, \
         reason = case when started_at is not null or $4 then 'interrupted' else reason end, \
         finished_at = case when started_at is not null or $4 then $3 else finished_at end \
         where edition_id = $1 and state = 'sending' \
         and state in ('queued', 'deferred', 'sending', 'unknown') and next_at >= 0 and owner = $2 \
         returning edition_id, state",
        edition_id,
        owner,
        now,
        in_doubt,
    )?;
    move_counts(tx, DeliveryState::Sending, &rows, now).await?;
    Ok(rows.len())
}

/// Who holds claims of an edition.
pub async fn owners(on: &mut impl Access, edition_id: i64) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(
        on,
        (String,),
        "select distinct owner from deliveries where edition_id = $1 and state = 'sending' \
         and state in ('queued', 'deferred', 'sending', 'unknown') and next_at >= 0 and owner is not null",
        edition_id
    )?;
    Ok(rows.into_iter().map(|(owner,)| owner).collect())
}

/// Passes over what still waits in a cancelled edition, some at a time; says how many.
pub async fn skip_waiting(
    tx: &mut Tx,
    edition_id: i64,
    reason: &str,
    limit: i64,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let mut skipped = 0;
    for state in [DeliveryState::Queued, DeliveryState::Deferred] {
        let rows = fetch_all!(
            tx,
            (i64, DeliveryState),
            "update deliveries set state = 'skipped', reason = $2, finished_at = $3 where edition_id = $1 and seq in \
             (select seq from deliveries where edition_id = $1 and state = $4 \
             and state in ('queued', 'deferred', 'sending', 'unknown') and next_at >= 0 order by next_at, seq limit $5) \
             returning edition_id, state",
            edition_id,
            reason,
            now,
            state,
            limit,
        )?;
        move_counts(tx, state, &rows, now).await?;
        skipped += rows.len();
    }
    Ok(skipped)
}

/// How many uncertain deliveries will still be repeated, where each may be so `repeats` times.
pub async fn repeatable(on: &mut impl Access, edition_id: i64, repeats: i64) -> Result<i64, StoreError> {
    fetch_value!(
        on,
        i64,
        "select count(*) from deliveries where edition_id = $1 and state = 'unknown' \
         and state in ('queued', 'deferred', 'sending', 'unknown') and next_at >= 0 and $2 > 0 and case when reason = 'interrupted' then cuts < $3 else repeats < $2 end",
        edition_id,
        repeats,
        MOST_CUTS,
    )
}

/// When the next waiting delivery is due; an uncertain one waits while it may be repeated, `repeats` times at most.
pub async fn next_due(on: &mut impl Access, edition_id: i64, repeats: i64) -> Result<Option<Timestamp>, StoreError> {
    fetch_value!(
        on,
        Option<Timestamp>,
        "select min(next_at) from (select (select next_at from deliveries where edition_id = $1 and state = 'queued' \
         and state in ('queued', 'deferred', 'sending', 'unknown') and next_at >= 0 order by next_at limit 1) as next_at \
         union all select (select next_at from deliveries where edition_id = $1 and state = 'deferred' \
         and state in ('queued', 'deferred', 'sending', 'unknown') and next_at >= 0 order by next_at limit 1) \
         union all select (select next_at from deliveries where edition_id = $1 and state = 'unknown' \
         and state in ('queued', 'deferred', 'sending', 'unknown') and next_at >= 0 and $2 > 0 \
         and case when reason = 'interrupted' then cuts < $3 else repeats < $2 end order by next_at limit 1)) as due",
        edition_id,
        repeats,
        MOST_CUTS,
    )
}

/// Makes deferred deliveries due at once; says how many.
pub async fn hurry_deferred(tx: &mut Tx, edition_id: i64, now: Timestamp) -> Result<u64, StoreError> {
    execute!(
        tx,
        "update deliveries set next_at = $2 where edition_id = $1 and state = 'deferred' \
         and state in ('queued', 'deferred', 'sending', 'unknown') and next_at > $2",
        edition_id,
        now
    )
}

/// Lets everything uncertain be sent once more, by the same Message-ID; says how many. Its repeats begin anew.
pub async fn repeat_unknown(tx: &mut Tx, edition_id: i64, now: Timestamp) -> Result<usize, StoreError> {
    let rows = fetch_all!(
        tx,
        (i64, DeliveryState),
        "update deliveries set state = 'queued', next_at = $2, repeats = 0, cuts = 0, finished_at = null \
         where edition_id = $1 and state = 'unknown' returning edition_id, state",
        edition_id,
        now
    )?;
    move_counts(tx, DeliveryState::Unknown, &rows, now).await?;
    Ok(rows.len())
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
