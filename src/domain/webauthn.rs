//! Passkeys: what an authenticator says when one is made and when one is used, checked step by step (WebAuthn Level 2, section 7).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::cbor::Cbor;
use super::public_url::PublicUrl;
use super::verifying_key::{EcdsaForm, VerifyingKey};

/// Longest id of a credential, in bytes (section 4).
const LONGEST_ID: usize = 1023;
/// The algorithms that we ask for, as COSE numbers them: ES256, EdDSA, RS256.
pub const ALGORITHMS: [i64; 3] = [-7, -8, -257];

/// Who asks for a passkey: the site, as browsers know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    /// The host of the public URL.
    pub id: String,
    /// Its scheme, host and port, as browsers write them.
    pub origin: String,
}

impl RelyingParty {
    /// Browsers make passkeys for names alone, over TLS or on the machine itself.
    pub fn of(url: &PublicUrl) -> Option<Self> {
        let host = url.host();
        let named = !host.starts_with('[') && host.parse::<std::net::IpAddr>().is_err();
        let secure = url.is_https() || host == "localhost" || host.ends_with(".localhost");
        let origin = url::Url::parse(url.as_str()).ok()?.origin().ascii_serialization();
        (named && secure).then(|| Self { id: host.to_owned(), origin })
    }
}

/// Why a passkey is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyFault {
    #[error("the answer is not written as the standard says")]
    Malformed,
    #[error("the answer is to another kind of question")]
    Kind,
    #[error("the answer is to another challenge, or comes too late")]
    Challenge,
    #[error("the answer was given on another site")]
    Origin,
    #[error("nobody touched the authenticator")]
    NobodyThere,
    #[error("the authenticator's kind of key is none that we take")]
    Algorithm,
    #[error("the signature is not that of the passkey")]
    Signature,
    #[error("the counter did not go up: the passkey may have been copied")]
    Counter,
}

/// What an answer must be to.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub party: &'a RelyingParty,
    pub challenge: &'a [u8],
}

/// A passkey that was made just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPasskey {
    pub id: Vec<u8>,
    /// As the authenticator wrote it (COSE).
    pub public_key: Vec<u8>,
    pub sign_count: i64,
}

/// Takes what `navigator.credentials.create` gave (section 7.1). Attestation is not asked for; one by the key itself is
/// checked, any other is refused.
///
/// # Errors
/// [`PasskeyFault`]
pub fn register(asked: Asked<'_>, client_data: &[u8], attestation: &[u8]) -> Result<NewPasskey, PasskeyFault> {
    check_client_data(asked, "webauthn.create", client_data)?;
    let whole = Cbor::read(attestation).ok_or(PasskeyFault::Malformed)?;
    let bytes = whole.named("authData").and_then(Cbor::bytes).ok_or(PasskeyFault::Malformed)?;
    let data = AuthenticatorData::read(asked, bytes)?;
    let (id, key_bytes, key) = data.credential.ok_or(PasskeyFault::Malformed)?;
    let key = key.ok_or(PasskeyFault::Algorithm)?;
    let statement = whole.named("attStmt").ok_or(PasskeyFault::Malformed)?;
    match whole.named("fmt") {
        Some(Cbor::Text("none")) if *statement == Cbor::Map(Vec::new()) => {}
        Some(Cbor::Text("packed")) if statement.named("x5c").is_none() => {
            let signature = statement.named("sig").and_then(Cbor::bytes).ok_or(PasskeyFault::Malformed)?;
            if !key.verifies(EcdsaForm::Asn1, &signed(bytes, client_data), signature) {
                return Err(PasskeyFault::Signature);
            }
        }
        _ => return Err(PasskeyFault::Malformed),
    }
    Ok(NewPasskey { id: id.to_vec(), public_key: key_bytes.to_vec(), sign_count: data.sign_count })
}

/// What `navigator.credentials.get` gave.
#[derive(Clone, Copy)]
pub struct Assertion<'a> {
    pub client_data: &'a [u8],
    pub authenticator_data: &'a [u8],
    pub signature: &'a [u8],
}

/// Checks the use of a passkey that is known (section 7.2); gives the new count of its signatures.
///
/// # Errors
/// [`PasskeyFault`]
pub fn assert(asked: Asked<'_>, public_key: &[u8], sign_count: i64, given: Assertion<'_>) -> Result<i64, PasskeyFault> {
    check_client_data(asked, "webauthn.get", given.client_data)?;
    let data = AuthenticatorData::read(asked, given.authenticator_data)?;
    let key = Cbor::read(public_key).and_then(|key| VerifyingKey::from_cose(&key)).ok_or(PasskeyFault::Algorithm)?;
    let message = signed(given.authenticator_data, given.client_data);
    if !key.verifies(EcdsaForm::Asn1, &message, given.signature) {
        return Err(PasskeyFault::Signature);
    }
    // Passkeys that travel between devices count nothing and stay at zero.
    if (data.sign_count != 0 || sign_count != 0) && data.sign_count <= sign_count {
        return Err(PasskeyFault::Counter);
    }
    Ok(data.sign_count)
}

/// What a signature is over.
fn signed(authenticator_data: &[u8], client_data: &[u8]) -> Vec<u8> {
    [authenticator_data, digest(&SHA256, client_data).as_ref()].concat()
}

/// What the browser adds (section 5.8.1).
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: bool,
}

fn check_client_data(asked: Asked<'_>, kind: &str, bytes: &[u8]) -> Result<(), PasskeyFault> {
    let data: ClientData = serde_json::from_slice(bytes).map_err(|_| PasskeyFault::Malformed)?;
    if data.kind != kind {
        return Err(PasskeyFault::Kind);
    }
    let challenge = BASE64_URL_SAFE_NO_PAD.decode(&data.challenge).map_err(|_| PasskeyFault::Malformed)?;
    if aws_lc_rs::constant_time::verify_slices_are_equal(&challenge, asked.challenge).is_err() {
        return Err(PasskeyFault::Challenge);
    }
    if data.origin != asked.party.origin || data.cross_origin {
        return Err(PasskeyFault::Origin);
    }
    Ok(())
}

/// What the authenticator says (section 6.1).
struct AuthenticatorData<'a> {
    sign_count: i64,
    /// Id, key as it was written, and key as we understand it.
    credential: Option<(&'a [u8], &'a [u8], Option<VerifyingKey>)>,
}

impl<'a> AuthenticatorData<'a> {
    const USER_PRESENT: u8 = 1;
    const CREDENTIAL: u8 = 1 << 6;
    const EXTENSIONS: u8 = 1 << 7;

    fn read(asked: Asked<'_>, bytes: &'a [u8]) -> Result<Self, PasskeyFault> {
        let malformed = PasskeyFault::Malformed;
        let (site, rest) = bytes.split_at_checked(32).ok_or(malformed)?;
        let (head, mut rest) = rest.split_at_checked(5).ok_or(malformed)?;
        if site != digest(&SHA256, asked.party.id.as_bytes()).as_ref() {
            return Err(PasskeyFault::Origin);
        }
        let flags = head[0];
        if flags & Self::USER_PRESENT == 0 {
            return Err(PasskeyFault::NobodyThere);
        }
        let sign_count = head[1..].iter().fold(0, |count, byte| count << 8 | i64::from(*byte));
        let mut credential = None;
        if flags & Self::CREDENTIAL != 0 {
            // The kind of authenticator is nothing to us.
            let (_, after) = rest.split_at_checked(16).ok_or(malformed)?;
            let (length, after) = after.split_at_checked(2).ok_or(malformed)?;
            let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
            let (id, after) = after.split_at_checked(length).ok_or(malformed)?;
            if id.is_empty() || id.len() > LONGEST_ID {
                return Err(malformed);
            }
            let (key, end) = Cbor::read_first(after).ok_or(malformed)?;
            credential = Some((id, &after[..after.len() - end.len()], VerifyingKey::from_cose(&key)));
            rest = end;
        }
        if flags & Self::EXTENSIONS != 0 {
            rest = Cbor::read_first(rest).ok_or(malformed)?.1;
        }
        if rest.is_empty() { Ok(Self { sign_count, credential }) } else { Err(malformed) }
    }
}

#[cfg(test)]
mod tests;
