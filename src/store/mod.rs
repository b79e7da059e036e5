//! The only room that speaks SQL. One file per table's noun; one SQL text for both engines.

mod db;
mod values;

pub mod articles;
pub mod at_work;
pub mod audit;
pub mod backup;
pub mod consent;
pub mod counters;
pub mod deliveries;
pub mod doctor;
pub mod domain_paces;
pub mod edition_tests;
pub mod editions;
pub mod feedback;
pub mod forgotten;
pub mod idempotency;
pub mod imports;
mod knock;
pub mod leases;
pub mod limits;
pub mod meta;
pub mod metrics;
pub mod migrate;
pub mod moments;
pub mod newsletters;
pub mod outbox;
pub mod outcomes;
pub mod own_claims;
pub mod presence;
pub mod reconfirmations;
pub mod recovery_codes;
pub mod sessions;
pub mod sightings;
pub mod sources;
pub mod subscriptions;
pub mod suppressions;
pub mod tokens;
pub mod traces;
pub mod user_links;
pub mod users;
pub mod webhooks;
pub mod workers;

pub use db::{Access, Conn, Db, Durability, Reader, StoreError, Tx};
pub(crate) use db::{execute, fetch_all, fetch_one, fetch_optional, fetch_value};
pub(crate) use values::row;
