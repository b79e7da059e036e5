//! Letters: the mails that go to one person for one reason.

use std::num::NonZeroU16;

use jiff::civil::Date;

use crate::domain::address::EmailAddress;
use crate::domain::language::Language;
use crate::domain::link::web_link;
use crate::domain::look::Look;
use crate::domain::plain_text::{clean_line, clean_lines};
use crate::domain::public_url::PublicUrl;
use crate::domain::sender::Sender;
use crate::domain::texts::{dates, mails};
use crate::domain::time::Timestamp;

use super::draft::{Draft, header_date};
use super::fields;
use super::message::{InvalidToken, Message, MessageId, Token};
use super::template::{TemplateError, Templates};
use super::view::{ButtonView, LetterView, LetterWords, LookView, address_lines};

/// Why we write to one person, with all that person must be told. Tokens are made elsewhere; a letter says where
/// they lead.
///
/// Nothing here is a word that a stranger typed into the form: a confirmation mail must not carry a spammer's message
/// to a third party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// Somebody filled in this address; was it its owner?
    Confirm { token: String, valid_days: NonZeroU16, promise: String },
    /// The answer to a sign-up of somebody who is a reader already.
    AlreadySubscribed { since: Date, next_expected: Option<Date> },
    /// Once, after the confirmation.
    Welcome {
        promise: String,
        next_expected: Option<Date>,
        previous_edition_url: Option<String>,
        unsubscribe_token: String,
    },
    /// The way to one's own data; the link works for one hour.
    PreferencesLink { token: String },
    /// The proof that a download is wanted by the owner of the address; the link works for one hour.
    DownloadLink { token: String },
    /// The same before everything is erased; the link works for one hour.
    EraseLink { token: String },
    /// To the new address.
    ConfirmNewAddress { token: String },
    /// To the old address.
    AddressChanged { contact: String },
    /// After a long silence: who does not press the button within so many days leaves.
    Reconfirm { token: String, unsubscribe_token: String, since: Date, answer_days: NonZeroU16, promise: String },
    /// To editors, in words put when it happened: paragraphs between blank lines; one that is a link becomes a button.
    Notice { subject: String, text: String },
}

/// Who writes: the same for all letters about one newsletter.
#[derive(Clone, Copy, Debug)]
pub struct Letterhead<'a> {
    pub language: Language,
    pub sender: &'a Sender,
    pub reply_to: Option<&'a EmailAddress>,
    pub organisation: &'a str,
    pub postal_address: &'a str,
    pub privacy_url: Option<&'a str>,
    pub public_url: &'a PublicUrl,
    pub look: &'a Look,
}

/// Why a letter cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(transparent)]
    Token(#[from] InvalidToken),
}

/// What a letter says, before the frame that all letters share.
#[derive(Default)]
struct Said {
    subject: String,
    preheader: String,
    before: Vec<String>,
    articles: Vec<String>,
    button: Option<(String, String)>,
    after: Vec<String>,
}

impl Occasion {
    /// The complete message. `message_token` becomes its Message-ID at the sender's domain.
    ///
    /// # Errors
    /// When an operator's template fails on this letter, or a token is not made of letters and digits.
    pub fn compose(
        &self,
        templates: &Templates,
        head: &Letterhead<'_>,
        to: &EmailAddress,
        message_token: Token<'_>,
        date: Timestamp,
    ) -> Result<Message, LetterError> {
        let said = self.say(head)?;
        let unsubscribe = match self {
            Self::Welcome { unsubscribe_token, .. } | Self::Reconfirm { unsubscribe_token, .. } => {
                Some(Token::parse(unsubscribe_token)?.as_str())
            }
            _ => None,
        };
        let body = templates.letter(&LetterView {
            language: head.language.tag(),
            subject: clean_line(&said.subject),
            preheader: clean_line(&said.preheader),
            sender_name: head.sender.name().to_owned(),
            hello: mails::hello(head.language),
            before: said.before.iter().map(|text| clean_line(text)).collect(),
            articles: said.articles.iter().map(|text| clean_line(text)).collect(),
            button: said.button.map(|(text, url)| ButtonView { text, url }),
            after: said.after.iter().map(|text| clean_line(text)).collect(),
            unsubscribe_url: unsubscribe.map(|token| head.public_url.unsubscribe(token)),
            address_lines: address_lines(head.organisation, head.postal_address),
            privacy_url: head.privacy_url.and_then(web_link),
            look: LookView::from(head.look),
            words: LetterWords {
                unsubscribe: mails::unsubscribe(head.language),
                privacy_statement: mails::privacy_statement(head.language),
            },
        })?;

        let mut draft = Draft::default();
        draft.mailbox("From", head.sender.name(), head.sender.address().as_str());
        draft.token("To", &format!("<{to}>"));
        fields::reply_to(&mut draft, head.sender, head.reply_to);
        draft.text("Subject", &said.subject);
        draft.token("Date", &header_date(date));
        let message_id = MessageId { token: message_token, domain: head.sender.address().domain() };
        draft.token("Message-ID", &message_id.to_string());
        fields::automatic(&mut draft);
        draft.alternatives(head.language.tag(), &body.text.0, &body.html.0);
        Ok(Message::new(draft.bytes))
    }

    fn say(&self, head: &Letterhead<'_>) -> Result<Said, InvalidToken> {
        let language = head.language;
        let expected = |date: &Option<Date>| {
            date.map(|date| mails::next_expected(language, dates::month_and_year(language, date)))
        };
        Ok(match self {
            Self::Confirm { token, valid_days, promise } => Said {
                subject: mails::confirm_subject(language),
                preheader: mails::confirm_preheader(language),
                before: vec![mails::confirm_body(language, head.organisation)],
                button: Some((mails::confirm_button(language), head.public_url.confirm(Token::parse(token)?.as_str()))),
                after: vec![mails::confirm_promise(language, promise, valid_days), mails::confirm_not_you(language)],
                ..Said::default()
            },
            Self::AlreadySubscribed { since, next_expected } => {
                let since = dates::day(language, *since);
                let mut body = mails::already_body(language, head.organisation, since);
                if let Some(expected) = expected(next_expected) {
                    body = format!("{body} {expected}");
                }
                Said {
                    subject: mails::already_subject(language),
                    before: vec![body, mails::was_it_not_you(language)],
                    ..Said::default()
                }
            }
            Self::Welcome { promise, next_expected, previous_edition_url, unsubscribe_token: _ } => {
                let expected = expected(next_expected);
                let mut body = mails::welcome_body(language, promise);
                if let Some(expected) = &expected {
                    body = format!("{body} {expected}");
                }
                let mut before = vec![body];
                let previous = previous_edition_url.as_deref().and_then(web_link);
                if previous.is_some() {
                    before.push(mails::welcome_archive(language));
                }
                Said {
                    subject: mails::welcome_subject(language, head.organisation),
                    preheader: expected.unwrap_or_else(|| mails::welcome_preheader(language)),
                    before,
                    button: previous.map(|url| (mails::welcome_archive_button(language), url)),
                    after: vec![mails::welcome_sender(language, head.sender.address())],
                    ..Said::default()
                }
            }
            Self::PreferencesLink { token } => Said {
                subject: mails::preferences_subject(language),
                before: vec![mails::preferences_body(language)],
                button: own_data(mails::preferences_button(language), head, token)?,
                after: vec![mails::was_it_not_you(language)],
                ..Said::default()
            },
            Self::DownloadLink { token } => Said {
                subject: mails::download_subject(language),
                before: vec![mails::download_body(language)],
                button: own_data(mails::download_button(language), head, token)?,
                after: vec![mails::was_it_not_you(language)],
                ..Said::default()
            },
            Self::EraseLink { token } => Said {
                subject: mails::erase_subject(language),
                before: vec![mails::erase_body(language)],
                button: own_data(mails::erase_button(language), head, token)?,
                after: vec![mails::erase_not_you(language)],
                ..Said::default()
            },
            Self::ConfirmNewAddress { token } => Said {
                subject: mails::address_change_subject(language),
                before: vec![mails::address_change_body(language, head.organisation)],
                button: own_data(mails::address_change_button(language), head, token)?,
                after: vec![mails::erase_not_you(language)],
                ..Said::default()
            },
            Self::AddressChanged { contact } => Said {
                subject: mails::address_changed_subject(language),
                before: vec![mails::address_changed_body(language, head.organisation, contact)],
                ..Said::default()
            },
            Self::Reconfirm { token, unsubscribe_token: _, since, answer_days, promise } => Said {
                subject: mails::reconfirm_subject(language, head.organisation),
                preheader: mails::reconfirm_preheader(language),
                before: vec![
                    mails::reconfirm_body(language, dates::day(language, *since), head.organisation),
                    mails::reconfirm_question(language, promise),
                ],
                button: Some((
                    mails::reconfirm_button(language),
                    head.public_url.confirm(Token::parse(token)?.as_str()),
                )),
                after: vec![mails::reconfirm_else(language, answer_days)],
                ..Said::default()
            },
            Self::Notice { subject, text } => notice(language, subject, text),
        })
    }
}

/// A button to a page about one's own data.
fn own_data(text: String, head: &Letterhead<'_>, token: &str) -> Result<Option<(String, String)>, InvalidToken> {
    Ok(Some((text, head.public_url.preferences(Token::parse(token)?.as_str()))))
}

/// A notice's paragraphs: words, lists of articles, a link.
fn notice(language: Language, subject: &str, text: &str) -> Said {
    let mut said = Said { subject: subject.to_owned(), ..Said::default() };
    for paragraph in clean_lines(text).split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        if let Some(url) = web_link(paragraph) {
            said.button = Some((mails::open_button(language), url));
        } else if paragraph.starts_with("* ") {
            said.articles.extend(paragraph.lines().map(|line| line.trim_start_matches("* ").to_owned()));
        } else if said.button.is_none() {
            said.before.push(paragraph.to_owned());
        } else {
            said.after.push(paragraph.to_owned());
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{self, TOKEN, address, date, read};
    use super::*;
    use crate::domain::notice::Notice;

    fn written(letter: &Occasion, language: Language) -> Message {
        let (sender, public_url) = (fixture::sender(), fixture::public_url());
        let head = Letterhead {
            look: &Look::default(),
            language,
            sender: &sender,
            reply_to: Some(&address("info@example.nl")),
            organisation: "IB&P",
            postal_address: "Voorbeeldstraat 1, 1234 AB Voorbeeldstad\nKvK 00000000",
            privacy_url: Some("https://www.example.nl/privacy"),
            public_url: &public_url,
        };
        let to = address("anna@gemeente.example");
        letter
            .compose(&Templates::embedded(), &head, &to, Token::parse("a2b3c4d5e6f7g2h3i4j5k6l7m2").unwrap(), date())
            .unwrap()
    }

    fn notices(language: Language) -> Vec<(&'static str, Occasion)> {
        let url = "https://nieuws.example.nl/admin/editions/1".to_owned();
        let (edition, since, when) = ("2".to_owned(), "1 december 2025".to_owned(), "8 maart 2026 om 09:00".to_owned());
        let articles = vec!["Eerste artikel".to_owned(), "Een tweede & laatste".to_owned()];
        let draft = |goes_out| (edition.clone(), since.clone(), articles.clone(), goes_out, url.clone());
        let (ready, reminder) = (draft(None), draft(Some(when.clone())));
        let notices = [
            (
                "draft",
                Notice::DraftReady {
                    edition: ready.0,
                    since: ready.1,
                    articles: ready.2,
                    findings: vec!["Het onderwerp is 68 tekens.".into()],
                    goes_out: ready.3,
                    url: ready.4,
                },
            ),
            (
                "reminder",
                Notice::DraftReminder {
                    edition: reminder.0,
                    since: reminder.1,
                    articles: reminder.2,
                    goes_out: reminder.3,
                    url: reminder.4,
                },
            ),
            ("nothing_new", Notice::NothingNew { since: since.clone(), unread: vec![], next: "1 juni 2026".into() }),
            ("still_open", Notice::StillOpen { edition: edition.clone(), next: when.clone(), url: url.clone() }),
            (
                "not_sent",
                Notice::NotSent {
                    edition: edition.clone(),
                    approved: since.clone(),
                    passed: Some(when.clone()),
                    url: url.clone(),
                },
            ),
            (
                "articles_gone",
                Notice::ArticlesGone {
                    edition: edition.clone(),
                    articles: vec!["Eerste artikel".into()],
                    was_approved: true,
                    url: url.clone(),
                },
            ),
            ("scheduled", Notice::Scheduled { edition: edition.clone(), when: when.clone(), url: url.clone() }),
            (
                "sent",
                Notice::Sent {
                    edition: edition.clone(),
                    accepted: 1190,
                    total: 1204,
                    rejected: 13,
                    unknown: 1,
                    url: url.clone(),
                },
            ),
            (
                "paused",
                Notice::Paused {
                    edition,
                    done: 612,
                    total: 1204,
                    reason: "De mailserver weigert ons.".into(),
                    url: url.clone(),
                },
            ),
            ("missed", Notice::MomentMissed { when, url: url.clone() }),
            (
                "source_failing",
                Notice::SourceFailing {
                    source: "www.example.nl/feed".into(),
                    since,
                    reason: "De server antwoordt met 503.".into(),
                    url: url.clone(),
                },
            ),
            ("signups_limited", Notice::SignupsLimited { most: 200, url }),
        ];
        let stored =
            |notice: Notice| Occasion::Notice { subject: notice.subject(language), text: notice.text(language) };
        notices.into_iter().map(|(name, notice)| (name, stored(notice))).collect()
    }

    fn all(language: Language) -> Vec<(&'static str, Occasion)> {
        let (promise, token) = (crate::domain::newsletter::promise(4, language), TOKEN.to_owned());
        let march = Date::constant(2027, 3, 1);
        let valid_days = NonZeroU16::new(7).unwrap();
        let mut all = vec![
            ("confirm", Occasion::Confirm { token: token.clone(), valid_days, promise: promise.clone() }),
            ("already", Occasion::AlreadySubscribed { since: Date::constant(2024, 3, 12), next_expected: Some(march) }),
            (
                "welcome",
                Occasion::Welcome {
                    promise,
                    next_expected: Some(march),
                    previous_edition_url: Some("https://nieuws.example.nl/n/nieuws/archive/1".into()),
                    unsubscribe_token: token.clone(),
                },
            ),
            ("preferences", Occasion::PreferencesLink { token: token.clone() }),
            ("download", Occasion::DownloadLink { token: token.clone() }),
            ("erase", Occasion::EraseLink { token: token.clone() }),
            ("new_address", Occasion::ConfirmNewAddress { token }),
            ("old_address", Occasion::AddressChanged { contact: "info@example.nl".into() }),
        ];
        all.extend(notices(language));
        all
    }

    #[test]
    fn every_letter_reads_well_in_every_language() {
        for language in Language::ALL {
            let mut shown = String::new();
            for (name, letter) in all(language) {
                let mail = read(written(&letter, language).as_bytes());
                assert_eq!(mail.from_name, "IB&P");
                assert!(mail.html.contains("IB&amp;P, Voorbeeldstraat 1") && mail.html.len() < 10_000);
                shown.push_str(&format!("######## {name}: {}\n\n{}\n", mail.subject, mail.text));
            }
            insta::with_settings!({ snapshot_suffix => language.tag(), omit_expression => true }, {
                insta::assert_snapshot!("letters", shown);
            });
        }
    }

    #[test]
    fn a_confirmation_as_it_goes_to_the_wire() {
        let message = written(&all(Language::Nl)[0].1, Language::Nl);
        insta::assert_snapshot!("confirmation_wire", String::from_utf8_lossy(message.as_bytes()).replace("\r\n", "\n"));
    }

    #[test]
    fn letters_carry_no_list_headers_and_only_the_welcome_has_a_link_to_leave_by() {
        for (name, letter) in all(Language::Nl) {
            let message = written(&letter, Language::Nl);
            let text = std::str::from_utf8(message.as_bytes()).unwrap();
            let head = text.split_once("\r\n\r\n").unwrap().0;
            let lists: Vec<_> =
                fixture::header_names(head).into_iter().filter(|name| name.starts_with("List-")).collect();
            assert!(lists.is_empty(), "{name}");
            let leaves = read(message.as_bytes()).text.contains(&format!("https://nieuws.example.nl/u/{TOKEN}"));
            assert_eq!(leaves, name == "welcome", "{name}");
            assert!(head.contains("\r\nAuto-Submitted: auto-generated\r\n"));
        }
    }

    #[test]
    fn a_token_that_could_break_a_link_is_refused() {
        for token in ["", "with space", "UPPER", "a\r\nBcc: x", "ünï", "a/b"] {
            assert_eq!(Token::parse(token), Err(InvalidToken), "{token}");
        }
        assert_eq!(Token::parse(&"a".repeat(53)), Err(InvalidToken));
    }
}
