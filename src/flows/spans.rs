//! Spans of traces: what they are called and what they tell, all in one place. Never an address, a token or a body.
//!
//! They stand under a name of their own, which the log does not listen to; in a program built without the feature `otel` nobody
//! does.

use tracing::field::{Empty, Value};
use tracing::{Span, info_span};

/// An edition makes itself.
pub fn assembling(newsletter: &str) -> Span {
    info_span!(target: "otel", "assemble", newsletter, articles = Empty)
}

/// This process sends an edition, from its first look at it until nothing of it is left to do here.
pub fn edition(edition: i64) -> Span {
    info_span!(target: "otel", parent: None, "edition", edition)
}

/// A chunk of its audience is frozen.
pub fn freezing(edition: &Span) -> Span {
    info_span!(target: "otel", parent: edition, "freeze")
}

/// A batch of deliveries is claimed.
pub fn claiming(edition: &Span) -> Span {
    info_span!(target: "otel", parent: edition, "claim", deliveries = Empty)
}

/// What one connection to a mail server carries, from its greeting to its end.
pub fn connection(server: &str) -> Span {
    info_span!(target: "otel", parent: None, "connection", otel.kind = "client", server.address = server, messages = Empty)
}

/// Something came back.
pub fn feedback(channel: &'static str) -> Span {
    info_span!(target: "otel", "feedback", channel, outcome = Empty)
}

/// Says in the present span what is known by now.
pub fn tell(field: &'static str, value: impl Value) {
    Span::current().record(field, value);
}
