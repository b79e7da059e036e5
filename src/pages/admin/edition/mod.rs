//! One edition: its head and its five tabs, Content, Check, Preview, Send and Result.

pub mod check;
pub mod content;
pub mod evidence;
pub mod preview;
pub mod result;
pub mod send;

use jiff::civil::DateTime;
use maud::{Markup, html};

use super::parts::{Tone, tabs, tag};
use super::paths;
use crate::domain::edition::EditionStatus;
use crate::domain::language::Language;
use crate::domain::texts::{dates, desk as texts};

/// One of the pages that an edition has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    Content,
    Check,
    Preview,
    Send,
    Result,
}

impl Tab {
    /// Every tab, in the order in which an editor walks through them.
    pub const ALL: [Self; 5] = [Self::Content, Self::Check, Self::Preview, Self::Send, Self::Result];

    /// The last part of its address.
    pub const fn segment(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Check => "check",
            Self::Preview => "preview",
            Self::Send => "send",
            Self::Result => "result",
        }
    }

    fn label(self, language: Language) -> String {
        match self {
            Self::Content => texts::tab_content(language),
            Self::Check => texts::tab_check(language),
            Self::Preview => texts::tab_preview(language),
            Self::Send => texts::tab_send(language),
            Self::Result => texts::tab_result(language),
        }
    }
}

/// What all tabs show of an edition. Moments are on the newsletter's own clock.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    pub id: i64,
    pub number: i64,
    pub subject: &'a str,
    pub status: EditionStatus,
    pub assembled: DateTime,
    /// Counts changes: what a form was filled in on.
    pub version: i64,
    /// Findings of the last check that ask for attention.
    pub findings: usize,
}

impl Head<'_> {
    fn title(&self, language: Language, tab: Tab) -> String {
        format!("{} – {}", texts::edition_title(language, self.number), tab.label(language))
    }

    fn render(&self, language: Language, open: Tab) -> Markup {
        let entries = Tab::ALL.map(|tab| {
            let mut label = tab.label(language);
            if tab == Tab::Check && self.findings > 0 {
                label = format!("{label} ({})", self.findings);
            }
            (paths::tab(self.id, tab), label, tab == open)
        });
        html! {
            h1 { (texts::edition_title(language, self.number)) " " (status_tag(language, self.status)) }
            p.hint { (self.subject) }
            p.hint { (texts::edition_assembled(language, dates::moment(language, self.assembled))) }
            (tabs(&texts::tabs(language, self.number), &entries))
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.status, EditionStatus::Draft | EditionStatus::Approved | EditionStatus::Scheduled)
    }
}

/// The word for a status, in its colour.
pub(super) fn status_tag(language: Language, status: EditionStatus) -> Markup {
    let tone = match status {
        EditionStatus::Sent => Tone::Good,
        EditionStatus::Approved | EditionStatus::Scheduled | EditionStatus::Cancelled => Tone::Plain,
        EditionStatus::Draft | EditionStatus::Sending => Tone::Attention,
        EditionStatus::Paused => Tone::Bad,
    };
    tag(tone, &texts::status(language, status))
}
