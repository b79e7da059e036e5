//! Signing in with an OpenID Connect provider: the way there, and the way back.

use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::cookies::{self, Cookie, keep};
use super::desk;
use super::login::{Onward, form, inside, language, page};
use super::visit::see_other;
use crate::flows::openid::{self, OpenIdFault, Return};
use crate::pages::admin::login::{self as shown, Refusal};
use crate::pages::admin::paths;
use crate::web::Web;
use crate::web::body::Fields;
use crate::web::problem::Problem;

desk! {
    "/admin/login/oidc": post Anyone depart;
    "/admin/login/oidc/back": get Anyone arrive;
}

async fn depart(web: Data<Web>, request: HttpRequest, form: Fields) -> Result<HttpResponse, Problem> {
    let next = inside(form.get("next").unwrap_or_default());
    match openid::depart(&web.house, next).await {
        Ok(departure) => {
            let name = openid::provider_name(&web.house).unwrap_or_default();
            let onward = shown::to_provider(language(&request), name, departure.place.as_str());
            let mut answer = page(StatusCode::OK, &onward);
            Cookie::Provider.set(&mut answer, &departure.browser, &request);
            Ok(answer)
        }
        Err(fault) => refused(&web, &request, fault),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    code: String,
    state: String,
    iss: String,
    error: String,
}

/// The one GET that lets somebody in, because the protocol comes back by GET: the browser's cookie belongs to this try
/// alone, and the try is used up by it.
async fn arrive(web: Data<Web>, request: HttpRequest, said: Query<Said>) -> Result<HttpResponse, Problem> {
    if request.method() != Method::GET {
        return Ok(see_other(paths::LOGIN));
    }
    let browser = Cookie::Provider.read(&request);
    let held = cookies::session(&request);
    let said = Return { code: &said.code, state: &said.state, iss: &said.iss, error: &said.error };
    let mut answer = match openid::arrive(&web.house, said, browser.as_deref(), held.as_deref()).await {
        Ok((tokens, next)) => keep(see_other(inside(&next)), &tokens, &request),
        Err(fault) => refused(&web, &request, fault)?,
    };
    Cookie::Provider.clear(&mut answer, &request);
    Ok(answer)
}

/// The sign-in again, with a sentence that helps; the log has the whole of it.
fn refused(web: &Web, request: &HttpRequest, fault: OpenIdFault) -> Result<HttpResponse, Problem> {
    let refusal = match fault {
        OpenIdFault::Flow(error) => return Err(error.into()),
        OpenIdFault::NotSet => return Err(Problem::NotFound("provider to sign in with".to_owned())),
        OpenIdFault::Provider(_) | OpenIdFault::Token(_) => Refusal::Provider,
        OpenIdFault::Refused(_) => Refusal::Refused,
        OpenIdFault::Lost => Refusal::Lost,
        OpenIdFault::Nobody => Refusal::Nobody,
    };
    tracing::warn!(%fault, "signing in with the provider came to nothing");
    Ok(form(web, StatusCode::BAD_REQUEST, language(request), "", Onward::to(paths::OVERVIEW), Some(refusal)))
}
