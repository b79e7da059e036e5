//! Signing in and out.

use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, RETRY_AFTER};
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use maud::Markup;
use serde::Deserialize;

use super::cookies::{self, Cookie, keep};
use super::desk;
use super::typed;
use super::visit::see_other;
use crate::domain::language::Language;
use crate::domain::webauthn::Assertion;
use crate::flows::guesses::From;
use crate::flows::sign_in::{self, Attempt};
use crate::flows::{first_start, openid, passkeys, second_step};
use crate::pages::admin::login::{self as shown, Login, Refusal, WrongStep};
use crate::pages::admin::passkey::PasskeyRequest;
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
    "/admin/login/passkey": post Anyone try_passkey;
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
    if let Some(token) = cookies::session(&request)
        && sign_in::recognise(&web.house, &token).await?.is_some_and(|who| !who.session.awaits_code)
    {
        return Ok(see_other(next));
    }
    let refusal = (wish.expired == "yes").then_some(Refusal::Expired);
    Ok(form(&web, StatusCode::OK, language(&request), "", Onward::to(next), refusal))
}

#[derive(Deserialize)]
#[serde(default)]
struct Credentials {
    email: String,
    password: String,
    next: String,
    typed: String,
}

impl Default for Credentials {
    fn default() -> Self {
        let none = String::new;
        Self { email: none(), password: none(), next: paths::OVERVIEW.to_owned(), typed: none() }
    }
}

async fn press(
    web: Data<Web>,
    request: HttpRequest,
    client: Client,
    form: Form<Credentials>,
) -> Result<HttpResponse, Problem> {
    let Form(typed) = form;
    let onward = Onward { next: inside(&typed.next), typed: &typed.typed };
    let kept = Kept::of(&request);
    let email: String = typed.email.chars().take(254).collect();
    let again = |status, refusal| self::form(&web, status, language(&request), &email, onward, Some(refusal));
    Ok(match sign_in::sign_in(&web.house, &typed.email, &typed.password, kept.from(client)).await? {
        attempt @ (Attempt::In(_) | Attempt::CodeNeeded(_)) => onward.with(&web, &request, attempt).await?,
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
    pub fn of(request: &HttpRequest) -> Self {
        Self { device: Cookie::Device.read(request), session: cookies::session(request) }
    }

    /// From where somebody tries.
    pub fn from(&self, client: Client) -> From<'_> {
        From { client: client.0, device: self.device.as_deref(), session: self.session.as_deref() }
    }
}

/// Where somebody goes once they are let in.
#[derive(Clone, Copy)]
pub struct Onward<'a> {
    pub next: &'a str,
    /// What they typed there before their session ran out; empty for nothing.
    pub typed: &'a str,
}

impl<'a> Onward<'a> {
    /// With nothing typed.
    pub const fn to(next: &'a str) -> Self {
        Self { next, typed: "" }
    }

    /// On into the desk, or to the second step, with what was typed.
    async fn with(self, web: &Web, request: &HttpRequest, attempt: Attempt) -> Result<HttpResponse, Problem> {
        Ok(match attempt {
            Attempt::In(tokens) if !self.typed.is_empty() => {
                let answer = typed::put_back(web, request, &tokens.session, self.next, self.typed).await;
                keep(answer, &tokens, request)
            }
            Attempt::CodeNeeded(tokens) if !self.typed.is_empty() => {
                let mut answer = code_page(web, request, Some(&tokens.session), self, None).await?;
                Cookie::Session.set(&mut answer, &tokens.session, request);
                answer
            }
            attempt => entered(attempt, self.next, request).ok_or(Problem::Internal)?,
        })
    }
}

/// On into the desk, or to the second step; nothing for who was not let in.
pub fn entered(attempt: Attempt, next: &str, request: &HttpRequest) -> Option<HttpResponse> {
    match attempt {
        Attempt::In(tokens) => Some(keep(see_other(next), &tokens, request)),
        Attempt::CodeNeeded(tokens) => {
            let next = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
            let mut answer = see_other(&format!("{}?{next}", paths::LOGIN_CODE));
            Cookie::Session.set(&mut answer, &tokens.session, request);
            Some(answer)
        }
        Attempt::Wrong | Attempt::TooOften { .. } => None,
    }
}

async fn ask_code(web: Data<Web>, request: HttpRequest, wish: Query<Wish>) -> Result<HttpResponse, Problem> {
    let token = cookies::session(&request);
    code_page(&web, &request, token.as_deref(), Onward::to(inside(&wish.next)), None).await
}

/// The second step, asked of who owes it; anybody else begins anew.
async fn code_page(
    web: &Web,
    request: &HttpRequest,
    token: Option<&str>,
    onward: Onward<'_>,
    wrong: Option<WrongStep>,
) -> Result<HttpResponse, Problem> {
    let who = match token {
        Some(token) => sign_in::recognise(&web.house, token).await?.filter(|who| who.session.awaits_code),
        None => None,
    };
    let Some(who) = who else { return Ok(see_other(paths::LOGIN)) };
    let asked = match who.user.passkeys {
        0 => None,
        _ => passkeys::request(&web.house, &who.user, &who.session).await?,
    };
    let asked = asked.as_ref().map(told);
    // Whoever has the password need not be told more of whose it is than they typed.
    let view = asked.as_ref().map(|asked| asked.view(""));
    let status = if wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(page(status, &shown::code(language(request), (onward.next, onward.typed), view.as_ref(), wrong)))
}

/// What a browser is told to make or use a passkey, its bytes as text.
pub struct Told {
    challenge: String,
    site: String,
    user: String,
    known: String,
}

/// Writes it so.
pub fn told(request: &passkeys::Request) -> Told {
    let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let known: Vec<String> = request.known.iter().map(|id| text(id)).collect();
    let (challenge, user) = (text(&request.challenge), text(&request.user));
    Told { challenge, site: request.party.id.clone(), user, known: known.join(" ") }
}

impl Told {
    /// As forms take it.
    pub fn view<'a>(&'a self, user_name: &'a str) -> PasskeyRequest<'a> {
        let Self { challenge, site, user, known } = self;
        PasskeyRequest { challenge, site, user, user_name, known }
    }
}

#[derive(Deserialize)]
#[serde(default)]
struct PasskeyAnswer {
    credential: String,
    client_data: String,
    authenticator_data: String,
    signature: String,
    next: String,
    typed: String,
}

impl Default for PasskeyAnswer {
    fn default() -> Self {
        let none = String::new;
        let (credential, client_data, authenticator_data, signature) = (none(), none(), none(), none());
        let next = paths::OVERVIEW.to_owned();
        Self { credential, client_data, authenticator_data, signature, next, typed: none() }
    }
}

async fn try_passkey(
    web: Data<Web>,
    request: HttpRequest,
    client: Client,
    form: Form<PasskeyAnswer>,
) -> Result<HttpResponse, Problem> {
    let Form(typed) = form;
    let onward = Onward { next: inside(&typed.next), typed: &typed.typed };
    let kept = Kept::of(&request);
    let Some(token) = kept.session.as_deref() else { return Ok(see_other(paths::LOGIN)) };
    let bytes = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
    let (client_data, signature) = (bytes(&typed.client_data), bytes(&typed.signature));
    let authenticator_data = bytes(&typed.authenticator_data);
    let given = Assertion { client_data: &client_data, authenticator_data: &authenticator_data, signature: &signature };
    let id = bytes(&typed.credential);
    Ok(match passkeys::try_passkey(&web.house, token, &id, given, kept.from(client)).await? {
        None => see_other(paths::LOGIN),
        Some(Attempt::Wrong) => code_page(&web, &request, Some(token), onward, Some(WrongStep::Passkey)).await?,
        Some(Attempt::TooOften { retry_after }) => return Err(Problem::TooMany { retry_after }),
        Some(attempt) => onward.with(&web, &request, attempt).await?,
    })
}

#[derive(Deserialize)]
#[serde(default)]
struct Code {
    code: String,
    next: String,
    typed: String,
}

impl Default for Code {
    fn default() -> Self {
        Self { code: String::new(), next: paths::OVERVIEW.to_owned(), typed: String::new() }
    }
}

async fn try_code(
    web: Data<Web>,
    request: HttpRequest,
    client: Client,
    form: Form<Code>,
) -> Result<HttpResponse, Problem> {
    let Form(typed) = form;
    let onward = Onward { next: inside(&typed.next), typed: &typed.typed };
    let kept = Kept::of(&request);
    let Some(token) = kept.session.as_deref() else { return Ok(see_other(paths::LOGIN)) };
    Ok(match second_step::try_code(&web.house, token, &typed.code, kept.from(client)).await? {
        None => see_other(paths::LOGIN),
        Some(Attempt::Wrong) => code_page(&web, &request, Some(token), onward, Some(WrongStep::Code)).await?,
        Some(Attempt::TooOften { retry_after }) => return Err(Problem::TooMany { retry_after }),
        Some(attempt) => onward.with(&web, &request, attempt).await?,
    })
}

async fn leave(web: Data<Web>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    if let Some(token) = cookies::session(&request) {
        sign_in::sign_out(&web.house, &token).await?;
    }
    let mut answer = see_other(paths::LOGIN);
    Cookie::Session.clear(&mut answer, &request);
    Ok(answer)
}

/// The form that asks for address and password.
pub fn form(
    web: &Web,
    status: StatusCode,
    language: Language,
    email: &str,
    Onward { next, typed }: Onward<'_>,
    refusal: Option<Refusal>,
) -> HttpResponse {
    let provider = openid::provider_name(&web.house);
    page(status, &shown::page(&Login { language, email, next, typed, refusal, provider }))
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
