//! Why a message did not reach its reader, and what that means for writing to them again.

use super::bounce_wording;
use super::text_enum::text_enum;

text_enum! {
    /// What an enhanced status code (RFC 3463, and its IANA registry) or a mail server's words say went wrong.
    ///
    /// The replies of a living SMTP dialogue and the reports that come back by mail are read with the same eyes.
    pub enum BounceClass ("reason of a bounce") {
        /// No such user, no such host, or a mailbox that was closed for good.
        Gone = "user-unknown",
        /// The mailbox is there, but cannot take this now: full, over its rate, off for a while.
        MailboxFull = "mailbox-full",
        /// The message is bigger than somebody on the way allows.
        TooLarge = "too-large",
        /// What the message says or how it is built was refused.
        Content = "content",
        /// Routing, DNS, an overloaded or misconfigured system on the way.
        Network = "network",
        /// Reputation, authentication, rate, block lists: about the sender, never about the reader.
        Policy = "policy",
        /// The dialogue itself or the sender's address was at fault: a bug or a setting of ours.
        Protocol = "protocol",
        /// The address needs internationalised mail and the other side cannot do that (RFC 6531).
        UnsupportedAddress = "unsupported-address",
        /// Nothing that we can read.
        Unclear = "unclear",
    }
}

impl BounceClass {
    /// Reads the three numbers of an enhanced status code: `5.1.1` is `from_status(5, 1, 1)`.
    pub const fn from_status(class: u8, subject: u16, detail: u16) -> Self {
        match (subject, detail) {
            // Only a permanent code says that somebody is gone for good; a temporary one is a name server's bad day.
            (1, 1 | 2 | 3 | 6 | 10) | (2, 1) | (4, 4) | (7, 17 | 18) if class == 5 => Self::Gone,
            (1, 7 | 8) => Self::Protocol,
            (2, 3) | (3, 4) => Self::TooLarge,
            (2, _) => Self::MailboxFull,
            (3 | 4, _) => Self::Network,
            (5, _) => Self::Protocol,
            (6, 7 | 9) => Self::UnsupportedAddress,
            (6, _) => Self::Content,
            (7, _) => Self::Policy,
            _ => Self::Unclear,
        }
    }

    /// Reads a server's words, for servers that send no enhanced code or an empty one (`5.0.0`).
    pub fn from_text(text: &str) -> Self {
        bounce_wording::from_text(text)
    }

    /// One refusal is enough: nobody reads at this address.
    pub const fn suppresses_at_once(self) -> bool {
        matches!(self, Self::Gone)
    }

    /// Several editions in a row refused for this reason mean that nobody reads at this address any more. A reason that
    /// nobody can read is none to lose a reader for.
    pub const fn counts_towards_suppression(self) -> bool {
        matches!(self, Self::MailboxFull | Self::UnsupportedAddress)
    }

    /// The refusal says something about this one address, and nothing about us, the edition or the way there.
    pub const fn is_about_recipient(self) -> bool {
        matches!(self, Self::Gone | Self::MailboxFull | Self::UnsupportedAddress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enhanced_codes_mean_what_the_registry_says() {
        for (class, codes) in [
            (BounceClass::Gone, &[(5, 1, 1), (5, 1, 10), (5, 2, 1), (5, 4, 4), (5, 7, 17)][..]),
            (BounceClass::MailboxFull, &[(5, 2, 2), (4, 2, 2), (5, 2, 0), (5, 2, 4), (4, 2, 1)]),
            (BounceClass::TooLarge, &[(5, 2, 3), (5, 3, 4)]),
            (BounceClass::Content, &[(5, 6, 0), (5, 6, 3)]),
            (BounceClass::Network, &[(4, 4, 1), (5, 4, 7), (4, 3, 2), (4, 4, 4)]),
            (BounceClass::Policy, &[(5, 7, 1), (5, 7, 26), (5, 7, 515), (4, 7, 28)]),
            (BounceClass::Protocol, &[(5, 5, 1), (5, 1, 7), (5, 1, 8)]),
            (BounceClass::UnsupportedAddress, &[(5, 6, 7), (5, 6, 9)]),
            (BounceClass::Unclear, &[(5, 0, 0), (5, 1, 0), (4, 1, 1), (5, 999, 999)]),
        ] {
            for &(digit, subject, detail) in codes {
                assert_eq!(BounceClass::from_status(digit, subject, detail), class, "{digit}.{subject}.{detail}");
            }
        }
    }

    #[test]
    fn only_a_reader_who_is_gone_is_struck_off_at_once_and_policy_never_counts() {
        for &class in BounceClass::ALL {
            assert_eq!(class.suppresses_at_once(), class == BounceClass::Gone);
            assert!(!(class.suppresses_at_once() && class.counts_towards_suppression()));
            assert_eq!(class.as_str().parse(), Ok(class));
        }
        assert!(!BounceClass::Policy.counts_towards_suppression());
        assert!(!BounceClass::Policy.is_about_recipient());
    }
}
