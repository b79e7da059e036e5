//! What came back: one line for each delivery and kind.

use super::{Access, StoreError, Tx, execute, fetch_all, fetch_optional, row};
use crate::domain::bounce::BounceClass;
use crate::domain::feedback::{Channel, Effect, FeedbackKind, Verdict};
use crate::domain::time::Timestamp;

row! {
    /// What came back about one delivery.
    #[derive(Clone, Debug)]
    pub struct FeedbackRow {
        pub id: i64,
        pub at: Timestamp,
        pub seq: Option<i64>,
        pub kind: FeedbackKind,
        pub channel: Channel,
        pub reason: Option<BounceClass>,
        pub status: Option<String>,
        /// The mail server's words; gone once they are no longer needed.
        pub words: Option<String>,
        pub effect: Effect,
    }
}

/// What a line is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    pub newsletter_id: i64,
    /// The edition and the recipient's place in it; nothing for a mail that names the reader alone.
    pub delivery: Option<(i64, i64)>,
    pub subscription_id: i64,
}

/// Notes what came back; its id, or nothing where this delivery has a line of this kind already.
pub async fn insert(
    tx: &mut Tx,
    subject: Subject,
    verdict: &Verdict,
    channel: Channel,
    now: Timestamp,
) -> Result<Option<i64>, StoreError> {
    let inserted = fetch_optional!(
        tx,
        (i64,),
        "insert into feedback (at, newsletter_id, edition_id, seq, subscription_id, kind, channel, reason, status, words, effect) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'noted') on conflict do nothing returning id",
        now,
        subject.newsletter_id,
        subject.delivery.map(|(edition_id, _)| edition_id),
        subject.delivery.map(|(_, seq)| seq),
        subject.subscription_id,
        verdict.kind,
        channel,
        verdict.reason,
        verdict.status.as_deref(),
        verdict.words.as_deref(),
    )?;
    Ok(inserted.map(|(id,)| id))
}

/// What is known of a delivery, of one kind.
pub async fn of_delivery(
    on: &mut impl Access,
    edition_id: i64,
    seq: i64,
    kind: FeedbackKind,
) -> Result<Option<FeedbackRow>, StoreError> {
    fetch_optional!(
        on,
        FeedbackRow,
        "select id, at, seq, kind, channel, reason, status, words, effect from feedback \
         where edition_id = $1 and seq = $2 and kind = $3",
        edition_id,
        seq,
        kind
    )
}

/// A graver bounce takes the place of the one that was known.
pub async fn replace(
    tx: &mut Tx,
    id: i64,
    verdict: &Verdict,
    channel: Channel,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "update feedback set at = $2, channel = $3, reason = $4, status = $5, words = $6 where id = $1",
        id,
        now,
        channel,
        verdict.reason,
        verdict.status.as_deref(),
        verdict.words.as_deref(),
    )?;
    Ok(())
}

/// Notes what it led to.
pub async fn set_effect(tx: &mut Tx, id: i64, effect: Effect) -> Result<(), StoreError> {
    execute!(tx, "update feedback set effect = $2 where id = $1", id, effect)?;
    Ok(())
}

/// The latest editions that were sent to a subscription, the newest first: when each began, and whether it came back for
/// a reason that counts.
pub async fn latest(
    on: &mut impl Access,
    newsletter_id: i64,
    subscription_id: i64,
    editions: i64,
) -> Result<Vec<(Timestamp, bool)>, StoreError> {
    let rows = fetch_all!(
        on,
        (Timestamp, i64),
        "select e.started_at, (select count(*) from feedback f where f.edition_id = e.id and f.subscription_id = $2 \
         and f.kind = 'bounce' and f.effect in ('counted', 'suppressed')) as counted \
         from editions e join deliveries d on d.edition_id = e.id and d.subscription_id = $2 \
         where e.newsletter_id = $1 and e.started_at is not null and d.state in ('accepted', 'rejected', 'expired', 'unknown') \
         order by e.started_at desc, e.id desc limit $3",
        newsletter_id,
        subscription_id,
        editions,
    )?;
    Ok(rows.into_iter().map(|(at, counted)| (at, counted > 0)).collect())
}

/// What came back about a stretch of an edition's deliveries, in their order.
pub async fn of_edition(
    on: &mut impl Access,
    edition_id: i64,
    from: i64,
    through: i64,
) -> Result<Vec<FeedbackRow>, StoreError> {
    fetch_all!(
        on,
        FeedbackRow,
        "select id, at, seq, kind, channel, reason, status, words, effect from feedback \
         where edition_id = $1 and seq between $2 and $3 order by seq, id",
        edition_id,
        from,
        through,
    )
}

/// How much of each kind came back about an edition, and why, the most frequent first. What a mail server refused at
/// once is counted as rejected already, and not among these.
pub async fn sums(
    on: &mut impl Access,
    edition_id: i64,
) -> Result<Vec<(FeedbackKind, Option<BounceClass>, i64)>, StoreError> {
    fetch_all!(
        on,
        (FeedbackKind, Option<BounceClass>, i64),
        "select kind, reason, count(*) from feedback where edition_id = $1 and channel <> 'smtp' \
         group by kind, reason order by count(*) desc, kind, reason",
        edition_id,
    )
}

/// Takes what mail servers wrote about a person out: it repeats their address. Mail about them that nobody could read
/// goes with it, and what ties their letters to them.
pub async fn forget_person(tx: &mut Tx, subscription_id: i64) -> Result<u64, StoreError> {
    execute!(tx, "delete from unclassified_mail where subscription_id = $1", subscription_id)?;
    execute!(tx, "delete from sent_letters where subscription_id = $1", subscription_id)?;
    execute!(tx, "update feedback set words = null where subscription_id = $1 and words is not null", subscription_id)
}

/// The same for everything older than `before`, some at a time.
pub async fn forget_words(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
    execute!(
        tx,
        "update feedback set words = null where id in \
         (select id from feedback where words is not null and at < $1 order by at limit $2)",
        before,
        limit
    )
}
