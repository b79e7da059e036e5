//! One reading of a source: what is new since the last time, however many pages it has filled.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use url::Url;

use crate::content::discover::discover;
use crate::content::fetch::{Document, FetchError, FetchRequest, Fetcher, TOTAL_TIME};
use crate::content::parse::{Feed, FeedError, FeedFormat, FeedItem, parse_feed};
use crate::content::{links, wordpress};
use crate::domain::time::Timestamp;

/// The most pages of one source that are read at once: two hundred articles of a WordPress as it comes.
const MAX_PAGES: usize = 20;

/// So much of one source is enough for one reading, in bytes after decompression: no further page is asked for then.
const ENOUGH_BYTES: usize = 10 * 1024 * 1024;

/// The most items of one reading.
const MAX_ITEMS: usize = 2_000;

/// What is kept of a source between two readings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceState {
    pub url: Url,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    /// Whether the source may lie in a private network.
    pub allow_private: bool,
}

/// What a reading has brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collected {
    /// What to keep for the next reading. Its address is another one where the source has moved for good, or where the
    /// address was that of a page that announces a feed.
    pub state: SourceState,
    /// The kind of source, its title and its language; nothing when the source has not changed.
    pub feed: Option<FeedFacts>,
    /// All articles on the pages read, known ones too, for they may have been edited; each once, in the order of the source.
    /// Those behind a password are left out.
    pub items: Vec<FeedItem>,
    /// What readers need a password for.
    pub protected: Vec<FeedItem>,
    /// The list names every article since this moment, all there are where that is the beginning of time: what is not in it
    /// is there no more. Nothing for a feed, which names only its newest without saying how many.
    pub lists_all_since: Option<Timestamp>,
    /// Why older pages could not be read. What came before them is worth keeping, and they are asked for again the next time.
    pub gap: Option<String>,
}

impl Collected {
    /// Whether the source says that nothing has changed since the last reading.
    pub fn is_unchanged(&self) -> bool {
        self.feed.is_none()
    }
}

/// What a source says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedFacts {
    pub format: FeedFormat,
    pub title: String,
    pub language: Option<String>,
}

/// Why a source could not be read. Nothing of it should then be kept, so that the next reading finds everything.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CollectError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Feed(#[from] FeedError),
}

impl CollectError {
    /// Whether the source asks never to be fetched again (410).
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Fetch(FetchError::Gone))
    }

    /// Whether we ourselves broke it off, which says nothing about the source.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Fetch(FetchError::Stopped))
    }

    /// How long the source asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Fetch(FetchError::Status { retry_after, .. }) => *retry_after,
            _ => None,
        }
    }
}

/// Reads a source: its first page unless unchanged, and further ones until a page brings nothing but articles that
/// `is_known` by their ids, the pages end, or it is enough in time, bytes or articles.
///
/// # Errors
/// When the first page cannot be read, or we are stopping.
pub async fn collect(
    fetcher: &Fetcher,
    source: &SourceState,
    is_known: impl Fn(&str) -> bool,
) -> Result<Collected, CollectError> {
    let until = Instant::now() + TOTAL_TIME;
    let (state, first) = first_page(fetcher, source, until).await?;
    let mut collected =
        Collected { state, feed: None, items: Vec::new(), protected: Vec::new(), lists_all_since: None, gap: None };
    let Some(mut page) = first else { return Ok(collected) };
    let format = page.feed.format;
    collected.feed = Some(FeedFacts { format, title: page.feed.title.clone(), language: page.feed.language.clone() });
    let mut seen = HashSet::new();
    let (mut bytes, mut is_whole) = (0, false);
    for number in 2..=MAX_PAGES + 1 {
        bytes += page.bytes;
        let distinct = page.feed.items.drain(..).filter(|item| seen.insert(item.id.clone()));
        let (protected, open): (Vec<_>, Vec<_>) = distinct.partition(|item| item.protected);
        let brings_news = open.iter().any(|item| can_be_stored(item) && !is_known(&item.id));
        collected.items.extend(open);
        collected.protected.extend(protected);
        let Some(next) = page.next(number) else {
            is_whole = true;
            break;
        };
        let enough = number > MAX_PAGES || bytes >= ENOUGH_BYTES || collected.items.len() >= MAX_ITEMS;
        if !brings_news || enough {
            break;
        }
        match further_page(fetcher, next, source.allow_private, until).await {
            Ok(Some(further)) => page = further,
            Ok(None) => {
                is_whole = true;
                break;
            }
            Err(error) if error.is_ours() => return Err(error),
            Err(error) => {
                collected.gap = Some(format!("page {number}: {error}"));
                break;
            }
        }
    }
    is_whole &= collected.items.len() <= MAX_ITEMS;
    collected.items.truncate(MAX_ITEMS);
    if format == FeedFormat::WordPress {
        collected.lists_all_since = listed_since(&collected.items, is_whole);
    }
    Ok(collected)
}

/// What has no title or leads nowhere is no article, and no reason to look further.
fn can_be_stored(item: &FeedItem) -> bool {
    item.url.is_some() && !item.title.is_empty()
}

/// Since when a list, newest first, leaves nothing out. An empty one is more likely a mistake than a site without posts.
fn listed_since(items: &[FeedItem], is_whole: bool) -> Option<Timestamp> {
    if is_whole {
        return items.first().map(|_| Timestamp::from_micros(i64::MIN));
    }
    // In any other order the ones left out may be of any age.
    let moments = items.iter().map(|item| item.published).collect::<Option<Vec<_>>>()?;
    moments.last().copied().filter(|_| moments.is_sorted_by(|newer, older| newer >= older))
}

/// A feed with where it came from.
struct Page {
    feed: Feed,
    url: Url,
    links: Vec<String>,
    /// How large it was.
    bytes: usize,
}

impl Page {
    /// Where the page after this one is, if there may be one; `number` is what that page would be.
    fn next(&self, number: usize) -> Option<Url> {
        let announced = self.feed.next.clone();
        let linked = || links::with_rel(&self.links, "next").and_then(|href| self.url.join(&href).ok());
        let is_feed = matches!(self.feed.format, FeedFormat::Rss | FeedFormat::Atom);
        let guessed = || (self.feed.is_wordpress && is_feed).then(|| wordpress::feed_page(&self.url, number));
        announced.or_else(linked).or_else(guessed)
    }
}

/// The first page of a source, or nothing when it has not changed, with what to keep of it. Where the address is that of a
/// page for people, the feed which that page announces is the source from now on.
async fn first_page(
    fetcher: &Fetcher,
    source: &SourceState,
    until: Instant,
) -> Result<(SourceState, Option<Page>), CollectError> {
    let mut state = source.clone();
    for is_announced in [false, true] {
        let request = FetchRequest {
            url: state.url.clone(),
            etag: state.etag.clone(),
            last_modified: state.last_modified.clone(),
            allow_private: state.allow_private,
            until,
        };
        let fetched = fetcher.fetch(request).await?;
        state.url = fetched.moved_to.unwrap_or(state.url);
        let Some(document) = fetched.document else { return Ok((state, None)) };
        let (etag, last_modified) = (document.etag.clone(), document.last_modified.clone());
        match read(document, fetched.url).await? {
            Content::Feed(page) => return Ok((SourceState { etag, last_modified, ..state }, Some(page))),
            Content::Announcement(url) if !is_announced => {
                state = SourceState { url, etag: None, last_modified: None, ..state };
            }
            Content::Announcement(_) => break,
        }
    }
    Err(FeedError::WebPage.into())
}

/// A page after the first; nothing where the pages end.
async fn further_page(
    fetcher: &Fetcher,
    url: Url,
    allow_private: bool,
    until: Instant,
) -> Result<Option<Page>, CollectError> {
    let request = FetchRequest { url, etag: None, last_modified: None, allow_private, until };
    let fetched = match fetcher.fetch(request).await {
        Ok(fetched) => fetched,
        Err(error) if error.is_absent() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let Some(document) = fetched.document else { return Ok(None) };
    match read(document, fetched.url).await {
        Ok(Content::Feed(page)) => Ok(Some(page)),
        // A site that answers with a page of its own instead of a 404 has no more pages either.
        Ok(Content::Announcement(_)) | Err(CollectError::Feed(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

enum Content {
    Feed(Page),
    /// A page for people, and the feed it announces.
    Announcement(Url),
}

/// Reads a document off the async threads: five megabytes of hostile XML may take a moment.
async fn read(document: Document, url: Url) -> Result<Content, CollectError> {
    let reading = tokio::task::spawn_blocking(move || {
        let content_type = document.content_type.as_deref();
        let is_html = content_type.is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
        match parse_feed(&document.body, content_type, Some(&url)) {
            Ok(feed) => Ok(Content::Feed(Page { feed, url, links: document.links, bytes: document.body.len() })),
            Err(error) if is_html || error == FeedError::WebPage => {
                let page = String::from_utf8_lossy(&document.body);
                discover(&page, &document.links, &url).map(Content::Announcement).ok_or(FeedError::WebPage.into())
            }
            Err(error) => Err(error.into()),
        }
    });
    reading.await.unwrap_or(Err(FetchError::Stopped.into()))
}

#[cfg(test)]
mod tests;
