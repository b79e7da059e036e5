//! The gate of the desk: from where a button may be pressed, who is let in, and what they may.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpResponse};

use super::Needs;
use super::cookies;
use super::typed;
use super::visit::{Visit, see_other};
use crate::domain::role::Role;
use crate::flows::sign_in;
use crate::pages::admin::paths;
use crate::web::Web;
use crate::web::client::from_the_desk;
use crate::web::problem::Problem;

/// What can be looked at before there is a newsletter; from everywhere else an administrator is led to making one.
const WITHOUT_NEWSLETTER: [&str; 5] =
    [paths::SETUP, paths::ACCOUNT, "/admin/settings/users", "/admin/settings/webhooks", "/admin/settings/system"];

/// What a route needs, method by method.
pub struct Needed(pub &'static [(&'static str, Needs)]);

/// Lets a request in, or says why not, before any handler sees it.
pub async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match look(&request).await {
        Ok(Entry::Open) => {}
        Ok(Entry::Visitor(visit)) => {
            request.extensions_mut().insert(*visit);
        }
        Ok(Entry::Elsewhere(place)) => {
            return Ok(request.into_response(see_other(&place)));
        }
        Ok(Entry::Stranger(place)) => {
            let (request, mut payload) = request.into_parts();
            let answer = match typed::carried(&request, &mut payload).await {
                Ok(Some(answer)) => answer,
                Ok(None) => see_other(&place),
                Err(problem) => HttpResponse::from_error(problem),
            };
            return Ok(ServiceResponse::new(request, answer));
        }
        Err(problem) => return Ok(request.error_response(problem)),
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

enum Entry {
    Open,
    Visitor(Box<Visit>),
    Elsewhere(String),
    /// Somebody who has to sign in, at this address.
    Stranger(String),
}

async fn look(request: &ServiceRequest) -> Result<Entry, Problem> {
    let looking = matches!(*request.method(), Method::GET | Method::HEAD);
    if !looking && !from_the_desk(request.request()) {
        return Err(Problem::Foreign);
    }
    let word = if looking { "get".to_owned() } else { request.method().as_str().to_ascii_lowercase() };
    let needed = request.app_data::<Needed>().ok_or(Problem::Internal)?;
    let Some((_, needs)) = needed.0.iter().find(|(method, _)| *method == word) else {
        // An answer to a press has the address of its button: read again, or in another language, it is the page that the
        // button stands on. Any other method is answered with 405 behind the gate.
        return Ok(if looking { Entry::Elsewhere(page_of_button(request)) } else { Entry::Open });
    };
    let Needs::Role(role) = *needs else { return Ok(Entry::Open) };

    let web = request.app_data::<Data<Web>>().ok_or(Problem::Internal)?.clone();
    let house = &web.house;
    let signed_in = match cookies::session(request.request()) {
        Some(token) => sign_in::recognise(house, &token).await?.filter(|who| !who.session.awaits_code),
        None => None,
    };
    let Some(who) = signed_in else {
        let held = cookies::session(request.request()).is_some();
        let shows = needed.0.iter().any(|(method, _)| *method == "get");
        return Ok(Entry::Stranger(way_in(request, looking, shows, held)));
    };
    if !who.user.role.may(role) {
        tracing::warn!(user = who.user.id, needed = %role, path = request.path(), "a user was refused");
        return Err(Problem::NotAllowed(role));
    }
    let visit = Visit::begin(house, who, request.request()).await?;
    let first =
        visit.newsletters().is_empty() && !WITHOUT_NEWSLETTER.iter().any(|place| request.path().starts_with(place));
    if first && looking && visit.may(Role::Admin) {
        return Ok(Entry::Elsewhere(format!("{}/2", paths::SETUP)));
    }
    Ok(Entry::Visitor(Box::new(visit)))
}

/// The page on which the button of an address stands.
fn page_of_button(request: &ServiceRequest) -> String {
    let (page, button) = request.path().rsplit_once('/').unwrap_or((paths::OVERVIEW, ""));
    let tab = match button {
        "test" | "approve" | "reopen" => Some("check"),
        "unschedule" | "pause" | "resume" | "cancel" => Some("send"),
        "unknown" | "retry" => Some("result"),
        _ => None,
    };
    let page = match tab {
        Some(tab) => format!("{page}/{tab}"),
        None => page.to_owned(),
    };
    match request.query_string() {
        "" => page,
        query => format!("{page}?{query}"),
    }
}

/// The way to sign in, and back to where somebody wanted to look.
fn way_in(request: &ServiceRequest, looking: bool, shows: bool, held: bool) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if looking && request.path() != paths::OVERVIEW {
        let wanted = request.uri().path_and_query().map_or(request.path(), |place| place.as_str());
        query.append_pair("next", wanted);
    } else if held && !looking && request.path() != paths::LOGOUT {
        // Somebody whose session ran out while they typed comes back to the page that they typed on.
        let page = if shows { request.path().to_owned() } else { page_of_button(request) };
        query.append_pair("next", &page);
    }
    if held {
        query.append_pair("expired", "yes");
    }
    let query = query.finish();
    if query.is_empty() { paths::LOGIN.to_owned() } else { format!("{}?{query}", paths::LOGIN) }
}
