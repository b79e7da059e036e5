//! The short name of a newsletter in addresses and commands.

use std::fmt;
use std::str::FromStr;

/// Lower-case letters, digits and single hyphens, 1 to 63 characters: fit for a URL and for a DNS label in `List-Id`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slug(String);

/// A text that is no slug.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("“{0}” cannot be a short name; use 1 to 63 lower-case letters, digits and single hyphens, such as nieuwsbrief")]
pub struct InvalidSlug(String);

impl Slug {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = InvalidSlug;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fine = (1..=63).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-')
            && !text.contains("--");
        if fine { Ok(Self(text.to_owned())) } else { Err(InvalidSlug(text.chars().take(80).collect())) }
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
