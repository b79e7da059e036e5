//! The whole list, a page at a time.

use super::{FlowError, House, newsletters};
use crate::domain::subscription::SubscriptionStatus;
use crate::store::subscriptions::{self, ExportRow};
use crate::store::suppressions::{self, SuppressionRow};

/// Subscriptions read at a time.
const PAGE: i64 = 1_000;

/// A walk through the list: of one newsletter and one status, or of all.
pub struct Export {
    newsletter_id: Option<i64>,
    status: Option<SubscriptionStatus>,
    after: i64,
    after_suppression: i64,
}

impl Export {
    /// Before the first page.
    ///
    /// # Errors
    /// [`FlowError::NotFound`] when there is no such newsletter.
    pub async fn of(
        house: &House,
        newsletter: Option<&str>,
        status: Option<SubscriptionStatus>,
    ) -> Result<Self, FlowError> {
        let newsletter_id = match newsletter {
            Some(slug) => Some(newsletters::find(&mut house.db.read().await?, slug).await?.id),
            None => None,
        };
        Ok(Self { newsletter_id, status, after: 0, after_suppression: 0 })
    }

    /// The next page; empty at the end.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn next(&mut self, house: &House) -> Result<Vec<ExportRow>, FlowError> {
        let mut reader = house.db.read().await?;
        let page = subscriptions::export_page(&mut reader, self.newsletter_id, self.status, self.after, PAGE).await?;
        self.after = page.last().map_or(self.after, |row| row.id);
        Ok(page)
    }

    /// What follows the subscriptions in a whole list: the next page of addresses that must not be mailed and belong
    /// to nobody who is known. Empty at the end, and where only one newsletter or status was asked for.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn next_suppressions(&mut self, house: &House) -> Result<Vec<SuppressionRow>, FlowError> {
        if self.newsletter_id.is_some() || self.status.is_some() {
            return Ok(Vec::new());
        }
        let mut reader = house.db.read().await?;
        let page = suppressions::of_strangers(&mut reader, self.after_suppression, PAGE).await?;
        self.after_suppression = page.last().map_or(self.after_suppression, |row| row.id);
        Ok(page)
    }
}
