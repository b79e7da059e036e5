//! Mailgun: one event to a call, signed by an HMAC over a moment and a random word.

use aws_lc_rs::hmac;
use serde::Deserialize;

use super::{COMPLAINT, CallError, Said, UNSUBSCRIBE, bounce, by_message_id, parse, prove, soft_bounce};
use crate::domain::bounce::BounceClass;
use crate::domain::feedback::Verdict;
use crate::domain::token::unhex;

/// What was signed: proof of who calls, but not yet that they call now and for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Seconds since 1970.
    pub signed_at: i64,
    /// A word that the service never uses twice.
    pub token: String,
}

#[derive(Deserialize)]
struct Body {
    signature: Signature,
    #[serde(rename = "event-data")]
    event: Event,
}

#[derive(Deserialize)]
struct Signature {
    timestamp: String,
    token: String,
    signature: String,
}

#[derive(Deserialize)]
struct Event {
    event: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    reason: String,
    #[serde(rename = "delivery-status", default)]
    status: Status,
    #[serde(default)]
    message: Message,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    message: String,
    description: String,
    #[serde(rename = "enhanced-code")]
    enhanced_code: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Message {
    headers: Headers,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Headers {
    #[serde(rename = "message-id")]
    message_id: String,
}

pub(super) fn read(body: &[u8], key: &str) -> Result<(Stamp, Vec<Said>), CallError> {
    let Body { signature, event } = parse(body)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let signed = format!("{}{}", signature.timestamp, signature.token);
    let given = unhex(&signature.signature).unwrap_or_default();
    prove(hmac::verify(&key, signed.as_bytes(), &given).is_ok())?;
    let signed_at = signature.timestamp.parse().map_err(|_| CallError::Unreadable)?;
    let said = verdict(&event).map(|verdict| Said { verdict, clues: by_message_id(&event.message.headers.message_id) });
    Ok((Stamp { signed_at, token: signature.token }, said.into_iter().collect()))
}

fn verdict(event: &Event) -> Option<Verdict> {
    let status = Some(event.status.enhanced_code.as_str()).filter(|code| !code.is_empty());
    let words = format!("{} {}", event.status.message, event.status.description);
    Some(match (event.event.as_str(), event.severity.as_str(), event.reason.as_str()) {
        ("failed", _, "suppress-complaint") | ("complained", ..) => COMPLAINT,
        ("failed", _, "suppress-unsubscribe") | ("unsubscribed", ..) => UNSUBSCRIBE,
        ("failed", _, "suppress-bounce") => bounce(status, &words, BounceClass::Gone),
        ("failed", "permanent", "espblock") => bounce(status, &words, BounceClass::Policy),
        ("failed", "permanent", "old") => soft_bounce(status, &words),
        ("failed", "permanent", "bounce") => bounce(status, &words, BounceClass::Gone),
        ("failed", "permanent", _) => bounce(status, &words, BounceClass::Unclear),
        _ => return None,
    })
}
