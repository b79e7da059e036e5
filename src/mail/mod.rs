//! Mail out and in: templates, composition, merging, signing, SMTP connections, reports.
//!
//! A mail is composed once, merged per recipient, and signed over the bytes sent.

mod draft;
mod fields;
#[cfg(test)]
mod fixture;
pub mod inbound;
mod layout;
pub mod letter;
pub mod message;
pub mod sample;
mod slot;
pub mod template;
mod view;
