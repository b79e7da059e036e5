//! `Idempotency-Key`: a POST that mails, sent twice with the same key and body, happens once and is answered twice.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderName};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use aws_lc_rs::hmac;
use serde::Serialize;

use super::Answered;
use crate::domain::time::Timestamp;
use crate::store::idempotency;
use crate::web::Web;
use crate::web::problem::{FieldFault, Problem};

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// Whoever has not answered by then has died over it.
const IN_HAND: Duration = Duration::from_secs(60);

/// The key of this request, if it has one, as a hash that belongs to this caller and this place alone.
pub struct IdempotencyKey(Option<Vec<u8>>);

impl FromRequest for IdempotencyKey {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Self::read(request))
    }
}

impl IdempotencyKey {
    fn read(request: &HttpRequest) -> Result<Self, Problem> {
        let Some(key) = request.headers().get(HEADER) else { return Ok(Self(None)) };
        if key.is_empty() || key.len() > 255 {
            let message = "must have 1 to 255 characters".to_owned();
            return Err(Problem::faulty(vec![FieldFault { field: HEADER.to_string(), message }]));
        }
        let web = request.app_data::<Data<Web>>().ok_or(Problem::Internal)?;
        let caller = request.headers().get(AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
        let mut context = hmac::Context::with_key(&web.house.keys.derive("idempotency"));
        for part in [caller, request.path().as_bytes(), key.as_bytes()] {
            context.update(&part.len().to_be_bytes());
            context.update(part);
        }
        Ok(Self(Some(context.sign().as_ref().to_vec())))
    }

    /// Does `work` unless it was done before under this key; then tells again what came of it.
    ///
    /// # Errors
    /// Those of the work, which is then as good as never asked for; a conflict when the key came with another body,
    /// or when the first request with it is still in hand.
    pub async fn once<T: Serialize>(
        self,
        web: &Web,
        body: &[u8],
        work: impl Future<Output = Result<(StatusCode, T), Problem>>,
    ) -> Answered {
        let Some(key) = self.0 else {
            let (status, answer) = work.await?;
            return Ok(HttpResponse::build(status).json(answer));
        };
        if let Some(again) = told_before(web, &key, body).await? {
            return Ok(again);
        }
        let outcome = work.await;
        let mut tx = web.house.db.write().await?;
        match outcome {
            Ok((status, answer)) => {
                let text = serde_json::to_string(&answer).map_err(|_| Problem::Internal)?;
                idempotency::answered(&mut tx, &key, status.as_u16().into(), &text).await?;
                tx.commit().await?;
                Ok(json(status, text))
            }
            Err(problem) => {
                idempotency::release(&mut tx, &key).await?;
                tx.commit().await?;
                Err(problem)
            }
        }
    }
}

/// Takes the key, or tells what was answered under it.
async fn told_before(web: &Web, key: &[u8], body: &[u8]) -> Result<Option<HttpResponse>, Problem> {
    let now = web.house.clock.now();
    let mut tx = web.house.db.write().await?;
    idempotency::forget(&mut tx, now.minus(KEPT)).await?;
    if let Some(known) = idempotency::known(&mut tx, key).await? {
        if known.request_hash != body {
            return Err(Problem::Conflict(
                "this Idempotency-Key came with another body before; use a new one".to_owned(),
            ));
        }
        match u16::try_from(known.status).ok().and_then(|status| StatusCode::from_u16(status).ok()) {
            Some(status) => return Ok(Some(json(status, known.response))),
            None if is_in_hand(known.created_at, now) => return Err(in_hand()),
            None => idempotency::release(&mut tx, key).await?,
        }
    }
    if !idempotency::reserve(&mut tx, key, body, now).await? {
        return Err(in_hand());
    }
    tx.commit().await?;
    Ok(None)
}

fn is_in_hand(since: Timestamp, now: Timestamp) -> bool {
    now.since(since) < IN_HAND
}

fn in_hand() -> Problem {
    Problem::Conflict("the first request with this Idempotency-Key is still in hand; try again in a moment".to_owned())
}

fn json(status: StatusCode, text: String) -> HttpResponse {
    HttpResponse::build(status).content_type("application/json").body(text)
}
