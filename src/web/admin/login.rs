//! Signing in and out.

use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, RETRY_AFTER};
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use maud::Markup;
use serde::Deserialize;

use super::cookies::{self, Cookie, keep};
use super::desk;
use super::visit::see_other;
use crate::domain::language::Language;
use crate::flows::sign_in::{self, Attempt, From};
use crate::pages::admin::login::{self as shown, Login, Refusal};
use crate::pages::admin::paths;
use crate::web::Web;
use crate::web::body::Form;
use crate::web::client::Client;
use crate::web::envelope::preferred_language;
use crate::web::problem::Problem;
use crate::web::public::{language_asked, minutes};

desk! {
    "/admin/login": get Anyone show, post Anyone press;
    "/admin/logout": post Anyone leave;
}

#[derive(Deserialize)]
#[serde(default)]
struct Wish {
    next: String,
    expired: String,
}

impl Default for Wish {
    fn default() -> Self {
        Self { next: paths::OVERVIEW.to_owned(), expired: String::new() }
    }
}

async fn show(web: Data<Web>, request: HttpRequest, wish: Query<Wish>) -> Result<HttpResponse, Problem> {
    let next = inside(&wish.next);
    if let Some(token) = cookies::session(&request, &web.house.config.public_url)
        && sign_in::recognise(&web.house, &token).await?.is_some_and(|who| !who.session.awaits_code)
    {
        return Ok(see_other(next));
    }
    let refusal = (wish.expired == "yes").then_some(Refusal::Expired);
    Ok(form(StatusCode::OK, language(&request), "", next, refusal))
}

#[derive(Deserialize)]
#[serde(default)]
struct Credentials {
    email: String,
    password: String,
    next: String,
}

impl Default for Credentials {
    fn default() -> Self {
        Self { email: String::new(), password: String::new(), next: paths::OVERVIEW.to_owned() }
    }
}

async fn press(
    web: Data<Web>,
    request: HttpRequest,
    client: Client,
    form: Form<Credentials>,
) -> Result<HttpResponse, Problem> {
    let Form(typed) = form;
    let (next, url) = (inside(&typed.next), &web.house.config.public_url);
    let (device, session) = (Cookie::Device.read(&request, url), cookies::session(&request, url));
    let from = From { client: client.0, device: device.as_deref(), session: session.as_deref() };
    let email: String = typed.email.chars().take(254).collect();
    let again = |status, refusal| self::form(status, language(&request), &email, next, Some(refusal));
    Ok(match sign_in::sign_in(&web.house, &typed.email, &typed.password, from).await? {
        Attempt::In(tokens) => keep(see_other(next), &tokens, url),
        Attempt::CodeNeeded(tokens) => {
            let next = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
            let mut answer = see_other(&format!("{}?{next}", paths::LOGIN_CODE));
            Cookie::Session.set(&mut answer, &tokens.session, url);
            answer
        }
        Attempt::Wrong => again(StatusCode::BAD_REQUEST, Refusal::Wrong),
        Attempt::TooOften { retry_after } => {
            let refusal = Refusal::TooOften { minutes: minutes(retry_after) };
            let mut answer = again(StatusCode::TOO_MANY_REQUESTS, refusal);
            answer.headers_mut().insert(RETRY_AFTER, retry_after.as_secs().max(1).into());
            answer
        }
    })
}

async fn leave(web: Data<Web>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let url = &web.house.config.public_url;
    if let Some(token) = cookies::session(&request, url) {
        sign_in::sign_out(&web.house, &token).await?;
    }
    let mut answer = see_other(paths::LOGIN);
    Cookie::Session.clear(&mut answer, url);
    Ok(answer)
}

fn form(status: StatusCode, language: Language, email: &str, next: &str, refusal: Option<Refusal>) -> HttpResponse {
    page(status, &shown::page(&Login { language, email, next, refusal, provider: None }))
}

/// A page for somebody who is not signed in.
pub fn page(status: StatusCode, markup: &Markup) -> HttpResponse {
    HttpResponse::build(status).content_type(ContentType::html()).body(markup.0.clone())
}

/// The language for somebody who is not signed in.
pub fn language(request: &HttpRequest) -> Language {
    language_asked(request).unwrap_or_else(|| preferred_language(request.headers()))
}

/// A place to go on to, if it lies within the desk.
fn inside(next: &str) -> &str {
    let rest = next.strip_prefix(paths::OVERVIEW);
    let plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if plain && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?'])) {
        next
    } else {
        paths::OVERVIEW
    }
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn nobody_is_led_out_of_the_desk() {
        for place in ["/admin", "/admin/editions/1/check?done=saved", "/admin?newsletter=ibp"] {
            assert_eq!(inside(place), place);
        }
        for place in [
            "",
            "//evil.example",
            "https://evil.example/admin",
            "/administrator",
            "/admin.evil",
            "/\\evil",
            "/admin/\r\nSet-Cookie: a=b",
            "/admin/\\evil",
            "javascript:alert(1)",
            "/u/token",
        ] {
            assert_eq!(inside(place), "/admin", "{place}");
        }
    }
}
