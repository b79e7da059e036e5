//! An authenticator of our own, honest and not.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

use super::*;

struct Authenticator {
    pair: EcdsaKeyPair,
    party: RelyingParty,
}

const CHALLENGE: &[u8] = b"0123456789abcdef0123456789abcdef";
const PRESENT: u8 = 1;

impl Authenticator {
    fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let party = RelyingParty { id: "news.example.org".to_owned(), origin: "https://news.example.org".to_owned() };
        Self { pair, party }
    }

    fn asked(&self) -> Asked<'_> {
        Asked { party: &self.party, challenge: CHALLENGE }
    }

    /// The key in COSE.
    fn cose(&self) -> Vec<u8> {
        let point = self.pair.public_key().as_ref();
        [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", &point[1..33], b"\x22\x58\x20", &point[33..65]].concat()
    }

    fn data(&self, flags: u8, count: u32) -> Vec<u8> {
        let site = digest(&SHA256, self.party.id.as_bytes());
        [site.as_ref(), &[flags], &count.to_be_bytes()].concat()
    }

    fn client_data(kind: &str, challenge: &[u8], origin: &str) -> Vec<u8> {
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(challenge);
        serde_json::json!({"type": kind, "challenge": challenge, "origin": origin}).to_string().into_bytes()
    }

    fn attestation(&self, key: &[u8]) -> Vec<u8> {
        let credential = [&[0; 16][..], &[0, 4], b"name", key].concat();
        let data = [self.data(PRESENT | 1 << 6, 0), credential].concat();
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        let length: &[u8] = if length[0] == 0 { &[0x58, length[1]] } else { &[0x59, length[0], length[1]] };
        [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData", length, &data].concat()
    }

    fn sign(&self, data: &[u8], client_data: &[u8]) -> Vec<u8> {
        self.pair.sign(&SystemRandom::new(), &signed(data, client_data)).unwrap().as_ref().to_vec()
    }

    /// Uses the passkey, as this client data and flags say.
    fn uses(&self, client_data: &[u8], flags: u8, count: u32, known: i64) -> Result<i64, PasskeyFault> {
        let authenticator_data = self.data(flags, count);
        let signature = self.sign(&authenticator_data, client_data);
        let given = Assertion { client_data, authenticator_data: &authenticator_data, signature: &signature };
        assert(self.asked(), &self.cose(), known, given)
    }
}

#[test]
fn a_passkey_is_made_and_used() {
    let authenticator = Authenticator::new();
    let made = Authenticator::client_data("webauthn.create", CHALLENGE, "https://news.example.org");
    let passkey = register(authenticator.asked(), &made, &authenticator.attestation(&authenticator.cose())).unwrap();
    assert_eq!((passkey.id.as_slice(), &passkey.public_key), (&b"name"[..], &authenticator.cose()));
    let used = Authenticator::client_data("webauthn.get", CHALLENGE, "https://news.example.org");
    assert_eq!(authenticator.uses(&used, PRESENT, 7, 6), Ok(7));
    assert_eq!(authenticator.uses(&used, PRESENT, 0, 0), Ok(0), "some do not count");
}

#[test]
fn what_is_forged_is_refused_each_for_its_own_reason() {
    let authenticator = Authenticator::new();
    let get = |challenge: &[u8], origin: &str| Authenticator::client_data("webauthn.get", challenge, origin);
    let honest = get(CHALLENGE, "https://news.example.org");
    let uses = |client_data: &[u8]| authenticator.uses(client_data, PRESENT, 1, 0);
    assert_eq!(uses(&get(b"another challenge", "https://news.example.org")), Err(PasskeyFault::Challenge));
    for origin in
        ["https://news.example.org.evil.example", "http://news.example.org", "https://news.example.org:444", "null"]
    {
        assert_eq!(uses(&get(CHALLENGE, origin)), Err(PasskeyFault::Origin), "{origin}");
    }
    let framed = String::from_utf8(honest.clone()).unwrap().replacen('{', "{\"crossOrigin\":true,", 1);
    assert_eq!(uses(framed.as_bytes()), Err(PasskeyFault::Origin));
    let created = Authenticator::client_data("webauthn.create", CHALLENGE, "https://news.example.org");
    assert_eq!(uses(&created), Err(PasskeyFault::Kind));
    assert_eq!(uses(b"{}"), Err(PasskeyFault::Malformed));
    assert_eq!(authenticator.uses(&honest, 0, 1, 0), Err(PasskeyFault::NobodyThere));
    for (count, known) in [(6, 6), (5, 6), (0, 6)] {
        assert_eq!(authenticator.uses(&honest, PRESENT, count, known), Err(PasskeyFault::Counter), "{count} {known}");
    }
    let data = authenticator.data(PRESENT, 1);
    let check = |signature: &[u8], data: &[u8]| {
        let given = Assertion { client_data: &honest, authenticator_data: data, signature };
        assert(authenticator.asked(), &authenticator.cose(), 0, given)
    };
    let signature = authenticator.sign(&data, &honest);
    assert_eq!(check(&signature, &data), Ok(1));
    assert_eq!(check(&Authenticator::new().sign(&data, &honest), &data), Err(PasskeyFault::Signature));
    assert_eq!(check(&[], &data), Err(PasskeyFault::Signature));
    let higher = authenticator.data(PRESENT, 2);
    assert_eq!(check(&signature, &higher), Err(PasskeyFault::Signature), "the counter is signed");
    assert_eq!(check(&signature, &data[..36]), Err(PasskeyFault::Malformed));
    let mut elsewhere = data.clone();
    elsewhere[0] ^= 1;
    assert_eq!(check(&signature, &elsewhere), Err(PasskeyFault::Origin));
}

#[test]
fn a_key_of_another_kind_or_a_strange_attestation_is_refused() {
    let authenticator = Authenticator::new();
    let made = Authenticator::client_data("webauthn.create", CHALLENGE, "https://news.example.org");
    let register = |attestation: &[u8]| super::register(authenticator.asked(), &made, attestation).map(|_| ());
    let mut secp256k1 = authenticator.cose();
    secp256k1[6] = 8;
    assert_eq!(register(&authenticator.attestation(&secp256k1)), Err(PasskeyFault::Algorithm));
    let honest = authenticator.attestation(&authenticator.cose());
    let text = |from: &[u8], to: &[u8]| {
        let at = honest.windows(from.len()).position(|window| window == from).unwrap();
        [&honest[..at], to, &honest[at + from.len()..]].concat()
    };
    assert_eq!(register(&text(b"\x64none", b"\x63tpm")), Err(PasskeyFault::Malformed));
    assert_eq!(register(&text(b"\x67attStmt\xa0", b"\x67attStmt\xa1\x01\x01")), Err(PasskeyFault::Malformed));
    assert_eq!(register(&[honest.as_slice(), &[0]].concat()), Err(PasskeyFault::Malformed), "something behind it");
    assert_eq!(register(&honest[..honest.len() - 1]), Err(PasskeyFault::Malformed));
}

#[test]
fn passkeys_are_for_names_over_a_secure_connection() {
    let party = |url: &str| RelyingParty::of(&url.parse().unwrap());
    let origin = |url: &str| party(url).map(|party| party.origin);
    assert_eq!(origin("https://news.example.org").as_deref(), Some("https://news.example.org"));
    assert_eq!(origin("https://news.example.org:8443").as_deref(), Some("https://news.example.org:8443"));
    assert_eq!(origin("http://localhost:8080").as_deref(), Some("http://localhost:8080"));
    assert_eq!(party("http://news.example.org"), None);
    assert_eq!(party("https://192.0.2.1"), None);
    assert_eq!(party("https://[2001:db8::1]"), None);
}
