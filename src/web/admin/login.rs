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
use crate::domain::public_url::PublicUrl;
use crate::flows::sign_in::{self, Attempt, From};
use crate::flows::{first_start, second_step};
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
    "/admin/login/code": get Anyone ask_code, post Anyone try_code;
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
    if first_start::is_pending(&web.house).await? {
        return Ok(see_other(paths::SETUP));
    }
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
    let kept = Kept::of(&request, url);
    let email: String = typed.email.chars().take(254).collect();
    let again = |status, refusal| self::form(status, language(&request), &email, next, Some(refusal));
    Ok(match sign_in::sign_in(&web.house, &typed.email, &typed.password, kept.from(client)).await? {
        attempt @ (Attempt::In(_) | Attempt::CodeNeeded(_)) => entered(attempt, next, url).ok_or(Problem::Internal)?,
        Attempt::Wrong => again(StatusCode::BAD_REQUEST, Refusal::Wrong),
        Attempt::TooOften { retry_after } => {
            let refusal = Refusal::TooOften { minutes: minutes(retry_after) };
            let mut answer = again(StatusCode::TOO_MANY_REQUESTS, refusal);
            answer.headers_mut().insert(RETRY_AFTER, retry_after.as_secs().max(1).into());
            answer
        }
    })
}

/// What the browser has kept.
pub struct Kept {
    device: Option<String>,
    session: Option<String>,
}

impl Kept {
    /// Reads its cookies.
    pub fn of(request: &HttpRequest, url: &PublicUrl) -> Self {
        Self { device: Cookie::Device.read(request, url), session: cookies::session(request, url) }
    }

    /// From where somebody tries.
    pub fn from(&self, client: Client) -> From<'_> {
        From { client: client.0, device: self.device.as_deref(), session: self.session.as_deref() }
    }
}

/// On into the desk, or to the second step; nothing for who was not let in.
pub fn entered(attempt: Attempt, next: &str, url: &PublicUrl) -> Option<HttpResponse> {
    match attempt {
        Attempt::In(tokens) => Some(keep(see_other(next), &tokens, url)),
        Attempt::CodeNeeded(tokens) => {
            let next = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
            let mut answer = see_other(&format!("{}?{next}", paths::LOGIN_CODE));
            Cookie::Session.set(&mut answer, &tokens.session, url);
            Some(answer)
        }
        Attempt::Wrong | Attempt::TooOften { .. } => None,
    }
}

async fn ask_code(web: Data<Web>, request: HttpRequest, wish: Query<Wish>) -> Result<HttpResponse, Problem> {
    let waiting = match cookies::session(&request, &web.house.config.public_url) {
        Some(token) => sign_in::recognise(&web.house, &token).await?.is_some_and(|who| who.session.awaits_code),
        None => false,
    };
    if !waiting {
        return Ok(see_other(paths::LOGIN));
    }
    Ok(page(StatusCode::OK, &shown::code(language(&request), inside(&wish.next), false)))
}

#[derive(Deserialize)]
#[serde(default)]
struct Code {
    code: String,
    next: String,
}

impl Default for Code {
    fn default() -> Self {
        Self { code: String::new(), next: paths::OVERVIEW.to_owned() }
    }
}

async fn try_code(
    web: Data<Web>,
    request: HttpRequest,
    client: Client,
    form: Form<Code>,
) -> Result<HttpResponse, Problem> {
    let Form(typed) = form;
    let (next, url) = (inside(&typed.next), &web.house.config.public_url);
    let kept = Kept::of(&request, url);
    let Some(token) = kept.session.as_deref() else { return Ok(see_other(paths::LOGIN)) };
    Ok(match second_step::try_code(&web.house, token, &typed.code, kept.from(client)).await? {
        None => see_other(paths::LOGIN),
        Some(Attempt::Wrong) => page(StatusCode::BAD_REQUEST, &shown::code(language(&request), next, true)),
        Some(Attempt::TooOften { retry_after }) => return Err(Problem::TooMany { retry_after }),
        Some(attempt) => entered(attempt, next, url).ok_or(Problem::Internal)?,
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
pub fn inside(next: &str) -> &str {
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
