//! Articles in: fetched with a guarded client, parsed from feeds, cleaned to safe text.

pub mod clean;
pub mod fetch;
mod guard;
mod html;
pub mod parse;

#[cfg(test)]
mod testing;
