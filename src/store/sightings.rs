//! What each source has shown: how an article is known again by whatever way it comes, and how one that was taken away
//! stays away.

use super::articles::{ArticleRow, NewArticle};
use super::{Access, StoreError, Tx, execute, fetch_all, fetch_optional, fetch_value};
use crate::domain::article::UrlKey;
use crate::domain::time::Timestamp;

/// So many of the ids that a source has shown are known to it.
const KNOWN: i64 = 5_000;

/// The article of the newsletter that an item of a source is: the one that this source showed by the same id, the one that
/// another source showed by the same id where ids are addresses and so mean the same everywhere, or the one at the same address.
pub async fn article_of(
    on: &mut impl Access,
    source_id: i64,
    item: &NewArticle,
) -> Result<Option<ArticleRow>, StoreError> {
    let shown = fetch_optional!(
        on,
        ArticleRow,
        "select a.* from article_sightings s join articles a on a.id = s.article_id where s.source_id = $1 and s.guid = $2",
        source_id,
        item.guid.as_str(),
    )?;
    if shown.is_some() {
        return Ok(shown);
    }
    if is_address(&item.guid) {
        let elsewhere = fetch_optional!(
            on,
            ArticleRow,
            "select a.* from articles a where a.newsletter_id = $1 and (a.guid = $2 \
             or a.id in (select s.article_id from article_sightings s where s.guid = $2)) order by a.id limit 1",
            item.newsletter_id,
            item.guid.as_str(),
        )?;
        if elsewhere.is_some() {
            return Ok(elsewhere);
        }
    }
    super::articles::by_canonical(on, item.newsletter_id, &item.canonical).await
}

/// Whether a person took the article away that this item of a source would be.
pub async fn was_removed(on: &mut impl Access, source_id: i64, item: &NewArticle) -> Result<bool, StoreError> {
    let removed = fetch_value!(
        on,
        i64,
        "select count(*) from article_sightings s join sources o on o.id = s.source_id where o.newsletter_id = $1 \
         and s.article_id is null and (s.canonical = $2 or (s.guid = $3 and (s.source_id = $4 or $5)))",
        item.newsletter_id,
        item.canonical.as_str(),
        item.guid.as_str(),
        source_id,
        is_address(&item.guid),
    )?;
    Ok(removed > 0)
}

/// Notes that a source shows an item, and which article it is; none where a person took that away.
pub async fn note(
    tx: &mut Tx,
    source_id: i64,
    item: &NewArticle,
    article_id: Option<i64>,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into article_sightings (source_id, guid, canonical, article_id, seen_at) values ($1, $2, $3, $4, $5) \
         on conflict (source_id, guid) do update set canonical = excluded.canonical, article_id = excluded.article_id, \
         seen_at = case when article_sightings.seen_at > excluded.seen_at then article_sightings.seen_at else excluded.seen_at end",
        source_id,
        item.guid.as_str(),
        item.canonical.as_str(),
        article_id,
        now,
    )?;
    Ok(())
}

/// By which ids a source has shown articles already.
pub async fn known(on: &mut impl Access, source_id: i64) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(
        on,
        (String,),
        "select guid from article_sightings where source_id = $1 order by seen_at desc, guid limit $2",
        source_id,
        KNOWN,
    )?;
    Ok(rows.into_iter().map(|(guid,)| guid).collect())
}

/// Articles published after `since` that a source has shown, but not at the visit at `now`.
pub async fn missing(
    on: &mut impl Access,
    source_id: i64,
    since: Timestamp,
    now: Timestamp,
) -> Result<Vec<ArticleRow>, StoreError> {
    fetch_all!(
        on,
        ArticleRow,
        "select * from articles where withdrawn_at is null and published_at > $2 and id in (select article_id \
         from article_sightings where source_id = $1 and article_id is not null group by article_id having max(seen_at) < $3) order by id",
        source_id,
        since,
        now,
    )
}

/// Whether an id is an address, as WordPress makes them: it then means the same article in every feed of the site.
fn is_address(guid: &str) -> bool {
    UrlKey::parse(guid).is_some()
}
