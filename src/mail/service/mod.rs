//! What mail services call to tell us: their webhooks, proven and read. Bytes and secrets in, verdicts out.

mod brevo;
mod mailgun;
mod postmark;
mod sendgrid;
pub mod ses;
#[cfg(test)]
mod tests;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;

pub use mailgun::Stamp;

use super::report::{self, Clues};
use crate::domain::bounce::BounceClass;
use crate::domain::feedback::{FeedbackKind, Verdict};
use crate::domain::service_key::P256Key;
use crate::domain::text_enum::text_enum;

text_enum! {
    /// A mail service whose calls we understand.
    pub enum Service ("mail service") {
        Ses = "ses",
        Postmark = "postmark",
        Mailgun = "mailgun",
        Sendgrid = "sendgrid",
        Brevo = "brevo",
    }
}

/// What a service says about one of our mails, and by what it can be tied to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub clues: Clues,
    pub verdict: Verdict,
}

/// Why a call is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    #[error("the call does not prove that it comes from the service")]
    Unproven,
    #[error("the body is not what this service sends")]
    Unreadable,
}

/// The parts of a call by which services prove themselves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Call<'a> {
    /// The header `Authorization`.
    pub authorization: &'a str,
    /// The header `X-Twilio-Email-Event-Webhook-Signature`.
    pub signature: &'a str,
    /// The header `X-Twilio-Email-Event-Webhook-Timestamp`.
    pub timestamp: &'a str,
    pub body: &'a [u8],
}

/// Reads a call of Postmark, which proves itself by `user:password` (RFC 7617).
///
/// # Errors
/// [`CallError`].
pub fn postmark(call: &Call<'_>, secret: &str) -> Result<Vec<Said>, CallError> {
    prove(is_basic(call.authorization, secret))?;
    postmark::read(call.body)
}

/// Reads a call of Brevo, which proves itself by a token (RFC 6750), or by `user:password`.
///
/// # Errors
/// [`CallError`].
pub fn brevo(call: &Call<'_>, secret: &str) -> Result<Vec<Said>, CallError> {
    let bearer =
        credentials(call.authorization, "bearer").is_some_and(|token| is_same(token.as_bytes(), secret.as_bytes()));
    prove(bearer || is_basic(call.authorization, secret))?;
    brevo::read(call.body)
}

/// Reads a call of Mailgun, which signs a moment and a random word. The caller must see to it that the moment is near
/// and the word new.
///
/// # Errors
/// [`CallError`].
pub fn mailgun(call: &Call<'_>, key: &str) -> Result<(Stamp, Vec<Said>), CallError> {
    mailgun::read(call.body, key)
}

/// Reads a call of SendGrid, which signs the moment and the body with its own key. The caller must see to it that the
/// moment, in seconds since 1970, is near.
///
/// # Errors
/// [`CallError`].
pub fn sendgrid(call: &Call<'_>, public_key: &P256Key) -> Result<(i64, Vec<Said>), CallError> {
    let signed_at = sendgrid::verify(call, public_key)?;
    Ok((signed_at, sendgrid::read(call.body)?))
}

const fn prove(is_proven: bool) -> Result<(), CallError> {
    if is_proven { Ok(()) } else { Err(CallError::Unproven) }
}

fn is_basic(authorization: &str, secret: &str) -> bool {
    credentials(authorization, "basic")
        .and_then(|encoded| BASE64.decode(encoded).ok())
        .is_some_and(|given| is_same(&given, secret.as_bytes()))
}

/// What stands behind the scheme, whose case is free (RFC 9110 section 11.1).
fn credentials<'a>(authorization: &'a str, scheme: &str) -> Option<&'a str> {
    let (given, rest) = authorization.trim().split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

/// Compares without telling by its time how much of it was right, or how long the secret is.
fn is_same(given: &[u8], secret: &[u8]) -> bool {
    let (given, secret) = (digest(&SHA256, given), digest(&SHA256, secret));
    verify_slices_are_equal(given.as_ref(), secret.as_ref()).is_ok()
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, CallError> {
    serde_json::from_slice(body).map_err(|_| CallError::Unreadable)
}

/// Clues that are a Message-ID.
fn by_message_id(id: &str) -> Clues {
    let id = id.trim().trim_matches(['<', '>']);
    Clues { message_ids: Some(id.to_owned()).filter(|id| !id.is_empty()).into_iter().collect(), ..Clues::default() }
}

/// A bounce for good, read with the same eyes as a report. `presumed` is what the service calls it, and counts where its
/// status and words tell nothing.
fn bounce(status: Option<&str>, words: &str, presumed: BounceClass) -> Verdict {
    let failure = report::failure(status, words);
    let reason = if failure.reason == BounceClass::Unclear { presumed } else { failure.reason };
    Verdict::bounce(reason, failure.status, Some(words))
}

/// A bounce that may pass: nobody is gone because of it.
fn soft_bounce(status: Option<&str>, words: &str) -> Verdict {
    let mut verdict = bounce(status, words, BounceClass::Unclear);
    verdict.reason =
        verdict.reason.map(|reason| if reason == BounceClass::Gone { BounceClass::Unclear } else { reason });
    verdict
}

const COMPLAINT: Verdict = Verdict::wish(FeedbackKind::Complaint);
const UNSUBSCRIBE: Verdict = Verdict::wish(FeedbackKind::Unsubscribe);
