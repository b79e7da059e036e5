//! What one edition says, apart from how it looks: the one source of its HTML and its plain text.

use serde::{Deserialize, Serialize};

use super::edition::SectionStyle;
use super::language::Language;
use super::look::Look;
use super::newsletter::Promo;

/// Everything that is the same for all readers of an edition. It is stored as JSON with the edition.
///
/// Texts are as people typed them or as a source gave them, entities decoded; whoever shows them escapes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditionContent {
    pub language: Language,
    pub newsletter_title: String,
    /// The name that stands in From and above the title.
    pub sender_name: String,
    /// Counts within the newsletter, from 1.
    pub number: i64,
    /// When it came out, in words: “februari 2026”.
    pub date_label: String,
    pub subject: String,
    /// The line that mailboxes show after the subject; may be empty.
    pub preheader: String,
    /// Markdown.
    pub intro: String,
    pub sections: Vec<Section>,
    /// Something of the house that every edition may recommend: “Lees ons boek”.
    pub promo: Option<Promo>,
    /// How often the newsletter comes, in the words that readers said yes to: “3 tot 4 keer per jaar”.
    pub promise: String,
    pub organisation: String,
    /// Street, town and whatever the law asks for; one or more lines.
    pub postal_address: String,
    pub privacy_url: Option<String>,
    #[serde(default)]
    pub look: Look,
}

/// A heading and the articles under it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    pub key: String,
    pub title: String,
    pub style: SectionStyle,
    pub items: Vec<Item>,
}

/// An article as it stands in an edition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The article's id.
    pub article: i64,
    pub title: String,
    pub url: String,
    pub summary: String,
    /// Where the news comes from, if the article itself only passes it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_url: Option<String>,
}

impl EditionContent {
    /// The articles of all sections, in the order in which readers meet them.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.sections.iter().flat_map(|section| &section.items)
    }
}
