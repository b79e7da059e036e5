//! The first start: the first administrator by the code in the log, then what a newsletter needs, step by step.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use super::cookies::keep;
use super::desk;
use super::login::{inside, language, page};
use super::settings::{self, form, sender, sources};
use super::visit::{Visit, see_other};
use crate::domain::newsletter::NewsletterChange;
use crate::domain::texts::desk_settings as texts;
use crate::flows::first_start::{self, Outcome};
use crate::flows::newsletters;
use crate::pages::admin::setup::{self as shown, FirstAdmin, Step};
use crate::pages::admin::{FormFaults, paths};
use crate::web::Web;
use crate::web::body::Fields;
use crate::web::client::Client;
use crate::web::problem::Problem;
use crate::web::public::Shown;

desk! {
    "/admin/setup": get Anyone first, post Anyone begin;
    "/admin/setup/{step}": get Admin show, post Admin save;
}

#[derive(Deserialize)]
struct Code {
    #[serde(default)]
    code: String,
}

async fn first(web: Data<Web>, request: HttpRequest, query: Query<Code>) -> Result<HttpResponse, Problem> {
    if !first_start::is_pending(&web.house).await? {
        return Ok(see_other(paths::LOGIN));
    }
    let admin = FirstAdmin { code: &query.code, ..FirstAdmin::default() };
    Ok(page(StatusCode::OK, &shown::first(language(&request), &admin)))
}

async fn begin(web: Data<Web>, request: HttpRequest, client: Client, form: Fields) -> Result<HttpResponse, Problem> {
    let language = language(&request);
    let field = |name: &str| form.get(name).unwrap_or_default();
    let wanted = first_start::FirstAdmin {
        code: field("code"),
        name: field("name"),
        email: field("email"),
        password: field("password"),
        language,
    };
    let again = |faults: &[(&str, &str)]| {
        let (code, name, email) = (wanted.code, wanted.name, wanted.email);
        let admin = FirstAdmin { code, name, email, faults: FormFaults(faults) };
        page(StatusCode::BAD_REQUEST, &shown::first(language, &admin))
    };
    Ok(match first_start::begin(&web.house, &wanted).await? {
        Outcome::Done(tokens) => keep(see_other(&step_path(2)), &tokens, &request),
        Outcome::TooLate => see_other(paths::LOGIN),
        Outcome::WrongCode => match web.wrong_token(client) {
            Problem::BrokenLink => again(&[("code", &texts::setup_code_wrong(language))]),
            too_often => return Err(too_often),
        },
        Outcome::Password(fault) => again(&[("password", &texts::password_fault(language, fault))]),
        Outcome::Faulty(faults) => {
            let told = settings::told(language, &faults);
            let told: Vec<(&str, &str)> = told.iter().map(|(field, message)| (*field, message.as_str())).collect();
            again(&told)
        }
    })
}

async fn show(web: Data<Web>, visit: Visit, step: Path<usize>) -> Result<HttpResponse, Problem> {
    let none = settings::Faulty::default();
    match *step {
        2 => Ok(newsletter_step(&visit, &Typed::of(&visit), &none)),
        _ if visit.newsletters().is_empty() => Ok(see_other(&step_path(2))),
        3 => {
            let facts = sender::Facts::gather(&web, &visit).await?;
            let (smtp, records) = (facts.smtp(), facts.records());
            Ok(visit.show(|desk| shown::step(desk, &Step::Mail { smtp, records: &records }, FormFaults::default())))
        }
        4 => sources::wizard_step(&web, &visit).await,
        5 => schedule_step(&web, &visit, &sources::When::of(&visit, web.house.clock.now())?, &none).await,
        _ => Err(Problem::NotFound("such step".to_owned())),
    }
}

async fn save(web: Data<Web>, visit: Visit, step: Path<usize>, form: Fields) -> Result<HttpResponse, Problem> {
    let then = inside(form.get("then").unwrap_or(paths::OVERVIEW));
    match *step {
        2 => {
            let typed = Typed::from(&form);
            let saved = match visit.newsletter() {
                Ok(row) => newsletters::edit(&web.house.by(visit.actor()), &row.slug, typed.change(false)).await,
                Err(_) => newsletters::create(&web.house.by(visit.actor()), typed.change(true)).await,
            };
            match settings::outcome(visit.language, saved.map(drop))? {
                Ok(()) => Ok(see_other(then)),
                Err(faulty) => Ok(newsletter_step(&visit, &typed, &faulty)),
            }
        }
        5 => {
            let when = sources::When::from(&form, &visit, web.house.clock.now());
            visit.newsletter()?;
            match settings::outcome(visit.language, when.save(&web, &visit).await)? {
                Ok(()) => Ok(see_other(then)),
                Err(faulty) => schedule_step(&web, &visit, &when, &faulty).await,
            }
        }
        _ => Err(Problem::Method),
    }
}

/// The step about the newsletter, as stored or typed.
struct Typed {
    slug: String,
    words: form::Words,
    sender: sender::Author,
}

impl Typed {
    fn of(visit: &Visit) -> Self {
        match visit.newsletter() {
            Ok(row) => Self { slug: row.slug.clone(), words: form::Words::of(row), sender: sender::Author::of(row) },
            Err(_) => Self {
                slug: texts::setup_usual_slug(visit.language),
                words: form::Words::none(visit.language),
                sender: sender::Author::default(),
            },
        }
    }

    fn from(form: &Fields) -> Self {
        Self {
            slug: form.get("slug").unwrap_or_default().to_owned(),
            words: form::Words::from(form),
            sender: sender::Author::from(form),
        }
    }

    fn change(&self, is_new: bool) -> NewsletterChange {
        let NewsletterChange { title, description, language, archive_indexed, .. } = self.words.change();
        NewsletterChange {
            slug: is_new.then(|| self.slug.clone()),
            title,
            description,
            language,
            archive_indexed,
            ..self.sender.change()
        }
    }
}

fn newsletter_step(visit: &Visit, typed: &Typed, faulty: &settings::Faulty) -> HttpResponse {
    let faults = faulty.pairs();
    let (slug, texts, sender) = (typed.slug.as_str(), typed.words.shown(), typed.sender.shown());
    visit
        .page(faulty.status(), |desk| shown::step(desk, &Step::Newsletter { slug, texts, sender }, FormFaults(&faults)))
}

async fn schedule_step(
    web: &Web,
    visit: &Visit,
    when: &sources::When,
    faulty: &settings::Faulty,
) -> Result<HttpResponse, Problem> {
    let seen = Shown::of(&web.house, visit.newsletter()?.clone(), None).await?;
    let (faults, newsletter, base) = (faulty.pairs(), seen.view(), web.house.config.public_url.as_str());
    let step = Step::Schedule { when: when.shown(), newsletter: &newsletter, base };
    Ok(visit.page(faulty.status(), |desk| shown::step(desk, &step, FormFaults(&faults))))
}

fn step_path(step: usize) -> String {
    format!("{}/{step}", paths::SETUP)
}
