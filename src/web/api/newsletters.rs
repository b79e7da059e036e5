//! Newsletters.

use actix_web::web::{Data, Path};

use super::caller::{Admin, Viewer};
use super::input::{Json, Page, Query};
use super::{Answered, Listed, created, ok};
use crate::answers::NewsletterAnswer;
use crate::domain::newsletter::NewsletterChange;
use crate::flows::newsletters;
use crate::web::Web;
use crate::web::problem::{Problem, ProblemBody};

/// Which page of a list.
#[derive(Default, serde::Deserialize, utoipa::IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// At most so many items, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

impl PageQuery {
    /// The page asked for.
    ///
    /// # Errors
    /// With every fault.
    pub fn page(&self) -> Result<Page, Problem> {
        Page::new(self.limit, self.cursor.as_deref())
    }

    /// The parameters as given, for a list with cursors of its own.
    pub fn parts(&self) -> (Option<i64>, Option<&str>) {
        (self.limit, self.cursor.as_deref())
    }
}

/// All newsletters
#[utoipa::path(get, path = "/api/v1/newsletters", tag = "newsletters", params(PageQuery),
    responses((status = 200, body = Listed<NewsletterAnswer>)))]
pub async fn list(web: Data<Web>, _: Viewer, query: Query<PageQuery>) -> Answered {
    let (_, page) = query.with(PageQuery::page)?;
    let all = NewsletterAnswer::all(&mut web.house.db.read().await?).await?;
    // There are few, so a page is cut out of all of them.
    let start = usize::try_from(page.after.unwrap_or(0)).unwrap_or(0);
    let end = start.saturating_add(usize::try_from(page.limit).unwrap_or(0));
    let next = (end < all.len()).then(|| end.to_string());
    let items = all.into_iter().skip(start).take(end - start).collect();
    ok(&Listed { items, next })
}

/// Make a newsletter
///
/// `slug`, `title` and `from` are needed; the rest has defaults.
#[utoipa::path(post, path = "/api/v1/newsletters", tag = "newsletters", request_body = NewsletterChange,
    responses((status = 201, body = NewsletterAnswer), (status = 400, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn create(web: Data<Web>, admin: Admin, body: Json<NewsletterChange>) -> Answered {
    let change = body.or_every_fault(async |rest| newsletters::look(&web.house, None, rest).await).await?;
    let row = newsletters::create(&web.house.by(&admin.actor), change).await?;
    created(&NewsletterAnswer::of(&mut web.house.db.read().await?, row).await?)
}

/// One newsletter
#[utoipa::path(get, path = "/api/v1/newsletters/{slug}", tag = "newsletters", params(("slug" = String, Path)),
    responses((status = 200, body = NewsletterAnswer), (status = 404, body = ProblemBody)))]
pub async fn show(web: Data<Web>, _: Viewer, slug: Path<String>) -> Answered {
    let mut reader = web.house.db.read().await?;
    let row = newsletters::find(&mut reader, &slug).await?;
    ok(&NewsletterAnswer::of(&mut reader, row).await?)
}

/// Change a newsletter
///
/// What is left out stays; an empty text clears what may be empty.
#[utoipa::path(patch, path = "/api/v1/newsletters/{slug}", tag = "newsletters", params(("slug" = String, Path)),
    request_body = NewsletterChange, responses((status = 200, body = NewsletterAnswer), (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody)))]
pub async fn change(web: Data<Web>, admin: Admin, slug: Path<String>, body: Json<NewsletterChange>) -> Answered {
    let change = body.or_every_fault(async |rest| newsletters::look(&web.house, Some(&slug), rest).await).await?;
    let row = newsletters::edit(&web.house.by(&admin.actor), &slug, change).await?;
    ok(&NewsletterAnswer::of(&mut web.house.db.read().await?, row).await?)
}
