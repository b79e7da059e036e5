//! What comes back by mail, read: bounces, complaints, wishes to leave, automatic replies. Bytes in, verdict out.
//!
//! Nothing in a message is believed here. A verdict says what the message claims, and [`Clues`] hold everything
//! by which the claim can be tied to a delivery of ours; without such a tie it must change nothing.

mod automatic;
mod clues;
mod complaint;
mod fields;
mod notice;
mod notice_phrases;
mod original;
mod parts;
mod status;
#[cfg(test)]
mod tests;
mod unsubscribe;
mod verdict;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::domain::bounce::BounceClass;

pub use clues::Clues;
pub use verdict::{Action, Failure};

use original::Original;
use parts::Mail;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Somebody could not be reached, for good or for now.
    Bounce,
    /// Somebody called our mail spam.
    Complaint,
    /// Somebody asks to be left alone.
    Unsubscribe,
    /// A machine answered for its owner, or says that a message was read: nobody is blamed.
    AutoReply,
    /// Everything else, reports that all went well included.
    Other,
}

impl Kind {
    /// The name in reports and for scripts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bounce => "bounce",
            Self::Complaint => "complaint",
            Self::Unsubscribe => "unsubscribe",
            Self::AutoReply => "auto-reply",
            Self::Other => "other",
        }
    }
}

/// One person whom a message is about, as the message spells the address (its domain in lower case).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The address we wrote to, where the message tells it from the one it was forwarded to.
    pub address: String,
    /// The other one, where it tells of both.
    pub other: Option<String>,
    /// What went wrong, for a bounce.
    pub failure: Option<Failure>,
}

/// The verdict about one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// What the message is.
    pub kind: Kind,
    /// Whom it is about, each once.
    pub recipients: Vec<Recipient>,
    /// What went wrong, for a bounce that names nobody: its return path says whom it is about.
    pub nameless: Option<Failure>,
    /// The beginning of a message that is [`Kind::Other`] because nobody but a person can read it.
    pub unread: Option<Unread>,
    /// By what it can be tied to a delivery of ours.
    pub clues: Clues,
}

/// The beginning of a message, for a person to read: no control characters, no more than is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// At most [`MAX_SUBJECT`] characters.
    pub subject: String,
    /// At most [`MAX_UNREAD`] characters.
    pub text: String,
}

/// Longest subject that is kept of what nobody could read, in characters.
pub const MAX_SUBJECT: usize = 200;
/// Longest text that is kept of it, in characters.
pub const MAX_UNREAD: usize = 2_000;

impl Feedback {
    /// What a bounce says about the one delivery its return path belongs to: the most serious failure that it
    /// reports, because each of our messages has one recipient.
    pub fn failure(&self) -> Option<&Failure> {
        self.recipients.iter().filter_map(|recipient| recipient.failure.as_ref()).chain(&self.nameless).max_by_key(
            |failure| (failure.action == Action::Failed, failure.permanent, failure.reason == BounceClass::Gone),
        )
    }
}

/// Reads a message, whatever it is: any bytes, any line ends, bounded work.
pub fn read(message: &[u8]) -> Feedback {
    let mail = Mail::read(message);
    let original = Original::of(&mail);
    let clues = Clues::of(&mail, &original);
    let judged = judge(&mail, &original);
    let unread = judged.is_none().then(|| Unread {
        subject: beginning(&mail.subject, MAX_SUBJECT),
        text: beginning(original.notice.trim(), MAX_UNREAD),
    });
    let (kind, recipients, nameless) = judged.unwrap_or((Kind::Other, Vec::new(), None));
    Feedback { kind, recipients, nameless, unread, clues }
}

/// At most so many characters, none of them a control character but the end of a line.
fn beginning(text: &str, characters: usize) -> String {
    text.chars().filter(|c| !c.is_control() || *c == '\n').take(characters).collect()
}

/// Reads what somebody else read before us: a status code and a mail server's words about a mail that failed.
pub fn failure(status: Option<&str>, words: &str) -> Failure {
    verdict::judge(Action::Failed, status.and_then(|status| fields::Status::at_start(status.trim())), words, "")
}

/// What the message is, whom it names, and what went wrong with nobody named; nothing where no rule of ours reads it.
fn judge(mail: &Mail, original: &Original) -> Option<(Kind, Vec<Recipient>, Option<Failure>)> {
    if let Some(complaint) = complaint::read(mail, original) {
        return Some(match complaint {
            complaint::Verdict::Complaint(addresses) => (Kind::Complaint, named(addresses), None),
            complaint::Verdict::Harmless => (Kind::Other, Vec::new(), None),
        });
    }
    if automatic::is_receipt(mail) {
        return Some((Kind::AutoReply, Vec::new(), None));
    }
    if let Some(recipients) = status::read(mail, original) {
        let kind = if recipients.is_empty() { Kind::Other } else { Kind::Bounce };
        return Some((kind, recipients, None));
    }
    if unsubscribe::is_addressed_so(mail) {
        return Some((Kind::Unsubscribe, named(unsubscribe::sender(mail)), None));
    }
    if automatic::is_reply(mail) {
        return Some((Kind::AutoReply, Vec::new(), None));
    }
    match notice::read(mail, original) {
        Some(notice::Verdict::Recipients(recipients)) => return Some((Kind::Bounce, recipients, None)),
        Some(notice::Verdict::Nameless(failure)) => return Some((Kind::Bounce, Vec::new(), Some(failure))),
        None => {}
    }
    let leaves = unsubscribe::is_worded_so(mail, original);
    leaves.then(|| (Kind::Unsubscribe, named(unsubscribe::sender(mail)), None))
}

fn named(addresses: Vec<String>) -> Vec<Recipient> {
    addresses.into_iter().map(|address| Recipient { address, other: None, failure: None }).collect()
}

/// As `feedback parse --json` prints it: `{"kind", "recipients": [{"address", "status", "permanent", "reason"}]}`.
impl Serialize for Feedback {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row<'a> {
            address: &'a str,
            status: Option<&'a str>,
            permanent: bool,
            reason: &'a str,
        }
        let rows: Vec<Row<'_>> = self
            .recipients
            .iter()
            .map(|Recipient { address, failure, .. }| match failure {
                Some(failure) => Row {
                    address,
                    status: failure.status.as_deref(),
                    permanent: failure.permanent,
                    reason: failure.reason.as_str(),
                },
                // Whoever complains or leaves means it.
                None => Row { address, status: None, permanent: true, reason: self.kind.as_str() },
            })
            .collect();
        let mut shape = serializer.serialize_struct("Feedback", 2)?;
        shape.serialize_field("kind", self.kind.as_str())?;
        shape.serialize_field("recipients", &rows)?;
        shape.end()
    }
}
