//! What is kept for how long: one table for the rounds that forget, the command, the desk and the register of processing.

use std::time::Duration;

use super::text_enum::text_enum;
use super::time::Timestamp;

text_enum! {
    /// Something that is kept, by the word under which its count stands.
    pub enum Kept ("thing that is kept") {
        /// Addresses that were filled in and never confirmed.
        Unconfirmed = "unconfirmed",
        /// People who left: after this time a keyed hash stays.
        Ended = "ended",
        /// Addresses that must not be mailed: after the same time a keyed hash stays.
        Suppressions = "suppressions",
        /// To whom an edition went.
        DeliveryAddresses = "delivery-addresses",
        /// What mail servers said, bounces among it.
        ServerReplies = "server-replies",
        /// To whom test mails of editions went.
        TestMails = "test-mails",
        /// Mail about deliveries that nobody could read but a person.
        UnclassifiedMail = "unclassified-mail",
        /// To whom letters went, so that one that comes back is understood.
        SentLetters = "sent-letters",
        /// Letters that could not be delivered.
        FailedLetters = "failed-letters",
        /// New addresses that waited for their owner's confirmation.
        NewAddresses = "new-addresses",
        /// Files of people that were to be imported at the desk.
        ImportFiles = "import-files",
        /// What other programs were told: numbers of people, no addresses.
        WebhookDeliveries = "webhook-deliveries",
        /// Answers to requests that may come twice.
        RepeatedRequests = "repeated-requests",
        /// Counts under keyed hashes, for limits.
        Attempts = "attempts",
        /// What users of the desk and the API did.
        Audit = "audit",
        /// Sessions at the desk.
        Sessions = "sessions",
        /// Invitations to the desk, and links to choose a password.
        UserLinks = "user-links",
        /// How many mails at once a domain takes that asked us to slow down.
        DomainPaces = "domain-paces",
    }
}

const DAY: Duration = Duration::from_secs(24 * 3600);

/// One line of the register: something that is kept, for how long, and how much of it was forgotten until now.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub kept: Kept,
    pub period: Option<Duration>,
    pub forgotten: u64,
    pub last: Option<Timestamp>,
}

/// The times that an operator sets, in days; `None` keeps for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Periods {
    pub ended: Option<u32>,
    pub deliveries: Option<u32>,
    pub audit: Option<u32>,
}

impl Kept {
    /// For how long; `None` is for ever.
    pub fn period(self, periods: &Periods) -> Option<Duration> {
        let days = |days: Option<u32>| days.map(|days| days * DAY);
        match self {
            Self::Unconfirmed
            | Self::FailedLetters
            | Self::WebhookDeliveries
            | Self::UnclassifiedMail
            | Self::SentLetters => Some(30 * DAY),
            Self::Ended | Self::Suppressions => days(periods.ended),
            Self::DeliveryAddresses | Self::TestMails => days(periods.deliveries),
            Self::ServerReplies => Some(90 * DAY),
            // The links in these mails work for a day.
            Self::NewAddresses | Self::RepeatedRequests => Some(DAY),
            Self::ImportFiles => Some(2 * DAY),
            // The longest limit reaches back 30 days.
            Self::Attempts => Some(31 * DAY),
            Self::Audit => days(periods.audit),
            // They end by themselves within half a day.
            Self::Sessions => Some(DAY),
            // They work for a week at most.
            Self::UserLinks | Self::DomainPaces => Some(7 * DAY),
        }
    }

    /// The setting that decides, where one does.
    pub const fn setting(self) -> Option<&'static str> {
        match self {
            Self::Ended | Self::Suppressions => Some("POSTDUIF_KEEP_ENDED_DAYS"),
            Self::DeliveryAddresses | Self::TestMails => Some("POSTDUIF_KEEP_DELIVERIES_DAYS"),
            Self::Audit => Some("POSTDUIF_KEEP_AUDIT_DAYS"),
            _ => None,
        }
    }
}
