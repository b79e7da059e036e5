//! What a newsletter is, its form, and what follows a sign-up.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::{Shown, language_asked, ok};
use crate::pages::{self, NewsletterView};
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
        [only] => form(only, language),
        several => pages::home::page(language, several.first().map(NewsletterView::imprint), several),
    }))
}

pub async fn show(web: Data<Web>, request: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let asked = language_asked(&request);
    let shown = Shown::by_slug(&web.house, &slug, asked).await?;
    Ok(ok(form(&shown.view(), asked.unwrap_or(shown.newsletter.language))))
}

pub async fn embed(web: Data<Web>, request: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let asked = language_asked(&request);
    let shown = Shown::by_slug(&web.house, &slug, asked).await?;
    Ok(ok(pages::embed::page(&shown.view(), asked.unwrap_or(shown.newsletter.language))))
}

pub async fn check_inbox(web: Data<Web>, request: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let asked = language_asked(&request);
    let shown = Shown::by_slug(&web.house, &slug, asked).await?;
    Ok(ok(pages::check_inbox::page(&shown.view(), asked.unwrap_or(shown.newsletter.language))))
}

fn form(newsletter: &NewsletterView<'_>, language: crate::domain::language::Language) -> maud::Markup {
    pages::signup::page(&pages::signup::Form { newsletter, language, email: "", fault: None })
}
