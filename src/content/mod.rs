//! Articles in: fetched with a guarded client, parsed from feeds, cleaned to safe text.

pub mod clean;
mod html;
pub mod parse;
