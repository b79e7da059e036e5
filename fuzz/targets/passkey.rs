//! What an authenticator says is read or refused; no signature but the passkey's own is one.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use postduif::domain::cbor::Cbor;
use postduif::domain::webauthn::{Asked, Assertion, RelyingParty, assert, register};

static PARTY: LazyLock<RelyingParty> = LazyLock::new(|| RelyingParty {
    id: "news.example.org".to_owned(),
    origin: "https://news.example.org".to_owned(),
});
const MADE: &[u8] =
    br#"{"type":"webauthn.create","challenge":"MDEyMzQ1Njc4OWFiY2RlZg","origin":"https://news.example.org"}"#;
const USED: &[u8] =
    br#"{"type":"webauthn.get","challenge":"MDEyMzQ1Njc4OWFiY2RlZg","origin":"https://news.example.org"}"#;

fuzz_target!(|input: &[u8]| {
    let asked = Asked { party: &PARTY, challenge: b"0123456789abcdef" };
    if let Some(value) = Cbor::read(input) {
        drop(value.named("authData"));
    }
    drop(register(asked, input, input));
    let signed = |public_key: &[u8], data: &[u8], signature: &[u8]| {
        assert(asked, public_key, 0, Assertion { client_data: USED, authenticator_data: data, signature })
    };
    if let Ok(passkey) = register(asked, MADE, input) {
        assert!((1..=1023).contains(&passkey.id.len()));
        assert!(signed(&passkey.public_key, input, &[]).is_err());
    }
    if let Some((data, rest)) = input.split_at_checked(37)
        && let Some((key, signature)) = rest.split_at_checked(77)
    {
        let _ = signed(key, data, signature);
    }
});
