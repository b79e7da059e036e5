//! A list from elsewhere at the desk: looked at first, then taken over; the report, and the way back.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::desk;
use super::subscribers::attachment;
use super::visit::{Visit, see_other};
use crate::answers::csv_of;
use crate::domain::import::Tally;
use crate::domain::plain_text::clean_line;
use crate::domain::texts::people as words;
use crate::flows::import::unpack::{self, Wrapping};
use crate::flows::import::{self, ImportError, Order, Rejected, TableError};
use crate::pages::admin::import::{Earlier, Outcome, done, dry_run, form, undone};
use crate::pages::admin::{FormFaults, paths};
use crate::store::imports;
use crate::web::Web;
use crate::web::body::{UPLOAD_BYTES, Upload};
use crate::web::problem::Problem;

desk! {
    "/admin/import": get Admin show, post Admin press;
    "/admin/import/{batch}/report": get Admin report;
}

/// Rows that are not possible, shown on the page; the rest is in the report.
const SHOWN: usize = 10;
/// Imports of before that are listed.
const EARLIER: i64 = 10;
const MEGABYTE: usize = 1024 * 1024;

async fn show(web: Data<Web>, visit: Visit) -> Result<HttpResponse, Problem> {
    visit.newsletter()?;
    asked(&web, &visit, "", &[]).await
}

/// A file to look at, or a button of the page that followed.
async fn press(
    web: Data<Web>,
    request: HttpRequest,
    mut visit: Visit,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let upload = match Upload::read(&request, &mut payload.into_inner()).await {
        Err(Problem::TooLarge { .. }) => {
            let fault = words::import_too_large(visit.language, UPLOAD_BYTES / MEGABYTE);
            return asked(&web, &visit, "", &[("file", fault)]).await;
        }
        other => other?,
    };
    if let Some(slug) = upload.get("newsletter").filter(|slug| !slug.is_empty()) {
        visit.take_in_hand(slug)?;
    }
    if let Some(batch) = upload.get("undo") {
        let Ok(batch) = batch.parse() else { return Ok(see_other(paths::IMPORT)) };
        let undone_now = import::undo(&web.house, batch, visit.actor()).await?;
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let (people, blocks) = (count(undone_now.subscriptions), count(undone_now.suppressions));
        return Ok(visit.show(|desk| undone(desk, people, blocks)));
    }
    if let Some(batch) = upload.get("batch") {
        let Ok(batch) = batch.parse() else { return Ok(see_other(paths::IMPORT)) };
        return take_over(&web, &visit, batch).await;
    }
    look(&web, &visit, &upload).await
}

/// Shows what would happen, and keeps the file for the press that does it.
async fn look(web: &Web, visit: &Visit, upload: &Upload) -> Result<HttpResponse, Problem> {
    let language = visit.language;
    let consent = upload.get("consent").unwrap_or_default();
    let mut faults = Vec::new();
    if upload.file.is_none() {
        faults.push(("file", words::import_no_file(language)));
    }
    if clean_line(consent).is_empty() {
        faults.push(("consent", words::import_no_consent(language)));
    }
    let Some((name, bytes)) = upload.file.as_ref().filter(|_| faults.is_empty()) else {
        return asked(web, visit, consent, &faults).await;
    };
    // Excel's “Unicode text”, too; a ZIP file is refused with what to do about it.
    let mut plain = Vec::new();
    let mut raw = &bytes[..];
    let bytes = match unpack::wrapping(&mut std::io::Cursor::new(raw)) {
        Ok(Wrapping::Utf16(encoding)) => {
            unpack::as_utf8(&mut raw, encoding, &mut plain).map_err(|_| Problem::Internal)?;
            &plain[..]
        }
        _ => raw,
    };
    let list = upload.get("list").map(str::trim).filter(|list| !list.is_empty());
    let name: String = clean_line(name).chars().take(200).collect();
    let statement = clean_line(consent);
    let order = Order {
        newsletter: &visit.newsletter()?.slug,
        statement: &statement,
        origin: &name,
        actor: visit.actor(),
        list,
    };
    let mut first = Vec::new();
    let mut file = std::io::Cursor::new(bytes);
    let tried = import::try_out(&web.house, order, &mut file, |row| {
        if first.len() < SHOWN {
            first.push(row);
        }
        Ok(())
    });
    match tried.await {
        Ok((tally, tool)) => {
            let batch = import::keep(&web.house, order, bytes).await.map_err(problem)?.to_string();
            shown(visit, tally, &first, tool, |desk, outcome| dry_run(desk, &batch, outcome))
        }
        Err(ImportError::Table(fault @ (TableError::SeveralLists(_) | TableError::NoSuchList(..)))) => {
            let fault = words::import_broken(language, fault);
            asked(web, visit, consent, &[("list", fault)]).await
        }
        Err(ImportError::Table(fault)) => {
            let fault = words::import_broken(language, fault);
            asked(web, visit, consent, &[("file", fault)]).await
        }
        Err(other) => Err(problem(other)),
    }
}

/// Does it. Not given up when the browser hangs up: a list is not left half taken over for that.
async fn take_over(web: &Web, visit: &Visit, batch: i64) -> Result<HttpResponse, Problem> {
    let house = web.house.clone();
    let work = actix_web::rt::spawn(async move {
        let mut first = Vec::new();
        let outcome = import::import_kept(&house, batch, |row| {
            if first.len() < SHOWN {
                first.push(row);
            }
            Ok(())
        });
        outcome.await.map(|outcome| (outcome, first))
    });
    let (outcome, first) = work.await.map_err(|_| Problem::Internal)?.map_err(problem)?;
    let (number, report) = (batch.to_string(), paths::import_report(batch));
    shown(visit, outcome.tally, &first, outcome.tool, |desk, outcome| done(desk, &number, &report, outcome))
}

fn shown(
    visit: &Visit,
    tally: Tally,
    first: &[Rejected],
    tool: Option<&str>,
    view: impl FnOnce(&crate::pages::admin::Desk<'_>, &Outcome<'_>) -> maud::Markup,
) -> Result<HttpResponse, Problem> {
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let reasons: Vec<String> = first.iter().map(|row| words::refusal(visit.language, &row.reason)).collect();
    let faults: Vec<(u64, &str)> =
        first.iter().zip(&reasons).map(|(row, reason)| (row.line, reason.as_str())).collect();
    let warning = (tool == Some("listmonk")).then(|| words::import_listmonk(visit.language));
    let outcome = Outcome {
        rows: count(tally.rows),
        imported: count(tally.imported),
        unchanged: count(tally.unchanged),
        suppressed: count(tally.suppressed),
        rejected: count(tally.rejected),
        first_faults: &faults,
        warning: warning.as_deref(),
    };
    Ok(visit.show(|desk| view(desk, &outcome)))
}

/// Every row that was not taken, as a file.
async fn report(web: Data<Web>, visit: Visit, batch: Path<i64>) -> Result<HttpResponse, Problem> {
    let rows = import::refused_rows(&web.house, *batch).await.map_err(problem)?;
    let head = ["line", "email", "reason"].map(str::to_owned);
    let rows = rows.into_iter().map(|row| {
        let reason = words::refusal(visit.language, &row.reason);
        [row.line.to_string(), row.email, reason]
    });
    let bytes = csv_of(std::iter::once(head).chain(rows)).map_err(|_| Problem::Internal)?;
    Ok(attachment("text/csv; charset=utf-8", &format!("import-{batch}-rejected.csv")).body(bytes))
}

async fn asked(web: &Web, visit: &Visit, consent: &str, faults: &[(&str, String)]) -> Result<HttpResponse, Problem> {
    let before = imports::newest(&mut web.house.db.read().await?, EARLIER).await?;
    let numbers: Vec<String> = before.iter().map(|one| one.id.to_string()).collect();
    let earlier: Vec<Earlier<'_>> = before
        .iter()
        .zip(&numbers)
        .map(|(one, batch)| Earlier {
            batch,
            at: visit.moment(one.created_at),
            origin: &one.origin,
            imported: one.imported,
            state: one.state,
        })
        .collect();
    let told: Vec<(&str, &str)> = faults.iter().map(|(field, message)| (*field, message.as_str())).collect();
    let view = |desk: &crate::pages::admin::Desk<'_>| form(desk, consent, FormFaults(&told), &earlier);
    Ok(if told.is_empty() { visit.show(view) } else { visit.again(view) })
}

fn problem(error: ImportError) -> Problem {
    match error {
        ImportError::Flow(error) => error.into(),
        ImportError::Table(error) => Problem::bad(error.to_string()),
        other => {
            tracing::error!(error = %other, "an import broke off");
            Problem::Unavailable
        }
    }
}
