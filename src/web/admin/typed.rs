//! What somebody typed while their session ran out: carried through signing in, and put back into its form, unsaved. It
//! lies in their own pages all the while; nothing of it is kept here.

use actix_web::dev::Payload;
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::cookies;
use super::desk;
use super::login::{self, inside, language};
use super::visit::{Visit, see_other};
use super::{articles, edition_content};
use crate::domain::role::Role;
use crate::flows::sign_in;
use crate::pages::admin::login::Refusal;
use crate::pages::admin::paths;
use crate::web::Web;
use crate::web::body::{Fields, Form, media_type, read_long};
use crate::web::problem::Problem;

desk! {
    "/admin/login/typed": post Anyone again;
}

/// Most that is carried along, in bytes as browsers send a form: an edition with all its articles has a fifth of it. It is
/// written once more into a form of ours, where none of its bytes becomes more than three and few become more than one.
const MOST: usize = 512 * 1024;

/// The forms into which people type so much that it must not be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Content(i64),
    Article(Option<i64>),
}

impl Place {
    /// The form on this page.
    fn at(path: &str) -> Option<Self> {
        if path == paths::NEW_ARTICLE {
            return Some(Self::Article(None));
        }
        let (noun, rest) = path.strip_prefix(paths::OVERVIEW)?.strip_prefix('/')?.split_once('/')?;
        match noun {
            "editions" => rest.strip_suffix("/content")?.parse().ok().map(Self::Content),
            "articles" => rest.parse().ok().map(|id| Self::Article(Some(id))),
            _ => None,
        }
    }

    /// A field that the page's other buttons do not send.
    const fn field(self) -> &'static str {
        match self {
            Self::Content(_) => "subject",
            Self::Article(_) => "title",
        }
    }
}

/// The sign-in page with what was typed; `None` where nothing was that is worth it.
///
/// # Errors
/// When the form is too long, too slow, or breaks off.
pub async fn carried(request: &HttpRequest, payload: &mut Payload) -> Result<Option<HttpResponse>, Problem> {
    let Some(place) = Place::at(request.path()).filter(|_| *request.method() == Method::POST) else { return Ok(None) };
    if media_type(request) != "application/x-www-form-urlencoded" {
        return Ok(None);
    }
    let body = read_long(request, payload, MOST).await?;
    let Ok(typed) = std::str::from_utf8(&body) else { return Ok(None) };
    if Fields::parse(typed).get(place.field()).is_none() {
        return Ok(None);
    }
    let web = request.app_data::<Data<Web>>().ok_or(Problem::Internal)?;
    Ok(Some(asked(web, request, request.path(), typed)))
}

fn asked(web: &Web, request: &HttpRequest, next: &str, typed: &str) -> HttpResponse {
    // Not 200: a program must not take it for saved.
    let status = StatusCode::FORBIDDEN;
    login::form(web, status, language(request), "", login::Onward { next, typed }, Some(Refusal::Typed))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Carried {
    next: String,
    typed: String,
}

/// Somebody has signed in elsewhere meanwhile, with their OpenID provider for instance.
async fn again(web: Data<Web>, request: HttpRequest, form: Form<Carried>) -> Result<HttpResponse, Problem> {
    let Form(Carried { next, typed }) = form;
    let next = inside(&next);
    if let Some(token) = cookies::session(&request)
        && sign_in::recognise(&web.house, &token).await?.is_some_and(|who| !who.session.awaits_code)
    {
        return Ok(put_back(&web, &request, &token, next, &typed).await);
    }
    Ok(asked(&web, &request, next, &typed))
}

/// The form as it was typed, for whoever holds this session now; or else the page that it stands on. Nothing is changed.
pub async fn put_back(web: &Web, request: &HttpRequest, token: &str, next: &str, typed: &str) -> HttpResponse {
    match filled_in(web, request, token, next, typed).await {
        Ok(Some(answer)) => answer,
        // They are signed in all the same; the page itself says what is the matter.
        Ok(None) | Err(_) => see_other(next),
    }
}

async fn filled_in(
    web: &Web,
    request: &HttpRequest,
    token: &str,
    next: &str,
    typed: &str,
) -> Result<Option<HttpResponse>, Problem> {
    let Some(place) = Place::at(next) else { return Ok(None) };
    let who = sign_in::recognise(&web.house, token).await?;
    let Some(who) = who.filter(|who| who.user.role.may(Role::Editor)) else { return Ok(None) };
    let mut visit = Visit::begin(&web.house, who, request).await?.back_at(next);
    let fields = Fields::parse(typed);
    match place {
        Place::Content(id) => edition_content::put_back(web, &mut visit, id, &fields).await.map(Some),
        Place::Article(id) => articles::put_back(web, &mut visit, id, &fields).await.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn only_forms_with_much_to_type_are_carried() {
        assert_eq!(Place::at("/admin/editions/12/content"), Some(Place::Content(12)));
        assert_eq!(Place::at("/admin/articles/new"), Some(Place::Article(None)));
        assert_eq!(Place::at("/admin/articles/7"), Some(Place::Article(Some(7))));
        for path in ["/admin", "/admin/articles", "/admin/editions/12/send", "/admin/editions/x/content", "/n/ibp"] {
            assert_eq!(Place::at(path), None, "{path}");
        }
    }
}
