//! What we sign and how we write it, judged by somebody else's program.

use std::process::Command;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use postduif::domain::address::EmailAddress;
use postduif::domain::edition::SectionStyle;
use postduif::domain::edition_content::{EditionContent, Item, Section};
use postduif::domain::language::Language;
use postduif::domain::look::Look;
use postduif::domain::sender::Sender;
use postduif::domain::subscription::MailFormat;
use postduif::domain::time::Timestamp;
use postduif::mail::compose::{Composed, Mailing};
use postduif::mail::dkim_key::DkimKey;
use postduif::mail::letter::{Letterhead, Occasion};
use postduif::mail::merge::Recipient;
use postduif::mail::message::{Message, Token};
use postduif::mail::sign::Signer;
use postduif::mail::template::Templates;

use crate::kit::given;

const TITLES: [&str; 6] = [
    "IB&P: privacy in gevaar bij “AI-software”",
    "\r\nBcc: victim@example.org\r\n\r\n.\r\n",
    "\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{1f54a}\u{fe0f} \u{540d}\u{524d}",
    "=?utf-8?q?evil?=",
    "a\n.\nb\r.\rc\0d  e\t",
    "<script>alert(1)</script> {{ 7 * 7 }}",
];

fn pem(der: &[u8]) -> String {
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der))
}

pub fn rsa() -> DkimKey {
    let der: Pkcs8V1Der<'_> = RsaKeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap();
    DkimKey::from_pem("example.nl", "r2026", pem(der.as_ref()).as_bytes()).unwrap()
}

pub fn ed25519() -> DkimKey {
    let der = Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap();
    DkimKey::from_pem("example.nl", "e2026", pem(der.as_ref()).as_bytes()).unwrap()
}

fn newsletter(title: &str) -> Message {
    let content = EditionContent {
        language: Language::Nl,
        newsletter_title: title.into(),
        sender_name: title.into(),
        number: 1,
        date_label: "maart 2026".into(),
        subject: format!("{title} {}", "lang".repeat(750)),
        preheader: title.into(),
        intro: title.into(),
        sections: vec![Section {
            key: "blogs".into(),
            title: title.into(),
            style: SectionStyle::Excerpts,
            items: vec![Item {
                article: 1,
                title: title.into(),
                url: "https://example.org/".into(),
                summary: title.into(),
                source_url: None,
            }],
        }],
        promo: None,
        promise: "3 tot 4 keer per jaar".into(),
        organisation: title.into(),
        postal_address: "Voorbeeldstraat 1".into(),
        privacy_url: None,
        look: Look::default(),
    };
    let (sender, reply_to) = (Sender::new(title, address("nieuws@example.nl")), address("info@example.nl"));
    let mailing = Mailing {
        slug: &"nieuws".parse().unwrap(),
        sender: &sender,
        reply_to: Some(&reply_to),
        public_url: &"https://nieuws.example.nl".parse().unwrap(),
        unsubscribe_address: Some(&address("unsubscribe@example.nl")),
    };
    let reader = address("anna@gemeente.example");
    let sample = Recipient::sample(&reader, Token::parse("m2b3c4d5").unwrap(), date());
    Composed::new(&Templates::embedded(), &content, &mailing, MailFormat::Html).unwrap().merge(&sample)
}

fn letter() -> Message {
    let sender = Sender::new("IB&P", address("nieuws@example.nl"));
    let head = Letterhead {
        look: &Look::default(),
        language: Language::Nl,
        sender: &sender,
        reply_to: Some(&address("info@example.nl")),
        organisation: "IB&P",
        postal_address: "Voorbeeldstraat 1",
        privacy_url: None,
        public_url: &"https://nieuws.example.nl".parse().unwrap(),
    };
    Occasion::AlreadySubscribed { since: Date::constant(2024, 3, 12), next_expected: None }
        .compose(&Templates::embedded(), &head, &address("anna@gemeente.example"), Token::parse("m2").unwrap(), date())
        .unwrap()
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

fn date() -> Timestamp {
    Timestamp::parse("2026-03-01T08:00:00Z").unwrap()
}

#[test]
fn an_independent_verifier_accepts_our_signatures_and_notices_every_change() {
    let Some(python) = given("PYTHON") else { return };
    let folder = tempfile::tempdir().unwrap();
    let signers = [Signer::new(vec![rsa()]), Signer::new(vec![ed25519()]), Signer::new(vec![rsa(), ed25519()])];
    for signer in signers {
        let records = signer.keys().iter().map(DkimKey::dns_record).map(|record| (record.name, record.value));
        let records_file = folder.path().join("records.json");
        std::fs::write(
            &records_file,
            serde_json::to_vec(&records.collect::<std::collections::BTreeMap<_, _>>()).unwrap(),
        )
        .unwrap();
        let mut files = Vec::new();
        for (number, message) in TITLES.into_iter().map(newsletter).chain([letter()]).enumerate() {
            let file = folder.path().join(format!("{number}.eml"));
            std::fs::write(&file, signer.sign(message, date()).unwrap().as_bytes()).unwrap();
            files.push(file);
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/verify_dkim.py");
        let verdict = Command::new(&python).arg(script).arg(&records_file).args(&files).output().unwrap();
        assert!(verdict.status.success(), "{}", String::from_utf8_lossy(&verdict.stderr));
        let counts: std::collections::BTreeMap<String, usize> = serde_json::from_slice(&verdict.stdout).unwrap();
        assert_eq!(counts.len(), files.len());
        assert!(counts.values().all(|count| *count == signer.keys().len()), "{counts:?}");
    }
}
