//! Lists from elsewhere, taken over by programs, and taken back.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Answered;
use super::caller::Admin;
use super::input::Json;
use crate::domain::fault::Faults;
use crate::domain::import::Tally;
use crate::domain::language::Language;
use crate::domain::plain_text::clean_line;
use crate::domain::texts::people as words;
use crate::flows::import::{self, ImportError, Order, Undone};
use crate::web::Web;
use crate::web::problem::{Problem, ProblemBody};

/// Rows that were not taken, told one by one.
const TOLD: usize = 1_000;

/// A list, and how its people asked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportInput {
    /// A CSV with at least a column `email`, as `postduif subscriber import` takes it. What does not fit into one body may be
    /// cut into several, each with the headings.
    csv: String,
    /// How these people asked for the newsletter; recorded with each.
    consent: String,
    /// What the list is called; otherwise `api.csv`.
    #[serde(default)]
    name: Option<String>,
    /// The list that is taken over, of a file that holds several.
    #[serde(default)]
    list: Option<String>,
    /// Only tell what would happen.
    #[serde(default)]
    dry_run: bool,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub struct ImportAnswer {
    #[serde(flatten)]
    tally: Tally,
    /// The first thousand rows that were not taken.
    rejects: Vec<Reject>,
    /// By this number it can be taken back; none where nothing was changed.
    batch: Option<i64>,
}

/// A row that was not taken.
#[derive(Serialize, ToSchema)]
pub struct Reject {
    /// Of the list, from 1.
    line: u64,
    reason: String,
}

/// Take a list over
///
/// Nobody is mailed by it, who left or must not be mailed stays out, and doing it twice changes nothing. A list that is not sound
/// is refused whole.
#[utoipa::path(post, path = "/api/v1/newsletters/{slug}/imports", tag = "subscribers", params(("slug" = String, Path)),
    request_body = ImportInput, responses((status = 201, body = ImportAnswer), (status = 200, body = ImportAnswer,
    description = "A dry run"), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody)))]
pub async fn take(web: Data<Web>, admin: Admin, slug: Path<String>, body: Json<ImportInput>) -> Answered {
    let ImportInput { csv, consent, name, list, dry_run } = body.value?;
    let name: String = clean_line(name.as_deref().unwrap_or("api.csv")).chars().take(200).collect();
    let order =
        Order { newsletter: &slug, statement: &consent, origin: &name, actor: &admin.actor, list: list.as_deref() };
    let (mut file, mut rejects) = (std::io::Cursor::new(csv), Vec::new());
    let note = |row: import::Rejected| {
        if rejects.len() < TOLD {
            rejects.push(Reject { line: row.line, reason: words::refusal(Language::En, &row.reason) });
        }
        Ok(())
    };
    let (tally, batch) = if dry_run {
        let (tally, _) = import::try_out(&web.house, order, &mut file, note).await.map_err(problem)?;
        (tally, None)
    } else {
        let outcome = import::import(&web.house, order, &mut file, note, |_| {}).await.map_err(problem)?;
        (outcome.tally, Some(outcome.batch))
    };
    let status = if dry_run { StatusCode::OK } else { StatusCode::CREATED };
    Ok(HttpResponse::build(status).json(ImportAnswer { tally, rejects, batch }))
}

/// Take an import back
///
/// What it began ends, and whom we knew by it alone is forgotten. What people did themselves since stays.
#[utoipa::path(delete, path = "/api/v1/imports/{id}", tag = "subscribers", params(("id" = i64, Path)),
    responses((status = 200, body = Undone), (status = 404, body = ProblemBody)))]
pub async fn undo(web: Data<Web>, admin: Admin, id: Path<i64>) -> Answered {
    super::ok(&import::undo(&web.house, *id, &admin.actor).await?)
}

fn problem(error: ImportError) -> Problem {
    match error {
        ImportError::Flow(error) => error.into(),
        ImportError::Table(error) => Faults::one("csv", error.to_string()).into(),
        other => {
            tracing::error!(error = %other, "an import broke off");
            Problem::Unavailable
        }
    }
}
