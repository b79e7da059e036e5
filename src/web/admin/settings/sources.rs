//! Sources and schedule: where articles come from, and when they become a draft.

use actix_web::HttpResponse;
use actix_web::web::Data;
use jiff::civil::DateTime;

use super::{Faulty, outcome};
use crate::domain::delivery::OnUnknown;
use crate::domain::edition::Approval;
use crate::domain::fault::Faults;
use crate::domain::newsletter::NewsletterChange;
use crate::domain::role::Role;
use crate::domain::texts::said::said;
use crate::domain::texts::{desk_settings as texts, desk_sure as words, numbers};
use crate::domain::time::Timestamp;
use crate::flows::collect_articles::{self, Look, NewSource};
use crate::flows::{FlowError, newsletters};
use crate::pages::admin::articles::SectionChoice;
use crate::pages::admin::notice::Notice;
use crate::pages::admin::settings::SettingsTab;
use crate::pages::admin::settings::schedule::Schedule;
use crate::pages::admin::settings::sources::{Addition, Found, Source, tab};
use crate::pages::admin::setup::{Step, step};
use crate::pages::admin::sure::Question;
use crate::pages::admin::{FormFaults, Place, paths};
use crate::store::newsletters::SectionRow;
use crate::store::sources::SourceRow;
use crate::store::{articles, newsletters as rows, sources};
use crate::web::Web;
use crate::web::admin::desk;
use crate::web::admin::visit::{Visit, see_other};
use crate::web::body::Fields;
use crate::web::problem::Problem;

desk! {
    "/admin/settings/sources": get Viewer show, post Editor press;
}

async fn show(web: Data<Web>, visit: Visit) -> Result<HttpResponse, Problem> {
    let when = When::of(&visit, web.house.clock.now())?;
    shown(&web, &visit, &Wish::default(), &when, &Faulty::default()).await
}

/// Editors may have a source read; the rest is for administrators.
async fn press(web: Data<Web>, mut visit: Visit, form: Fields) -> Result<HttpResponse, Problem> {
    if let Some(slug) = form.get("newsletter") {
        visit.take_in_hand(slug)?;
    }
    let (house, what) = (&web.house, form.get("what").unwrap_or_default());
    if what != "fetch" && !visit.may(Role::Admin) {
        return Err(Problem::NotAllowed(Role::Admin));
    }
    let now = house.clock.now();
    let in_wizard = form.get("step").is_some();
    match what {
        "fetch" => {
            let reading = collect_articles::fetch(house, &source(&web, &visit, &form).await?).await?;
            if let Some(why) = reading.error {
                let faulty = Faulty::one("", said(visit.language, &why));
                if in_wizard {
                    return wizard(&web, &visit, &Wish::default(), &faulty).await;
                }
                return shown(&web, &visit, &Wish::default(), &When::of(&visit, now)?, &faulty).await;
            }
            Ok(onward(&visit, &form, Notice::Fetched))
        }
        "remove" => {
            let source = source(&web, &visit, &form).await?;
            if form.get("sure").is_none() {
                return sure(&web, &visit, &source, form.get("step")).await;
            }
            collect_articles::remove(&house.by(visit.actor()), source.id).await?;
            Ok(onward(&visit, &form, Notice::Removed))
        }
        "source" => {
            let mut wish = Wish::from(&form);
            let faulty = if form.get("try").is_some() {
                match collect_articles::look(house, &wish.url, wish.allow_private).await {
                    Ok(look) => {
                        wish.found = Some(look);
                        Faulty::default()
                    }
                    Err(error) => outcome(visit.language, Err(error))?.err().unwrap_or_default(),
                }
            } else {
                let new = NewSource {
                    url: &wish.url,
                    section: &wish.section,
                    category_sections: Default::default(),
                    allow_private: wish.allow_private,
                };
                let slug = &visit.newsletter()?.slug;
                match outcome(
                    visit.language,
                    collect_articles::add(&house.by(visit.actor()), slug, new).await.map(drop),
                )? {
                    Ok(()) => return Ok(onward(&visit, &form, Notice::Added)),
                    Err(faulty) => faulty,
                }
            };
            if in_wizard {
                return wizard(&web, &visit, &wish, &faulty).await;
            }
            shown(&web, &visit, &wish, &When::of(&visit, now)?, &faulty).await
        }
        "schedule" => {
            let when = When::from(&form, &visit, now);
            match outcome(visit.language, when.save(&web, &visit).await)? {
                Ok(()) => Ok(visit.done(paths::settings(SettingsTab::Sources.segment()), Notice::Saved)),
                Err(faulty) => shown(&web, &visit, &Wish::default(), &when, &faulty).await,
            }
        }
        _ => Err(Problem::bad("this is none of the page's buttons")),
    }
}

/// Back to where the form stands: a step of the first start, or else the tab.
fn onward(visit: &Visit, form: &Fields, notice: Notice) -> HttpResponse {
    match form.get("step").and_then(|step| step.parse::<u8>().ok()) {
        Some(step) => see_other(&format!("{}/{step}?done={notice}", paths::SETUP)),
        None => visit.done(paths::settings(SettingsTab::Sources.segment()), notice),
    }
}

/// Asks before a source goes, in the wizard as well.
async fn sure(web: &Web, visit: &Visit, source: &SourceRow, step: Option<&str>) -> Result<HttpResponse, Problem> {
    let language = visit.language;
    let count = articles::count_of_source(&mut web.house.db.read().await?, source.id).await?;
    let title = source.title.as_deref().filter(|title| !title.is_empty()).unwrap_or(&source.url);
    let (id, tab) = (source.id.to_string(), paths::settings(SettingsTab::Sources.segment()));
    let slug = visit.newsletter()?.slug.as_str();
    let fields = [("newsletter", slug), ("what", "remove"), ("source", id.as_str())].into_iter();
    let fields: Vec<_> = fields.chain(step.map(|step| ("step", step))).collect();
    let step = step.and_then(|step| step.parse::<u8>().ok());
    Ok(visit.asks(&Question {
        place: Place::Settings,
        title: &words::source(language, title),
        what: &[words::source_no_more(language), words::source_stays(language, numbers::count(language, count))],
        action: &tab,
        fields: &fields,
        button: &texts::sources_remove(language),
        back: &step.map_or_else(|| visit.here(&tab), |step| format!("{}/{step}", paths::SETUP)),
    }))
}

/// The source of a form, if it is one of the newsletter in hand.
async fn source(web: &Web, visit: &Visit, form: &Fields) -> Result<SourceRow, Problem> {
    let id: i64 = form.get("source").and_then(|id| id.parse().ok()).unwrap_or_default();
    let found = sources::by_id(&mut web.house.db.read().await?, id).await?;
    let newsletter = visit.newsletter()?.id;
    let found = found.filter(|source| source.newsletter_id == newsletter);
    Ok(found.ok_or_else(|| FlowError::NotFound(format!("source {id} of this newsletter")))?)
}

/// The step of the first start about sources.
///
/// # Errors
/// When the database fails.
pub async fn wizard_step(web: &Web, visit: &Visit) -> Result<HttpResponse, Problem> {
    wizard(web, visit, &Wish::default(), &Faulty::default()).await
}

async fn wizard(web: &Web, visit: &Visit, wish: &Wish, faulty: &Faulty) -> Result<HttpResponse, Problem> {
    let have = Have::gather(web, visit).await?;
    let (sources, sections, faults) = (have.sources(visit), have.sections(), faulty.pairs());
    let items = wish.items();
    let shown = Step::Sources { sources: &sources, sections: &sections, addition: wish.shown(&items) };
    Ok(visit.page(faulty.status(), |desk| step(desk, &shown, FormFaults(&faults))))
}

async fn shown(web: &Web, visit: &Visit, wish: &Wish, when: &When, faulty: &Faulty) -> Result<HttpResponse, Problem> {
    let have = Have::gather(web, visit).await?;
    let (sources, sections, faults) = (have.sources(visit), have.sections(), faulty.pairs());
    let items = wish.items();
    let addition = wish.shown(&items);
    Ok(visit
        .page(faulty.status(), |desk| tab(desk, &sources, &sections, &addition, &when.shown(), FormFaults(&faults))))
}

/// What there is.
struct Have {
    sources: Vec<(SourceRow, i64)>,
    sections: Vec<(String, String)>,
}

impl Have {
    async fn gather(web: &Web, visit: &Visit) -> Result<Self, Problem> {
        let newsletter = visit.newsletter()?.id;
        let mut reader = web.house.db.read().await?;
        let mut counted = Vec::new();
        let told = |words: Option<String>| words.map(|words| said(visit.language, &words));
        for source in sources::of_newsletter(&mut reader, newsletter).await? {
            let articles = articles::count_of_source(&mut reader, source.id).await?;
            let (last_error, gap) = (told(source.last_error), told(source.gap));
            counted.push((SourceRow { last_error, gap, ..source }, articles));
        }
        let title = |row: SectionRow| (row.key.clone(), row.title(visit.language).to_owned());
        let sections = rows::sections(&mut reader, newsletter).await?.into_iter().map(title).collect();
        Ok(Self { sources: counted, sections })
    }

    fn sources(&self, visit: &Visit) -> Vec<Source<'_>> {
        let title_of =
            |key: &str| self.sections.iter().find(|(known, _)| known == key).map(|(_, title)| title.as_str());
        self.sources
            .iter()
            .map(|(row, articles)| Source {
                id: row.id,
                title: row.title.as_deref().filter(|title| !title.is_empty()).unwrap_or(&row.url),
                url: &row.url,
                section: title_of(&row.section).unwrap_or(&row.section),
                articles: *articles,
                last_success: row.last_success_at.map(|moment| visit.moment(moment)),
                failures: row.failures,
                last_error: row.last_error.as_deref(),
                gap: row.gap.as_deref(),
            })
            .collect()
    }

    fn sections(&self) -> Vec<SectionChoice<'_>> {
        self.sections.iter().map(|(key, title)| SectionChoice { key, title }).collect()
    }
}

/// A source that somebody would like.
#[derive(Default)]
struct Wish {
    url: String,
    section: String,
    allow_private: bool,
    found: Option<Look>,
}

impl Wish {
    fn from(form: &Fields) -> Self {
        let field = |name: &str| form.get(name).unwrap_or_default().to_owned();
        Self {
            url: field("url"),
            section: field("section"),
            allow_private: field("allow_private") == "on",
            found: None,
        }
    }

    fn items(&self) -> Vec<(&str, &str)> {
        let items = self.found.iter().flat_map(|look| &look.items);
        items.map(|(title, url)| (title.as_str(), url.as_str())).collect()
    }

    fn shown<'a>(&'a self, items: &'a [(&'a str, &'a str)]) -> Addition<'a> {
        let found = self.found.as_ref().map(|look| Found { title: &look.title, items });
        Addition { url: &self.url, section: &self.section, allow_private: self.allow_private, found }
    }
}

/// The schedule, as stored or typed.
pub struct When {
    rule: String,
    zone: String,
    review_days: String,
    approval: Approval,
    min_articles: String,
    max_per_year: String,
    notify: String,
    on_unknown: OnUnknown,
    four_eyes: bool,
    test_required: bool,
    coming: Vec<(DateTime, DateTime)>,
}

impl When {
    /// As stored.
    ///
    /// # Errors
    /// While there is no newsletter.
    pub fn of(visit: &Visit, now: Timestamp) -> Result<Self, Problem> {
        let row = visit.newsletter()?;
        Ok(Self {
            rule: row.assemble_rule.clone(),
            zone: row.timezone.clone(),
            review_days: row.review_days.to_string(),
            approval: row.approval,
            min_articles: row.min_articles.to_string(),
            max_per_year: row.max_per_year.to_string(),
            notify: row.notify.clone(),
            on_unknown: row.on_unknown,
            four_eyes: row.four_eyes,
            test_required: row.test_required,
            coming: coming(visit, now),
        })
    }

    /// As typed.
    pub fn from(form: &Fields, visit: &Visit, now: Timestamp) -> Self {
        let field = |name: &str| form.get(name).unwrap_or_default().trim().to_owned();
        let preset = form.get("preset").filter(|preset| *preset != "own");
        Self {
            rule: preset.map_or_else(|| field("assemble"), str::to_owned),
            zone: field("timezone"),
            review_days: field("review_days"),
            approval: field("approval").parse().unwrap_or(Approval::Required),
            min_articles: field("min_articles"),
            max_per_year: field("max_per_year"),
            notify: field("notify"),
            on_unknown: field("on_unknown").parse().unwrap_or(OnUnknown::Repeat),
            four_eyes: field("four_eyes") == "on",
            test_required: field("test_required") == "on",
            coming: coming(visit, now),
        }
    }

    /// As the view takes it.
    pub fn shown(&self) -> Schedule<'_> {
        Schedule {
            rule: &self.rule,
            zone: &self.zone,
            review_days: &self.review_days,
            approval: self.approval,
            min_articles: &self.min_articles,
            max_per_year: &self.max_per_year,
            notify: &self.notify,
            on_unknown: self.on_unknown,
            four_eyes: self.four_eyes,
            test_required: self.test_required,
            coming: &self.coming,
        }
    }

    /// Gives the newsletter in hand this schedule.
    ///
    /// # Errors
    /// Every fault at once.
    pub async fn save(&self, web: &Web, visit: &Visit) -> Result<(), FlowError> {
        let mut faults = Faults::default();
        let mut number = |field, text: &str| faults.keep(field, text.parse::<i64>());
        let review_days = number("review_days", &self.review_days);
        let min_articles = number("min_articles", &self.min_articles);
        let max_per_year = number("max_per_year", &self.max_per_year);
        let change = NewsletterChange {
            assemble: Some(self.rule.clone()),
            timezone: Some(self.zone.clone()),
            review_days,
            approval: Some(self.approval.as_str().to_owned()),
            min_articles,
            max_per_year,
            notify: Some(self.notify.clone()),
            on_unknown: Some(self.on_unknown.as_str().to_owned()),
            four_eyes: Some(self.four_eyes),
            test_required: Some(self.test_required),
            ..NewsletterChange::default()
        };
        faults.check()?;
        let slug = visit.newsletter().map(|row| row.slug.clone()).unwrap_or_default();
        newsletters::edit(&web.house.by(visit.actor()), &slug, change).await.map(drop)
    }
}

/// The coming drafts and sendings by the schedule that holds now.
fn coming(visit: &Visit, now: Timestamp) -> Vec<(DateTime, DateTime)> {
    let moments = visit.newsletter().ok().and_then(|row| newsletters::coming(row, now, 4).ok()).unwrap_or_default();
    moments.iter().map(|coming| (visit.moment(coming.assemble_at), visit.moment(coming.send_at))).collect()
}
