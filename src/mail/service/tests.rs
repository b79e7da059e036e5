//! Calls as services make them, proven with real keys, and every way in which they prove nothing.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256};
use base64::Engine as _;
use serde_json::json;

use super::ses::{Envelope, Proven, is_of_sns};
use super::*;
use crate::domain::token::hex;

fn body(value: &serde_json::Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

fn basic(secret: &str) -> String {
    format!("Basic {}", BASE64.encode(secret))
}

fn told(said: Vec<Said>) -> Vec<(FeedbackKind, Option<BounceClass>, String)> {
    let id = |said: &Said| said.clues.message_ids.first().cloned().unwrap_or_default();
    said.iter().map(|said| (said.verdict.kind, said.verdict.reason, id(said))).collect()
}

#[test]
fn postmark_is_known_by_its_password_and_our_message_id_is_found_in_what_it_passes_on() {
    let event = json!({
        "RecordType": "Bounce", "Type": "HardBounce", "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Email": "anna@example.org", "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
        "Content": "Return-Path: <>\nFrom: mailer-daemon@x\nSubject: Undelivered\n\nMessage-ID: <token@example.org>\n"
    });
    let (bytes, authorization) = (body(&event), basic("postmark:a secret"));
    let call = Call { authorization: &authorization, body: &bytes, ..Call::default() };
    let said = postmark(&call, "postmark:a secret").unwrap();
    assert_eq!((said[0].verdict.kind, said[0].verdict.reason), (FeedbackKind::Bounce, Some(BounceClass::Gone)));
    assert!(said[0].clues.message_ids.contains(&"token@example.org".to_owned()));
    for wrong in ["", "Basic", &basic("postmark:another"), "Bearer x", "Basic %%%"] {
        assert_eq!(postmark(&Call { authorization: wrong, ..call }, "postmark:a secret"), Err(CallError::Unproven));
    }
    for (kind, expected) in [
        ("Blocked", Some(BounceClass::Policy)),
        ("SoftBounce", Some(BounceClass::Unclear)),
        ("SpamComplaint", None),
        ("AutoResponder", None),
    ] {
        let event = body(&json!({"RecordType": "Bounce", "Type": kind}));
        let said = postmark(&Call { body: &event, ..call }, "postmark:a secret").unwrap();
        assert_eq!(said.first().and_then(|said| said.verdict.reason), expected, "{kind}");
        assert_eq!(said.is_empty(), kind == "AutoResponder");
    }
}

#[test]
fn brevo_is_known_by_its_token() {
    let event = body(&json!([
        {"event": "hard_bounce", "message-id": "<one@example.org>", "reason": "user unknown"},
        {"event": "spam", "message-id": "<two@example.org>"},
        {"event": "delivered", "message-id": "<three@example.org>"},
        {"event": "blocked", "message-id": "<four@example.org>"}
    ]));
    let call = Call { authorization: "bearer the-token", body: &event, ..Call::default() };
    let expected = [
        (FeedbackKind::Bounce, Some(BounceClass::Gone), "one@example.org".to_owned()),
        (FeedbackKind::Complaint, None, "two@example.org".to_owned()),
        (FeedbackKind::Bounce, Some(BounceClass::Policy), "four@example.org".to_owned()),
    ];
    assert_eq!(told(brevo(&call, "the-token").unwrap()), expected);
    assert_eq!(brevo(&call, "another-token"), Err(CallError::Unproven));
    assert_eq!(brevo(&Call { authorization: "", ..call }, "the-token"), Err(CallError::Unproven));
}

fn mailgun_event(key: &str, event: serde_json::Value) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let signature = hex(hmac::sign(&key, b"1800000000the-word").as_ref());
    body(&json!({
        "signature": {"timestamp": "1800000000", "token": "the-word", "signature": signature}, "event-data": event
    }))
}

#[test]
fn mailgun_is_known_by_its_signature() {
    let event = json!({
        "event": "failed", "severity": "permanent", "reason": "bounce", "message": {"headers": {"message-id": "a@example.org"}},
        "delivery-status": {"code": 550, "message": "5.1.1 user unknown", "description": ""}
    });
    let signed = mailgun_event("key", event.clone());
    let (stamp, said) = mailgun(&Call { body: &signed, ..Call::default() }, "key").unwrap();
    assert_eq!(stamp, Stamp { signed_at: 1_800_000_000, token: "the-word".to_owned() });
    assert_eq!(told(said), [(FeedbackKind::Bounce, Some(BounceClass::Gone), "a@example.org".to_owned())]);
    assert_eq!(mailgun(&Call { body: &signed, ..Call::default() }, "kez"), Err(CallError::Unproven));
    let later = String::from_utf8(signed).unwrap().replace("1800000000", "1900000000");
    assert_eq!(mailgun(&Call { body: later.as_bytes(), ..Call::default() }, "key"), Err(CallError::Unproven));
    let temporary = mailgun_event("key", json!({"event": "failed", "severity": "temporary", "reason": "generic"}));
    assert_eq!(mailgun(&Call { body: &temporary, ..Call::default() }, "key").unwrap().1, []);
}

#[test]
fn sendgrid_is_known_by_its_signature_over_moment_and_body() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let der = [
        &[0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48][..],
        &[0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00][..],
        pair.public_key().as_ref(),
    ];
    let key = P256Key::parse(&BASE64.encode(der.concat())).unwrap();
    let events = body(&json!([
        {"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 no", "smtp-id": "<a@example.org>"},
        {"event": "bounce", "type": "blocked", "reason": "blocked by a list", "smtp-id": "<b@example.org>"},
        {"event": "spamreport", "smtp-id": "<c@example.org>"},
        {"event": "open", "smtp-id": "<d@example.org>"}
    ]));
    let signed = [b"1800000000", events.as_slice()].concat();
    let signature = BASE64.encode(pair.sign(&SystemRandom::new(), &signed).unwrap());
    let call = Call { signature: &signature, timestamp: "1800000000", body: &events, ..Call::default() };
    let (moment, said) = sendgrid(&call, &key).unwrap();
    assert_eq!(moment, 1_800_000_000);
    let reasons: Vec<_> = told(said).into_iter().map(|(kind, reason, _)| (kind, reason)).collect();
    let bounced = |reason| (FeedbackKind::Bounce, Some(reason));
    assert_eq!(reasons, [bounced(BounceClass::Gone), bounced(BounceClass::Policy), (FeedbackKind::Complaint, None)]);
    for wrong in [
        Call { timestamp: "1800000001", ..call },
        Call { body: b"[]", ..call },
        Call { signature: "", ..call },
        Call { signature: "AAAA", ..call },
    ] {
        assert_eq!(sendgrid(&wrong, &key), Err(CallError::Unproven));
    }
    assert!(P256Key::parse("AAAA").is_err() && P256Key::parse("").is_err());
}

/// A certificate of SNS's kind, and what signs with it.
fn authority() -> (String, aws_lc_rs::rsa::KeyPair) {
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec!["sns.amazonaws.com".to_owned()]).unwrap().self_signed(&key).unwrap();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", BASE64.encode(certificate.der()));
    (pem, aws_lc_rs::rsa::KeyPair::from_pkcs8(&key.serialize_der()).unwrap())
}

fn signed_by(key: &aws_lc_rs::rsa::KeyPair, text: &str) -> String {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    BASE64.encode(signature)
}

#[test]
fn ses_is_known_by_the_certificate_of_sns_and_by_our_topic() {
    let (certificate, key) = authority();
    let message = json!({
        "notificationType": "Bounce",
        "bounce": {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [
            {"emailAddress": "anna@example.org", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}]},
        "mail": {"messageId": "0102", "source": "bounces+token@example.org",
            "headers": [{"name": "Message-ID", "value": "<token@example.org>"}]}
    })
    .to_string();
    let topic = "arn:aws:sns:eu-west-1:123456789012:bounces";
    let moment = "2026-11-23T12:00:00.000Z";
    let signed =
        format!("Message\n{message}\nMessageId\nid-1\nTimestamp\n{moment}\nTopicArn\n{topic}\nType\nNotification\n");
    let envelope = |message: &str, version: &str| {
        let call = json!({
            "Type": "Notification", "MessageId": "id-1", "TopicArn": topic, "Message": message, "Timestamp": moment,
            "SignatureVersion": version, "Signature": signed_by(&key, &signed),
            "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem"
        });
        Envelope::read(&body(&call)).unwrap()
    };
    let good = envelope(&message, "2");
    assert_eq!((good.topic(), good.signed_at()), (topic, moment));
    assert_eq!(good.certificate_url().unwrap().host_str(), Some("sns.eu-west-1.amazonaws.com"));
    let Proven::Said(said) = good.prove(certificate.as_bytes()).unwrap() else { panic!("an event") };
    assert_eq!(said[0].clues.addresses, ["bounces+token@example.org"]);
    assert_eq!(told(said), [(FeedbackKind::Bounce, Some(BounceClass::Gone), "token@example.org".to_owned())]);
    assert_eq!(
        envelope(&message.replace("5.1.1", "5.1.2"), "2").prove(certificate.as_bytes()),
        Err(CallError::Unproven)
    );
    assert_eq!(envelope(&message, "1").prove(certificate.as_bytes()), Err(CallError::Unproven));
    assert_eq!(envelope(&message, "2").prove(authority().0.as_bytes()), Err(CallError::Unproven));
    assert_eq!(envelope(&message, "2").prove(b"no certificate"), Err(CallError::Unproven));
}

#[test]
fn a_topic_may_ask_whether_it_may_call() {
    let (certificate, key) = authority();
    let (topic, moment) = ("arn:aws:sns:eu-west-1:123456789012:bounces", "2026-11-23T12:00:00.000Z");
    let url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=abc";
    let signed = format!(
        "Message\nhello\nMessageId\nid-2\nSubscribeURL\n{url}\nTimestamp\n{moment}\nToken\nabc\nTopicArn\n{topic}\nType\nSubscriptionConfirmation\n"
    );
    let call = json!({
        "Type": "SubscriptionConfirmation", "MessageId": "id-2", "TopicArn": topic, "Message": "hello", "Timestamp": moment,
        "SignatureVersion": "2", "Signature": signed_by(&key, &signed), "SubscribeURL": url, "Token": "abc",
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem"
    });
    let proven = Envelope::read(&body(&call)).unwrap().prove(certificate.as_bytes());
    assert_eq!(proven, Ok(Proven::MayICall(url.parse().unwrap())));
}

#[test]
fn only_hosts_of_sns_are_looked_at() {
    for good in ["https://sns.eu-west-1.amazonaws.com/a.pem", "https://sns.cn-north-1.amazonaws.com.cn/a.pem"] {
        assert!(is_of_sns(&good.parse().unwrap()), "{good}");
    }
    for bad in [
        "http://sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
        "https://sns.evil.example/.amazonaws.com",
        "https://sns.a.b.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com:444/a.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/",
        "https://bucket.s3.amazonaws.com/a.pem",
    ] {
        assert!(!is_of_sns(&bad.parse().unwrap()), "{bad}");
    }
}

proptest::proptest! {
    #[test]
    fn any_body_is_read_without_harm(bytes: Vec<u8>, text in "[\\[{}\"a-z:,]{0,60}") {
        for body in [bytes.as_slice(), text.as_bytes()] {
            let call = Call { authorization: "Bearer the-token", body, ..Call::default() };
            let _ = brevo(&call, "the-token");
            let _ = mailgun(&call, "key");
            let _ = postmark::read(body);
            let _ = sendgrid::read(body);
            proptest::prop_assert!(Envelope::read(body).is_err());
        }
    }
}
