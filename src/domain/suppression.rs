//! Why an address must not be mailed, and whether its owner alone can lift that.

use super::text_enum::text_enum;

text_enum! {
    /// Why an address must not be mailed.
    pub enum SuppressionReason ("reason of a suppression") {
        Bounced = "bounced",
        Complained = "complained",
        Unsubscribed = "unsubscribed",
        Erased = "erased",
        Manual = "manual",
        Imported = "imported",
    }
}

impl SuppressionReason {
    /// Whether a fresh confirmation from the mailbox lifts it. Who complained, or was blocked by an
    /// administrator, comes back only by an administrator.
    pub const fn lifted_by_confirmation(self) -> bool {
        !matches!(self, Self::Complained | Self::Manual)
    }
}
