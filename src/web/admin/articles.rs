//! Articles at the desk: what came in, in or out, in which section and in whose words.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use super::desk;
use super::visit::Visit;
use crate::domain::fault::Faults;
use crate::domain::language::Language;
use crate::domain::texts::{desk_editions as words, desk_people as people, desk_sure as sure};
use crate::domain::time::Timestamp;
use crate::flows::articles::{EnteredArticle, change, enter, remove};
use crate::flows::edit_edition::{EditionChange, ItemChange, SectionChange, edit};
use crate::flows::{FlowError, collect_articles};
use crate::pages::admin::articles::{Form, Line, SectionChoice, form, list};
use crate::pages::admin::edition::Tab;
use crate::pages::admin::notice::Notice;
use crate::pages::admin::sure::Question;
use crate::pages::admin::{FormFaults, Place, paths};
use crate::store::articles::{self, ArticleChange};
use crate::store::newsletters::SectionRow;
use crate::store::{editions, newsletters};
use crate::web::Web;
use crate::web::body::Fields;
use crate::web::problem::Problem;

desk! {
    "/admin/articles": get Viewer show;
    "/admin/articles/new": get Editor blank, post Editor add;
    "/admin/articles/fetch": post Editor fetch;
    "/admin/articles/{id}": get Editor one, post Editor press;
}

/// Articles on one page.
const PAGE: i64 = 50;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wanted {
    section: String,
    /// The last article of the page before: `MICROSECONDS-ID`.
    cursor: String,
    edition: Option<i64>,
}

async fn show(web: Data<Web>, visit: Visit, place: Query<Wanted>) -> Result<HttpResponse, Problem> {
    let newsletter = visit.newsletter()?;
    let before = place
        .cursor
        .rsplit_once('-')
        .and_then(|(moment, id)| Some((Timestamp::from_micros(moment.parse().ok()?), id.parse().ok()?)));
    let mut reader = web.house.db.read().await?;
    let sections = newsletters::sections(&mut reader, newsletter.id).await?;
    // What no section can be called is not asked for.
    let section = sections.iter().find(|section| section.key == place.section).map_or("", |section| &section.key);
    let rows = articles::listed(&mut reader, newsletter.id, section, before, PAGE).await?;
    let more = rows.last().filter(|_| rows.len() as i64 == PAGE);
    let more = more.map(|row| format!("{}-{}", row.published_at.as_micros(), row.id));
    let choices = choices(&sections, newsletter.language);
    let lines: Vec<Line<'_>> = rows
        .iter()
        .map(|row| Line {
            id: row.id,
            section: &row.section,
            title: &row.title,
            url: &row.url,
            source: row.source.as_deref(),
            published: visit.moment(row.published_at).date(),
            hidden: row.hidden,
            withdrawn: row.withdrawn_at.is_some(),
            sent_in: row.sent_in,
        })
        .collect();
    Ok(visit.show(|desk| list(desk, &choices, section, &lines, more.as_deref())))
}

fn choices(sections: &[SectionRow], language: Language) -> Vec<SectionChoice<'_>> {
    sections.iter().map(|section| SectionChoice { key: &section.key, title: section.title(language) }).collect()
}

async fn fetch(web: Data<Web>, mut visit: Visit, form: Fields) -> Result<HttpResponse, Problem> {
    visit.take_in_hand(form.get("newsletter").unwrap_or_default())?;
    collect_articles::fetch_all(&web.house, Some(&visit.newsletter()?.slug)).await?;
    Ok(visit.done(paths::ARTICLES, Notice::Fetched))
}

/// What stands in the form.
#[derive(Default)]
struct Typed {
    id: Option<i64>,
    edition: Option<i64>,
    section: String,
    title: String,
    url: String,
    summary: String,
    unsaved: bool,
}

impl Typed {
    fn read(form: &Fields, id: Option<i64>) -> Self {
        let text = |name: &str| form.get(name).unwrap_or_default().trim().to_owned();
        Self {
            id,
            edition: form.get("edition").and_then(|id| id.parse().ok()),
            section: text("section"),
            title: text("title"),
            url: text("url"),
            summary: text("summary"),
            unsaved: false,
        }
    }
}

async fn blank(web: Data<Web>, mut visit: Visit, place: Query<Wanted>) -> Result<HttpResponse, Problem> {
    if let Some(id) = place.edition
        && let Some(edition) = editions::by_id(&mut web.house.db.read().await?, id).await?
    {
        visit.take_in_hand_by_id(edition.newsletter_id)?;
    }
    let typed = Typed { edition: place.edition, section: place.section.clone(), ..Typed::default() };
    rendered(&web, &visit, &typed, &[]).await
}

/// What was typed before the session ran out, in its form again and not saved.
///
/// # Errors
/// When there is no such article, or the database cannot answer.
pub async fn put_back(web: &Web, visit: &mut Visit, id: Option<i64>, form: &Fields) -> Result<HttpResponse, Problem> {
    match id {
        Some(id) => drop(stored(web, visit, id).await?),
        None => visit.take_in_hand(form.get("newsletter").unwrap_or_default())?,
    }
    let typed = Typed { unsaved: true, ..Typed::read(form, id) };
    rendered(web, visit, &typed, &[]).await
}

async fn add(web: Data<Web>, mut visit: Visit, form: Fields) -> Result<HttpResponse, Problem> {
    visit.take_in_hand(form.get("newsletter").unwrap_or_default())?;
    let typed = Typed::read(&form, None);
    let entered = EnteredArticle {
        section: typed.section.clone(),
        title: typed.title.clone(),
        url: typed.url.clone(),
        summary: typed.summary.clone(),
        published: None,
    };
    let article = match enter(&web.house.by(visit.actor()), &visit.newsletter()?.slug, entered).await {
        Ok((article, _)) => article,
        Err(FlowError::Invalid(faults)) => {
            return rendered(&web, &visit, &typed, &told(&faults, visit.language)).await;
        }
        Err(error) => return Err(error.into()),
    };
    let Some(edition) = typed.edition else { return Ok(visit.done(paths::ARTICLES, Notice::Added)) };
    let notice = match join(&web, &visit, edition, article.id, &article.section).await {
        Ok(()) => Notice::Added,
        Err(FlowError::Conflict(_) | FlowError::Invalid(_)) => Notice::OutOfDate,
        Err(error) => return Err(error.into()),
    };
    Ok(visit.on_to(paths::tab(edition, Tab::Content), Some(notice)))
}

/// Puts an article at the end of its section in an edition.
async fn join(web: &Web, visit: &Visit, edition: i64, article: i64, section: &str) -> Result<(), FlowError> {
    let mut reader = web.house.db.read().await?;
    let row = editions::by_id(&mut reader, edition).await?.ok_or_else(|| FlowError::no_edition(edition))?;
    let items = editions::items(&mut reader, edition).await?;
    let sections = newsletters::sections(&mut reader, row.newsletter_id).await?;
    drop(reader);
    if items.iter().any(|item| item.article_id == article) {
        return Ok(());
    }
    let item = |article, title, summary| ItemChange { article, title, summary, url: None };
    let sections = sections.into_iter().map(|held| {
        let own = items.iter().filter(|item| item.section == held.key);
        let mut items: Vec<ItemChange> =
            own.map(|own| item(own.article_id, Some(own.title.clone()), Some(own.summary.clone()))).collect();
        if held.key == section {
            items.push(item(article, None, None));
        }
        SectionChange { key: held.key, title: None, items }
    });
    let sections = Some(sections.collect());
    let change = EditionChange { version: Some(row.version), sections, ..EditionChange::default() };
    edit(&web.house, edition, change, visit.actor()).await.map(drop)
}

async fn one(web: Data<Web>, mut visit: Visit, id: Path<i64>) -> Result<HttpResponse, Problem> {
    let typed = stored(&web, &mut visit, *id).await?;
    rendered(&web, &visit, &typed, &[]).await
}

async fn stored(web: &Web, visit: &mut Visit, id: i64) -> Result<Typed, Problem> {
    let row = articles::by_id(&mut web.house.db.read().await?, id).await?;
    let row = row.ok_or_else(|| FlowError::NotFound(format!("article {id}")))?;
    visit.take_in_hand_by_id(row.newsletter_id)?;
    Ok(Typed {
        id: Some(id),
        edition: None,
        section: row.section,
        title: row.title,
        url: row.url,
        summary: row.summary,
        unsaved: false,
    })
}

async fn press(web: Data<Web>, mut visit: Visit, id: Path<i64>, form: Fields) -> Result<HttpResponse, Problem> {
    let before = stored(&web, &mut visit, *id).await?;
    if form.get("remove").is_some() && form.get("sure").is_none() {
        let language = visit.language;
        return Ok(visit.asks(&Question {
            place: Place::Articles,
            title: &sure::article(language, &before.title),
            what: &[sure::article_gone(language), sure::for_good(language)],
            action: &paths::article(*id),
            fields: &[("remove", "yes")],
            button: &people::article_remove(language),
            back: &paths::article(*id),
        }));
    }
    if form.get("remove").is_some() {
        return match remove(&web.house.by(visit.actor()), *id).await {
            Ok(()) => Ok(visit.done(paths::ARTICLES, Notice::Removed)),
            Err(FlowError::Conflict(_)) => {
                let fault = (String::new(), words::fault_in_edition(visit.language));
                rendered(&web, &visit, &before, &[fault]).await
            }
            Err(error) => Err(error.into()),
        };
    }
    if let Some(hidden) = form.get("hidden") {
        let hide = ArticleChange { hidden: Some(hidden == "yes"), ..ArticleChange::default() };
        change(&web.house.by(visit.actor()), *id, hide).await?;
        return Ok(visit.done(paths::ARTICLES, Notice::Saved));
    }
    let typed = Typed::read(&form, Some(*id));
    // What stayed as it was is left to its source.
    let differs = |now: &String, before: &String| (now != before).then(|| now.clone());
    let wanted = ArticleChange {
        section: differs(&typed.section, &before.section),
        title: differs(&typed.title, &before.title),
        url: differs(&typed.url, &before.url),
        summary: differs(&typed.summary, &before.summary),
        hidden: None,
    };
    match change(&web.house.by(visit.actor()), *id, wanted).await {
        Ok(_) => Ok(visit.done(paths::ARTICLES, Notice::Saved)),
        Err(FlowError::Invalid(faults)) => rendered(&web, &visit, &typed, &told(&faults, visit.language)).await,
        Err(error) => Err(error.into()),
    }
}

/// The faults of the flow in the reader's language.
fn told(faults: &Faults, language: Language) -> Vec<(String, String)> {
    let message = |field: &str| match field {
        "title" => words::fault_line(language),
        "url" => words::fault_url(language),
        "section" => words::fault_section(language),
        _ => words::fault_text(language),
    };
    faults.0.iter().map(|fault| (fault.field.to_owned(), message(fault.field))).collect()
}

async fn rendered(
    web: &Web,
    visit: &Visit,
    typed: &Typed,
    faults: &[(String, String)],
) -> Result<HttpResponse, Problem> {
    let newsletter = visit.newsletter()?;
    let sections = newsletters::sections(&mut web.house.db.read().await?, newsletter.id).await?;
    let choices = choices(&sections, newsletter.language);
    let faults: Vec<(&str, &str)> = faults.iter().map(|(field, message)| (field.as_str(), message.as_str())).collect();
    let shown = Form {
        id: typed.id,
        edition: typed.edition,
        sections: &choices,
        section: &typed.section,
        title: &typed.title,
        url: &typed.url,
        summary: &typed.summary,
        unsaved: typed.unsaved,
        faults: FormFaults(&faults),
    };
    Ok(if faults.is_empty() { visit.show(|desk| form(desk, &shown)) } else { visit.again(|desk| form(desk, &shown)) })
}
