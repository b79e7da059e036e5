//! How whole messages are read: samples in every line ending, damaged samples, and rubbish.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;

const TOKEN: &str = "k3m7q2xw5tn4ya6bcd8efghj9pzr3s7uv2k5m8q4xw";

fn sample(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reports");
    fs::read(folder.join(format!("{name}.eml"))).expect("the sample is there")
}

fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reports");
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    names.map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap())).collect()
}

/// `kind address status permanent reason; …` of a verdict, as scripts see it.
fn line(message: &[u8]) -> String {
    let shown = serde_json::to_value(read(message)).unwrap();
    let recipients = shown["recipients"].as_array().unwrap().iter().map(|row| {
        let lasting = if row["permanent"] == true { "for good" } else { "for now" };
        let status = row["status"].as_str().unwrap_or("-");
        format!(" {} {status} {lasting} {};", row["address"].as_str().unwrap(), row["reason"].as_str().unwrap())
    });
    format!("{}{}", shown["kind"].as_str().unwrap(), recipients.collect::<String>())
}

#[test]
fn every_sample_gets_its_verdict_whatever_its_line_ends_are() {
    for (name, expected) in [
        (
            "dsn-two-recipients",
            "bounce anna@example.org 5.1.1 for good user-unknown; bert@example.org 5.2.2 for now mailbox-full;",
        ),
        ("dsn-forwarded", "bounce carla+nieuws@example.org 5.1.1 for good user-unknown;"),
        ("dsn-delayed", "bounce anna@example.org 4.4.1 for now network;"),
        ("dsn-delivered-and-relayed", "other"),
        ("dsn-beyond-ascii", "bounce rené@café.example 5.6.7 for good unsupported-address;"),
        ("dsn-directory-says-no", "bounce anna@example.org 5.4.1 for good user-unknown;"),
        ("dsn-about-our-reputation", "bounce anna@example.org 5.7.1 for good policy;"),
        ("dsn-expired", "bounce anna@example.org 4.4.7 for now network;"),
        ("dsn-vague-with-telling-notice", "bounce anna@example.org 5.0.0 for now mailbox-full;"),
        ("dsn-without-boundary", "bounce anna@example.org 5.1.1 for good user-unknown;"),
        (
            "dsn-full-of-empty-lines",
            "bounce anna@example.org 5.1.1 for good user-unknown; bert@example.org 4.2.2 for now mailbox-full; \
             carla@example.org 5.7.26 for good policy;",
        ),
        ("dsn-inside-mixed", "bounce anna@example.org 5.1.10 for good user-unknown;"),
        ("dsn-passed-on-by-a-person", "other"),
        (
            "text-list-with-colon",
            "bounce anna@example.org 5.1.1 for good user-unknown; bert@example.org 4.2.2 for now mailbox-full;",
        ),
        ("text-indented-list", "bounce anna@example.org - for good user-unknown;"),
        ("text-transcript", "bounce anna@example.org - for good user-unknown;"),
        ("text-not-listed", "bounce anna@example.org - for good user-unknown;"),
        ("text-office-server", "bounce anna@example.org - for good user-unknown;"),
        ("text-of-a-web-mailer", "bounce anna@example.org - for now mailbox-full;"),
        ("text-delay", "bounce anna@example.org 4.7.0 for now network;"),
        ("text-dutch", "bounce anna@example.org - for now mailbox-full;"),
        ("text-names-nobody", "bounce"),
        ("text-names-nobody-at-our-desk", "other"),
        ("text-about-an-away-letter", "bounce anna@example.org - for good user-unknown;"),
        ("text-without-domain", "bounce a.devries@example.org - for good user-unknown;"),
        ("parcel", "other"),
        ("complaint", "complaint anna@mail.example.com - for good complaint;"),
        ("complaint-redacted", "complaint redacted@mail.example.com - for good complaint;"),
        ("complaint-old-style", "complaint anna@mail.example.com - for good complaint;"),
        ("report-not-spam", "other"),
        ("report-auth-failure", "other"),
        ("away", "auto-reply"),
        ("away-marked", "auto-reply"),
        ("left", "auto-reply"),
        ("challenge", "auto-reply"),
        ("receipt", "auto-reply"),
        ("question", "other"),
        ("question-about-a-bounce", "other"),
        ("reaction", "other"),
        ("leaving-by-address", "unsubscribe anna@example.org - for good unsubscribe;"),
        ("leaving-by-subject", "unsubscribe anna@example.org - for good unsubscribe;"),
        ("leaving-by-body", "unsubscribe anna@example.org - for good unsubscribe;"),
        ("asking-about-leaving", "other"),
    ] {
        let text = String::from_utf8(sample(name)).unwrap();
        for end in ["\n", "\r\n", "\r"] {
            assert_eq!(line(text.replace('\n', end).as_bytes()), expected, "{name} with {end:?}");
        }
    }
}

/// Texts of our own in the forms that mail servers and away messages have, each below its name and its verdict.
const FORMS: &str = include_str!("../../../tests/fixtures/forms.txt");

#[test]
fn the_forms_of_many_servers_are_read_and_what_is_no_report_is_left_alone() {
    let mut read = 0;
    for form in FORMS.split("@@@ ").filter(|form| !form.is_empty()) {
        let (title, message) = form.split_once('\n').unwrap();
        let (name, expected) = title.split_once(": ").unwrap();
        for end in ["\n", "\r\n", "\r"] {
            assert_eq!(line(message.replace('\n', end).as_bytes()), expected, "{name} with {end:?}");
        }
        read += 1;
    }
    assert!(read > 80, "{read}");
}

#[test]
fn of_two_addresses_the_one_we_wrote_to_is_told_unless_the_other_is_the_same_mailbox() {
    let report = |original: &str, last: &str| {
        let fields = format!("Original-Recipient: rfc822;{original}\nFinal-Recipient: rfc822; {last}\n");
        let mail = format!(
            "From: MAILER-DAEMON@mx.example.org\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
             --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n{fields}Action: failed\nStatus: 5.1.1\n\n--b--\n"
        );
        let recipient = read(mail.as_bytes()).recipients.remove(0);
        (recipient.address, recipient.other.unwrap_or_default())
    };
    for (original, last, shown, other) in [
        ("anna@example.org", "anna@example.org", "anna@example.org", ""),
        ("anna@example.org", "a.jansen@example.net", "anna@example.org", "a.jansen@example.net"),
        ("anna@example.org", "Anna@mail.example.net", "Anna@mail.example.net", "anna@example.org"),
        ("anna@example.org", "anna@mailhost", "anna@example.org", "anna@mailhost"),
    ] {
        assert_eq!(report(original, last), (shown.to_owned(), other.to_owned()), "{original} {last}");
    }
}

#[test]
fn the_delivery_can_be_found_by_its_return_path_its_message_id_and_its_links() {
    for name in [
        "dsn-two-recipients",
        "text-list-with-colon",
        "text-indented-list",
        "complaint-redacted",
        "dsn-without-boundary",
    ] {
        let clues = read(&sample(name)).clues;
        assert!(clues.details().any(|detail| detail == TOKEN), "{name}: {clues:?}");
        assert!(clues.message_ids.contains(&format!("{TOKEN}@nieuws.example.nl")), "{name}: {clues:?}");
        assert!(clues.unsubscribe_links.contains(&"https://nieuws.example.nl/u/abc".to_owned()), "{name}: {clues:?}");
    }
    assert_eq!(read(&sample("dsn-two-recipients")).clues.envelope_ids, ["4711+x"]);
    assert_eq!(read(&sample("away-marked")).clues.message_ids, [format!("{TOKEN}@nieuws.example.nl")]);
    assert_eq!(read(&sample("leaving-by-address")).clues.details().collect::<Vec<_>>(), ["abc"]);
}

#[test]
fn a_bounce_says_one_thing_about_the_delivery_it_belongs_to() {
    let failure =
        |name: &str| read(&sample(name)).failure().map(|failure| (failure.action, failure.permanent, failure.reason));
    assert_eq!(failure("dsn-two-recipients"), Some((Action::Failed, true, BounceClass::Gone)));
    assert_eq!(failure("dsn-delayed"), Some((Action::Delayed, false, BounceClass::Network)));
    assert_eq!(failure("text-names-nobody"), Some((Action::Failed, true, BounceClass::Gone)));
    assert_eq!(failure("away"), None);
    let diagnostic = &read(&sample("dsn-two-recipients")).recipients[0].failure.as_ref().unwrap().diagnostic.clone();
    assert_eq!(
        diagnostic,
        "550 5.1.1 <anna@example.org>: Recipient address rejected: User unknown in virtual mailbox table"
    );
}

#[test]
fn a_first_line_of_a_mailbox_file_changes_nothing() {
    for (name, bytes) in samples() {
        let boxed = [b"From MAILER-DAEMON Mon Dec  7 09:10:00 2026\n", &bytes[..]].concat();
        assert_eq!(line(&boxed), line(&bytes), "{name}");
    }
}

/// Each would take minutes if work grew faster than the message.
#[test]
fn hostile_messages_are_read_like_any_other() {
    let start = "From: MAILER-DAEMON@x.nl\nSubject: failure notice\nReturn-Path: <>\n";
    let report = "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n";
    let much = 1 << 16;
    let fill = |piece: &str| piece.repeat(much / piece.len());
    let bodies = [
        fill("@"),
        fill("a@b.nl "),
        fill("a@"),
        fill("<a@b.nl>:\n550 5.1.1 unknown\n"),
        fill("5.1.1 "),
        fill("550-"),
        fill("<"),
        fill("<a "),
        fill("<style>"),
        fill("--b\n"),
        fill("--"),
        fill("\n"),
        fill("\r"),
        fill(" "),
        fill("--- copy of the message\n"),
        fill("Content-Type: message/rfc822\n\n"),
        fill("Content-Type: multipart/mixed; boundary=b\n\n--b\n"),
        fill("=?utf-8?q?"),
        fill("é"),
    ];
    for body in &bodies {
        for kind in ["text/plain", "text/html", "message/rfc822", "multipart/mixed; boundary=b"] {
            read(format!("{start}Content-Type: {kind}\n\n{body}").as_bytes());
        }
        read(format!("{start}{report}{body}").as_bytes());
        read(format!("{start}X: {body}\n\n").as_bytes());
        read(format!("Subject: {body}\n\n{body}").as_bytes());
    }
    let many = format!("{start}{report}{}", fill("Final-Recipient: rfc822; a@b.nl\nAction: failed\nStatus: 5.1.1\n\n"));
    assert_eq!(read(many.as_bytes()).recipients.len(), 1);
}

fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let samples: Vec<Vec<u8>> = samples().into_iter().map(|(_, bytes)| bytes).collect();
    let one = prop::sample::select(samples);
    (one.clone(), one, any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()).prop_map(
        |(head, tail, cut, from, byte)| {
            let mut spliced = head[..cut.index(head.len())].to_vec();
            spliced.push(byte);
            spliced.extend_from_slice(&tail[from.index(tail.len())..]);
            spliced
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_get_a_verdict(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = serde_json::to_string(&read(&bytes)).unwrap();
    }

    #[test]
    fn damaged_and_spliced_reports_get_a_verdict(bytes in damaged()) {
        let feedback = read(&bytes);
        prop_assert!(feedback.kind == Kind::Bounce || feedback.failure().is_none());
        prop_assert!(feedback.recipients.iter().all(|recipient| recipient.address.contains('@')));
    }

    #[test]
    fn a_reply_that_calls_itself_automatic_is_never_a_bounce(
        subject in "[a-zA-Z :]{0,30}",
        body in "(could not be delivered|550 5\\.1\\.1|<a@b\\.nl>:|user unknown|[a-z ]|\n){0,20}",
    ) {
        let mail = format!(
            "Return-Path: <>\nFrom: Anna <anna@example.org>\nAuto-Submitted: auto-replied\nSubject: {subject}\n\n{body}"
        );
        prop_assert_eq!(read(mail.as_bytes()).kind, Kind::AutoReply);
    }
}
