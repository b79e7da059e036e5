//! An edition while people make it: its texts, its articles, its approval.

use super::super::{StoreError, Tx, execute, fetch_optional, webhooks};
use super::EditionRow;
use crate::domain::time::Timestamp;
use crate::domain::webhook::Event;

/// What a new edition begins with.
#[derive(Clone, Debug)]
pub struct NewEdition<'a> {
    pub uid: i64,
    pub newsletter_id: i64,
    pub subject: &'a str,
    pub preheader: &'a str,
    pub intro: &'a str,
    pub promo: Option<&'a str>,
    pub cutoff_at: Timestamp,
    /// The scheduled moment it belongs to: one edition each, whatever the number of nodes.
    pub occurrence: Option<&'a str>,
    pub send_at: Option<Timestamp>,
}

/// Stores a new draft; `None` when there is an open one already or this occurrence had its edition.
pub async fn insert(tx: &mut Tx, edition: &NewEdition<'_>, now: Timestamp) -> Result<Option<EditionRow>, StoreError> {
    let edition: Option<EditionRow> = fetch_optional!(
        tx,
        EditionRow,
        "insert into editions (uid, newsletter_id, number, status, subject, preheader, intro, promo, cutoff_at, occurrence, \
         send_at, created_at, updated_at) \
         select $1, $2, 1 + coalesce(max(number), 0), 'draft', $3, $4, $5, $6, $7, $8, $9, $10, $10 \
         from editions where newsletter_id = $2 and (status <> 'cancelled' or started_at is not null) \
         on conflict do nothing returning *",
        edition.uid,
        edition.newsletter_id,
        edition.subject,
        edition.preheader,
        edition.intro,
        edition.promo,
        edition.cutoff_at,
        edition.occurrence,
        edition.send_at,
        now,
    )?;
    if let Some(edition) = &edition {
        webhooks::about_edition(tx, edition.id, Event::EditionDraftReady, now).await?;
    }
    Ok(edition)
}

/// The texts of an edition that an editor may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditionTexts {
    pub subject: String,
    pub preheader: String,
    pub intro: String,
    pub promo: Option<String>,
}

/// Changes the texts of an edition that is still at `version`; its approval falls away with any change.
pub async fn edit(
    tx: &mut Tx,
    id: i64,
    version: i64,
    texts: &EditionTexts,
    by: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update editions set subject = $3, preheader = $4, intro = $5, promo = $6, status = 'draft', content = null, \
         content_hash = null, approved_by = null, approved_at = null, override_reason = null, hold = false, \
         ordered_by = null, version = version + 1, edited_by = $8, edited_at = $7, updated_at = $7 where id = $1 and version = $2 and status in ('draft', 'approved', 'scheduled')",
        id,
        version,
        texts.subject.as_str(),
        texts.preheader.as_str(),
        texts.intro.as_str(),
        texts.promo.as_deref(),
        now,
        by,
    )?;
    Ok(touched == 1)
}

/// Takes an approval back; what was planned is planned no longer.
pub async fn reopen(tx: &mut Tx, id: i64, now: Timestamp) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update editions set status = 'draft', content = null, content_hash = null, approved_by = null, approved_at = null, \
         override_reason = null, hold = false, ordered_by = null, version = version + 1, updated_at = $2 \
         where id = $1 and status in ('approved', 'scheduled')",
        id,
        now
    )?;
    Ok(touched == 1)
}

/// Takes a paused edition back that has gone to nobody: who was to get it is forgotten, and it is a draft again.
pub async fn take_back(tx: &mut Tx, id: i64, now: Timestamp) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update editions set status = 'draft', content = null, content_hash = null, approved_by = null, approved_at = null, \
         override_reason = null, hold = false, ordered_by = null, started_at = null, moved_at = null, pause_reason = null, \
         wave_until = null, frozen = false, frozen_through = 0, audience = 0, queued = 0, skipped = 0, \
         version = version + 1, updated_at = $2 where id = $1 and status = 'paused' \
         and sending + accepted + deferred + rejected + expired + unknown = 0",
        id,
        now
    )?;
    if touched == 1 {
        execute!(tx, "delete from deliveries where edition_id = $1", id)?;
    }
    Ok(touched == 1)
}

/// What an approval holds.
#[derive(Clone, Copy, Debug)]
pub struct ApprovalRecord<'a> {
    /// JSON of the content model.
    pub content: &'a str,
    pub content_hash: &'a str,
    pub by: &'a str,
    pub override_reason: Option<&'a str>,
}

/// Fixes the content of a draft that is still at `version`.
pub async fn approve(
    tx: &mut Tx,
    id: i64,
    version: i64,
    approval: ApprovalRecord<'_>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update editions set status = 'approved', content = $3, content_hash = $4, approved_by = $5, override_reason = $6, \
         approved_at = $7, updated_at = $7, version = version + 1, reminders = 0, reminded_at = null \
         where id = $1 and version = $2 and status = 'draft'",
        id,
        version,
        approval.content,
        approval.content_hash,
        approval.by,
        approval.override_reason,
        now,
    )?;
    if touched == 1 {
        webhooks::about_edition(tx, id, Event::EditionApproved, now).await?;
    }
    Ok(touched == 1)
}

/// Puts an article into an edition.
pub async fn insert_item(
    tx: &mut Tx,
    edition_id: i64,
    article_id: i64,
    section: &str,
    position: i64,
    title: Option<&str>,
    summary: Option<&str>,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "insert into edition_items (edition_id, article_id, section, position, title, summary) values ($1, $2, $3, $4, $5, $6)",
        edition_id,
        article_id,
        section,
        position,
        title,
        summary,
    )?;
    Ok(())
}

/// Takes an article out of a draft.
pub async fn take_out(tx: &mut Tx, edition_id: i64, article_id: i64, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "delete from edition_items where edition_id = $1 and article_id = $2", edition_id, article_id)?;
    execute!(tx, "update editions set version = version + 1, updated_at = $2 where id = $1", edition_id, now)?;
    Ok(())
}

/// Empties an edition, to fill it anew.
pub async fn delete_items(tx: &mut Tx, edition_id: i64) -> Result<(), StoreError> {
    execute!(tx, "delete from edition_items where edition_id = $1", edition_id)?;
    Ok(())
}
