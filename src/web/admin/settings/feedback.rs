//! Mail that came back and that no rule could read, for a person to read.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use serde::Deserialize;

use crate::flows::{FlowError, feedback};
use crate::pages::admin::notice::Notice;
use crate::pages::admin::paths;
use crate::pages::admin::settings::SettingsTab;
use crate::pages::admin::settings::feedback::{Unread, tab};
use crate::store::{editions, unclassified};
use crate::web::Web;
use crate::web::admin::desk;
use crate::web::admin::visit::Visit;
use crate::web::body::Fields;
use crate::web::problem::Problem;

desk! {
    "/admin/settings/feedback": get Editor show, post Editor seen;
}

/// Mails on one page.
const PAGE: i64 = 20;

#[derive(Deserialize)]
struct Place {
    cursor: Option<i64>,
}

async fn show(web: Data<Web>, visit: Visit, place: Query<Place>) -> Result<HttpResponse, Problem> {
    let mut reader = web.house.db.read().await?;
    let rows = unclassified::newest(&mut reader, place.cursor.unwrap_or(i64::MAX), PAGE).await?;
    let total = unclassified::count(&mut reader).await?;
    let mut numbers = HashMap::new();
    for row in &rows {
        if let Entry::Vacant(unknown) = numbers.entry(row.edition_id) {
            let edition = editions::by_id(&mut reader, row.edition_id).await?;
            unknown.insert(edition.map_or(0, |edition| edition.number));
        }
    }
    drop(reader);
    let more = rows.last().filter(|_| rows.len() as i64 == PAGE).map(|row| row.id.to_string());
    let mails: Vec<Unread<'_>> = rows
        .iter()
        .map(|row| Unread {
            id: row.id,
            at: visit.moment(row.at),
            edition: row.edition_id,
            number: numbers.get(&row.edition_id).copied().unwrap_or_default(),
            email: row.email.as_deref(),
            channel: row.channel,
            subject: &row.subject,
            words: &row.words,
        })
        .collect();
    Ok(visit.show(|desk| tab(desk, total, &mails, more.as_deref())))
}

async fn seen(web: Data<Web>, visit: Visit, form: Fields) -> Result<HttpResponse, Problem> {
    let id = form.get("mail").and_then(|id| id.parse().ok()).unwrap_or_default();
    let notice = match feedback::dismiss(&web.house, id, visit.actor()).await {
        Ok(()) => Notice::Seen,
        // Somebody else has dealt with it.
        Err(FlowError::NotFound(_)) => Notice::OutOfDate,
        Err(error) => return Err(error.into()),
    };
    Ok(visit.done(paths::settings(SettingsTab::Feedback.segment()), notice))
}
