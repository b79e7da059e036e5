//! Who may sign in at the desk: told, and shut out. Letting somebody in is for the desk and the command line, where whoever
//! does it proves who they are: a token that leaked could make itself an administrator with it.

use actix_web::web::{Data, Path};

use super::caller::Admin;
use super::input::Query;
use super::newsletters::PageQuery;
use super::{Answered, Listed, ok};
use crate::answers::UserAnswer;
use crate::flows::users;
use crate::web::Web;
use crate::web::problem::ProblemBody;

/// Who may sign in at the desk
#[utoipa::path(get, path = "/api/v1/users", tag = "house", params(PageQuery),
    responses((status = 200, body = Listed<UserAnswer>), (status = 403, body = ProblemBody)))]
pub async fn list(web: Data<Web>, _: Admin, query: Query<PageQuery>) -> Answered {
    let (_, page) = query.with(PageQuery::page)?;
    let mut rows = users::all(&web.house).await?;
    rows.sort_by_key(|row| row.id);
    rows.retain(|row| page.after.is_none_or(|after| row.id > after));
    rows.truncate(usize::try_from(page.limit).unwrap_or(0));
    let next = page.next(&rows, |row| row.id);
    ok(&Listed { items: rows.into_iter().map(UserAnswer::from).collect(), next })
}

/// Shut somebody out at once
///
/// All their sessions end. The last administrator who can sign in stays. Letting somebody in, or in again, is for the desk
/// and the command line.
#[utoipa::path(post, path = "/api/v1/users/{id}/disable", tag = "house", params(("id" = i64, Path)),
    responses((status = 200, body = UserAnswer), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn disable(web: Data<Web>, admin: Admin, id: Path<i64>) -> Answered {
    ok(&UserAnswer::from(users::set_disabled(&web.house, *id, true, &admin.actor).await?))
}
