//! SendGrid: many events to a call, signed with a key of its own (ECDSA over P-256).

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;

use super::{COMPLAINT, Call, CallError, Said, UNSUBSCRIBE, bounce, by_message_id, parse, soft_bounce};
use crate::domain::bounce::BounceClass;
use crate::domain::feedback::Verdict;
use crate::domain::service_key::P256Key;

#[derive(Deserialize)]
struct Event {
    event: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(rename = "smtp-id", default)]
    smtp_id: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    reason: String,
}

/// Checks the signature; gives the moment at which it was made.
pub(super) fn verify(call: &Call<'_>, public_key: &P256Key) -> Result<i64, CallError> {
    let signature = BASE64.decode(call.signature).map_err(|_| CallError::Unproven)?;
    let signed = [call.timestamp.as_bytes(), call.body].concat();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, public_key.point())
        .verify(&signed, &signature)
        .map_err(|_| CallError::Unproven)?;
    call.timestamp.parse().map_err(|_| CallError::Unproven)
}

pub(super) fn read(body: &[u8]) -> Result<Vec<Said>, CallError> {
    let events: Vec<Event> = parse(body)?;
    Ok(events
        .into_iter()
        .filter_map(|event| Some(Said { verdict: verdict(&event)?, clues: by_message_id(&event.smtp_id) }))
        .collect())
}

fn verdict(event: &Event) -> Option<Verdict> {
    let status = Some(event.status.as_str()).filter(|status| !status.is_empty());
    Some(match (event.event.as_str(), event.kind.as_str(), event.reason.as_str()) {
        ("bounce", "blocked", reason) => soft_bounce(status, reason),
        ("bounce", _, reason) => bounce(status, reason, BounceClass::Gone),
        ("dropped", _, "Bounced Address" | "Invalid") => bounce(status, &event.reason, BounceClass::Gone),
        ("dropped", _, "Spam Reporting Address") | ("spamreport", ..) => COMPLAINT,
        ("dropped", _, "Unsubscribed Address") | ("unsubscribe" | "group_unsubscribe", ..) => UNSUBSCRIBE,
        _ => return None,
    })
}
