//! Style, icon, and where to report a weakness.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Data, Path};

use crate::pages::assets;
use crate::store::newsletters;
use crate::web::Web;
use crate::web::problem::Problem;

const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// A name holds a hash of the bytes, so what it names never changes.
pub async fn asset(name: Path<String>) -> Result<HttpResponse, Problem> {
    if let Some(style) = assets::accent_style(&name) {
        return Ok(HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, assets::STYLE.content_type))
            .insert_header((CACHE_CONTROL, FOR_EVER))
            .body(style));
    }
    let asset = assets::find(&name).ok_or_else(|| Problem::NotFound("file of this name".to_owned()))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, asset.content_type))
        .insert_header((CACHE_CONTROL, FOR_EVER))
        .body(asset.bytes))
}

/// How long what stands in `security.txt` is to be believed (RFC 9116 section 2.5.5 asks for less than a year).
const VALID: Duration = Duration::from_secs(180 * 24 * 3600);

/// RFC 9116. Whoever sends the newsletter can be written to.
pub async fn security_txt(web: Data<Web>) -> Result<HttpResponse, Problem> {
    let all = newsletters::all(&mut web.house.db.read().await?).await?;
    let url = &web.house.config.public_url;
    let contact = match all.first() {
        Some(newsletter) => {
            format!("mailto:{}", newsletter.reply_to.as_deref().unwrap_or(&newsletter.from_address))
        }
        // Nobody writes from here yet: the mailbox that every domain should have for this (RFC 2142 section 4).
        None if url.host().contains(|c: char| c.is_ascii_alphabetic()) && url.host().contains('.') => {
            format!("mailto:security@{}", url.host())
        }
        None => format!("{}/", url.as_str().trim_end_matches('/')),
    };
    let day = Duration::from_secs(24 * 3600).as_secs().cast_signed();
    let expires = web.house.clock.now().plus(VALID).as_seconds() / day * day;
    let text = format!(
        "Contact: {contact}\nExpires: {}\nPreferred-Languages: nl, en\nCanonical: {}/.well-known/security.txt\n",
        crate::domain::time::Timestamp::from_seconds(expires),
        web.house.config.public_url,
    );
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text))
}
