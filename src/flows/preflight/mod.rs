//! The look at an edition before it leaves: errors block its approval, warnings must have been seen, notes ask nothing.

mod checkup;
mod circumstances;
mod content;
mod links;
mod outside;
mod rendering;
mod unread;
mod way_back;

pub(super) use self::outside::Outside;
pub(super) use self::unread::missing;
use super::edition_content::{Rendering, contents};
use super::{FlowError, House};
use crate::domain::language::Language;
use crate::domain::preflight::{Finding, Note, Preflight, Severity};
use crate::store::editions::{self, EditionRow};
use crate::store::newsletters::{self, NewsletterRow};
use crate::store::{Access, articles};

/// Looks at an edition as it is now, and says in the newsletter's language what it finds. Asks the pages that it links to,
/// and our own, unless the settings say that nothing outside is asked.
///
/// # Errors
/// [`FlowError::NotFound`] when there is none with this id.
pub async fn preflight(house: &House, id: i64) -> Result<Preflight, FlowError> {
    preflight_in(house, id, None).await
}

/// The same in the language of whoever reads it; without one, in the newsletter's.
///
/// # Errors
/// [`FlowError::NotFound`] when there is none with this id.
pub async fn preflight_in(house: &House, id: i64, language: Option<Language>) -> Result<Preflight, FlowError> {
    let (newsletter, edition, outside) = asked(house, id, true).await?;
    let language = language.unwrap_or(newsletter.language);
    look(&mut house.db.read().await?, house, &newsletter, &edition, (&outside, language)).await
}

/// The same in `language` without asking anybody outside: for pages that only say whether there is something to look at.
///
/// # Errors
/// [`FlowError::NotFound`] when there is none with this id.
pub async fn at_home(house: &House, id: i64, language: Language) -> Result<Preflight, FlowError> {
    let mut reader = house.db.read().await?;
    let edition = editions::by_id(&mut reader, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
    let newsletter = newsletters::by_id(&mut reader, edition.newsletter_id)
        .await?
        .ok_or_else(|| FlowError::NotFound("newsletter of this edition".to_owned()))?;
    look(&mut reader, house, &newsletter, &edition, (&Outside::not_asked(), language)).await
}

/// An edition, and what was found outside, with no transaction open while strangers let us wait.
pub(super) async fn asked(
    house: &House,
    id: i64,
    with_links: bool,
) -> Result<(NewsletterRow, EditionRow, Outside), FlowError> {
    let (newsletter, edition, contents) = {
        let mut reader = house.db.read().await?;
        let edition = editions::by_id(&mut reader, id).await?.ok_or_else(|| FlowError::no_edition(id))?;
        let newsletter = newsletters::by_id(&mut reader, edition.newsletter_id)
            .await?
            .ok_or_else(|| FlowError::NotFound("newsletter of this edition".to_owned()))?;
        let contents = contents(&mut reader, house, &newsletter, &edition).await?;
        (newsletter, edition, contents)
    };
    let own = contents.iter().find(|content| content.language == newsletter.language);
    let outside = Outside::ask(house, own.filter(|_| with_links)).await?;
    Ok((newsletter, edition, outside))
}

/// The same within a transaction, with what was found outside before, told in a language.
///
/// # Errors
/// When the database cannot answer.
pub(super) async fn look(
    on: &mut impl Access,
    house: &House,
    newsletter: &NewsletterRow,
    edition: &EditionRow,
    (outside, language): (&Outside, Language),
) -> Result<Preflight, FlowError> {
    let contents = contents(on, house, newsletter, edition).await?;
    let mut findings = Findings { language, ..Findings::default() };
    if let Some(content) = contents.iter().find(|content| content.language == newsletter.language) {
        let inside = articles::from_private_sources(on, edition.id).await?;
        content::check(&mut findings, house, newsletter, content, &inside);
    }
    let rendering = Rendering::new(house, newsletter, &contents);
    match &rendering {
        Ok(rendering) => {
            for content in &contents {
                rendering::check(&mut findings, house, newsletter, content, rendering);
            }
        }
        Err(error) => findings.error("template", error.to_string()),
    }
    way_back::check(&mut findings, house);
    outside.tell(&mut findings);
    unread::check(&mut findings, on, newsletter, edition).await?;
    let hash = rendering.ok().map(|rendering| rendering.hash());
    circumstances::check(&mut findings, on, house, newsletter, edition, hash.as_deref()).await?;
    outside.checkup.tell(&mut findings, on, house, newsletter).await?;
    Ok(Preflight::of(findings.found).with_notes(findings.notes))
}

/// What was found so far; the same sentence is told once.
#[derive(Default)]
struct Findings {
    /// In which it is told.
    language: Language,
    found: Vec<Finding>,
    notes: Vec<Note>,
}

impl Findings {
    fn error(&mut self, check: &'static str, message: String) {
        self.add(Finding { check, severity: Severity::Error, message });
    }

    fn warning(&mut self, check: &'static str, message: String) {
        self.add(Finding { check, severity: Severity::Warning, message });
    }

    fn add(&mut self, finding: Finding) {
        if !self.found.contains(&finding) {
            self.found.push(finding);
        }
    }

    fn note(&mut self, check: &'static str, message: String) {
        let note = Note { check, message };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// Enough of a text to recognise it by.
fn shortened(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}
