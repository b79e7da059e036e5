//! Tab Result: what became of everybody, what can still be decided, and the same as a file.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{Bytes, Data, Path, Query};
use futures_util::stream;
use serde::Deserialize;

use super::desk;
use super::editions::{findings, head, open};
use super::visit::Visit;
use crate::answers::csv_of;
use crate::domain::address::EmailAddress;
use crate::domain::delivery::{Counts, DeliveryState, OnUnknown};
use crate::domain::edition::EditionStatus;
use crate::domain::language::Language;
use crate::domain::role::Role;
use crate::domain::texts::{desk as texts, desk_editions as words, desk_sure as sure, numbers};
use crate::domain::time::Timestamp;
use crate::flows::{self, FlowError, uncertain};
use crate::pages::admin::edition::Tab;
use crate::pages::admin::edition::result::{DomainLine, Recipient, Report, page};
use crate::pages::admin::notice::Notice;
use crate::pages::admin::sure::Question;
use crate::pages::admin::{Place, Point, paths};
use crate::store::deliveries::{self, DeliveryRow};
use crate::store::editions::EditionRow;
use crate::store::{Access, StoreError, outcomes};
use crate::web::Web;
use crate::web::body::Fields;
use crate::web::problem::Problem;

desk! {
    "/admin/editions/{id}/result": get Viewer show;
    "/admin/editions/{id}/unknown": post Editor decide;
    "/admin/editions/{id}/retry": post Editor hurry;
    "/admin/editions/{id}/withdraw": post Editor withdraw;
    "/admin/editions/{id}/deliveries.csv": get Editor csv;
}

/// Recipients on one page.
const PAGE: i64 = 50;
/// Recipients in one piece of the file.
const PIECE: i64 = 1_000;
/// Domains that are shown one by one; the busiest come first.
const DOMAINS: i64 = 25;
/// Points of the plot, at most.
const POINTS: i64 = 48;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wanted {
    /// Only this state; empty is all.
    status: String,
    cursor: Option<i64>,
}

async fn show(web: Data<Web>, mut visit: Visit, id: Path<i64>, place: Query<Wanted>) -> Result<HttpResponse, Problem> {
    let row = open(&web, &mut visit, *id).await?;
    let looked = findings(&web, &row, visit.language).await?;
    let filter: Option<DeliveryState> = place.status.parse().ok();
    let mut reader = web.house.db.read().await?;
    let rows = deliveries::page(&mut reader, row.id, filter, place.cursor.unwrap_or(0), PAGE).await?;
    let more = (rows.len() as i64 == PAGE).then(|| rows.last().map(|row| row.seq.to_string())).flatten();
    let remembered = &web.house.remembered;
    let count = async || domains(&mut reader, row.id).await;
    let domains = remembered.or_count(format!("domains {}", row.id), count).await?;
    let count = async || pace(&mut reader, &visit, &row).await;
    let pace = remembered.or_count(format!("pace {} {}", row.id, visit.language), count).await?;
    drop(reader);

    let names = visit.may(Role::Editor);
    let told: Vec<Told> = rows.iter().map(|row| Told::of(row, visit.language, names)).collect();
    let recipients: Vec<Recipient<'_>> = rows
        .iter()
        .zip(&told)
        .map(|(row, told)| Recipient {
            email: told.email.as_deref(),
            state: row.state,
            moment: match row.state {
                DeliveryState::Deferred => Some(visit.moment(row.next_at)),
                _ => row.finished_at.map(|at| visit.moment(at)),
            },
            reason: told.reason.as_deref(),
            reply: told.reply.as_deref(),
        })
        .collect();
    let lines: Vec<(&str, Counts, Option<String>)> = domains
        .iter()
        .map(|domain| {
            let why = domain.reason.as_deref().map(|why| reason(visit.language, why));
            (domain.name.as_str(), domain.counts, why)
        })
        .collect();
    let lines: Vec<DomainLine<'_>> = lines
        .iter()
        .map(|(domain, counts, reason)| DomainLine { domain, counts: *counts, reason: reason.as_deref() })
        .collect();
    let points: Vec<Point<'_>> = pace.iter().map(|(label, value)| Point { label, value: *value }).collect();
    let waits = uncertain::waits_for_a_person(&row, visit.newsletter()?.on_unknown);
    let report = Report {
        head: head(&visit, &row, &looked),
        counts: row.counts(),
        audience: row.audience,
        undecided: if waits { row.undecided() } else { 0 },
        may_repeat: row.status != EditionStatus::Cancelled,
        started: row.started_at.map(|at| visit.moment(at)),
        finished: row.finished_at.map(|at| visit.moment(at)),
        domains: &lines,
        recipients: &recipients,
        filter,
        more: more.as_deref(),
        pace: &points,
        withdrawn: row.withdrawn,
    };
    Ok(visit.show(|desk| page(desk, &report)))
}

/// A recipient in words.
struct Told {
    email: Option<String>,
    reason: Option<String>,
    reply: Option<String>,
}

impl Told {
    /// Who may only look sees enough of an address to recognise it by, and no words that may hold it.
    fn of(row: &DeliveryRow, language: Language, names: bool) -> Self {
        let masked =
            |email: &String| EmailAddress::parse_any_role(email).map(|email| email.masked()).unwrap_or_default();
        let code = [row.code.map(|code| code.to_string()), row.status.clone()].into_iter().flatten();
        let words: Vec<String> = code.chain(row.reply.clone()).collect();
        Self {
            email: row.email.as_ref().map(|email| if names { email.clone() } else { masked(email) }),
            reason: row.reason.as_deref().map(|noted| reason(language, noted)),
            reply: Some(words.join(" ")).filter(|words| names && !words.is_empty()),
        }
    }
}

fn reason(language: Language, noted: &str) -> String {
    words::reason(language, noted).unwrap_or_else(|| noted.to_owned())
}

struct DomainTold {
    name: String,
    counts: Counts,
    /// The commonest reason, as it was noted.
    reason: Option<String>,
}

async fn domains(on: &mut impl Access, edition: i64) -> Result<Vec<DomainTold>, StoreError> {
    let mut told: Vec<DomainTold> = Vec::new();
    for (name, state, count) in deliveries::per_domain(on, edition, DOMAINS).await? {
        if told.last().is_none_or(|last| last.name != name) {
            told.push(DomainTold { name, counts: Counts::default(), reason: None });
        }
        if let Some(last) = told.last_mut() {
            *last.counts.of(state) += count;
        }
    }
    for (name, _, why, _) in outcomes::reasons(on, edition, 10 * DOMAINS).await? {
        if let Some(domain) = told.iter_mut().find(|domain| domain.name == name && domain.reason.is_none()) {
            domain.reason = Some(why);
        }
    }
    Ok(told)
}

/// How many were accepted so far, over time, each with its place on the newsletter's clock.
async fn pace(on: &mut impl Access, visit: &Visit, row: &EditionRow) -> Result<Vec<(String, i64)>, StoreError> {
    let Some(from) = row.started_at else { return Ok(Vec::new()) };
    let Some(last) = outcomes::last_accepted(on, row.id).await? else { return Ok(Vec::new()) };
    let span = i64::try_from(last.since(from).as_micros()).unwrap_or(i64::MAX);
    let width = (span / POINTS).max(1_000_000);
    let counted = outcomes::accepted_over_time(on, row.id, from, width).await?;
    let days = span > 24 * 3_600_000_000;
    let (mut sum, mut points) = (0, Vec::new());
    let places = counted.last().map_or(0, |(place, _)| *place);
    let mut counted = counted.into_iter().peekable();
    for place in 0..=places.min(2 * POINTS) {
        while let Some((_, count)) = counted.next_if(|(at, _)| *at <= place) {
            sum += count;
        }
        let at = visit.moment(Timestamp::from_micros(from.as_micros() + (place + 1) * width));
        let label = if days {
            format!("{}/{} {:02}:{:02}", at.day(), at.month(), at.hour(), at.minute())
        } else {
            format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
        };
        points.push((label, sum));
    }
    Ok(points)
}

async fn decide(web: Data<Web>, mut visit: Visit, id: Path<i64>, form: Fields) -> Result<HttpResponse, Problem> {
    let row = open(&web, &mut visit, *id).await?;
    let what: OnUnknown = form
        .get("decision")
        .and_then(|word| word.parse().ok())
        .ok_or_else(|| Problem::bad("decide between repeat and leave"))?;
    if form.get("sure").is_none() && row.undecided() > 0 {
        let (language, count) = (visit.language, numbers::count(visit.language, row.undecided()));
        let (title, will, button) = match what {
            OnUnknown::Repeat => {
                let button = texts::result_unknown_repeat(language);
                (sure::repeat_title(language), sure::repeat_what(language, count), button)
            }
            OnUnknown::Leave => {
                (sure::leave_title(language), sure::leave_what(language, count), texts::result_unknown_leave(language))
            }
        };
        return Ok(visit.asks(&Question {
            place: Place::Editions,
            title: &title,
            what: &[will, sure::for_good(language)],
            action: &paths::act(row.id, "unknown"),
            fields: &[("decision", what.as_str())],
            button: &button,
            back: &paths::tab(row.id, Tab::Result),
        }));
    }
    let notice = match uncertain::decide(&web.house, row.id, what, visit.actor()).await {
        Ok(_) => Notice::Decided,
        Err(FlowError::Conflict(_)) => Notice::OutOfDate,
        Err(error) => return Err(error.into()),
    };
    Ok(visit.on_to(paths::tab(row.id, Tab::Result), Some(notice)))
}

/// Taking it out of the archive asks twice; putting it back does not.
async fn withdraw(web: Data<Web>, mut visit: Visit, id: Path<i64>, form: Fields) -> Result<HttpResponse, Problem> {
    let row = open(&web, &mut visit, *id).await?;
    let back = form.get("decision") == Some("put-back");
    if !back && form.get("sure").is_none() {
        let language = visit.language;
        return Ok(visit.asks(&Question {
            place: Place::Editions,
            title: &sure::withdraw(language, row.number),
            what: &[words::withdraw_hint(language)],
            action: &paths::act(row.id, "withdraw"),
            fields: &[],
            button: &words::withdraw(language),
            back: &paths::tab(row.id, Tab::Result),
        }));
    }
    let notice = match flows::withdraw::withdraw(&web.house, row.id, !back, visit.actor()).await {
        Ok(_) if back => Notice::PutBack,
        Ok(_) => Notice::Withdrawn,
        Err(FlowError::Conflict(_)) => Notice::OutOfDate,
        Err(error) => return Err(error.into()),
    };
    Ok(visit.on_to(paths::tab(row.id, Tab::Result), Some(notice)))
}

async fn hurry(web: Data<Web>, mut visit: Visit, id: Path<i64>) -> Result<HttpResponse, Problem> {
    let row = open(&web, &mut visit, *id).await?;
    uncertain::hurry(&web.house, row.id, visit.actor()).await?;
    Ok(visit.on_to(paths::tab(row.id, Tab::Result), Some(Notice::Hurried)))
}

/// The columns of the file.
const COLUMNS: [&str; 9] =
    ["address", "domain", "status", "attempts", "finished_at", "next_at", "code", "reason", "last_reply"];

async fn csv(web: Data<Web>, mut visit: Visit, id: Path<i64>) -> Result<HttpResponse, Problem> {
    let row = open(&web, &mut visit, *id).await?;
    let name = format!("attachment; filename=\"edition-{}.csv\"", row.number);
    // A piece at a time: a million recipients are no reason to fill the memory.
    let pieces = stream::unfold(Some(0), move |after| {
        let web = web.clone();
        async move {
            let after = after?;
            let rows = match web.house.db.read().await {
                Ok(mut reader) => deliveries::page(&mut reader, row.id, None, after, PIECE).await,
                Err(error) => Err(error),
            };
            let piece = rows.map_err(|error| {
                tracing::error!(%error, "a file of recipients broke off");
                actix_web::Error::from(Problem::Unavailable)
            });
            let next = match &piece {
                Ok(rows) if rows.len() as i64 == PIECE => rows.last().map(|row| row.seq),
                _ => None,
            };
            Some((piece.map(|rows| Bytes::from(lines(&rows, after == 0))), next))
        }
    });
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((CONTENT_DISPOSITION, name))
        .streaming(Box::pin(pieces)))
}

/// A piece of the file; the first begins with the names of its columns.
fn lines(rows: &[DeliveryRow], with_head: bool) -> Vec<u8> {
    let moment = |moment: Option<Timestamp>| moment.map(|at| at.to_string()).unwrap_or_default();
    let cells = rows.iter().map(|row| {
        let code = [row.code.map(|code| code.to_string()), row.status.clone()].into_iter().flatten();
        [
            row.email.clone().unwrap_or_default(),
            row.domain.clone(),
            row.state.to_string(),
            row.attempts.to_string(),
            moment(row.finished_at),
            moment((row.state == DeliveryState::Deferred).then_some(row.next_at)),
            code.collect::<Vec<_>>().join(" "),
            row.reason.clone().unwrap_or_default(),
            row.reply.clone().unwrap_or_default(),
        ]
    });
    csv_of(with_head.then(|| COLUMNS.map(str::to_owned)).into_iter().chain(cells)).unwrap_or_default()
}
