//! The form comes in. From any site, and with the same answer whatever the address.

use actix_web::http::StatusCode;
use actix_web::http::header::{HOST, LOCATION, REFERER, RETRY_AFTER};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use url::{Position, Url};
use validator::Validate;

use super::{Shown, language_asked, minutes, ok, page};
use crate::domain::address::{EmailAddress, InvalidAddress, MAX_ADDRESS_OCTETS};
use crate::domain::consent::ConsentMeans;
use crate::domain::language::Language;
use crate::domain::typo;
use crate::flows::effort::{self, Ask, Brought, Judged};
use crate::flows::subscribe::{self, Answer, SignUpRequest};
use crate::flows::tally::Count;
use crate::flows::{FlowError, own_domains, seen};
use crate::pages::fault::Fault;
use crate::pages::{effort as step, paths, signup};
use crate::store::newsletters::NewsletterRow;
use crate::web::Web;
use crate::web::body::{FORM_KINDS, Fields, media_type};
use crate::web::client::Client;
use crate::web::evenly::{SHORT, evenly};
use crate::web::problem::Problem;

/// How much of what was typed comes back, in characters: four times the longest address.
pub(super) const MAX_TYPED: usize = 4 * MAX_ADDRESS_OCTETS;

/// Longest address of a page that is kept as evidence, in characters.
const MOST_ORIGIN: usize = 300;

/// The fields of the form. Others are left alone: forms on other sites carry their own.
#[derive(Validate)]
pub struct SubscribeForm {
    /// [`MAX_TYPED`]: white space around an address and a domain in another script shrink.
    #[validate(length(max = 1016))]
    email: String,
    #[validate(length(max = 10))]
    language: String,
    /// Nobody sees this field; programs that fill in everything give themselves away by it.
    #[validate(length(max = 0))]
    website: String,
    /// Anything: the visitor said that the address is right as it is.
    accept_typo: String,
    /// What the browser was asked, what it found, and since when its owner waits; where a sign-up asks for some work.
    challenge: String,
    answer: String,
    pause: String,
    /// Where the form stood that a page of ours came back for: that page carries it, because the browser names ours by then.
    form_page: String,
}

impl SubscribeForm {
    /// A field that comes twice counts by its first value, one that does not come is empty.
    fn of(fields: &Fields) -> Self {
        let field = |name| fields.get(name).unwrap_or_default().to_owned();
        Self {
            email: field("email"),
            language: field("language"),
            website: field("website"),
            accept_typo: field("accept_typo"),
            challenge: field("challenge"),
            answer: field("answer"),
            pause: field("pause"),
            form_page: field("form_page"),
        }
    }

    fn brought(&self) -> Brought<'_> {
        Brought { challenge: &self.challenge, answer: &self.answer, pause: &self.pause }
    }
}

pub async fn subscribe(
    web: Data<Web>,
    request: HttpRequest,
    slug: Path<String>,
    client: Client,
    fields: Fields,
) -> Result<HttpResponse, Problem> {
    let kind = media_type(&request);
    if !kind.is_empty() && !FORM_KINDS.contains(&kind.as_str()) {
        return Err(Problem::MediaType { wanted: FORM_KINDS[0] });
    }
    let form = SubscribeForm::of(&fields);
    let asked: Option<Language> = form.language.parse().ok().or_else(|| language_asked(&request));
    let newsletter = seen::newsletter(&web.house, &slug).await?;
    let language = asked.unwrap_or(newsletter.language);
    let faulty_fields = form.validate().err();
    let faulty = |field: &str| faulty_fields.as_ref().is_some_and(|errors| errors.field_errors().contains_key(field));
    if faulty("website") {
        web.house.tally.count(Count::SignupHoneypot);
        return Ok(look_in_your_inbox(&newsletter, asked));
    }
    let challenge = effort::challenge(&web.house, newsletter.id);
    let asked_work = challenge.as_ref().map(work);
    let origin = origin(&request, &form.form_page, web.house.config.public_url.as_str());
    let form_page = origin.as_deref();
    // Most need none of it: they are sent on. Whoever could not be stored gets back what they typed all the same.
    let shown = async || match Shown::of(&web.house, (*newsletter).clone(), asked).await {
        Ok(shown) => shown,
        Err(_) => Shown::without_archive(&web.house, (*newsletter).clone(), asked),
    };
    let back = async |status: StatusCode, fault: Fault<'_>| {
        let typed: String = form.email.chars().take(MAX_TYPED).collect();
        let shown = shown().await;
        let view = shown.view();
        let fault = Some(fault);
        page(
            status,
            signup::page(&signup::Form {
                newsletter: &view,
                language,
                email: &typed,
                fault,
                work: asked_work,
                form_page,
            }),
        )
    };
    if faulty("email") {
        web.house.tally.count(Count::SignupInvalid);
        return Ok(back(StatusCode::BAD_REQUEST, Fault::Address(InvalidAddress::TooLong)).await);
    }
    let email = EmailAddress::parse(&form.email);
    if form.accept_typo.is_empty()
        && let Some(meant) = meant(&web, &form.email, email.as_ref().err()).await
    {
        let shown = shown().await;
        let (view, email) = (shown.view(), form.email.trim());
        let asked = signup::Form { newsletter: &view, language, email, fault: None, work: asked_work, form_page };
        return Ok(ok(signup::typo_question(&asked, meant.as_str())));
    }
    let email = match email {
        Ok(email) => email,
        Err(fault) => {
            web.house.tally.count(Count::SignupInvalid);
            return Ok(back(StatusCode::BAD_REQUEST, Fault::Address(fault)).await);
        }
    };
    let one_more_step = async |ask: &Ask| {
        let shown = shown().await;
        let (view, seconds) = (shown.view(), ask.wait.as_secs().max(1));
        let (work, pause, too_early) = (work(&ask.challenge), ask.pause.as_str(), ask.too_early);
        let (newsletter, email) = (&view, form.email.trim());
        ok(step::page(&step::Step { newsletter, language, email, work, pause, seconds, too_early, form_page }))
    };
    let effort = match effort::judge(&web.house, newsletter.id, &email, form.brought()) {
        Judged::Enough(effort) => effort,
        Judged::Ask(ask) => {
            web.house.tally.count(Count::SignupWorkAsked);
            return Ok(one_more_step(&ask).await);
        }
    };
    let sign_up = SignUpRequest {
        newsletter: slug.clone(),
        email: email.clone(),
        language: asked,
        means: ConsentMeans::Form,
        client: client.0,
        origin: origin.clone().or_else(|| Some(request.path().to_owned())),
        effort,
    };
    Ok(match evenly(SHORT, subscribe::subscribe(&web.house, sign_up)).await {
        Ok(Answer::LookInYourInbox) => look_in_your_inbox(&newsletter, asked),
        Ok(Answer::TooMany { retry_after }) => {
            let fault = Fault::TooOften { minutes: minutes(retry_after) };
            let mut answer = back(StatusCode::TOO_MANY_REQUESTS, fault).await;
            answer.headers_mut().insert(RETRY_AFTER, retry_after.as_secs().max(1).into());
            answer
        }
        Ok(Answer::NoMailServer) => {
            back(StatusCode::BAD_REQUEST, Fault::NoMailServer { domain: typed_domain(&form.email) }).await
        }
        Ok(Answer::EffortUsed) => match effort::again(&web.house, newsletter.id, &email) {
            Some(ask) => one_more_step(&ask).await,
            None => back(StatusCode::SERVICE_UNAVAILABLE, Fault::NotSaved).await,
        },
        Err(FlowError::Store(error)) => {
            tracing::error!(%error, "a sign-up could not be stored");
            back(StatusCode::SERVICE_UNAVAILABLE, Fault::NotSaved).await
        }
        Err(error) => return Err(error.into()),
    })
}

/// The address that was probably meant. A database that is away is told of where something is to be stored.
async fn meant(web: &Web, typed: &str, fault: Option<&InvalidAddress>) -> Option<EmailAddress> {
    let own = own_domains::most_frequent(&web.house).await.unwrap_or_default();
    typo::suggestion(typed, fault, &own)
}

/// The domain as it was typed.
fn typed_domain(typed: &str) -> &str {
    typed.trim().rsplit('@').next().unwrap_or_default()
}

/// What a browser is asked, as a page takes it.
pub(super) fn work(challenge: &effort::Challenge) -> step::Work<'_> {
    step::Work { challenge: &challenge.text, bits: challenge.bits }
}

/// The same for everybody, and without the address: browsers and proxies remember where they were sent.
fn look_in_your_inbox(newsletter: &NewsletterRow, asked: Option<Language>) -> HttpResponse {
    let mut place = paths::check_inbox(&newsletter.slug);
    if let Some(other) = asked.filter(|language| *language != newsletter.language) {
        place = format!("{place}?language={other}");
    }
    HttpResponse::SeeOther().insert_header((LOCATION, place)).finish()
}

/// Where the form stood: our own page, or the page of another site, as far as browsers tell. Between that form and us there may
/// have been pages of ours (a question, one more step): then the browser names those, and they carry on what was told to them.
fn origin(request: &HttpRequest, carried: &str, public_url: &str) -> Option<String> {
    let told = request.headers().get(REFERER).and_then(|value| value.to_str().ok()).and_then(page_address);
    let page = match told {
        Some(page) if !is_ours(request, &page, public_url) => Some(page),
        told => page_address(carried).or(told),
    };
    page.map(|page| page.as_str().chars().take(MOST_ORIGIN).collect())
}

/// Whether a page is of this installation, under the name of the settings or under the one that was asked.
fn is_ours(request: &HttpRequest, page: &Url, public_url: &str) -> bool {
    let asked = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    asked == Some(&page[Position::BeforeHost..Position::AfterPort])
        || Url::parse(public_url).is_ok_and(|ours| ours.origin() == page.origin())
}

/// The address of a page on the web that somebody claims, without what may say more than which page it is.
fn page_address(claimed: &str) -> Option<Url> {
    let mut page = Url::parse(claimed).ok().filter(|page| matches!(page.scheme(), "http" | "https"))?;
    page.set_query(None);
    page.set_fragment(None);
    // Neither can be refused: a page on the web has a host.
    let _ = page.set_username("");
    let _ = page.set_password(None);
    Some(page)
}
