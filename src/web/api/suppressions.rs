//! Addresses that must not be mailed.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Deserialize;
use utoipa::ToSchema;

use super::caller::Admin;
use super::input::{Json, Query};
use super::newsletters::PageQuery;
use super::{Answered, Listed, created, ok};
use crate::answers::SuppressionAnswer;
use crate::domain::address::EmailAddress;
use crate::domain::suppression::SuppressionReason;
use crate::flows::suppress;
use crate::store::suppressions;
use crate::web::Web;
use crate::web::problem::ProblemBody;

/// Which address, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuppressionInput {
    #[schema(value_type = String, format = Email)]
    email: EmailAddress,
    /// bounced, complained, unsubscribed, erased, imported, or manual where nothing is said.
    #[serde(default)]
    reason: Option<SuppressionReason>,
    #[serde(default)]
    note: Option<String>,
}

/// Which address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuppressedInput {
    #[schema(value_type = String, format = Email)]
    email: EmailAddress,
}

/// Addresses that must not be mailed
#[utoipa::path(get, path = "/api/v1/suppressions", tag = "suppressions", params(PageQuery),
    responses((status = 200, body = Listed<SuppressionAnswer>), (status = 403, body = ProblemBody)))]
pub async fn list(web: Data<Web>, _: Admin, query: Query<PageQuery>) -> Answered {
    let (_, page) = query.with(PageQuery::page)?;
    let mut reader = web.house.db.read().await?;
    let rows = suppressions::page(&mut reader, page.after.unwrap_or(0), page.limit).await?;
    let next = page.next(&rows, |row| row.id);
    ok(&Listed { items: rows.into_iter().map(SuppressionAnswer::from).collect(), next })
}

/// Suppress an address
///
/// It is not mailed any more, whatever list it comes with.
#[utoipa::path(post, path = "/api/v1/suppressions", tag = "suppressions", request_body = SuppressionInput,
    responses((status = 201, body = SuppressionAnswer), (status = 400, body = ProblemBody)))]
pub async fn add(web: Data<Web>, admin: Admin, body: Json<SuppressionInput>) -> Answered {
    let SuppressionInput { email, reason, note } = body.value?;
    let reason = reason.unwrap_or(SuppressionReason::Manual);
    created(&SuppressionAnswer::from(suppress::add(&web.house, &email, reason, note.as_deref(), &admin.actor).await?))
}

/// Lift a suppression
///
/// The address may be mailed again, when it asks to be.
#[utoipa::path(delete, path = "/api/v1/suppressions", tag = "suppressions", request_body = SuppressedInput,
    responses((status = 204), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn remove(web: Data<Web>, admin: Admin, body: Json<SuppressedInput>) -> Answered {
    suppress::remove(&web.house, &body.value?.email, &admin.actor).await?;
    Ok(HttpResponse::NoContent().finish())
}
