//! A mail service's call, taken: proven first, then applied like a report.

use std::time::Duration;

use super::{FlowError, House, hear};
use crate::content::fetch::FetchRequest;
use crate::domain::time::Timestamp;
use crate::mail::service::ses::{Envelope, Proven, is_of_sns};
use crate::mail::service::{self, Call, CallError, Said, Service};
use crate::store::limits;

/// How far the moment of a signature may be from ours: a service that we were away from tries again for days, with the
/// same signature. For as long, twice, it is remembered which calls were dealt with.
const NEAR: Duration = Duration::from_secs(3 * 24 * 3600);

/// Why a call came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The settings do not say how this service proves itself.
    #[error("nothing is set up for calls of this mail service; see POSTDUIF_FEEDBACK_… in the reference of settings")]
    NotSetUp,
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

/// Takes one call.
///
/// # Errors
/// [`ServiceError`]; after any but [`CallError`] the service should call again.
pub async fn call(house: &House, service: Service, call: Call<'_>) -> Result<(), ServiceError> {
    let secrets = &house.config.feedback;
    let all = match service {
        Service::Ses => return ses(house, call.body).await,
        Service::Postmark => service::postmark(&call, set(secrets.postmark.as_ref())?.reveal())?,
        Service::Brevo => service::brevo(&call, set(secrets.brevo.as_ref())?.reveal())?,
        Service::Mailgun => {
            let (stamp, said) = service::mailgun(&call, set(secrets.mailgun.as_ref())?.reveal())?;
            near(house, Timestamp::from_seconds(stamp.signed_at))?;
            return once(house, "mailgun", &stamp.token, said).await;
        }
        Service::Sendgrid => {
            let (signed_at, said) = service::sendgrid(&call, set(secrets.sendgrid.as_ref())?)?;
            near(house, Timestamp::from_seconds(signed_at))?;
            return once(house, "sendgrid", call.signature, said).await;
        }
    };
    hear_all(house, all).await
}

async fn hear_all(house: &House, all: Vec<Said>) -> Result<(), ServiceError> {
    for Said { clues, verdict } in all {
        hear(house, &clues, verdict).await?;
    }
    Ok(())
}

fn set<T>(secret: Option<&T>) -> Result<&T, ServiceError> {
    secret.ok_or(ServiceError::NotSetUp)
}

fn near(house: &House, signed_at: Timestamp) -> Result<(), ServiceError> {
    let now = house.clock.now();
    let is_near = now.since(signed_at) <= NEAR && signed_at.since(now) <= NEAR;
    if is_near { Ok(()) } else { Err(CallError::Unproven.into()) }
}

/// Takes a call unless one with the same signature was dealt with. Noted only after that: a call that failed half-way
/// comes again, and what was applied of it is known by the ledger.
async fn once(house: &House, kind: &'static str, signature: &str, all: Vec<Said>) -> Result<(), ServiceError> {
    let key = house.keys.hash_text(signature);
    let since = house.clock.now().minus(2 * NEAR);
    if limits::count(&mut house.db.read().await.map_err(FlowError::from)?, kind, &key, since)
        .await
        .map_err(FlowError::from)?
        > 0
    {
        return Ok(());
    }
    hear_all(house, all).await?;
    Ok(remember(house, kind, &key).await?)
}

async fn remember(house: &House, kind: &'static str, key: &[u8]) -> Result<(), FlowError> {
    let mut tx = house.db.write().await?;
    limits::note(&mut tx, kind, key, house.clock.now()).await?;
    Ok(tx.commit().await?)
}

async fn ses(house: &House, body: &[u8]) -> Result<(), ServiceError> {
    let topics = &house.config.feedback.ses_topics;
    if topics.is_empty() {
        return Err(ServiceError::NotSetUp);
    }
    let envelope = Envelope::read(body)?;
    // Whoever has a topic of their own has a signature of Amazon's, too.
    if !topics.iter().any(|topic| topic == envelope.topic()) {
        return Err(CallError::Unproven.into());
    }
    let signed_at = Timestamp::parse(envelope.signed_at()).map_err(|_| CallError::Unproven)?;
    near(house, signed_at)?;
    let certificate = look_at(house, envelope.certificate_url()?).await?;
    match envelope.prove(&certificate)? {
        Proven::Said(all) => once(house, "ses", &String::from_utf8_lossy(body), all).await,
        Proven::MayICall(url) => {
            look_at(house, url).await?;
            tracing::info!("the topic of Amazon SNS may call from now on");
            Ok(())
        }
    }
}

/// Fetches from a host of SNS, through the same guard as any source.
async fn look_at(house: &House, url: url::Url) -> Result<Vec<u8>, ServiceError> {
    let request = FetchRequest::once(url, false);
    let unreachable = |why: String| FlowError::Conflict(format!("Amazon SNS cannot be reached: {why}"));
    let fetched = house.fetcher.fetch(request).await.map_err(|error| unreachable(error.to_string()))?;
    if !is_of_sns(&fetched.url) {
        return Err(CallError::Unproven.into());
    }
    let document = fetched.document.ok_or_else(|| unreachable("it answers with nothing".to_owned()))?;
    Ok(document.body)
}
