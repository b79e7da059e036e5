//! Newsletters.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::caller::{Admin, Viewer};
use super::idempotency::IdempotencyKey;
use super::input::{Json, Page, Query};
use super::{Answered, Listed, created, ok};
use crate::answers::{MomentAnswer, NewsletterAnswer};
use crate::domain::fault::Faults;
use crate::domain::newsletter::NewsletterChange;
use crate::domain::schedule::zone;
use crate::domain::time::Timestamp;
use crate::flows::reconfirm::Asked;
use crate::flows::{newsletters, reconfirm};
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

/// Which part of the calendar.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ScheduleQuery {
    /// After this moment (RFC 3339); left out, after now.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// How many moments, 1 to 100; 4 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    count: Option<usize>,
}

/// Whether only to tell.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReconfirmInput {
    /// Only say how many would be asked.
    dry_run: bool,
}

/// The coming moments of assembly and sending
///
/// In the newsletter's own time zone.
#[utoipa::path(get, path = "/api/v1/newsletters/{slug}/schedule", tag = "newsletters", params(("slug" = String, Path),
    ScheduleQuery), responses((status = 200, body = Listed<MomentAnswer>), (status = 404, body = ProblemBody)))]
pub async fn schedule(web: Data<Web>, _: Viewer, slug: Path<String>, query: Query<ScheduleQuery>) -> Answered {
    let query = query.0?;
    let count = query.count.unwrap_or(4);
    if !(1..=100).contains(&count) {
        return Err(Faults::one("count", "must be 1 to 100".to_owned()).into());
    }
    let row = newsletters::find(&mut web.house.db.read().await?, &slug).await?;
    let zone = zone(&row.timezone).map_err(|error| Faults::one("timezone", error.to_string()))?;
    let from = query.from.unwrap_or_else(|| web.house.clock.now());
    let moments = newsletters::coming(&row, from, count)?.into_iter();
    let items = moments.map(|one| MomentAnswer::of(&row.slug, one.assemble_at, one.send_at, &zone)).collect();
    ok(&Listed { items, next: None })
}

/// Ask readers who have heard nothing for long whether they stay
///
/// Who does not answer in 30 days leaves; nobody is asked twice. Honours `Idempotency-Key`.
#[utoipa::path(post, path = "/api/v1/newsletters/{slug}/reconfirm", tag = "newsletters", params(("slug" = String, Path)),
    request_body = ReconfirmInput, responses((status = 200, body = Asked), (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody, description = "The newsletter does not ask")))]
pub async fn reconfirm(
    web: Data<Web>,
    admin: Admin,
    slug: Path<String>,
    key: IdempotencyKey,
    body: Json<ReconfirmInput>,
) -> Answered {
    let dry_run = body.value?.dry_run;
    let asking = async { Ok((StatusCode::OK, reconfirm::ask(&web.house, &slug, dry_run, &admin.actor).await?)) };
    key.once(&web, &body.digest, asking).await
}
