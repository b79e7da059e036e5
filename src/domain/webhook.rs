//! Events that other programs are told of, and when they are told again (Standard Webhooks 1.0).

use std::time::Duration;

use super::edition::EditionStatus;
use super::subscription::SubscriptionStatus;
use super::text_enum::text_enum;

text_enum! {
    /// Something that happened.
    pub enum Event ("event") {
        SubscriberConfirmed = "subscriber.confirmed",
        SubscriberUnsubscribed = "subscriber.unsubscribed",
        SubscriberBounced = "subscriber.bounced",
        SubscriberComplained = "subscriber.complained",
        /// An address must not be mailed any more, for whatever reason.
        SubscriberSuppressed = "subscriber.suppressed",
        /// A source of articles fails for so long that editors are told.
        SourceFailing = "source.failing",
        EditionDraftReady = "edition.draft_ready",
        EditionApproved = "edition.approved",
        EditionScheduled = "edition.scheduled",
        EditionStarted = "edition.started",
        EditionPaused = "edition.paused",
        EditionCompleted = "edition.completed",
        EditionCancelled = "edition.cancelled",
    }
}

impl Event {
    /// What it means when a subscription comes to this status; asking to subscribe is nobody else's business yet.
    pub const fn of_subscription(status: SubscriptionStatus) -> Option<Self> {
        match status {
            SubscriptionStatus::Pending => None,
            SubscriptionStatus::Confirmed => Some(Self::SubscriberConfirmed),
            SubscriptionStatus::Unsubscribed => Some(Self::SubscriberUnsubscribed),
            SubscriptionStatus::Bounced => Some(Self::SubscriberBounced),
            SubscriptionStatus::Complained => Some(Self::SubscriberComplained),
        }
    }

    /// What it means when an edition comes to this status.
    pub const fn of_edition(status: EditionStatus) -> Self {
        match status {
            EditionStatus::Draft => Self::EditionDraftReady,
            EditionStatus::Approved => Self::EditionApproved,
            EditionStatus::Scheduled => Self::EditionScheduled,
            EditionStatus::Sending => Self::EditionStarted,
            EditionStatus::Paused => Self::EditionPaused,
            EditionStatus::Sent => Self::EditionCompleted,
            EditionStatus::Cancelled => Self::EditionCancelled,
        }
    }
}

/// How long after each failed attempt the next one is made, in seconds; after the last one there is none.
const PAUSES: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// The pause after so many failed attempts, up to a tenth longer by `fraction` (0 to 1), so that not everybody comes
/// back at the same moment. `None` when it has been tried often enough.
pub fn pause_after(attempts: i64, fraction: f64) -> Option<Duration> {
    let pause = usize::try_from(attempts - 1).ok().and_then(|at| PAUSES.get(at))?;
    Some(Duration::from_secs(*pause).mul_f64(1.0 + fraction.clamp(0.0, 1.0) / 10.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attempts_are_made_over_three_days_and_then_no_more() {
        let pauses: Vec<Duration> = (1..).map_while(|attempts| pause_after(attempts, 0.0)).collect();
        assert_eq!(pauses.len() + 1, 10);
        let total: Duration = pauses.iter().sum();
        assert!((70..80).contains(&(total.as_secs() / 3600)), "{total:?}");
        assert!(pause_after(1, 1.0) > pause_after(1, 0.0) && pause_after(0, 0.0).is_none());
    }
}
