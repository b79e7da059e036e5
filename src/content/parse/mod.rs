//! Feeds as bytes in, articles out: RSS, Atom, JSON Feed and the posts of WordPress's REST interface.

mod date;
mod draft;
mod encoding;
mod json;
mod loose;
mod posts;
mod text;
mod xml;

use serde::{Serialize, Serializer};
use url::Url;

use crate::domain::time::Timestamp;

/// The largest feed that is read, in bytes after decompression.
pub const MAX_BYTES: usize = 5 * 1024 * 1024;

/// The most items that are taken from one feed; the rest is older, or nobody's honest feed.
pub const MAX_ITEMS: usize = 1000;

/// What a feed says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Feed {
    pub format: FeedFormat,
    /// Plain text; empty when the feed has no title.
    pub title: String,
    /// The language as the feed names it, such as `nl-NL`.
    pub language: Option<String>,
    /// In the order of the feed, which most often is newest first.
    pub items: Vec<FeedItem>,
    /// Where the feed says that its older items are.
    #[serde(skip)]
    pub next: Option<Url>,
    /// Whether WordPress wrote it: its feeds have further pages that they do not mention.
    #[serde(skip)]
    pub is_wordpress: bool,
}

/// One article as a source gives it. All text is plain: a `<` in it is a character, never markup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeedItem {
    /// What the source knows the item by, the same at every reading; made from its link and title when it gives nothing.
    pub id: String,
    /// On one line; empty when the item has no title.
    pub title: String,
    /// Absolute, http or https.
    pub url: Option<String>,
    /// When it was published or, where the feed does not say so, last changed.
    pub published: Option<Timestamp>,
    /// When it was last changed.
    #[serde(skip)]
    pub updated: Option<Timestamp>,
    /// On one line, without what the source's system adds to it.
    pub summary: String,
    pub author: Option<String>,
    /// The address of a picture: absolute, http or https.
    pub image: Option<String>,
    pub categories: Vec<String>,
    /// Where "Verder lezen bij de bron" leads.
    #[serde(skip)]
    pub source_url: Option<String>,
    /// Whether readers need a password for it, so that it does not belong in a newsletter.
    #[serde(skip)]
    pub protected: bool,
}

/// The kinds of source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedFormat {
    Rss,
    Atom,
    Json,
    WordPress,
}

impl FeedFormat {
    /// The name that commands and the API print.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rss => "rss",
            Self::Atom => "atom",
            Self::Json => "json",
            Self::WordPress => "wordpress",
        }
    }
}

impl Serialize for FeedFormat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Why bytes are no feed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FeedError {
    #[error("the answer is empty; check the address of the feed")]
    Empty,
    #[error("the feed is larger than 5 MB; ask its owner to put fewer items in it")]
    TooLarge,
    #[error("this is a web page, not a feed, and it names no feed; look on the site for an address of RSS or Atom")]
    WebPage,
    #[error("this is neither RSS, Atom, JSON Feed nor a list of WordPress posts")]
    NotAFeed,
    #[error("the JSON is broken at line {line}, column {column}")]
    BrokenJson { line: usize, column: usize },
    #[error("the XML is broken before its first item")]
    BrokenXml,
}

/// Reads a feed of any known kind.
///
/// `content_type` is the HTTP header where there is one, `base` the address the bytes came from: relative links that the
/// feed itself does not explain are relative to it. Time and memory are bounded by the number of bytes. A feed that breaks
/// off gives the items before the break.
///
/// # Errors
/// When the bytes are no feed, or too many.
pub fn parse_feed(bytes: &[u8], content_type: Option<&str>, base: Option<&Url>) -> Result<Feed, FeedError> {
    if bytes.len() > MAX_BYTES {
        return Err(FeedError::TooLarge);
    }
    let text = encoding::decode(bytes, content_type);
    match text.trim_start().chars().next() {
        None => Err(FeedError::Empty),
        Some('{') => json::read(&loose::mended(&text), base),
        Some('[') => posts::read(&loose::mended(&text), base),
        Some(_) => xml::read(&text, base),
    }
}

#[cfg(test)]
mod shapes;
#[cfg(test)]
mod tests;
