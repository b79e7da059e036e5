//! Namespaces, as far as feeds use them: by what they are declared as or, undeclared, by the prefix everybody uses.

use std::collections::HashMap;

/// A vocabulary that feeds are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Namespace {
    /// None, or one of those that RSS 0.9, 1.0 and 2.0 have had.
    #[default]
    Rss,
    Atom,
    /// Dublin Core, elements and terms.
    Dublin,
    Content,
    Media,
    Itunes,
    Rdf,
    Xhtml,
    Other,
}

impl Namespace {
    fn of_uri(uri: &str) -> Option<Self> {
        let uri = uri.trim().trim_end_matches(['/', '#']).to_ascii_lowercase();
        let (_, name) = uri.split_once("://")?;
        Some(match name {
            "www.w3.org/2005/atom" | "purl.org/atom/ns" => Self::Atom,
            "purl.org/dc/elements/1.1" | "purl.org/dc/elements/1.0" | "purl.org/dc/terms" => Self::Dublin,
            "purl.org/rss/1.0/modules/content" => Self::Content,
            "search.yahoo.com/mrss" | "search.yahoo.com/rss" => Self::Media,
            "www.itunes.com/dtds/podcast-1.0.dtd" => Self::Itunes,
            "www.w3.org/1999/02/22-rdf-syntax-ns" => Self::Rdf,
            "www.w3.org/1999/xhtml" => Self::Xhtml,
            "purl.org/rss/1.0" | "purl.org/net/rss1.1" => Self::Rss,
            name if name.contains("netscape.com/rdf")
                || name.contains("userland.com/rss")
                || name.contains("/tech/rss") =>
            {
                Self::Rss
            }
            _ => return None,
        })
    }

    fn of_prefix(prefix: &str) -> Self {
        match prefix {
            "atom" | "atom10" | "a10" => Self::Atom,
            "dc" | "dcterms" => Self::Dublin,
            "content" => Self::Content,
            "media" => Self::Media,
            "itunes" => Self::Itunes,
            "rdf" => Self::Rdf,
            "rss" => Self::Rss,
            "xhtml" | "xh" => Self::Xhtml,
            _ => Self::Other,
        }
    }

    /// What `xmlns="uri"` makes of elements without a prefix: with a vocabulary nobody knows they still mean what they say.
    pub(super) fn of_default(uri: &str) -> Self {
        Self::of_uri(uri).unwrap_or_default()
    }
}

/// The prefixes of one document. Feeds declare them once, at the top, so they are not undone where their element ends.
#[derive(Debug, Default)]
pub(super) struct Prefixes(HashMap<Box<str>, Namespace>);

impl Prefixes {
    const MOST: usize = 128;

    pub(super) fn declare(&mut self, prefix: &str, uri: &str) {
        if self.0.len() < Self::MOST {
            let namespace = Namespace::of_uri(uri).unwrap_or_else(|| Namespace::of_prefix(prefix));
            self.0.insert(prefix.into(), namespace);
        }
    }

    /// Lets a prefix stand for a namespace from now on.
    pub(super) fn mean(&mut self, prefix: &str, namespace: Namespace) {
        self.0.insert(prefix.into(), namespace);
    }

    pub(super) fn namespace(&self, prefix: &str) -> Namespace {
        self.0.get(prefix).copied().unwrap_or_else(|| Namespace::of_prefix(prefix))
    }
}
