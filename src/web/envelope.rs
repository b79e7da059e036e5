//! The frame around every answer: its headers, its request id, its line in the log, and words for what went wrong.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    RETRY_AFTER, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{Error, web};
use tracing::Instrument;

use super::Web;
use super::client;
use super::patience;
use super::problem::Problem;
use super::public::language_asked;
use super::traced;
use crate::domain::language::Language;
use crate::domain::token::hex;
use crate::pages;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const API_VERSION: HeaderName = HeaderName::from_static("api-version");
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// Nothing but our own style and icon, no script at all, forms to ourselves, in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";
/// The same for the form that other sites put into a frame.
const EMBED_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
                            base-uri 'none'; frame-ancestors *";
/// The form that asks for some work brings the script that does it, in the background where that may be.
const WORK_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; worker-src 'self'; img-src 'self' data:; \
                           form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const EMBED_WORK_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; worker-src 'self'; \
                                 img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors *";
/// The desk has a script of its own, and shows mails in a frame that may do nothing.
const DESK_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                           connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; \
                           frame-ancestors 'none'";
/// A mail shown in a frame of ours brings its style inside; nothing else of it may do anything.
pub const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; \
                               base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox";
/// A year, as the Dutch government's tests ask.
const HSTS: &str = "max-age=31536000";

/// Goes around every request.
pub async fn around(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let web = request.app_data::<web::Data<Web>>().expect("every application is made with its data").clone();
    let request_id = hex(&web.house.clock.random::<8>());
    // Whatever is said while it is answered carries its id; as an error's span, so that no filter leaves it out.
    let span = tracing::error_span!("request", request_id);
    let traced = traced::begun(&request, &request_id);
    let answer = patience::with(next.call(request)).instrument(span).instrument(traced.clone());
    let answer = answer.await?.map_into_boxed_body();
    let answer = if answer.status().is_client_error() || answer.status().is_server_error() {
        explained(answer, &request_id)
    } else {
        answer
    };
    let answer = patience::while_streaming(answer);
    let https = client::is_https(answer.request());
    let answer = with_headers(answer, &request_id, https);
    let (request, took, status) = (answer.request(), started.elapsed(), answer.status().as_u16());
    // The pattern, not the path: a path may hold a token.
    let pattern = request.match_pattern();
    let route = pattern.as_deref().unwrap_or("-");
    web.requests.count(request.method().as_str(), route, status, took);
    traced::answered(&traced, request.method().as_str(), route, status);
    tracing::info!(
        method = %request.method(),
        route,
        status,
        millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        request_id,
        "answered"
    );
    Ok(answer)
}

/// Gives an error its words: a page for people, a problem (RFC 9457) for programs. An answer that has a body has
/// its words already.
fn explained(answer: ServiceResponse<BoxBody>, request_id: &str) -> ServiceResponse<BoxBody> {
    if !matches!(answer.response().body().size(), actix_web::body::BodySize::None | actix_web::body::BodySize::Sized(0))
        && answer.response().error().is_none()
    {
        return answer;
    }
    let status = answer.status();
    let known = answer.response().error().and_then(|error| error.as_error::<Problem>());
    let stand_in = Problem::of_status(status);
    let problem = known.unwrap_or(&stand_in);
    let (kind, body) = if answer.request().path().starts_with("/api/") {
        ("application/problem+json", json(problem, request_id))
    } else {
        let language =
            language_asked(answer.request()).unwrap_or_else(|| preferred_language(answer.request().headers()));
        ("text/html; charset=utf-8", page(problem, language, request_id))
    };
    if status.is_server_error() {
        tracing::error!(request_id, status = status.as_u16(), "{problem}");
    }
    answer.map_body(|head, _| {
        head.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        head.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        BoxBody::new(body)
    })
}

fn json(problem: &Problem, request_id: &str) -> String {
    serde_json::to_string(&problem.body(request_id)).expect("texts and numbers always become JSON")
}

fn page(problem: &Problem, language: Language, request_id: &str) -> String {
    use pages::problem::Problem as Shown;
    let shown = match problem {
        Problem::BadInput { .. } | Problem::TooLarge { .. } | Problem::TooSlow | Problem::MediaType { .. } => {
            Shown::BadRequest
        }
        Problem::Unauthorised | Problem::NotAllowed(_) | Problem::MissingScope(_) | Problem::Foreign => {
            Shown::Forbidden
        }
        Problem::NotFound(_) => Shown::NotFound,
        Problem::BrokenLink => Shown::BrokenLink,
        Problem::Withdrawn => Shown::Withdrawn,
        Problem::Method | Problem::Conflict(_) => Shown::Method,
        Problem::TooMany { retry_after } => Shown::TooMany { minutes: super::public::minutes(*retry_after) },
        Problem::Unavailable => Shown::Unavailable,
        Problem::Internal => Shown::Internal { request_id },
    };
    pages::problem::page(language, None, shown).into_string()
}

/// The browser's first wish among the languages we speak, as far as its order tells.
pub fn preferred_language(headers: &HeaderMap) -> Language {
    let wishes = headers.get("accept-language").and_then(|value| value.to_str().ok()).unwrap_or_default();
    wishes.split(',').find_map(|wish| wish.trim().get(..2)?.to_ascii_lowercase().parse().ok()).unwrap_or_default()
}

/// Whether the sign-up form may stand there.
fn has_form(path: &str) -> bool {
    let rest = path.strip_prefix("/n/").map(|rest| rest.split_once('/').map_or("", |(_, rest)| rest));
    path == "/" || rest.is_some_and(|rest| matches!(rest, "" | "subscribe" | "embed"))
}

fn with_headers(mut answer: ServiceResponse<BoxBody>, request_id: &str, https: bool) -> ServiceResponse<BoxBody> {
    let path = answer.request().path();
    let embed = path.starts_with("/n/") && path.ends_with("/embed");
    let by_token = ["/c/", "/u/", "/p/"].iter().any(|start| path.starts_with(start)) || path == "/p";
    let api = path.starts_with("/api/");
    let desk = path == "/admin" || path.starts_with("/admin/");
    let web = answer.request().app_data::<web::Data<Web>>();
    let works = web.is_some_and(|web| web.house.config.signup_proof_of_work.is_some()) && has_form(path);
    let is_away = answer.status() == StatusCode::SERVICE_UNAVAILABLE;
    let headers = answer.headers_mut();
    // A form that could not be stored is a page of its own, and nothing is known of how long it will take either.
    if is_away && !headers.contains_key(RETRY_AFTER) {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("60"));
    }
    // Who brings a policy of its own says there as well who may frame it.
    let own_policy = headers.contains_key(CONTENT_SECURITY_POLICY);
    let mut set = |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
    if !own_policy {
        let policy = match (embed, desk) {
            (true, _) if works => EMBED_WORK_POLICY,
            (true, _) => EMBED_POLICY,
            (_, true) => DESK_POLICY,
            _ if works => WORK_POLICY,
            _ => POLICY,
        };
        set(CONTENT_SECURITY_POLICY, policy);
    }
    if api {
        set(API_VERSION, env!("CARGO_PKG_VERSION"));
    }
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Not `no-referrer`: browsers would send `Origin: null` from our own pages.
    set(REFERRER_POLICY, "same-origin");
    if !embed && !own_policy {
        set(X_FRAME_OPTIONS, "DENY");
    }
    if https {
        set(STRICT_TRANSPORT_SECURITY, HSTS);
    }
    if by_token || desk {
        set(ROBOTS, "noindex");
    }
    // A challenge is for one visitor.
    if by_token || works || ((api || desk) && !headers.contains_key(CACHE_CONTROL)) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
    answer
}
