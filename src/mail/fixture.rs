//! What the tests of this room share: the newsletter of a made-up office, and a reader of raw mail.

use mail_parser::{MessageParser, MimeHeaders};

use crate::domain::address::EmailAddress;
use crate::domain::edition::SectionStyle;
use crate::domain::edition_content::{EditionContent, Item, Section};
use crate::domain::language::Language;
use crate::domain::look::Look;
use crate::domain::newsletter::Promo;
use crate::domain::public_url::PublicUrl;
use crate::domain::sender::Sender;
use crate::domain::time::Timestamp;

pub(super) const TOKEN: &str = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst";

pub(super) fn public_url() -> PublicUrl {
    "https://nieuws.example.nl".parse().unwrap()
}

pub(super) fn sender() -> Sender {
    Sender::new("IB&P", address("nieuws@example.nl"))
}

pub(super) fn address(text: &str) -> EmailAddress {
    EmailAddress::parse_any_role(text).unwrap()
}

pub(super) fn date() -> Timestamp {
    Timestamp::parse("2026-03-01T08:00:00Z").unwrap()
}

pub(super) fn edition(language: Language) -> EditionContent {
    let item = |article, title: &str, path: &str, summary: &str| Item {
        article,
        title: title.into(),
        url: format!("https://www.example.nl/{path}/"),
        summary: summary.into(),
        source_url: None,
    };
    let section = |key: &str, title: &str, style, items| Section { key: key.into(), title: title.into(), style, items };
    let nl = language == Language::Nl;
    EditionContent {
        language,
        newsletter_title: if nl { "Nieuwsbrief IB&P".into() } else { "IB&P newsletter".into() },
        sender_name: "IB&P".into(),
        number: 1,
        date_label: if nl { "maart 2026".into() } else { "March 2026".into() },
        subject: "Ethisch hacken, de AVG voor applicatiebeheerders en veilige software".into(),
        preheader: "Twee nieuwe blogs, drie berichten en ons handboek.".into(),
        intro: "Beste lezer,\n\nDit is de eerste nieuwsbrief van dit jaar. Je leest onze nieuwste blogs en de berichten die ons \
                **opvielen**. Meer staat op [onze site](https://www.example.nl/). Veel leesplezier!"
            .into(),
        sections: vec![
            section(
                "blogs",
                "Recente blogs",
                SectionStyle::Excerpts,
                vec![
                    item(
                        1,
                        "Wat is ethisch hacken en waarom is het belangrijk?",
                        "ethisch-hacken",
                        "Een ethische hacker zoekt met toestemming naar zwakke plekken in een systeem. Zo kun je ze herstellen \
                         voordat iemand er misbruik van maakt.",
                    ),
                    Item {
                        source_url: Some("https://bron.example/avg".into()),
                        ..item(
                            2,
                            "Applicatiebeheer en de AVG: wat moet je weten?",
                            "applicatiebeheer",
                            "In veel applicaties van de gemeente staan persoonsgegevens.",
                        )
                    },
                ],
            ),
            section(
                "news",
                "Meer recente berichten",
                SectionStyle::Titles,
                vec![
                    item(3, "AP: mensen weinig bewust van gegevens die auto’s allemaal verzamelen", "autos", ""),
                    item(
                        4,
                        "Achterstallig onderhoud in database van politie is ernstige overtreding van privacywetgeving",
                        "achterstallig-onderhoud-in-database-van-politie-is-ernstige-overtreding-van-privacywetgeving",
                        "",
                    ),
                    item(5, "Yeşilgöz-Zegerius & <b>de cyberwet</b>", "cyberwet", ""),
                ],
            ),
        ],
        promo: Some(Promo {
            heading: "Lees ons boek".into(),
            title: "Gemeenten. Bewustzijn. Privacy.".into(),
            text: "Het handboek voor informatiebewustzijn bij de lokale overheid.".into(),
            url: "https://www.example.nl/boek/".into(),
            button: "Bekijk het boek".into(),
        }),
        promise: if nl { "3 tot 4 keer per jaar".into() } else { "3 to 4 times a year".into() },
        organisation: "IB&P".into(),
        postal_address: "Voorbeeldstraat 1, 1234 AB Voorbeeldstad\nKvK 00000000".into(),
        privacy_url: Some("https://www.example.nl/privacy".into()),
        look: Look::default(),
    }
}

/// A message as its readers see it.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) subject: String,
    pub(super) from_name: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// Reads a message after checking everything that holds for every mail on the wire.
pub(super) fn read(message: &[u8]) -> Read {
    check_wire(message);
    let mail = MessageParser::default().parse(message).unwrap();
    assert_eq!(mail.parts.len(), 3, "one multipart with two parts");
    assert_eq!(mail.content_type().unwrap().ctype(), "multipart");
    assert_eq!(mail.content_type().unwrap().subtype(), Some("alternative"));
    let from = mail.from().unwrap().first().unwrap();
    Read {
        subject: mail.subject().unwrap_or_default().to_owned(),
        from_name: from.name().unwrap_or_default().to_owned(),
        text: mail.body_text(0).unwrap().replace("\r\n", "\n"),
        html: mail.body_html(0).unwrap().replace("\r\n", "\n"),
    }
}

/// RFC 5321 and 5322 about lines: CRLF only, 998 octets at most, ASCII; nothing that needs dot-stuffing; header lines
/// of at most 78 columns wherever there is a space to fold at, 76 where there is an encoded word (RFC 2047).
pub(super) fn check_wire(message: &[u8]) {
    let text = std::str::from_utf8(message).unwrap();
    assert!(text.is_ascii() && text.ends_with("\r\n"));
    assert!(!text.replace("\r\n", "").contains(['\r', '\n', '\0']), "only CRLF ends a line");
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    for line in text.split("\r\n") {
        assert!(line.len() <= 998, "{line}");
        assert!(!line.starts_with('.'), "{line}");
        assert!(!line.starts_with("From "), "{line}");
    }
    for line in head.split("\r\n") {
        assert!(!line.trim().is_empty(), "no line of blanks: {head}");
        let value = line.split_once(": ").map_or(line, |(_, value)| value).trim();
        assert!(line.len() <= 78 || !value.contains(' '), "could be folded: {line}");
        assert!(!line.contains("=?") || line.len() <= 76, "encoded words on a line of at most 76: {line}");
        for word in line.split(' ').filter(|word| word.starts_with("=?")) {
            assert!(word.len() <= 75, "{word}");
        }
    }
    for line in body.split("\r\n") {
        assert!(line.len() <= 76, "{line}");
    }
    for once in ["From", "To", "Date", "Subject", "Message-ID", "MIME-Version", "Content-Type", "Auto-Submitted"] {
        assert_eq!(header_names(head).iter().filter(|name| *name == once).count(), 1, "{once} in {head}");
    }
}

pub(super) fn header_names(head: &str) -> Vec<String> {
    head.split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .filter_map(|line| line.split_once(':').map(|(name, _)| name.to_owned()))
        .collect()
}
