//! An edition as programs see it: what it says, where it stands, and the sum of its recipients.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::delivery::Counts;
use crate::domain::time::Timestamp;
use crate::store::editions::{self, EditionRow, ItemRow};
use crate::store::newsletters::NewsletterRow;
use crate::store::{Access, StoreError, newsletters};

/// One issue of a newsletter.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EditionAnswer {
    pub id: i64,
    /// The newsletter's slug.
    pub newsletter: String,
    /// Counts within the newsletter, from 1.
    pub number: i64,
    pub subject: String,
    pub preheader: String,
    pub intro: String,
    pub status: &'static str,
    pub sections: Vec<EditionSection>,
    /// Its recipients; before it goes out, how many there would be now.
    pub audience: i64,
    /// How many of them are in each state; once it goes out the sum is the audience.
    pub counts: Counts,
    /// Counts changes.
    pub version: i64,
    pub approved_by: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub approved_at: Option<Timestamp>,
    pub pause_reason: Option<String>,
    /// Taken out of the archive.
    pub withdrawn: bool,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub send_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
}

/// A section of an edition.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EditionSection {
    pub key: String,
    pub title: String,
    pub items: Vec<EditionItem>,
}

/// An article in an edition, with the edition's own words for it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EditionItem {
    /// The article's id.
    pub article: i64,
    pub title: String,
    pub url: String,
    pub summary: String,
}

impl EditionAnswer {
    /// The answer about this edition of `newsletter`.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn of(on: &mut impl Access, newsletter: &NewsletterRow, row: EditionRow) -> Result<Self, StoreError> {
        let audience = match row.started_at {
            Some(_) => row.audience,
            None => editions::audience_now(on, newsletter.id).await?,
        };
        let items = editions::items(on, row.id).await?;
        let sections = newsletters::sections(on, newsletter.id).await?.into_iter().map(|section| EditionSection {
            title: section.title(newsletter.language).to_owned(),
            items: items.iter().filter(|item| item.section == section.key).map(EditionItem::from).collect(),
            key: section.key,
        });
        Ok(Self {
            sections: sections.collect(),
            counts: row.counts(),
            audience,
            id: row.id,
            newsletter: newsletter.slug.clone(),
            number: row.number,
            subject: row.subject,
            preheader: row.preheader,
            intro: row.intro,
            status: row.status.as_str(),
            version: row.version,
            approved_by: row.approved_by,
            approved_at: row.approved_at,
            pause_reason: row.pause_reason,
            withdrawn: row.withdrawn,
            created_at: row.created_at,
            send_at: row.send_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
        })
    }
}

impl From<&ItemRow> for EditionItem {
    fn from(row: &ItemRow) -> Self {
        Self { article: row.article_id, title: row.title.clone(), url: row.url.clone(), summary: row.summary.clone() }
    }
}
