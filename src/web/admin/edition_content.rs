//! Tab Content: one long form, saved by every one of its buttons; nobody's words are lost to somebody who was quicker.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use super::desk;
use super::edition_sheet::Sheet;
use super::editions::{findings, head, open};
use super::visit::{Visit, see_other};
use crate::domain::edition::EditionStatus;
use crate::domain::texts::desk_editions as words;
use crate::flows::FlowError;
use crate::flows::edit_edition::edit;
use crate::pages::admin::FormFaults;
use crate::pages::admin::edition::Tab;
use crate::pages::admin::edition::content::{Conflict, Content, page};
use crate::pages::admin::notice::Notice;
use crate::pages::admin::paths;
use crate::store::editions::EditionRow;
use crate::web::Web;
use crate::web::body::{Fields, LongFields};
use crate::web::problem::Problem;

desk! {
    "/admin/editions/{id}/content": get Viewer show, post Editor press;
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Place {
    /// The button that led here: `up-12`.
    pressed: Option<String>,
}

async fn show(web: Data<Web>, mut visit: Visit, id: Path<i64>, place: Query<Place>) -> Result<HttpResponse, Problem> {
    let row = open(&web, &mut visit, *id).await?;
    let sheet = Sheet::stored(&web.house, visit.newsletter()?, &row).await?;
    let pressed = place.pressed.as_deref().and_then(|word| word.split_once('-'));
    let pressed = pressed.and_then(|(button, id)| Some((button, id.parse().ok()?)));
    rendered(&web, &visit, &row, &sheet, Shown { pressed, ..Shown::default() }).await
}

async fn press(web: Data<Web>, mut visit: Visit, id: Path<i64>, form: LongFields) -> Result<HttpResponse, Problem> {
    let row = open(&web, &mut visit, *id).await?;
    let newsletter = visit.newsletter()?;
    let stored = Sheet::stored(&web.house, newsletter, &row).await?;
    let form = form.0;
    let version = form.get("version").and_then(|version| version.parse::<i64>().ok());
    let mut sheet = Sheet::typed(&web.house, newsletter, &row, &form).await?;
    let pressed = sheet.press(&form);
    if !is_open(&row) {
        return Ok(visit.on_to(paths::tab(row.id, Tab::Content), Some(Notice::OutOfDate)));
    }
    // Words that are in already need not be saved again, and withdraw no approval.
    if !sheet.says_the_same(&stored) {
        let faults = sheet.faults(visit.language);
        if !faults.is_empty() {
            return rendered(&web, &visit, &row, &sheet, Shown { faults: &faults, ..Shown::default() }).await;
        }
        match edit(&web.house, row.id, sheet.change(version), visit.actor()).await {
            Ok(_) => {}
            Err(FlowError::Conflict(_)) => return contested(&web, &mut visit, row.id, &sheet).await,
            Err(FlowError::Invalid(_)) => {
                let faults = [(String::new(), words::fault_items(visit.language))];
                return rendered(&web, &visit, &row, &sheet, Shown { faults: &faults, ..Shown::default() }).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    if let Some(section) = form.get("write") {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("edition", &row.id.to_string()).append_pair("section", section);
        return Ok(see_other(&format!("{}?{}", paths::NEW_ARTICLE, query.finish())));
    }
    Ok(match (form.get("then"), pressed) {
        (Some("check"), _) => visit.on_to(paths::tab(row.id, Tab::Check), Some(Notice::Saved)),
        (Some("preview"), _) => visit.on_to(paths::tab(row.id, Tab::Preview), Some(Notice::Saved)),
        (_, Some((button, article))) => {
            see_other(&format!("{}?pressed={button}-{article}", paths::tab(row.id, Tab::Content)))
        }
        _ => visit.on_to(paths::tab(row.id, Tab::Content), Some(Notice::Saved)),
    })
}

/// What was typed before the session ran out, in its form again and not saved; beside what somebody else has saved since.
///
/// # Errors
/// When there is no such edition, or the database cannot answer.
pub async fn put_back(web: &Web, visit: &mut Visit, id: i64, form: &Fields) -> Result<HttpResponse, Problem> {
    let row = open(web, visit, id).await?;
    if !is_open(&row) {
        return Ok(visit.on_to(paths::tab(row.id, Tab::Content), Some(Notice::OutOfDate)));
    }
    let sheet = Sheet::typed(&web.house, visit.newsletter()?, &row, form).await?;
    let stored = Sheet::stored(&web.house, visit.newsletter()?, &row).await?;
    if form.get("version") != Some(row.version.to_string().as_str()) && !sheet.says_the_same(&stored) {
        return contested(web, visit, row.id, &sheet).await;
    }
    rendered(web, visit, &row, &sheet, Shown { unsaved: true, ..Shown::default() }).await
}

/// Whether its words can still be changed.
fn is_open(row: &EditionRow) -> bool {
    matches!(row.status, EditionStatus::Draft | EditionStatus::Approved | EditionStatus::Scheduled)
}

/// Somebody was quicker: what was typed stays typed, beside what is there now. Saved again, it counts.
async fn contested(web: &Web, visit: &mut Visit, id: i64, typed: &Sheet) -> Result<HttpResponse, Problem> {
    let row = open(web, visit, id).await?;
    let stored = Sheet::stored(&web.house, visit.newsletter()?, &row).await?;
    let fields = typed.difference(&stored, visit.language);
    let fields: Vec<(&str, &str, &str)> =
        fields.iter().map(|(field, theirs, ours)| (field.as_str(), theirs.as_str(), ours.as_str())).collect();
    let system = words::assembled_by_itself(visit.language);
    let approved_last = row.approved_at.is_some() && row.approved_at >= row.edited_at;
    let who = if approved_last { row.approved_by.as_deref() } else { row.edited_by.as_deref() };
    let conflict = Conflict { who: who.unwrap_or(&system), when: visit.moment(row.updated_at), fields: &fields };
    rendered(web, visit, &row, typed, Shown { conflict: Some(conflict), ..Shown::default() }).await
}

/// What a page shows besides the words themselves.
#[derive(Default)]
struct Shown<'a> {
    conflict: Option<Conflict<'a>>,
    faults: &'a [(String, String)],
    pressed: Option<(&'a str, i64)>,
    unsaved: bool,
}

async fn rendered(
    web: &Web,
    visit: &Visit,
    row: &EditionRow,
    sheet: &Sheet,
    shown: Shown<'_>,
) -> Result<HttpResponse, Problem> {
    let looked = findings(web, row, visit.language).await?;
    let unread: Vec<&str> = looked
        .findings
        .iter()
        .filter(|finding| finding.check == "sources")
        .map(|finding| finding.message.as_str())
        .collect();
    let items = sheet.items();
    let available = sheet.available();
    let sections = sheet.sections(&items, &available, visit.newsletter()?.language);
    let faults: Vec<(&str, &str)> =
        shown.faults.iter().map(|(field, message)| (field.as_str(), message.as_str())).collect();
    let status = match (&shown.conflict, faults.is_empty()) {
        (Some(_), _) => StatusCode::CONFLICT,
        (None, false) => StatusCode::BAD_REQUEST,
        (None, true) => StatusCode::OK,
    };
    let content = Content {
        head: head(visit, row, &looked),
        subject: &sheet.subject,
        preheader: &sheet.preheader,
        intro: &sheet.intro,
        unread: &unread,
        sections: &sections,
        promo: Some(sheet.promo()),
        saved: visit.moment(row.edited_at.unwrap_or(row.created_at)),
        conflict: shown.conflict,
        pressed: shown.pressed,
        unsaved: shown.unsaved,
        faults: FormFaults(&faults),
    };
    Ok(visit.page(status, |desk| page(desk, &content)))
}
