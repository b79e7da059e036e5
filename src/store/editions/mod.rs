//! Editions, their items and their counters.

mod course;
mod drafts;
mod waiting;

pub use course::{
    begin_pause, change_status, count_feedback, leave_unknown, note_stop, ordered, overrule_stop, plan, withdraw,
};
pub use drafts::{
    ApprovalRecord, EditionTexts, NewEdition, approve, delete_items, edit, insert, insert_item, reopen, take_back,
    take_out,
};
pub use waiting::{busy, drafts_past_review, due_for_sending, forgotten, pass, passed_by, reminded, with_claims};

use super::{Access, StoreError, fetch_all, fetch_optional, fetch_value, row};
use crate::domain::delivery::Counts;
use crate::domain::edition::EditionStatus;
use crate::domain::safety::{StopReason, Tally};
use crate::domain::time::Timestamp;

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
