//! The links of previews and test mails: they answer as real ones would, and change nothing.

use actix_web::HttpResponse;

use super::{imprint, ok};
use crate::domain::language::Language;
use crate::flows::House;
use crate::mail::sample::SAMPLE_TOKEN;
use crate::pages;
use crate::store::newsletters;
use crate::web::problem::Problem;

/// Whether a link came out of a preview or a test mail.
pub fn is_sample(token: &str) -> bool {
    token == SAMPLE_TOKEN
}

/// What a page for leaving would be.
pub async fn unsubscribe(house: &House, asked: Option<Language>) -> Result<HttpResponse, Problem> {
    let all = newsletters::all(&mut house.db.read().await?).await?;
    let language = asked.or_else(|| all.first().map(|first| first.language)).unwrap_or_default();
    Ok(ok(pages::sample::unsubscribe(language, all.first().map(imprint), SAMPLE_TOKEN)))
}

/// What a page of one's own data would be.
pub async fn preferences(house: &House, asked: Option<Language>) -> Result<HttpResponse, Problem> {
    let all = newsletters::all(&mut house.db.read().await?).await?;
    let language = asked.or_else(|| all.first().map(|first| first.language)).unwrap_or_default();
    Ok(ok(pages::sample::preferences(language, all.first().map(imprint), SAMPLE_TOKEN)))
}
