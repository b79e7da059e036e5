//! An edition makes itself from what is new since the last one.

use std::time::Duration;

use tracing::Instrument;

use super::newsletters::find;
use super::{FlowError, House, spans};
use crate::domain::edition::SectionStyle;
use crate::domain::proposal;
use crate::domain::texts::editions as texts;
use crate::domain::time::Timestamp;
use crate::store::articles::{self, ArticleRow};
use crate::store::editions::{self, EditionRow, NewEdition};
use crate::store::newsletters::{self, NewsletterRow, SectionRow};
use crate::store::{Access, StoreError, Tx};

/// An article seen for the first time is new even when it was published before the last edition, up to this long:
/// feeds are read late, but a new source must not bring in its whole past.
const LATE: Duration = Duration::from_secs(31 * 24 * 3600);

/// What came of assembling.
pub enum Assembled {
    /// A new draft.
    Draft(Box<EditionRow>),
    /// There is an open edition; nothing was changed.
    Open(Box<EditionRow>),
    /// Too few new articles: no edition.
    TooFew { found: usize, needed: i64, since: Option<Timestamp> },
}

/// A scheduled moment to which an edition belongs.
#[derive(Clone, Copy, Debug)]
pub struct Occurrence {
    pub due_at: Timestamp,
    pub send_at: Timestamp,
}

/// Assembles the next edition of a newsletter. While there is an open one, running again changes nothing.
///
/// # Errors
/// [`FlowError::NotFound`] for a newsletter that does not exist; [`FlowError::Store`] when nothing was stored.
pub async fn assemble(house: &House, slug: &str, occurrence: Option<Occurrence>) -> Result<Assembled, FlowError> {
    let mut tx = house.db.write().await?;
    let newsletter = find(&mut tx, slug).await?;
    let assembled = assemble_in(&mut tx, house, &newsletter, occurrence).await?;
    tx.commit().await?;
    Ok(assembled)
}

/// The same within a transaction that does more.
///
/// # Errors
/// As [`assemble`].
pub(super) async fn assemble_in(
    tx: &mut Tx,
    house: &House,
    newsletter: &NewsletterRow,
    occurrence: Option<Occurrence>,
) -> Result<Assembled, FlowError> {
    draft(tx, house, newsletter, occurrence).instrument(spans::assembling(&newsletter.slug)).await
}

async fn draft(
    tx: &mut Tx,
    house: &House,
    newsletter: &NewsletterRow,
    occurrence: Option<Occurrence>,
) -> Result<Assembled, FlowError> {
    let now = house.clock.now();
    if let Some(open) = editions::open_one(tx, newsletter.id).await? {
        return Ok(Assembled::Open(Box::new(open)));
    }
    let previous = editions::latest(tx, newsletter.id).await?;
    let cutoff = previous.as_ref().map(|edition| edition.cutoff_at);
    let sections = newsletters::sections(tx, newsletter.id).await?;
    let chosen = choose(tx, newsletter, &sections, cutoff).await?;
    let found = chosen.iter().map(|(_, articles)| articles.len()).sum::<usize>();
    spans::tell("articles", found);
    if i64::try_from(found).unwrap_or(i64::MAX) < newsletter.min_articles {
        return Ok(Assembled::TooFew { found, needed: newsletter.min_articles, since: cutoff });
    }

    let titles: Vec<&str> =
        chosen.iter().flat_map(|(_, articles)| articles).map(|article| article.title.as_str()).collect();
    let count = |style| {
        chosen.iter().filter(|(section, _)| section.style == style).map(|(_, articles)| articles.len()).sum::<usize>()
    };
    let language = newsletter.language;
    let moment = occurrence.map(|moment| moment.due_at.to_string());
    let draft = NewEdition {
        uid: i64::from_le_bytes(house.clock.random()) & i64::MAX,
        newsletter_id: newsletter.id,
        subject: &proposal::subject(&titles, &newsletter.title, language),
        preheader: &proposal::preheader(count(SectionStyle::Excerpts), count(SectionStyle::Titles), language),
        intro: &texts::intro(language),
        promo: newsletter.promo.as_deref(),
        cutoff_at: now,
        occurrence: moment.as_deref(),
        send_at: occurrence.map(|moment| moment.send_at),
    };
    let Some(edition) = editions::insert(tx, &draft, now).await? else {
        // Another node was quicker, or this moment has had its edition.
        let open = editions::open_one(tx, newsletter.id).await?.or(previous);
        return open.map(|open| Assembled::Open(Box::new(open))).ok_or_else(|| {
            FlowError::Conflict("another edition was made at the same moment; look at the list of editions".to_owned())
        });
    };
    for (section, articles) in &chosen {
        for (position, article) in (1..).zip(articles) {
            editions::insert_item(tx, edition.id, article.id, &section.key, position, None, None).await?;
        }
    }
    house.note(tx, "edition.assemble", &edition.id.to_string(), &newsletter.slug).await?;
    Ok(Assembled::Draft(Box::new(edition)))
}

/// The newest articles of each section, as many as it holds.
async fn choose<'a>(
    on: &mut impl Access,
    newsletter: &NewsletterRow,
    sections: &'a [SectionRow],
    cutoff: Option<Timestamp>,
) -> Result<Vec<(&'a SectionRow, Vec<ArticleRow>)>, StoreError> {
    let cutoff = cutoff.unwrap_or(Timestamp::from_micros(i64::MIN));
    let mut chosen = Vec::with_capacity(sections.len());
    for section in sections {
        let articles =
            articles::fresh(on, newsletter.id, &section.key, cutoff, cutoff.minus(LATE), section.max_items).await?;
        chosen.push((section, articles));
    }
    Ok(chosen)
}
