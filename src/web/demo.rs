//! What the demo alone serves: its mailbox, as a page and as JSON, and the feed that its articles come from.

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};

use super::Web;
use super::problem::Problem;
use super::public::{language_asked, looking};
use crate::domain::language::Language;
use crate::domain::time::Timestamp;
use crate::flows::demo::{Demo, FEED_PATH, NEWSLETTER};
use crate::mail::mailbox::Mail;
use crate::pages::demo_mailbox::{self, Line, Opened};
use crate::pages::paths;

/// The page that holds a mail in a frame.
const FRAMING: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; form-action 'self'; \
                       base-uri 'none'; frame-ancestors 'none'";
/// The mail itself: its own styles, and nothing else of it lives; a link opens beside it.
const FRAMED: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
                      frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(looking(paths::DEMO_MAILBOX, list))
        .service(looking("/demo/mailbox.json", json))
        .service(looking("/demo/mailbox/{id}.eml", source))
        .service(looking("/demo/mailbox/{id}.html", html))
        .service(looking("/demo/mailbox/{id}", mail))
        .service(looking(FEED_PATH, feed));
}

/// A mail as programs are told of it.
#[derive(Serialize)]
struct Listed<'a> {
    id: u64,
    from: &'a str,
    to: String,
    subject: &'a str,
    received_at: Timestamp,
    raw: String,
}

async fn json(web: Data<Web>) -> Result<HttpResponse, Problem> {
    let mails = demo(&web)?.mailbox.mails();
    let listed: Vec<Listed<'_>> = mails
        .iter()
        .map(|mail| Listed {
            id: mail.id,
            from: &mail.from,
            to: mail.to.join(", "),
            subject: &mail.subject,
            received_at: mail.received_at,
            raw: paths::demo_mail_source(mail.id),
        })
        .collect();
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(listed))
}

async fn list(request: HttpRequest, web: Data<Web>) -> Result<HttpResponse, Problem> {
    let mails = demo(&web)?.mailbox.mails();
    let shown: Vec<_> = mails.iter().rev().map(|mail| (mail, mail.to.join(", "), moment(mail))).collect();
    let lines: Vec<_> = shown.iter().map(|(mail, to, received)| line(mail, to, received)).collect();
    let language = language_asked(&request).unwrap_or(Language::En);
    Ok(page(&demo_mailbox::list(language, NEWSLETTER, &lines)))
}

async fn mail(request: HttpRequest, web: Data<Web>, id: Path<u64>) -> Result<HttpResponse, Problem> {
    let mail = find(&web, *id)?;
    let opened = mail.open();
    let language = language_asked(&request).unwrap_or(Language::En);
    Ok(page(&demo_mailbox::mail(
        language,
        &Opened {
            line: line(&mail, &mail.to.join(", "), &moment(&mail)),
            author: &opened.author,
            return_path: &mail.from,
            text: opened.text.as_deref(),
            has_html: opened.html.is_some(),
            source: &String::from_utf8_lossy(&mail.source),
        },
    )))
}

async fn html(web: Data<Web>, id: Path<u64>) -> Result<HttpResponse, Problem> {
    let html = find(&web, *id)?.open().html.ok_or_else(|| Problem::NotFound("part in HTML".to_owned()))?;
    // Pages of ours refuse to stand in a frame, so what a link leads to opens beside it.
    let html = html.replacen("<head>", "<head><base target=\"_blank\">", 1);
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, FRAMED))
        .body(html))
}

async fn source(web: Data<Web>, id: Path<u64>) -> Result<HttpResponse, Problem> {
    let mail = find(&web, *id)?;
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, "message/rfc822")).body(mail.source.clone()))
}

#[derive(Deserialize)]
struct Paged {
    paged: Option<usize>,
}

async fn feed(request: HttpRequest, web: Data<Web>, query: Query<Paged>) -> Result<HttpResponse, Problem> {
    let feed = &demo(&web)?.feed;
    let (page, tag) =
        feed.page(query.paged.unwrap_or(1)).ok_or_else(|| Problem::NotFound("such page of the feed".to_owned()))?;
    let known = request.headers().get(IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((ETAG, tag));
    if known {
        return Ok(answer.finish());
    }
    Ok(answer.insert_header((CONTENT_TYPE, "application/rss+xml; charset=utf-8")).body(page.to_owned()))
}

fn demo(web: &Web) -> Result<&Demo, Problem> {
    web.house.demo.as_deref().ok_or_else(|| Problem::NotFound("demo here".to_owned()))
}

fn find(web: &Web, id: u64) -> Result<Arc<Mail>, Problem> {
    demo(web)?.mailbox.mail(id).ok_or_else(|| Problem::NotFound("mail with this number".to_owned()))
}

fn line<'a>(mail: &'a Mail, to: &'a str, received: &'a str) -> Line<'a> {
    Line { id: mail.id, subject: &mail.subject, to, received }
}

/// To the second: whoever looks at the demo is in a hurry.
fn moment(mail: &Mail) -> String {
    mail.received_at.in_zone(&jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn page(markup: &maud::Markup) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, FRAMING))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(markup.0.clone())
}
