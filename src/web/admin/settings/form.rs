//! Form and texts: what visitors read, and the snippets that place the form on another site.

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::{Faulty, outcome};
use crate::domain::language::Language;
use crate::domain::look::Logo;
use crate::domain::newsletter::{NewsletterChange, Promo};
use crate::flows::newsletters;
use crate::pages::admin::edition::content::Promo as ShownPromo;
use crate::pages::admin::notice::Notice;
use crate::pages::admin::settings::SettingsTab;
use crate::pages::admin::settings::form::{Look, Texts, tab};
use crate::pages::admin::{FormFaults, paths};
use crate::store::newsletters::NewsletterRow;
use crate::web::Web;
use crate::web::admin::desk;
use crate::web::admin::visit::Visit;
use crate::web::body::Fields;
use crate::web::problem::Problem;
use crate::web::public::Shown;

desk! {
    "/admin/settings/form": get Viewer show, post Admin press;
}

async fn show(web: Data<Web>, visit: Visit) -> Result<HttpResponse, Problem> {
    let words = Words::of(visit.newsletter()?);
    shown(&web, &visit, &words, &Faulty::default()).await
}

async fn press(web: Data<Web>, mut visit: Visit, form: Fields) -> Result<HttpResponse, Problem> {
    if let Some(slug) = form.get("newsletter") {
        visit.take_in_hand(slug)?;
    }
    let words = Words::from(&form);
    let saved = newsletters::edit(&web.house.by(visit.actor()), &visit.newsletter()?.slug, words.change()).await;
    match outcome(visit.language, saved.map(drop))? {
        Ok(()) => Ok(visit.done(paths::settings(SettingsTab::Form.segment()), Notice::Saved)),
        Err(faulty) => shown(&web, &visit, &words, &faulty).await,
    }
}

async fn shown(web: &Web, visit: &Visit, words: &Words, faulty: &Faulty) -> Result<HttpResponse, Problem> {
    // In the newsletter's own language, as its visitors read it.
    let seen = Shown::of(&web.house, visit.newsletter()?.clone(), None).await?;
    let (faults, base) = (faulty.pairs(), web.house.config.public_url.as_str());
    Ok(visit.page(faulty.status(), |desk| tab(desk, &words.shown(), &seen.view(), base, FormFaults(&faults))))
}

/// What visitors read, as stored or typed.
pub struct Words {
    title: String,
    description: String,
    language: Language,
    archive_indexed: bool,
    promo: Promo,
    promo_shown: bool,
    /// Whether the form asked about the block at all.
    promo_asked: bool,
    look: Typed,
    /// The same of colour and logo.
    look_asked: bool,
}

/// Colour and logo, as stored or typed.
#[derive(Default)]
struct Typed {
    accent: String,
    logo: String,
    alt: String,
    width: String,
    height: String,
}

impl Typed {
    fn of(row: &NewsletterRow) -> Self {
        let look = row.look();
        let accent = look.accent.map(|accent| accent.to_string()).unwrap_or_default();
        match look.logo {
            Some(Logo { url, width, height, alt }) => {
                Self { accent, logo: url, alt, width: width.to_string(), height: height.to_string() }
            }
            None => Self { accent, ..Self::default() },
        }
    }

    /// A number that is none is one that no picture has.
    fn logo(&self) -> Option<Logo> {
        let number = |text: &str| text.trim().parse().unwrap_or(0);
        (!self.logo.trim().is_empty()).then(|| Logo {
            url: self.logo.trim().to_owned(),
            alt: self.alt.clone(),
            width: number(&self.width),
            height: number(&self.height),
        })
    }
}

impl Words {
    /// Of a newsletter that is still to be made.
    pub fn none(language: Language) -> Self {
        Self {
            title: String::new(),
            description: String::new(),
            language,
            archive_indexed: true,
            promo: no_promo(),
            promo_shown: false,
            promo_asked: false,
            look: Typed::default(),
            look_asked: false,
        }
    }

    /// As stored.
    pub fn of(row: &NewsletterRow) -> Self {
        let promo = newsletters::promo_of(row);
        Self {
            title: row.title.clone(),
            description: row.description.clone(),
            language: row.language,
            archive_indexed: row.archive_indexed,
            promo_shown: promo.is_some(),
            promo: promo.unwrap_or_else(no_promo),
            promo_asked: true,
            look: Typed::of(row),
            look_asked: true,
        }
    }

    /// As typed.
    pub fn from(form: &Fields) -> Self {
        let field = |name: &str| form.get(name).unwrap_or_default().to_owned();
        Self {
            title: field("title"),
            description: field("description"),
            language: field("language").parse().unwrap_or_default(),
            archive_indexed: field("archive_indexed") == "on",
            promo: Promo {
                heading: field("promo-heading"),
                title: field("promo-title"),
                text: field("promo-text"),
                url: field("promo-url"),
                button: field("promo-button"),
            },
            promo_shown: field("promo-shown") == "on",
            promo_asked: form.get("promo-heading").is_some(),
            look: Typed {
                accent: field("accent"),
                logo: field("logo"),
                alt: field("logo-alt"),
                width: field("logo-width"),
                height: field("logo-height"),
            },
            look_asked: form.get("accent").is_some(),
        }
    }

    /// As the view takes it.
    pub fn shown(&self) -> Texts<'_> {
        Texts {
            title: &self.title,
            description: &self.description,
            language: self.language,
            archive_indexed: self.archive_indexed,
            promo: ShownPromo {
                shown: self.promo_shown,
                heading: &self.promo.heading,
                title: &self.promo.title,
                text: &self.promo.text,
                url: &self.promo.url,
                button: &self.promo.button,
            },
            look: Look {
                accent: &self.look.accent,
                logo: &self.look.logo,
                alt: &self.look.alt,
                width: &self.look.width,
                height: &self.look.height,
            },
        }
    }

    /// What it makes of a newsletter.
    pub fn change(&self) -> NewsletterChange {
        NewsletterChange {
            title: Some(self.title.clone()),
            description: Some(self.description.clone()),
            language: Some(self.language.tag().to_owned()),
            archive_indexed: Some(self.archive_indexed),
            accent: self.look_asked.then(|| self.look.accent.clone()),
            logo: self.look_asked.then(|| self.look.logo()),
            promo: self.promo_asked.then(|| self.promo_shown.then(|| self.promo.clone())),
            ..NewsletterChange::default()
        }
    }
}

fn no_promo() -> Promo {
    let empty = String::new;
    Promo { heading: empty(), title: empty(), text: empty(), url: empty(), button: empty() }
}
