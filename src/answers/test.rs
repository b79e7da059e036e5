//! A test mail as programs see it.

use serde::Serialize;
use utoipa::ToSchema;

/// How many test mails are on their way.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct TestAnswer {
    pub queued: usize,
}
