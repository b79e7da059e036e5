//! Addresses that must not be mailed, and what is kept for how long, at the desk.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::desk;
use super::visit::Visit;
use crate::domain::address::EmailAddress;
use crate::domain::suppression::SuppressionReason;
use crate::domain::texts::{desk_sure as sure, pages as texts, people as words};
use crate::flows::{FlowError, retention, suppress};
use crate::pages::admin::notice::Notice;
use crate::pages::admin::suppressions::{Blocked, Line, page};
use crate::pages::admin::sure::Question;
use crate::pages::admin::{FormFaults, Place, paths, retention as register};
use crate::store::suppressions;
use crate::web::Web;
use crate::web::body::Fields;
use crate::web::problem::Problem;

desk! {
    "/admin/suppressions": get Editor show, post Admin press;
    "/admin/retention": get Viewer kept;
}

/// Addresses on a page.
const PAGE: i64 = 50;

async fn show(web: Data<Web>, visit: Visit, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
    let before = pairs.find(|(name, _)| name == "cursor").and_then(|(_, value)| value.parse().ok());
    shown(&web, &visit, before, ("", ""), None).await
}

async fn press(web: Data<Web>, visit: Visit, form: Fields) -> Result<HttpResponse, Problem> {
    let field = |name: &str| form.get(name).unwrap_or_default();
    let (adds, name) = (field("action") == "add", if field("action") == "add" { "add" } else { "remove" });
    let typed = if adds { (field("add"), "") } else { ("", field("remove")) };
    let email = match EmailAddress::parse_any_role(field(name)) {
        Ok(email) => email,
        Err(fault) => {
            let fault = texts::invalid_address(visit.language, fault);
            return shown(&web, &visit, None, typed, Some((name, fault))).await;
        }
    };
    let is_there = async || {
        let hash = web.house.keys.address_hash(&email);
        suppressions::by_hash(&mut web.house.db.read().await?, &hash).await.map(|row| row.is_some())
    };
    if !adds && form.get("sure").is_none() && is_there().await? {
        let language = visit.language;
        return Ok(visit.asks(&Question {
            place: Place::Subscribers,
            title: &sure::unblock(language, email.as_str()),
            what: &[words::suppressions_remove_hint(language)],
            action: paths::SUPPRESSIONS,
            fields: &[("action", "remove"), ("remove", email.as_str())],
            button: &words::suppressions_remove_button(language),
            back: paths::SUPPRESSIONS,
        }));
    }
    let done = if adds {
        let reason = field("reason").parse().unwrap_or(SuppressionReason::Manual);
        let note = Some(field("note")).filter(|note| !note.is_empty());
        suppress::add(&web.house, &email, reason, note, visit.actor()).await.map(|_| Notice::Added)
    } else {
        suppress::remove(&web.house, &email, visit.actor()).await.map(|()| Notice::Removed)
    };
    match done {
        Ok(notice) => Ok(visit.done(paths::SUPPRESSIONS, notice)),
        Err(FlowError::NotFound(_)) => {
            let fault = words::suppressions_unknown(visit.language);
            shown(&web, &visit, None, typed, Some((name, fault))).await
        }
        Err(other) => Err(other.into()),
    }
}

async fn shown(
    web: &Web,
    visit: &Visit,
    before: Option<i64>,
    (add, remove): (&str, &str),
    fault: Option<(&str, String)>,
) -> Result<HttpResponse, Problem> {
    let mut reader = web.house.db.read().await?;
    let rows = suppressions::newest(&mut reader, before.unwrap_or(i64::MAX), PAGE).await?;
    let total = suppressions::count(&mut reader).await?;
    let full = i64::try_from(rows.len()).is_ok_and(|count| count == PAGE);
    let more = rows.last().filter(|_| full).map(|row| row.id.to_string());
    let lines: Vec<Line<'_>> = rows
        .iter()
        .map(|row| Line {
            email: row.email.as_deref(),
            reason: row.reason,
            note: row.note.as_deref(),
            since: visit.moment(row.created_at).date(),
        })
        .collect();
    let told: Vec<(&str, &str)> = fault.iter().map(|(field, message)| (*field, message.as_str())).collect();
    let blocked = Blocked { total, lines: &lines, more: more.as_deref(), add, remove, faults: FormFaults(&told) };
    Ok(if told.is_empty() { visit.show(|desk| page(desk, &blocked)) } else { visit.again(|desk| page(desk, &blocked)) })
}

/// The register of what is kept.
async fn kept(web: Data<Web>, visit: Visit) -> Result<HttpResponse, Problem> {
    let lines: Vec<register::Line> = retention::register(&web.house)
        .await?
        .into_iter()
        .map(|entry| register::Line {
            kept: entry.kept,
            days: entry.period.map(|period| period.as_secs() / 86_400),
            forgotten: entry.forgotten,
            last: entry.last.map(|day| visit.moment(day).date()),
        })
        .collect();
    Ok(visit.show(|desk| register::page(desk, &lines)))
}
