//! A forgotten password, an invitation: a link by mail, and choosing a password with it.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::cookies;
use super::desk;
use super::login::{entered, language, page};
use crate::domain::address::EmailAddress;
use crate::domain::texts::{desk_settings as texts, pages as visitor};
use crate::flows::password_links::{self, Choice};
use crate::pages::admin::{FormFaults, login as shown, paths};
use crate::web::Web;
use crate::web::body::Fields;
use crate::web::client::Client;
use crate::web::problem::Problem;

desk! {
    "/admin/forgotten": get Anyone ask, post Anyone send;
    "/admin/password/{token}": get Anyone show, post Anyone choose;
}

async fn ask(request: HttpRequest) -> HttpResponse {
    page(StatusCode::OK, &shown::forgotten(language(&request), "", FormFaults::default()))
}

/// The same answer for everyone, in the same time: what differs happens after it.
async fn send(web: Data<Web>, request: HttpRequest, client: Client, form: Fields) -> HttpResponse {
    let language = language(&request);
    let typed: String = form.get("email").unwrap_or_default().chars().take(254).collect();
    let email = match EmailAddress::parse_any_role(&typed) {
        Ok(email) => email,
        Err(fault) => {
            let message = visitor::invalid_address(language, fault);
            let form = shown::forgotten(language, &typed, FormFaults(&[("email", &message)]));
            return page(StatusCode::BAD_REQUEST, &form);
        }
    };
    let house = web.house.clone();
    tokio::spawn(async move {
        if let Err(error) = password_links::reset(&house, &email, client.0).await {
            tracing::error!(%error, "a link to another password could not be made");
        }
    });
    page(StatusCode::OK, &shown::forgotten_sent(language))
}

async fn show(
    web: Data<Web>,
    request: HttpRequest,
    token: Path<String>,
    client: Client,
) -> Result<HttpResponse, Problem> {
    let Some(user) = password_links::look(&web.house, &token).await? else { return Err(web.wrong_token(client)) };
    let name = user.password_hash.is_none().then_some(user.name.as_str());
    let form = shown::password(language(&request), &token, &user.email, name, FormFaults::default());
    Ok(page(StatusCode::OK, &form))
}

async fn choose(
    web: Data<Web>,
    request: HttpRequest,
    token: Path<String>,
    client: Client,
    form: Fields,
) -> Result<HttpResponse, Problem> {
    let Some(user) = password_links::look(&web.house, &token).await? else { return Err(web.wrong_token(client)) };
    let language = language(&request);
    let (name, held) = (form.get("name"), cookies::session(&request));
    let password = form.get("password").unwrap_or_default();
    let again = |field: &str, message: String| {
        let asked = user.password_hash.is_none().then(|| name.unwrap_or_default());
        let faults = [(field, message.as_str())];
        page(StatusCode::BAD_REQUEST, &shown::password(language, &token, &user.email, asked, FormFaults(&faults)))
    };
    Ok(match password_links::choose(&web.house, &token, name, password, held.as_deref()).await? {
        Choice::Done(attempt) => entered(attempt, paths::OVERVIEW, &request).ok_or(Problem::Internal)?,
        Choice::Invalid(fault) => again("password", texts::password_fault(language, fault)),
        Choice::Name => again("name", texts::fault(language, "name", "")),
        Choice::Gone => return Err(web.wrong_token(client)),
    })
}
