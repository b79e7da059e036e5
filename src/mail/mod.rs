//! Mail out and in: templates, composition, merging, signing, SMTP connections, reports.
//!
//! A mail is composed once, merged per recipient, and signed over the bytes sent.

pub mod compose;
pub mod dkim_key;
pub mod dns;
mod draft;
mod fields;
#[cfg(test)]
mod fixture;
pub mod imap;
pub mod inbound;
mod layout;
pub mod letter;
pub mod mailbox;
pub mod merge;
pub mod message;
pub mod report;
pub mod sample;
pub mod service;
pub mod sign;
mod slot;
pub mod smtp;
pub mod template;
mod view;
