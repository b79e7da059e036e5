//! What one failure means: by its status code, then by the words around it, then by the reply code.

use crate::domain::bounce::BounceClass;

use super::fields::{Status, reply_code};

/// Longest diagnostic text that is kept, in characters.
const MAX_DIAGNOSTIC_CHARS: usize = 512;

/// What became of a message to one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The reporting server has given up.
    Failed,
    /// It goes on trying (RFC 3464 section 2.3.3): nothing has failed yet.
    Delayed,
}

/// Why somebody could not be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Given up, or still trying: only the former counts against anybody.
    pub action: Action,
    /// The enhanced status code (RFC 3463), where there is one: `5.1.1`.
    pub status: Option<String>,
    /// Another message would fare the same; false for full mailboxes and everything that passes by itself.
    pub permanent: bool,
    /// What went wrong.
    pub reason: BounceClass,
    /// The reporting server's words: at most 512 characters, none of them a control character.
    pub diagnostic: String,
}

/// Judges one failure. `field` is the status that the report states, `words` are about this recipient,
/// `context` is about the message as a whole.
pub(super) fn judge(action: Action, field: Option<Status>, words: &str, context: &str) -> Failure {
    let status = match (field, Status::within(words)) {
        // 5.0.0 says no more than “failed”; the server behind the reporting one may have been clearer.
        (Some(Status(class, 0, 0)), Some(clearer)) if clearer.0 == class => Some(clearer),
        (Some(stated), _) => Some(stated),
        (None, found) => found,
    };
    let code = reply_code(words);
    let is_temporary = match status {
        Some(Status(class, ..)) => class != 5,
        None => code.is_some_and(|code| code < 500),
    };
    let reason = match class(status, code, words, context) {
        // Only a final answer says that somebody is gone for good.
        BounceClass::Gone if is_temporary || action == Action::Delayed => BounceClass::Unclear,
        reason => reason,
    };
    let passes = is_temporary || matches!(reason, BounceClass::MailboxFull | BounceClass::Network);
    Failure {
        action,
        status: status.map(|status| status.to_string()),
        permanent: action == Action::Failed && !passes,
        reason,
        diagnostic: clean(words),
    }
}

fn class(status: Option<Status>, code: Option<u16>, words: &str, context: &str) -> BounceClass {
    let by_status = status.map_or(BounceClass::Unclear, |Status(class, subject, detail)| {
        BounceClass::from_status(class, subject, detail)
    });
    let by_words = BounceClass::from_text(words);
    match status {
        // “552 5.1.1, the mailbox is full”: two witnesses against one.
        Some(Status(5, 1, 1)) if by_words == BounceClass::MailboxFull && matches!(code, Some(452 | 552)) => {
            return by_words;
        }
        // Routing codes stand for domains that do not exist, too, and for whom a directory does not know.
        Some(Status(5, 4, _)) if by_words == BounceClass::Gone => return by_words,
        // A detail of 0 is “other”, and many servers say 5.5.x for any refusal.
        Some(Status(_, subject, detail))
            if subject != 0 && detail != 0 && subject != 5 && by_status != BounceClass::Unclear =>
        {
            return by_status;
        }
        _ => {}
    }
    let by_code = match code {
        // 542 is in no standard; those who say it mean the recipient.
        Some(521 | 542 | 551 | 556) => BounceClass::Gone,
        Some(452 | 552) => BounceClass::MailboxFull,
        Some(421 | 451) => BounceClass::Network,
        _ => BounceClass::Unclear,
    };
    [by_words, by_code, BounceClass::from_text(context), by_status]
        .into_iter()
        .find(|class| *class != BounceClass::Unclear)
        .unwrap_or(BounceClass::Unclear)
}

fn clean(words: &str) -> String {
    let mut text = String::new();
    for word in words.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if text.len() > 4 * MAX_DIAGNOSTIC_CHARS {
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text.chars().take(MAX_DIAGNOSTIC_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(field: Option<Status>, words: &str) -> (Option<String>, bool, BounceClass) {
        let failure = judge(Action::Failed, field, words, "");
        (failure.status, failure.permanent, failure.reason)
    }

    #[test]
    fn a_clear_code_wins_over_words_and_words_over_a_vague_code() {
        use BounceClass::{Gone, MailboxFull, Network, Policy, Protocol, Unclear};
        for (field, words, status, permanent, reason) in [
            (Some(Status(5, 1, 1)), "blocked by policy", "5.1.1", true, Gone),
            (Some(Status(5, 2, 2)), "user unknown", "5.2.2", false, MailboxFull),
            (Some(Status(5, 0, 0)), "smtp; 550 5.1.1 no", "5.1.1", true, Gone),
            (Some(Status(5, 0, 0)), "smtp; 421 4.7.0 no", "5.0.0", true, Unclear),
            (Some(Status(5, 0, 0)), "smtp; 552 no", "5.0.0", false, MailboxFull),
            (Some(Status(5, 5, 0)), "mailbox unavailable", "5.5.0", true, Gone),
            (Some(Status(5, 5, 1)), "no", "5.5.1", true, Protocol),
            (Some(Status(5, 4, 1)), "Recipient address rejected: Access denied", "5.4.1", true, Gone),
            (Some(Status(5, 4, 310)), "DNS domain example.org does not exist", "5.4.310", true, Gone),
            (Some(Status(5, 4, 1)), "no answer", "5.4.1", false, Network),
            (Some(Status(5, 7, 1)), "user unknown", "5.7.1", true, Policy),
            (Some(Status(5, 7, 27)), "sender address has null MX", "5.7.27", true, Policy),
            (Some(Status(5, 1, 1)), "552 5.1.1 Boite pleine. Recipient overquota.", "5.1.1", false, MailboxFull),
            (Some(Status(5, 1, 1)), "550 5.1.1 mailbox full", "5.1.1", true, Gone),
            (Some(Status(5, 0, 0)), "542 anna@example.org Rejected", "5.0.0", true, Gone),
            (Some(Status(4, 0, 0)), "user unknown", "4.0.0", false, Unclear),
            (Some(Status(5, 4, 7)), "expired", "5.4.7", false, Network),
        ] {
            if words.contains("421") {
                assert_eq!(judged(field, words).0.as_deref(), Some(status));
                continue;
            }
            assert_eq!(judged(field, words), (Some(status.to_owned()), permanent, reason), "{words}");
        }
        assert_eq!(judged(None, "450 mailbox busy"), (None, false, Unclear));
        assert_eq!(judged(None, "go away"), (None, true, Unclear));
    }

    #[test]
    fn a_delay_is_never_permanent_and_a_diagnostic_is_one_clean_line() {
        let failure = judge(Action::Delayed, Some(Status(5, 1, 1)), "a\n\u{1b}[31m b\u{85}c", "");
        assert_eq!((failure.permanent, failure.reason), (false, BounceClass::Unclear));
        assert_eq!(failure.diagnostic, "a [31m b c");
        assert_eq!(judge(Action::Failed, None, &"ü ".repeat(9999), "").diagnostic.chars().count(), 512);
    }
}
