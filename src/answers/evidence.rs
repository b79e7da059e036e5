//! The evidence of an edition: what was sent, by whose word, to how many, and what became of it. No reader is named.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::delivery::Counts;
use crate::domain::time::Timestamp;
use crate::store::audit::{self, AuditRow};
use crate::store::edition_tests::{self, EditionTestRow};
use crate::store::editions::EditionRow;
use crate::store::newsletters::NewsletterRow;
use crate::store::{Access, StoreError};

/// Who is in the audience of an edition, in words that hold for every edition of this version.
const AUDIENCE_RULE: &str = "every subscription that was confirmed before the edition started and whose address was not \
                             suppressed; looked at again right before each message";

/// The whole of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvidenceAnswer {
    pub edition: i64,
    /// The newsletter's slug.
    pub newsletter: String,
    pub number: i64,
    pub subject: String,
    pub status: &'static str,
    /// SHA-256 over all bytes that recipients have in common, fixed by the approval.
    pub content_hash: Option<String>,
    /// What was approved, as the content model.
    #[schema(value_type = Object)]
    pub content: Option<serde_json::Value>,
    pub edited_by: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub edited_at: Option<Timestamp>,
    pub approved_by: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub approved_at: Option<Timestamp>,
    /// Why it was approved in spite of errors.
    pub override_reason: Option<String>,
    pub ordered_by: Option<String>,
    pub audience_rule: &'static str,
    pub audience: i64,
    pub counts: Counts,
    /// Whether the counts add up to the audience.
    pub adds_up: bool,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    pub tests: Vec<TestEvidence>,
    pub deeds: Vec<DeedEvidence>,
    /// Of the program that wrote this.
    pub version: &'static str,
}

/// Test mails that were sent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TestEvidence {
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    pub by: String,
    pub to: String,
    pub content_hash: String,
}

/// What somebody did to the edition.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeedEvidence {
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    pub by: String,
    pub action: String,
    pub detail: String,
}

impl EvidenceAnswer {
    /// The evidence of this edition of `newsletter`.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn of(on: &mut impl Access, newsletter: &NewsletterRow, row: EditionRow) -> Result<Self, StoreError> {
        let tests = edition_tests::of_edition(on, row.id).await?;
        let deeds = audit::about(on, "edition.", &row.id.to_string()).await?;
        let counts = row.counts();
        Ok(Self {
            adds_up: counts.sum() == row.audience,
            edition: row.id,
            newsletter: newsletter.slug.clone(),
            number: row.number,
            status: row.status.as_str(),
            content: row.content.as_deref().and_then(|json| serde_json::from_str(json).ok()),
            subject: row.subject,
            content_hash: row.content_hash,
            edited_by: row.edited_by,
            edited_at: row.edited_at,
            approved_by: row.approved_by,
            approved_at: row.approved_at,
            override_reason: row.override_reason,
            ordered_by: row.ordered_by,
            audience_rule: AUDIENCE_RULE,
            audience: row.audience,
            counts,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            tests: tests.into_iter().map(TestEvidence::from).collect(),
            deeds: deeds.into_iter().map(DeedEvidence::from).collect(),
            version: env!("CARGO_PKG_VERSION"),
        })
    }
}

impl From<EditionTestRow> for TestEvidence {
    fn from(row: EditionTestRow) -> Self {
        Self { at: row.at, by: row.actor, to: row.recipients, content_hash: row.content_hash }
    }
}

impl From<AuditRow> for DeedEvidence {
    fn from(row: AuditRow) -> Self {
        Self { at: row.at, by: row.actor, action: row.action, detail: row.detail }
    }
}
