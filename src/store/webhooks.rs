//! Whom to tell of what happens, and the telling: what is to be told is stored together with what happened.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Access, Conn, StoreError, Tx, execute, fetch_all, fetch_optional, fetch_value, row, subscriptions};
use crate::domain::address::EmailAddress;
use crate::domain::suppression::SuppressionReason;
use crate::domain::time::Timestamp;
use crate::domain::webhook::Event;

row! {
    /// Somebody who is told.
    #[derive(Clone, Debug)]
    pub struct WebhookRow {
        pub id: i64,
        pub url: String,
        /// Events, separated by commas; empty means all.
        pub events: String,
        /// Random; the signing secret is derived from it.
        pub link: Vec<u8>,
        pub created_at: Timestamp,
        pub disabled_at: Option<Timestamp>,
        pub disabled_reason: Option<String>,
        /// From which the secret was derived before, and until when it signs as well.
        pub former_link: Option<Vec<u8>>,
        pub former_until: Option<Timestamp>,
    }
}

row! {
    /// One thing told to one of them, or still to be told.
    #[derive(Clone, Debug)]
    pub struct WebhookDeliveryRow {
        pub id: i64,
        pub webhook_id: i64,
        /// The same in every attempt, so that the other side knows it again.
        pub uid: String,
        pub event: String,
        pub body: String,
        pub state: String,
        pub attempts: i64,
        pub next_at: Timestamp,
        pub last_answer: Option<String>,
        pub created_at: Timestamp,
        pub finished_at: Option<Timestamp>,
    }
}

/// Adds somebody; `None` when this address is told already.
pub async fn insert(
    tx: &mut Tx,
    url: &str,
    events: &str,
    link: &[u8],
    now: Timestamp,
) -> Result<Option<WebhookRow>, StoreError> {
    fetch_optional!(
        tx,
        WebhookRow,
        "insert into webhooks (url, events, link, created_at) values ($1, $2, $3, $4) \
         on conflict (url) do nothing returning *",
        url,
        events,
        link,
        now
    )
}

/// The one with this id.
pub async fn by_id(on: &mut impl Access, id: i64) -> Result<Option<WebhookRow>, StoreError> {
    fetch_optional!(on, WebhookRow, "select * from webhooks where id = $1", id)
}

/// All of them; there are few.
pub async fn all(on: &mut impl Access) -> Result<Vec<WebhookRow>, StoreError> {
    fetch_all!(on, WebhookRow, "select * from webhooks order by id")
}

/// Takes one away, and what it was still to be told.
pub async fn delete(tx: &mut Tx, id: i64) -> Result<bool, StoreError> {
    Ok(execute!(tx, "delete from webhooks where id = $1", id)? == 1)
}

/// Tells one nothing more; `false` when there is none with this id.
pub async fn disable(tx: &mut Tx, id: i64, reason: &str, now: Timestamp) -> Result<bool, StoreError> {
    let touched =
        execute!(tx, "update webhooks set disabled_at = $2, disabled_reason = $3 where id = $1", id, now, reason)?;
    execute!(
        tx,
        "update webhook_deliveries set state = 'failed', last_answer = $2, finished_at = $3 \
         where webhook_id = $1 and state = 'queued'",
        id,
        reason,
        now
    )?;
    Ok(touched == 1)
}

/// How much one is still to be told.
pub async fn count_queued(on: &mut impl Access, id: i64) -> Result<i64, StoreError> {
    fetch_value!(on, i64, "select count(*) from webhook_deliveries where webhook_id = $1 and state = 'queued'", id)
}

/// Tells one again from now on.
pub async fn enable(tx: &mut Tx, id: i64) -> Result<bool, StoreError> {
    let touched = execute!(tx, "update webhooks set disabled_at = null, disabled_reason = null where id = $1", id)?;
    Ok(touched == 1)
}

/// Gives one another secret; the one it had signs as well until `until`.
pub async fn rotate(tx: &mut Tx, id: i64, link: &[u8], until: Timestamp) -> Result<Option<WebhookRow>, StoreError> {
    fetch_optional!(
        tx,
        WebhookRow,
        "update webhooks set former_link = link, former_until = $3, link = $2 where id = $1 returning *",
        id,
        link,
        until
    )
}

/// Has everybody told who wants to know about a subscription; ids only, no address.
pub async fn about_subscription(tx: &mut Tx, id: i64, event: Event, now: Timestamp) -> Result<(), StoreError> {
    if !anybody(tx).await? {
        return Ok(());
    }
    let row = fetch_optional!(
        tx,
        (i64, String),
        "select s.subscriber_id, n.slug from subscriptions s join newsletters n on n.id = s.newsletter_id where s.id = $1",
        id
    )?;
    let Some((subscriber, newsletter)) = row else { return Ok(()) };
    tell(tx, event, json!({ "subscriber": subscriber, "newsletter": newsletter }), now).await
}

/// Has everybody told who wants to know that an address must not be mailed any more; before it is noted, and once.
/// `email` is the address where it is kept.
pub async fn about_suppression(
    tx: &mut Tx,
    address_hash: &[u8],
    email: Option<&str>,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !anybody(tx).await? {
        return Ok(());
    }
    let known = fetch_optional!(
        tx,
        (i64,),
        "select id from suppressions where address_hash = $1 and reason = $2",
        address_hash,
        reason
    )?;
    if known.is_some() {
        return Ok(());
    }
    // Without its address it is being erased: nobody is left to be named.
    let subscriber = match email.and_then(|email| EmailAddress::parse_international(email).ok()) {
        Some(email) => subscriptions::subscriber_by_email(tx, &email).await?.map(|row| row.id),
        None => None,
    };
    tell(tx, Event::SubscriberSuppressed, json!({ "subscriber": subscriber, "reason": reason }), now).await
}

/// The same for addresses that come by a list, all at once, each with its reason. Only those of people we know are told of:
/// whoever listens knows nobody else, and a list of strangers may be long.
pub async fn about_suppressions(
    tx: &mut Tx,
    suppressions: &[(&str, SuppressionReason)],
    now: Timestamp,
) -> Result<(), StoreError> {
    if suppressions.is_empty() || !anybody(tx).await? {
        return Ok(());
    }
    let reasons: HashMap<String, SuppressionReason> =
        suppressions.iter().map(|(email, reason)| (email.to_ascii_lowercase(), *reason)).collect();
    let list = serde_json::to_string(&reasons.keys().collect::<Vec<_>>()).expect("texts alone always become JSON");
    let sql = match tx.conn() {
        Conn::Sqlite(_) => {
            "select p.id, p.email_key, x.reason from subscribers p \
             left join suppressions x on x.address_hash = p.address_hash \
             where p.email_key in (select value from json_each($1)) order by p.id"
        }
        Conn::Postgres(_) => {
            "select p.id, p.email_key, x.reason from subscribers p \
             left join suppressions x on x.address_hash = p.address_hash \
             where p.email_key = any (array(select jsonb_array_elements_text(cast($1 as jsonb)))) order by p.id"
        }
    };
    for (subscriber, key, known) in fetch_all!(tx, (i64, String, Option<SuppressionReason>), sql, list)? {
        let Some(reason) = reasons.get(&key) else { continue };
        // One that is suppressed keeps its reason, unless this is a complaint.
        let is_graver = *reason == SuppressionReason::Complained && known != Some(*reason);
        if known.is_none() || is_graver {
            tell(tx, Event::SubscriberSuppressed, json!({ "subscriber": subscriber, "reason": reason }), now).await?;
        }
    }
    Ok(())
}

/// Has everybody told who wants to know that a source fails.
pub async fn about_source(tx: &mut Tx, id: i64, newsletter_id: i64, now: Timestamp) -> Result<(), StoreError> {
    if !anybody(tx).await? {
        return Ok(());
    }
    let newsletter = fetch_optional!(tx, (String,), "select slug from newsletters where id = $1", newsletter_id)?;
    let newsletter = newsletter.map(|(slug,)| slug);
    tell(tx, Event::SourceFailing, json!({ "source": id, "newsletter": newsletter }), now).await
}

/// Has everybody told who wants to know about an edition.
pub async fn about_edition(tx: &mut Tx, id: i64, event: Event, now: Timestamp) -> Result<(), StoreError> {
    if !anybody(tx).await? {
        return Ok(());
    }
    let row = fetch_optional!(
        tx,
        (i64, String),
        "select e.number, n.slug from editions e join newsletters n on n.id = e.newsletter_id where e.id = $1",
        id
    )?;
    let Some((number, newsletter)) = row else { return Ok(()) };
    tell(tx, event, json!({ "edition": id, "number": number, "newsletter": newsletter }), now).await
}

async fn anybody(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(fetch_value!(tx, i64, "select count(*) from webhooks where disabled_at is null")? > 0)
}

async fn tell(tx: &mut Tx, event: Event, data: Value, now: Timestamp) -> Result<(), StoreError> {
    let body = json!({ "type": event.as_str(), "timestamp": now.to_string(), "data": data }).to_string();
    let sql = match tx.conn() {
        Conn::Sqlite(_) => {
            "insert into webhook_deliveries (webhook_id, uid, event, body, next_at, created_at) \
             select id, 'msg_' || lower(hex(randomblob(16))), $1, $2, $3, $3 from webhooks \
             where disabled_at is null and (events = '' or ',' || events || ',' like '%,' || $1 || ',%')"
        }
        Conn::Postgres(_) => {
            "insert into webhook_deliveries (webhook_id, uid, event, body, next_at, created_at) \
             select id, 'msg_' || replace(cast(gen_random_uuid() as text), '-', ''), $1, $2, $3, $3 from webhooks \
             where disabled_at is null and (events = '' or ',' || events || ',' like '%,' || $1 || ',%')"
        }
    };
    execute!(tx, sql, event.as_str(), body.as_str(), now)?;
    Ok(())
}

/// Takes what is due. Whoever takes it has until `again` to note how it went; then somebody else tries.
pub async fn claim(
    tx: &mut Tx,
    limit: i64,
    now: Timestamp,
    again: Timestamp,
) -> Result<Vec<WebhookDeliveryRow>, StoreError> {
    let sql = match tx.conn() {
        Conn::Sqlite(_) => {
            "update webhook_deliveries set attempts = attempts + 1, next_at = $3 where id in \
             (select id from webhook_deliveries where state = 'queued' and next_at <= $2 order by next_at limit $1) \
             returning *"
        }
        Conn::Postgres(_) => {
            "update webhook_deliveries set attempts = attempts + 1, next_at = $3 where id in \
             (select id from webhook_deliveries where state = 'queued' and next_at <= $2 order by next_at limit $1 \
              for update skip locked) returning *"
        }
    };
    fetch_all!(tx, WebhookDeliveryRow, sql, limit, now, again)
}

/// How an attempt ended: told, given up, or to be tried again at `next_at`.
pub async fn settle(
    tx: &mut Tx,
    id: i64,
    state: &str,
    answer: &str,
    next_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "update webhook_deliveries set state = $2, last_answer = $3, next_at = $4, \
         finished_at = case when $2 = 'queued' then null else $5 end where id = $1 and state = 'queued'",
        id,
        state,
        answer,
        next_at,
        now
    )?;
    Ok(())
}

/// Tells one thing again, under the id it had.
pub async fn replay(tx: &mut Tx, webhook_id: i64, id: i64, now: Timestamp) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update webhook_deliveries set state = 'queued', attempts = 0, next_at = $3, finished_at = null \
         where webhook_id = $1 and id = $2",
        webhook_id,
        id,
        now
    )?;
    Ok(touched == 1)
}

/// What one was told, or is still to be told, newest first; before `before`.
pub async fn page(
    on: &mut impl Access,
    webhook_id: i64,
    before: i64,
    limit: i64,
) -> Result<Vec<WebhookDeliveryRow>, StoreError> {
    fetch_all!(
        on,
        WebhookDeliveryRow,
        "select * from webhook_deliveries where webhook_id = $1 and id < $2 order by id desc limit $3",
        webhook_id,
        before,
        limit
    )
}

/// Forgets what was told or given up before.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, "delete from webhook_deliveries where state <> 'queued' and finished_at < $1", before)
}
