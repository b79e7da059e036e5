//! Public keys of passkeys and of OpenID providers, and the signatures that we take from them.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::cbor::Cbor;

/// A key of one of the three kinds that we take; each signs in one way alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerifyingKey {
    /// ECDSA on P-256 with SHA-256 (ES256): the point, uncompressed.
    P256(Vec<u8>),
    /// EdDSA on Curve25519.
    Ed25519(Vec<u8>),
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RS256), from 2048 bits on.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
}

/// How an ECDSA signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EcdsaForm {
    /// As authenticators do (WebAuthn section 6.5.5).
    Asn1,
    /// As in a JWT: both numbers one behind the other (RFC 7518 section 3.4).
    Fixed,
}

impl VerifyingKey {
    /// A key as an authenticator tells it (COSE, RFC 9053), with its algorithm, which must belong to it.
    pub fn from_cose(key: &Cbor<'_>) -> Option<Self> {
        let integer = |label| key.numbered(label).and_then(Cbor::integer);
        let bytes = |label| key.numbered(label).and_then(Cbor::bytes);
        match (integer(1)?, integer(3)?) {
            (2, -7) if integer(-1)? == 1 => Self::p256(bytes(-2)?, bytes(-3)?),
            (1, -8) if integer(-1)? == 6 => Self::ed25519(bytes(-2)?),
            (3, -257) => Self::rsa(bytes(-1)?, bytes(-2)?),
            _ => None,
        }
    }

    fn p256(x: &[u8], y: &[u8]) -> Option<Self> {
        (x.len() == 32 && y.len() == 32).then(|| Self::P256([&[4], x, y].concat()))
    }

    fn ed25519(x: &[u8]) -> Option<Self> {
        (x.len() == 32).then(|| Self::Ed25519(x.to_vec()))
    }

    fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        let bounds = (256..=1024).contains(&modulus.len()) && (1..=8).contains(&exponent.len());
        bounds.then(|| Self::Rsa { modulus: modulus.to_vec(), exponent: exponent.to_vec() })
    }

    /// The name of its algorithm in a JWT (RFC 7518, RFC 8037).
    pub const fn algorithm(&self) -> &'static str {
        match self {
            Self::P256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
            Self::Rsa { .. } => "RS256",
        }
    }

    /// Whether the signature over the message was made with the private half.
    pub fn verifies(&self, form: EcdsaForm, message: &[u8], signature: &[u8]) -> bool {
        match (self, form) {
            (Self::P256(point), EcdsaForm::Asn1) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature).is_ok()
            }
            (Self::P256(point), EcdsaForm::Fixed) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
            (Self::Ed25519(point), _) => UnparsedPublicKey::new(&ED25519, point).verify(message, signature).is_ok(),
            (Self::Rsa { modulus, exponent }, _) => {
                let key = RsaPublicKeyComponents { n: modulus.as_slice(), e: exponent.as_slice() };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
            }
        }
    }
}

/// A key as an OpenID provider publishes it (RFC 7517); other members do not matter to us.
#[derive(Debug, Deserialize)]
pub struct Jwk {
    kty: String,
    pub kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
}

impl Jwk {
    /// The key, if it is one that signs in a way we take.
    pub fn key(&self) -> Option<VerifyingKey> {
        let bytes = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        let key = match (self.kty.as_str(), self.crv.as_deref()) {
            ("EC", Some("P-256")) => VerifyingKey::p256(&bytes(&self.x)?, &bytes(&self.y)?),
            ("OKP", Some("Ed25519")) => VerifyingKey::ed25519(&bytes(&self.x)?),
            ("RSA", _) => VerifyingKey::rsa(&bytes(&self.n)?, &bytes(&self.e)?),
            _ => None,
        }?;
        let signs = self.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        (signs && self.alg.as_deref().is_none_or(|alg| alg == key.algorithm())).then_some(key)
    }
}
