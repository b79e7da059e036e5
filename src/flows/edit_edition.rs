//! Somebody changes an edition before it leaves: its words, which articles stand in it and in which order, and the block
//! at its end.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::articles::{summary, title};
use super::newsletters::known_section;
use super::{FlowError, House};
use crate::content::clean;
use crate::domain::edition::EditionStep;
use crate::domain::fault::Faults;
use crate::domain::newsletter::{Promo, one_line, web_address_or_none};
use crate::domain::plain_text::clean_lines;
use crate::store::Access;
use crate::store::articles::{self, ArticleRow};
use crate::store::editions::{self, EditionRow, EditionTexts};
use crate::store::newsletters::{self, NewsletterRow};

/// Longest introduction, in characters.
const MAX_INTRO: usize = 20_000;

/// What is to be different; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EditionChange {
    /// The version that was looked at: when somebody else was quicker, nothing is changed.
    pub version: Option<i64>,
    pub subject: Option<String>,
    pub preheader: Option<String>,
    /// Markdown.
    pub intro: Option<String>,
    /// The block that recommends something of the house; `null` takes it out.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<Promo>)]
    pub promo: Option<Option<Promo>>,
    /// All that stands in the edition from now on, in order.
    pub sections: Option<Vec<SectionChange>>,
}

/// What is there was given, even when it is `null`.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Promo>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The articles of one section, in order.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SectionChange {
    pub key: String,
    /// Told, and left as it is: it belongs to the newsletter.
    #[serde(default)]
    pub title: Option<String>,
    pub items: Vec<ItemChange>,
}

/// One article, perhaps with words of the edition's own.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemChange {
    /// The article's id.
    pub article: i64,
    #[serde(default)]
    pub title: Option<String>,
    #[serde(default)]
    pub summary: Option<String>,
    /// Told, and left as it is: it belongs to the article.
    #[serde(default)]
    pub url: Option<String>,
}

/// Changes an edition, in the name of `by`. An approval falls away: what was approved is what is sent.
///
/// # Errors
/// [`FlowError::Invalid`] with every fault; [`FlowError::Conflict`] when its state forbids it or somebody was quicker.
pub async fn edit(house: &House, id: i64, change: EditionChange, by: &str) -> Result<EditionRow, FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let edition = editions::by_id(&mut tx, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
    edition.status.after(EditionStep::Change).map_err(|forbidden| FlowError::Conflict(forbidden.to_string()))?;
    let quicker = || FlowError::Conflict("somebody changed the edition in the meantime; look again".to_owned());
    if change.version.is_some_and(|version| version != edition.version) {
        return Err(quicker());
    }
    let newsletter = newsletters::by_id(&mut tx, edition.newsletter_id)
        .await?
        .ok_or_else(|| FlowError::NotFound("newsletter of this edition".to_owned()))?;

    let (texts, known) = sound(&mut tx, &edition, &newsletter, &change).await?;
    let sections = change.sections.unwrap_or_default();
    if !editions::edit(&mut tx, id, edition.version, &texts, by, now).await? {
        return Err(quicker());
    }
    if !sections.is_empty() {
        editions::delete_items(&mut tx, id).await?;
        for section in &sections {
            for (position, item) in (1..).zip(&section.items) {
                // Words that are the article's own stay the article's: who mends them there mends them here.
                let own = &known[&item.article];
                let title = item.title.as_deref().and_then(|text| title(text).ok());
                let summary = item.summary.as_deref().and_then(|text| summary(text).ok());
                let title = title.as_deref().filter(|title| *title != own.title);
                let summary = summary.as_deref().filter(|summary| *summary != own.summary);
                editions::insert_item(&mut tx, id, item.article, &section.key, position, title, summary).await?;
            }
        }
    }
    let edition = editions::by_id(&mut tx, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
    house.by(by).note(&mut tx, "edition.edit", &id.to_string(), "").await?;
    tx.commit().await?;
    Ok(edition)
}

/// Whether an edition could be changed so.
///
/// # Errors
/// [`FlowError::Invalid`] with every fault; [`FlowError::NotFound`] when there is no such edition.
pub async fn look(house: &House, id: i64, change: EditionChange) -> Result<(), FlowError> {
    let mut reader = house.db.read().await?;
    let edition = editions::by_id(&mut reader, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
    match newsletters::by_id(&mut reader, edition.newsletter_id).await? {
        Some(newsletter) => sound(&mut reader, &edition, &newsletter, &change).await.map(drop),
        None => Ok(()),
    }
}

/// The texts of an edition after a change that can be made, and the articles that it names.
async fn sound(
    on: &mut impl Access,
    edition: &EditionRow,
    newsletter: &NewsletterRow,
    change: &EditionChange,
) -> Result<(EditionTexts, HashMap<i64, ArticleRow>), FlowError> {
    let mut faults = Faults::default();
    let texts = texts(edition, change, &mut faults);
    let (mut seen, mut known) = (HashSet::new(), HashMap::new());
    for section in change.sections.iter().flatten() {
        if let Err(FlowError::Invalid(fault)) = known_section(on, newsletter, &section.key).await {
            faults.0.extend(fault.0);
        }
        for item in &section.items {
            let article = articles::by_id(on, item.article).await?;
            let article = article.filter(|article| article.newsletter_id == newsletter.id);
            let Some(article) = article else {
                faults.add("sections", format!("there is no article {} in this newsletter", item.article));
                continue;
            };
            known.insert(article.id, article);
            if !seen.insert(item.article) {
                faults.add("sections", format!("article {} stands in it twice", item.article));
            }
            for (what, fault) in [
                ("title", item.title.as_deref().and_then(|text| title(text).err())),
                ("summary", item.summary.as_deref().and_then(|text| summary(text).err())),
            ] {
                if let Some(fault) = fault {
                    faults.add("sections", format!("the {what} of article {} {fault}", item.article));
                }
            }
        }
    }
    faults.check()?;
    Ok((texts, known))
}

fn texts(edition: &EditionRow, change: &EditionChange, faults: &mut Faults) -> EditionTexts {
    let line = |field: &'static str, given: &Option<String>, before: &String, faults: &mut Faults| match given {
        None => before.clone(),
        Some(text) if text == before => before.clone(),
        Some(text) => one_line(&clean::one_line(text)).unwrap_or_else(|| {
            faults.add(field, "must be one line of at most 300 characters");
            String::new()
        }),
    };
    let subject = line("subject", &change.subject, &edition.subject, faults);
    if subject.is_empty() && change.subject.is_some() && faults.0.is_empty() {
        faults.add("subject", "must not be empty");
    }
    if change.intro.as_ref().is_some_and(|intro| intro.chars().count() > MAX_INTRO) {
        faults.add("intro", format!("must be at most {MAX_INTRO} characters"));
    }
    EditionTexts {
        subject,
        preheader: line("preheader", &change.preheader, &edition.preheader, faults),
        intro: change.intro.as_deref().map_or_else(|| edition.intro.clone(), clean_lines),
        promo: promo(edition, change, faults),
    }
}

fn promo(edition: &EditionRow, change: &EditionChange, faults: &mut Faults) -> Option<String> {
    let Some(change) = &change.promo else { return edition.promo.clone() };
    let given = change.as_ref()?;
    let mut line = |field, text: &str| {
        let line = one_line(&clean::one_line(text)).filter(|line| !line.is_empty());
        line.unwrap_or_else(|| {
            faults.add(field, "must be one line of 1 to 300 characters");
            String::new()
        })
    };
    let url = given.url.trim().to_owned();
    let promo = Promo {
        heading: line("promo-heading", &given.heading),
        title: line("promo-title", &given.title),
        // A button that leads nowhere is not shown.
        button: if url.is_empty() { clean::one_line(&given.button) } else { line("promo-button", &given.button) },
        text: clean_lines(&given.text),
        url,
    };
    faults.keep("promo-url", web_address_or_none(&promo.url));
    if promo.text.chars().count() > MAX_INTRO {
        faults.add("promo-text", format!("must be text of at most {MAX_INTRO} characters"));
    }
    Some(serde_json::to_string(&promo).expect("texts alone always become JSON"))
}
