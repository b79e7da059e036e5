//! A newsletter as it goes out: written once per edition and form, cut where recipients differ.

use std::fmt::Write as _;

use aws_lc_rs::digest::{Context, SHA256, digest};

use crate::domain::address::{EmailAddress, MAX_ADDRESS_OCTETS};
use crate::domain::edition_content::EditionContent;
use crate::domain::language::Language;
use crate::domain::plain_text::clean_line;
use crate::domain::public_url::PublicUrl;
use crate::domain::sender::Sender;
use crate::domain::slug::Slug;
use crate::domain::subscription::MailFormat;
use crate::domain::texts::{dates, mails};
use crate::domain::token::LINK_TOKEN_LENGTH;

use super::draft::{Cut, Draft, HEADER_DATE_LENGTH};
use super::fields::{self, UnsubscribeAddressTooLong};
use super::merge::Recipient;
use super::message::Message;
use super::sample::{SAMPLE_TOKEN, SUBSCRIBED_ON};
use super::slot::Slot;
use super::template::{Body, TemplateError, Templates};

/// What the header of a newsletter needs besides its content.
#[derive(Clone, Copy, Debug)]
pub struct Mailing<'a> {
    pub slug: &'a Slug,
    pub sender: &'a Sender,
    pub reply_to: Option<&'a EmailAddress>,
    pub public_url: &'a PublicUrl,
    /// Where mail programs may send the wish to unsubscribe, if somebody listens there.
    pub unsubscribe_address: Option<&'a EmailAddress>,
}

/// Why a newsletter cannot be composed.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error(transparent)]
    UnsubscribeAddress(#[from] UnsubscribeAddressTooLong),
}

/// An edition in one language and form, encoded and cut. A recipient's message is a splice of its bytes.
#[derive(Debug)]
pub struct Composed {
    pub(super) draft: Draft,
    /// The domain of Message-IDs.
    pub(super) domain: String,
    pub(super) language: Language,
    body: Body,
}

impl Composed {
    /// Renders and encodes the edition.
    ///
    /// # Errors
    /// When an operator's template fails on this content, or the unsubscribe address leaves no room for a token.
    pub fn new(
        templates: &Templates,
        content: &EditionContent,
        mailing: &Mailing<'_>,
        format: MailFormat,
    ) -> Result<Self, ComposeError> {
        let body = templates.newsletter(content, mailing.slug.as_str(), mailing.public_url)?;
        let domain = mailing.sender.address().domain().to_owned();
        let mut draft = Draft::default();
        draft.mailbox("From", mailing.sender.name(), mailing.sender.address().as_str());
        draft.cut("To", Cut::To);
        fields::reply_to(&mut draft, mailing.sender, mailing.reply_to);
        draft.text("Subject", &content.subject);
        draft.cut("Date", Cut::Date);
        draft.cut("Message-ID", Cut::MessageId);
        let title: String = clean_line(&content.newsletter_title).chars().take(LIST_TITLE_CHARACTERS).collect();
        draft.mailbox("List-Id", &title, &format!("{}.{domain}", mailing.slug));
        let token = Slot::UnsubscribeToken.mark().to_string();
        fields::list_unsubscribe(&mut draft, mailing.public_url, mailing.unsubscribe_address, &token)?;
        draft.token("List-Archive", &format!("<{}>", mailing.public_url.archive(mailing.slug.as_str())));
        draft.token("Feedback-ID", &feedback_id(content.number, mailing.slug, &domain));
        draft.raw("Precedence", "bulk");
        fields::automatic(&mut draft);
        match format {
            MailFormat::Html => draft.alternatives(content.language.tag(), &body.text.0, &body.html.0),
            MailFormat::Text => draft.plain(content.language.tag(), &body.text.0),
        }
        Ok(Self { draft, domain, language: content.language, body })
    }

    /// The same marked as a test. Send it with [`Recipient::sample`], whose links do nothing.
    ///
    /// # Errors
    /// As [`Composed::new`].
    pub fn test(
        templates: &Templates,
        content: &EditionContent,
        mailing: &Mailing<'_>,
        format: MailFormat,
    ) -> Result<Self, ComposeError> {
        let subject = mails::test_subject(content.language, &content.subject);
        Self::new(templates, &EditionContent { subject, ..content.clone() }, mailing, format)
    }

    /// One recipient's message.
    pub fn merge(&self, recipient: &Recipient<'_>) -> Message {
        let mut bytes = Vec::with_capacity(self.max_size() + super::sign::SIGNATURE_ROOM);
        let mut from = 0;
        for (at, cut) in &self.draft.cuts {
            bytes.extend_from_slice(&self.draft.bytes[from..*at]);
            recipient.write(*cut, self, &mut bytes);
            from = *at;
        }
        bytes.extend_from_slice(&self.draft.bytes[from..]);
        Message::new(bytes)
    }

    /// No message of this edition is larger than this, in octets, before it is signed.
    pub fn max_size(&self) -> usize {
        let slots = self.draft.cuts.iter().map(|(_, cut)| match cut {
            Cut::To => MAX_ADDRESS_OCTETS + "\r\n <>".len(),
            Cut::Date => HEADER_DATE_LENGTH + 1,
            Cut::MessageId => LINK_TOKEN_LENGTH + self.domain.len() + "\r\n <@>".len(),
            Cut::Slot(Slot::UnsubscribeToken | Slot::PreferencesToken) => LINK_TOKEN_LENGTH,
            Cut::Slot(Slot::SubscribedOn) => LONGEST_DAY,
        });
        self.draft.bytes.len() + slots.sum::<usize>()
    }

    /// The hash of all that recipients have in common: what was approved is what is sent.
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        let mut from = 0;
        for (at, cut) in &self.draft.cuts {
            context.update(&self.draft.bytes[from..*at]);
            context.update(format!("\0{cut:?}\0").as_bytes());
            from = *at;
        }
        context.update(&self.draft.bytes[from..]);
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(context.finish().as_ref());
        fingerprint
    }

    /// The HTML as readers see it; its personal links do nothing.
    pub fn preview_html(&self) -> String {
        self.body.html.fill(|slot| self.sample(slot))
    }

    /// The same in plain text.
    pub fn preview_text(&self) -> String {
        self.body.text.fill(|slot| self.sample(slot))
    }

    /// What stands in a slot where nobody's own can.
    fn sample(&self, slot: Slot) -> String {
        match slot {
            Slot::UnsubscribeToken | Slot::PreferencesToken => SAMPLE_TOKEN.to_owned(),
            Slot::SubscribedOn => dates::day(self.language, SUBSCRIBED_ON),
        }
    }
}

/// A day in words is no longer, in octets: “30 september 2026”, with a year of up to five signs.
const LONGEST_DAY: usize = "30 september -2026".len();

/// How much of a newsletter's title goes into List-Id, where it is only a comment.
const LIST_TITLE_CHARACTERS: usize = 60;

/// What Gmail's feedback loop groups complaints by: edition, newsletter, kind of mail, and who we are. The last is made
/// from the domain, because it must stay the same for ever and take 5 to 15 characters.
fn feedback_id(number: i64, slug: &Slug, domain: &str) -> String {
    let mut id = format!("{number}:{slug}:newsletter:");
    for byte in &digest(&SHA256, domain.as_bytes()).as_ref()[..6] {
        write!(id, "{byte:02x}").expect("writing to a string does not fail");
    }
    id
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{self, TOKEN, address, date, read};
    use super::super::message::Token;
    use super::*;

    const MESSAGE_TOKEN: &str = "m2b3c4d5e6f7g2h3i4j5k6l7m2n3o4p5q6r7s2t3u4";
    const OTHER: &str = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";

    fn composed(content: &EditionContent, sender: &Sender, format: MailFormat) -> Composed {
        let public_url = fixture::public_url();
        let mailing = Mailing {
            slug: &"nieuws".parse().unwrap(),
            sender,
            reply_to: Some(&address("info@example.nl")),
            public_url: &public_url,
            unsubscribe_address: Some(&address("unsubscribe@example.nl")),
        };
        thread_local!(static TEMPLATES: Templates = Templates::embedded());
        TEMPLATES.with(|templates| Composed::new(templates, content, &mailing, format)).unwrap()
    }

    fn recipient<'a>(address: &'a EmailAddress, token: &'a str) -> Recipient<'a> {
        Recipient {
            address,
            message_token: Token::parse(MESSAGE_TOKEN).unwrap(),
            unsubscribe_token: Token::parse(token).unwrap(),
            preferences_token: Token::parse(TOKEN).unwrap(),
            subscribed_on: SUBSCRIBED_ON,
            date: date(),
        }
    }

    fn anna() -> EmailAddress {
        address("anna@gemeente.example")
    }

    #[test]
    fn a_newsletter_as_it_goes_to_the_wire() {
        let edition = composed(&fixture::edition(Language::Nl), &fixture::sender(), MailFormat::Html);
        let message = edition.merge(&recipient(&anna(), TOKEN));
        let text = String::from_utf8_lossy(message.as_bytes()).replace("\r\n", "\n");
        let head = text.split("<!doctype").next().unwrap();
        insta::with_settings!({ omit_expression => true }, {
            insta::assert_snapshot!("newsletter_wire", head);
        });
    }

    #[test]
    fn what_arrives_is_what_was_previewed() {
        let edition = composed(&fixture::edition(Language::En), &fixture::sender(), MailFormat::Html);
        let token = Token::parse(MESSAGE_TOKEN).unwrap();
        let mail = read(edition.merge(&Recipient::sample(&anna(), token, date())).as_bytes());
        assert_eq!(mail.html, edition.preview_html());
        assert_eq!(mail.text, edition.preview_text());
        assert!(mail.html.contains("because you signed up for it. We send it 3 to 4 times a year."));
        assert!(mail.text.contains(&format!("https://nieuws.example.nl/u/{SAMPLE_TOKEN}\n")));
    }

    #[test]
    fn two_mails_of_one_edition_differ_only_in_what_is_the_recipients_own() {
        let edition = composed(&fixture::edition(Language::Nl), &fixture::sender(), MailFormat::Html);
        let (anna, bob) =
            (anna(), address("a.very.long.name.of.a.person.who.reads@a-rather-long-name-of-a-municipality.example"));
        let one = edition.merge(&recipient(&anna, TOKEN));
        let two = edition.merge(&Recipient {
            message_token: Token::parse(&OTHER[..26]).unwrap(),
            preferences_token: Token::parse(&OTHER[..30]).unwrap(),
            subscribed_on: jiff::civil::Date::constant(2026, 9, 30),
            ..recipient(&bob, OTHER)
        });
        read(two.as_bytes());
        let own = |text: &str, address: &EmailAddress, tokens: [&str; 3], day: &str| {
            assert_eq!(text.matches(day).count(), 2, "{text}");
            let mut text = text.replace("\r\n <", " <").replace(address.as_str(), "ADDRESS").replace(day, "DAY");
            for token in tokens {
                text = text.replace(token, "TOKEN");
            }
            text
        };
        let one =
            own(std::str::from_utf8(one.as_bytes()).unwrap(), &anna, [MESSAGE_TOKEN, TOKEN, TOKEN], "12 maart 2025");
        let two = own(
            std::str::from_utf8(two.as_bytes()).unwrap(),
            &bob,
            [OTHER, &OTHER[..30], &OTHER[..26]],
            "30 september 2026",
        );
        assert_eq!(one, two);
        assert_eq!(one.matches("TOKEN").count(), 7, "{one}");
    }

    #[test]
    fn the_header_is_complete() {
        let edition = composed(&fixture::edition(Language::Nl), &fixture::sender(), MailFormat::Html);
        let message = edition.merge(&recipient(&anna(), TOKEN));
        let text = std::str::from_utf8(message.as_bytes()).unwrap();
        let head = text.split_once("\r\n\r\n").unwrap().0;
        assert_eq!(
            fixture::header_names(head),
            [
                "From",
                "To",
                "Reply-To",
                "Subject",
                "Date",
                "Message-ID",
                "List-Id",
                "List-Unsubscribe",
                "List-Unsubscribe-Post",
                "List-Archive",
                "Feedback-ID",
                "Precedence",
                "Auto-Submitted",
                "X-Auto-Response-Suppress",
                "Content-Language",
                "MIME-Version",
                "Content-Type"
            ]
        );
        assert!(message.as_bytes().len() <= edition.max_size());
    }

    #[test]
    fn who_wants_plain_text_gets_plain_text_alone() {
        let edition = composed(&fixture::edition(Language::Nl), &fixture::sender(), MailFormat::Text);
        let message = edition.merge(&recipient(&anna(), TOKEN));
        fixture::check_wire(message.as_bytes());
        let mail = mail_parser::MessageParser::default().parse(message.as_bytes()).unwrap();
        assert_eq!(mail.parts.len(), 1);
        assert!(mail.body_text(0).unwrap().contains("== RECENTE BLOGS =="));
    }

    #[test]
    fn a_change_of_anything_changes_the_fingerprint_and_nothing_else_does() {
        let content = fixture::edition(Language::Nl);
        let first = composed(&content, &fixture::sender(), MailFormat::Html).fingerprint();
        assert_eq!(first, composed(&content, &fixture::sender(), MailFormat::Html).fingerprint());
        let other = EditionContent { preheader: "Anders".into(), ..content.clone() };
        assert_ne!(first, composed(&other, &fixture::sender(), MailFormat::Html).fingerprint());
        let sender = Sender::new("IB&P", address("ander@example.nl"));
        assert_ne!(first, composed(&content, &sender, MailFormat::Html).fingerprint());
    }

    #[test]
    fn a_test_mail_says_that_it_is_one() {
        let (content, sender, public_url) = (fixture::edition(Language::Nl), fixture::sender(), fixture::public_url());
        let mailing = Mailing {
            slug: &"nieuws".parse().unwrap(),
            sender: &sender,
            reply_to: None,
            public_url: &public_url,
            unsubscribe_address: None,
        };
        let edition = Composed::test(&Templates::embedded(), &content, &mailing, MailFormat::Html).unwrap();
        let message = edition.merge(&recipient(&anna(), TOKEN));
        assert!(read(message.as_bytes()).subject.starts_with("[Test] Ethisch hacken"));
        assert!(!String::from_utf8_lossy(message.as_bytes()).contains("mailto:"));
    }

    /// Text as nobody would type it and a feed might send it.
    fn nasty() -> impl Strategy<Value = String> {
        prop_oneof![
            "\\PC{0,60}",
            "[a-z .\r\n\0\u{1}\u{2}\u{3}=?<>\"\\\\&é]{0,80}",
            "[\u{590}-\u{5ff}\u{1f600}-\u{1f64f} ]{0,80}",
            Just("x".repeat(3000)),
            Just("woord ".repeat(500)),
            Just("é".repeat(3000)),
            Just("\r\nBcc: victim@example.org\r\n\r\n.\r\n".to_owned()),
            Just("a\n.\nb\r.\rc\n..\n\0".to_owned()),
            Just("=?utf-8?q?evil?= =?utf-8?b?eA==?=".to_owned()),
            Just("Één \"X\" <a@b>, 名前; (x) \\ ".to_owned()),
            Just("\u{202e}\u{2028}\u{feff}\u{85}\u{7f}\u{a0}".to_owned()),
            Just("{{ 7*7 }} {% raw %} {# x #}".to_owned()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn whatever_people_and_feeds_write_arrives_as_written_and_breaks_nothing(
            title in nasty(), name in nasty(), subject in nasty(), text in nasty(), summary in nasty()
        ) {
            let mut content = fixture::edition(Language::Nl);
            content.subject = format!("S{subject}");
            content.newsletter_title = name.clone();
            content.preheader = text.clone();
            content.intro = text;
            content.sections[0].items[0].title = title.clone();
            content.sections[1].items[0].title = title.clone();
            content.sections[0].items[0].summary = summary.clone();
            content.sections[0].items[0].url = format!("https://example.org/?q={summary}");
            content.organisation = name.clone();
            let sender = Sender::new(&name, address("nieuws@example.nl"));
            let edition = composed(&content, &sender, MailFormat::Html);
            let message = edition.merge(&recipient(&anna(), TOKEN));
            let mail = read(message.as_bytes());
            prop_assert!(message.as_bytes().len() <= edition.max_size());
            prop_assert_eq!(&mail.subject, &clean_line(&content.subject));
            prop_assert_eq!(&mail.from_name, sender.name());
            let own = |slot| if slot == Slot::SubscribedOn { edition.sample(slot) } else { TOKEN.into() };
            prop_assert_eq!([&mail.html, &mail.text], [&edition.body.html.fill(own), &edition.body.text.fill(own)]);
            let words = |text: &str| text.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
            prop_assert!(words(&mail.text).contains(&words(&clean_line(&title))), "{} in {}", title, mail.text);
        }
    }
}
