//! Reading sources: what is new goes into the table, daily and on demand, because a feed forgets after ten posts.

mod rounds;
mod withdraw;

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use url::Url;

pub use self::rounds::{fetch_all, fetch_due, freshen};
use super::newsletters::{find, known_section};
use super::{FlowError, House, notices};
use crate::content::clean::{EXCERPT_CHARS, excerpt};
use crate::content::collect::{CollectError, Collected, SourceState, collect};
use crate::content::parse::FeedItem;
use crate::domain::article::UrlKey;
use crate::domain::fault::{Fault, Faults};
use crate::domain::time::Timestamp;
use crate::store::articles::{self, NewArticle, Stored};
use crate::store::newsletters::NewsletterRow;
use crate::store::sources::{self, SourceRow};
use crate::store::{Access, sightings, webhooks};

/// How often a source is read.
const EVERY: Duration = Duration::from_secs(24 * 3600);
/// How soon one that failed is read again.
const AFTER_FAILURE: Duration = Duration::from_secs(2 * 3600);
/// A server that asks to be left alone is obeyed for so long at most.
const MOST_PATIENCE: Duration = Duration::from_secs(7 * 24 * 3600);
/// So many failures in a row, some eight hours of them, and the editors are told: one evening of maintenance is not worth a mail.
const FAILURES_TOLD: i64 = 5;
/// Articles stored in one transaction, so that sign-ups need not wait for a long feed.
const CHUNK: usize = 50;
/// Items shown of a feed that is only looked at.
const LOOK_ITEMS: usize = 5;

/// A source to add.
#[derive(Clone, Debug)]
pub struct NewSource<'a> {
    pub url: &'a str,
    pub section: &'a str,
    /// Category → section, for sites that mix them.
    pub category_sections: BTreeMap<String, String>,
    pub allow_private: bool,
}

/// Adds a source to a newsletter; it is read at the next round, or by [`fetch`].
///
/// # Errors
/// [`FlowError::Invalid`] for what is wrong with it; [`FlowError::Conflict`] when it is there already.
pub async fn add(house: &House, slug: &str, source: NewSource<'_>) -> Result<SourceRow, FlowError> {
    let mut tx = house.db.write().await?;
    let newsletter = find(&mut tx, slug).await?;
    let (url, section) = sound(&mut tx, &newsletter, &source).await?;
    let categories = serde_json::to_string(&source.category_sections).expect("texts alone always become JSON");
    let row = sources::insert(
        &mut tx,
        newsletter.id,
        url.as_str(),
        &section,
        &categories,
        source.allow_private,
        house.clock.now(),
    )
    .await?
    .ok_or_else(|| FlowError::Conflict(format!("{url} is a source of “{slug}” already")))?;
    house.note(&mut tx, "source.add", &newsletter.slug, url.as_str()).await?;
    tx.commit().await?;
    Ok(row)
}

/// Whether this could be added.
///
/// # Errors
/// [`FlowError::Invalid`] with every fault; [`FlowError::NotFound`] for a newsletter that does not exist.
pub async fn look_at(house: &House, slug: &str, source: NewSource<'_>) -> Result<(), FlowError> {
    let mut reader = house.db.read().await?;
    let newsletter = find(&mut reader, slug).await?;
    sound(&mut reader, &newsletter, &source).await.map(drop)
}

/// The address and the section of a source that can be added.
async fn sound(
    on: &mut impl Access,
    newsletter: &NewsletterRow,
    source: &NewSource<'_>,
) -> Result<(Url, String), FlowError> {
    let mut faults = Faults::default();
    let url = web_address(source.url).map_err(|fault| faults.0.extend(fault.0)).ok();
    let categories = source.category_sections.values().map(|key| ("category_sections", key.as_str()));
    for (field, key) in std::iter::once(("section", source.section)).chain(categories) {
        match known_section(on, newsletter, key).await {
            Err(FlowError::Invalid(fault)) => {
                faults.0.extend(fault.0.into_iter().map(|fault| Fault { field, ..fault }))
            }
            known => drop(known?),
        }
    }
    match url {
        Some(url) if faults.0.is_empty() => Ok((url, source.section.to_owned())),
        _ => Err(faults.into()),
    }
}

/// What a feed shows to who looks before adding it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    pub title: String,
    /// Titles and addresses of the newest items.
    pub items: Vec<(String, String)>,
}

/// Looks into a feed, or the feed behind a site's address; stores nothing.
///
/// # Errors
/// [`FlowError::Invalid`] says why it cannot be read.
pub async fn look(house: &House, url: &str, allow_private: bool) -> Result<Look, FlowError> {
    let url = web_address(url)?;
    let source = SourceState { url, etag: None, last_modified: None, allow_private };
    // Whoever knows every article already asks for the first page alone.
    let collected =
        collect(&house.fetcher, &source, |_| true).await.map_err(|error| Faults::one("url", error.to_string()))?;
    let items = collected.items.into_iter().filter_map(|item| Some((item.title, item.url?))).take(LOOK_ITEMS).collect();
    Ok(Look { title: collected.feed.map(|feed| feed.title).unwrap_or_default(), items })
}

fn web_address(text: &str) -> Result<Url, Faults> {
    Url::parse(text.trim())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some())
        .ok_or_else(|| Faults::one("url", "must be a web address like https://www.example.org/feed/"))
}

/// What one reading brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Reading {
    pub source: i64,
    pub url: String,
    pub new: usize,
    pub changed: usize,
    pub unchanged: usize,
    /// The source says that nothing has changed since the last time.
    pub not_modified: bool,
    /// What went behind a password or is there no more, and stands in no edition any longer.
    pub withdrawn: usize,
    /// Why older pages could not be read; they are asked for again at the next visit.
    pub gap: Option<String>,
    pub error: Option<String>,
}

/// Reads one source now.
///
/// # Errors
/// When the database refuses; what is wrong with the source is in the reading and noted with it.
pub async fn fetch(house: &House, source: &SourceRow) -> Result<Reading, FlowError> {
    let mut reading = Reading { source: source.id, url: source.url.clone(), ..Reading::default() };
    let state = state_of(source)?;
    let known: HashSet<String> = match source.gap {
        // What lies behind the gap must be looked for, past everything that is known.
        Some(_) => HashSet::new(),
        None => sightings::known(&mut house.db.read().await?, source.id).await?.into_iter().collect(),
    };
    match collect(&house.fetcher, &state, |id| known.contains(id)).await {
        Ok(collected) => {
            reading.not_modified = collected.is_unchanged();
            store(house, source, &state, collected, &mut reading).await?;
        }
        // That says nothing about the source.
        Err(error) if error.is_ours() => reading.error = Some(error.to_string()),
        Err(error) => {
            failed(house, source, &error).await?;
            reading.error = Some(error.to_string());
        }
    }
    Ok(reading)
}

async fn failed(house: &House, source: &SourceRow, error: &CollectError) -> Result<(), FlowError> {
    let (message, now) = (error.to_string(), house.clock.now());
    let next = match error.retry_after() {
        // Who asks never to be read again is asked once more each month, in case that was a mistake.
        _ if error.is_gone() => EVERY * 30,
        asked => asked.unwrap_or_default().clamp(AFTER_FAILURE, MOST_PATIENCE),
    };
    let mut tx = house.db.write().await?;
    sources::failed(&mut tx, source.id, &message, now.plus(next), now).await?;
    if (error.is_gone() || source.failures + 1 >= FAILURES_TOLD) && sources::told(&mut tx, source.id, now).await? {
        notices::source_failing(house, &mut tx, source, &message).await?;
        webhooks::about_source(&mut tx, source.id, source.newsletter_id, now).await?;
    }
    tx.commit().await?;
    house.wake.letters.notify_one();
    tracing::warn!(source = source.id, error = %message, failures = source.failures + 1, "a source cannot be read");
    Ok(())
}

async fn store(
    house: &House,
    source: &SourceRow,
    before: &SourceState,
    collected: Collected,
    reading: &mut Reading,
) -> Result<(), FlowError> {
    let sections: BTreeMap<String, String> = serde_json::from_str(&source.category_sections).unwrap_or_default();
    let now = house.clock.now();
    let items: Vec<_> = (0..).zip(&collected.items).collect();
    for items in items.chunks(CHUNK) {
        let mut tx = house.db.write().await?;
        for (place, item) in items {
            let Some(article) = article(source, &sections, item, *place, now) else { continue };
            let dated = item.published.is_some_and(|published| published <= now);
            match articles::take_in(&mut tx, source.id, &article, dated, now).await? {
                Stored::New => reading.new += 1,
                Stored::Changed => reading.changed += 1,
                Stored::Unchanged => reading.unchanged += 1,
            }
        }
        tx.commit().await?;
    }
    reading.withdrawn = withdraw::withdraw(house, source, &collected, now).await?;
    if let Some(gap) = &collected.gap {
        tracing::warn!(source = source.id, gap, "older pages of a source cannot be read");
    }
    // Last, so that a crash before it reads the same pages again instead of missing some.
    let state = collected.state;
    let moved = (state.url != before.url).then(|| state.url.to_string()).or_else(|| source.feed_url.clone());
    let mut tx = house.db.write().await?;
    sources::succeeded(
        &mut tx,
        source.id,
        &sources::Visit {
            feed_url: moved.as_deref(),
            title: collected.feed.as_ref().map(|feed| feed.title.as_str()).filter(|title| !title.is_empty()),
            etag: state.etag.as_deref(),
            last_modified: state.last_modified.as_deref(),
            gap: collected.gap.as_deref(),
        },
        now,
    )
    .await?;
    tx.commit().await?;
    reading.gap = collected.gap;
    Ok(())
}

/// An item as an article; nothing of one that has no title or leads nowhere. `place` is its own in the feed.
fn article(
    source: &SourceRow,
    sections: &BTreeMap<String, String>,
    item: &FeedItem,
    place: u64,
    now: Timestamp,
) -> Option<NewArticle> {
    let url = item.url.clone()?;
    if item.title.is_empty() {
        return None;
    }
    let section = item
        .categories
        .iter()
        .find_map(|category| sections.iter().find(|(name, _)| name.eq_ignore_ascii_case(category)))
        .map_or(&source.section, |(_, section)| section);
    Some(NewArticle {
        newsletter_id: source.newsletter_id,
        source_id: Some(source.id),
        guid: item.id.clone(),
        canonical: UrlKey::parse(&url)?.as_str().to_owned(),
        section: section.clone(),
        title: item.title.clone(),
        url,
        summary: excerpt(&item.summary, EXCERPT_CHARS),
        source_url: item.source_url.clone(),
        author: item.author.clone(),
        image_url: item.image.clone(),
        // A date in the future would stay “new” for ever. Without one it came just now, in the order of the feed.
        published_at: item.published.filter(|at| *at <= now).unwrap_or_else(|| now.minus(Duration::from_secs(place))),
    })
}

fn state_of(source: &SourceRow) -> Result<SourceState, FlowError> {
    let url = source.feed_url.as_deref().unwrap_or(&source.url);
    Ok(SourceState {
        url: Url::parse(url).map_err(|_| Faults::one("url", "is broken; add the source again"))?,
        // That nothing has changed on its first page says nothing of the pages that could not be read.
        etag: source.etag.clone().filter(|_| source.gap.is_none()),
        last_modified: source.last_modified.clone().filter(|_| source.gap.is_none()),
        allow_private: source.allow_private,
    })
}

/// Takes a source away; its articles stay.
///
/// # Errors
/// [`FlowError::NotFound`] when there is none with this id.
pub async fn remove(house: &House, id: i64) -> Result<(), FlowError> {
    let mut tx = house.db.write().await?;
    if !sources::delete(&mut tx, id).await? {
        return Err(FlowError::NotFound(format!("source {id}")));
    }
    house.note(&mut tx, "source.remove", &id.to_string(), "").await?;
    Ok(tx.commit().await?)
}
