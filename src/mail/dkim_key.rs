//! The keys that sign mail, and the record that says so in DNS.

use std::fmt;

use aws_lc_rs::digest::Digest;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

/// A private key with the domain it speaks for and the selector under which its public half is found.
pub struct DkimKey {
    domain: String,
    selector: String,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// Why a file cannot be a signing key.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    #[error(
        "there is no private key in PEM form; make one with: openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048"
    )]
    NotPem,
    // RFC 8301 section 3.2 asks signers for 2048 bits; the library reads none below that.
    #[error("the key is neither RSA of 2048 bits or more nor Ed25519, or it is damaged; DKIM knows only these two")]
    Unsupported,
}

/// The signature could not be made.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the DKIM key did not sign")]
pub struct SigningFailed;

/// A TXT record to paste into DNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsRecord {
    /// `selector._domainkey.domain`
    pub name: String,
    /// `v=DKIM1; k=rsa; p=…`
    pub value: String,
}

impl DkimKey {
    /// Reads a key from PEM: PKCS#8, or PKCS#1 for RSA.
    ///
    /// # Errors
    /// Says what the file holds instead, and what to do.
    pub fn from_pem(domain: &str, selector: &str, pem: &[u8]) -> Result<Self, KeyError> {
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| KeyError::NotPem)?;
        let pair = match &key {
            PrivateKeyDer::Pkcs8(der) => {
                let der = der.secret_pkcs8_der();
                RsaKeyPair::from_pkcs8(der)
                    .map(Pair::Rsa)
                    .or_else(|_| Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Pair::Ed25519))
            }
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()).map(Pair::Rsa),
            _ => return Err(KeyError::Unsupported),
        };
        let pair = pair.map_err(|_| KeyError::Unsupported)?;
        Ok(Self { domain: domain.to_owned(), selector: selector.to_owned(), pair })
    }

    /// The domain that answers for the mail.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The name under which the public key is found.
    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// The signature's algorithm as DKIM names it.
    pub fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "rsa-sha256",
            Pair::Ed25519(_) => "ed25519-sha256",
        }
    }

    /// What must stand in DNS before mail is signed with this key (RFC 6376 section 3.6.1, RFC 8463 section 4).
    pub fn dns_record(&self) -> DnsRecord {
        let (kind, public) = match &self.pair {
            Pair::Rsa(pair) => {
                let der: PublicKeyX509Der<'_> =
                    pair.public_key().as_der().expect("the public half of a key that was read can be written");
                ("rsa", STANDARD.encode(der.as_ref()))
            }
            Pair::Ed25519(pair) => ("ed25519", STANDARD.encode(pair.public_key())),
        };
        DnsRecord {
            name: format!("{}._domainkey.{}", self.selector, self.domain),
            value: format!("v=DKIM1; k={kind}; p={public}"),
        }
    }

    /// Signs a SHA-256 hash; the signature in base64.
    pub(super) fn sign(&self, hash: &Digest) -> Result<String, SigningFailed> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(&RSA_PKCS1_SHA256, hash, &mut signature).map_err(|_| SigningFailed)?;
                Ok(STANDARD.encode(signature))
            }
            // RFC 8463 section 3: pure Ed25519 over the hash, not over what was hashed.
            Pair::Ed25519(pair) => Ok(STANDARD.encode(pair.try_sign(hash.as_ref()).map_err(|_| SigningFailed)?)),
        }
    }
}

/// Never the key itself.
impl fmt::Debug for DkimKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DkimKey({} {} {})", self.algorithm(), self.selector, self.domain)
    }
}

impl DnsRecord {
    /// The record on one line, its value whole: as the forms of DNS providers want it.
    pub fn line(&self) -> String {
        format!("{}. TXT \"{}\"", self.name, self.value)
    }
}

/// A line for a zone file, in strings of at most 255 octets as RFC 1035 has them.
impl fmt::Display for DnsRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. IN TXT (", self.name)?;
        let mut rest = self.value.as_str();
        while !rest.is_empty() {
            let (string, after) = rest.split_at(rest.len().min(255));
            write!(f, " \"{string}\"")?;
            rest = after;
        }
        f.write_str(" )")
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::Pkcs8V1Der;
    use aws_lc_rs::rsa::KeySize;

    use super::*;

    fn pem(label: &str, der: &[u8]) -> String {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
    }

    #[test]
    fn an_rsa_key_gives_a_record_that_fits_dns() {
        let der: Pkcs8V1Der<'_> = RsaKeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap();
        let key = DkimKey::from_pem("example.nl", "nb2026", pem("PRIVATE KEY", der.as_ref()).as_bytes()).unwrap();
        let record = key.dns_record();
        assert_eq!((key.algorithm(), record.name.as_str()), ("rsa-sha256", "nb2026._domainkey.example.nl"));
        assert!(record.value.starts_with("v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"), "{record}");
        let line = record.to_string();
        let strings: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
        assert!(strings.len() == 2 && strings.iter().all(|string| string.len() <= 255), "{line}");
        assert_eq!(strings.concat(), record.value);
        assert!(!format!("{key:?}").contains("MII"));
    }

    #[test]
    fn what_is_no_good_key_is_refused_with_what_to_do() {
        for (text, error) in [
            ("", KeyError::NotPem),
            ("not a key", KeyError::NotPem),
            (&pem("CERTIFICATE", b"x"), KeyError::NotPem),
            (&pem("PRIVATE KEY", b"damaged"), KeyError::Unsupported),
            (&pem("EC PRIVATE KEY", b"x"), KeyError::Unsupported),
            (&pem("RSA PRIVATE KEY", b"x"), KeyError::Unsupported),
        ] {
            assert_eq!(DkimKey::from_pem("example.nl", "a", text.as_bytes()).unwrap_err(), error, "{text}");
        }
    }
}
