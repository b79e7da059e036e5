//! Plain values and decisions: no I/O, no SQL, no async. `domain` knows no other room.

pub mod address;
pub mod bounce;
pub mod consent;
pub mod delivery;
pub mod edition;
pub mod fault;
pub mod language;
pub mod letter;
pub mod network;
pub mod newsletter;
pub mod proposal;
pub mod public_url;
pub mod reply;
pub mod retry;
pub mod role;
pub mod schedule;
pub mod slug;
pub mod smarthost;
pub mod subscription;
pub mod suppression;
pub mod text_enum;
pub mod texts;
pub mod time;
pub mod token;
