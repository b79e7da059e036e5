//! The overview: what needs somebody now, and how things stand.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::desk;
use super::visit::Visit;
use crate::domain::checkup::CheckStatus;
use crate::domain::consent::ConsentEvent;
use crate::domain::edition::EditionStatus;
use crate::domain::preflight::{Preflight, Severity};
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::texts::dates;
use crate::domain::texts::said::said;
use crate::domain::time::Timestamp;
use crate::flows::deliver::stalled;
use crate::flows::preflight::at_home;
use crate::flows::{FlowError, tally, uncertain};
use crate::pages::admin::Point;
use crate::pages::admin::overview::{Figures, Task, page};
use crate::store::editions::{self, EditionRow};
use crate::store::newsletters::NewsletterRow;
use crate::store::sources::{self, SourceRow};
use crate::store::{Access, consent, doctor, subscriptions, unclassified};
use crate::web::Web;
use crate::web::problem::Problem;

desk! {
    "/admin": get Viewer show;
}

/// Editions that are looked at for something to do.
const EDITIONS: i64 = 20;
/// A source that failed so often in a row needs somebody.
const FAILURES: i64 = 3;
const DAY: Duration = Duration::from_secs(24 * 3600);
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);
const WEEK_MICROS: i64 = 7 * 24 * 3_600_000_000;
const WEEKS: i64 = 52;

async fn show(web: Data<Web>, visit: Visit) -> Result<HttpResponse, Problem> {
    let Ok(newsletter) = visit.newsletter() else {
        return Ok(visit.show(|desk| page(desk, &[Task::Setup], &Figures::default())));
    };
    let house = &web.house;
    let now = house.clock.now();
    let mut reader = house.db.read().await?;
    let mut rows = editions::page(&mut reader, Some(newsletter.id), None, EDITIONS).await?;
    for row in &mut rows {
        row.pause_reason = row.pause_reason.take().map(|reason| said(visit.language, &reason));
    }
    let all_sources = sources::of_newsletter(&mut reader, newsletter.id).await?;
    let without_source = all_sources.is_empty();
    let failing = all_sources.into_iter().filter(|source| source.failures >= FAILURES);
    let failing: Vec<(SourceRow, String)> = failing
        .map(|source| {
            let error = said(visit.language, source.last_error.as_deref().unwrap_or_default());
            (source, error)
        })
        .collect();
    let last = editions::last_started(&mut reader, newsletter.id, -1).await?;
    let name = format!("standing {} {:?}", newsletter.id, last.as_ref().map(|row| row.id));
    let count = async || Standing::of(&mut reader, newsletter, last.as_ref(), now).await;
    let standing = house.remembered.or_count(name, count).await?;
    let checks = doctor::latest(&mut reader).await?;
    let found = |status| checks.iter().filter(|check| check.status == status).count();
    let (warned, failed) = (found(CheckStatus::Warn), found(CheckStatus::Fail));
    let unread = unclassified::count(&mut reader).await?;
    drop(reader);
    let standing_still: Vec<(i64, i64, String)> = stalled(house)
        .await?
        .into_iter()
        .filter(|one| one.newsletter_id == newsletter.id)
        .map(|one| (one.edition, one.number, one.why.text(visit.language)))
        .collect();
    let looked = match rows.iter().find(|row| row.status == EditionStatus::Draft) {
        Some(draft) => at_home(house, draft.id, visit.language).await?,
        None => Preflight::of(vec![]),
    };

    let mut tasks: Vec<Task<'_>> = rows.iter().filter_map(|row| task(&visit, newsletter, row, &looked)).collect();
    tasks.extend(
        failing
            .iter()
            .map(|(source, error)| Task::Source { title: source.title.as_deref().unwrap_or(&source.url), error }),
    );
    tasks.extend(standing_still.iter().map(|(edition, number, reason)| Task::Paused {
        edition: *edition,
        number: *number,
        reason,
    }));
    if unread > 0 {
        tasks.push(Task::Unread { count: unread });
    }
    // The demo's mail goes nowhere, and needs none of this.
    if !house.catches_all_mail {
        if house.config.smtp.is_empty() {
            tasks.push(Task::NoMailServer);
        }
        if failed > 0 {
            tasks.push(Task::Faults { count: failed });
        } else if checks.is_empty() && !house.config.offline {
            tasks.push(Task::NeverChecked);
        }
    }
    if without_source {
        tasks.push(Task::NoSource);
    }
    if standing.confirmed + standing.pending == 0 {
        tasks.push(Task::NoReaders);
    }
    let growth = standing.growth(&visit);
    let growth: Vec<Point<'_>> = growth.iter().map(|(label, value)| Point { label, value: *value }).collect();
    let figures = Figures {
        confirmed: standing.confirmed,
        joined: standing.joined,
        left: standing.left,
        pending: standing.pending,
        confirmations: standing.confirmations,
        next_draft: newsletter.next_assemble_at.map(|at| visit.moment(at)),
        last: last.as_ref().and_then(|row| Some((visit.moment(row.started_at?).date(), row.accepted))),
        checked: checks.first().map(|check| visit.moment(check.at)),
        system_attention: warned + failed + usize::from(house.config.smtp.is_empty() && !house.catches_all_mail),
        growth: &growth,
    };
    Ok(visit.show(|desk| page(desk, &tasks, &figures)))
}

fn task<'a>(visit: &Visit, newsletter: &NewsletterRow, row: &'a EditionRow, looked: &Preflight) -> Option<Task<'a>> {
    let (edition, number, subject) = (row.id, row.number, row.subject.as_str());
    Some(match row.status {
        EditionStatus::Draft => Task::Draft {
            edition,
            number,
            subject,
            warnings: looked.messages(Severity::Warning).len(),
            errors: looked.messages(Severity::Error).len(),
        },
        EditionStatus::Approved => Task::Approved { edition, number, subject },
        EditionStatus::Scheduled => {
            Task::Scheduled { edition, number, at: visit.moment(row.send_at.unwrap_or(row.updated_at)) }
        }
        EditionStatus::Sending => Task::Sending { edition, number, done: row.counts().finished(), total: row.audience },
        EditionStatus::Paused => {
            Task::Paused { edition, number, reason: row.pause_reason.as_deref().unwrap_or_default() }
        }
        EditionStatus::Sent | EditionStatus::Cancelled => {
            if !uncertain::waits_for_a_person(row, newsletter.on_unknown) {
                return None;
            }
            Task::Unknown { edition, number, count: row.undecided() }
        }
    })
}

/// How a newsletter stands with its readers.
struct Standing {
    confirmed: i64,
    pending: i64,
    joined: i64,
    left: i64,
    /// Of the last 30 days: asked for, looked at, and confirmed.
    confirmations: [i64; 3],
    /// Week by week, the oldest first: how many joined and left.
    weeks: Vec<(i64, i64, i64)>,
    since: Timestamp,
}

impl Standing {
    async fn of(
        on: &mut impl Access,
        newsletter: &NewsletterRow,
        last: Option<&EditionRow>,
        now: Timestamp,
    ) -> Result<Self, FlowError> {
        let id = newsletter.id;
        let since_last = last.and_then(|row| row.started_at).unwrap_or(newsletter.created_at);
        let moved = subscriptions::movements(on, id, since_last, i64::MAX).await?;
        let since = now.minus(7 * DAY * u32::try_from(WEEKS).unwrap_or(52));
        Ok(Self {
            confirmed: subscriptions::count(on, id, SubscriptionStatus::Confirmed).await?,
            pending: subscriptions::count(on, id, SubscriptionStatus::Pending).await?,
            joined: moved.iter().map(|(_, joined, _)| joined).sum(),
            left: moved.iter().map(|(_, _, left)| left).sum(),
            confirmations: [
                consent::count_since(on, id, ConsentEvent::Requested, now.minus(MONTH)).await?,
                tally::views_since(on, id, now.minus(MONTH)).await?,
                consent::count_since(on, id, ConsentEvent::Confirmed, now.minus(MONTH)).await?,
            ],
            weeks: subscriptions::movements(on, id, since, WEEK_MICROS).await?,
            since,
        })
    }

    /// How many there were at the end of each week: from today's number back, because only changes are on record.
    fn growth(&self, visit: &Visit) -> Vec<(String, i64)> {
        if self.confirmed == 0 && self.weeks.is_empty() {
            return Vec::new();
        }
        let change: i64 = self.weeks.iter().map(|(_, joined, left)| joined - left).sum();
        let mut number = (self.confirmed - change).max(0);
        (0..WEEKS)
            .map(|week| {
                let own = self.weeks.iter().filter(|(place, _, _)| *place == week);
                number = (number + own.map(|(_, joined, left)| joined - left).sum::<i64>()).max(0);
                let end = Timestamp::from_micros(self.since.as_micros() + (week + 1) * WEEK_MICROS);
                (dates::day(visit.language, visit.moment(end).date()), number)
            })
            .collect()
    }
}
