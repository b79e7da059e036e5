//! What a source shows to nobody any more must not be mailed: it leaves the editions that have not begun to go out.

use std::collections::{BTreeMap, BTreeSet};

use super::article;
use crate::content::collect::Collected;
use crate::domain::edition::EditionStatus;
use crate::domain::time::Timestamp;
use crate::flows::{FlowError, House, notices};
use crate::store::articles::{self, ArticleRow};
use crate::store::sources::SourceRow;
use crate::store::{Tx, audit, editions, sightings};

/// In whose name an approval falls away with an article.
const BY: &str = "source";

/// Takes in what went behind a password, and what a whole list does not name any more. An edition that was approved with it
/// must be looked at again. Says how many articles that were.
pub(super) async fn withdraw(
    house: &House,
    source: &SourceRow,
    collected: &Collected,
    now: Timestamp,
) -> Result<usize, FlowError> {
    let mut tx = house.db.write().await?;
    let gone = gone(&mut tx, source, collected, now).await?;
    let mut left: BTreeMap<i64, (bool, Vec<String>)> = BTreeMap::new();
    let mut count = 0;
    for article in gone {
        if !articles::withdraw(&mut tx, article.id, now).await? {
            continue;
        }
        count += 1;
        for edition in editions::open_with(&mut tx, article.id).await? {
            let (was_approved, titles) = left.entry(edition.id).or_default();
            if edition.status != EditionStatus::Draft {
                *was_approved = true;
                editions::reopen(&mut tx, edition.id, now).await?;
                audit::note(&mut tx, BY, "edition.reopen", &edition.id.to_string(), "article withdrawn", now).await?;
            }
            editions::take_out(&mut tx, edition.id, article.id, now).await?;
            titles.push(article.title.clone());
        }
    }
    for (edition, (was_approved, titles)) in left {
        notices::articles_taken_out(house, &mut tx, edition, titles, was_approved).await?;
    }
    tx.commit().await?;
    if count > 0 {
        house.wake.letters.notify_one();
        tracing::info!(source = source.id, count, "articles are not shown any more by their source");
    }
    Ok(count)
}

async fn gone(
    tx: &mut Tx,
    source: &SourceRow,
    collected: &Collected,
    now: Timestamp,
) -> Result<Vec<ArticleRow>, FlowError> {
    let mut gone = Vec::new();
    for item in &collected.protected {
        let Some(item) = article(source, &BTreeMap::new(), item, 0, now) else { continue };
        gone.extend(sightings::article_of(tx, source.id, &item).await?);
    }
    if let Some(since) = collected.lists_all_since {
        let protected: BTreeSet<i64> = gone.iter().map(|article| article.id).collect();
        let missing = sightings::missing(tx, source.id, since, now).await?;
        gone.extend(missing.into_iter().filter(|article| !protected.contains(&article.id)));
    }
    Ok(gone)
}
