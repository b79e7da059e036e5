//! What a newsletter is, its form, and what follows a sign-up.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::signup::work;
use super::{Shown, language_asked, ok};
use crate::domain::language::Language;
use crate::domain::slug::Slug;
use crate::flows::{FlowError, effort};
use crate::pages::{self, NewsletterView, paths};
use crate::store::newsletters;
use crate::web::Web;
use crate::web::problem::Problem;

/// A house with one newsletter has that one's page at its door.
pub async fn home(web: Data<Web>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let asked = language_asked(&request);
    let rows = newsletters::all(&mut web.house.db.read().await?).await?;
    let language = asked.or_else(|| rows.first().map(|row| row.language)).unwrap_or_default();
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        all.push(Shown::of(&web.house, row, Some(language)).await?);
    }
    let views: Vec<NewsletterView<'_>> = all.iter().map(Shown::view).collect();
    Ok(ok(match views.as_slice() {
        [only] => form(&web, only, all[0].newsletter.id, language),
        several => pages::home::page(language, several.first().map(NewsletterView::imprint), several),
    }))
}

pub async fn show(web: Data<Web>, request: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let asked = language_asked(&request);
    let shown = Shown::by_slug(&web.house, &slug, asked).await?;
    let language = asked.unwrap_or(shown.newsletter.language);
    Ok(ok(form(&web, &shown.view(), shown.newsletter.id, language)))
}

pub async fn embed(web: Data<Web>, request: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let asked = language_asked(&request);
    let shown = Shown::by_slug(&web.house, &slug, asked).await?;
    let challenge = effort::challenge(&web.house, shown.newsletter.id);
    let language = asked.unwrap_or(shown.newsletter.language);
    Ok(ok(pages::embed::page(&shown.view(), language, challenge.as_ref().map(work))))
}

pub async fn check_inbox(web: Data<Web>, request: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let asked = language_asked(&request);
    let shown = Shown::by_slug(&web.house, &slug, asked).await?;
    Ok(ok(pages::check_inbox::page(&shown.view(), asked.unwrap_or(shown.newsletter.language))))
}

/// The page of a newsletter, for who writes a slash behind its name.
pub async fn without_slash(request: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    Ok(to(StatusCode::PERMANENT_REDIRECT, &request, &paths::newsletter(possible(&slug)?.as_str())))
}

/// Who opens the address to which the form goes, perhaps by loading it again, finds the form.
pub async fn to_the_form(request: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    Ok(to(StatusCode::SEE_OTHER, &request, &paths::newsletter(possible(&slug)?.as_str())))
}

/// Only what can be a slug may stand in an address that we send somebody to.
fn possible(slug: &str) -> Result<Slug, FlowError> {
    slug.parse().map_err(|_| FlowError::no_newsletter(slug))
}

/// A short address for print: the only newsletter's form, or else the choice.
pub async fn sign_up(web: Data<Web>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let place = only(&web).await?.map_or_else(|| "/".to_owned(), |slug| paths::newsletter(&slug));
    Ok(to(StatusCode::SEE_OTHER, &request, &place))
}

/// The same for its past editions.
pub async fn past(web: Data<Web>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let place = only(&web).await?.map_or_else(|| "/".to_owned(), |slug| paths::archive(&slug));
    Ok(to(StatusCode::SEE_OTHER, &request, &place))
}

/// The slug of the newsletter, where there is one and no other.
async fn only(web: &Web) -> Result<Option<String>, Problem> {
    let mut rows = newsletters::all(&mut web.house.db.read().await?).await?;
    Ok(rows.pop().filter(|_| rows.is_empty()).map(|row| row.slug))
}

/// There, in the language that was asked for here.
fn to(status: StatusCode, request: &HttpRequest, place: &str) -> HttpResponse {
    let place = match language_asked(request) {
        Some(language) => format!("{place}?language={language}"),
        None => place.to_owned(),
    };
    HttpResponse::build(status).insert_header((LOCATION, place)).finish()
}

fn form(web: &Web, newsletter: &NewsletterView<'_>, id: i64, language: Language) -> maud::Markup {
    let challenge = effort::challenge(&web.house, id);
    let work = challenge.as_ref().map(work);
    pages::signup::page(&pages::signup::Form { newsletter, language, email: "", fault: None, work, form_page: None })
}
