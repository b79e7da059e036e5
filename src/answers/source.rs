//! A source of articles as programs see it.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::time::Timestamp;
use crate::store::sources::SourceRow;

/// A feed from which articles come, and how the last visits went.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SourceAnswer {
    pub id: i64,
    /// The newsletter's slug.
    pub newsletter: String,
    pub url: String,
    /// The feed behind a site's address, once it is found.
    pub feed_url: Option<String>,
    pub section: String,
    /// Categories whose articles go to another section.
    pub category_sections: BTreeMap<String, String>,
    /// Whether it may lie in a private network.
    pub allow_private: bool,
    pub title: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_fetch_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_success_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    pub next_fetch_at: Timestamp,
    /// Visits that failed since the last that went well.
    pub failures: i64,
    pub last_error: Option<String>,
    /// Why its older pages could not be read at the last visit; they are asked for again at the next.
    pub gap: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl SourceAnswer {
    /// The answer about this source of the newsletter with this slug.
    pub fn of(newsletter: &str, row: SourceRow) -> Self {
        Self {
            id: row.id,
            newsletter: newsletter.to_owned(),
            url: row.url,
            feed_url: row.feed_url,
            section: row.section,
            category_sections: serde_json::from_str(&row.category_sections).unwrap_or_default(),
            allow_private: row.allow_private,
            title: row.title,
            last_fetch_at: row.last_fetch_at,
            last_success_at: row.last_success_at,
            next_fetch_at: row.next_fetch_at,
            failures: row.failures,
            last_error: row.last_error,
            gap: row.gap,
            created_at: row.created_at,
        }
    }
}
