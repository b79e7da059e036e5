//! The link in the confirmation mail: looking changes nothing, the button does.

use actix_web::http::Method;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::{Shown, language_asked, masked, ok};
use crate::domain::language::Language;
use crate::domain::subscription::SubscriptionStatus;
use crate::flows::confirm::{self, Request, Standing};
use crate::flows::reconfirm;
use crate::flows::subscribe::CONFIRMATION_VALID;
use crate::flows::unsubscribe::Held;
use crate::pages::{self, Visit, paths};
use crate::web::Web;
use crate::web::body::Fields;
use crate::web::client::{Client, from_our_own_page};
use crate::web::problem::Problem;

pub async fn show(
    web: Data<Web>,
    request: HttpRequest,
    token: Path<String>,
    client: Client,
) -> Result<HttpResponse, Problem> {
    let asked = language_asked(&request);
    if let Some(held) = reconfirm::look(&web.house, &token).await? {
        return stay_page(&web, &token, asked, held, false).await;
    }
    let Some(found) = confirm::look(&web.house, &token).await? else { return Err(web.wrong_token(client)) };
    if found.standing == Standing::Open && request.method() == Method::GET {
        web.house.tally.viewed(found.newsletter.id, web.house.clock.now());
    }
    page(&web, &token, asked, found, false).await
}

/// Confirms, or asks for a fresh mail where the link is too old.
pub async fn press(
    web: Data<Web>,
    request: HttpRequest,
    token: Path<String>,
    client: Client,
    form: Fields,
) -> Result<HttpResponse, Problem> {
    let asked = form.get("language").and_then(|tag| tag.parse().ok()).or_else(|| language_asked(&request));
    if let Some(held) = reconfirm::look(&web.house, &token).await? {
        if !from_our_own_page(&request) {
            return Err(Problem::Foreign);
        }
        let stays = reconfirm::stay(&web.house, &token).await?;
        return stay_page(&web, &token, asked, held, stays).await;
    }
    let Some(found) = confirm::look(&web.house, &token).await? else { return Err(web.wrong_token(client)) };
    if !from_our_own_page(&request) {
        return Err(Problem::Foreign);
    }
    if found.standing == Standing::Expired {
        confirm::send_again(&web.house, &token).await?;
        let place = paths::check_inbox(&found.newsletter.slug);
        let language = asked.unwrap_or(found.subscription.language);
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, format!("{place}?language={language}"))).finish());
    }
    let Some(after) = confirm::confirm(&web.house, &token).await? else { return Err(web.wrong_token(client)) };
    page(&web, &token, asked, after, true).await
}

async fn page(
    web: &Web,
    token: &str,
    asked: Option<Language>,
    found: Request,
    pressed: bool,
) -> Result<HttpResponse, Problem> {
    let Request { newsletter, subscription, standing } = found;
    let language = asked.unwrap_or(subscription.language);
    let shown = Shown::of(&web.house, newsletter, Some(language)).await?;
    let view = shown.view();
    let visit = Visit { newsletter: &view, language, token };
    let masked = masked(&subscription.email);
    Ok(ok(match standing {
        Standing::Open if pressed => pages::confirm::done(visit, &masked, shown.last_edition),
        Standing::Open => pages::confirm::ask(visit, &masked),
        Standing::Already => pages::confirm::already(visit),
        Standing::Expired => {
            let days = u32::try_from(CONFIRMATION_VALID.as_secs() / (24 * 3600)).unwrap_or(u32::MAX);
            pages::confirm::expired(visit, days)
        }
    }))
}

/// After a long silence: the question whether somebody stays, and what came of their answer.
async fn stay_page(
    web: &Web,
    token: &str,
    asked: Option<Language>,
    held: Held,
    pressed: bool,
) -> Result<HttpResponse, Problem> {
    let Held { newsletter, subscription } = held;
    let language = asked.unwrap_or(subscription.language);
    if subscription.status != SubscriptionStatus::Confirmed {
        // Too late, or they left: then only a fresh sign-up brings them back.
        let place = format!("{}?language={language}", paths::newsletter(&newsletter.slug));
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, place)).finish());
    }
    let shown = Shown::of(&web.house, newsletter, Some(language)).await?;
    let view = shown.view();
    let visit = Visit { newsletter: &view, language, token };
    let masked = masked(&subscription.email);
    Ok(ok(match pressed {
        true => pages::confirm::stayed(visit, &masked),
        false => pages::confirm::ask_to_stay(visit, &masked),
    }))
}
