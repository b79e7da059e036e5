//! Leaving: by the mail program's own button (RFC 8058), or by the button on our page. Never slowed down.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::{Shown, language_asked, masked, ok, sample};
use crate::domain::consent::ConsentMeans;
use crate::domain::language::Language;
use crate::domain::subscription::SubscriptionStatus;
use crate::flows::unsubscribe::{self, Found, Held, Left, UNDO_WITHIN};
use crate::pages::unsubscribe::Reason;
use crate::pages::{self, Visit};
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
    if sample::is_sample(&token) {
        return sample::unsubscribe(&web.house, asked).await;
    }
    look(&web, &token, client, asked).await
}

/// Three kinds of POST: one-click, which is done at once and gets an empty answer; a button of our page; and
/// anything else, which only gets the page, because some mail programs and their extensions POST on their own.
pub async fn press(
    web: Data<Web>,
    request: HttpRequest,
    token: Path<String>,
    client: Client,
    form: Fields,
) -> Result<HttpResponse, Problem> {
    let asked = form.get("language").and_then(|tag| tag.parse().ok()).or_else(|| language_asked(&request));
    let one_click = form.get("List-Unsubscribe") == Some("One-Click");
    if sample::is_sample(&token) {
        return if one_click { Ok(HttpResponse::Ok().finish()) } else { sample::unsubscribe(&web.house, asked).await };
    }
    if one_click {
        return match unsubscribe::unsubscribe(&web.house, &token, ConsentMeans::OneClick).await? {
            Left::Now(_) | Left::Before(_) | Left::Nothing => Ok(HttpResponse::Ok().finish()),
            // Mail services press many of these from one network, and hold every refusal against the sender.
            Left::Unknown => Err(Problem::BrokenLink),
        };
    }
    match form.get("action") {
        Some("unsubscribe") if from_our_own_page(&request) => {
            match unsubscribe::unsubscribe(&web.house, &token, ConsentMeans::Link).await? {
                Left::Now(held) => page(&web, &token, asked, *held, After::Leaving).await,
                Left::Before(_) | Left::Nothing | Left::Unknown => look(&web, &token, client, asked).await,
            }
        }
        Some("undo") if from_our_own_page(&request) => {
            let undone = unsubscribe::undo(&web.house, &token).await?;
            match unsubscribe::look(&web.house, &token).await? {
                Found::Subscription(held) if undone => page(&web, &token, asked, *held, After::Undoing).await,
                _ => look(&web, &token, client, asked).await,
            }
        }
        Some("reason") => {
            let given = form.get("reason").unwrap_or_default();
            let Some(reason) = Reason::ALL.into_iter().find(|reason| reason.value() == given) else {
                return look(&web, &token, client, asked).await;
            };
            match unsubscribe::reason(&web.house, &token, reason.value()).await? {
                Found::Subscription(held) => page(&web, &token, asked, *held, After::Telling).await,
                Found::Nothing | Found::Unknown => look(&web, &token, client, asked).await,
            }
        }
        _ => look(&web, &token, client, asked).await,
    }
}

async fn look(web: &Web, token: &str, client: Client, asked: Option<Language>) -> Result<HttpResponse, Problem> {
    match unsubscribe::look(&web.house, token).await? {
        Found::Subscription(held) => page(web, token, asked, *held, After::Nothing).await,
        Found::Nothing => Ok(ok(pages::unsubscribe::nothing_kept(asked.unwrap_or_default(), None))),
        Found::Unknown => Err(web.wrong_token(client)),
    }
}

/// What has just been done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Nothing,
    Leaving,
    Undoing,
    Telling,
}

async fn page(
    web: &Web,
    token: &str,
    asked: Option<Language>,
    held: Held,
    after: After,
) -> Result<HttpResponse, Problem> {
    let Held { newsletter, subscription } = held;
    let language = asked.unwrap_or(subscription.language);
    let shown = Shown::of(&web.house, newsletter, Some(language)).await?;
    let view = shown.view();
    let visit = Visit { newsletter: &view, language, token };
    let undoable = subscription.status == SubscriptionStatus::Unsubscribed
        && subscription.confirmed_at.is_some()
        && subscription.ended_at.is_some_and(|ended| web.house.clock.now().since(ended) <= UNDO_WITHIN);
    Ok(ok(match (after, subscription.status) {
        (After::Leaving, _) => pages::unsubscribe::done(visit),
        (After::Undoing, _) => pages::unsubscribe::undone(visit),
        (After::Telling, SubscriptionStatus::Unsubscribed) => pages::unsubscribe::thanks(visit),
        (_, SubscriptionStatus::Pending | SubscriptionStatus::Confirmed) => {
            pages::unsubscribe::ask(visit, &masked(&subscription.email), None)
        }
        (_, _) => pages::unsubscribe::already(visit, undoable),
    }))
}
