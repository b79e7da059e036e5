//! Whether we live, and whether we are ready for visitors.

use std::sync::atomic::Ordering;

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, http::header::CACHE_CONTROL};
use serde_json::json;

use super::Web;
use super::public::looking;
use crate::flows::{House, health};

pub fn routes(config: &mut ServiceConfig) {
    config.service(looking("/health/live", live)).service(looking("/health/ready", ready));
}

pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(json!({ "status": "alive" }))
}

async fn ready(web: web::Data<Web>) -> HttpResponse {
    answer(&web.house, web.draining.load(Ordering::Relaxed)).await
}

/// The schema was brought to this version before we began to listen, so a database that answers is ready.
pub(super) async fn answer(house: &House, draining: bool) -> HttpResponse {
    let (mut answer, status) = if draining {
        (HttpResponse::ServiceUnavailable(), "stopping")
    } else {
        match health::check(house).await {
            Ok(()) => (HttpResponse::Ok(), "ready"),
            Err(error) => {
                tracing::warn!(%error, "not ready: the database does not answer");
                (HttpResponse::ServiceUnavailable(), "the database does not answer")
            }
        }
    };
    answer.insert_header((CACHE_CONTROL, "no-store")).json(json!({ "status": status }))
}
