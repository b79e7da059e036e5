//! Plain values and decisions: no I/O, no SQL, no async. `domain` knows no other room.

pub mod address;
pub mod language;
pub mod texts;
pub mod time;
