//! An article as programs see it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::time::Timestamp;
use crate::store::articles::ArticleRow;

/// An article, from a source or entered by somebody.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ArticleAnswer {
    pub id: i64,
    /// The newsletter's slug.
    pub newsletter: String,
    pub section: String,
    pub title: String,
    pub url: String,
    pub summary: String,
    #[schema(value_type = String, format = DateTime)]
    pub published: Timestamp,
    pub author: Option<String>,
    pub image: Option<String>,
    /// The source that brought it; none when it was entered here.
    pub source: Option<i64>,
    /// Where the news comes from, when the article only passes it on.
    pub source_url: Option<String>,
    /// Kept out of editions.
    pub hidden: bool,
    /// Changed here: its source does not overwrite it any more.
    pub edited: bool,
    /// Since when its source shows it to nobody any more, which keeps it out of editions as well.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub withdrawn_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl ArticleAnswer {
    /// The answer about this article of the newsletter with this slug.
    pub fn of(newsletter: &str, row: ArticleRow) -> Self {
        Self {
            id: row.id,
            newsletter: newsletter.to_owned(),
            section: row.section,
            title: row.title,
            url: row.url,
            summary: row.summary,
            published: row.published_at,
            author: row.author,
            image: row.image_url,
            source: row.source_id,
            source_url: row.source_url,
            hidden: row.hidden,
            edited: row.edited,
            withdrawn_at: row.withdrawn_at,
            created_at: row.created_at,
        }
    }
}
