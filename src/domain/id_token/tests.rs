//! Tokens as a provider makes them, and as others would.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_770_019_200;

fn base64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn awaited() -> Awaited<'static> {
    let now = Timestamp::from_seconds(NOW);
    Awaited { issuer: "https://id.example.org", client_id: "postduif", nonce: "the nonce", now }
}

fn claims() -> Value {
    json!({
        "iss": "https://id.example.org", "sub": "1234", "aud": "postduif", "exp": NOW + 300, "iat": NOW,
        "nonce": "the nonce", "email": "ada@example.org", "email_verified": true,
    })
}

fn keys(jwk: &Value) -> Vec<Jwk> {
    vec![serde_json::from_value(jwk.clone()).unwrap()]
}

fn token(alg: &str, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let header = json!({"alg": alg, "kid": "one", "typ": "JWT"});
    let signed = format!("{}.{}", base64(header.to_string()), base64(claims.to_string()));
    let signature = base64(sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

struct Provider(EcdsaKeyPair);

impl Provider {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn jwk(&self) -> Value {
        let point = self.0.public_key().as_ref();
        json!({"kty": "EC", "crv": "P-256", "kid": "one", "x": base64(&point[1..33]), "y": base64(&point[33..])})
    }

    fn token(&self, claims: &Value) -> String {
        token("ES256", claims, |signed| self.0.sign(&SystemRandom::new(), signed).unwrap().as_ref().to_vec())
    }
}

#[test]
fn three_kinds_of_signature_are_believed() {
    let known = Identity { subject: "1234".to_owned(), email: Some("ada@example.org".to_owned()) };
    let provider = Provider::new();
    assert_eq!(check(&provider.token(&claims()), &keys(&provider.jwk()), awaited()), Ok(known.clone()));

    let pair = Ed25519KeyPair::generate().unwrap();
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": base64(pair.public_key())});
    let made = token("EdDSA", &claims(), |signed| pair.sign(signed).as_ref().to_vec());
    assert_eq!(check(&made, &keys(&jwk), awaited()), Ok(known.clone()));

    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    // PKCS #1 in DER: the modulus of 256 bytes behind nine, the exponent 65537 at the end.
    let public = pair.public_key().as_ref();
    let (n, e) = (base64(&public[9..265]), base64(&public[public.len() - 3..]));
    let jwk = json!({"kty": "RSA", "use": "sig", "alg": "RS256", "n": n, "e": e});
    let made = token("RS256", &claims(), |signed| {
        let mut signature = vec![0; 256];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed, &mut signature).unwrap();
        signature
    });
    assert_eq!(check(&made, &keys(&jwk), awaited()), Ok(known));
    // The public key as the secret of an HMAC is the oldest of these tricks.
    let confused = token("HS256", &claims(), |signed| {
        aws_lc_rs::hmac::sign(&aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, n.as_bytes()), signed)
            .as_ref()
            .to_vec()
    });
    assert_eq!(check(&confused, &keys(&jwk), awaited()), Err(TokenFault::Algorithm));
}

#[test]
fn what_is_forged_is_not_believed() {
    let provider = Provider::new();
    let keys = keys(&provider.jwk());
    let none = token("none", &claims(), |_| Vec::new());
    assert_eq!(check(&none, &keys, awaited()), Err(TokenFault::Algorithm));
    assert_eq!(check(&Provider::new().token(&claims()), &keys, awaited()), Err(TokenFault::Signature));
    assert_eq!(check("a.b", &keys, awaited()), Err(TokenFault::Malformed));
    assert_eq!(check(&provider.token(&claims()), &[], awaited()), Err(TokenFault::Signature));
    let cases = [
        ("iss", json!("https://evil.example"), TokenFault::Issuer),
        ("aud", json!("another"), TokenFault::Audience),
        ("aud", json!(["postduif", "another"]), TokenFault::Audience),
        ("azp", json!("another"), TokenFault::Audience),
        ("exp", json!(NOW - 121), TokenFault::Time),
        ("iat", json!(NOW + 121), TokenFault::Time),
        ("iat", json!(NOW - 90_000), TokenFault::Time),
        ("nonce", json!("of another sign-in"), TokenFault::Nonce),
        ("nonce", Value::Null, TokenFault::Nonce),
        ("sub", json!(""), TokenFault::Malformed),
        ("exp", json!("soon"), TokenFault::Malformed),
    ];
    for (claim, value, fault) in cases {
        let mut forged = claims();
        forged[claim] = value;
        assert_eq!(check(&provider.token(&forged), &keys, awaited()), Err(fault), "{claim}");
    }
    let honest = provider.token(&claims());
    let (head, rest) = honest.split_once('.').unwrap();
    let mut other = claims();
    other["sub"] = json!("1");
    let changed = format!("{head}.{}.{}", base64(other.to_string()), rest.split_once('.').unwrap().1);
    assert_eq!(check(&changed, &keys, awaited()), Err(TokenFault::Signature));
}

#[test]
fn an_address_counts_only_when_the_provider_has_verified_it() {
    let provider = Provider::new();
    let mut said = claims();
    for (word, counts) in [(json!(false), false), (Value::Null, false), (json!("false"), false), (json!("true"), true)]
    {
        said["email_verified"] = word;
        let identity = check(&provider.token(&said), &keys(&provider.jwk()), awaited()).unwrap();
        assert_eq!(identity.email.is_some(), counts);
    }
}
