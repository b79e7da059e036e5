//! Articles in: fetched with a guarded client, parsed from feeds, cleaned to safe text.

pub mod clean;
pub mod collect;
pub mod discover;
pub mod fetch;
mod guard;
mod html;
mod links;
pub mod parse;
pub mod post;
mod probe;
pub mod wordpress;

#[cfg(test)]
mod testing;
