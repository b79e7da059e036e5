//! Addresses that must not be mailed.

use actix_web::web::Data;

use super::caller::Admin;
use super::input::Query;
use super::newsletters::PageQuery;
use super::{Answered, Listed, ok};
use crate::answers::SuppressionAnswer;
use crate::store::suppressions;
use crate::web::Web;
use crate::web::problem::ProblemBody;

/// Addresses that must not be mailed
#[utoipa::path(get, path = "/api/v1/suppressions", tag = "suppressions", params(PageQuery),
    responses((status = 200, body = Listed<SuppressionAnswer>), (status = 403, body = ProblemBody)))]
pub async fn list(web: Data<Web>, _: Admin, query: Query<PageQuery>) -> Answered {
    let page = query.0?.page()?;
    let mut reader = web.house.db.read().await?;
    let rows = suppressions::page(&mut reader, page.after.unwrap_or(0), page.limit).await?;
    let next = page.next(&rows, |row| row.id);
    ok(&Listed { items: rows.into_iter().map(SuppressionAnswer::from).collect(), next })
}
