//! Where articles come from, and how the last visits went.

use super::{Access, StoreError, Tx, execute, fetch_all, fetch_optional, row};
use crate::domain::time::Timestamp;

row! {
    /// A source as it is stored.
    #[derive(Clone, Debug)]
    pub struct SourceRow {
        pub id: i64,
        pub newsletter_id: i64,
        pub url: String,
        /// The feed behind a site's address, or where it moved for good.
        pub feed_url: Option<String>,
        pub section: String,
        /// JSON: category → section.
        pub category_sections: String,
        pub allow_private: bool,
        pub title: Option<String>,
        pub etag: Option<String>,
        pub last_modified: Option<String>,
        pub last_fetch_at: Option<Timestamp>,
        pub last_success_at: Option<Timestamp>,
        pub next_fetch_at: Timestamp,
        pub failures: i64,
        pub last_error: Option<String>,
        /// When editors were told that it cannot be read; nothing as long as it can.
        pub told_at: Option<Timestamp>,
        /// Why its older pages could not be read at the last visit that went well.
        pub gap: Option<String>,
        pub created_at: Timestamp,
    }
}

/// Adds a source; `None` when the newsletter has it already.
pub async fn insert(
    tx: &mut Tx,
    newsletter_id: i64,
    url: &str,
    section: &str,
    category_sections: &str,
    allow_private: bool,
    now: Timestamp,
) -> Result<Option<SourceRow>, StoreError> {
    fetch_optional!(
        tx,
        SourceRow,
        "insert into sources (newsletter_id, url, section, category_sections, allow_private, next_fetch_at, created_at) \
         values ($1, $2, $3, $4, $5, $6, $6) on conflict (newsletter_id, url) do nothing returning *",
        newsletter_id,
        url,
        section,
        category_sections,
        allow_private,
        now,
    )
}

/// The source with this id.
pub async fn by_id(on: &mut impl Access, id: i64) -> Result<Option<SourceRow>, StoreError> {
    fetch_optional!(on, SourceRow, "select * from sources where id = $1", id)
}

/// The sources of a newsletter. There are few.
pub async fn of_newsletter(on: &mut impl Access, newsletter_id: i64) -> Result<Vec<SourceRow>, StoreError> {
    fetch_all!(on, SourceRow, "select * from sources where newsletter_id = $1 order by id", newsletter_id)
}

/// Every source.
pub async fn all(on: &mut impl Access) -> Result<Vec<SourceRow>, StoreError> {
    fetch_all!(on, SourceRow, "select * from sources order by id")
}

/// Sources whose next visit is due.
pub async fn due(on: &mut impl Access, now: Timestamp) -> Result<Vec<SourceRow>, StoreError> {
    fetch_all!(on, SourceRow, "select * from sources where next_fetch_at <= $1 order by next_fetch_at, id", now)
}

/// Moves the next visit on, if nobody else has: whoever gets `true` makes it.
pub async fn claim(
    tx: &mut Tx,
    source: &SourceRow,
    next_fetch_at: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update sources set next_fetch_at = $3, last_fetch_at = $4 where id = $1 and next_fetch_at = $2",
        source.id,
        source.next_fetch_at,
        next_fetch_at,
        now,
    )?;
    Ok(touched == 1)
}

/// What a visit that went well leaves for the next one.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    pub feed_url: Option<&'a str>,
    pub title: Option<&'a str>,
    pub etag: Option<&'a str>,
    pub last_modified: Option<&'a str>,
    pub gap: Option<&'a str>,
}

/// Notes a visit that went well.
pub async fn succeeded(tx: &mut Tx, id: i64, visit: &Visit<'_>, now: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        "update sources set feed_url = $2, title = coalesce($3, title), etag = $4, last_modified = $5, last_fetch_at = $6, \
         last_success_at = $6, failures = 0, last_error = null, told_at = null, gap = $7 where id = $1",
        id,
        visit.feed_url,
        visit.title,
        visit.etag,
        visit.last_modified,
        now,
        visit.gap,
    )?;
    Ok(())
}

/// Asks for a visit at once: the one in hand was broken off by ourselves.
pub async fn hurry(tx: &mut Tx, id: i64, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update sources set next_fetch_at = $2 where id = $1 and next_fetch_at > $2", id, now)?;
    Ok(())
}

/// Notes a visit that failed.
pub async fn failed(
    tx: &mut Tx,
    id: i64,
    error: &str,
    next_fetch_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "update sources set failures = failures + 1, last_error = $2, next_fetch_at = $3, last_fetch_at = $4 where id = $1",
        id,
        error,
        next_fetch_at,
        now,
    )?;
    Ok(())
}

/// Notes that editors are told of its failing, if nobody else has: whoever gets `true` tells them.
pub async fn told(tx: &mut Tx, id: i64, now: Timestamp) -> Result<bool, StoreError> {
    Ok(execute!(tx, "update sources set told_at = $2 where id = $1 and told_at is null", id, now)? == 1)
}

/// Takes a source away; its articles stay. Says whether there was one.
pub async fn delete(tx: &mut Tx, id: i64) -> Result<bool, StoreError> {
    Ok(execute!(tx, "delete from sources where id = $1", id)? == 1)
}
