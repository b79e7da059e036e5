//! What editors are told about: what the clock, the sending and the sources have done.

use super::language::Language;
use super::texts::mails;

/// Something an editor should know. Moments come in words, in the newsletter's time zone; `url` is the page of the
/// desk where something can be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    DraftReady {
        edition: String,
        since: String,
        articles: Vec<String>,
        /// What the look at it found.
        findings: Vec<String>,
        goes_out: Option<String>,
        url: String,
    },
    DraftReminder {
        edition: String,
        since: String,
        articles: Vec<String>,
        goes_out: Option<String>,
        url: String,
    },
    NothingNew {
        since: String,
        /// Sources that could not be read, each in a sentence: there may be something new after all.
        unread: Vec<String>,
        next: String,
    },
    /// A moment of assembly found an edition that is not finished.
    StillOpen {
        edition: String,
        next: String,
        url: String,
    },
    /// It is approved, and nobody has sent or planned it; `passed` is the moment that was proposed for it.
    NotSent {
        edition: String,
        approved: String,
        passed: Option<String>,
        url: String,
    },
    /// Its source shows them to nobody any more; `was_approved` says that somebody must approve anew.
    ArticlesGone {
        edition: String,
        articles: Vec<String>,
        was_approved: bool,
        url: String,
    },
    Scheduled {
        edition: String,
        when: String,
        url: String,
    },
    Sent {
        edition: String,
        accepted: u64,
        total: u64,
        rejected: u64,
        unknown: u64,
        url: String,
    },
    Paused {
        edition: String,
        done: u64,
        total: u64,
        reason: String,
        url: String,
    },
    MomentMissed {
        when: String,
        url: String,
    },
    SourceFailing {
        source: String,
        since: String,
        reason: String,
        url: String,
    },
    /// So many sign-ups an hour are the limit for all together, and it is reached.
    SignupsLimited {
        most: u32,
        url: String,
    },
}

impl Notice {
    /// The subject of the mail.
    pub fn subject(&self, language: Language) -> String {
        match self {
            Self::DraftReady { edition, .. } => mails::draft_subject(language, edition),
            Self::DraftReminder { edition, .. } => mails::draft_reminder_subject(language, edition),
            Self::NothingNew { .. } => mails::nothing_new_subject(language),
            Self::StillOpen { edition, .. } => mails::still_open_subject(language, edition),
            Self::NotSent { edition, .. } => mails::not_sent_subject(language, edition),
            Self::ArticlesGone { edition, .. } => mails::articles_gone_subject(language, edition),
            Self::Scheduled { edition, when, .. } => mails::scheduled_subject(language, edition, when),
            Self::Sent { edition, .. } => mails::sent_subject(language, edition),
            Self::Paused { edition, .. } => mails::paused_subject(language, edition),
            Self::MomentMissed { .. } => mails::missed_subject(language),
            Self::SourceFailing { source, .. } => mails::source_failing_subject(language, source),
            Self::SignupsLimited { .. } => mails::signups_limited_subject(language),
        }
    }

    /// The text: paragraphs between blank lines. A link is a paragraph of its own.
    pub fn text(&self, language: Language) -> String {
        let linked = |body: String, url: &str| format!("{body}\n\n{url}");
        match self {
            Self::DraftReady { since, articles, findings, goes_out, url, .. } => {
                // After the link, and as paragraphs: a mail has one list, which is that of the articles.
                let found = match findings.as_slice() {
                    [] => mails::draft_fine(language),
                    findings => format!("{}\n\n{}", mails::draft_findings(language), findings.join("\n\n")),
                };
                format!("{}\n\n{found}", linked(draft(language, since, articles, goes_out.as_deref()), url))
            }
            Self::DraftReminder { since, articles, goes_out, url, .. } => {
                linked(draft(language, since, articles, goes_out.as_deref()), url)
            }
            Self::StillOpen { edition, next, url } => linked(mails::still_open_body(language, edition, next), url),
            Self::NotSent { edition, approved, passed, url } => {
                let body = match passed {
                    Some(passed) => mails::not_sent_passed_body(language, edition, passed),
                    None => mails::not_sent_body(language, edition, approved),
                };
                linked(body, url)
            }
            Self::ArticlesGone { articles, was_approved, url, .. } => {
                let body = linked(format!("{}\n\n{}", mails::articles_gone_body(language), list(articles)), url);
                if *was_approved { format!("{body}\n\n{}", mails::approve_anew(language)) } else { body }
            }
            Self::NothingNew { since, unread, next } => {
                [&[mails::nothing_new_body(language, since, next)], unread.as_slice()].concat().join("\n\n")
            }
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
            Self::SignupsLimited { most, url } => {
                let more = mails::signups_limited_more(language);
                format!("{}\n\n{more}", linked(mails::signups_limited_body(language, most), url))
            }
        }
    }
}

fn draft(language: Language, since: &str, articles: &[String], goes_out: Option<&str>) -> String {
    let body = match goes_out {
        Some(when) => mails::draft_automatic_body(language, articles.len(), since, when),
        None => mails::draft_body(language, articles.len(), since),
    };
    if articles.is_empty() { body } else { format!("{body}\n\n{}", list(articles)) }
}

fn list(lines: &[String]) -> String {
    lines.iter().map(|line| format!("* {line}")).collect::<Vec<_>>().join("\n")
}
