//! A mail service's call is read or refused, also when it proves itself and then says anything.
#![no_main]

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use libfuzzer_sys::fuzz_target;
use postduif::domain::service_key::P256Key;
use postduif::domain::token::hex;
use postduif::mail::service::ses::Envelope;
use postduif::mail::service::{self, Call};

/// SendGrid's pair, and its public half as its page shows it.
static SENDGRID: LazyLock<(EcdsaKeyPair, P256Key)> = LazyLock::new(|| {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("there is randomness");
    let head = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
    let der = [&head[..], pair.public_key().as_ref()].concat();
    let key = P256Key::parse(&BASE64_STANDARD.encode(der)).expect("the key is one");
    (pair, key)
});
/// Mailgun's proof, which is not over the event.
static MAILGUN: LazyLock<String> = LazyLock::new(|| {
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"key"), b"1800000000word");
    let signature = hex(signature.as_ref());
    format!(r#"{{"signature":{{"timestamp":"1800000000","token":"word","signature":"{signature}"}},"event-data":"#)
});

fuzz_target!(|input: (u8, &[u8])| {
    let (which, body) = input;
    let call = Call { body, ..Call::default() };
    match which % 5 {
        0 => drop(service::postmark(&Call { authorization: "Basic dXNlcjpzZWNyZXQ=", ..call }, "user:secret")),
        1 => drop(service::brevo(&Call { authorization: "Bearer secret", ..call }, "secret")),
        2 => {
            let body = [MAILGUN.as_bytes(), body, b"}"].concat();
            drop(service::mailgun(&Call { body: &body, ..call }, "key"));
        }
        3 => {
            let (pair, key) = &*SENDGRID;
            let signed = [b"1800000000", body].concat();
            let signature = pair.sign(&SystemRandom::new(), &signed).expect("the pair signs");
            let signature = BASE64_STANDARD.encode(signature);
            let call = Call { signature: &signature, timestamp: "1800000000", ..call };
            drop(service::sendgrid(&call, key));
        }
        _ => {
            let Ok(envelope) = Envelope::read(body) else { return };
            if let Ok(url) = envelope.certificate_url() {
                assert!(url.host_str().is_some_and(|host| host.contains(".amazonaws.com")), "{url}");
            }
            assert!(envelope.prove(b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n").is_err());
        }
    }
});
