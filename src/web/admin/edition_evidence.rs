//! The evidence of an edition, as a page and as JSON.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{Data, Path};

use super::desk;
use super::editions::{head, open};
use super::visit::Visit;
use crate::answers::EvidenceAnswer;
use crate::domain::preflight::Preflight;
use crate::pages::admin::edition::evidence::{Deed, Evidence, page};
use crate::web::Web;
use crate::web::problem::Problem;

desk! {
    "/admin/editions/{id}/evidence": get Viewer show;
    "/admin/editions/{id}/evidence.json": get Viewer json;
}

async fn show(web: Data<Web>, mut visit: Visit, id: Path<i64>) -> Result<HttpResponse, Problem> {
    let row = open(&web, &mut visit, *id).await?;
    let told = EvidenceAnswer::of(&mut web.house.db.read().await?, visit.newsletter()?, row.clone()).await?;
    let moment = |at| visit.moment(at);
    let tests: Vec<_> = told.tests.iter().map(|test| (moment(test.at), test.by.as_str(), test.to.as_str())).collect();
    let deeds: Vec<Deed<'_>> = told
        .deeds
        .iter()
        .map(|deed| Deed { at: moment(deed.at), who: &deed.by, action: &deed.action, detail: &deed.detail })
        .collect();
    let evidence = Evidence {
        head: head(&visit, &row, &Preflight::of(vec![])),
        content_hash: told.content_hash.as_deref(),
        approved: told.approved_by.as_deref().zip(told.approved_at.map(moment)),
        override_reason: told.override_reason.as_deref(),
        edited: told.edited_by.as_deref().zip(told.edited_at.map(moment)),
        ordered_by: told.ordered_by.as_deref(),
        started: told.started_at.map(moment),
        finished: told.finished_at.map(moment),
        counts: told.counts,
        audience: told.audience,
        version: told.version,
        tests: &tests,
        deeds: &deeds,
    };
    Ok(visit.show(|desk| page(desk, &evidence)))
}

async fn json(web: Data<Web>, mut visit: Visit, id: Path<i64>) -> Result<HttpResponse, Problem> {
    let row = open(&web, &mut visit, *id).await?;
    let name = format!("attachment; filename=\"edition-{}-evidence.json\"", row.number);
    let told = EvidenceAnswer::of(&mut web.house.db.read().await?, visit.newsletter()?, row).await?;
    let text = serde_json::to_string_pretty(&told).map_err(|_| Problem::Internal)?;
    Ok(HttpResponse::Ok().content_type("application/json").insert_header((CONTENT_DISPOSITION, name)).body(text))
}
