//! What the API can do: as OpenAPI for programs, as a page for people.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL};
use utoipa::OpenApi;

use super::Description;
use crate::pages::api_docs::{self, Call};

/// Made once: it is the same for everybody.
static DESCRIPTION: LazyLock<serde_json::Value> =
    LazyLock::new(|| serde_json::to_value(Description::openapi()).expect("a description always becomes JSON"));

/// What the API can do, for the reference.
pub fn description() -> &'static serde_json::Value {
    &DESCRIPTION
}

/// This description
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "description", security(()),
    responses((status = 200, content_type = "application/json")))]
pub async fn openapi() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .json(&*DESCRIPTION)
}

/// The same for people, made of the same description.
pub async fn page() -> HttpResponse {
    let mut calls = Vec::new();
    let paths = DESCRIPTION["paths"].as_object().into_iter().flatten();
    for (path, methods) in paths {
        for (method, about) in methods.as_object().into_iter().flatten() {
            calls.push(Call {
                method,
                path,
                summary: about["summary"].as_str().unwrap_or_default(),
                description: about["description"].as_str().unwrap_or_default(),
                scope: about["security"][0]["token"][0].as_str().unwrap_or_default(),
                // An empty requirement beside the general one.
                public: about["security"]
                    .as_array()
                    .is_some_and(|all| all.iter().any(|one| *one == serde_json::json!({}))),
            });
        }
    }
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body(api_docs::page(&calls, super::super::problem::CATALOGUE).into_string())
}
