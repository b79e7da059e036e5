//! A mailbox that takes all mail for whomever and keeps the latest of it in memory: where the demo's mail ends.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mail_parser::{Address, MessageParser, MimeHeaders};

use super::inbound::{Handler, InboundMessage, NotTaken};
use crate::domain::time::Timestamp;

/// Mails kept; the oldest makes room.
const MOST_MAILS: usize = 1000;
/// Octets kept of all mails together.
const MOST_OCTETS: usize = 64 << 20;

/// The mailbox. Cheap to clone; all clones are the same one.
#[derive(Clone)]
pub struct Mailbox {
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    taken: u64,
    octets: usize,
    mails: VecDeque<Arc<Mail>>,
}

/// A mail as it came.
#[derive(Debug)]
pub struct Mail {
    /// 1, 2, 3 … in the order of arrival.
    pub id: u64,
    /// The envelope's sender; empty for a report.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// Decoded; empty where there is none.
    pub subject: String,
    pub received_at: Timestamp,
    /// Header and body as they came over the wire.
    pub source: Vec<u8>,
}

/// What a mail says, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Whom the header names as its author.
    pub author: String,
    pub text: Option<String>,
    pub html: Option<String>,
}

impl Mailbox {
    /// An empty mailbox that dates its mail by `now`.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { now: Arc::new(now), kept: Arc::default() }
    }

    /// Everything that is kept, in the order of arrival.
    pub fn mails(&self) -> Vec<Arc<Mail>> {
        self.kept().mails.iter().cloned().collect()
    }

    /// The mail with this id, if it is still kept.
    pub fn mail(&self, id: u64) -> Option<Arc<Mail>> {
        self.kept().mails.iter().find(|mail| mail.id == id).cloned()
    }

    fn keep(&self, message: InboundMessage) {
        let subject = MessageParser::default().parse(&message.bytes).and_then(|mail| mail.subject().map(str::to_owned));
        let mut kept = self.kept();
        kept.taken += 1;
        kept.octets += message.bytes.len();
        let mail = Mail {
            id: kept.taken,
            from: message.mail_from,
            to: message.recipients,
            subject: subject.unwrap_or_default(),
            received_at: (self.now)(),
            source: message.bytes,
        };
        kept.mails.push_back(Arc::new(mail));
        while kept.mails.len() > MOST_MAILS || kept.octets > MOST_OCTETS {
            let Some(oldest) = kept.mails.pop_front() else { break };
            kept.octets -= oldest.source.len();
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handler for Mailbox {
    async fn accept(&self, _recipient: &str) -> bool {
        true
    }

    async fn take(&self, message: InboundMessage) -> Result<(), NotTaken> {
        self.keep(message);
        Ok(())
    }
}

impl Mail {
    /// Decodes what it says. A part that is missing is not made up from the other.
    pub fn open(&self) -> Opened {
        let Some(mail) = MessageParser::default().parse(&self.source) else { return Opened::default() };
        let part = |wanted: &str| {
            mail.parts.iter().find_map(|part| {
                let subtype = part.content_type().and_then(|kind| kind.subtype());
                let is_wanted = part.is_text() && subtype.unwrap_or("plain").eq_ignore_ascii_case(wanted);
                is_wanted.then(|| part.text_contents().unwrap_or_default().to_owned())
            })
        };
        Opened { author: mail.from().map(author).unwrap_or_default(), text: part("plain"), html: part("html") }
    }
}

fn author(from: &Address<'_>) -> String {
    let Some(first) = from.first() else { return String::new() };
    match (first.name(), first.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(source: &str) -> InboundMessage {
        InboundMessage {
            mail_from: "bounces@example.nl".to_owned(),
            recipients: vec!["anna@gemeente.example".to_owned()],
            bytes: source.replace('\n', "\r\n").into_bytes(),
        }
    }

    fn mailbox() -> Mailbox {
        Mailbox::new(|| Timestamp::from_seconds(1_700_000_000))
    }

    #[test]
    fn a_mail_is_listed_by_its_decoded_subject_and_opened_by_its_parts() {
        let mailbox = mailbox();
        mailbox.keep(message(
            "From: =?utf-8?Q?Voorbeeld_I=26P?= <nieuws@example.nl>\nSubject: =?utf-8?Q?Caf=C3=A9?=\n\
             MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n\
             --b\nContent-Type: text/plain; charset=utf-8\n\nhallo\n\
             --b\nContent-Type: text/html; charset=utf-8\n\n<p>hallo</p>\n--b--\n",
        ));
        let mail = mailbox.mail(1).unwrap();
        assert_eq!((mail.id, mail.subject.as_str()), (1, "Café"));
        assert_eq!(mail.to, ["anna@gemeente.example"]);
        let opened = mail.open();
        assert_eq!(opened.author, "Voorbeeld I&P <nieuws@example.nl>");
        assert_eq!(opened.text.as_deref().map(str::trim), Some("hallo"));
        assert_eq!(opened.html.as_deref().map(str::trim), Some("<p>hallo</p>"));
    }

    #[test]
    fn a_mail_of_text_alone_has_no_html_made_up_for_it() {
        let mailbox = mailbox();
        mailbox.keep(message("Subject: x\n\nhallo\n"));
        let opened = mailbox.mail(1).unwrap().open();
        assert_eq!((opened.text.as_deref().map(str::trim), opened.html), (Some("hallo"), None));
    }

    #[test]
    fn the_oldest_mail_makes_room_and_numbers_are_never_used_again() {
        let mailbox = mailbox();
        for number in 0..MOST_MAILS + 5 {
            mailbox.keep(message(&format!("Subject: {number}\n\n")));
        }
        let mails = mailbox.mails();
        assert_eq!((mails.len(), mails[0].id, mails[0].subject.as_str()), (MOST_MAILS, 6, "5"));
        assert!(mailbox.mail(5).is_none());
    }
}
