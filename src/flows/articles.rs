//! Articles that people enter or push, and what they change about those that came by themselves.

use serde::Deserialize;

use super::newsletters::{find, known_section};
use super::{FlowError, House};
use crate::content::clean;
use crate::domain::article::{MAX_SUMMARY, MAX_TITLE, UrlKey};
use crate::domain::fault::Faults;
use crate::domain::newsletter::web_address_or_none;
use crate::domain::time::Timestamp;
use crate::domain::token::hex;
use crate::store::Access;
use crate::store::articles::{self, ArticleChange, ArticleRow, NewArticle, Stored};
use crate::store::newsletters::{self, NewsletterRow};

/// An article as somebody enters it or a CMS pushes it.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnteredArticle {
    pub section: String,
    pub title: String,
    /// Where it can be read on; empty, or left out, for a block of one's own that leads nowhere.
    #[serde(default)]
    pub url: String,
    #[serde(default)]
    pub summary: String,
    /// Now, where it is left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub published: Option<Timestamp>,
}

/// Stores an article. The same address again changes the words of the one there is, as long as no edition with it
/// has left; an article that a source brought stays as the source has it. One without an address is always a new one.
///
/// # Errors
/// [`FlowError::Invalid`] with every fault; [`FlowError::NotFound`] for a newsletter that does not exist.
pub async fn enter(house: &House, slug: &str, entered: EnteredArticle) -> Result<(ArticleRow, Stored), FlowError> {
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    let newsletter = find(&mut tx, slug).await?;
    let Sound { section, title, url, summary } = sound(&mut tx, &newsletter, &entered).await?;
    let canonical = match url.as_str() {
        // No address begins so: a port is a number.
        "" => format!("own:{}", hex(&house.link())),
        url => UrlKey::parse(url).ok_or_else(|| Faults::one("url", "must be a web address"))?.to_string(),
    };
    let known = articles::by_canonical(&mut tx, newsletter.id, &canonical).await?;
    let published = entered.published.or(known.map(|known| known.published_at));
    let article = NewArticle {
        newsletter_id: newsletter.id,
        source_id: None,
        guid: canonical.clone(),
        canonical,
        section,
        title,
        url,
        summary,
        source_url: None,
        author: None,
        image_url: None,
        // A date in the future would stay “new” for ever.
        published_at: published.map_or(now, |published| published.min(now)),
    };
    let stored = articles::store(&mut tx, &article, now).await?;
    let row = articles::by_canonical(&mut tx, newsletter.id, &article.canonical).await?.ok_or_else(|| {
        FlowError::Conflict("the article was taken away at the same moment; enter it again".to_owned())
    })?;
    house.note(&mut tx, "article.enter", &row.id.to_string(), &row.title).await?;
    tx.commit().await?;
    Ok((row, stored))
}

/// Whether this could be entered.
///
/// # Errors
/// As [`enter`].
pub async fn look(house: &House, slug: &str, entered: EnteredArticle) -> Result<(), FlowError> {
    let mut reader = house.db.read().await?;
    let newsletter = find(&mut reader, slug).await?;
    sound(&mut reader, &newsletter, &entered).await.map(drop)
}

/// The words of an article that can be entered.
struct Sound {
    section: String,
    title: String,
    url: String,
    summary: String,
}

async fn sound(on: &mut impl Access, newsletter: &NewsletterRow, entered: &EnteredArticle) -> Result<Sound, FlowError> {
    let mut faults = Faults::default();
    let title = faults.keep("title", title(&entered.title));
    let url = faults.keep("url", web_address_or_none(&entered.url));
    let summary = faults.keep("summary", summary(&entered.summary));
    let section = match known_section(on, newsletter, &entered.section).await {
        Err(FlowError::Invalid(fault)) => {
            faults.0.extend(fault.0);
            None
        }
        section => Some(section?),
    };
    match (section, title, url, summary) {
        (Some(section), Some(title), Some(url), Some(summary)) => Ok(Sound { section, title, url, summary }),
        _ => Err(faults.into()),
    }
}

/// What is sound of a change to an article.
///
/// # Errors
/// [`FlowError::Invalid`] with every fault.
async fn sound_change(
    on: &mut impl Access,
    article: &ArticleRow,
    change: ArticleChange,
) -> Result<ArticleChange, FlowError> {
    let mut faults = Faults::default();
    let change = ArticleChange {
        title: change.title.and_then(|text| faults.keep("title", title(&text))),
        url: change.url.and_then(|text| faults.keep("url", web_address_or_none(&text))),
        summary: change.summary.and_then(|text| faults.keep("summary", summary(&text))),
        ..change
    };
    if let Some(section) = &change.section
        && let Some(newsletter) = newsletters::by_id(on, article.newsletter_id).await?
    {
        match known_section(on, &newsletter, section).await {
            Err(FlowError::Invalid(fault)) => faults.0.extend(fault.0),
            section => drop(section?),
        }
    }
    faults.check()?;
    Ok(change)
}

/// Whether an article could be changed so.
///
/// # Errors
/// As [`change`].
pub async fn look_at_change(house: &House, id: i64, change: ArticleChange) -> Result<(), FlowError> {
    let mut reader = house.db.read().await?;
    let article = articles::by_id(&mut reader, id).await?;
    let article = article.ok_or_else(|| FlowError::NotFound(format!("article {id}")))?;
    sound_change(&mut reader, &article, change).await.map(drop)
}

/// Changes an article by hand: hides it, or gives it other words, which its source then leaves alone.
///
/// # Errors
/// [`FlowError::Invalid`] with every fault; [`FlowError::NotFound`] when there is none with this id.
pub async fn change(house: &House, id: i64, change: ArticleChange) -> Result<ArticleRow, FlowError> {
    let mut tx = house.db.write().await?;
    let no_article = || FlowError::NotFound(format!("article {id}"));
    let article = articles::by_id(&mut tx, id).await?.ok_or_else(no_article)?;
    let change = sound_change(&mut tx, &article, change).await?;
    let row = articles::edit(&mut tx, id, &change, house.clock.now()).await?.ok_or_else(no_article)?;
    house.note(&mut tx, "article.change", &id.to_string(), &row.title).await?;
    tx.commit().await?;
    Ok(row)
}

/// Takes an article away for good.
///
/// # Errors
/// [`FlowError::NotFound`] when there is none with this id; [`FlowError::Conflict`] when an edition holds it.
pub async fn remove(house: &House, id: i64) -> Result<(), FlowError> {
    let mut tx = house.db.write().await?;
    if articles::by_id(&mut tx, id).await?.is_none() {
        return Err(FlowError::NotFound(format!("article {id}")));
    }
    if !articles::delete(&mut tx, id).await? {
        return Err(FlowError::Conflict(format!("article {id} stands in an edition; hide it instead")));
    }
    house.note(&mut tx, "article.remove", &id.to_string(), "").await?;
    Ok(tx.commit().await?)
}

/// On one line, without what cannot be seen: cleaned like those that sources bring, not refused.
pub(super) fn title(text: &str) -> Result<String, String> {
    let line = clean::one_line(text);
    if (1..=MAX_TITLE).contains(&line.chars().count()) {
        Ok(line)
    } else {
        Err(format!("must be 1 to {MAX_TITLE} characters"))
    }
}

/// On one line, as summaries are shown.
pub(super) fn summary(text: &str) -> Result<String, String> {
    let text = clean::one_line(text);
    if text.chars().count() <= MAX_SUMMARY {
        Ok(text)
    } else {
        Err(format!("must be at most {MAX_SUMMARY} characters"))
    }
}
