//! Sources that could not be read for an edition: what they had to say since then may be missing from it.

use super::Findings;
use crate::domain::language::Language;
use crate::domain::schedule::zone;
use crate::domain::texts::dates;
use crate::domain::texts::preflight as texts;
use crate::domain::time::Timestamp;
use crate::store::editions::{self, EditionRow};
use crate::store::newsletters::NewsletterRow;
use crate::store::sources::{self, SourceRow};
use crate::store::{Access, StoreError};

pub(super) async fn check(
    findings: &mut Findings,
    on: &mut impl Access,
    newsletter: &NewsletterRow,
    edition: &EditionRow,
) -> Result<(), StoreError> {
    let previous = editions::last_started(on, newsletter.id, edition.id).await?;
    let since = previous.map_or(newsletter.created_at, |previous| previous.cutoff_at);
    for message in missing(on, newsletter, (since, edition.cutoff_at), findings.language).await? {
        findings.warning("sources", message);
    }
    Ok(())
}

/// What an edition of the articles between two moments may lack, a sentence a source; nothing when all of them were read.
///
/// # Errors
/// When the database cannot answer.
pub async fn missing(
    on: &mut impl Access,
    newsletter: &NewsletterRow,
    (since, until): (Timestamp, Timestamp),
    language: Language,
) -> Result<Vec<String>, StoreError> {
    let zone = zone(&newsletter.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let in_words = |moment: Timestamp| dates::moment(language, moment.in_zone(&zone).datetime());
    let told = |source: SourceRow| {
        let name = source.title.unwrap_or(source.url);
        let reason = source.last_error.unwrap_or_default();
        match (source.failures, source.last_success_at, source.gap) {
            (1.., None, _) => Some(texts::source_never_read(language, name, reason)),
            // Whatever it says after that moment is for the next edition.
            (1.., Some(last), _) if last < until => {
                Some(texts::source_unread(language, name, in_words(last.max(since)), reason))
            }
            (_, _, Some(gap)) => Some(texts::source_gap(language, name, in_words(since), gap)),
            _ => None,
        }
    };
    Ok(sources::of_newsletter(on, newsletter.id).await?.into_iter().filter_map(told).collect())
}
