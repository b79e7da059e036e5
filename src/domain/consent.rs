//! The evidence that a person asked for the newsletter: lines that are only ever added, chained by hash.

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

use super::text_enum::text_enum;
use super::time::Timestamp;

text_enum! {
    /// What happened to a person's consent.
    pub enum ConsentEvent ("event of consent") {
        Requested = "requested",
        Confirmed = "confirmed",
        Imported = "imported",
        Added = "added",
        ImportUndone = "import-undone",
        Unsubscribed = "unsubscribed",
        Undone = "undone",
        Bounced = "bounced",
        Complained = "complained",
        AddressChanged = "address-changed",
        /// Asked after a long silence whether they stay.
        ReconfirmationAsked = "reconfirmation-asked",
        Reconfirmed = "reconfirmed",
        Erased = "erased",
    }
}

text_enum! {
    /// By which way it came.
    pub enum ConsentMeans ("way") {
        Form = "form",
        Api = "api",
        Link = "link",
        OneClick = "one-click",
        Mail = "mail",
        Import = "import",
        Operator = "operator",
        MailServer = "mail-server",
        /// Nobody did it: the time for which it is kept was over.
        Retention = "retention",
    }
}

/// What a record says about one person; the part that erasure takes away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentBody {
    pub email: String,
    pub newsletter: String,
    pub language: String,
    pub means: ConsentMeans,
    /// The exact sentence that was shown or stated, and the version of postduif that showed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_version: Option<String>,
    /// How often was promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise: Option<String>,
    /// Where: the form, the link's kind, the file of an import.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// A statement or evidence given by the operator, or a mail server's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Random bytes in hexadecimal: without them nobody can test whether an erased body spoke of an address they guess.
    pub salt: String,
}

/// The part of a record that stays for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentEntry {
    /// 1, 2, 3 …: a gap is a missing record.
    pub id: i64,
    pub at: Timestamp,
    pub newsletter_id: i64,
    /// Keyed hash of the address.
    pub subject: Vec<u8>,
    pub event: ConsentEvent,
    pub body_hash: Vec<u8>,
    pub previous: Vec<u8>,
}

impl ConsentEntry {
    /// The hash that chains the next record to this one: SHA-256 over every field, each with its length.
    pub fn hash(&self) -> Vec<u8> {
        let mut context = digest::Context::new(&digest::SHA256);
        let mut field = |bytes: &[u8]| {
            context.update(&(bytes.len() as u64).to_be_bytes());
            context.update(bytes);
        };
        field(&self.previous);
        field(&self.id.to_be_bytes());
        field(&self.at.as_micros().to_be_bytes());
        field(&self.newsletter_id.to_be_bytes());
        field(&self.subject);
        field(self.event.as_str().as_bytes());
        field(&self.body_hash);
        context.finish().as_ref().to_vec()
    }
}

/// SHA-256 of a body as it is stored.
pub fn body_hash(body: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, body.as_bytes()).as_ref().to_vec()
}
