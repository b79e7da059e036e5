//! What came back about one delivery and what follows from it: one decision, whether a mail server said it while we
//! were talking, a report brought it later, or a mail service called.

use std::time::Duration;

use super::bounce::BounceClass;
use super::suppression::SuppressionReason;
use super::text_enum::text_enum;

/// A mailbox that is full for so many editions in a row, over [`AT_LEAST`], is one that nobody empties any more.
pub const EDITIONS_IN_A_ROW: usize = 3;
/// How long they must have stretched: a week of daily editions is a holiday.
pub const AT_LEAST: Duration = Duration::from_secs(30 * 24 * 3600);
/// Longest words of a server that are kept, in characters.
pub const MAX_WORDS: usize = 512;

text_enum! {
    /// What somebody, or their mail server, says about a delivery.
    pub enum FeedbackKind ("kind of feedback") {
        /// It did not arrive, for good.
        Bounce = "bounce",
        /// Its reader called it spam.
        Complaint = "complaint",
        /// Its reader wants no more of them.
        Unsubscribe = "unsubscribe",
    }
}

text_enum! {
    /// By which way it came back.
    pub enum Channel ("way of feedback") {
        /// The mail server said so while it was offered the message.
        Smtp = "smtp",
        /// To our own listener.
        Listener = "listener",
        /// Through a pipe from a mail server.
        Pipe = "pipe",
        /// From a mailbox that we look into.
        Mailbox = "mailbox",
        /// From a mail service, over HTTP.
        Service = "service",
    }
}

text_enum! {
    /// What it led to.
    pub enum Effect ("effect of feedback") {
        /// The address is never mailed again.
        Suppressed = "suppressed",
        /// The subscription ended as its reader wished.
        Unsubscribed = "unsubscribed",
        /// It counts: several in a row end in suppression.
        Counted = "counted",
        /// It is known, and blames nobody.
        Noted = "noted",
    }
}

/// What is said about one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub kind: FeedbackKind,
    /// What went wrong, for a bounce.
    pub reason: Option<BounceClass>,
    /// The enhanced status code (RFC 3463), where there is one: `5.1.1`.
    pub status: Option<String>,
    /// The mail server's words: at most [`MAX_WORDS`] characters, none of them a control character.
    pub words: Option<String>,
}

/// What a verdict asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// Never mail this address again.
    Suppress(SuppressionReason),
    /// End this subscription.
    Unsubscribe,
    /// Count it; [`EDITIONS_IN_A_ROW`] of them over [`AT_LEAST`] suppress.
    Count,
    /// Blame nobody.
    Nothing,
}

impl Verdict {
    /// A bounce.
    pub fn bounce(reason: BounceClass, status: Option<String>, words: Option<&str>) -> Self {
        let words = words.map(clean).filter(|words| !words.is_empty());
        Self { kind: FeedbackKind::Bounce, reason: Some(reason), status, words }
    }

    /// A complaint or a wish to leave, in no words but its own.
    pub const fn wish(kind: FeedbackKind) -> Self {
        Self { kind, reason: None, status: None, words: None }
    }

    /// What follows for the reader.
    pub const fn consequence(&self) -> Consequence {
        match (self.kind, self.reason) {
            (FeedbackKind::Complaint, _) => Consequence::Suppress(SuppressionReason::Complained),
            (FeedbackKind::Unsubscribe, _) => Consequence::Unsubscribe,
            (FeedbackKind::Bounce, Some(reason)) if reason.suppresses_at_once() => {
                Consequence::Suppress(SuppressionReason::Bounced)
            }
            (FeedbackKind::Bounce, Some(reason)) if reason.counts_towards_suppression() => Consequence::Count,
            (FeedbackKind::Bounce, _) => Consequence::Nothing,
        }
    }

    /// Whether it is about us, our reputation or our access, and so about every other delivery as well.
    pub fn is_about_us(&self) -> bool {
        self.reason == Some(BounceClass::Policy)
    }

    /// Whether this says more against the reader than what is known about the delivery: a mailbox reported full, and a
    /// week later gone.
    pub fn outweighs(&self, known: Option<BounceClass>) -> bool {
        let weight = |reason: Option<BounceClass>| match Self::bounce_of(reason).consequence() {
            Consequence::Suppress(_) => 2,
            Consequence::Count => 1,
            Consequence::Unsubscribe | Consequence::Nothing => 0,
        };
        self.kind == FeedbackKind::Bounce && weight(self.reason) > weight(known)
    }

    const fn bounce_of(reason: Option<BounceClass>) -> Self {
        Self { kind: FeedbackKind::Bounce, reason, status: None, words: None }
    }
}

/// One line that can be stored and shown.
fn clean(words: &str) -> String {
    let line: Vec<&str> =
        words.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    line.join(" ").chars().take(MAX_WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounce(reason: BounceClass) -> Verdict {
        Verdict::bounce(reason, None, None)
    }

    #[test]
    fn who_is_gone_or_complains_is_never_mailed_again_and_policy_blames_nobody() {
        assert_eq!(bounce(BounceClass::Gone).consequence(), Consequence::Suppress(SuppressionReason::Bounced));
        assert_eq!(bounce(BounceClass::MailboxFull).consequence(), Consequence::Count);
        for innocent in [BounceClass::Policy, BounceClass::Content, BounceClass::TooLarge, BounceClass::Network] {
            assert_eq!(bounce(innocent).consequence(), Consequence::Nothing, "{innocent}");
        }
        let complaint = Verdict::wish(FeedbackKind::Complaint);
        assert_eq!(complaint.consequence(), Consequence::Suppress(SuppressionReason::Complained));
        assert_eq!(Verdict::wish(FeedbackKind::Unsubscribe).consequence(), Consequence::Unsubscribe);
    }

    #[test]
    fn only_a_graver_bounce_says_something_new() {
        let (gone, full, policy) = (BounceClass::Gone, BounceClass::MailboxFull, BounceClass::Policy);
        assert!(bounce(gone).outweighs(Some(full)) && bounce(full).outweighs(Some(policy)));
        assert!(!bounce(gone).outweighs(Some(gone)) && !bounce(policy).outweighs(Some(full)));
        assert!(!Verdict::wish(FeedbackKind::Complaint).outweighs(None));
    }

    proptest::proptest! {
        #[test]
        fn words_are_one_short_line(words in "\\PC{0,900}|(?s).{0,40}") {
            let kept = Verdict::bounce(BounceClass::Unclear, None, Some(&words)).words.unwrap_or_default();
            assert!(kept.chars().count() <= MAX_WORDS && !kept.chars().any(char::is_control));
        }
    }
}
