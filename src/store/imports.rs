//! Lists taken over from other tools: how far each is, what came of it, and the bulk of its rows in few statements.

use super::verbs::execute_many;
use super::{Access, Conn, StoreError, Tx, execute, fetch_all, fetch_optional, fetch_value, row, webhooks};
use crate::domain::import::{ImportState, Tally};
use crate::domain::language::Language;
use crate::domain::subscription::{MailFormat, SubscriptionStatus};
use crate::domain::suppression::SuppressionReason;
use crate::domain::time::Timestamp;
use crate::domain::token::Link;

row! {
    /// One list, taken over or being taken over.
    #[derive(Clone, Debug)]
    pub struct BatchRow {
        pub id: i64,
        pub newsletter_id: i64,
        pub state: ImportState,
        pub actor: String,
        /// The name of the file.
        pub origin: String,
        pub statement: String,
        /// SHA-256 of the file: the same one is gone on with, not begun again.
        pub digest: Vec<u8>,
        /// The list that was chosen, of a file that holds several.
        pub list: Option<String>,
        pub read: i64,
        pub imported: i64,
        pub unchanged: i64,
        pub suppressed: i64,
        pub rejected: i64,
        pub created_at: Timestamp,
        pub finished_at: Option<Timestamp>,
        /// So many rows of the file at a time are taken in an order of their own; 0 until that was agreed.
        pub at_once: i64,
        /// Rows in front of the first window: an earlier version took them, in the order of the file.
        pub at_once_from: i64,
    }
}

impl BatchRow {
    /// How many rows came to what until now.
    pub fn tally(&self) -> Tally {
        let count = |number: i64| u64::try_from(number).unwrap_or_default();
        Tally {
            rows: count(self.read),
            imported: count(self.imported),
            unchanged: count(self.unchanged),
            suppressed: count(self.suppressed),
            rejected: count(self.rejected),
        }
    }
}

/// A list to begin with.
pub struct NewBatch<'a> {
    pub newsletter_id: i64,
    pub state: ImportState,
    pub actor: &'a str,
    pub origin: &'a str,
    pub statement: &'a str,
    pub digest: &'a [u8],
    pub list: Option<&'a str>,
}

/// Notes that a list is there; gives its number.
pub async fn begin(tx: &mut Tx, batch: &NewBatch<'_>, now: Timestamp) -> Result<i64, StoreError> {
    fetch_value!(
        tx,
        i64,
        "insert into import_batches (newsletter_id, state, actor, origin, statement, digest, list, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8) returning id",
        batch.newsletter_id,
        batch.state,
        batch.actor,
        batch.origin,
        batch.statement,
        batch.digest,
        batch.list,
        now
    )
}

/// The list with this number.
pub async fn by_id(on: &mut impl Access, id: i64) -> Result<Option<BatchRow>, StoreError> {
    fetch_optional!(on, BatchRow, "select * from import_batches where id = $1", id)
}

/// The same file and list for the same newsletter, broken off before its end.
pub async fn broken_off(
    on: &mut impl Access,
    newsletter_id: i64,
    digest: &[u8],
    list: Option<&str>,
) -> Result<Option<BatchRow>, StoreError> {
    fetch_optional!(
        on,
        BatchRow,
        "select * from import_batches where newsletter_id = $1 and digest = $2 and coalesce(list, '') = $3 \
         and state = 'running' order by id limit 1",
        newsletter_id,
        digest,
        list.unwrap_or_default()
    )
}

/// The newest lists first.
pub async fn newest(on: &mut impl Access, limit: i64) -> Result<Vec<BatchRow>, StoreError> {
    fetch_all!(on, BatchRow, "select * from import_batches where state <> 'waiting' order by id desc limit $1", limit)
}

/// Notes how far a list is. `false` when somebody else went on with it meanwhile: then nothing of this transaction
/// may be kept.
pub async fn advance(
    tx: &mut Tx,
    id: i64,
    read_before: u64,
    tally: Tally,
    finished_at: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let touched = execute!(
        tx,
        "update import_batches set read = $3, imported = $4, unchanged = $5, suppressed = $6, rejected = $7, finished_at = $8, \
         state = case when cast($8 as bigint) is null then 'running' else 'done' end, \
         ahead = case when cast($8 as bigint) is null then ahead end \
         where id = $1 and read = $2 and state in ('waiting', 'running')",
        id,
        count(read_before),
        count(tally.rows),
        count(tally.imported),
        count(tally.unchanged),
        count(tally.suppressed),
        count(tally.rejected),
        finished_at
    )?;
    Ok(touched == 1)
}

/// Agrees how many rows are taken in an order of their own, unless that was done: whoever goes on with a list must know
/// which rows `read` speaks of.
pub async fn agree_window(tx: &mut Tx, id: i64, window: u64) -> Result<(), StoreError> {
    execute!(
        tx,
        "update import_batches set at_once = $2, at_once_from = read where id = $1 and at_once = 0",
        id,
        i64::try_from(window).unwrap_or(i64::MAX)
    )?;
    Ok(())
}

/// Notes, with the first of them, that people become known who get their subscriptions in later transactions. `false` as
/// [`advance`].
pub async fn note_ahead(tx: &mut Tx, id: i64, read: u64, is_first: bool) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update import_batches set ahead = case when $3 then (select coalesce(max(id), 0) from subscribers) else ahead end \
         where id = $1 and read = $2 and state in ('waiting', 'running')",
        id,
        i64::try_from(read).unwrap_or(i64::MAX),
        is_first
    )?;
    Ok(touched == 1)
}

/// Forgets whom a list made known without getting as far as their subscriptions.
pub async fn forget_ahead(tx: &mut Tx, id: i64) -> Result<u64, StoreError> {
    let gone = execute!(
        tx,
        "delete from subscribers where id > (select b.ahead from import_batches b where b.id = $1) \
         and not exists (select 1 from subscriptions s where s.subscriber_id = subscribers.id)",
        id
    )?;
    execute!(tx, "update import_batches set ahead = null where id = $1", id)?;
    Ok(gone)
}

/// Lists that broke off before `before`, and that nobody went on with.
async fn left_ahead(on: &mut impl Access, before: Timestamp) -> Result<Vec<(i64,)>, StoreError> {
    fetch_all!(
        on,
        (i64,),
        "select id from import_batches where ahead is not null and state = 'running' and created_at < $1",
        before
    )
}

/// Notes that a list was taken back.
pub async fn set_undone(tx: &mut Tx, id: i64, now: Timestamp) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update import_batches set state = 'undone', finished_at = $2 where id = $1 and state in ('running', 'done')",
        id,
        now
    )?;
    Ok(touched == 1)
}

/// Keeps a file between the look at what it would do and the press that does it.
pub async fn keep_file(tx: &mut Tx, id: i64, bytes: &[u8]) -> Result<(), StoreError> {
    for (part, chunk) in (0_i64..).zip(bytes.chunks(256 * 1024)) {
        execute!(tx, "insert into import_parts (batch_id, part, bytes) values ($1, $2, $3)", id, part, chunk)?;
    }
    Ok(())
}

/// The kept file; none once it is forgotten.
pub async fn kept_file(on: &mut impl Access, id: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let parts = fetch_all!(on, (Vec<u8>,), "select bytes from import_parts where batch_id = $1 order by part", id)?;
    Ok((!parts.is_empty()).then(|| parts.into_iter().flat_map(|(part,)| part).collect()))
}

/// Forgets kept files of lists that came before `before`, lists that were looked at and never taken over, and whom
/// lists that broke off had made known without more.
pub async fn forget_files(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    let files = fetch_value!(
        tx,
        i64,
        "select count(distinct b.id) from import_batches b join import_parts p on p.batch_id = b.id where b.created_at < $1",
        before
    )?;
    execute!(
        tx,
        "delete from import_parts where batch_id in (select id from import_batches where created_at < $1)",
        before
    )?;
    execute!(tx, "delete from import_batches where state = 'waiting' and created_at < $1", before)?;
    for (id,) in left_ahead(tx, before).await? {
        forget_ahead(tx, id).await?;
    }
    Ok(u64::try_from(files).unwrap_or_default())
}

row! {
    /// What is known of somebody in a list: a row for each of their subscriptions, or one without.
    #[derive(Clone)]
    pub struct KnownRow {
        pub email_key: String,
        pub subscriber_id: i64,
        pub subscription_id: Option<i64>,
        pub newsletter_id: Option<i64>,
        pub status: Option<SubscriptionStatus>,
        pub confirmed_at: Option<Timestamp>,
        pub language: Language,
    }
}

/// What is known of these people.
pub async fn known(on: &mut impl Access, email_keys: &[&str]) -> Result<Vec<KnownRow>, StoreError> {
    let list = serde_json::to_string(email_keys).expect("texts alone always become JSON");
    macro_rules! known_query {
        ($of_list:literal) => {
            concat!(
                "select p.email_key, p.id as subscriber_id, s.id as subscription_id, s.newsletter_id, s.status, s.confirmed_at, \
                 p.language \
                 from subscribers p left join subscriptions s on s.subscriber_id = p.id where p.email_key ",
                $of_list
            )
        };
    }
    if matches!(on.conn(), Conn::Sqlite(_)) {
        fetch_all!(on, KnownRow, known_query!("in (select value from json_each($1))"), list)
    } else {
        fetch_all!(
            on,
            KnownRow,
            known_query!("= any (array(select jsonb_array_elements_text(cast($1 as jsonb))))"),
            list
        )
    }
}

/// Somebody who is not known yet.
pub struct NewPerson<'a> {
    pub email: &'a str,
    pub email_key: &'a str,
    pub address_hash: &'a [u8],
    pub domain: &'a str,
    pub language: Language,
    pub format: MailFormat,
}

/// Makes people known, all at once; whoever is known already stays as they are.
pub async fn insert_people(tx: &mut Tx, people: &[NewPerson<'_>], now: Timestamp) -> Result<u64, StoreError> {
    execute_many!(
        tx,
        "insert into subscribers (email, email_key, address_hash, domain, language, format, created_at, updated_at)",
        "on conflict (email_key) do nothing",
        people,
        |one| [one.email, one.email_key, one.address_hash, one.domain, one.language, one.format, now, now]
    )
    .await
}

/// A subscription of somebody who is known.
pub struct NewSubscription {
    pub link: Link,
    pub subscriber_id: i64,
    pub requested_at: Timestamp,
    pub confirmed_at: Timestamp,
}

/// Opens confirmed subscriptions, all at once.
pub async fn insert_subscriptions(
    tx: &mut Tx,
    newsletter_id: i64,
    batch_id: i64,
    subscriptions: &[NewSubscription],
) -> Result<u64, StoreError> {
    execute_many!(
        tx,
        "insert into subscriptions (link, subscriber_id, newsletter_id, status, requested_at, confirmed_at, batch_id)",
        "on conflict (subscriber_id, newsletter_id) do nothing",
        subscriptions,
        |one| [
            one.link.as_slice(),
            one.subscriber_id,
            newsletter_id,
            SubscriptionStatus::Confirmed,
            one.requested_at,
            one.confirmed_at,
            batch_id
        ]
    )
    .await
}

/// Notes that a subscription that waited was confirmed by a list.
pub async fn confirm(
    tx: &mut Tx,
    subscription_id: i64,
    batch_id: i64,
    confirmed_at: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "update subscriptions set status = 'confirmed', confirmed_at = $3, ended_at = null, batch_id = $2 \
         where id = $1 and status = 'pending'",
        subscription_id,
        batch_id,
        confirmed_at
    )?;
    Ok(())
}

/// An address that a list says must not be mailed.
pub struct NewSuppression<'a> {
    pub address_hash: &'a [u8],
    pub email: &'a str,
    pub reason: SuppressionReason,
}

/// Suppresses addresses, all at once; one that is suppressed keeps its reason, unless this is a complaint.
pub async fn insert_suppressions(
    tx: &mut Tx,
    batch_id: i64,
    suppressions: &[NewSuppression<'_>],
    now: Timestamp,
) -> Result<u64, StoreError> {
    let told: Vec<_> = suppressions.iter().map(|one| (one.email, one.reason)).collect();
    webhooks::about_suppressions(tx, &told, now).await?;
    execute_many!(
        tx,
        "insert into suppressions (address_hash, email, reason, note, batch_id, created_at)",
        "on conflict (address_hash) do update set reason = excluded.reason where excluded.reason = 'complained'",
        suppressions,
        |one| [one.address_hash, one.email, one.reason, "import", batch_id, now]
    )
    .await
}

row! {
    /// A subscription that a list began, and whether its owner had asked for it themselves before.
    #[derive(Clone)]
    pub struct BegunRow {
        pub id: i64,
        pub subscriber_id: i64,
        pub email: String,
        pub address_hash: Vec<u8>,
        pub language: Language,
        pub asked: bool,
    }
}

/// Subscriptions that a list began and that nobody has touched since, some at a time. Who confirmed to us themselves
/// later on, or left, is not among them.
pub async fn begun_by(
    on: &mut impl Access,
    batch: &BatchRow,
    after: i64,
    limit: i64,
) -> Result<Vec<BegunRow>, StoreError> {
    fetch_all!(
        on,
        BegunRow,
        "select s.id, s.subscriber_id, p.email, p.address_hash, p.language, \
         exists (select 1 from consent_records c where c.subject = p.address_hash and c.newsletter_id = s.newsletter_id \
         and c.event = 'requested') as asked \
         from subscriptions s join subscribers p on p.id = s.subscriber_id \
         where s.batch_id = $1 and s.id > $2 and s.status = 'confirmed' and s.newsletter_id = $3 \
         and not exists (select 1 from consent_records c where c.subject = p.address_hash and c.newsletter_id = s.newsletter_id \
         and c.event = 'confirmed') order by s.id limit $4",
        batch.id,
        after,
        batch.newsletter_id,
        limit
    )
}

/// Takes back what a list began for one person: their own request waits again, or nothing is left. `true` where the
/// person is gone with it, because we knew them by this list alone.
pub async fn take_back(tx: &mut Tx, begun: &BegunRow) -> Result<bool, StoreError> {
    if begun.asked {
        execute!(
            tx,
            "update subscriptions set status = 'pending', confirmed_at = null, batch_id = null where id = $1",
            begun.id
        )?;
        return Ok(false);
    }
    execute!(tx, "delete from subscriptions where id = $1", begun.id)?;
    let gone = execute!(
        tx,
        "delete from subscribers where id = $1 and not exists (select 1 from subscriptions s where s.subscriber_id = $1)",
        begun.subscriber_id
    )?;
    Ok(gone == 1)
}

/// Lifts what a list had suppressed and nobody else; says how many.
pub async fn lift_suppressions(tx: &mut Tx, batch_id: i64) -> Result<u64, StoreError> {
    execute!(tx, "delete from suppressions where batch_id = $1 and reason not in ('complained', 'erased')", batch_id)
}
