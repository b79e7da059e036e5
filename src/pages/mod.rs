//! What people see: data in, HTML out. Nothing here decides or asks anything; every text given is escaped.

pub mod admin;
pub mod api_docs;
pub mod archive;
pub mod assets;
pub mod check_inbox;
pub mod clean_html;
mod components;
pub mod confirm;
pub mod demo_mailbox;
pub mod effort;
pub mod embed;
pub mod fault;
pub mod feed;
pub mod home;
pub mod layout;
pub mod paths;
pub mod preferences;
pub mod problem;
pub mod proof;
pub mod prose;
pub mod sample;
pub mod signup;
pub mod snippets;
pub mod unsubscribe;

#[cfg(test)]
mod tests;

use jiff::civil::Date;

use crate::domain::language::Language;
use layout::{Brand, Imprint};

/// What a visitor's page needs to know of a newsletter.
#[derive(Clone, Copy, Debug)]
pub struct NewsletterView<'a> {
    pub slug: &'a str,
    pub title: &'a str,
    pub organisation: &'a str,
    /// One or two sentences about its subject, in the newsletter's language; may be empty.
    pub description: &'a str,
    /// The promised frequency in words of the page's language: "3 tot 4 keer per jaar".
    pub promise: &'a str,
    /// The language in which the newsletter itself is written.
    pub language: Language,
    /// Only `http` and `https` addresses become a link.
    pub privacy_url: Option<&'a str>,
    pub postal_address: &'a str,
    pub brand: Brand<'a>,
    /// Whether past editions may be read by everyone.
    pub archive: bool,
    /// The day on which the next edition is expected.
    pub next: Option<Date>,
}

impl<'a> NewsletterView<'a> {
    /// Who speaks, for the header and the footer.
    pub fn imprint(&self) -> Imprint<'a> {
        Imprint {
            organisation: self.organisation,
            postal_address: self.postal_address,
            privacy_url: self.privacy_url,
            brand: self.brand,
        }
    }

    /// The newsletter's language where it is not the page's, for a `lang` attribute (WCAG 3.1.2).
    fn foreign(&self, page: Language) -> Option<&'static str> {
        (self.language != page).then(|| self.language.tag())
    }
}

/// A visitor who came by the link in a mail.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    pub newsletter: &'a NewsletterView<'a>,
    pub language: Language,
    pub token: &'a str,
}
