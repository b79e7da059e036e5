//! Articles: what was read from sources or entered by hand, and in which edition it went out.

use super::{Access, StoreError, Tx, execute, fetch_all, fetch_optional, fetch_value, row, sightings};
use crate::domain::time::Timestamp;

row! {
    /// An article as it is stored; every text is plain.
    #[derive(Clone, Debug)]
    pub struct ArticleRow {
        pub id: i64,
        pub newsletter_id: i64,
        pub source_id: Option<i64>,
        pub guid: String,
        pub canonical: String,
        pub section: String,
        pub title: String,
        pub url: String,
        pub summary: String,
        pub source_url: Option<String>,
        pub author: Option<String>,
        pub image_url: Option<String>,
        pub published_at: Timestamp,
        pub hidden: bool,
        /// Somebody changed it here: the source does not overwrite it any more.
        pub edited: bool,
        /// Since when its source shows it to nobody any more: it went behind a password, or was taken away there.
        pub withdrawn_at: Option<Timestamp>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

/// An article to store.
#[derive(Clone, Debug)]
pub struct NewArticle {
    pub newsletter_id: i64,
    pub source_id: Option<i64>,
    pub guid: String,
    /// Equal for the same article by whatever way it comes.
    pub canonical: String,
    pub section: String,
    pub title: String,
    pub url: String,
    pub summary: String,
    pub source_url: Option<String>,
    pub author: Option<String>,
    pub image_url: Option<String>,
    pub published_at: Timestamp,
}

/// What storing an article came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    New,
    Changed,
    Unchanged,
}

/// Stores an article that a person or a program entered. The same address again changes the words of the one there is, as
/// long as nobody edited it here, no source brought it, and no edition with it has left.
pub async fn store(tx: &mut Tx, article: &NewArticle, now: Timestamp) -> Result<Stored, StoreError> {
    match by_canonical(tx, article.newsletter_id, &article.canonical).await? {
        Some(known) => change(tx, &known, article, now).await,
        None => Ok(insert(tx, article, now).await?.map_or(Stored::Unchanged, |_| Stored::New)),
    }
}

/// Stores what a source shows, or takes in a later change there as long as nobody edited it here and no edition with it
/// has left. The same article by another source counts as the same; one that a person took away stays away. An item without
/// a date of its own (`dated` is false) keeps the one it got when it was first seen.
pub async fn take_in(
    tx: &mut Tx,
    source_id: i64,
    item: &NewArticle,
    dated: bool,
    now: Timestamp,
) -> Result<Stored, StoreError> {
    let Some(known) = sightings::article_of(tx, source_id, item).await? else {
        if sightings::was_removed(tx, source_id, item).await? {
            sightings::note(tx, source_id, item, None, now).await?;
            return Ok(Stored::Unchanged);
        }
        let id = insert(tx, item, now).await?;
        // Somebody entered it at the same moment: the next reading finds it.
        let Some(id) = id else { return Ok(Stored::Unchanged) };
        sightings::note(tx, source_id, item, Some(id), now).await?;
        return Ok(Stored::New);
    };
    sightings::note(tx, source_id, item, Some(known.id), now).await?;
    let is_back = known.withdrawn_at.is_some();
    if is_back {
        execute!(tx, "update articles set withdrawn_at = null, updated_at = $2 where id = $1", known.id, now)?;
    }
    if known.source_id == Some(source_id) && known.canonical != item.canonical {
        // It moved; what comes by its new address from elsewhere must be known for it, also when it was sent long ago.
        execute!(
            tx,
            "update articles set canonical = $2 where id = $1 and not exists (select 1 from articles o \
             where o.newsletter_id = articles.newsletter_id and o.canonical = $2)",
            known.id,
            item.canonical.as_str(),
        )?;
    }
    let published_at = if dated { item.published_at } else { known.published_at };
    let stored = change(tx, &known, &NewArticle { published_at, ..item.clone() }, now).await?;
    Ok(if is_back { Stored::Changed } else { stored })
}

/// Its id; nothing where there is one at this address already.
async fn insert(tx: &mut Tx, article: &NewArticle, now: Timestamp) -> Result<Option<i64>, StoreError> {
    let inserted = fetch_optional!(
        tx,
        (i64,),
        "insert into articles (newsletter_id, source_id, guid, canonical, section, title, url, summary, source_url, author, \
         image_url, published_at, created_at, updated_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13) on conflict (newsletter_id, canonical) do nothing \
         returning id",
        article.newsletter_id,
        article.source_id,
        article.guid.as_str(),
        article.canonical.as_str(),
        article.section.as_str(),
        article.title.as_str(),
        article.url.as_str(),
        article.summary.as_str(),
        article.source_url.as_deref(),
        article.author.as_deref(),
        article.image_url.as_deref(),
        article.published_at,
        now,
    )?;
    Ok(inserted.map(|(id,)| id))
}

async fn change(tx: &mut Tx, known: &ArticleRow, article: &NewArticle, now: Timestamp) -> Result<Stored, StoreError> {
    // Only the source that brought it may change it: a second feed that repeats it has its own wording.
    let same = known.source_id != article.source_id
        || known.edited
        || (known.title == article.title
            && known.url == article.url
            && known.summary == article.summary
            && known.source_url == article.source_url
            && known.published_at == article.published_at);
    if same {
        return Ok(Stored::Unchanged);
    }
    let touched = execute!(
        tx,
        "update articles set title = $2, url = $3, summary = $4, source_url = $5, author = $6, image_url = $7, \
         published_at = $8, updated_at = $9 where id = $1 and not exists (select 1 from edition_items i \
         join editions e on e.id = i.edition_id where i.article_id = articles.id and e.started_at is not null)",
        known.id,
        article.title.as_str(),
        article.url.as_str(),
        article.summary.as_str(),
        article.source_url.as_deref(),
        article.author.as_deref(),
        article.image_url.as_deref(),
        article.published_at,
        now,
    )?;
    Ok(if touched == 1 { Stored::Changed } else { Stored::Unchanged })
}

/// Notes that its source shows an article to nobody any more; says whether that is new.
pub async fn withdraw(tx: &mut Tx, id: i64, now: Timestamp) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update articles set withdrawn_at = $2, updated_at = $2 where id = $1 and withdrawn_at is null",
        id,
        now
    )?;
    Ok(touched == 1)
}

/// How many articles a source has brought.
pub async fn count_of_source(on: &mut impl Access, source_id: i64) -> Result<i64, StoreError> {
    fetch_value!(on, i64, "select count(*) from articles where source_id = $1", source_id)
}

/// The article with this id.
pub async fn by_id(on: &mut impl Access, id: i64) -> Result<Option<ArticleRow>, StoreError> {
    fetch_optional!(on, ArticleRow, "select * from articles where id = $1", id)
}

/// The article of a newsletter that this key of its address names.
pub async fn by_canonical(
    on: &mut impl Access,
    newsletter_id: i64,
    canonical: &str,
) -> Result<Option<ArticleRow>, StoreError> {
    fetch_optional!(
        on,
        ArticleRow,
        "select * from articles where newsletter_id = $1 and canonical = $2",
        newsletter_id,
        canonical
    )
}

/// A page of a newsletter's articles, newest first; `before` is the last one of the page before.
pub async fn page(
    on: &mut impl Access,
    newsletter_id: i64,
    before: Option<(Timestamp, i64)>,
    limit: i64,
) -> Result<Vec<ArticleRow>, StoreError> {
    let (moment, id) = before.unwrap_or((Timestamp::from_micros(i64::MAX), i64::MAX));
    fetch_all!(
        on,
        ArticleRow,
        "select * from articles where newsletter_id = $1 and (published_at < $2 or (published_at = $2 and id < $3)) \
         order by published_at desc, id desc limit $4",
        newsletter_id,
        moment,
        id,
        limit,
    )
}

row! {
    /// An article as the desk lists it.
    #[derive(Clone, Debug)]
    pub struct ListedArticleRow {
        pub id: i64,
        pub section: String,
        pub title: String,
        pub url: String,
        /// The name or the address of the source that brought it.
        pub source: Option<String>,
        pub published_at: Timestamp,
        pub hidden: bool,
        /// Since when its source shows it to nobody any more.
        pub withdrawn_at: Option<Timestamp>,
        /// The number of the edition with which it left.
        pub sent_in: Option<i64>,
    }
}

/// A page of a newsletter's articles, of one section or of all (`""`), newest first; `before` is the last one of the
/// page before.
pub async fn listed(
    on: &mut impl Access,
    newsletter_id: i64,
    section: &str,
    before: Option<(Timestamp, i64)>,
    limit: i64,
) -> Result<Vec<ListedArticleRow>, StoreError> {
    let (moment, id) = before.unwrap_or((Timestamp::from_micros(i64::MAX), i64::MAX));
    fetch_all!(
        on,
        ListedArticleRow,
        "select a.id, a.section, a.title, a.url, coalesce(s.title, s.url) as source, a.published_at, a.hidden, a.withdrawn_at, \
         (select max(e.number) from edition_items i join editions e on e.id = i.edition_id \
           where i.article_id = a.id and e.started_at is not null) as sent_in \
         from articles a left join sources s on s.id = a.source_id where a.newsletter_id = $1 and ($2 = '' or a.section = $2) \
         and (a.published_at < $3 or (a.published_at = $3 and a.id < $4)) order by a.published_at desc, a.id desc limit $5",
        newsletter_id,
        section,
        moment,
        id,
        limit,
    )
}

/// Articles that an edition does not hold and may still take: not hidden, and in no other edition that counts. The
/// newest first.
pub async fn available(
    on: &mut impl Access,
    newsletter_id: i64,
    edition_id: i64,
    limit: i64,
) -> Result<Vec<ArticleRow>, StoreError> {
    fetch_all!(
        on,
        ArticleRow,
        "select * from articles where newsletter_id = $1 and not hidden and withdrawn_at is null and not exists (select 1 from edition_items i \
         join editions e on e.id = i.edition_id where i.article_id = articles.id \
         and (e.id = $2 or e.status <> 'cancelled' or e.started_at is not null)) \
         order by published_at desc, id desc limit $3",
        newsletter_id,
        edition_id,
        limit,
    )
}

/// Articles of a section that are new since `cutoff` and stand in no edition, newest first.
///
/// New means: published since, or seen for the first time since and not much older (a feed read late).
pub async fn fresh(
    on: &mut impl Access,
    newsletter_id: i64,
    section: &str,
    cutoff: Timestamp,
    late_since: Timestamp,
    limit: i64,
) -> Result<Vec<ArticleRow>, StoreError> {
    fetch_all!(
        on,
        ArticleRow,
        "select * from articles where newsletter_id = $1 and section = $2 and not hidden and withdrawn_at is null \
         and (published_at > $3 or (created_at > $3 and published_at > $4)) \
         and not exists (select 1 from edition_items i join editions e on e.id = i.edition_id \
           where i.article_id = articles.id and (e.status <> 'cancelled' or e.started_at is not null)) \
         order by published_at desc, id desc limit $5",
        newsletter_id,
        section,
        cutoff,
        late_since,
        limit,
    )
}

/// What somebody changes in an article; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct ArticleChange {
    pub section: Option<String>,
    pub title: Option<String>,
    pub url: Option<String>,
    pub summary: Option<String>,
    pub hidden: Option<bool>,
}

/// Changes an article by hand. Its source does not overwrite the words after that.
pub async fn edit(
    tx: &mut Tx,
    id: i64,
    change: &ArticleChange,
    now: Timestamp,
) -> Result<Option<ArticleRow>, StoreError> {
    fetch_optional!(
        tx,
        ArticleRow,
        "update articles set section = coalesce($2, section), title = coalesce($3, title), url = coalesce($4, url), \
         summary = coalesce($5, summary), hidden = coalesce($6, hidden), edited = (edited or $7), updated_at = $8 \
         where id = $1 returning *",
        id,
        change.section.as_deref(),
        change.title.as_deref(),
        change.url.as_deref(),
        change.summary.as_deref(),
        change.hidden,
        change.title.is_some() || change.url.is_some() || change.summary.is_some(),
        now,
    )
}

/// Takes an article away unless an edition holds it; says whether it did.
pub async fn delete(tx: &mut Tx, id: i64) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "delete from articles where id = $1 and not exists (select 1 from edition_items where article_id = $1)",
        id
    )?;
    Ok(touched == 1)
}

/// The articles of an edition that came from a source which may lie in a private network: its readers are inside too.
pub async fn from_private_sources(on: &mut impl Access, edition: i64) -> Result<Vec<i64>, StoreError> {
    let rows = fetch_all!(
        on,
        (i64,),
        "select a.id from edition_items i join articles a on a.id = i.article_id join sources s on s.id = a.source_id \
         where i.edition_id = $1 and s.allow_private order by a.id",
        edition
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
