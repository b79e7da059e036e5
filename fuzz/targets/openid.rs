//! What an OpenID provider says of somebody is believed only where it is signed and about this very sign-in.
#![no_main]

use std::sync::LazyLock;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use postduif::domain::id_token::{Awaited, check};
use postduif::domain::time::Timestamp;
use postduif::domain::verifying_key::Jwk;

static PAIR: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("the seed is long enough"));

fuzz_target!(|input: (&[u8], &str)| {
    let (claims, text) = input;
    let point = BASE64_URL_SAFE_NO_PAD.encode(PAIR.public_key().as_ref());
    let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{point}"}}"#);
    let keys: Vec<Jwk> = vec![serde_json::from_str(&jwk).expect("the key is one")];
    let now = Timestamp::from_seconds(1_770_019_200);
    let awaited = Awaited { issuer: "https://id.example.org", client_id: "postduif", nonce: "the nonce", now };
    // A stranger's token: nobody signed it.
    assert!(check(text, &keys, awaited).is_err());
    if let Ok(strangers) = serde_json::from_str::<Vec<Jwk>>(text) {
        strangers.iter().for_each(|key| drop(key.key()));
    }
    // The provider's own, saying anything.
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let signed = format!("{}.{}", encode(br#"{"alg":"EdDSA"}"#), encode(claims));
    let token = format!("{signed}.{}", encode(PAIR.sign(signed.as_bytes()).as_ref()));
    if let Ok(identity) = check(&token, &keys, awaited) {
        assert!(!identity.subject.is_empty() && identity.subject.is_ascii(), "{:?}", identity.subject);
    }
});
