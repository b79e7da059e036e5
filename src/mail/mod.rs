//! Mail out and in: templates, composition, merging, signing, SMTP connections, reports.

pub mod inbound;
