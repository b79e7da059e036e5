//! Editions, their items and their counters.

use super::{Access, StoreError, Tx, execute, fetch_all, fetch_optional, fetch_value, row, webhooks};
use crate::domain::delivery::Counts;
use crate::domain::edition::EditionStatus;
use crate::domain::safety::{StopReason, Tally};
use crate::domain::time::Timestamp;
use crate::domain::webhook::Event;

row! {
    /// An edition as it is stored.
    #[derive(Clone, Debug)]
    pub struct EditionRow {
        pub id: i64,
        /// Random; with a delivery's number it makes the link in its Message-ID.
        pub uid: i64,
        pub newsletter_id: i64,
        pub number: i64,
        pub status: EditionStatus,
        /// Counts changes, so that two editors notice each other.
        pub version: i64,
        pub subject: String,
        pub preheader: String,
        pub intro: String,
        pub promo: Option<String>,
        /// Articles up to here were looked at.
        pub cutoff_at: Timestamp,
        pub occurrence: Option<String>,
        /// Who changed its words last, and when; nobody has while it is as it was assembled.
        pub edited_by: Option<String>,
        pub edited_at: Option<Timestamp>,
        /// What was approved, as JSON of the content model.
        pub content: Option<String>,
        pub content_hash: Option<String>,
        pub approved_by: Option<String>,
        pub approved_at: Option<Timestamp>,
        pub override_reason: Option<String>,
        pub send_at: Option<Timestamp>,
        /// Somebody pressed Send; until `send_at` it can be taken back.
        pub hold: bool,
        /// Who let it go out.
        pub ordered_by: Option<String>,
        pub started_at: Option<Timestamp>,
        pub finished_at: Option<Timestamp>,
        /// When a recipient last came to an end.
        pub moved_at: Option<Timestamp>,
        /// Whether the whole audience is in the ledger.
        pub frozen: bool,
        pub frozen_through: i64,
        pub pause_reason: Option<String>,
        pub withdrawn: bool,
        /// How often editors were reminded that it waits.
        pub reminders: i64,
        pub audience: i64,
        pub queued: i64,
        pub sending: i64,
        pub accepted: i64,
        pub deferred: i64,
        pub rejected: i64,
        pub expired: i64,
        pub skipped: i64,
        pub unknown: i64,
        /// So many uncertain deliveries did a person decide to leave as they are.
        pub unknown_left: i64,
        /// Accepted, and came back.
        pub bounced: i64,
        /// Refused because of who we are, at once or later.
        pub policy_refusals: i64,
        pub complained: i64,
        /// Why it last stopped by itself, until somebody lets it go on.
        pub stopped_for: Option<String>,
        /// The reasons to stop that somebody overruled, in words separated by blanks.
        pub overruled: String,
        /// Until when the rest waits for what comes back from the first wave.
        pub wave_until: Option<Timestamp>,
        pub created_at: Timestamp,
        pub updated_at: Timestamp,
    }
}

impl EditionRow {
    /// Uncertain deliveries about which nobody has decided.
    pub fn undecided(&self) -> i64 {
        (self.unknown - self.unknown_left).max(0)
    }

    /// How many recipients are in each state.
    pub const fn counts(&self) -> Counts {
        Counts {
            queued: self.queued,
            sending: self.sending,
            accepted: self.accepted,
            deferred: self.deferred,
            rejected: self.rejected,
            expired: self.expired,
            skipped: self.skipped,
            unknown: self.unknown,
        }
    }

    /// How it fares, for whoever decides whether it must stop.
    pub const fn tally(&self) -> Tally {
        Tally {
            accepted: self.accepted,
            refused: self.rejected,
            bounced: self.bounced,
            policy: self.policy_refusals,
            complained: self.complained,
        }
    }

    /// Whether somebody let it go on in spite of this reason.
    pub fn is_overruled(&self, reason: StopReason) -> bool {
        self.overruled.split(' ').any(|word| word == reason.as_str())
    }
}

row! {
    /// An article in an edition; a text of its own goes before the article's.
    #[derive(Clone, Debug)]
    pub struct ItemRow {
        pub article_id: i64,
        pub section: String,
        pub position: i64,
        pub title: String,
        pub url: String,
        pub summary: String,
        pub source_url: Option<String>,
        pub published_at: Timestamp,
    }
}

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

/// The edition with this id.
pub async fn by_id(on: &mut impl Access, id: i64) -> Result<Option<EditionRow>, StoreError> {
    fetch_optional!(on, EditionRow, "select * from editions where id = $1", id)
}

/// The edition with this random number, which the tokens of its deliveries carry.
pub async fn by_uid(on: &mut impl Access, uid: i64) -> Result<Option<EditionRow>, StoreError> {
    fetch_optional!(on, EditionRow, "select * from editions where uid = $1", uid)
}

/// The id alone: asked by who may find a database of another version.
pub async fn id_by_uid(on: &mut impl Access, uid: i64) -> Result<Option<i64>, StoreError> {
    Ok(fetch_optional!(on, (i64,), "select id from editions where uid = $1", uid)?.map(|(id,)| id))
}

/// The edition of a newsletter with this number that was not thrown away.
pub async fn by_number(
    on: &mut impl Access,
    newsletter_id: i64,
    number: i64,
) -> Result<Option<EditionRow>, StoreError> {
    fetch_optional!(
        on,
        EditionRow,
        "select * from editions where newsletter_id = $1 and number = $2 and (status <> 'cancelled' or started_at is not null)",
        newsletter_id,
        number
    )
}

/// The edition that is being made and has not begun to go out.
pub async fn open_one(on: &mut impl Access, newsletter_id: i64) -> Result<Option<EditionRow>, StoreError> {
    fetch_optional!(
        on,
        EditionRow,
        "select * from editions where newsletter_id = $1 and status in ('draft', 'approved', 'scheduled')",
        newsletter_id
    )
}

/// The last edition that began to go out, or is about to.
pub async fn latest(on: &mut impl Access, newsletter_id: i64) -> Result<Option<EditionRow>, StoreError> {
    fetch_optional!(
        on,
        EditionRow,
        "select * from editions where newsletter_id = $1 and (status <> 'cancelled' or started_at is not null) \
         order by cutoff_at desc, id desc limit 1",
        newsletter_id
    )
}

/// A page of editions, newest first, of one newsletter or of all; `before` is the last id of the page before.
pub async fn page(
    on: &mut impl Access,
    newsletter_id: Option<i64>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<EditionRow>, StoreError> {
    fetch_all!(
        on,
        EditionRow,
        "select * from editions where ($1 < 0 or newsletter_id = $1) and id < $2 order by id desc limit $3",
        newsletter_id.unwrap_or(-1),
        before.unwrap_or(i64::MAX),
        limit,
    )
}

/// Editions that anybody may read in the archive, newest first.
pub async fn archived(on: &mut impl Access, newsletter_id: i64, limit: i64) -> Result<Vec<EditionRow>, StoreError> {
    fetch_all!(
        on,
        EditionRow,
        "select * from editions where newsletter_id = $1 and started_at is not null and not withdrawn order by number desc limit $2",
        newsletter_id,
        limit
    )
}

/// The edition that began to go out last, other than this one.
pub async fn last_started(
    on: &mut impl Access,
    newsletter_id: i64,
    but: i64,
) -> Result<Option<EditionRow>, StoreError> {
    fetch_optional!(
        on,
        EditionRow,
        "select * from editions where newsletter_id = $1 and id <> $2 and started_at is not null order by started_at desc limit 1",
        newsletter_id,
        but
    )
}

/// How many editions began to go out after `since`.
pub async fn started_since(on: &mut impl Access, newsletter_id: i64, since: Timestamp) -> Result<i64, StoreError> {
    fetch_value!(
        on,
        i64,
        "select count(*) from editions where newsletter_id = $1 and started_at > $2",
        newsletter_id,
        since
    )
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

/// Takes the edition from one status to another, if it is still there; whoever gets `true` did it.
pub async fn change_status(
    tx: &mut Tx,
    id: i64,
    from: EditionStatus,
    to: EditionStatus,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update editions set status = $3, pause_reason = $4, updated_at = $5, version = version + 1, \
         started_at = case when $3 = 'sending' then coalesce(started_at, $5) else started_at end, \
         finished_at = case when $3 in ('sent', 'cancelled') then $5 when $3 = 'sending' then null else finished_at end \
         where id = $1 and status = $2",
        id,
        from,
        to,
        reason,
        now,
    )?;
    if touched == 1 {
        webhooks::about_edition(tx, id, Event::of_edition(to), now).await?;
    }
    Ok(touched == 1)
}

/// Counts what came back.
pub async fn count_feedback(
    tx: &mut Tx,
    id: i64,
    bounced: i64,
    policy_refusals: i64,
    complained: i64,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "update editions set bounced = bounced + $2, policy_refusals = policy_refusals + $3, complained = complained + $4 where id = $1",
        id,
        bounced,
        policy_refusals,
        complained,
    )?;
    Ok(())
}

/// Notes for which reason the sending stopped by itself.
pub async fn note_stop(tx: &mut Tx, id: i64, reason: StopReason) -> Result<(), StoreError> {
    execute!(tx, "update editions set stopped_for = $2 where id = $1", id, reason.as_str())?;
    Ok(())
}

/// Takes it out of the archive, or puts it back; `false` when it stood there already as it was to.
pub async fn withdraw(tx: &mut Tx, id: i64, withdrawn: bool, now: Timestamp) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update editions set withdrawn = $2, updated_at = $3 where id = $1 and withdrawn <> $2",
        id,
        withdrawn,
        now
    )?;
    Ok(touched == 1)
}

/// Somebody lets it go on: the reason for which it stopped stops it no more.
pub async fn overrule_stop(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    execute!(
        tx,
        "update editions set overruled = overruled || ' ' || stopped_for, stopped_for = null \
         where id = $1 and stopped_for is not null",
        id
    )?;
    Ok(())
}

/// The first wave is complete: the rest waits until then. The first to say so counts.
pub async fn begin_pause(tx: &mut Tx, id: i64, until: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update editions set wave_until = $2 where id = $1 and wave_until is null", id, until)?;
    Ok(())
}

/// Sets or clears the moment at which it goes out by itself.
pub async fn plan(tx: &mut Tx, id: i64, send_at: Option<Timestamp>, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "update editions set send_at = $2, hold = false, updated_at = $3 where id = $1", id, send_at, now)?;
    Ok(())
}

/// Notes who let it go out, and whether its moment is a hold that can be taken back.
pub async fn ordered(tx: &mut Tx, id: i64, by: Option<&str>, hold: bool) -> Result<(), StoreError> {
    execute!(tx, "update editions set ordered_by = $2, hold = $3 where id = $1", id, by, hold)?;
    Ok(())
}

/// Notes that a person left so many uncertain deliveries as they are.
pub async fn leave_unknown(tx: &mut Tx, id: i64, count: i64) -> Result<(), StoreError> {
    execute!(tx, "update editions set unknown_left = $2 where id = $1", id, count)?;
    Ok(())
}

/// Editions that a sender must look after: going out, or cancelled while somebody still waited.
pub async fn busy(on: &mut impl Access) -> Result<Vec<EditionRow>, StoreError> {
    fetch_all!(
        on,
        EditionRow,
        "select * from editions where status = 'sending' or (status = 'cancelled' and started_at is not null \
         and queued + deferred > 0) order by started_at, id"
    )
}

/// Editions of which deliveries are claimed.
pub async fn with_claims(on: &mut impl Access) -> Result<Vec<i64>, StoreError> {
    let rows = fetch_all!(on, (i64,), "select id from editions where sending > 0 order by id")?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Editions whose sending moment has come.
pub async fn due_for_sending(on: &mut impl Access, now: Timestamp) -> Result<Vec<EditionRow>, StoreError> {
    fetch_all!(
        on,
        EditionRow,
        "select * from editions where status = 'scheduled' and send_at <= $1 order by send_at, id",
        now
    )
}

/// Drafts that leave by themselves after their review.
pub async fn drafts_past_review(on: &mut impl Access, now: Timestamp) -> Result<Vec<EditionRow>, StoreError> {
    fetch_all!(
        on,
        EditionRow,
        "select e.* from editions e join newsletters n on n.id = e.newsletter_id \
         where e.status in ('draft', 'approved') and e.send_at <= $1 and n.approval = 'automatic' order by e.send_at, e.id",
        now
    )
}

/// Approved editions that only a person lets go, and whose proposed moment has passed since without that.
pub async fn passed_by(on: &mut impl Access, now: Timestamp) -> Result<Vec<EditionRow>, StoreError> {
    fetch_all!(
        on,
        EditionRow,
        "select e.* from editions e join newsletters n on n.id = e.newsletter_id \
         where e.status = 'approved' and e.send_at <= $1 and e.approved_at < e.send_at and n.approval = 'required' \
         order by e.send_at, e.id",
        now
    )
}

/// Lets its proposed moment pass, if nobody else has: whoever gets `true` tells it.
pub async fn pass(tx: &mut Tx, edition: &EditionRow, now: Timestamp) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update editions set send_at = null, updated_at = $3 where id = $1 and send_at = $2 and status = 'approved'",
        edition.id,
        edition.send_at,
        now
    )?;
    Ok(touched == 1)
}

/// Drafts and approved editions that have waited since before `since` without anybody touching them, and of which people were
/// reminded less often than `most` times. Those that leave by themselves wait for nobody.
pub async fn forgotten(on: &mut impl Access, since: Timestamp, most: i64) -> Result<Vec<EditionRow>, StoreError> {
    fetch_all!(
        on,
        EditionRow,
        "select e.* from editions e join newsletters n on n.id = e.newsletter_id where e.status in ('draft', 'approved') \
         and e.reminders < $2 and coalesce(e.reminded_at, e.created_at) <= $1 and e.updated_at <= $1 \
         and (e.send_at is null or n.approval = 'required') order by e.id",
        since,
        most
    )
}

/// Notes a reminder, if nobody else has: whoever gets `true` writes it.
pub async fn reminded(tx: &mut Tx, edition: &EditionRow, now: Timestamp) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "update editions set reminders = reminders + 1, reminded_at = $3 where id = $1 and reminders = $2 and status = $4",
        edition.id,
        edition.reminders,
        now,
        edition.status,
    )?;
    Ok(touched == 1)
}

/// What stands in an edition, in order.
pub async fn items(on: &mut impl Access, edition_id: i64) -> Result<Vec<ItemRow>, StoreError> {
    fetch_all!(
        on,
        ItemRow,
        "select i.article_id, i.section, i.position, coalesce(i.title, a.title) as title, a.url, \
         coalesce(i.summary, a.summary) as summary, a.source_url, a.published_at \
         from edition_items i join articles a on a.id = i.article_id where i.edition_id = $1 order by i.section, i.position",
        edition_id
    )
}

/// The titles of an edition's articles that stood in one that went out before.
pub async fn sent_before(on: &mut impl Access, edition_id: i64) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(
        on,
        (String,),
        "select coalesce(i.title, a.title) from edition_items i join articles a on a.id = i.article_id \
         where i.edition_id = $1 and exists (select 1 from edition_items o join editions e on e.id = o.edition_id \
         where o.article_id = i.article_id and e.id <> $1 and e.started_at is not null) order by i.section, i.position",
        edition_id
    )?;
    Ok(rows.into_iter().map(|(title,)| title).collect())
}

/// The number of another edition of a newsletter that is on its way, or stands still there.
pub async fn going_out(on: &mut impl Access, newsletter_id: i64, but: i64) -> Result<Option<i64>, StoreError> {
    let found = fetch_optional!(
        on,
        (i64,),
        "select number from editions where newsletter_id = $1 and id <> $2 and status in ('sending', 'paused') \
         order by number limit 1",
        newsletter_id,
        but
    )?;
    Ok(found.map(|(number,)| number))
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

/// Editions that hold an article and have not begun to go out.
pub async fn open_with(on: &mut impl Access, article_id: i64) -> Result<Vec<EditionRow>, StoreError> {
    fetch_all!(
        on,
        EditionRow,
        "select e.* from editions e join edition_items i on i.edition_id = e.id where i.article_id = $1 \
         and e.status in ('draft', 'approved', 'scheduled') order by e.id",
        article_id
    )
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

/// How many people would get an edition of this newsletter now.
pub async fn audience_now(on: &mut impl Access, newsletter_id: i64) -> Result<i64, StoreError> {
    fetch_value!(
        on,
        i64,
        "select count(*) from subscriptions s join subscribers p on p.id = s.subscriber_id where s.newsletter_id = $1 \
         and s.status = 'confirmed' and not exists (select 1 from suppressions x where x.address_hash = p.address_hash) \
         and not exists (select 1 from reconfirmations r where r.subscription_id = s.id and r.stayed_at is null \
         and r.asked_at > s.confirmed_at)",
        newsletter_id
    )
}
