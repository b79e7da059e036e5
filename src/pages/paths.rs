//! The paths that pages link to, written down once.

/// A newsletter's own page.
pub fn newsletter(slug: &str) -> String {
    format!("/n/{slug}")
}

/// Where the sign-up form goes.
pub fn subscribe(slug: &str) -> String {
    format!("/n/{slug}/subscribe")
}

/// What follows a sign-up, whatever the address.
pub fn check_inbox(slug: &str) -> String {
    format!("/n/{slug}/check-inbox")
}

/// The list of past editions.
pub fn archive(slug: &str) -> String {
    format!("/n/{slug}/archive")
}

/// One past edition.
pub fn edition(slug: &str, number: u32) -> String {
    format!("/n/{slug}/archive/{number}")
}

/// The Atom feed of editions.
pub fn feed(slug: &str) -> String {
    format!("/n/{slug}/feed.xml")
}

/// The form alone, for a frame on another site.
pub fn embed(slug: &str) -> String {
    format!("/n/{slug}/embed")
}

/// Confirming a sign-up.
pub fn confirm(token: &str) -> String {
    format!("/c/{token}")
}

/// Unsubscribing.
pub fn unsubscribe(token: &str) -> String {
    format!("/u/{token}")
}

/// Asking for a link to one's own data.
pub const PREFERENCES: &str = "/p";

/// One's own data.
pub fn preferences(token: &str) -> String {
    format!("/p/{token}")
}

/// The demo's mailbox.
pub const DEMO_MAILBOX: &str = "/demo/mailbox";

/// One mail in it.
pub fn demo_mail(id: u64) -> String {
    format!("{DEMO_MAILBOX}/{id}")
}

/// That mail's part in HTML, for a frame.
pub fn demo_mail_html(id: u64) -> String {
    format!("{DEMO_MAILBOX}/{id}.html")
}

/// That mail as it came over the wire.
pub fn demo_mail_source(id: u64) -> String {
    format!("{DEMO_MAILBOX}/{id}.eml")
}
