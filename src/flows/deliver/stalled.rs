//! Editions that stand still though they should move, and why: for the log, the metrics and the desk.
//!
//! All of it is read from the database, so that a process that serves pages alone can tell as well.

use std::time::Duration;

use crate::domain::edition::EditionStatus;
use crate::domain::language::Language;
use crate::domain::texts::sending as texts;
use crate::domain::time::Timestamp;
use crate::flows::House;
use crate::store::{StoreError, deliveries, editions, newsletters, workers};

/// An edition in which nobody came to an end for so long stands still.
pub const STALLED: Duration = Duration::from_secs(600);
/// A process that sends gives a sign of life more often than this.
const ALIVE: Duration = Duration::from_secs(60);

/// An edition that stands still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stalled {
    pub edition: i64,
    pub newsletter_id: i64,
    /// Its number, as readers know it.
    pub number: i64,
    /// Recipients who should have had it by now.
    pub waiting: i64,
    /// When it last moved.
    pub since: Timestamp,
    pub why: Standstill,
}

/// Why an edition stands still, as far as anybody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standstill {
    /// No mail server is set.
    NoMailServer,
    /// No process sends for this database.
    NobodySends,
    /// What those who send have trouble with, in the mail server's words.
    Trouble(String),
    /// They say nothing.
    Unknown,
}

impl Standstill {
    /// In words for people, and what to do.
    pub fn text(&self, language: Language) -> String {
        match self {
            Self::NoMailServer => texts::no_mail_server(language),
            Self::NobodySends => texts::nobody_sends(language),
            Self::Trouble(what) => texts::trouble(language, what),
            Self::Unknown => texts::no_reason_known(language),
        }
    }
}

/// The editions that stand still, oldest first. Those that only wait for a moment that mail servers have asked for are
/// not among them.
///
/// # Errors
/// When the database cannot answer.
pub async fn stalled(house: &House) -> Result<Vec<Stalled>, StoreError> {
    let now = house.clock.now();
    let long_ago = now.minus(STALLED);
    let mut reader = house.db.read().await?;
    let mut found = Vec::new();
    for edition in editions::busy(&mut reader).await? {
        let since = edition.moved_at.unwrap_or_default().max(edition.updated_at);
        if edition.status != EditionStatus::Sending || since > long_ago {
            continue;
        }
        let Some(newsletter) = newsletters::by_id(&mut reader, edition.newsletter_id).await? else { continue };
        let repeats = newsletter.on_unknown.repeats(newsletter.repeats);
        let due = deliveries::next_due(&mut reader, edition.id, repeats).await?;
        if edition.sending > 0 || !edition.frozen || due.is_some_and(|due| due <= long_ago) {
            let waiting = edition.queued + edition.sending;
            found.push((edition, waiting, since));
        }
    }
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let senders = workers::all(&mut reader).await?;
    let alive: Vec<_> = senders.into_iter().filter(|worker| now.since(worker.seen_at) < ALIVE).collect();
    let mut troubles: Vec<String> = alive.iter().filter_map(|worker| worker.trouble.clone()).collect();
    troubles.dedup();
    let why = match (alive.is_empty(), troubles.is_empty()) {
        (true, _) if house.config.smtp.is_empty() => Standstill::NoMailServer,
        (true, _) => Standstill::NobodySends,
        (false, false) => Standstill::Trouble(troubles.join("; ")),
        (false, true) => Standstill::Unknown,
    };
    let stalled = found.into_iter().map(|(edition, waiting, since)| Stalled {
        edition: edition.id,
        newsletter_id: edition.newsletter_id,
        number: edition.number,
        waiting,
        since,
        why: why.clone(),
    });
    Ok(stalled.collect())
}
