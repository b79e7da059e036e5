//! The API for people: its calls and its problems, on one page that loads nothing from elsewhere.

use maud::{Markup, html};

use super::layout::Page;
use crate::domain::language::Language;

/// One call.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub summary: &'a str,
    pub description: &'a str,
    /// What its token must have been made for.
    pub scope: &'a str,
    /// It needs no token.
    pub public: bool,
}

/// The page. It is for programmers, and in English like the calls themselves.
pub fn page(calls: &[Call<'_>], problems: &[(&str, u16, &str)]) -> Markup {
    Page { language: Language::En, title: "postduif: HTTP API", ..Page::default() }.around(&html! {
        h1 { "HTTP API" }
        p {
            "Every call, with what goes in and comes out, is described in "
            a href="/api/v1/openapi.json" { "openapi.json" } " (OpenAPI 3.1)."
        }
        p {
            "Send a token as " code { "Authorization: Bearer pd_live_…" } "; an administrator makes one with "
            code { "postduif token create NAME --role editor" } ", or one for less than the role may with "
            code { "--scope articles:write,editions:read" } ". Bodies are JSON, times RFC 3339. A list takes "
            code { "limit" } " and " code { "cursor" } " and answers " code { "{\"items\", \"next\"}" } "."
        }
        h2 { "Calls" }
        ul.cards {
            @for call in calls {
                li {
                    h3 { code { (call.method.to_uppercase()) " " (call.path) } }
                    p { (call.summary) @if !call.summary.is_empty() { "." } }
                    @if !call.description.is_empty() { p { (call.description) } }
                    @if call.public { p.hint { "Needs no token." } }
                    @if !call.scope.is_empty() { p.hint { "Needs the scope " code { (call.scope) } "." } }
                }
            }
        }
        h2 { "Problems" }
        p {
            "An error is " code { "application/problem+json" } " (RFC 9457) with " code { "type" } ", "
            code { "title" } ", " code { "status" } ", " code { "detail" } " and " code { "request_id" }
            "; wrong input also has " code { "errors" } ", every fault with its field."
        }
        ul.lines {
            @for (kind, status, title) in problems {
                li id=(kind) { code { (status) } " " code { (kind) } ": " (title) "." }
            }
        }
    })
}
