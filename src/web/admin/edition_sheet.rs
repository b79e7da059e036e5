//! The words of an edition as one form holds them: stored, or typed and not saved yet.

use std::collections::HashMap;

use crate::domain::article::{MAX_SUMMARY, MAX_TITLE};
use crate::domain::edition::SectionStyle;
use crate::domain::language::Language;
use crate::domain::newsletter::{Promo, one_line, web_address_or_none};
use crate::domain::texts::{desk as texts, desk_editions as words};
use crate::flows::House;
use crate::flows::edit_edition::{EditionChange, ItemChange, SectionChange};
use crate::flows::newsletters::promo_of;
use crate::pages::admin::edition::content::{self, Available};
use crate::store::StoreError;
use crate::store::articles::{self, ArticleRow};
use crate::store::editions::{self, EditionRow};
use crate::store::newsletters::{self, NewsletterRow, SectionRow};
use crate::web::body::Fields;

/// Longest introduction, in characters; the flow holds to it as well.
const MAX_INTRO: usize = 20_000;
/// Articles that could join an edition, at most so many of them.
const AVAILABLE: i64 = 100;

/// Everything that the form holds.
#[derive(Clone, Debug)]
pub struct Sheet {
    pub subject: String,
    pub preheader: String,
    pub intro: String,
    /// In the order of the newsletter's sections.
    sections: Vec<SheetSection>,
    promo_shown: bool,
    promo: Promo,
    /// Articles that stand in no edition.
    available: Vec<ArticleRow>,
}

#[derive(Clone, Debug)]
struct SheetSection {
    row: SectionRow,
    items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    article: i64,
    title: String,
    summary: String,
}

impl Sheet {
    /// What the edition says now.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn stored(house: &House, newsletter: &NewsletterRow, row: &EditionRow) -> Result<Self, StoreError> {
        let mut reader = house.db.read().await?;
        let rows = newsletters::sections(&mut reader, newsletter.id).await?;
        let items = editions::items(&mut reader, row.id).await?;
        let available = articles::available(&mut reader, newsletter.id, row.id, AVAILABLE).await?;
        let sections = rows.into_iter().map(|section| SheetSection {
            items: items
                .iter()
                .filter(|item| item.section == section.key)
                .map(|item| Item { article: item.article_id, title: item.title.clone(), summary: item.summary.clone() })
                .collect(),
            row: section,
        });
        let promo: Option<Promo> = row.promo.as_deref().and_then(|json| serde_json::from_str(json).ok());
        Ok(Self {
            subject: row.subject.clone(),
            preheader: row.preheader.clone(),
            intro: row.intro.clone(),
            sections: sections.collect(),
            promo_shown: promo.is_some(),
            promo: promo.or_else(|| promo_of(newsletter)).unwrap_or_else(no_promo),
            available,
        })
    }

    /// What somebody typed.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn typed(
        house: &House,
        newsletter: &NewsletterRow,
        row: &EditionRow,
        form: &Fields,
    ) -> Result<Self, StoreError> {
        let mut sheet = Self::stored(house, newsletter, row).await?;
        let text = |name: &str, before: &str| form.get(name).map_or_else(|| before.to_owned(), lines);
        let known: HashMap<i64, Item> = sheet
            .sections
            .iter()
            .flat_map(|section| &section.items)
            .map(|item| (item.article, item.clone()))
            .chain(sheet.available.iter().map(|article| (article.id, Item::of(article))))
            .collect();
        for section in &mut sheet.sections {
            let own = form.all().filter(|(name, _)| *name == "item").filter_map(|(_, value)| {
                let (key, id) = value.rsplit_once(':')?;
                (key == section.row.key).then(|| id.parse::<i64>().ok()).flatten()
            });
            let items = own.filter_map(|id| {
                // An article that somebody else took out meanwhile is still known by what was typed.
                let before = known.get(&id);
                let typed = |field: &str| form.get(&format!("{field}-{id}")).map(one_paragraph);
                let title = typed("title").or_else(|| Some(before?.title.clone()))?;
                let summary = typed("summary").or_else(|| Some(before?.summary.clone())).unwrap_or_default();
                Some(Item { article: id, title, summary })
            });
            section.items = items.collect();
        }
        sheet.subject = text("subject", &sheet.subject);
        sheet.preheader = text("preheader", &sheet.preheader);
        sheet.intro = text("intro", &sheet.intro);
        sheet.promo_shown = form.get("promo-shown").is_some();
        sheet.promo = Promo {
            heading: text("promo-heading", &sheet.promo.heading),
            title: text("promo-title", &sheet.promo.title),
            text: text("promo-text", &sheet.promo.text),
            url: text("promo-url", &sheet.promo.url),
            button: text("promo-button", &sheet.promo.button),
        };
        Ok(sheet)
    }

    /// Does what the pressed button says: up, down, drop or add. Says which of those that move was pressed.
    pub fn press(&mut self, form: &Fields) -> Option<(&'static str, i64)> {
        let id = |name: &str| form.get(name).and_then(|value| value.parse::<i64>().ok());
        let found = |sheet: &Self, id: i64| {
            sheet.sections.iter().enumerate().find_map(|(section, held)| {
                held.items.iter().position(|item| item.article == id).map(|place| (section, place))
            })
        };
        if let Some(id) = id("up") {
            let (section, place) = found(self, id)?;
            self.sections[section].items.swap(place, place.saturating_sub(1));
            return Some(("up", id));
        }
        if let Some(id) = id("down") {
            let (section, place) = found(self, id)?;
            let items = &mut self.sections[section].items;
            let below = (place + 1).min(items.len() - 1);
            items.swap(place, below);
            return Some(("down", id));
        }
        if let Some(id) = id("drop") {
            let (section, place) = found(self, id)?;
            self.sections[section].items.remove(place);
        }
        if let Some((key, id)) = form.get("add").and_then(|value| value.rsplit_once(':'))
            && let Ok(id) = id.parse::<i64>()
            && found(self, id).is_none()
            && let Some(article) = self.available.iter().find(|article| article.id == id)
            && let Some(section) = self.sections.iter_mut().find(|section| section.row.key == key)
        {
            section.items.push(Item::of(article));
        }
        None
    }

    /// Whether saving it would change nothing.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let sections = self.sections.iter().map(|section| &section.items);
        (&self.subject, &self.preheader, &self.intro) == (&other.subject, &other.preheader, &other.intro)
            && sections.eq(other.sections.iter().map(|section| &section.items))
            && self.promo_shown == other.promo_shown
            && (!self.promo_shown || self.promo == other.promo)
    }

    /// What is wrong: the name of a field and a sentence.
    pub fn faults(&self, language: Language) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        let mut must = |is_right: bool, field: &str, message: fn(Language) -> String| {
            if !is_right {
                faults.push((field.to_owned(), message(language)));
            }
        };
        let full_line = |text: &str| one_line(text).is_some_and(|line| !line.is_empty());
        must(full_line(&self.subject), "subject", words::fault_line);
        must(one_line(&self.preheader).is_some(), "preheader", words::fault_short_line);
        must(is_text(&self.intro), "intro", words::fault_text);
        for item in self.sections.iter().flat_map(|section| &section.items) {
            let title = item.title.chars().count();
            must((1..=MAX_TITLE).contains(&title), &format!("title-{}", item.article), words::fault_title);
            must(item.summary.chars().count() <= MAX_SUMMARY, &format!("summary-{}", item.article), words::fault_text);
        }
        if self.promo_shown {
            must(full_line(&self.promo.heading), "promo-heading", words::fault_line);
            must(full_line(&self.promo.title), "promo-title", words::fault_line);
            must(is_text(&self.promo.text), "promo-text", words::fault_text);
            must(web_address_or_none(&self.promo.url).is_ok(), "promo-url", words::fault_url);
            must(self.promo.url.is_empty() || full_line(&self.promo.button), "promo-button", words::fault_line);
        }
        faults
    }

    /// The change that stores it, if the edition is still at `version`.
    pub fn change(&self, version: Option<i64>) -> EditionChange {
        let section = |section: &SheetSection| SectionChange {
            key: section.row.key.clone(),
            title: None,
            items: section
                .items
                .iter()
                .map(|item| ItemChange {
                    article: item.article,
                    title: Some(item.title.clone()),
                    summary: Some(item.summary.clone()),
                    url: None,
                })
                .collect(),
        };
        EditionChange {
            // A form without a version was looked at by nobody.
            version: Some(version.unwrap_or(-1)),
            subject: Some(self.subject.clone()),
            preheader: Some(self.preheader.clone()),
            intro: Some(self.intro.clone()),
            promo: Some(self.promo_shown.then(|| self.promo.clone())),
            sections: Some(self.sections.iter().map(section).collect()),
        }
    }

    /// Where this differs from what is stored: the field, theirs, ours.
    pub fn difference(&self, stored: &Self, language: Language) -> Vec<(String, String, String)> {
        let list = |sheet: &Self| {
            let items = sheet.sections.iter().flat_map(|section| &section.items);
            let told = items.map(|item| match item.summary.as_str() {
                "" => item.title.clone(),
                summary => format!("{} ({summary})", item.title),
            });
            told.collect::<Vec<_>>().join("; ")
        };
        let promo = |sheet: &Self| match (sheet.promo_shown, &sheet.promo) {
            (false, _) => String::new(),
            (true, promo) => {
                [&promo.heading, &promo.title, &promo.text, &promo.url, &promo.button].map(String::as_str).join("; ")
            }
        };
        [
            (texts::content_subject(language), stored.subject.clone(), self.subject.clone()),
            (texts::content_preheader(language), stored.preheader.clone(), self.preheader.clone()),
            (texts::content_intro(language), stored.intro.clone(), self.intro.clone()),
            (words::order_of_articles(language), list(stored), list(self)),
            (texts::content_promo(language), promo(stored), promo(self)),
        ]
        .into_iter()
        .filter(|(_, theirs, ours)| theirs != ours)
        .collect()
    }

    /// The items of each section, as the page shows them.
    pub fn items(&self) -> Vec<Vec<content::Item<'_>>> {
        self.sections
            .iter()
            .map(|section| {
                let items = section.items.iter();
                items
                    .map(|item| content::Item { article: item.article, title: &item.title, summary: &item.summary })
                    .collect()
            })
            .collect()
    }

    /// What could join each section: what is in no edition and belongs there, and is not on this sheet already.
    pub fn available(&self) -> Vec<Vec<Available<'_>>> {
        let here = |id: i64| self.sections.iter().flat_map(|section| &section.items).any(|item| item.article == id);
        self.sections
            .iter()
            .map(|section| {
                let fitting = self.available.iter().filter(|article| article.section == section.row.key);
                fitting
                    .filter(|article| !here(article.id))
                    .map(|article| Available { article: article.id, title: &article.title })
                    .collect()
            })
            .collect()
    }

    /// The sections, as the page shows them.
    pub fn sections<'a>(
        &'a self,
        items: &'a [Vec<content::Item<'a>>],
        available: &'a [Vec<Available<'a>>],
        language: Language,
    ) -> Vec<content::Section<'a>> {
        let sections = self.sections.iter().zip(items).zip(available);
        sections
            .map(|((section, items), available)| content::Section {
                key: &section.row.key,
                title: section.row.title(language),
                with_summaries: section.row.style == SectionStyle::Excerpts,
                items,
                available,
            })
            .collect()
    }

    /// The block at the end, as the page shows it.
    pub fn promo(&self) -> content::Promo<'_> {
        content::Promo {
            shown: self.promo_shown,
            heading: &self.promo.heading,
            title: &self.promo.title,
            text: &self.promo.text,
            url: &self.promo.url,
            button: &self.promo.button,
        }
    }
}

impl Item {
    fn of(article: &ArticleRow) -> Self {
        Self { article: article.id, title: article.title.clone(), summary: article.summary.clone() }
    }
}

fn no_promo() -> Promo {
    let nothing = String::new;
    Promo { heading: nothing(), title: nothing(), text: nothing(), url: nothing(), button: nothing() }
}

/// As browsers send it, with one kind of line end, without the blanks around it.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

/// On one line, as titles and summaries are.
fn one_paragraph(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_text(text: &str) -> bool {
    text.chars().count() <= MAX_INTRO && !text.chars().any(|c| c.is_control() && !"\n\t".contains(c))
}
