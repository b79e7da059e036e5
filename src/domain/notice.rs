//! What editors are told about: what the clock, the sending and the sources have done.

use super::language::Language;
use super::texts::mails;

/// Something an editor should know. Moments come in words, in the newsletter's time zone; `url` is the page of the
/// desk where something can be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    DraftReady { edition: String, since: String, articles: Vec<String>, goes_out: Option<String>, url: String },
    DraftReminder { edition: String, since: String, articles: Vec<String>, goes_out: Option<String>, url: String },
    NothingNew { since: String, next: String },
    Scheduled { edition: String, when: String, url: String },
    Sent { edition: String, accepted: u64, total: u64, rejected: u64, unknown: u64, url: String },
    Paused { edition: String, done: u64, total: u64, reason: String, url: String },
    MomentMissed { when: String, url: String },
    SourceFailing { source: String, since: String, reason: String, url: String },
}

impl Notice {
    /// The subject of the mail.
    pub fn subject(&self, language: Language) -> String {
        match self {
            Self::DraftReady { edition, .. } => mails::draft_subject(language, edition),
            Self::DraftReminder { edition, .. } => mails::draft_reminder_subject(language, edition),
            Self::NothingNew { .. } => mails::nothing_new_subject(language),
            Self::Scheduled { edition, when, .. } => mails::scheduled_subject(language, edition, when),
            Self::Sent { edition, .. } => mails::sent_subject(language, edition),
            Self::Paused { edition, .. } => mails::paused_subject(language, edition),
            Self::MomentMissed { .. } => mails::missed_subject(language),
            Self::SourceFailing { source, .. } => mails::source_failing_subject(language, source),
        }
    }

    /// The text: paragraphs between blank lines. A link is a paragraph of its own.
    pub fn text(&self, language: Language) -> String {
        let linked = |body: String, url: &str| format!("{body}\n\n{url}");
        match self {
            Self::DraftReady { since, articles, goes_out, url, .. }
            | Self::DraftReminder { since, articles, goes_out, url, .. } => {
                let body = match goes_out {
                    Some(when) => mails::draft_automatic_body(language, articles.len(), since, when),
                    None => mails::draft_body(language, articles.len(), since),
                };
                let list: Vec<String> = articles.iter().map(|title| format!("* {title}")).collect();
                if list.is_empty() { linked(body, url) } else { format!("{body}\n\n{}\n\n{url}", list.join("\n")) }
            }
            Self::NothingNew { since, next } => mails::nothing_new_body(language, since, next),
            Self::Scheduled { url, .. } => linked(mails::scheduled_body(language), url),
            Self::Sent { accepted, total, rejected, unknown, url, .. } => {
                linked(mails::sent_body(language, accepted, total, rejected, unknown), url)
            }
            Self::Paused { done, total, reason, url, .. } => {
                linked(mails::paused_body(language, done, total, reason), url)
            }
            Self::MomentMissed { when, url } => linked(mails::missed_body(language, when), url),
            Self::SourceFailing { since, reason, url, .. } => {
                linked(mails::source_failing_body(language, since, reason), url)
            }
        }
    }
}
