//! What stands around an edition: who would get it, what went out before, when it leaves, and the state of the house.

use std::time::Duration;

use jiff::civil::Weekday;

use super::{Findings, shortened};
use crate::domain::holidays::Holiday;
use crate::domain::schedule::{a_year_before, zone};
use crate::domain::texts::dates;
use crate::domain::texts::preflight as texts;
use crate::domain::time::Timestamp;
use crate::flows::{House, reconfirm};
use crate::store::editions::{self, EditionRow};
use crate::store::newsletters::NewsletterRow;
use crate::store::{Access, StoreError, edition_tests, meta, reconfirmations};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);
/// An edition of the schedule may come so much earlier in the year than the one of last year: “first Tuesday of March” is
/// 364 days after the last, and a person who approves is sometimes late and sometimes quick.
const LEEWAY: Duration = Duration::from_secs(21 * 24 * 3600);

/// The hours in which people read mail.
const WAKING: std::ops::Range<i8> = 7..20;
/// The fact that tells when a backup was last made, as RFC 3339.
pub(super) const LAST_BACKUP: &str = "backup.last_success";

pub(super) async fn check(
    findings: &mut Findings,
    on: &mut impl Access,
    house: &House,
    newsletter: &NewsletterRow,
    edition: &EditionRow,
    hash: Option<&str>,
) -> Result<(), StoreError> {
    check_audience(findings, on, house, newsletter, edition).await?;
    let language = findings.language;
    for title in editions::sent_before(on, edition.id).await? {
        findings.warning("sent-before", texts::sent_before(language, shortened(&title)));
    }
    if let Some(number) = editions::going_out(on, newsletter.id, edition.id).await? {
        findings.error("sending", texts::going_out(language, number));
    }
    let tests = edition_tests::of_edition(on, edition.id).await?;
    if !tests.iter().any(|test| Some(test.content_hash.as_str()) == hash) {
        match newsletter.test_required {
            true => findings.error("test-mail", texts::no_test(language)),
            false => findings.note("test-mail", texts::no_test(language)),
        }
    }
    check_moment(findings, newsletter, edition);
    check_backup(findings, on, house, newsletter).await
}

async fn check_audience(
    findings: &mut Findings,
    on: &mut impl Access,
    house: &House,
    newsletter: &NewsletterRow,
    edition: &EditionRow,
) -> Result<(), StoreError> {
    let language = findings.language;
    let now = house.clock.now();
    let audience = editions::audience_now(on, newsletter.id).await?;
    if audience == 0 {
        findings.error("audience", texts::no_audience(language));
    }
    if let Some(previous) = editions::last_started(on, newsletter.id, edition.id).await? {
        if previous.audience >= 50 && (audience - previous.audience).abs() * 5 > previous.audience {
            findings.warning("audience", texts::audience_changed(language, audience, previous.audience));
        }
        let silence = now.since(previous.started_at.unwrap_or(now));
        let months = silence.as_secs() / MONTH.as_secs();
        if silence > MONTH * 18 {
            findings.error("silence", texts::long_silence(language, months));
        } else if silence > MONTH * 6 {
            findings.warning("silence", texts::silence(language, months));
        }
    }
    if let Some(before) = reconfirm::cutoff(house, on, newsletter).await? {
        let due = reconfirmations::count_due(on, newsletter.id, before).await?;
        if due > 0 {
            findings.warning("reconfirm", texts::reconfirm_due(language, due, &newsletter.slug));
        }
    }
    let unanswered = reconfirmations::count_unanswered(on, newsletter.id).await?;
    if unanswered > 0 {
        findings.note("reconfirm", texts::reconfirm_unanswered(language, unanswered));
    }
    let leaves_at = edition.send_at.map_or(now, |at| at.max(now));
    let zone = zone(&newsletter.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let leeway = if edition.occurrence.is_some() { LEEWAY } else { Duration::ZERO };
    let since = a_year_before(leaves_at, &zone).plus(leeway);
    let sent = editions::started_since(on, newsletter.id, since).await?;
    if sent >= newsletter.max_per_year {
        findings.error("promise", texts::promise_broken(language, sent + 1, newsletter.max_per_year));
    }
    Ok(())
}

/// Only a planned moment is looked at: who presses Send now knows what time it is.
fn check_moment(findings: &mut Findings, newsletter: &NewsletterRow, edition: &EditionRow) {
    let (language, Some(send_at)) = (findings.language, edition.send_at) else { return };
    let zone = zone(&newsletter.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let local = send_at.in_zone(&zone).datetime();
    let when = dates::moment(language, local);
    if let Some(holiday) = Holiday::on(local.date()) {
        findings.warning("moment", texts::on_holiday(language, &when, texts::holiday(language, holiday)));
    } else if matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday) {
        findings.warning("moment", texts::on_weekend(language, &when));
    }
    if !WAKING.contains(&local.hour()) {
        findings.warning("moment", texts::at_night(language, &when));
    }
}

async fn check_backup(
    findings: &mut Findings,
    on: &mut impl Access,
    house: &House,
    newsletter: &NewsletterRow,
) -> Result<(), StoreError> {
    let (language, now) = (findings.language, house.clock.now());
    let last = meta::get(on, LAST_BACKUP).await?.and_then(|text| Timestamp::parse(&text).ok());
    match last.map(|last| now.since(last)) {
        Some(age) if age > DAY => {
            findings.warning("backup", texts::old_backup(language, age.as_secs() / HOUR.as_secs()));
        }
        Some(_) => {}
        // PostgreSQL is often backed up by others, who do not tell us; and on its first day nothing is late.
        None if house.db.path().is_some() && !house.catches_all_mail && now.since(newsletter.created_at) > DAY => {
            findings.warning("backup", texts::no_backup(language));
        }
        None => {}
    }
    Ok(())
}
