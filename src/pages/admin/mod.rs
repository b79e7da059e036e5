//! The editor's desk: every tab a page of its own, whole without script.

pub mod account;
pub mod articles;
pub mod edition;
pub mod editions;
pub mod frame;
pub mod import;
pub mod login;
pub mod notice;
pub mod overview;
mod parts;
pub mod passkey;
pub mod paths;
pub mod person;
mod plot;
pub mod reconfirm;
pub mod retention;
pub mod settings;
pub mod setup;
pub mod subscribers;
pub mod suppressions;
pub mod sure;

pub use frame::{Desk, NewsletterChoice, Place, User};
pub use parts::FormFaults;
pub use plot::Point;
