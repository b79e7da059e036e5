//! Brevo: one event to a call, or several in a list.

use serde::Deserialize;

use super::{COMPLAINT, CallError, Said, UNSUBSCRIBE, bounce, by_message_id, parse, soft_bounce};
use crate::domain::bounce::BounceClass;
use crate::domain::feedback::Verdict;

#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    Several(Vec<Event>),
    One(Event),
}

#[derive(Deserialize)]
struct Event {
    event: String,
    #[serde(rename = "message-id", default)]
    message_id: String,
    #[serde(default)]
    reason: String,
}

pub(super) fn read(body: &[u8]) -> Result<Vec<Said>, CallError> {
    let events = match parse(body)? {
        Body::Several(events) => events,
        Body::One(event) => vec![event],
    };
    Ok(events
        .into_iter()
        .filter_map(|event| Some(Said { verdict: verdict(&event)?, clues: by_message_id(&event.message_id) }))
        .collect())
}

fn verdict(event: &Event) -> Option<Verdict> {
    Some(match event.event.as_str() {
        "hard_bounce" | "invalid_email" => bounce(None, &event.reason, BounceClass::Gone),
        "soft_bounce" | "error" => soft_bounce(None, &event.reason),
        "blocked" => bounce(None, &event.reason, BounceClass::Policy),
        "spam" | "complaint" => COMPLAINT,
        "unsubscribed" => UNSUBSCRIBE,
        _ => return None,
    })
}
