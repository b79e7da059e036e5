//! How an edition went, as programs see it: everybody in exactly one state, and the same per mail domain.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::delivery::Counts;
use crate::domain::time::Timestamp;
use crate::store::editions::EditionRow;
use crate::store::{Access, StoreError, deliveries};

/// Domains that are told one by one; the largest come first.
const DOMAINS: i64 = 50;

/// The report of one edition.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EditionReport {
    /// The edition's id.
    pub edition: i64,
    pub number: i64,
    pub subject: String,
    pub status: &'static str,
    pub audience: i64,
    #[schema(value_type = Object)]
    pub counts: Counts,
    /// Whether the counts add up to the audience; they must once the whole audience is known.
    pub adds_up: bool,
    pub per_domain: Vec<DomainReport>,
    pub pause_reason: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
}

/// How it went at one mail domain.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DomainReport {
    pub domain: String,
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub counts: Counts,
}

impl EditionReport {
    /// The report of this edition.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn of(on: &mut impl Access, row: EditionRow) -> Result<Self, StoreError> {
        let mut per_domain: Vec<DomainReport> = Vec::new();
        for (domain, state, count) in deliveries::per_domain(on, row.id, DOMAINS).await? {
            if per_domain.last().is_none_or(|last| last.domain != domain) {
                per_domain.push(DomainReport { domain, counts: Counts::default() });
            }
            if let Some(last) = per_domain.last_mut() {
                *last.counts.of(state) += count;
            }
        }
        let counts = row.counts();
        Ok(Self {
            adds_up: counts.sum() == row.audience,
            edition: row.id,
            number: row.number,
            subject: row.subject,
            status: row.status.as_str(),
            audience: row.audience,
            counts,
            per_domain,
            pause_reason: row.pause_reason,
            started_at: row.started_at,
            finished_at: row.finished_at,
        })
    }
}
