//! The list of editions, and what all tabs of one edition share.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use super::desk;
use super::visit::{Visit, see_other};
use crate::domain::edition::EditionStatus;
use crate::domain::language::Language;
use crate::domain::preflight::Preflight;
use crate::domain::texts::{desk as texts, desk_sure as sure};
use crate::flows::FlowError;
use crate::flows::assemble::{Assembled, assemble};
use crate::flows::preflight::at_home;
use crate::flows::publish::{self, Deed};
use crate::pages::admin::edition::{Head, Tab};
use crate::pages::admin::editions::{Line, page};
use crate::pages::admin::notice::Notice;
use crate::pages::admin::sure::Question;
use crate::pages::admin::{Place, paths};
use crate::store::editions::{self, EditionRow};
use crate::web::Web;
use crate::web::body::Fields;
use crate::web::problem::Problem;

desk! {
    "/admin/editions": get Viewer list, post Editor make;
    "/admin/editions/{id}": get Viewer enter;
    "/admin/editions/{id}/reopen": post Editor reopen;
    "/admin/editions/{id}/unschedule": post Editor unschedule;
    "/admin/editions/{id}/pause": post Editor pause;
    "/admin/editions/{id}/resume": post Editor resume;
    "/admin/editions/{id}/cancel": post Editor cancel;
}

/// Editions on one page of the list.
const PAGE: i64 = 30;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wanted {
    cursor: Option<i64>,
}

async fn list(web: Data<Web>, visit: Visit, place: Query<Wanted>) -> Result<HttpResponse, Problem> {
    let newsletter = visit.newsletter()?;
    let mut reader = web.house.db.read().await?;
    let rows = editions::page(&mut reader, Some(newsletter.id), place.cursor, PAGE).await?;
    let more = (rows.len() as i64 == PAGE).then(|| rows.last().map(|row| row.id.to_string())).flatten();
    let may_assemble = editions::open_one(&mut reader, newsletter.id).await?.is_none();
    let lines: Vec<Line<'_>> = rows.iter().map(|row| line(&visit, row)).collect();
    Ok(visit.show(|desk| page(desk, &lines, may_assemble, more.as_deref())))
}

fn line<'a>(visit: &Visit, row: &'a EditionRow) -> Line<'a> {
    let moment = match row.status {
        EditionStatus::Draft => None,
        EditionStatus::Approved => row.approved_at,
        EditionStatus::Scheduled => row.send_at,
        EditionStatus::Sending | EditionStatus::Paused => row.started_at,
        EditionStatus::Sent | EditionStatus::Cancelled => row.finished_at,
    };
    Line {
        id: row.id,
        number: row.number,
        subject: &row.subject,
        status: row.status,
        moment: visit.moment(moment.unwrap_or(row.created_at)),
        accepted: row.accepted,
        audience: row.audience,
    }
}

async fn make(web: Data<Web>, mut visit: Visit, form: Fields) -> Result<HttpResponse, Problem> {
    visit.take_in_hand(form.get("newsletter").unwrap_or_default())?;
    let newsletter = visit.newsletter()?;
    Ok(match assemble(&web.house.by(visit.actor()), &newsletter.slug, None).await? {
        Assembled::Draft(row) => visit.done(paths::tab(row.id, Tab::Content), Notice::Assembled),
        Assembled::Open(row) => visit.on_to(paths::tab(row.id, Tab::Content), None),
        Assembled::TooFew { .. } => visit.done(paths::EDITIONS, Notice::NothingNew),
    })
}

/// Where mails and lists lead to: the tab that is about what the edition is in.
async fn enter(web: Data<Web>, id: Path<i64>) -> Result<HttpResponse, Problem> {
    let row = by_id(&web, *id).await?;
    Ok(see_other(&paths::tab(row.id, home(row.status))))
}

/// The tab that one most likely wants.
pub const fn home(status: EditionStatus) -> Tab {
    match status {
        EditionStatus::Draft => Tab::Content,
        EditionStatus::Approved | EditionStatus::Scheduled | EditionStatus::Sending | EditionStatus::Paused => {
            Tab::Send
        }
        EditionStatus::Sent | EditionStatus::Cancelled => Tab::Result,
    }
}

async fn by_id(web: &Web, id: i64) -> Result<EditionRow, Problem> {
    let row = editions::by_id(&mut web.house.db.read().await?, id).await?;
    Ok(row.ok_or_else(|| FlowError::no_edition(id))?)
}

/// The edition with this id, its newsletter taken in hand.
///
/// # Errors
/// [`Problem::NotFound`] when there is none.
pub async fn open(web: &Web, visit: &mut Visit, id: i64) -> Result<EditionRow, Problem> {
    let row = by_id(web, id).await?;
    visit.take_in_hand_by_id(row.newsletter_id)?;
    Ok(row)
}

/// What stands above every tab; `looked` is what the check has found.
pub fn head<'a>(visit: &Visit, row: &'a EditionRow, looked: &Preflight) -> Head<'a> {
    Head {
        id: row.id,
        number: row.number,
        subject: &row.subject,
        status: row.status,
        assembled: visit.moment(row.created_at),
        version: row.version,
        findings: looked.findings.len(),
    }
}

/// How much the check says of a draft; nothing of an edition about which it is too late to say something.
///
/// # Errors
/// When the database cannot answer.
pub async fn findings(web: &Web, row: &EditionRow, language: Language) -> Result<Preflight, Problem> {
    if row.status == EditionStatus::Draft {
        Ok(at_home(&web.house, row.id, language).await?)
    } else {
        Ok(Preflight::of(vec![]))
    }
}

async fn reopen(web: Data<Web>, visit: Visit, id: Path<i64>) -> Result<HttpResponse, Problem> {
    press(&web, visit, *id, Deed::Reopen, Tab::Check, Some(Notice::Reopened)).await
}

async fn unschedule(web: Data<Web>, visit: Visit, id: Path<i64>) -> Result<HttpResponse, Problem> {
    press(&web, visit, *id, Deed::Unschedule, Tab::Send, Some(Notice::Unplanned)).await
}

async fn pause(web: Data<Web>, visit: Visit, id: Path<i64>) -> Result<HttpResponse, Problem> {
    let why = crate::domain::texts::desk_editions::paused_by_hand(visit.language, visit.actor());
    press(&web, visit, *id, Deed::Pause(&why), Tab::Send, Some(Notice::Paused)).await
}

async fn resume(web: Data<Web>, visit: Visit, id: Path<i64>) -> Result<HttpResponse, Problem> {
    press(&web, visit, *id, Deed::Resume, Tab::Send, Some(Notice::Resumed)).await
}

/// Stopping for good is asked once more, with how many people it concerns.
async fn cancel(web: Data<Web>, mut visit: Visit, id: Path<i64>, form: Fields) -> Result<HttpResponse, Problem> {
    if form.get("sure").is_none() {
        let row = open(&web, &mut visit, *id).await?;
        let language = visit.language;
        // Before it has begun, the audience is whoever would get it now.
        let audience = match row.audience {
            0 => editions::audience_now(&mut web.house.db.read().await?, row.newsletter_id).await?,
            frozen => frozen,
        };
        return Ok(visit.asks(&Question {
            place: Place::Editions,
            title: &sure::stop(language, row.number),
            what: &sure::stopping(language, audience, row.counts().finished()),
            action: &paths::act(row.id, "cancel"),
            fields: &[],
            button: &texts::send_stop(language),
            back: &paths::tab(row.id, Tab::Send),
        }));
    }
    press(&web, visit, *id, Deed::Cancel, Tab::Send, None).await
}

/// Does it and shows the tab; where the state forbids it, the tab shows the state.
async fn press(
    web: &Web,
    mut visit: Visit,
    id: i64,
    deed: Deed<'_>,
    tab: Tab,
    notice: Option<Notice>,
) -> Result<HttpResponse, Problem> {
    open(web, &mut visit, id).await?;
    let notice = match publish::by_hand(&web.house, id, deed, visit.actor()).await {
        Ok(_) => notice,
        Err(FlowError::Conflict(_)) => Some(Notice::OutOfDate),
        Err(error) => return Err(error.into()),
    };
    Ok(visit.on_to(paths::tab(id, tab), notice))
}
