//! The two languages that postduif speaks.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A language of pages and mails.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Language {
    #[default]
    Nl,
    En,
}

impl Language {
    /// Every language, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::Nl, Self::En];

    /// The BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Nl => "nl",
            Self::En => "en",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// A language that postduif does not speak.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("“{0}” is not a language postduif speaks; choose nl or en")]
pub struct UnknownLanguage(String);

impl TryFrom<String> for Language {
    type Error = UnknownLanguage;

    fn try_from(text: String) -> Result<Self, UnknownLanguage> {
        text.parse()
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "nl" => Ok(Self::Nl),
            "en" => Ok(Self::En),
            other => Err(UnknownLanguage(other.to_owned())),
        }
    }
}
