//! Rows that can be taken, with as little of each as storing it needs: tens of thousands wait in memory for their turn.

use super::Rejected;
use super::table::{Row, Standing};
use crate::domain::address::EmailAddress;
use crate::domain::import::Refusal;
use crate::domain::language::Language;
use crate::domain::subscription::MailFormat;
use crate::domain::time::Timestamp;
use crate::domain::token::Keys;

/// Longest evidence that a file may bring for one person, in characters.
const MOST_EVIDENCE: usize = 2_000;

/// A row that can be taken, and whom it is about.
pub(super) struct Person {
    pub email: EmailAddress,
    /// None where the address is its own key, as most are.
    key: Option<Box<str>>,
    pub hash: [u8; 32],
    /// None where the file says nothing that we speak.
    pub language: Option<Language>,
    pub format: MailFormat,
    pub standing: Standing,
    told: Option<Box<Told>>,
}

/// What few files tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub asked_at: Option<Timestamp>,
    pub confirmed_at: Option<Timestamp>,
    pub left_at: Option<Timestamp>,
    pub text: Option<String>,
    pub note: Option<String>,
}

/// Of whom a file tells nothing more.
const NOTHING: Told = Told { asked_at: None, confirmed_at: None, left_at: None, text: None, note: None };

impl Person {
    fn of(row: Row, email: EmailAddress, keys: &Keys) -> Self {
        let short = |text: String| match text.char_indices().nth(MOST_EVIDENCE) {
            Some((end, _)) => text[..end].to_owned(),
            None => text,
        };
        let told = Told {
            asked_at: row.asked_at,
            confirmed_at: row.confirmed_at,
            left_at: row.left_at,
            text: row.text.map(short),
            note: row.note.map(short),
        };
        let key = email.key();
        Self {
            hash: keys.hash_text(&key),
            key: (key != email.as_str()).then(|| key.into_boxed_str()),
            email,
            // `nl`, `nl-NL`, `nl_BE` …
            language: row
                .language
                .and_then(|tag| tag.trim().get(..2).and_then(|tag| tag.to_ascii_lowercase().parse().ok())),
            format: row.format.unwrap_or(MailFormat::Html),
            standing: row.standing,
            told: (told != NOTHING).then(|| Box::new(told)),
        }
    }

    /// What two spellings of one address have in common.
    pub fn key(&self) -> &str {
        self.key.as_deref().unwrap_or(self.email.as_str())
    }

    /// What the file tells beside the standing.
    pub fn told(&self) -> &Told {
        self.told.as_deref().unwrap_or(&NOTHING)
    }
}

/// The address of a row that an import can take, or why none can.
pub(super) fn refusal(row: &Row) -> Result<EmailAddress, Refusal> {
    let email = EmailAddress::parse(&row.email)?;
    match &row.standing {
        Standing::Unconfirmed => Err(Refusal::Unconfirmed),
        Standing::Other(word) => Err(Refusal::UnknownStatus(word.clone())),
        Standing::NoList => Err(Refusal::NoList),
        Standing::OtherList(list) => Err(Refusal::OtherList(list.clone())),
        _ => Ok(email),
    }
}

/// Tells rows that can be taken from those that cannot.
pub(super) fn sort_out(rows: Vec<Row>, keys: &Keys) -> (Vec<Person>, Vec<Rejected>) {
    let (mut people, mut refused) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        match refusal(&row) {
            Ok(email) => people.push(Person::of(row, email, keys)),
            Err(reason) => refused.push(Rejected { line: row.line, email: row.email, reason }),
        }
    }
    (people, refused)
}
