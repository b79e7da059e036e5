//! What mail services call to tell what came back. They bring no token of ours: each proves itself in its own way.

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use futures_util::future::LocalBoxFuture;

use super::Answered;
use crate::flows::feedback::service::{self, ServiceError};
use crate::mail::service::{Call, CallError, Service};
use crate::web::Web;
use crate::web::body::read;
use crate::web::problem::{Problem, ProblemBody};

/// Longest body, in bytes: services send some hundred events at once, and a report with its message.
const MOST_BYTES: usize = 2 * 1024 * 1024;

/// A body as it came: signatures are about its bytes.
pub struct Raw(Bytes);

impl FromRequest for Raw {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move { read(&request, &mut payload, MOST_BYTES).await.map(Self) })
    }
}

/// Tell what came back
///
/// For the webhooks of mail services: `ses`, `postmark`, `mailgun`, `sendgrid` or `brevo`. The body is theirs, and so is
/// the way in which it proves where it comes from; the settings hold the secret for it.
#[utoipa::path(post, path = "/api/v1/feedback/{provider}", tag = "feedback", params(("provider" = String, Path)),
    request_body(content = Vec<u8>, content_type = "application/json"), security(()),
    responses((status = 204), (status = 400, body = ProblemBody), (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn take(web: Data<Web>, provider: Path<String>, request: HttpRequest, body: Raw) -> Answered {
    let service: Service = provider.parse().map_err(|_| Problem::NotFound("mail service of this name".to_owned()))?;
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let call = Call {
        authorization: header(AUTHORIZATION.as_str()),
        signature: header("x-twilio-email-event-webhook-signature"),
        timestamp: header("x-twilio-email-event-webhook-timestamp"),
        body: &body.0,
    };
    match service::call(&web.house, service, call).await {
        Ok(()) => Ok(HttpResponse::NoContent().finish()),
        Err(ServiceError::NotSetUp) => Err(Problem::NotFound("set-up for calls of this mail service".to_owned())),
        Err(ServiceError::Call(CallError::Unproven)) => Err(Problem::Unauthorised),
        Err(ServiceError::Call(error)) => Err(Problem::bad(error.to_string())),
        Err(ServiceError::Flow(error)) => Err(error.into()),
    }
}
