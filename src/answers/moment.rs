//! A coming moment of a newsletter's calendar, as programs see it.

use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::time::Timestamp;

/// One coming edition: when it is assembled, and when it leaves.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MomentAnswer {
    /// The newsletter's slug.
    pub newsletter: String,
    /// With the newsletter's own offset (RFC 3339).
    #[schema(format = DateTime)]
    pub assemble_at: String,
    /// The same.
    #[schema(format = DateTime)]
    pub send_at: String,
}

impl MomentAnswer {
    /// A moment on the newsletter's own clock.
    pub fn of(newsletter: &str, assemble_at: Timestamp, send_at: Timestamp, zone: &TimeZone) -> Self {
        Self {
            newsletter: newsletter.to_owned(),
            assemble_at: assemble_at.to_rfc3339_in(zone),
            send_at: send_at.to_rfc3339_in(zone),
        }
    }
}
