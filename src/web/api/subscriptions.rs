//! The one call that needs no token: asking for a newsletter.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Answered;
use super::caller::may_sign_up;
use super::idempotency::IdempotencyKey;
use super::input::Json;
use crate::domain::address::EmailAddress;
use crate::domain::consent::ConsentMeans;
use crate::domain::fault::Faults;
use crate::domain::language::Language;
use crate::flows::subscribe::{self, Answer, SignUpRequest};
use crate::flows::tally::Count;
use crate::web::Web;
use crate::web::client::Client;
use crate::web::evenly::{SHORT, evenly};
use crate::web::problem::{FieldFault, Problem, ProblemBody};

/// Who wants which newsletter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionInput {
    /// Its slug.
    newsletter: String,
    #[schema(value_type = String, format = Email)]
    email: EmailAddress,
    /// `nl` or `en`; left out, the newsletter's own.
    #[serde(default)]
    language: Option<Language>,
}

/// The same for every address, known or not.
#[derive(Serialize, ToSchema)]
pub struct SubscriptionAccepted {
    status: &'static str,
    detail: &'static str,
}

const ACCEPTED: SubscriptionAccepted = SubscriptionAccepted {
    status: "accepted",
    detail: "A mail is on its way to this address; whoever reads it there confirms by one button.",
};

/// Nobody signs a role's mailbox up, though an operator may look for one.
fn address(input: &SubscriptionInput) -> Result<EmailAddress, Faults> {
    EmailAddress::parse(input.email.as_str()).map_err(|error| Faults::one("email", error.to_string()))
}

/// Ask for a newsletter
///
/// Answers the same for every acceptable address; what differs is in the mail. The same limits as the form's. Honours
/// `Idempotency-Key`. Where the sign-up form asks for a proof of work, this call needs a token with the scope
/// `subscribers:write`.
#[utoipa::path(post, path = "/api/v1/subscriptions", tag = "subscriptions", request_body = SubscriptionInput, security(()),
    responses((status = 202, body = SubscriptionAccepted), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody),
    (status = 401, body = ProblemBody), (status = 403, body = ProblemBody), (status = 429, body = ProblemBody)))]
pub async fn subscribe(
    web: Data<Web>,
    request: HttpRequest,
    client: Client,
    key: IdempotencyKey,
    body: Json<SubscriptionInput>,
) -> Answered {
    // Programs do no work, so that it is no way around the form's.
    if web.house.config.signup_proof_of_work.is_some() {
        may_sign_up(&request).await?;
    }
    let digest = body.digest.clone();
    let input = body.or_every_fault(async |rest| Ok(address(&rest).map(drop)?)).await?;
    let email = address(&input).inspect_err(|_| web.house.tally.count(Count::SignupInvalid))?;
    let sign_up = SignUpRequest {
        newsletter: input.newsletter.clone(),
        email,
        language: input.language,
        means: ConsentMeans::Api,
        client: client.0,
        origin: Some("/api/v1/subscriptions".to_owned()),
        effort: None,
    };
    key.once(&web, &digest, async {
        match evenly(SHORT, subscribe::subscribe(&web.house, sign_up)).await? {
            Answer::LookInYourInbox => Ok((StatusCode::ACCEPTED, ACCEPTED)),
            Answer::TooMany { retry_after } => Err(Problem::TooMany { retry_after }),
            Answer::NoMailServer => {
                let message = "no mail server exists for the part after the @".to_owned();
                Err(Problem::faulty(vec![FieldFault { field: "email".to_owned(), message }]))
            }
            // Nothing was asked for, so nothing can have been used before.
            Answer::EffortUsed => Err(Problem::Internal),
        }
    })
    .await
}
