//! Tab Send: the order to go out, with its hold; then how it goes.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use jiff::civil::{Date, DateTime, Time};

use super::desk;
use super::editions::{findings, head, open};
use super::visit::Visit;
use crate::domain::edition::EditionStatus;
use crate::domain::language::Language;
use crate::domain::preflight::Severity;
use crate::domain::texts::desk_editions as words;
use crate::domain::texts::said::said;
use crate::domain::texts::{numbers, sending};
use crate::domain::time::Timestamp;
use crate::domain::token::hex;
use crate::flows::deliver::stalled;
use crate::flows::preflight::at_home;
use crate::flows::publish::{self, HOLD, Order, Ordered};
use crate::flows::{FlowError, try_out};
use crate::pages::admin::edition::Tab;
use crate::pages::admin::edition::send::{self as shown, Send, Stage, TYPE_THE_NUMBER_ABOVE};
use crate::pages::admin::notice::Notice;
use crate::pages::admin::{FormFaults, paths};
use crate::store::editions::{self, EditionRow};
use crate::web::Web;
use crate::web::body::Fields;
use crate::web::problem::Problem;

desk! {
    "/admin/editions/{id}/send": get Viewer show, post Editor press;
}

/// The time of day that is proposed for a sending.
const MORNING: Time = Time::constant(9, 30, 0, 0);

async fn show(web: Data<Web>, mut visit: Visit, id: Path<i64>) -> Result<HttpResponse, Problem> {
    let row = open(&web, &mut visit, *id).await?;
    rendered(&web, &visit, &row, None).await
}

/// What somebody filled in.
#[derive(Default)]
struct Typed<'a> {
    later: bool,
    date: &'a str,
    time: &'a str,
    number: &'a str,
    faults: Vec<(&'static str, String)>,
}

async fn press(web: Data<Web>, mut visit: Visit, id: Path<i64>, form: Fields) -> Result<HttpResponse, Problem> {
    let row = open(&web, &mut visit, *id).await?;
    let send = paths::tab(row.id, Tab::Send);
    let field = |name: &str| form.get(name).unwrap_or_default();
    let mut typed = Typed {
        later: field("when") == "later",
        date: field("date"),
        time: field("time"),
        number: field("recipients"),
        faults: Vec::new(),
    };
    let audience = editions::audience_now(&mut web.house.db.read().await?, row.newsletter_id).await?;
    let waits = matches!(row.status, EditionStatus::Approved);
    if waits && publish::needs_mail_server(&web.house).is_err() {
        typed.faults.push(("", sending::no_mail_server(visit.language)));
    }
    if waits && let Err(fault) = number(typed.number, audience, visit.language) {
        typed.faults.push(fault);
    }
    if waits && !publish::is_as_approved(&mut web.house.db.read().await?, &web.house, &row).await? {
        typed.faults.push(("", sending::not_what_was_approved(visit.language)));
    }
    let mut at = None;
    if typed.later {
        match moment(&visit, &typed, web.house.clock.now()) {
            Ok(moment) => at = Some(moment),
            Err(fault) => typed.faults.push(fault),
        }
    }
    if waits && !typed.faults.is_empty() {
        return rendered(&web, &visit, &row, Some(typed)).await;
    }
    let version = field("version").parse().unwrap_or(-1);
    let order = Order { version, key: field("key"), at };
    let notice = match publish::order(&web.house, row.id, order, visit.actor()).await {
        Ok(Ordered::Taken(_)) => None,
        Ok(Ordered::Before) => Some(Notice::AlreadySending),
        Err(FlowError::Conflict(_) | FlowError::Invalid(_)) => Some(Notice::OutOfDate),
        Err(error) => return Err(error.into()),
    };
    Ok(visit.on_to(send, notice))
}

/// Many recipients want their number typed, however people group its digits.
fn number(typed: &str, audience: i64, language: Language) -> Result<(), (&'static str, String)> {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace() && !".,'’".contains(*c)).collect();
    if audience <= TYPE_THE_NUMBER_ABOVE || digits.parse() == Ok(audience) {
        return Ok(());
    }
    let typed: String = typed.chars().take(30).collect();
    Err(("recipients", words::fault_number(language, typed, numbers::count(language, audience))))
}

/// A moment on the newsletter's clock that exists and is to come.
fn moment(visit: &Visit, typed: &Typed<'_>, now: Timestamp) -> Result<Timestamp, (&'static str, String)> {
    let language = visit.language;
    let date: Date = typed.date.trim().parse().map_err(|_| ("date", words::fault_date(language)))?;
    let time: Time = typed.time.trim().parse().map_err(|_| ("time", words::fault_time(language)))?;
    let moment = Timestamp::exactly_local(DateTime::from_parts(date, time), &visit.zone());
    let moment = moment.ok_or_else(|| ("time", words::fault_skipped(language)))?;
    if moment > now { Ok(moment) } else { Err(("date", words::fault_past(language))) }
}

async fn rendered(
    web: &Web,
    visit: &Visit,
    row: &EditionRow,
    typed: Option<Typed<'_>>,
) -> Result<HttpResponse, Problem> {
    let now = web.house.clock.now();
    let looked = findings(web, row, visit.language).await?;
    let head = head(visit, row, &looked);
    let (counts, audience) = (row.counts(), row.audience);
    let standstill = if row.status == EditionStatus::Sending {
        let found = stalled(&web.house).await?.into_iter().find(|one| one.edition == row.id);
        found.map(|one| one.why.text(visit.language))
    } else {
        None
    };
    let newsletter = visit.newsletter()?;
    let from = format!("{} <{}>", newsletter.from_name, newsletter.from_address);
    let reason = said(visit.language, row.pause_reason.as_deref().unwrap_or_default());
    let stage = match row.status {
        EditionStatus::Approved => return ready(web, visit, row, typed).await,
        EditionStatus::Draft => Stage::NotApproved,
        EditionStatus::Scheduled => {
            let at = row.send_at.unwrap_or(now);
            let left = i64::try_from(at.since(now).as_secs()).unwrap_or(0);
            Stage::Waiting {
                at: visit.moment(at),
                utc: at.in_zone(&jiff::tz::TimeZone::UTC).datetime(),
                seconds_left: row.hold.then_some(left),
                audience: editions::audience_now(&mut web.house.db.read().await?, row.newsletter_id).await?,
                from: &from,
            }
        }
        EditionStatus::Sending => {
            Stage::Running { counts, audience, pace: web.live.pace(row, now), standstill: standstill.as_deref() }
        }
        EditionStatus::Paused => Stage::Paused { counts, audience, reason: &reason },
        EditionStatus::Sent => Stage::Sent,
        EditionStatus::Cancelled => Stage::Cancelled,
    };
    Ok(visit.show(|desk| shown::page(desk, &Send { head, stage })))
}

/// The form that starts it.
async fn ready(web: &Web, visit: &Visit, row: &EditionRow, typed: Option<Typed<'_>>) -> Result<HttpResponse, Problem> {
    let house = &web.house;
    let now = house.clock.now();
    let planned = row.send_at.filter(|at| *at > now);
    // The moment that the schedule proposes is what an editor expects, until somebody says otherwise.
    let typed = typed.unwrap_or_else(|| Typed { later: planned.is_some(), ..Typed::default() });
    let newsletter = visit.newsletter()?;
    let audience = editions::audience_now(&mut house.db.read().await?, newsletter.id).await?;
    let text = try_out::preview(house, row.id, None).await?.text;
    let mut lines = text.lines().map(str::trim).filter(|line| line.chars().any(char::is_alphanumeric));
    let looked = at_home(house, row.id, visit.language).await?;
    let overtaken = match publish::is_as_approved(&mut house.db.read().await?, house, row).await? {
        true => None,
        false => Some(sending::not_what_was_approved(visit.language)),
    };
    let found = [Severity::Error, Severity::Warning].into_iter().flat_map(|severity| looked.messages(severity));
    let warnings: Vec<&str> = overtaken.as_deref().into_iter().chain(found).collect();
    let proposed = visit.moment(planned.unwrap_or(now));
    let date = match planned {
        Some(_) => proposed.date(),
        None => proposed.date().tomorrow().unwrap_or(proposed.date()),
    };
    let time = planned.map_or(MORNING, |_| proposed.time());
    let (date, time) = (date.to_string(), format!("{:02}:{:02}", time.hour(), time.minute()));
    let faults: Vec<(&str, &str)> = typed.faults.iter().map(|(field, message)| (*field, message.as_str())).collect();
    let first_line = lines.next().unwrap_or_default();
    let shown_date = if typed.date.is_empty() { &date } else { typed.date };
    let shown_time = if typed.time.is_empty() { &time } else { typed.time };
    let moment = shown_date.parse().ok().zip(shown_time.parse().ok());
    let moment = moment.and_then(|(date, time)| {
        let at = Timestamp::exactly_local(DateTime::from_parts(date, time), &visit.zone())?;
        Some((visit.moment(at), at.in_zone(&jiff::tz::TimeZone::UTC).datetime()))
    });
    let order = shown::Order {
        from: &format!("{} <{}>", newsletter.from_name, newsletter.from_address),
        audience,
        first_line,
        last_line: lines.next_back().unwrap_or(first_line),
        warnings: &warnings,
        key: &hex(&house.clock.random::<16>()),
        zone: &newsletter.timezone,
        hold_minutes: u32::try_from(HOLD.as_secs() / 60).unwrap_or(u32::MAX),
        later: typed.later,
        date: shown_date,
        time: shown_time,
        moment,
        typed_number: typed.number,
        faults: FormFaults(&faults),
    };
    let head = head(visit, row, &crate::domain::preflight::Preflight::of(vec![]));
    let view = |desk: &crate::pages::admin::Desk<'_>| shown::page(desk, &Send { head, stage: Stage::Ready(order) });
    Ok(if faults.is_empty() { visit.show(view) } else { visit.again(view) })
}
