//! One's own data: the link by mail, choices, a copy, and being forgotten.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, RETRY_AFTER};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::{day, imprint, language_asked, masked, minutes, ok, page, sample};
use crate::answers::PersonExport;
use crate::domain::address::EmailAddress;
use crate::domain::language::Language;
use crate::domain::subscription::{MailFormat, SubscriptionStatus};
use crate::flows::move_address::{self, Moved};
use crate::flows::preferences::{self, Asked, Mine};
use crate::pages::fault::Fault;
use crate::pages::preferences as shown;
use crate::store::newsletters::{self, NewsletterRow};
use crate::store::subscriptions::SubscriptionRow;
use crate::web::Web;
use crate::web::body::Fields;
use crate::web::client::{Client, from_our_own_page};
use crate::web::evenly::{LONG, evenly};
use crate::web::problem::Problem;

/// The form that asks for an address.
pub async fn ask(web: Data<Web>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let all = newsletters::all(&mut web.house.db.read().await?).await?;
    Ok(ok(shown::ask(language(&request, None, &all), all.first().map(imprint), "", None)))
}

/// The same answer for everyone; what differs is in the mail.
pub async fn send_link(
    web: Data<Web>,
    request: HttpRequest,
    client: Client,
    form: Fields,
) -> Result<HttpResponse, Problem> {
    let all = newsletters::all(&mut web.house.db.read().await?).await?;
    let (language, imprint) = (language(&request, Some(&form), &all), all.first().map(imprint));
    let typed = form.get("email").unwrap_or_default();
    if form.get("website").is_some_and(|trap| !trap.is_empty()) {
        return Ok(ok(shown::sent(language, imprint)));
    }
    let email = match EmailAddress::parse_any_role(typed) {
        Ok(email) => email,
        Err(fault) => {
            let typed: String = typed.chars().take(super::signup::MAX_TYPED).collect();
            let form = shown::ask(language, imprint, &typed, Some(Fault::Address(fault)));
            return Ok(page(StatusCode::BAD_REQUEST, form));
        }
    };
    match evenly(LONG, preferences::ask(&web.house, &email, client.0)).await? {
        Asked::LookInYourInbox => Ok(ok(shown::sent(language, imprint))),
        Asked::TooMany { retry_after } => {
            let fault = Fault::TooOften { minutes: minutes(retry_after) };
            let form = shown::ask(language, imprint, email.as_str(), Some(fault));
            let mut answer = page(StatusCode::TOO_MANY_REQUESTS, form);
            answer.headers_mut().insert(RETRY_AFTER, retry_after.as_secs().max(1).into());
            Ok(answer)
        }
    }
}

pub async fn show(
    web: Data<Web>,
    request: HttpRequest,
    token: Path<String>,
    client: Client,
) -> Result<HttpResponse, Problem> {
    if sample::is_sample(&token) {
        return sample::preferences(&web.house, language_asked(&request)).await;
    }
    let Some(mine) = preferences::look(&web.house, &token).await? else {
        return moving(&web, &token, client, language_asked(&request)).await;
    };
    centre(&web, &token, language_asked(&request), mine, Note::None).await
}

/// The page behind the link in the mail to a new address.
async fn moving(web: &Web, token: &str, client: Client, asked: Option<Language>) -> Result<HttpResponse, Problem> {
    let Some(moving) = move_address::look(&web.house, token).await? else { return Err(web.wrong_token(client)) };
    let language = asked.unwrap_or(moving.person.language);
    Ok(ok(shown::move_question(language, Some(imprint(&moving.newsletter)), token, &moving.new.masked())))
}

/// Its button.
async fn move_now(web: &Web, token: &str, client: Client, asked: Option<Language>) -> Result<HttpResponse, Problem> {
    let Some(moved) = move_address::confirm(&web.house, token).await? else { return Err(web.wrong_token(client)) };
    let (moving, done) = match moved {
        Moved::Done(moving) => (moving, true),
        Moved::Taken(moving) => (moving, false),
    };
    let language = asked.unwrap_or(moving.person.language);
    let (imprint, masked) = (Some(imprint(&moving.newsletter)), moving.new.masked());
    Ok(ok(if done { shown::moved(language, imprint, &masked) } else { shown::not_moved(language, imprint, &masked) }))
}

/// The buttons of the page; anything else only gets the page.
pub async fn press(
    web: Data<Web>,
    request: HttpRequest,
    token: Path<String>,
    client: Client,
    form: Fields,
) -> Result<HttpResponse, Problem> {
    let house = &web.house;
    let asked = form.get("language").and_then(|tag| tag.parse().ok()).or_else(|| language_asked(&request));
    if sample::is_sample(&token) {
        return sample::preferences(house, asked).await;
    }
    let Some(mine) = preferences::look(house, &token).await? else {
        return match form.get("action") {
            Some("move") if !from_our_own_page(&request) => Err(Problem::Foreign),
            Some("move") => move_now(&web, &token, client, asked).await,
            _ => moving(&web, &token, client, asked).await,
        };
    };
    if !from_our_own_page(&request) {
        return Err(Problem::Foreign);
    }
    let language = asked.unwrap_or(mine.person.language);
    let all = newsletters::all(&mut house.db.read().await?).await?;
    let after = match form.get("action") {
        Some("choices") => {
            let mail_language = form.get("mail_language").and_then(|tag| tag.parse().ok());
            let format = form.get("format").and_then(|word| word.parse().ok());
            let (mail_language, format) =
                (mail_language.unwrap_or(mine.person.language), format.unwrap_or(mine.person.format));
            preferences::choose(house, &token, mail_language, format).await?
        }
        Some("address") => {
            let typed: String = form.get("email").unwrap_or_default().chars().take(super::signup::MAX_TYPED).collect();
            let new = match EmailAddress::parse(&typed) {
                Ok(new) => new,
                Err(fault) => {
                    return centre(&web, &token, asked, mine, Note::Typed(&typed, Fault::Address(fault))).await;
                }
            };
            return match evenly(LONG, move_address::ask(house, &token, &new, client.0)).await? {
                Some(Asked::LookInYourInbox) => Ok(ok(shown::address_sent(language, all.first().map(imprint)))),
                Some(Asked::TooMany { retry_after }) => {
                    let fault = Fault::TooOften { minutes: minutes(retry_after) };
                    let mut answer = centre(&web, &token, asked, mine, Note::Typed(&typed, fault)).await?;
                    answer.headers_mut().insert(RETRY_AFTER, retry_after.as_secs().max(1).into());
                    Ok(answer)
                }
                None => Err(web.wrong_token(client)),
            };
        }
        Some("unsubscribe") => preferences::leave(house, &token, form.get("newsletter").unwrap_or_default()).await?,
        Some("link") => {
            preferences::send_link(house, &token).await?;
            return Ok(ok(shown::sent(language, all.first().map(imprint))));
        }
        Some("download") if mine.fresh => return download(&web, mine).await,
        Some("erase") if mine.fresh && form.get("confirm") != Some("yes") => {
            return Ok(ok(shown::erase_question(language, all.first().map(imprint), &token)));
        }
        Some("erase") if preferences::erase_me(house, &token).await? => {
            return Ok(ok(shown::erased(language, all.first().map(imprint))));
        }
        _ => return centre(&web, &token, asked, mine, Note::None).await,
    };
    match after {
        Some(mine) => centre(&web, &token, asked, mine, Note::Saved).await,
        None => Err(web.wrong_token(client)),
    }
}

/// Everything we hold about a person, as a file of their own.
async fn download(web: &Web, mine: Mine) -> Result<HttpResponse, Problem> {
    let consents = preferences::consents(&web.house, &mine.person).await?;
    let export = PersonExport::of(&mut web.house.db.read().await?, mine.person, consents).await?;
    let text = serde_json::to_string_pretty(&export).map_err(|_| Problem::Internal)?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"postduif.json\""))
        .body(text))
}

/// What the page says about what was pressed before.
#[derive(Clone, Copy)]
enum Note<'a> {
    None,
    Saved,
    /// A new address as it was typed, and what is wrong with it.
    Typed(&'a str, Fault<'a>),
}

async fn centre(
    web: &Web,
    token: &str,
    asked: Option<Language>,
    mine: Mine,
    note: Note<'_>,
) -> Result<HttpResponse, Problem> {
    let all = newsletters::all(&mut web.house.db.read().await?).await?;
    let subscriptions: Vec<shown::Subscription<'_>> = mine
        .subscriptions
        .iter()
        .filter_map(|subscription| {
            let newsletter = all.iter().find(|newsletter| newsletter.id == subscription.newsletter_id)?;
            let standing = match (subscription.status, subscription.confirmed_at) {
                (SubscriptionStatus::Pending, _) => shown::Standing::Pending,
                (SubscriptionStatus::Confirmed, Some(since)) => {
                    shown::Standing::Confirmed { since: day(newsletter, since) }
                }
                _ => shown::Standing::Left,
            };
            let language = newsletter.language;
            Some(shown::Subscription { slug: &newsletter.slug, title: &newsletter.title, language, standing })
        })
        .collect();
    let reads =
        |one: &SubscriptionRow| matches!(one.status, SubscriptionStatus::Confirmed | SubscriptionStatus::Bounced);
    let can_move = mine.subscriptions.iter().any(reads);
    let (typed, fault, status) = match note {
        Note::Typed(typed, fault @ Fault::TooOften { .. }) => (typed, Some(fault), StatusCode::TOO_MANY_REQUESTS),
        Note::Typed(typed, fault) => (typed, Some(fault), StatusCode::BAD_REQUEST),
        Note::None | Note::Saved => ("", None, StatusCode::OK),
    };
    let first = mine.subscriptions.first().and_then(|one| all.iter().find(|row| row.id == one.newsletter_id));
    Ok(page(
        status,
        shown::centre(&shown::Centre {
            language: asked.unwrap_or(mine.person.language),
            imprint: first.map(imprint),
            token,
            masked: &masked(&mine.person.email),
            mail_language: mine.person.language,
            format: match mine.person.format {
                MailFormat::Html => shown::Format::Html,
                MailFormat::Text => shown::Format::Text,
            },
            subscriptions: &subscriptions,
            fresh: mine.fresh,
            saved: matches!(note, Note::Saved),
            email: can_move.then_some(typed),
            fault,
        }),
    ))
}

fn language(request: &HttpRequest, form: Option<&Fields>, all: &[NewsletterRow]) -> Language {
    let in_form = form.and_then(|form| form.get("language")).and_then(|tag| tag.parse().ok());
    in_form
        .or_else(|| language_asked(request))
        .or_else(|| all.first().map(|newsletter| newsletter.language))
        .unwrap_or_default()
}
