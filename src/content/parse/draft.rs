//! An item as far as a feed tells it, and how it becomes an article: the same for every kind of feed.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use url::Url;

use super::FeedItem;
use super::text::RawText;
use crate::content::clean;
use crate::domain::article::{is_protected, is_web, without_tracking};
use crate::domain::time::Timestamp;

const MAX_CATEGORIES: usize = 50;

/// What has been found about one item.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) id: Option<String>,
    pub(super) title: Option<RawText>,
    pub(super) link: Option<Link>,
    pub(super) published: Option<Timestamp>,
    pub(super) updated: Option<Timestamp>,
    pub(super) summary: Option<RawText>,
    pub(super) content: Option<RawText>,
    pub(super) author: Option<String>,
    pub(super) image: Option<Url>,
    pub(super) categories: Vec<RawText>,
    pub(super) protected: bool,
    /// The address that the identifier is at the same time, where that is written relative to another.
    pub(super) whole_id: Option<Url>,
    /// What relative links in the texts are relative to.
    pub(super) base: Option<Url>,
}

impl Draft {
    pub(super) fn finish(self) -> FeedItem {
        let base = self.base.as_ref().or(self.link.as_ref().map(|link| &link.url));
        let title = self.title.as_ref().map(RawText::title).unwrap_or_default();
        let content = self.content.filter(|text| !text.is_blank()).map(|text| text.read());
        let summary = self.summary.filter(|text| !text.is_blank()).map(|text| text.read());
        let readings = [content.as_ref(), summary.as_ref()];
        let found = |href: Option<&String>| href.and_then(|href| resolve(href, base));
        let source_url =
            readings.iter().find_map(|reading| found(reading.as_ref()?.source_href.as_ref())).map(without_tracking);
        let image =
            self.image.or_else(|| readings.iter().find_map(|reading| found(reading.as_ref()?.image_src.as_ref())));
        let text = summary.or(content).map(|reading| clean::summary(&reading.text)).unwrap_or_default();
        let url = self.link.as_ref().map(|link| link.written.clone());
        FeedItem {
            id: self
                .whole_id
                .map(String::from)
                .or(self.id)
                .map(|id| clean::one_line(&id))
                .filter(|id| !id.is_empty())
                .unwrap_or_else(|| match &url {
                    // An article keeps its address when its title is edited.
                    Some(url) => hash_of(&[url]),
                    None => hash_of(&[&title, &text]),
                }),
            protected: self.protected || is_protected(&title),
            published: self.published.or(self.updated),
            updated: self.updated,
            summary: text,
            author: self.author.as_deref().and_then(person),
            image: image.map(String::from),
            categories: distinct(self.categories),
            source_url: source_url.map(String::from),
            title,
            url,
        }
    }
}

/// A web address, and how its feed writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) url: Url,
    written: String,
}

impl Link {
    /// The address that `href` means. Where it is one already its own spelling is kept: a source's `https://example.org`
    /// does not become `https://example.org/` on the way through. Only a host with capitals is written as everybody does
    /// (RFC 3986 section 6.2.2.1), so that the same article is not two.
    pub(super) fn resolve(href: &str, base: Option<&Url>) -> Option<Self> {
        let url = resolve(href, base)?;
        let href = href.trim();
        let is_safe = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]!$&'()*+,;=%".contains(c);
        let authority = href.strip_prefix("https://").or_else(|| href.strip_prefix("http://"));
        let is_whole = authority.is_some_and(|rest| {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            host.starts_with(|c: char| c.is_ascii_alphanumeric()) && !host.contains(|c: char| c.is_ascii_uppercase())
        });
        let written = if is_whole && href.chars().all(is_safe) { href.to_owned() } else { url.to_string() };
        Some(Self { url, written })
    }
}

/// The absolute web address that `href` means; `None` when it is none that a reader may be sent to.
pub(super) fn resolve(href: &str, base: Option<&Url>) -> Option<Url> {
    let href = href.trim();
    let mut url = match base {
        Some(base) => base.join(href).ok()?,
        None => Url::parse(href).ok()?,
    };
    if href.is_empty() || !is_web(&url) {
        return None;
    }
    // "https://bank.example@evil.example/" is made to be misread, and a password does not belong in a newsletter.
    let stripped = url.set_username("").and_then(|()| url.set_password(None));
    stripped.is_ok().then_some(url)
}

/// A name without the address that RSS wants with it: `info@example.org (Ada)` and `Ada <info@example.org>` are Ada.
fn person(text: &str) -> Option<String> {
    let line = clean::one_line(text);
    let name = match line.split_once('(') {
        Some((address, name)) if address.contains('@') => name.trim_end_matches(')'),
        _ => &line,
    };
    let words: Vec<_> = name.split(' ').filter(|word| !word.contains('@')).collect();
    let name = words.join(" ");
    (!name.is_empty()).then_some(name)
}

fn distinct(categories: Vec<RawText>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for category in categories.into_iter().take(MAX_CATEGORIES) {
        let name = category.title();
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn hash_of(parts: &[&str]) -> String {
    let hash = digest(&SHA256, parts.join("\n").as_bytes());
    hash.as_ref().iter().take(16).fold("sha256:".to_owned(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
