//! A list from elsewhere at the desk, or several in a ZIP file: looked at first, then taken over; the report, and the way
//! back.

use std::borrow::Cow;
use std::io::Cursor;

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::desk;
use super::subscribers::attachment;
use super::visit::{Visit, see_other};
use crate::answers::csv_of;
use crate::domain::import::Tally;
use crate::domain::language::Language;
use crate::domain::plain_text::clean_line;
use crate::domain::texts::{desk_people as people, desk_sure as asked_first, numbers, people as words};
use crate::flows::import::unpack::{self, Wrapping};
use crate::flows::import::{self, ImportError, Order, Rejected, TableError};
use crate::pages::admin::import::{Earlier, List, Outcome, done, dry_run, form, undone};
use crate::pages::admin::sure::Question;
use crate::pages::admin::{FormFaults, Place, paths};
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
/// Most that the lists in a ZIP file may be, unpacked and together, in bytes: they lie in memory. The command takes more.
const MOST_UNPACKED: usize = 4 * UPLOAD_BYTES;

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
        if upload.get("sure").is_none() {
            return sure(&web, &visit, batch).await;
        }
        let undone_now = import::undo(&web.house, batch, visit.actor()).await?;
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let (people, blocks) = (count(undone_now.subscriptions), count(undone_now.suppressions));
        return Ok(visit.show(|desk| undone(desk, people, blocks)));
    }
    if let Some(batch) = upload.get("batch") {
        // A ZIP file with several lists has a number for each.
        let batches: Result<Vec<i64>, _> = batch.split(',').map(str::parse).collect();
        let Ok(batches) = batches else { return Ok(see_other(paths::IMPORT)) };
        return take_over(&web, &visit, batches).await;
    }
    look(&web, &visit, &upload).await
}

/// Asks before an import is taken back.
async fn sure(web: &Web, visit: &Visit, batch: i64) -> Result<HttpResponse, Problem> {
    let language = visit.language;
    let row = imports::by_id(&mut web.house.db.read().await?, batch).await?;
    let row = row.ok_or_else(|| Problem::NotFound(format!("import {batch}")))?;
    let count = numbers::count(language, row.imported);
    Ok(visit.asks(&Question {
        place: Place::Subscribers,
        title: &asked_first::import(language, &row.origin),
        what: &[
            asked_first::import_people(language, count),
            asked_first::import_own(language),
            asked_first::for_good(language),
        ],
        action: paths::IMPORT,
        fields: &[("undo", &batch.to_string())],
        button: &people::import_undo(language),
        back: &visit.here(paths::IMPORT),
    }))
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
    let lists = match unwrapped(clean_line(name).chars().take(200).collect(), bytes, language) {
        Ok(lists) => lists,
        Err(fault) => return asked(web, visit, consent, &[("file", fault)]).await,
    };
    let list = upload.get("list").map(str::trim).filter(|list| !list.is_empty());
    let statement = clean_line(consent);
    let (newsletter, actor) = (visit.newsletter()?.slug.as_str(), visit.actor());
    let order = |origin| Order { newsletter, statement: &statement, origin, actor, list };
    let mut found = Found::default();
    for (name, bytes) in &lists {
        let first = &mut found.first;
        let mut file = Cursor::new(&bytes[..]);
        let tried = import::try_out(&web.house, order(name), &mut file, |row| {
            if first.len() < SHOWN {
                first.push((name.clone(), row));
            }
            Ok(())
        });
        match tried.await {
            Ok((tally, tool)) => {
                found.tally.add(tally);
                found.tool = found.tool.or(tool);
            }
            Err(ImportError::Table(fault)) => {
                let chooses = matches!(fault, TableError::SeveralLists(_) | TableError::NoSuchList(..));
                let fault = if lists.len() > 1 { format!("{name}: {fault}") } else { fault.to_string() };
                let fault = words::import_broken(language, fault);
                return asked(web, visit, consent, &[(if chooses { "list" } else { "file" }, fault)]).await;
            }
            Err(other) => return Err(problem(other)),
        }
    }
    let mut batches = Vec::new();
    for (name, bytes) in &lists {
        batches.push(import::keep(&web.house, order(name), bytes).await.map_err(problem)?.to_string());
    }
    let batches = batches.join(",");
    shown(visit, &found, |desk, outcome| dry_run(desk, &batches, outcome))
}

/// What was found in all lists of a file together, or came of them.
#[derive(Default)]
struct Found {
    tally: Tally,
    tool: Option<&'static str>,
    /// The first rows that are not possible, each with the name of its list.
    first: Vec<(String, Rejected)>,
}

/// Lists, each with its name.
type Lists<'a> = Vec<(String, Cow<'a, [u8]>)>;

/// The lists in a file: Excel's “Unicode text” as UTF-8, and all that lie in a ZIP file.
///
/// # Errors
/// A sentence for whoever sent it.
fn unwrapped(name: String, bytes: &[u8], language: Language) -> Result<Lists<'_>, String> {
    let mut file = Cursor::new(bytes);
    let broken = |fault: std::io::Error| words::import_broken(language, fault);
    match unpack::wrapping(&mut file).map_err(|fault| words::import_broken(language, fault))? {
        Wrapping::None => Ok(vec![(name, Cow::Borrowed(bytes))]),
        Wrapping::Utf16(encoding) => {
            let mut plain = Vec::new();
            unpack::as_utf8(&mut file, encoding, &mut plain).map_err(broken)?;
            Ok(vec![(name, Cow::Owned(plain))])
        }
        Wrapping::Zip(lists) => {
            // A few kilobytes of ZIP can claim to be anything.
            let unpacked = lists.iter().fold(0_u64, |sum, list| sum.saturating_add(list.unpacked_bytes()));
            if unpacked > MOST_UNPACKED as u64 {
                return Err(words::import_too_large(language, MOST_UNPACKED / MEGABYTE));
            }
            let mut found = Vec::with_capacity(lists.len());
            for list in lists {
                let mut plain = Vec::new();
                unpack::unpack(&mut file, &list, &mut plain).map_err(broken)?;
                found.push((clean_line(&list.name).chars().take(200).collect(), Cow::Owned(plain)));
            }
            Ok(found)
        }
    }
}

/// Does it. Not given up when the browser hangs up: a list is not left half taken over for that.
async fn take_over(web: &Web, visit: &Visit, batches: Vec<i64>) -> Result<HttpResponse, Problem> {
    let house = web.house.clone();
    let work = actix_web::rt::spawn(async move {
        let (mut found, mut lists) = (Found::default(), Vec::new());
        for batch in batches {
            let row = imports::by_id(&mut house.db.read().await?, batch).await?;
            let name = row.map(|row| row.origin).unwrap_or_default();
            let first = &mut found.first;
            let outcome = import::import_kept(&house, batch, |row| {
                if first.len() < SHOWN {
                    first.push((name.clone(), row));
                }
                Ok(())
            });
            let outcome = outcome.await?;
            found.tally.add(outcome.tally);
            found.tool = found.tool.or(outcome.tool);
            lists.push((batch.to_string(), paths::import_report(batch), name));
        }
        Ok::<_, ImportError>((found, lists))
    });
    let (found, lists) = work.await.map_err(|_| Problem::Internal)?.map_err(problem)?;
    let lists: Vec<List<'_>> = lists.iter().map(|(batch, report, origin)| List { batch, report, origin }).collect();
    shown(visit, &found, |desk, outcome| done(desk, &lists, outcome))
}

fn shown(
    visit: &Visit,
    Found { tally, tool, first }: &Found,
    view: impl FnOnce(&crate::pages::admin::Desk<'_>, &Outcome<'_>) -> maud::Markup,
) -> Result<HttpResponse, Problem> {
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let several = first.iter().any(|(name, _)| first.iter().any(|(other, _)| name != other));
    let reason = |(name, row): &(String, Rejected)| {
        let reason = words::refusal(visit.language, &row.reason);
        if several { format!("{name}: {reason}") } else { reason }
    };
    let reasons: Vec<String> = first.iter().map(reason).collect();
    let faults: Vec<(u64, &str)> =
        first.iter().zip(&reasons).map(|((_, row), reason)| (row.line, reason.as_str())).collect();
    let warning = (*tool == Some("listmonk")).then(|| words::import_listmonk(visit.language));
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
