//! Editions, from assembled to sent.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::{Editor, Viewer};
use super::idempotency::IdempotencyKey;
use super::input::{Json, Page, Query};
use super::{Answered, Listed, created, ok};
use crate::answers::{DeliveryAnswer, EditionAnswer, EditionReport, TestAnswer};
use crate::domain::address::EmailAddress;
use crate::domain::delivery::DeliveryState;
use crate::domain::fault::Faults;
use crate::domain::language::Language;
use crate::domain::time::Timestamp;
use crate::flows::approve::{self, ApprovalError, Approver};
use crate::flows::assemble::{Assembled, assemble as assemble_edition};
use crate::flows::edit_edition::{self, EditionChange};
use crate::flows::preflight::preflight as look_over;
use crate::flows::publish::{self, Deed};
use crate::flows::try_out::{self, Preview};
use crate::flows::{FlowError, newsletters, withdraw};
use crate::store::Access;
use crate::store::editions::{self, EditionRow};
use crate::store::newsletters::NewsletterRow;
use crate::web::Web;
use crate::web::envelope::MAIL_POLICY;
use crate::web::problem::{Problem, ProblemBody};

/// Addresses of one test.
const MOST_TESTS: usize = 10;

/// Which editions.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EditionQuery {
    /// Of this newsletter alone.
    newsletter: Option<String>,
    /// At most so many items, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// In which language.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LanguageQuery {
    language: Option<Language>,
}

/// Which deliveries.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// In this state alone.
    status: Option<DeliveryState>,
    /// At most so many items, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// What an editor says with an approval.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ApproveInput {
    /// The warnings have been seen.
    accept_warnings: bool,
    /// Why it may go in spite of errors; recorded.
    #[serde(rename = "override")]
    reason: Option<String>,
}

/// Who gets a test.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestInput {
    /// One to ten addresses.
    #[schema(value_type = Vec<String>)]
    to: Vec<EmailAddress>,
}

/// When.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SendInput {
    /// A moment to come (RFC 3339); left out, it goes now.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

/// Why.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PauseInput {
    reason: Option<String>,
}

/// What an edition needs before it may leave.
#[derive(Serialize, ToSchema)]
pub struct PreflightAnswer {
    /// Nothing keeps it from being approved.
    ok: bool,
    findings: Vec<FindingAnswer>,
    /// What is worth telling and asks nothing, above all what was not checked.
    notes: Vec<NoteAnswer>,
}

/// One note.
#[derive(Serialize, ToSchema)]
pub struct NoteAnswer {
    check: &'static str,
    message: String,
}

/// One finding.
#[derive(Serialize, ToSchema)]
pub struct FindingAnswer {
    check: &'static str,
    /// `error` or `warning`.
    severity: &'static str,
    message: String,
}

/// Assemble the next edition
///
/// From what is new since the last one. While there is an open one, that is the answer (200) and nothing changes.
#[utoipa::path(post, path = "/api/v1/newsletters/{slug}/editions", tag = "editions", params(("slug" = String, Path)),
    responses((status = 201, body = EditionAnswer), (status = 200, body = EditionAnswer), (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody, description = "Too few new articles")))]
pub async fn assemble(web: Data<Web>, editor: Editor, slug: Path<String>) -> Answered {
    match assemble_edition(&web.house.by(&editor.actor), &slug, None).await? {
        Assembled::Draft(row) => created(&answer(&web, *row).await?),
        Assembled::Open(row) => ok(&answer(&web, *row).await?),
        Assembled::TooFew { found, needed, .. } => Err(Problem::Conflict(format!(
            "{found} new articles since the last edition, {needed} are needed; nothing was made"
        ))),
    }
}

/// Editions, newest first
#[utoipa::path(get, path = "/api/v1/editions", tag = "editions", params(EditionQuery),
    responses((status = 200, body = Listed<EditionAnswer>), (status = 404, body = ProblemBody)))]
pub async fn list(web: Data<Web>, _: Viewer, query: Query<EditionQuery>) -> Answered {
    let (query, page) = query.with(|asked| Page::new(asked.limit, asked.cursor.as_deref()))?;
    let mut reader = web.house.db.read().await?;
    let of = match &query.newsletter {
        Some(slug) => Some(newsletters::find(&mut reader, slug).await?.id),
        None => None,
    };
    let rows = editions::page(&mut reader, of, page.after, page.limit).await?;
    let next = page.next(&rows, |row| row.id);
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(told(&mut reader, row).await?);
    }
    ok(&Listed { items, next })
}

/// One edition
#[utoipa::path(get, path = "/api/v1/editions/{id}", tag = "editions", params(("id" = i64, Path)),
    responses((status = 200, body = EditionAnswer), (status = 404, body = ProblemBody)))]
pub async fn show(web: Data<Web>, _: Viewer, id: Path<i64>) -> Answered {
    let mut reader = web.house.db.read().await?;
    let row = editions::by_id(&mut reader, *id).await?.ok_or_else(|| FlowError::no_edition(*id))?;
    ok(&told(&mut reader, row).await?)
}

/// How it went
///
/// Everybody in exactly one state, the same per mail domain, and what came back.
#[utoipa::path(get, path = "/api/v1/editions/{id}/report", tag = "editions", params(("id" = i64, Path)),
    responses((status = 200, body = EditionReport), (status = 404, body = ProblemBody)))]
pub async fn report(web: Data<Web>, _: Viewer, id: Path<i64>) -> Answered {
    let mut reader = web.house.db.read().await?;
    let row = editions::by_id(&mut reader, *id).await?.ok_or_else(|| FlowError::no_edition(*id))?;
    ok(&EditionReport::of(&mut reader, row).await?)
}

/// Change an edition
///
/// Its words, and with `sections` all that stands in it, in order. An approval falls away with any change.
#[utoipa::path(patch, path = "/api/v1/editions/{id}", tag = "editions", params(("id" = i64, Path)), request_body = EditionChange,
    responses((status = 200, body = EditionAnswer), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody)))]
pub async fn change(web: Data<Web>, editor: Editor, id: Path<i64>, body: Json<EditionChange>) -> Answered {
    let change = body.or_every_fault(async |rest| edit_edition::look(&web.house, *id, rest).await).await?;
    ok(&answer(&web, edit_edition::edit(&web.house, *id, change, &editor.actor).await?).await?)
}

/// As a page
#[utoipa::path(get, path = "/api/v1/editions/{id}/preview.html", tag = "editions", params(("id" = i64, Path), LanguageQuery),
    responses((status = 200, body = String, content_type = "text/html"), (status = 404, body = ProblemBody)))]
pub async fn preview_html(web: Data<Web>, _: Viewer, id: Path<i64>, query: Query<LanguageQuery>) -> Answered {
    let Preview { html, .. } = try_out::preview(&web.house, *id, query.0?.language).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, MAIL_POLICY))
        .body(html))
}

/// As plain text
#[utoipa::path(get, path = "/api/v1/editions/{id}/preview.txt", tag = "editions", params(("id" = i64, Path), LanguageQuery),
    responses((status = 200, body = String, content_type = "text/plain"), (status = 404, body = ProblemBody)))]
pub async fn preview_text(web: Data<Web>, _: Viewer, id: Path<i64>, query: Query<LanguageQuery>) -> Answered {
    let Preview { text, .. } = try_out::preview(&web.house, *id, query.0?.language).await?;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text))
}

/// As a message, as it goes to the wire
#[utoipa::path(get, path = "/api/v1/editions/{id}/preview.eml", tag = "editions", params(("id" = i64, Path), LanguageQuery),
    responses((status = 200, body = String, content_type = "message/rfc822"), (status = 404, body = ProblemBody)))]
pub async fn preview_message(web: Data<Web>, _: Viewer, id: Path<i64>, query: Query<LanguageQuery>) -> Answered {
    let Preview { message, .. } = try_out::preview(&web.house, *id, query.0?.language).await?;
    Ok(HttpResponse::Ok().content_type("message/rfc822").body(message))
}

/// What it needs before it may leave
#[utoipa::path(get, path = "/api/v1/editions/{id}/preflight", tag = "editions", params(("id" = i64, Path)),
    responses((status = 200, body = PreflightAnswer), (status = 404, body = ProblemBody)))]
pub async fn preflight(web: Data<Web>, _: Viewer, id: Path<i64>) -> Answered {
    let looked = look_over(&web.house, *id).await?;
    let finding = |finding: crate::domain::preflight::Finding| FindingAnswer {
        check: finding.check,
        severity: finding.severity.as_str(),
        message: finding.message,
    };
    let note = |note: crate::domain::preflight::Note| NoteAnswer { check: note.check, message: note.message };
    ok(&PreflightAnswer {
        ok: looked.ok,
        findings: looked.findings.into_iter().map(finding).collect(),
        notes: looked.notes.into_iter().map(note).collect(),
    })
}

/// Approve it
///
/// What was approved is what is sent. Findings of the preflight are a 409 that names them.
#[utoipa::path(post, path = "/api/v1/editions/{id}/approve", tag = "editions", params(("id" = i64, Path)),
    request_body = ApproveInput, responses((status = 200, body = EditionAnswer), (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody)))]
pub async fn approve(web: Data<Web>, editor: Editor, id: Path<i64>, body: Json<ApproveInput>) -> Answered {
    let ApproveInput { accept_warnings, reason } = body.value?;
    let approver = Approver { by: &editor.actor, accept_warnings, override_reason: reason.as_deref() };
    let row = approve::approve(&web.house, *id, &approver).await.map_err(|error| match error {
        ApprovalError::Findings(_) => Problem::Conflict(error.to_string()),
        ApprovalError::Flow(error) => error.into(),
    })?;
    ok(&answer(&web, row).await?)
}

/// Send a test
///
/// To at most ten addresses; its links do nothing. Honours `Idempotency-Key`.
#[utoipa::path(post, path = "/api/v1/editions/{id}/test", tag = "editions", params(("id" = i64, Path)), request_body = TestInput,
    responses((status = 202, body = TestAnswer), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub async fn test(
    web: Data<Web>,
    editor: Editor,
    id: Path<i64>,
    key: IdempotencyKey,
    body: Json<TestInput>,
) -> Answered {
    let to = body.value?.to;
    key.once(&web, &body.digest, async {
        if to.is_empty() || to.len() > MOST_TESTS {
            return Err(Faults::one("to", format!("must be 1 to {MOST_TESTS} addresses")).into());
        }
        try_out::test(&web.house, *id, &to, &editor.actor).await?;
        Ok((StatusCode::ACCEPTED, TestAnswer { queued: to.len() }))
    })
    .await
}

/// Let it go out
///
/// Now, or at a moment to come. Honours `Idempotency-Key`.
#[utoipa::path(post, path = "/api/v1/editions/{id}/send", tag = "editions", params(("id" = i64, Path)), request_body = SendInput,
    responses((status = 200, body = EditionAnswer), (status = 400, body = ProblemBody), (status = 404, body = ProblemBody),
    (status = 409, body = ProblemBody)))]
pub async fn send(
    web: Data<Web>,
    editor: Editor,
    id: Path<i64>,
    key: IdempotencyKey,
    body: Json<SendInput>,
) -> Answered {
    let at = body.value?.at;
    key.once(&web, &body.digest, async {
        let row = publish::send_by(&web.house, *id, at, &editor.actor).await?;
        Ok((StatusCode::OK, answer(&web, row).await?))
    })
    .await
}

/// Stop it while it goes out
///
/// What is in hand is finished, nothing else leaves.
#[utoipa::path(post, path = "/api/v1/editions/{id}/pause", tag = "editions", params(("id" = i64, Path)), request_body = PauseInput,
    responses((status = 200, body = EditionAnswer), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn pause(web: Data<Web>, editor: Editor, id: Path<i64>, body: Json<PauseInput>) -> Answered {
    let reason = body.value?.reason.unwrap_or_else(|| format!("paused by {}", editor.actor));
    ok(&answer(&web, publish::by_hand(&web.house, *id, Deed::Pause(&reason), &editor.actor).await?).await?)
}

/// Let it go on where it stopped
///
/// Nobody gets it twice. Honours `Idempotency-Key`.
#[utoipa::path(post, path = "/api/v1/editions/{id}/resume", tag = "editions", params(("id" = i64, Path)),
    responses((status = 200, body = EditionAnswer), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn resume(web: Data<Web>, editor: Editor, id: Path<i64>, key: IdempotencyKey) -> Answered {
    key.once(&web, b"", async {
        Ok((StatusCode::OK, answer(&web, publish::by_hand(&web.house, *id, Deed::Resume, &editor.actor).await?).await?))
    })
    .await
}

/// Make it a draft again
///
/// Takes the approval back; also of an edition that is paused, as long as it went to nobody.
#[utoipa::path(post, path = "/api/v1/editions/{id}/reopen", tag = "editions", params(("id" = i64, Path)),
    responses((status = 200, body = EditionAnswer), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn reopen(web: Data<Web>, editor: Editor, id: Path<i64>) -> Answered {
    ok(&answer(&web, publish::by_hand(&web.house, *id, Deed::Reopen, &editor.actor).await?).await?)
}

/// End it for good
///
/// A draft is thrown away; what has not left stays here.
#[utoipa::path(post, path = "/api/v1/editions/{id}/cancel", tag = "editions", params(("id" = i64, Path)),
    responses((status = 200, body = EditionAnswer), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn cancel(web: Data<Web>, editor: Editor, id: Path<i64>) -> Answered {
    ok(&answer(&web, publish::by_hand(&web.house, *id, Deed::Cancel, &editor.actor).await?).await?)
}

/// Take it out of the archive
///
/// Its page answers 410 and the feed leaves it out; mails that are out stay out. Asked for again, nothing happens.
#[utoipa::path(post, path = "/api/v1/editions/{id}/withdraw", tag = "editions", params(("id" = i64, Path)),
    responses((status = 200, body = EditionAnswer), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn withdraw(web: Data<Web>, editor: Editor, id: Path<i64>) -> Answered {
    ok(&answer(&web, withdraw::withdraw(&web.house, *id, true, &editor.actor).await?).await?)
}

/// Put it back into the archive
///
/// Asked for again, nothing happens.
#[utoipa::path(post, path = "/api/v1/editions/{id}/put-back", tag = "editions", params(("id" = i64, Path)),
    responses((status = 200, body = EditionAnswer), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub async fn put_back(web: Data<Web>, editor: Editor, id: Path<i64>) -> Answered {
    ok(&answer(&web, withdraw::withdraw(&web.house, *id, false, &editor.actor).await?).await?)
}

/// How each recipient fared
#[utoipa::path(get, path = "/api/v1/editions/{id}/deliveries", tag = "editions", params(("id" = i64, Path), DeliveryQuery),
    responses((status = 200, body = Listed<DeliveryAnswer>), (status = 404, body = ProblemBody)))]
pub async fn deliveries(web: Data<Web>, _: Editor, id: Path<i64>, query: Query<DeliveryQuery>) -> Answered {
    let (query, page) = query.with(|asked| Page::new(asked.limit, asked.cursor.as_deref()))?;
    let mut reader = web.house.db.read().await?;
    let edition = editions::by_id(&mut reader, *id).await?.ok_or_else(|| FlowError::no_edition(*id))?;
    let newsletter = newsletter_of(&mut reader, &edition).await?;
    let place = (page.after.unwrap_or(0), page.limit);
    let (of, keys) = ((&newsletter, &edition), &web.house.keys);
    let items = DeliveryAnswer::page(&mut reader, keys, of, query.status, place).await?;
    let next = page.next(&items, |one| one.seq);
    ok(&Listed { items, next })
}

async fn answer(web: &Web, row: EditionRow) -> Result<EditionAnswer, Problem> {
    told(&mut web.house.db.read().await?, row).await
}

async fn told(on: &mut impl Access, row: EditionRow) -> Result<EditionAnswer, Problem> {
    let newsletter = newsletter_of(on, &row).await?;
    Ok(EditionAnswer::of(on, &newsletter, row).await?)
}

async fn newsletter_of(on: &mut impl Access, edition: &EditionRow) -> Result<NewsletterRow, Problem> {
    let newsletter = crate::store::newsletters::by_id(on, edition.newsletter_id).await?;
    Ok(newsletter.ok_or_else(|| FlowError::NotFound("newsletter of this edition".to_owned()))?)
}
