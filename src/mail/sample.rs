//! Sample mails: what templates are tried out on, and what a preview shows in place of a reader's own.

use jiff::civil::Date;

use crate::domain::edition::SectionStyle;
use crate::domain::edition_content::{EditionContent, Item, Section};
use crate::domain::language::Language;
use crate::domain::look::{Logo, Look};
use crate::domain::newsletter::Promo;
use crate::domain::public_url::PublicUrl;

use super::message::Token;
use super::view::{ButtonView, LetterView, LetterWords, LookView};

/// The token in the links of previews and test mails. Pages that are asked for it show what readers would see and do
/// nothing; no real token can be equal to it, because those are 52 random characters.
pub const SAMPLE_TOKEN: &str = "voorbeeldvoorbeeldvoorbeeldvoorbeeldvoorbeeldvoorbee";

/// The same as a checked value.
pub(super) fn token() -> Token<'static> {
    Token::parse(SAMPLE_TOKEN).expect("these are lower-case letters")
}

/// The day on which the reader of a preview or a test mail seems to have subscribed.
pub(super) const SUBSCRIBED_ON: Date = Date::constant(2025, 3, 12);

pub(super) const SLUG: &str = "sample";
pub(super) const ADDRESS: &str = "Voorbeeldstraat 1, 1234 AB Voorbeeldstad";

pub(super) fn public_url() -> PublicUrl {
    "https://news.example".parse().expect("this is a link")
}

/// For every language one edition with all there can be, and one with as little as possible.
pub(super) fn editions() -> Vec<EditionContent> {
    Language::ALL.into_iter().flat_map(|language| [full(language), bare(language)]).collect()
}

fn bare(language: Language) -> EditionContent {
    EditionContent {
        language,
        newsletter_title: String::new(),
        sender_name: String::new(),
        number: 1,
        date_label: "2026".into(),
        subject: "Titel".into(),
        preheader: String::new(),
        intro: String::new(),
        sections: Vec::new(),
        promo: None,
        promise: "4 ×".into(),
        organisation: String::new(),
        postal_address: ADDRESS.into(),
        privacy_url: None,
        look: Look::default(),
    }
}

/// The look that takes every branch.
fn look() -> Look {
    let logo = Logo { url: "https://example.org/logo.png".into(), width: 200, height: 50, alt: "Voorbeeld".into() };
    Look { logo: Some(logo), accent: None }
}

fn full(language: Language) -> EditionContent {
    let section = |key: &str, style| Section {
        key: key.into(),
        title: key.into(),
        style,
        items: (1..=3)
            .map(|number| Item {
                article: number,
                title: format!("{key} {number}"),
                url: format!("https://example.org/{key}/{number}"),
                summary: if number == 2 { String::new() } else { "Tekst".into() },
                source_url: (number == 3).then(|| "https://example.org/source".into()),
            })
            .collect(),
    };
    EditionContent {
        newsletter_title: "Nieuws".into(),
        sender_name: "Voorbeeld".into(),
        preheader: "Eerst dit".into(),
        intro: "# Kop\n\nBeste *lezer*,\n\n1. **een**\n2. [twee](https://example.org/)\n\n- drie".into(),
        sections: vec![section("excerpts", SectionStyle::Excerpts), section("titles", SectionStyle::Titles)],
        promo: Some(Promo {
            heading: "Boek".into(),
            title: "Titel".into(),
            text: "# Kop\n\nTekst, [hier](https://example.org/)\n\n- een".into(),
            url: "https://example.org/book".into(),
            button: "Bekijk".into(),
        }),
        organisation: "Voorbeeld".into(),
        postal_address: format!("{ADDRESS}\nKvK 00000000"),
        privacy_url: Some("https://example.org/privacy".into()),
        look: look(),
        ..bare(language)
    }
}

/// A letter with all there can be, and one with as little as possible.
pub(super) fn letters() -> [LetterView; 2] {
    let bare = LetterView {
        language: Language::Nl.tag(),
        subject: "Titel".into(),
        preheader: String::new(),
        sender_name: String::new(),
        hello: "Hallo,".into(),
        before: Vec::new(),
        articles: Vec::new(),
        button: None,
        after: Vec::new(),
        unsubscribe_url: None,
        address_lines: vec![ADDRESS.into()],
        privacy_url: None,
        look: LookView::from(&Look::default()),
        words: LetterWords { unsubscribe: "Afmelden".into(), privacy_statement: "Privacy".into() },
    };
    let full = LetterView {
        preheader: "Eerst dit".into(),
        sender_name: "Voorbeeld".into(),
        before: vec!["Voor".into()],
        articles: vec!["Artikel".into()],
        button: Some(ButtonView { text: "Knop".into(), url: "https://example.org/button".into() }),
        after: vec!["Na".into()],
        unsubscribe_url: Some("https://example.org/u".into()),
        privacy_url: Some("https://example.org/privacy".into()),
        address_lines: vec![ADDRESS.into(), "KvK 00000000".into()],
        look: LookView::from(&look()),
        words: LetterWords { unsubscribe: "Afmelden".into(), privacy_statement: "Privacy".into() },
        ..bare.clone()
    };
    [bare, full]
}
