//! Whom to tell of what happens: other programs, by signed calls.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::Admin;
use super::input::{Json, Query};
use super::newsletters::PageQuery;
use super::{Answered, Listed, created, ok};
use crate::domain::time::Timestamp;
use crate::domain::webhook::Event;
use crate::flows::webhooks::{self, no_webhook};
use crate::store::webhooks::{self as store, WebhookDeliveryRow, WebhookRow};
use crate::web::Web;
use crate::web::problem::ProblemBody;

/// Whom to tell, and of what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookInput {
    /// Is called with POST; redirects are not followed.
    url: String,
    /// `subscriber.confirmed`, `edition.completed` …; all where nothing is said.
    #[schema(value_type = Vec<String>)]
    #[serde(default)]
    events: Vec<Event>,
}

/// Which one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedWebhook {
    id: i64,
}

/// Somebody who is told.
#[derive(Serialize, ToSchema)]
pub struct WebhookAnswer {
    id: i64,
    url: String,
    /// Empty means all.
    events: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    disabled_at: Option<Timestamp>,
    disabled_reason: Option<String>,
    /// Checks the signatures, as in the Standard Webhooks specification. Shown when it is made, never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl From<WebhookRow> for WebhookAnswer {
    fn from(row: WebhookRow) -> Self {
        Self {
            id: row.id,
            url: row.url,
            events: row.events.split(',').filter(|event| !event.is_empty()).map(str::to_owned).collect(),
            created_at: row.created_at,
            disabled_at: row.disabled_at,
            disabled_reason: row.disabled_reason,
            secret: None,
        }
    }
}

/// One thing that was told, or is still to be told.
#[derive(Serialize, ToSchema)]
pub struct WebhookDeliveryAnswer {
    id: i64,
    /// The header `webhook-id`, the same in every attempt.
    webhook_id: String,
    event: String,
    /// queued, delivered or failed.
    state: String,
    attempts: i64,
    /// The status of the last answer, or why there was none.
    last_answer: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    next_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

impl From<WebhookDeliveryRow> for WebhookDeliveryAnswer {
    fn from(row: WebhookDeliveryRow) -> Self {
        Self {
            id: row.id,
            webhook_id: row.uid,
            event: row.event,
            next_at: (row.state == "queued").then_some(row.next_at),
            state: row.state,
            attempts: row.attempts,
            last_answer: row.last_answer,
            created_at: row.created_at,
            finished_at: row.finished_at,
        }
    }
}

/// Who is told of what happens
#[utoipa::path(get, path = "/api/v1/webhooks", tag = "webhooks", params(PageQuery),
    responses((status = 200, body = Listed<WebhookAnswer>), (status = 403, body = ProblemBody)))]
pub async fn list(web: Data<Web>, _: Admin, query: Query<PageQuery>) -> Answered {
    let (_, page) = query.with(PageQuery::page)?;
    let mut rows = store::all(&mut web.house.db.read().await?).await?;
    rows.retain(|row| page.after.is_none_or(|after| row.id > after));
    rows.truncate(usize::try_from(page.limit).unwrap_or(0));
    let next = page.next(&rows, |row| row.id);
    ok(&Listed { items: rows.into_iter().map(WebhookAnswer::from).collect(), next })
}

/// Tell a program what happens
///
/// Each event is one POST with a body of `{"type", "timestamp", "data"}`: ids, no addresses of people. It is signed as in
/// the Standard Webhooks specification and tried ten times over three days. An answer of 410 ends it.
#[utoipa::path(post, path = "/api/v1/webhooks", tag = "webhooks", request_body = WebhookInput,
    responses((status = 201, body = WebhookAnswer), (status = 400, body = ProblemBody),
    (status = 403, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn add(web: Data<Web>, admin: Admin, body: Json<WebhookInput>) -> Answered {
    let look = async |rest: WebhookInput| Ok(webhooks::callable(&web.house, &rest.url).map(drop)?);
    let WebhookInput { url, events } = body.or_every_fault(look).await?;
    let row = webhooks::add(&web.house, &url, &events, &admin.actor).await?;
    let secret = Some(webhooks::secret(&web.house, &row));
    created(&WebhookAnswer { secret, ..row.into() })
}

/// Tell a program nothing more
#[utoipa::path(delete, path = "/api/v1/webhooks/{id}", tag = "webhooks", params(("id" = i64, Path)),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn remove(web: Data<Web>, admin: Admin, id: Path<i64>) -> Answered {
    webhooks::remove(&web.house, *id, &admin.actor).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Tell a program nothing more, by the id in the body
#[utoipa::path(delete, path = "/api/v1/webhooks", tag = "webhooks", request_body = NamedWebhook,
    responses((status = 204), (status = 400, body = ProblemBody), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub async fn remove_named(web: Data<Web>, admin: Admin, body: Json<NamedWebhook>) -> Answered {
    webhooks::remove(&web.house, body.value?.id, &admin.actor).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Tell a program nothing more for now
///
/// It keeps its secret. What it was still to be told is given up, and can be told again one by one.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/disable", tag = "webhooks", params(("id" = i64, Path)),
    responses((status = 200, body = WebhookAnswer), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn disable(web: Data<Web>, admin: Admin, id: Path<i64>) -> Answered {
    webhooks::disable(&web.house, *id, &admin.actor).await?;
    shown(&web, *id).await
}

/// Tell a program again
///
/// Also one that had answered that it is gone.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/enable", tag = "webhooks", params(("id" = i64, Path)),
    responses((status = 200, body = WebhookAnswer), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn enable(web: Data<Web>, admin: Admin, id: Path<i64>) -> Answered {
    webhooks::enable(&web.house, *id, &admin.actor).await?;
    shown(&web, *id).await
}

/// Give a program another secret
///
/// The answer shows it this once. For a day both sign, so that the other side can change in its own time.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/rotate", tag = "webhooks", params(("id" = i64, Path)),
    responses((status = 200, body = WebhookAnswer), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn rotate(web: Data<Web>, admin: Admin, id: Path<i64>) -> Answered {
    let row = webhooks::rotate(&web.house, *id, &admin.actor).await?;
    let secret = Some(webhooks::secret(&web.house, &row));
    ok(&WebhookAnswer { secret, ..row.into() })
}

async fn shown(web: &Web, id: i64) -> Answered {
    let row = store::by_id(&mut web.house.db.read().await?, id).await?.ok_or_else(|| no_webhook(id))?;
    ok(&WebhookAnswer::from(row))
}

/// What a program was told
///
/// Newest first, for 30 days.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/deliveries", tag = "webhooks", params(("id" = i64, Path), PageQuery),
    responses((status = 200, body = Listed<WebhookDeliveryAnswer>), (status = 403, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub async fn deliveries(web: Data<Web>, _: Admin, id: Path<i64>, query: Query<PageQuery>) -> Answered {
    let (_, page) = query.with(PageQuery::page)?;
    let mut reader = web.house.db.read().await?;
    store::by_id(&mut reader, *id).await?.ok_or_else(|| no_webhook(*id))?;
    let rows = store::page(&mut reader, *id, page.after.unwrap_or(i64::MAX), page.limit).await?;
    let next = page.next(&rows, |row| row.id);
    ok(&Listed { items: rows.into_iter().map(WebhookDeliveryAnswer::from).collect(), next })
}

/// Tell one thing again
///
/// It is the same message with the same id, and all its attempts are before it.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/deliveries/{delivery}/replay", tag = "webhooks",
    params(("id" = i64, Path), ("delivery" = i64, Path)),
    responses((status = 202), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn replay(web: Data<Web>, admin: Admin, at: Path<(i64, i64)>) -> Answered {
    let (id, delivery) = at.into_inner();
    webhooks::replay(&web.house, id, delivery, &admin.actor).await?;
    Ok(HttpResponse::Accepted().finish())
}
