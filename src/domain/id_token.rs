//! The token by which an OpenID provider says who somebody is, checked before anything in it is believed.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::time::Timestamp;
use super::verifying_key::{EcdsaForm, Jwk};

/// How far the provider's clock may be off, in seconds.
const LEEWAY: i64 = 120;
/// Longest token that is read, in bytes.
const LONGEST: usize = 64 * 1024;

/// What a token must be about.
#[derive(Clone, Copy, Debug)]
pub struct Awaited<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    pub now: Timestamp,
}

/// Who it is, by the provider's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Never changes and is never given to another (OpenID Connect Core section 8).
    pub subject: String,
    /// Only one that the provider says it has verified.
    pub email: Option<String>,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    #[error("the token is not written as a signed JWT")]
    Malformed,
    #[error("the token is signed in a way that we do not take")]
    Algorithm,
    #[error("none of the provider's keys made the signature")]
    Signature,
    #[error("the token is from another issuer")]
    Issuer,
    #[error("the token is for another client")]
    Audience,
    #[error("the token is too old, or from the future")]
    Time,
    #[error("the token answers another sign-in")]
    Nonce,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood (RFC 7515 section 4.1.11): we understand none.
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
    email: Option<String>,
    /// A few providers write it as a text.
    email_verified: Option<serde_json::Value>,
    /// Microsoft's word for it: the owner of the address's domain has verified it.
    xms_edov: Option<serde_json::Value>,
}

/// Reads a token and checks all of it (OpenID Connect Core section 3.1.3.7).
///
/// # Errors
/// The first thing that is wrong.
pub fn check(token: &str, keys: &[Jwk], awaited: Awaited<'_>) -> Result<Identity, TokenFault> {
    if token.len() > LONGEST {
        return Err(TokenFault::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenFault::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(TokenFault::Malformed)?;
    let bytes = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenFault::Malformed);
    let header: Header = serde_json::from_slice(&bytes(header)?).map_err(|_| TokenFault::Malformed)?;
    if header.crit.is_some() || !["RS256", "ES256", "EdDSA"].contains(&header.alg.as_str()) {
        return Err(TokenFault::Algorithm);
    }
    let signature = bytes(signature)?;
    let named = |jwk: &&Jwk| header.kid.is_none() || jwk.kid.is_none() || jwk.kid == header.kid;
    // The key says how it signs; the token only chooses among them.
    let mut fitting = keys.iter().filter(named).filter_map(Jwk::key).filter(|key| key.algorithm() == header.alg);
    if !fitting.any(|key| key.verifies(EcdsaForm::Fixed, signed.as_bytes(), &signature)) {
        return Err(TokenFault::Signature);
    }
    let claims: Claims = serde_json::from_slice(&bytes(claims)?).map_err(|_| TokenFault::Malformed)?;
    if claims.iss != awaited.issuer {
        return Err(TokenFault::Issuer);
    }
    let (ours, several) = match &claims.aud {
        Audience::One(one) => (one == awaited.client_id, false),
        Audience::Several(all) => (all.iter().any(|one| one == awaited.client_id), all.len() > 1),
    };
    let party = claims.azp.as_deref();
    if !ours || party.is_some_and(|party| party != awaited.client_id) || (several && party.is_none()) {
        return Err(TokenFault::Audience);
    }
    let now = awaited.now.as_seconds();
    if claims.exp <= now - LEEWAY || claims.iat > now + LEEWAY || claims.iat < now - 24 * 3600 {
        return Err(TokenFault::Time);
    }
    let nonce = claims.nonce.unwrap_or_default();
    if aws_lc_rs::constant_time::verify_slices_are_equal(nonce.as_bytes(), awaited.nonce.as_bytes()).is_err() {
        return Err(TokenFault::Nonce);
    }
    if claims.sub.is_empty() || claims.sub.len() > 255 || !claims.sub.is_ascii() {
        return Err(TokenFault::Malformed);
    }
    let yes = |word: &serde_json::Value| *word == true || *word == 1 || *word == "true" || *word == "1";
    let verified = [&claims.email_verified, &claims.xms_edov].into_iter().flatten().any(yes);
    Ok(Identity { subject: claims.sub, email: claims.email.filter(|_| verified) })
}

#[cfg(test)]
mod tests;
