//! A person's relation to one newsletter, and the only ways in which it may change.

use super::text_enum::text_enum;

text_enum! {
    /// Where a subscription stands.
    pub enum SubscriptionStatus ("status of a subscription") {
        /// Asked for, not yet confirmed from the mailbox: gets no newsletter.
        Pending = "pending",
        /// Confirmed: gets the newsletter.
        Confirmed = "confirmed",
        /// Ended by the person.
        Unsubscribed = "unsubscribed",
        /// Ended because the mailbox is gone.
        Bounced = "bounced",
        /// Ended because the person called it spam; only an administrator may open it again.
        Complained = "complained",
    }
}

/// What a sign-up for an address leads to. The visitor sees the same answer in every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignUp {
    /// Send a letter with a link to confirm.
    AskToConfirm,
    /// Send a letter saying that they are subscribed already.
    SayAlreadySubscribed,
    /// Send nothing: this person complained, or asked never to be mailed again.
    StaySilent,
}

impl SubscriptionStatus {
    /// What a new sign-up for a subscription in this state asks of us.
    pub const fn on_sign_up(self) -> SignUp {
        match self {
            Self::Pending | Self::Unsubscribed | Self::Bounced => SignUp::AskToConfirm,
            Self::Confirmed => SignUp::SayAlreadySubscribed,
            Self::Complained => SignUp::StaySilent,
        }
    }
}

text_enum! {
    /// Which of the two renderings a person wants.
    pub enum MailFormat ("format") {
        Html = "html",
        Text = "text",
    }
}
