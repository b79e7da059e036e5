//! Claims: a batch of deliveries taken in hand by one process, with all that their messages need.

use super::super::{Access, Conn, StoreError, Tx, execute, fetch_all, fetch_optional, row};
use super::notes::add_counts;
use crate::domain::delivery::{Counts, DeliveryState};
use crate::domain::language::Language;
use crate::domain::subscription::{MailFormat, SubscriptionStatus};
use crate::domain::time::Timestamp;

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
pub(super) const MOST_CUTS: i64 = 9;

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

/// On SQLite and on PostgreSQL.
pub(super) const PUT_OFF: [&str; 2] = [
    put_off_query!("select value ->> 0 as name, value ->> 1 as until from jsonb_each($5)"),
    put_off_query!(
        "select value ->> 0 as name, cast(value ->> 1 as bigint) as until \
         from jsonb_array_elements(cast($5 as jsonb))"
    ),
];

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
    let query = if matches!(tx.conn(), Conn::Sqlite(_)) { PUT_OFF[0] } else { PUT_OFF[1] };
    execute!(tx, query, edition_id, state, end_at, end_seq, list)
}

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

/// On SQLite and on PostgreSQL.
pub(super) const CLAIM: [&str; 2] = [
    claim_query!("seq", "select value from json_each($8)", "", "edition_id = $1 and seq in (select seq from due)"),
    claim_query!(
        "ctid",
        "select jsonb_array_elements_text(cast($8 as jsonb))",
        "for update skip locked",
        "ctid = any (array(select ctid from due))"
    ),
];

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
    let Claim { owner, number } = claim;
    let names: Vec<&str> = within.domains.iter().map(|(domain, _)| domain.as_str()).collect();
    let names = serde_json::to_string(&names).expect("texts alone always become JSON");
    let (at, seq) = within.end;
    let query = if matches!(tx.conn(), Conn::Sqlite(_)) { CLAIM[0] } else { CLAIM[1] };
    fetch_all!(tx, (i64,), query, edition_id, owner, now, state, limit, repeats, number, names, at, seq, MOST_CUTS)
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
