//! Postmark: bounces, complaints and suppressions, one to a call.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{COMPLAINT, CallError, Said, UNSUBSCRIBE, bounce, by_message_id, parse, soft_bounce};
use crate::domain::bounce::BounceClass;
use crate::mail::report;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    record_type: String,
    #[serde(rename = "Type", default)]
    kind: String,
    #[serde(rename = "MessageID", default)]
    message_id: String,
    #[serde(default)]
    details: String,
    #[serde(default)]
    description: String,
    /// The report as it came in, where the service is told to pass it on: it gives back our own header.
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    #[serde(default)]
    suppress_sending: bool,
    #[serde(default)]
    suppression_reason: Option<String>,
    #[serde(default)]
    origin: String,
}

pub(super) fn read(body: &[u8]) -> Result<Vec<Said>, CallError> {
    let event: Event = parse(body)?;
    let words = format!("{} {}", event.details, event.description);
    let verdict = match (event.record_type.as_str(), event.kind.as_str()) {
        ("SpamComplaint", _) | ("Bounce", "SpamComplaint") => COMPLAINT,
        ("Bounce", "HardBounce" | "BadEmailAddress") => bounce(None, &words, BounceClass::Gone),
        ("Bounce", "Blocked" | "DMARCPolicy" | "SpamNotification") => bounce(None, &words, BounceClass::Policy),
        ("Bounce", "SoftBounce" | "DnsError" | "Unknown" | "VirusNotification") => soft_bounce(None, &words),
        ("Bounce", "Unsubscribe") => UNSUBSCRIBE,
        ("SubscriptionChange", _)
            if event.suppress_sending
                && event.origin == "Recipient"
                && event.suppression_reason.as_deref() == Some("ManualSuppression") =>
        {
            UNSUBSCRIBE
        }
        _ => return Ok(Vec::new()),
    };
    let mut clues = event.content.map_or_else(Default::default, |content| report::read(content.as_bytes()).clues);
    clues.message_ids.extend(by_message_id(&event.message_id).message_ids);
    clues.envelope_ids.extend(event.metadata.into_values());
    Ok(vec![Said { clues, verdict }])
}
