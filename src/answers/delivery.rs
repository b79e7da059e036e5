//! How one recipient of an edition fared, as programs see it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::delivery::DeliveryState;
use crate::domain::language::Language;
use crate::domain::texts;
use crate::domain::time::Timestamp;
use crate::domain::token::{Keys, delivery_link};
use crate::store::deliveries::{self, DeliveryRow};
use crate::store::editions::EditionRow;
use crate::store::feedback::{self, FeedbackRow};
use crate::store::newsletters::NewsletterRow;
use crate::store::{Access, StoreError};

/// How one recipient fared.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryAnswer {
    /// Its place in the edition's ledger.
    #[serde(skip)]
    pub seq: i64,
    /// None once the person is forgotten.
    pub address: Option<String>,
    pub status: DeliveryState,
    pub attempts: i64,
    /// How often it was sent again because nobody knew whether it had arrived.
    pub repeats: i64,
    /// The mail server's last reply: its code, the enhanced status where there is one, and its words, which are forgotten
    /// after a while.
    #[schema(examples("550 5.1.1 no such user"))]
    pub last_reply: Option<String>,
    /// The reply's code (RFC 5321 section 4.2).
    pub code: Option<i64>,
    /// The reply's enhanced status code (RFC 3463).
    pub enhanced_status: Option<String>,
    /// Why, in a word of ours.
    pub reason: Option<String>,
    pub message_id: String,
    /// When it is tried next, while it waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_attempt_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// What came back about it; its status stays what the mail server said at the time.
    pub came_back: Vec<FeedbackAnswer>,
}

/// What came back about one delivery.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FeedbackAnswer {
    /// `bounce`, `complaint` or `unsubscribe`.
    pub kind: &'static str,
    /// Why, in a word of ours, for a bounce.
    pub reason: Option<&'static str>,
    /// The enhanced status code.
    pub code: Option<String>,
    /// In words: ours, in the newsletter's language.
    pub words: String,
    /// The mail server's own; none once they are forgotten.
    pub said: Option<String>,
    /// `suppressed`, `unsubscribed`, `counted` or `noted`.
    pub effect: &'static str,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

impl DeliveryAnswer {
    /// A page of an edition's recipients in order, in one state or in all: up to `limit` after the place `after`.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn page(
        on: &mut impl Access,
        keys: &Keys,
        (newsletter, edition): (&NewsletterRow, &EditionRow),
        status: Option<DeliveryState>,
        (after, limit): (i64, i64),
    ) -> Result<Vec<Self>, StoreError> {
        let domain = newsletter.from_address.rsplit_once('@').map_or("", |(_, domain)| domain);
        let rows = deliveries::page(on, edition.id, status, after, limit).await?;
        let (first, last) = (rows.first().map_or(0, |row| row.seq), rows.last().map_or(0, |row| row.seq));
        let feedback = feedback::of_edition(on, edition.id, first, last).await?;
        let told = |row: DeliveryRow| Self {
            seq: row.seq,
            came_back: feedback
                .iter()
                .filter(|came| came.seq == Some(row.seq))
                .map(|came| FeedbackAnswer::of(newsletter.language, came))
                .collect(),
            message_id: format!("<{}@{domain}>", keys.seal_delivery(&delivery_link(edition.uid, row.seq))),
            last_reply: reply(&row),
            next_attempt_at: waits(row.state).then_some(row.next_at),
            address: row.email,
            status: row.state,
            attempts: row.attempts,
            repeats: row.repeats,
            code: row.code,
            enhanced_status: row.status,
            reason: row.reason,
            finished_at: row.finished_at,
        };
        Ok(rows.into_iter().map(told).collect())
    }
}

/// The reply as it came over the wire, as far as it is kept.
fn reply(row: &DeliveryRow) -> Option<String> {
    let parts = [row.code.map(|code| code.to_string()), row.status.clone(), row.reply.clone()];
    let known: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    (!known.is_empty()).then(|| known.join(" "))
}

const fn waits(state: DeliveryState) -> bool {
    matches!(state, DeliveryState::Queued | DeliveryState::Deferred)
}

impl FeedbackAnswer {
    fn of(language: Language, row: &FeedbackRow) -> Self {
        Self {
            kind: row.kind.as_str(),
            reason: row.reason.map(|reason| reason.as_str()),
            code: row.status.clone(),
            words: texts::feedback::told(language, row.kind, row.reason),
            said: row.words.clone(),
            effect: row.effect.as_str(),
            at: row.at,
        }
    }
}
