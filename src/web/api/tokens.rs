//! Tokens of this API: told, and revoked. Making one is for the desk and the command line: a token that leaked would outlive
//! its own end with it.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};

use super::caller::Admin;
use super::input::Query;
use super::newsletters::PageQuery;
use super::{Answered, Listed, ok};
use crate::answers::TokenAnswer;
use crate::flows::tokens;
use crate::web::Web;
use crate::web::problem::ProblemBody;

/// Tokens of the API
///
/// Without the tokens themselves, of which only a hash is kept; also those that hold no more. By id.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "house", params(PageQuery),
    responses((status = 200, body = Listed<TokenAnswer>), (status = 403, body = ProblemBody)))]
pub async fn list(web: Data<Web>, _: Admin, query: Query<PageQuery>) -> Answered {
    let (_, page) = query.with(PageQuery::page)?;
    let mut rows = tokens::all(&web.house).await?;
    rows.sort_by_key(|row| row.id);
    rows.retain(|row| page.after.is_none_or(|after| row.id > after));
    rows.truncate(usize::try_from(page.limit).unwrap_or(0));
    let next = page.next(&rows, |row| row.id);
    ok(&Listed { items: rows.into_iter().map(TokenAnswer::from).collect(), next })
}

/// Make a token worthless at once
///
/// Also the one that asks. Making a token is for the desk and the command line.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "house", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
pub async fn revoke(web: Data<Web>, admin: Admin, id: Path<i64>) -> Answered {
    tokens::revoke(&web.house, *id, &admin.actor).await?;
    Ok(HttpResponse::NoContent().finish())
}
