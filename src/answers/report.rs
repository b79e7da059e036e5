//! How an edition went, as programs see it: everybody in exactly one state, and the same per mail domain.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::delivery::Counts;
use crate::domain::feedback::FeedbackKind;
use crate::domain::language::Language;
use crate::domain::texts;
use crate::domain::time::Timestamp;
use crate::store::editions::EditionRow;
use crate::store::{Access, StoreError, deliveries, feedback, newsletters};

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
    pub counts: Counts,
    /// Whether the counts add up to the audience; they must once the whole audience is known.
    pub adds_up: bool,
    pub per_domain: Vec<DomainReport>,
    /// What came back of what was accepted, in all and for each reason; those it is about stay counted as accepted.
    pub came_back: CameBack,
    pub pause_reason: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
}

/// What came back of an edition after mail servers had accepted it.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct CameBack {
    pub bounced: i64,
    pub complained: i64,
    /// By mail; who leaves by a link is not counted here.
    pub unsubscribed: i64,
    pub reasons: Vec<CameBackReason>,
}

/// One reason, and how often.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CameBackReason {
    /// `bounce`, `complaint` or `unsubscribe`.
    pub kind: &'static str,
    /// A word for scripts, for bounces.
    pub reason: Option<&'static str>,
    /// The same for people, in the newsletter's language.
    pub words: String,
    pub count: i64,
}

/// How it went at one mail domain.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DomainReport {
    pub domain: String,
    #[serde(flatten)]
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
        let language = newsletters::by_id(on, row.newsletter_id).await?.map(|newsletter| newsletter.language);
        let came_back = CameBack::of(on, row.id, language.unwrap_or_default()).await?;
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
            came_back,
            pause_reason: row.pause_reason,
            started_at: row.started_at,
            finished_at: row.finished_at,
        })
    }
}

impl CameBack {
    async fn of(on: &mut impl Access, edition_id: i64, language: Language) -> Result<Self, StoreError> {
        let mut came_back = Self::default();
        for (kind, reason, count) in feedback::sums(on, edition_id).await? {
            *match kind {
                FeedbackKind::Bounce => &mut came_back.bounced,
                FeedbackKind::Complaint => &mut came_back.complained,
                FeedbackKind::Unsubscribe => &mut came_back.unsubscribed,
            } += count;
            came_back.reasons.push(CameBackReason {
                kind: kind.as_str(),
                reason: reason.map(|reason| reason.as_str()),
                words: texts::feedback::told(language, kind, reason),
                count,
            });
        }
        Ok(came_back)
    }
}
