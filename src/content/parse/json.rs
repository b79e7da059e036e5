//! JSON Feed 1.0 and 1.1.

use serde::Deserialize;
use url::Url;

use super::draft::{Draft, Link, resolve};
use super::loose::{Few, Loose};
use super::text::RawText;
use super::{Feed, FeedError, FeedFormat, MAX_ITEMS, date};
use crate::content::clean;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Document {
    version: Loose,
    title: Loose,
    language: Loose,
    home_page_url: Loose,
    feed_url: Loose,
    next_url: Loose,
    author: Loose,
    authors: Few<Loose, 10>,
    items: Few<Option<Item>, MAX_ITEMS>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Item {
    id: Loose,
    url: Loose,
    external_url: Loose,
    title: Loose,
    content_html: Loose,
    content_text: Loose,
    summary: Loose,
    image: Loose,
    banner_image: Loose,
    date_published: Loose,
    date_modified: Loose,
    author: Loose,
    authors: Few<Loose, 10>,
    tags: Few<Loose, 50>,
}

/// Where and how `text` breaks the rules of JSON, or of what it should hold.
pub(super) fn broken(error: &serde_json::Error) -> FeedError {
    if error.is_data() {
        FeedError::NotAFeed
    } else {
        FeedError::BrokenJson { line: error.line(), column: error.column() }
    }
}

/// Reads a JSON Feed.
pub(super) fn read(text: &str, base: Option<&Url>) -> Result<Feed, FeedError> {
    let document: Document = serde_json::from_str(text).map_err(|error| broken(&error))?;
    let is_feed = match &document.version.0 {
        Some(version) => version.contains("jsonfeed.org/version/"),
        // Who forgets to say what it is still says whose it is.
        None => document.home_page_url.0.is_some() || document.feed_url.0.is_some(),
    };
    if !is_feed {
        return Err(FeedError::NotAFeed);
    }
    let home = document.home_page_url.0.and_then(|href| resolve(&href, base));
    let base = home.as_ref().or(base);
    let author = name(document.authors, document.author);
    Ok(Feed {
        format: FeedFormat::Json,
        title: document.title.0.map(|title| clean::one_line(&title)).unwrap_or_default(),
        language: document.language.0,
        items: document
            .items
            .0
            .into_iter()
            .flatten()
            .map(|item| item.draft(base, author.as_deref()).finish())
            .collect(),
        next: document.next_url.0.and_then(|href| resolve(&href, base)),
        is_wordpress: false,
    })
}

impl Item {
    fn draft(self, base: Option<&Url>, author: Option<&str>) -> Draft {
        let link = |href: Loose| Link::resolve(href.0.as_deref()?, base);
        let picture = |href: Loose| resolve(href.0.as_deref()?, base);
        Draft {
            link: link(self.url)
                .or_else(|| link(self.external_url))
                .or_else(|| Link::resolve(self.id.0.as_deref()?, None)),
            id: self.id.0,
            title: self.title.0.map(RawText::Unknown),
            published: self.date_published.0.and_then(|text| date::parse(&text)),
            updated: self.date_modified.0.and_then(|text| date::parse(&text)),
            summary: self.summary.0.map(RawText::Plain),
            content: self.content_html.0.map(RawText::Html).or(self.content_text.0.map(RawText::Plain)),
            author: name(self.authors, self.author).or_else(|| author.map(str::to_owned)),
            image: picture(self.image).or_else(|| picture(self.banner_image)),
            categories: self.tags.0.into_iter().filter_map(|tag| tag.0.map(RawText::Plain)).collect(),
            protected: false,
            whole_id: None,
            base: base.cloned(),
        }
    }
}

fn name(authors: Few<Loose, 10>, author: Loose) -> Option<String> {
    authors.0.into_iter().chain([author]).find_map(|author| author.0)
}
