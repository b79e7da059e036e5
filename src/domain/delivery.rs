//! One recipient of one edition: the states of the ledger and their sum.

use serde::Serialize;

use super::text_enum::text_enum;

text_enum! {
    /// Where a delivery stands. Every recipient of the audience is in exactly one of these.
    pub enum DeliveryState ("state of a delivery") {
        /// Waiting for its turn.
        Queued = "queued",
        /// Claimed by a sender.
        Sending = "sending",
        /// The mail server took it. Not yet proof that it lies in the inbox.
        Accepted = "accepted",
        /// The mail server asks to come back later.
        Deferred = "deferred",
        /// The mail server refused the recipient for good.
        Rejected = "rejected",
        /// Asked to come back later until it was too late.
        Expired = "expired",
        /// Not sent on purpose: unsubscribed, suppressed or cancelled in the meantime.
        Skipped = "skipped",
        /// The connection died between the final dot and its reply; it may have arrived.
        Unknown = "unknown",
    }
}

impl DeliveryState {
    /// Whether nothing more will happen by itself.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Accepted | Self::Rejected | Self::Expired | Self::Skipped | Self::Unknown)
    }
}

text_enum! {
    /// What happens to a delivery that may or may not have arrived.
    pub enum OnUnknown ("answer to uncertainty") {
        /// Again with the same Message-ID: once, or as often as the newsletter allows.
        Repeat = "repeat",
        /// Left as it is; a person decides.
        Leave = "leave",
    }
}

impl OnUnknown {
    /// How often a delivery may be repeated because nobody knows whether it arrived, where a newsletter allows `most`
    /// repeats. Each answers a doubt of its own.
    pub const fn repeats(self, most: i64) -> i64 {
        match self {
            Self::Repeat => most,
            Self::Leave => 0,
        }
    }
}

/// How many recipients are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Counts {
    pub queued: i64,
    pub sending: i64,
    pub accepted: i64,
    pub deferred: i64,
    pub rejected: i64,
    pub expired: i64,
    pub skipped: i64,
    pub unknown: i64,
}

impl Counts {
    /// The counter of one state.
    pub fn of(&mut self, state: DeliveryState) -> &mut i64 {
        match state {
            DeliveryState::Queued => &mut self.queued,
            DeliveryState::Sending => &mut self.sending,
            DeliveryState::Accepted => &mut self.accepted,
            DeliveryState::Deferred => &mut self.deferred,
            DeliveryState::Rejected => &mut self.rejected,
            DeliveryState::Expired => &mut self.expired,
            DeliveryState::Skipped => &mut self.skipped,
            DeliveryState::Unknown => &mut self.unknown,
        }
    }

    /// One recipient goes from one state to another.
    pub fn moved(&mut self, from: DeliveryState, to: DeliveryState) {
        *self.of(from) -= 1;
        *self.of(to) += 1;
    }

    /// Everybody: must equal the audience.
    pub const fn sum(&self) -> i64 {
        self.finished() + self.queued + self.sending + self.deferred
    }

    /// Everybody with whom nothing more will happen.
    pub const fn finished(&self) -> i64 {
        self.accepted + self.rejected + self.expired + self.skipped + self.unknown
    }
}
