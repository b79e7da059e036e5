//! Sources of articles.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Deserialize;
use utoipa::ToSchema;

use super::caller::{Admin, Editor, Viewer};
use super::input::{Json, Query};
use super::newsletters::PageQuery;
use super::{Answered, Listed, created, ok};
use crate::answers::SourceAnswer;
use crate::flows::collect_articles::{self, NewSource};
use crate::flows::{FlowError, newsletters};
use crate::store::sources;
use crate::web::Web;
use crate::web::problem::ProblemBody;

/// A new source.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceInput {
    /// Of a feed, or of a site that names its feed.
    url: String,
    /// The section for its articles.
    section: String,
    /// Categories whose articles go to another section.
    #[serde(default)]
    category_sections: BTreeMap<String, String>,
    /// It may lie in a private network.
    #[serde(default)]
    allow_private: bool,
}

/// What one reading brought.
#[derive(serde::Serialize, ToSchema)]
pub struct ReadingAnswer {
    source: i64,
    new: usize,
    changed: usize,
    unchanged: usize,
    /// The source says that nothing has changed since the last time.
    not_modified: bool,
    /// Articles that the source shows to nobody any more; they are in no edition that has not been sent.
    withdrawn: usize,
    /// Why its older pages could not be read; they are asked for again at the next visit.
    gap: Option<String>,
    /// Why it could not be read.
    error: Option<String>,
}

/// A newsletter's sources
#[utoipa::path(get, path = "/api/v1/newsletters/{slug}/sources", tag = "sources", params(("slug" = String, Path), PageQuery),
    responses((status = 200, body = Listed<SourceAnswer>), (status = 404, body = ProblemBody)))]
pub async fn list(web: Data<Web>, _: Viewer, slug: Path<String>, query: Query<PageQuery>) -> Answered {
    let (_, page) = query.with(PageQuery::page)?;
    let mut reader = web.house.db.read().await?;
    let newsletter = newsletters::find(&mut reader, &slug).await?;
    let mut rows = sources::of_newsletter(&mut reader, newsletter.id).await?;
    rows.retain(|row| page.after.is_none_or(|after| row.id > after));
    rows.truncate(usize::try_from(page.limit).unwrap_or(0));
    let next = page.next(&rows, |row| row.id);
    ok(&Listed { items: rows.into_iter().map(|row| SourceAnswer::of(&newsletter.slug, row)).collect(), next })
}

/// Add a source
///
/// It is read within minutes, and then once a day.
#[utoipa::path(post, path = "/api/v1/newsletters/{slug}/sources", tag = "sources", params(("slug" = String, Path)),
    request_body = SourceInput, responses((status = 201, body = SourceAnswer), (status = 400, body = ProblemBody),
    (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn add(web: Data<Web>, admin: Admin, slug: Path<String>, body: Json<SourceInput>) -> Answered {
    let look = async |SourceInput { url, section, category_sections, allow_private }: SourceInput| {
        let source = NewSource { url: &url, section: &section, category_sections, allow_private };
        collect_articles::look_at(&web.house, &slug, source).await
    };
    let SourceInput { url, section, category_sections, allow_private } = body.or_every_fault(look).await?;
    let source = NewSource { url: &url, section: &section, category_sections, allow_private };
    let row = collect_articles::add(&web.house.by(&admin.actor), &slug, source).await?;
    created(&SourceAnswer::of(&slug, row))
}

/// Read a source now
#[utoipa::path(post, path = "/api/v1/sources/{id}/fetch", tag = "sources", params(("id" = i64, Path)),
    responses((status = 200, body = ReadingAnswer), (status = 404, body = ProblemBody)))]
pub async fn fetch(web: Data<Web>, _: Editor, id: Path<i64>) -> Answered {
    let source = sources::by_id(&mut web.house.db.read().await?, *id).await?;
    let source = source.ok_or_else(|| FlowError::NotFound(format!("source {id}")))?;
    let reading = collect_articles::fetch(&web.house, &source).await?;
    ok(&ReadingAnswer {
        source: reading.source,
        new: reading.new,
        changed: reading.changed,
        unchanged: reading.unchanged,
        not_modified: reading.not_modified,
        withdrawn: reading.withdrawn,
        gap: reading.gap,
        error: reading.error,
    })
}

/// Take a source away
///
/// Its articles stay.
#[utoipa::path(delete, path = "/api/v1/sources/{id}", tag = "sources", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
pub async fn remove(web: Data<Web>, admin: Admin, id: Path<i64>) -> Answered {
    collect_articles::remove(&web.house.by(&admin.actor), *id).await?;
    Ok(HttpResponse::NoContent().finish())
}
