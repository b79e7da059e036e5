//! Pages for visitors: no cookie, nothing that a GET changes, and no script but for the work that a sign-up may cost.

mod archive;
mod confirm;
mod files;
mod newsletter;
mod preferences;
mod sample;
mod signup;
mod unsubscribe;

use std::time::Duration;

use actix_web::http::{Method, StatusCode, header::ContentType};
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder};
use jiff::civil::Date;

use super::Web;
use super::client::Client;
use super::problem::Problem;
use crate::domain::address::EmailAddress;
use crate::domain::language::Language;
use crate::domain::look::Look;
use crate::domain::newsletter::promise;
use crate::domain::schedule::zone;
use crate::domain::time::Timestamp;
use crate::flows::newsletters::coming;
use crate::flows::subscribe::organisation;
use crate::flows::{FlowError, House};
use crate::pages::NewsletterView;
use crate::pages::layout::{Brand, Imprint};
use crate::store::editions;
use crate::store::newsletters::NewsletterRow;

pub fn routes(config: &mut ServiceConfig) {
    config
        // First what a crowd comes for: places are tried one after the other, and none of these is another's.
        .service(looking("/n/{slug}/subscribe", newsletter::to_the_form).route(web::post().to(signup::subscribe)))
        .service(looking("/u/{token}", unsubscribe::show).route(web::post().to(unsubscribe::press)))
        .service(looking("/c/{token}", confirm::show).route(web::post().to(confirm::press)))
        .service(looking("/", newsletter::home))
        .service(looking("/n/{slug}", newsletter::show))
        .service(looking("/n/{slug}/", newsletter::without_slash))
        .service(looking("/n/{slug}/embed", newsletter::embed))
        .service(looking("/n/{slug}/check-inbox", newsletter::check_inbox))
        .service(looking("/n/{slug}/archive", archive::list))
        .service(looking("/n/{slug}/archive/{number}", archive::edition))
        .service(looking("/n/{slug}/feed.xml", archive::feed))
        .service(looking("/aanmelden", newsletter::sign_up))
        .service(looking("/subscribe", newsletter::sign_up))
        .service(looking("/archief", newsletter::past))
        .service(looking("/archive", newsletter::past))
        .service(looking("/p", preferences::ask).route(web::post().to(preferences::send_link)))
        .service(looking("/p/{token}", preferences::show).route(web::post().to(preferences::press)))
        .service(looking("/assets/{name}", files::asset))
        .service(looking("/.well-known/security.txt", files::security_txt));
}

/// A place to look at: HEAD answers as GET does, without the body, and neither changes anything.
pub fn looking<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path).route(web::get().to(handler.clone())).route(web::method(Method::HEAD).to(handler))
}

/// A page with this status.
fn page(status: StatusCode, markup: maud::Markup) -> HttpResponse {
    HttpResponse::build(status).content_type(ContentType::html()).body(markup.into_string())
}

/// A page as asked for.
fn ok(markup: maud::Markup) -> HttpResponse {
    page(StatusCode::OK, markup)
}

/// The language that the address asks for: `?language=en`.
pub fn language_asked(request: &HttpRequest) -> Option<Language> {
    url::form_urlencoded::parse(request.query_string().as_bytes())
        .find(|(name, _)| name == "language" || name == "lang")
        .and_then(|(_, value)| value.parse().ok())
}

/// How long to wait, in minutes that people can count.
pub fn minutes(wait: Duration) -> u32 {
    u32::try_from(wait.as_secs().div_ceil(60)).unwrap_or(u32::MAX).max(1)
}

/// Who speaks on pages that are about a person and not about one newsletter.
fn imprint(newsletter: &NewsletterRow) -> Imprint<'_> {
    Imprint {
        organisation: organisation(newsletter),
        postal_address: &newsletter.postal_address,
        privacy_url: newsletter.privacy_url.as_deref(),
        brand: Brand { logo: None, accent: newsletter.look().accent },
    }
}

/// A newsletter with all that its pages show of it.
pub struct Shown {
    newsletter: NewsletterRow,
    promise: String,
    /// The number of the last edition that anybody may read.
    last_edition: Option<u32>,
    next: Option<Date>,
    look: Look,
    /// The logo's path, where it lies on our own server: pages load nothing from elsewhere.
    logo_path: Option<String>,
}

impl Shown {
    async fn by_slug(house: &House, slug: &str, language: Option<Language>) -> Result<Self, FlowError> {
        let newsletter = crate::flows::newsletters::find(&mut house.db.read().await?, slug).await?;
        Self::of(house, newsletter, language).await
    }

    /// Gathers it; the promise is in `language`, or else the newsletter's own.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(house: &House, newsletter: NewsletterRow, language: Option<Language>) -> Result<Self, FlowError> {
        let archived = editions::archived(&mut house.db.read().await?, newsletter.id, 1).await?;
        let last_edition = archived.first().and_then(|edition| u32::try_from(edition.number).ok());
        Ok(Self { last_edition, ..Self::without_archive(house, newsletter, language) })
    }

    /// The same with what is at hand, for when the database fails.
    fn without_archive(house: &House, newsletter: NewsletterRow, language: Option<Language>) -> Self {
        let next = coming(&newsletter, house.clock.now(), 1)
            .ok()
            .and_then(|moments| Some(day(&newsletter, moments.first()?.send_at)));
        let look = newsletter.look();
        Self {
            promise: promise(newsletter.max_per_year, language.unwrap_or(newsletter.language)),
            last_edition: None,
            next,
            logo_path: look.logo.as_ref().and_then(|logo| logo.path_at(&house.config.public_url)).map(str::to_owned),
            look,
            newsletter,
        }
    }

    /// As pages take it.
    pub fn view(&self) -> NewsletterView<'_> {
        NewsletterView {
            slug: &self.newsletter.slug,
            title: &self.newsletter.title,
            organisation: organisation(&self.newsletter),
            description: &self.newsletter.description,
            promise: &self.promise,
            language: self.newsletter.language,
            privacy_url: self.newsletter.privacy_url.as_deref(),
            postal_address: &self.newsletter.postal_address,
            brand: Brand { logo: self.look.logo.as_ref().zip(self.logo_path.as_deref()), accent: self.look.accent },
            archive: self.last_edition.is_some(),
            next: self.next,
        }
    }
}

/// The day of a moment where the newsletter's clock hangs.
fn day(newsletter: &NewsletterRow, moment: Timestamp) -> Date {
    moment.in_zone(&zone(&newsletter.timezone).unwrap_or(jiff::tz::TimeZone::UTC)).date()
}

/// Enough of an address to recognise it by.
fn masked(email: &str) -> String {
    EmailAddress::parse_any_role(email).map(|email| email.masked()).unwrap_or_default()
}

impl Web {
    /// What a token that is none of ours gets: always the same, until it is tried too often.
    pub fn wrong_token(&self, client: Client) -> Problem {
        match self.wrong_tokens.wrong(client.0, self.house.clock.now()) {
            Some(retry_after) => Problem::TooMany { retry_after },
            None => Problem::BrokenLink,
        }
    }
}
