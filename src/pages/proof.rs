//! One person's evidence as a page to print or to hand over: it stands alone and loads nothing.

use maud::{DOCTYPE, Markup, html};

use crate::domain::time::Timestamp;

/// One record, in words.
#[derive(Clone, Debug)]
pub struct Record {
    pub number: i64,
    pub at: Timestamp,
    pub event: &'static str,
    /// What is known about it, as name and words; empty after erasure.
    pub facts: Vec<(&'static str, String)>,
    pub hash: String,
}

/// The page.
pub fn proof(email: &str, records: &[Record], made_at: Timestamp) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Consent records of " (email) }
                style { (STYLE) }
            }
            body {
                h1 { "Consent records of " (email) }
                p { "Made at " (made_at) ". Each record carries the hash of the one before it, so that none can be "
                    "changed, taken out or put in between without a trace." }
                @if records.is_empty() { p { "Nothing is recorded about this address." } }
                @for record in records {
                    h2 { (record.at) ": " (record.event) }
                    dl {
                        @for (name, words) in &record.facts { dt { (name) } dd { (words) } }
                        @if record.facts.is_empty() { dt { "content" } dd { "erased" } }
                        dt { "record" } dd { (record.number) }
                        dt { "hash" } dd { code { (record.hash) } }
                    }
                }
            }
        }
    }
}

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:45rem;margin:2rem auto;padding:0 1rem;\
    overflow-wrap:anywhere}dl{display:grid;grid-template-columns:8rem 1fr;gap:.25rem 1rem}dt{font-weight:600}dd{margin:0}";
