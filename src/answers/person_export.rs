//! Everything that is held about one person, for themselves (GDPR articles 15 and 20).

use serde::Serialize;
use utoipa::ToSchema;

use super::SubscriberAnswer;
use crate::domain::consent::ConsentEvent;
use crate::domain::time::Timestamp;
use crate::store::subscriptions::SubscriberRow;
use crate::store::{Access, StoreError, deliveries};

/// A copy of all that is held about a person.
#[derive(Serialize, ToSchema)]
pub struct PersonExport {
    pub person: SubscriberAnswer,
    /// `html` or `text`.
    pub format: &'static str,
    /// What they asked for and did, oldest first.
    pub consents: Vec<ConsentAnswer>,
    /// Editions that were sent to them.
    pub deliveries: Vec<ReceivedAnswer>,
}

/// One record of consent.
#[derive(Serialize, ToSchema)]
pub struct ConsentAnswer {
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    pub event: &'static str,
    /// What was shown, how it came, in which language.
    #[schema(value_type = Option<Object>)]
    pub details: Option<serde_json::Value>,
}

/// One edition that was sent to them.
#[derive(Serialize, ToSchema)]
pub struct ReceivedAnswer {
    pub edition: i64,
    pub subject: String,
    pub status: &'static str,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
}

impl PersonExport {
    /// The copy for this person, with their consent records.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn of(
        on: &mut impl Access,
        person: SubscriberRow,
        consents: Vec<(Timestamp, ConsentEvent, Option<String>)>,
    ) -> Result<Self, StoreError> {
        let deliveries = deliveries::of_person(on, person.id).await?;
        let consent = |(at, event, body): (Timestamp, ConsentEvent, Option<String>)| ConsentAnswer {
            at,
            event: event.as_str(),
            details: body.and_then(|json| serde_json::from_str(&json).ok()),
        };
        let received = |row: deliveries::ReceivedRow| ReceivedAnswer {
            edition: row.edition_id,
            subject: row.subject,
            status: row.state.as_str(),
            finished_at: row.finished_at,
        };
        Ok(Self {
            format: person.format.as_str(),
            person: SubscriberAnswer::of(on, person).await?,
            consents: consents.into_iter().map(consent).collect(),
            deliveries: deliveries.into_iter().map(received).collect(),
        })
    }
}
