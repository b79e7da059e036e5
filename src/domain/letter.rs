//! The letters we owe one person, as facts; their words are put when they leave.

use serde::{Deserialize, Serialize};

use super::language::Language;

/// A letter of one of our kinds. Links are kept as what they carry (hexadecimal), never as tokens, so that a
/// stolen database opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Letter {
    /// “Confirm your subscription”.
    Confirm { language: Language, link: String },
    /// “You are subscribed already”.
    AlreadySubscribed { language: Language, link: String },
    /// “Welcome”.
    Welcome { language: Language, link: String },
    /// “Your link to your data”.
    Preferences { language: Language, link: String },
    /// To a new address: “is this yours?”
    ConfirmNewAddress { language: Language, link: String },
    /// To the old address, once the new one is in use.
    AddressChanged { language: Language },
    /// After a long silence: “do you want to stay?”
    Reconfirm { language: Language, link: String },
    /// To whoever looks after the newsletter: the words as they were when it was written.
    Notice { language: Language, subject: String, text: String },
    /// To a user of the desk: choose a password, after an invitation or because the old one is forgotten.
    Password { language: Language, link: String, invited: bool },
    /// To a user of the desk: the mail server takes our mail.
    TryOut { language: Language },
    /// An edition as it would be, marked as a test.
    Test { language: Language, edition: i64 },
}

impl Letter {
    /// The word by which it is stored and counted.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Confirm { .. } => "confirm",
            Self::AlreadySubscribed { .. } => "already-subscribed",
            Self::Welcome { .. } => "welcome",
            Self::Preferences { .. } => "preferences",
            Self::ConfirmNewAddress { .. } => "confirm-new-address",
            Self::AddressChanged { .. } => "address-changed",
            Self::Reconfirm { .. } => "reconfirm",
            Self::Notice { .. } => "notice",
            Self::Password { .. } => "password",
            Self::TryOut { .. } => "try-out",
            Self::Test { .. } => "test",
        }
    }

    /// The language in which it is written.
    pub const fn language(&self) -> Language {
        match self {
            Self::Confirm { language, .. }
            | Self::AlreadySubscribed { language, .. }
            | Self::Welcome { language, .. }
            | Self::Preferences { language, .. }
            | Self::ConfirmNewAddress { language, .. }
            | Self::AddressChanged { language }
            | Self::Reconfirm { language, .. }
            | Self::Notice { language, .. }
            | Self::Password { language, .. }
            | Self::TryOut { language }
            | Self::Test { language, .. } => *language,
        }
    }
}
