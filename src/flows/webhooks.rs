//! Telling other programs what happened: signed, again and again until they have heard it, never into a private network.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use url::Url;

use super::tally::Count;
use super::{FlowError, House};
use crate::content::post::{Posting, may_be_called};
use crate::domain::article::is_web;
use crate::domain::fault::Faults;
use crate::domain::time::Timestamp;
use crate::domain::webhook::{Event, pause_after};
use crate::store::webhooks::{self, WebhookDeliveryRow, WebhookRow};
use crate::store::{Durability, audit};

/// For one answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long an attempt belongs to the process that makes it: longer than its patience.
const CLAIM: Duration = Duration::from_secs(90);
const AT_ONCE: i64 = 20;
/// What was told, for whoever wants it told again.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// The other side is gone and says so.
const GONE: u16 = 410;
/// How long the secret before signs as well.
const BOTH_SIGN: Duration = Duration::from_secs(24 * 3600);
const MOST_WEBHOOKS: usize = 50;

/// Has an address told of these events from now on, or of all.
///
/// # Errors
/// [`FlowError::Invalid`] when the address is none, [`FlowError::Conflict`] when it is told already.
pub async fn add(house: &House, url: &str, events: &[Event], actor: &str) -> Result<WebhookRow, FlowError> {
    let url = callable(house, url)?;
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    if webhooks::all(&mut tx).await?.len() >= MOST_WEBHOOKS {
        return Err(FlowError::Conflict(format!("there are {MOST_WEBHOOKS} already; take one away first")));
    }
    let events: BTreeSet<&str> = events.iter().map(|event| event.as_str()).collect();
    let events = events.into_iter().collect::<Vec<_>>().join(",");
    let row = webhooks::insert(&mut tx, url.as_str(), &events, &house.link(), now).await?;
    let row = row.ok_or_else(|| FlowError::Conflict("this address is told already".to_owned()))?;
    audit::note(&mut tx, actor, "webhook.add", &row.id.to_string(), url.host_str().unwrap_or_default(), now).await?;
    tx.commit().await?;
    Ok(row)
}

/// An address that can be told something.
///
/// # Errors
/// Says what it must be.
pub fn callable(house: &House, url: &str) -> Result<Url, Faults> {
    let url = Url::parse(url).ok().filter(|url| is_web(url) && url.password().is_none());
    let url = url.ok_or_else(|| Faults::one("url", "must be an http or https address without a password in it"))?;
    // Names are looked at when they are called, because what they lead to may change.
    may_be_called(&url, house.config.webhooks_private).map_err(|error| {
        Faults::one("url", format!("{error}; POSTDUIF_WEBHOOKS_PRIVATE=true allows private networks and other ports"))
    })?;
    Ok(url)
}

/// Tells an address nothing more.
///
/// # Errors
/// [`FlowError::NotFound`] when there is none with this id.
pub async fn remove(house: &House, id: i64, actor: &str) -> Result<(), FlowError> {
    let mut tx = house.db.write().await?;
    if !webhooks::delete(&mut tx, id).await? {
        return Err(no_webhook(id));
    }
    audit::note(&mut tx, actor, "webhook.remove", &id.to_string(), "", house.clock.now()).await?;
    Ok(tx.commit().await?)
}

/// Tells an address again that was told nothing more, for instance because it had answered that it is gone.
///
/// # Errors
/// [`FlowError::NotFound`] when there is none with this id.
pub async fn enable(house: &House, id: i64, actor: &str) -> Result<(), FlowError> {
    let mut tx = house.db.write().await?;
    if !webhooks::enable(&mut tx, id).await? {
        return Err(no_webhook(id));
    }
    audit::note(&mut tx, actor, "webhook.enable", &id.to_string(), "", house.clock.now()).await?;
    Ok(tx.commit().await?)
}

/// Tells an address nothing more until it is switched on again; what it was still to be told is given up.
///
/// # Errors
/// [`FlowError::NotFound`] when there is none with this id.
pub async fn disable(house: &House, id: i64, actor: &str) -> Result<(), FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    if !webhooks::disable(&mut tx, id, "it was switched off", now).await? {
        return Err(no_webhook(id));
    }
    audit::note(&mut tx, actor, "webhook.disable", &id.to_string(), "", now).await?;
    Ok(tx.commit().await?)
}

/// Gives an address another secret. For a day both sign, so that the other side can change in its own time.
///
/// # Errors
/// [`FlowError::NotFound`] when there is none with this id.
pub async fn rotate(house: &House, id: i64, actor: &str) -> Result<WebhookRow, FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let row = webhooks::rotate(&mut tx, id, &house.link(), now.plus(BOTH_SIGN)).await?;
    let row = row.ok_or_else(|| no_webhook(id))?;
    audit::note(&mut tx, actor, "webhook.rotate", &id.to_string(), "", now).await?;
    tx.commit().await?;
    Ok(row)
}

/// Tells one thing again.
///
/// # Errors
/// [`FlowError::NotFound`] when that was never told, or too long ago.
pub async fn replay(house: &House, webhook: i64, delivery: i64, actor: &str) -> Result<(), FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    if !webhooks::replay(&mut tx, webhook, delivery, now).await? {
        return Err(FlowError::NotFound(format!("delivery {delivery} of webhook {webhook}")));
    }
    audit::note(&mut tx, actor, "webhook.replay", &webhook.to_string(), &delivery.to_string(), now).await?;
    Ok(tx.commit().await?)
}

/// “there is no webhook 7”.
pub fn no_webhook(id: i64) -> FlowError {
    FlowError::NotFound(format!("webhook {id}"))
}

/// The secret with which the other side checks signatures. It is derived, not stored.
pub fn secret(house: &House, webhook: &WebhookRow) -> String {
    format!("whsec_{}", STANDARD.encode(key(house, &webhook.link)))
}

fn key(house: &House, link: &[u8]) -> Vec<u8> {
    hmac::sign(&house.keys.derive("webhook"), link).as_ref().to_vec()
}

/// The signatures of a message, by the secret that holds and by the one before while it still does.
fn signatures(house: &House, webhook: &WebhookRow, id: &str, now: Timestamp, body: &str) -> String {
    let former = webhook.former_link.as_ref().filter(|_| webhook.former_until.is_some_and(|until| now < until));
    let keys = std::iter::once(&webhook.link).chain(former).map(|link| key(house, link));
    keys.map(|key| sign(&key, id, now.as_seconds(), body)).collect::<Vec<_>>().join(" ")
}

/// The signature of a message (Standard Webhooks 1.0).
pub fn sign(key: &[u8], id: &str, timestamp: i64, body: &str) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(tag))
}

/// Tells what is due, and forgets what was told long ago. How many were tried.
///
/// # Errors
/// When the database refuses; what was not noted is told again.
pub async fn tell_due(house: &House) -> Result<usize, FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let due = webhooks::claim(&mut tx, AT_ONCE, now, now.plus(CLAIM)).await?;
    if due.is_empty() {
        return Ok(0);
    }
    webhooks::forget(&mut tx, now.minus(KEPT)).await?;
    let all = webhooks::all(&mut tx).await?;
    tx.commit().await?;
    let count = due.len();
    let told = due.into_iter().filter_map(|delivery| {
        let webhook = all.iter().find(|webhook| webhook.id == delivery.webhook_id)?;
        Some(tell(house, webhook, delivery))
    });
    for told in join_all(told).await {
        told?;
    }
    Ok(count)
}

async fn tell(house: &House, webhook: &WebhookRow, delivery: WebhookDeliveryRow) -> Result<(), FlowError> {
    let answer = post(house, webhook, &delivery).await;
    let now = house.clock.now();
    let mut tx = house.db.write_with(Durability::Process).await?;
    let (heard, said) = match &answer {
        Ok(status) => ((200..300).contains(status), status.to_string()),
        Err(error) => (false, error.clone()),
    };
    let pause = pause_after(delivery.attempts, house.clock.fraction());
    house.tally.count(match pause {
        _ if heard => Count::WebhookDelivered,
        Some(_) if answer != Ok(GONE) => Count::WebhookRetried,
        _ => Count::WebhookFailed,
    });
    match pause {
        _ if heard => webhooks::settle(&mut tx, delivery.id, "delivered", &said, now, now).await?,
        _ if answer == Ok(GONE) => {
            webhooks::settle(&mut tx, delivery.id, "failed", &said, now, now).await?;
            webhooks::disable(&mut tx, webhook.id, "it answered 410 Gone", now).await?;
            tracing::warn!(webhook = webhook.id, "a webhook says that it is gone, and is told nothing more");
        }
        Some(pause) => webhooks::settle(&mut tx, delivery.id, "queued", &said, now.plus(pause), now).await?,
        None => {
            webhooks::settle(&mut tx, delivery.id, "failed", &said, now, now).await?;
            tracing::warn!(webhook = webhook.id, attempts = delivery.attempts, "a webhook could not be told; given up");
        }
    }
    Ok(tx.commit().await?)
}

async fn post(house: &House, webhook: &WebhookRow, delivery: &WebhookDeliveryRow) -> Result<u16, String> {
    let url: Url = webhook.url.parse().map_err(|_| "its address is none".to_owned())?;
    let now: Timestamp = house.clock.now();
    let signature = signatures(house, webhook, &delivery.uid, now, &delivery.body);
    let posting = Posting {
        url,
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("webhook-id", delivery.uid.clone()),
            ("webhook-timestamp", now.as_seconds().to_string()),
            ("webhook-signature", signature),
        ],
        body: Some(delivery.body.clone().into_bytes()),
        allow_private: house.config.webhooks_private,
        patience: PATIENCE,
    };
    let posted = house.fetcher.post(posting).await.map_err(|error| error.to_string())?;
    Ok(posted.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_of_the_specifications_example() {
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
