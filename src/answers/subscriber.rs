//! A person as programs see them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::time::Timestamp;
use crate::store::subscriptions::{self, SubscriberRow, SubscriptionRow};
use crate::store::{Access, StoreError};

/// A person at one address, with what they subscribed to.
#[derive(Clone, Serialize, ToSchema)]
pub struct SubscriberAnswer {
    pub id: i64,
    pub email: String,
    pub language: &'static str,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    pub subscriptions: Vec<SubscriptionAnswer>,
}

/// A person's relation to one newsletter.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SubscriptionAnswer {
    /// The newsletter's slug.
    pub newsletter: String,
    pub status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    pub requested_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub confirmed_at: Option<Timestamp>,
}

impl SubscriberAnswer {
    /// The answer about this person.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn of(on: &mut impl Access, row: SubscriberRow) -> Result<Self, StoreError> {
        let subscriptions = subscriptions::of_subscriber(on, row.id).await?;
        Ok(Self {
            id: row.id,
            email: row.email,
            language: row.language.tag(),
            created_at: row.created_at,
            subscriptions: subscriptions.into_iter().map(SubscriptionAnswer::from).collect(),
        })
    }
}

impl From<SubscriptionRow> for SubscriptionAnswer {
    fn from(row: SubscriptionRow) -> Self {
        Self {
            newsletter: row.newsletter,
            status: row.status.as_str(),
            requested_at: row.requested_at,
            confirmed_at: row.confirmed_at,
        }
    }
}
