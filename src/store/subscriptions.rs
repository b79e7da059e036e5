//! People, what they subscribed to, and the requests that still wait for their confirmation.

use super::{Access, StoreError, Tx, execute, fetch_all, fetch_one, fetch_optional, fetch_value, row, webhooks};
use crate::domain::address::EmailAddress;
use crate::domain::language::Language;
use crate::domain::subscription::{MailFormat, SubscriptionStatus};
use crate::domain::suppression::SuppressionReason;
use crate::domain::time::Timestamp;
use crate::domain::token::Link;
use crate::domain::webhook::Event;

row! {
    /// A person at one address.
    #[derive(Clone)]
    pub struct SubscriberRow {
        pub id: i64,
        pub email: String,
        pub email_key: String,
        pub address_hash: Vec<u8>,
        pub domain: String,
        pub language: Language,
        pub format: MailFormat,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

row! {
    /// A person's relation to one newsletter, with what pages and letters need of both.
    #[derive(Clone)]
    pub struct SubscriptionRow {
        pub id: i64,
        /// What its links carry.
        pub link: Vec<u8>,
        pub subscriber_id: i64,
        pub newsletter_id: i64,
        pub newsletter: String,
        pub status: SubscriptionStatus,
        pub requested_at: Timestamp,
        pub confirmed_at: Option<Timestamp>,
        pub ended_at: Option<Timestamp>,
        pub email: String,
        pub address_hash: Vec<u8>,
        pub language: Language,
        pub format: MailFormat,
    }
}

/// Everything about a subscription and its person, under the names of [`SubscriptionRow`].
macro_rules! subscription_query {
    ($rest:literal) => {
        concat!(
            "select s.id, s.link, s.subscriber_id, s.newsletter_id, n.slug as newsletter, s.status, s.requested_at, \
             s.confirmed_at, s.ended_at, p.email, p.address_hash, p.language, p.format \
             from subscriptions s join subscribers p on p.id = s.subscriber_id join newsletters n on n.id = s.newsletter_id ",
            $rest
        )
    };
}

/// The person at this address.
pub async fn subscriber_by_email(
    on: &mut impl Access,
    email: &EmailAddress,
) -> Result<Option<SubscriberRow>, StoreError> {
    fetch_optional!(on, SubscriberRow, "select * from subscribers where email_key = $1", email.key())
}

/// The person with this id.
pub async fn subscriber_by_id(on: &mut impl Access, id: i64) -> Result<Option<SubscriberRow>, StoreError> {
    fetch_optional!(on, SubscriberRow, "select * from subscribers where id = $1", id)
}

/// Finds the person at this address or makes them known. An address in another spelling stays as it first came.
pub async fn find_or_insert_subscriber(
    tx: &mut Tx,
    email: &EmailAddress,
    address_hash: &[u8],
    language: Language,
    now: Timestamp,
) -> Result<SubscriberRow, StoreError> {
    fetch_one!(
        tx,
        SubscriberRow,
        "insert into subscribers (email, email_key, address_hash, domain, language, created_at, updated_at) \
         values ($1, $2, $3, $4, $5, $6, $6) on conflict (email_key) do update set updated_at = subscribers.updated_at returning *",
        email.as_str(),
        email.key(),
        address_hash,
        email.domain(),
        language,
        now,
    )
}

/// The subscription of a person to a newsletter.
pub async fn of(
    on: &mut impl Access,
    subscriber_id: i64,
    newsletter_id: i64,
) -> Result<Option<SubscriptionRow>, StoreError> {
    fetch_optional!(
        on,
        SubscriptionRow,
        subscription_query!("where s.subscriber_id = $1 and s.newsletter_id = $2"),
        subscriber_id,
        newsletter_id
    )
}

/// Every subscription of a person.
pub async fn of_subscriber(on: &mut impl Access, subscriber_id: i64) -> Result<Vec<SubscriptionRow>, StoreError> {
    fetch_all!(on, SubscriptionRow, subscription_query!("where s.subscriber_id = $1 order by s.id"), subscriber_id)
}

/// The subscription with this id.
pub async fn by_id(on: &mut impl Access, id: i64) -> Result<Option<SubscriptionRow>, StoreError> {
    fetch_optional!(on, SubscriptionRow, subscription_query!("where s.id = $1"), id)
}

/// The subscription that this link names.
pub async fn by_link(on: &mut impl Access, link: &Link) -> Result<Option<SubscriptionRow>, StoreError> {
    fetch_optional!(on, SubscriptionRow, subscription_query!("where s.link = $1"), link.as_slice())
}

/// Opens a subscription, or leaves the one there is; says whether it is new.
pub async fn open(
    tx: &mut Tx,
    link: &Link,
    subscriber_id: i64,
    newsletter_id: i64,
    status: SubscriptionStatus,
    confirmed_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let inserted = execute!(
        tx,
        "insert into subscriptions (link, subscriber_id, newsletter_id, status, requested_at, confirmed_at) \
         values ($1, $2, $3, $4, $5, $6) on conflict (subscriber_id, newsletter_id) do nothing",
        link.as_slice(),
        subscriber_id,
        newsletter_id,
        status,
        now,
        confirmed_at,
    )?;
    Ok(inserted == 1)
}

/// Takes a subscription from one status to another, if it is still there; whoever gets `true` did it.
pub async fn change_status(
    tx: &mut Tx,
    id: i64,
    from: SubscriptionStatus,
    to: SubscriptionStatus,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update subscriptions set status = $3, \
         confirmed_at = case when $3 = 'confirmed' then $4 else confirmed_at end, \
         requested_at = case when $3 = 'pending' then $4 else requested_at end, \
         ended_at = case when $3 in ('confirmed', 'pending') then null else $4 end \
         where id = $1 and status = $2",
        id,
        from,
        to,
        now,
    )?;
    if let (1, Some(event)) = (touched, Event::of_subscription(to)) {
        webhooks::about_subscription(tx, id, event, now).await?;
    }
    Ok(touched == 1)
}

/// Puts an ended subscription back as it was: the consent it had still stands.
pub async fn undo_end(tx: &mut Tx, id: i64, now: Timestamp) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update subscriptions set status = 'confirmed', ended_at = null \
         where id = $1 and status = 'unsubscribed' and confirmed_at is not null",
        id
    )?;
    if touched == 1 {
        webhooks::about_subscription(tx, id, Event::SubscriberConfirmed, now).await?;
    }
    Ok(touched == 1)
}

/// Stores the language a person chose.
pub async fn set_language(
    tx: &mut Tx,
    subscriber_id: i64,
    language: Language,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(tx, "update subscribers set language = $2, updated_at = $3 where id = $1", subscriber_id, language, now)?;
    Ok(())
}

/// Stores whether a person wants text alone.
pub async fn set_format(tx: &mut Tx, subscriber_id: i64, format: MailFormat, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update subscribers set format = $2, updated_at = $3 where id = $1", subscriber_id, format, now)?;
    Ok(())
}

/// Gives a person another address; `false` when somebody has it already.
pub async fn set_email(
    tx: &mut Tx,
    subscriber_id: i64,
    email: &EmailAddress,
    address_hash: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update subscribers set email = $2, email_key = $3, address_hash = $4, domain = $5, updated_at = $6 where id = $1 \
         and not exists (select 1 from subscribers o where o.email_key = $3 and o.id <> $1)",
        subscriber_id,
        email.as_str(),
        email.key(),
        address_hash,
        email.domain(),
        now,
    )?;
    Ok(touched == 1)
}

/// A page of people in order of id, of one newsletter and one status or of all.
pub async fn page(
    on: &mut impl Access,
    newsletter_id: Option<i64>,
    status: Option<SubscriptionStatus>,
    after: i64,
    limit: i64,
) -> Result<Vec<SubscriberRow>, StoreError> {
    match (newsletter_id, status) {
        (None, None) => {
            fetch_all!(on, SubscriberRow, "select * from subscribers where id > $1 order by id limit $2", after, limit)
        }
        (newsletter_id, status) => fetch_all!(
            on,
            SubscriberRow,
            "select p.* from subscribers p where p.id > $1 and exists (select 1 from subscriptions s where s.subscriber_id = p.id \
             and ($2 < 0 or s.newsletter_id = $2) and ($3 = '' or s.status = $3)) order by p.id limit $4",
            after,
            newsletter_id.unwrap_or(-1),
            status.map_or("", SubscriptionStatus::as_str),
            limit,
        ),
    }
}

row! {
    /// A subscription as it leaves the house, with the evidence it rests on.
    #[derive(Clone)]
    pub struct ExportRow {
        pub id: i64,
        pub email: String,
        pub language: Language,
        pub format: MailFormat,
        pub newsletter: String,
        pub status: SubscriptionStatus,
        pub requested_at: Timestamp,
        pub confirmed_at: Option<Timestamp>,
        pub ended_at: Option<Timestamp>,
        /// JSON of [`ConsentBody`](crate::domain::consent::ConsentBody): the newest request, import or addition.
        pub consent: Option<String>,
        /// Why the address must not be mailed.
        pub suppressed: Option<SuppressionReason>,
    }
}

/// A page of subscriptions in order of id, of one newsletter and one status or of all.
pub async fn export_page(
    on: &mut impl Access,
    newsletter_id: Option<i64>,
    status: Option<SubscriptionStatus>,
    after: i64,
    limit: i64,
) -> Result<Vec<ExportRow>, StoreError> {
    fetch_all!(
        on,
        ExportRow,
        "select s.id, p.email, p.language, p.format, n.slug as newsletter, s.status, s.requested_at, s.confirmed_at, s.ended_at, \
         (select c.body from consent_records c where c.subject = p.address_hash and c.newsletter_id = s.newsletter_id \
         and c.event in ('requested', 'imported', 'added') order by c.id desc limit 1) as consent, \
         x.reason as suppressed \
         from subscriptions s join subscribers p on p.id = s.subscriber_id join newsletters n on n.id = s.newsletter_id \
         left join suppressions x on x.address_hash = p.address_hash \
         where s.id > $1 and ($2 < 0 or s.newsletter_id = $2) and ($3 = '' or s.status = $3) order by s.id limit $4",
        after,
        newsletter_id.unwrap_or(-1),
        status.map_or("", SubscriptionStatus::as_str),
        limit,
    )
}

/// How many subscriptions of a newsletter are in a status.
pub async fn count(on: &mut impl Access, newsletter_id: i64, status: SubscriptionStatus) -> Result<i64, StoreError> {
    fetch_value!(
        on,
        i64,
        "select count(*) from subscriptions where newsletter_id = $1 and status = $2",
        newsletter_id,
        status
    )
}

/// The domains at which most confirmed readers have their mailbox, the most frequent first; none that has fewer than
/// `least` of them.
pub async fn frequent_domains(on: &mut impl Access, least: i64, limit: i64) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(
        on,
        (String,),
        "select p.domain from subscriptions s join subscribers p on p.id = s.subscriber_id where s.status = 'confirmed' \
         group by p.domain having count(*) >= $1 order by count(*) desc, p.domain limit $2",
        least,
        limit
    )?;
    Ok(rows.into_iter().map(|(domain,)| domain).collect())
}

/// Who joined a newsletter since `since` and stayed, or left it, counted in spans of `width` microseconds after it:
/// the span's place, how many joined, how many left.
pub async fn movements(
    on: &mut impl Access,
    newsletter_id: i64,
    since: Timestamp,
    width: i64,
) -> Result<Vec<(i64, i64, i64)>, StoreError> {
    fetch_all!(
        on,
        (i64, i64, i64),
        "select place, cast(sum(joined) as bigint), cast(sum(gone) as bigint) from ( \
         select (confirmed_at - $2) / $3 as place, 1 as joined, 0 as gone from subscriptions \
         where newsletter_id = $1 and confirmed_at > $2 and status <> 'pending' \
         union all select (ended_at - $2) / $3 as place, 0 as joined, 1 as gone from subscriptions \
         where newsletter_id = $1 and ended_at > $2 and confirmed_at is not null and status <> 'pending') as moves \
         group by place order by place",
        newsletter_id,
        since,
        width,
    )
}

/// Forgets a person; their subscriptions, requests and waiting letters go with them.
pub async fn delete_subscriber(tx: &mut Tx, subscriber_id: i64) -> Result<bool, StoreError> {
    Ok(execute!(tx, "delete from subscribers where id = $1", subscriber_id)? == 1)
}

/// People whose every subscription stayed unconfirmed since before `before`, some at a time. (`cross join`: SQLite would
/// rather walk through everybody in the order that is asked for.)
pub async fn unconfirmed_before(on: &mut impl Access, before: Timestamp, limit: i64) -> Result<Vec<i64>, StoreError> {
    let rows = fetch_all!(
        on,
        (i64,),
        "select distinct s.subscriber_id from newsletters n cross join subscriptions s \
         where s.newsletter_id = n.id and s.status = 'pending' and s.requested_at < $1 and not exists (select 1 from subscriptions o \
         where o.subscriber_id = s.subscriber_id and (o.status <> 'pending' or o.requested_at >= $1)) \
         order by s.subscriber_id limit $2",
        before,
        limit
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

row! {
    /// A request that waits for its confirmation.
    #[derive(Clone)]
    pub struct ConfirmationRow {
        pub link: Vec<u8>,
        pub subscription_id: i64,
        pub created_at: Timestamp,
        pub expires_at: Timestamp,
        /// The address that somebody wants instead of theirs.
        pub new_email: Option<String>,
    }
}

/// Notes that somebody wants another address.
pub async fn insert_move(
    tx: &mut Tx,
    link: &Link,
    subscription_id: i64,
    new_email: &EmailAddress,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into confirmations (link, subscription_id, created_at, expires_at, new_email) values ($1, $2, $3, $4, $5)",
        link.as_slice(),
        subscription_id,
        now,
        expires_at,
        new_email.as_str(),
    )?;
    Ok(())
}

/// Every link that was mailed to somebody for a purpose of the moment works no longer.
pub async fn expire_links(tx: &mut Tx, subscriber_id: i64, now: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        "update confirmations set expires_at = $2 - 1, new_email = null where expires_at >= $2 \
         and subscription_id in (select id from subscriptions where subscriber_id = $1)",
        subscriber_id,
        now
    )?;
    Ok(())
}

/// Forgets addresses that somebody wanted, and did not confirm before `before`, or that are this one.
pub async fn forget_moves(tx: &mut Tx, before: Timestamp, email_key: &str) -> Result<u64, StoreError> {
    execute!(
        tx,
        "delete from confirmations where new_email is not null and (expires_at < $1 or lower(new_email) = $2)",
        before,
        email_key
    )
}

row! {
    /// Somebody whose every subscription ended long ago, and how the newest ended.
    #[derive(Clone)]
    pub struct EndedRow {
        pub id: i64,
        pub status: SubscriptionStatus,
    }
}

/// People whose every subscription ended before `before`, some at a time.
pub async fn ended_before(on: &mut impl Access, before: Timestamp, limit: i64) -> Result<Vec<EndedRow>, StoreError> {
    fetch_all!(
        on,
        EndedRow,
        "select p.id, (select s.status from subscriptions s where s.subscriber_id = p.id order by \
         case s.status when 'complained' then 0 when 'unsubscribed' then 1 else 2 end limit 1) as status \
         from subscribers p where p.id in (select o.subscriber_id from newsletters n cross join subscriptions o \
         where o.newsletter_id = n.id and o.ended_at < $1) \
         and not exists (select 1 from subscriptions o where o.subscriber_id = p.id \
         and (o.status in ('pending', 'confirmed') or o.ended_at is null or o.ended_at >= $1)) order by p.id limit $2",
        before,
        limit
    )
}

/// Notes a request.
pub async fn insert_confirmation(
    tx: &mut Tx,
    link: &Link,
    subscription_id: i64,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into confirmations (link, subscription_id, created_at, expires_at) values ($1, $2, $3, $4)",
        link.as_slice(),
        subscription_id,
        now,
        expires_at,
    )?;
    Ok(())
}

/// The request that this link names.
pub async fn confirmation(on: &mut impl Access, link: &Link) -> Result<Option<ConfirmationRow>, StoreError> {
    fetch_optional!(on, ConfirmationRow, "select * from confirmations where link = $1", link.as_slice())
}

row! {
    /// Somebody in the list of one newsletter.
    #[derive(Clone)]
    pub struct ListedRow {
        /// Of the subscription: where the next page begins.
        pub id: i64,
        pub subscriber_id: i64,
        pub email: String,
        pub language: Language,
        pub status: SubscriptionStatus,
        pub requested_at: Timestamp,
        /// Signed up again although they must not be mailed.
        pub wants_back: bool,
    }
}

/// Readers of a newsletter whose address holds `part`, in one status or in all, the newest first; `before` is the last
/// id of the page before.
pub async fn search(
    on: &mut impl Access,
    newsletter_id: i64,
    status: Option<SubscriptionStatus>,
    part: &str,
    before: i64,
    limit: i64,
) -> Result<Vec<ListedRow>, StoreError> {
    // By `+` from the newest down: by the newsletter's index all of its readers would be sorted first.
    fetch_all!(
        on,
        ListedRow,
        "select s.id, s.subscriber_id, p.email, p.language, s.status, s.requested_at, \
         exists (select 1 from attempts a where a.kind = 'wants-back' and a.key = p.address_hash) as wants_back \
         from subscriptions s join subscribers p on p.id = s.subscriber_id where +s.newsletter_id = $1 \
         and ($2 = '' or s.status = $2) and ($3 = '' or p.email_key like $3 escape '!') and s.id < $4 order by s.id desc limit $5",
        newsletter_id,
        status.map_or("", SubscriptionStatus::as_str),
        pattern(part),
        before,
        limit
    )
}

/// How many [`search`] finds in all.
pub async fn search_count(
    on: &mut impl Access,
    newsletter_id: i64,
    status: Option<SubscriptionStatus>,
    part: &str,
) -> Result<i64, StoreError> {
    if part.trim().is_empty() {
        // Nothing of the people is needed, and the index alone tells.
        return fetch_value!(
            on,
            i64,
            "select count(*) from subscriptions where newsletter_id = $1 and ($2 = '' or status = $2)",
            newsletter_id,
            status.map_or("", SubscriptionStatus::as_str),
        );
    }
    fetch_value!(
        on,
        i64,
        "select count(*) from subscriptions s join subscribers p on p.id = s.subscriber_id where s.newsletter_id = $1 \
         and ($2 = '' or s.status = $2) and ($3 = '' or p.email_key like $3 escape '!')",
        newsletter_id,
        status.map_or("", SubscriptionStatus::as_str),
        pattern(part)
    )
}

/// The pattern that finds a part of an address, whatever signs are in it; empty finds everybody.
fn pattern(part: &str) -> String {
    let part = part.trim().to_ascii_lowercase();
    if part.is_empty() {
        return part;
    }
    format!("%{}%", part.replace('!', "!!").replace('%', "!%").replace('_', "!_"))
}
