//! Everything that can stand between a request and its answer: one catalogue, for pages and for the API alike.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::domain::fault::{Fault, Faults};
use crate::domain::role::Role;
use crate::domain::scope::Scope;
use crate::flows::FlowError;
use crate::store::StoreError;

/// Why a request is not answered as it was meant to be. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The input is wrong; with every fault that was found.
    #[error("{detail}")]
    BadInput { detail: String, faults: Vec<FieldFault> },
    #[error("a token is needed: Authorization: Bearer pd_live_…")]
    Unauthorised,
    #[error("this needs a token with the role {0}")]
    NotAllowed(Role),
    #[error("this needs a token with the scope {0}")]
    MissingScope(Scope),
    /// A button pressed from a page that is not ours.
    #[error("the request came from another site")]
    Foreign,
    #[error("there is no {0}")]
    NotFound(String),
    /// A token in a link that is none of ours, or half of one.
    #[error("this link is not one of ours, or was cut off")]
    BrokenLink,
    /// An edition taken out of the archive.
    #[error("this edition was taken out of the archive")]
    Withdrawn,
    #[error("this method does nothing here")]
    Method,
    #[error("the body came too slowly")]
    TooSlow,
    #[error("{0}")]
    Conflict(String),
    #[error("the body is longer than {most} bytes")]
    TooLarge { most: usize },
    #[error("the body must be {wanted}")]
    MediaType { wanted: &'static str },
    #[error("too often; try again later")]
    TooMany { retry_after: Duration },
    /// The database does not answer or cannot store.
    #[error("the database does not answer; nothing was stored")]
    Unavailable,
    #[error("something went wrong on our side")]
    Internal,
}

/// One field, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldFault {
    /// Its name in the body or the query.
    pub field: String,
    /// What is wrong, and what to do.
    pub message: String,
}

/// An error as the API tells it (RFC 9457).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemBody {
    /// Which kind of problem: a place in our description of the API.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: &'static str,
    pub status: u16,
    /// What is wrong this time, and what to do.
    pub detail: String,
    /// Every fault of the input at once; only with status 400.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldFault>,
    /// By this the request is found in the log.
    pub request_id: String,
}

/// Every kind of problem that the API tells: its word, its status, its title. The page about the API lists them.
pub const CATALOGUE: &[(&str, u16, &str)] = &[
    ("bad-input", 400, "The input is wrong"),
    ("unauthorised", 401, "A valid token is needed"),
    ("not-allowed", 403, "The token's role does not allow this"),
    ("missing-scope", 403, "The token was not made for this"),
    ("foreign-origin", 403, "The request came from another site"),
    ("not-found", 404, "There is no such thing"),
    ("broken-link", 404, "The link is not one of ours"),
    ("method", 405, "The method does nothing here"),
    ("too-slow", 408, "The body came too slowly"),
    ("conflict", 409, "The state of things forbids it"),
    ("withdrawn", 410, "The edition was withdrawn"),
    ("too-large", 413, "The body is too large"),
    ("media-type", 415, "The body is of another kind"),
    ("rate-limited", 429, "Too often"),
    ("internal", 500, "Something went wrong on our side"),
    ("unavailable", 503, "The database does not answer"),
];

impl Problem {
    /// Input that is wrong as a whole.
    pub fn bad(detail: impl Into<String>) -> Self {
        Self::BadInput { detail: detail.into(), faults: Vec::new() }
    }

    /// Input with faults in its fields.
    pub fn faulty(faults: Vec<FieldFault>) -> Self {
        let detail = faults.iter().map(|fault| format!("{}: {}", fault.field, fault.message)).collect::<Vec<_>>();
        Self::BadInput { detail: detail.join("; "), faults }
    }

    /// The problem of an answer that came with a status alone, from actix or from a missing route.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthorised,
            StatusCode::FORBIDDEN => Self::Foreign,
            StatusCode::NOT_FOUND => Self::NotFound("page at this address".to_owned()),
            StatusCode::METHOD_NOT_ALLOWED => Self::Method,
            StatusCode::REQUEST_TIMEOUT => Self::TooSlow,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge { most: 0 },
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            status if status.is_client_error() => Self::bad("the request cannot be understood"),
            _ => Self::Internal,
        }
    }

    /// A word for it, the same for ever: scripts tell problems apart by it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::BadInput { .. } => "bad-input",
            Self::Unauthorised => "unauthorised",
            Self::NotAllowed(_) => "not-allowed",
            Self::MissingScope(_) => "missing-scope",
            Self::Foreign => "foreign-origin",
            Self::NotFound(_) => "not-found",
            Self::BrokenLink => "broken-link",
            Self::Withdrawn => "withdrawn",
            Self::Method => "method",
            Self::TooSlow => "too-slow",
            Self::Conflict(_) => "conflict",
            Self::TooLarge { .. } => "too-large",
            Self::MediaType { .. } => "media-type",
            Self::TooMany { .. } => "rate-limited",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    /// The line of the catalogue.
    fn entry(&self) -> (&'static str, u16, &'static str) {
        let kind = self.kind();
        let found = CATALOGUE.iter().find(|(known, _, _)| *known == kind);
        *found.expect("every kind stands in the catalogue; a test makes sure")
    }

    /// How the API tells it.
    pub fn body(&self, request_id: &str) -> ProblemBody {
        let errors = match self {
            Self::BadInput { faults, .. } => faults.clone(),
            _ => Vec::new(),
        };
        let (kind, status, title) = self.entry();
        ProblemBody {
            kind: format!("/api/docs#{kind}"),
            title,
            status,
            detail: self.to_string(),
            errors,
            request_id: request_id.to_owned(),
        }
    }
}

/// The status and its headers; the frame around every answer adds the words.
impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.entry().1).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status_code());
        match self {
            Self::Unauthorised => answer.insert_header((WWW_AUTHENTICATE, "Bearer")),
            // RFC 6750 section 3.1.
            Self::MissingScope(scope) => answer
                .insert_header((WWW_AUTHENTICATE, format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\""))),
            Self::TooMany { retry_after } => answer.insert_header((RETRY_AFTER, retry_after.as_secs().max(1))),
            Self::Unavailable => answer.insert_header((RETRY_AFTER, 60)),
            Self::Method => answer.insert_header((ALLOW, "")),
            _ => &mut answer,
        };
        answer.finish()
    }
}

impl From<FlowError> for Problem {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::NotFound(what) => Self::NotFound(what),
            FlowError::Invalid(faults) => faults.into(),
            FlowError::Conflict(why) => Self::Conflict(why),
            FlowError::Store(error) => error.into(),
        }
    }
}

impl From<Fault> for FieldFault {
    fn from(fault: Fault) -> Self {
        Self { field: fault.field.to_owned(), message: fault.message }
    }
}

impl From<Faults> for Problem {
    fn from(faults: Faults) -> Self {
        Self::faulty(faults.0.into_iter().map(FieldFault::from).collect())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the database failed");
        Self::Unavailable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_stands_in_the_catalogue() {
        let all = [
            Problem::bad("x"),
            Problem::Unauthorised,
            Problem::NotAllowed(Role::Admin),
            Problem::MissingScope(Scope::EditionsSend),
            Problem::Foreign,
            Problem::NotFound("x".to_owned()),
            Problem::BrokenLink,
            Problem::Withdrawn,
            Problem::Method,
            Problem::TooSlow,
            Problem::Conflict("x".to_owned()),
            Problem::TooLarge { most: 1 },
            Problem::MediaType { wanted: "x" },
            Problem::TooMany { retry_after: Duration::ZERO },
            Problem::Unavailable,
            Problem::Internal,
        ];
        let kinds: Vec<&str> = all.iter().map(|problem| problem.entry().0).collect();
        assert!(CATALOGUE.iter().all(|(kind, _, _)| kinds.contains(kind)));
        assert_eq!(kinds.len(), CATALOGUE.len());
    }
}
