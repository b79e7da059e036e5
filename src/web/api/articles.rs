//! Articles: read from sources, or pushed by any CMS.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Deserialize;
use utoipa::ToSchema;

use super::caller::{Editor, Viewer};
use super::input::{Json, Page, Query};
use super::newsletters::PageQuery;
use super::{Answered, Listed, created, ok};
use crate::answers::ArticleAnswer;
use crate::domain::time::Timestamp;
use crate::flows::articles::{self, EnteredArticle};
use crate::flows::{FlowError, newsletters};
use crate::store;
use crate::store::articles::{ArticleChange, ArticleRow, Stored};
use crate::web::Web;
use crate::web::problem::{FieldFault, Problem, ProblemBody};

/// What is to be different in an article; what is left out stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ArticlePatch {
    section: Option<String>,
    title: Option<String>,
    url: Option<String>,
    summary: Option<String>,
    /// Keeps it out of editions.
    hidden: Option<bool>,
}

impl From<ArticlePatch> for ArticleChange {
    fn from(ArticlePatch { section, title, url, summary, hidden }: ArticlePatch) -> Self {
        Self { section, title, url, summary, hidden }
    }
}

/// A newsletter's articles, newest first
#[utoipa::path(get, path = "/api/v1/newsletters/{slug}/articles", tag = "articles", params(("slug" = String, Path), PageQuery),
    responses((status = 200, body = Listed<ArticleAnswer>), (status = 404, body = ProblemBody)))]
pub async fn list(web: Data<Web>, _: Viewer, slug: Path<String>, query: Query<PageQuery>) -> Answered {
    let (_, (page, before)) = query.with(place)?;
    let mut reader = web.house.db.read().await?;
    let newsletter = newsletters::find(&mut reader, &slug).await?;
    let rows = store::articles::page(&mut reader, newsletter.id, before, page.limit).await?;
    let full = i64::try_from(rows.len()).is_ok_and(|count| count == page.limit);
    let cursor = |row: &ArticleRow| format!("{}-{}", row.published_at.as_micros(), row.id);
    let next = rows.last().filter(|_| full).map(cursor);
    ok(&Listed { items: rows.into_iter().map(|row| ArticleAnswer::of(&newsletter.slug, row)).collect(), next })
}

/// A place in the list is a moment and an id, because many articles may have one moment.
fn place(query: &PageQuery) -> Result<(Page, Option<(Timestamp, i64)>), Problem> {
    let (limit, cursor) = query.parts();
    let page = Page::new(limit, None);
    let read = |cursor: &str| -> Option<(Timestamp, i64)> {
        let (micros, id) = cursor.rsplit_once('-')?;
        Some((Timestamp::from_micros(micros.parse().ok()?), id.parse().ok()?))
    };
    match cursor.map(read) {
        Some(None) => {
            let message = "must be the “next” of the page before".to_owned();
            let mut faults = if let Err(Problem::BadInput { faults, .. }) = page { faults } else { Vec::new() };
            faults.push(FieldFault { field: "cursor".to_owned(), message });
            Err(Problem::faulty(faults))
        }
        before => Ok((page?, before.flatten())),
    }
}

/// Push an article
///
/// The same address again changes the words of the one there is, as long as no edition with it has left: 200 then, 201
/// for a new one.
#[utoipa::path(post, path = "/api/v1/newsletters/{slug}/articles", tag = "articles", params(("slug" = String, Path)),
    request_body = EnteredArticle, responses((status = 201, body = ArticleAnswer), (status = 200, body = ArticleAnswer),
    (status = 400, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn enter(web: Data<Web>, editor: Editor, slug: Path<String>, body: Json<EnteredArticle>) -> Answered {
    let article = body.or_every_fault(async |rest| articles::look(&web.house, &slug, rest).await).await?;
    let (row, stored) = articles::enter(&web.house.by(&editor.actor), &slug, article).await?;
    let answer = ArticleAnswer::of(&slug, row);
    match stored {
        Stored::New => created(&answer),
        Stored::Changed | Stored::Unchanged => ok(&answer),
    }
}

/// Change or hide an article
///
/// Its source does not overwrite the words after that.
#[utoipa::path(patch, path = "/api/v1/articles/{id}", tag = "articles", params(("id" = i64, Path)), request_body = ArticlePatch,
    responses((status = 200, body = ArticleAnswer), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn change(web: Data<Web>, editor: Editor, id: Path<i64>, body: Json<ArticlePatch>) -> Answered {
    let look = async |rest: ArticlePatch| articles::look_at_change(&web.house, *id, rest.into()).await;
    let change = body.or_every_fault(look).await?.into();
    let row = articles::change(&web.house.by(&editor.actor), *id, change).await?;
    let newsletter = store::newsletters::by_id(&mut web.house.db.read().await?, row.newsletter_id).await?;
    let newsletter = newsletter.ok_or_else(|| FlowError::NotFound(format!("newsletter of article {id}")))?;
    ok(&ArticleAnswer::of(&newsletter.slug, row))
}

/// Take an article away
///
/// One that stands in an edition stays; hide it instead.
#[utoipa::path(delete, path = "/api/v1/articles/{id}", tag = "articles", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn remove(web: Data<Web>, editor: Editor, id: Path<i64>) -> Answered {
    articles::remove(&web.house.by(&editor.actor), *id).await?;
    Ok(HttpResponse::NoContent().finish())
}
