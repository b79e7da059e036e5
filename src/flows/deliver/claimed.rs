//! From a claimed row to a job, or why there is none, and back again.

use std::sync::Arc;

use super::edition::Running;
use super::lanes::Job;
use crate::domain::address::EmailAddress;
use crate::domain::delivery::DeliveryState;
use crate::domain::subscription::{MailFormat, SubscriptionStatus};
use crate::domain::time::Timestamp;
use crate::store::deliveries::{Claim, ClaimedRow, Settled};

/// The job of a claimed row, or why there is none.
pub fn job(running: &Arc<Running>, row: &ClaimedRow, claim: Claim<'_>) -> Result<Job, &'static str> {
    match row.subscription {
        None => return Err("erased"),
        Some(SubscriptionStatus::Confirmed) => {}
        Some(status) => return Err(status.as_str()),
    }
    if row.suppressed.is_some() {
        return Err("suppressed");
    }
    let recipient = row.email.clone().and_then(EmailAddress::stored).ok_or("address-broken")?;
    let link = row.link.as_deref().and_then(|link| link.try_into().ok()).ok_or("link-broken")?;
    let language = row.language.unwrap_or_default();
    let format = row.format.unwrap_or(MailFormat::Html);
    Ok(Job {
        edition: Arc::clone(running),
        seq: row.seq,
        claim: claim.number,
        attempts: row.attempts,
        returns: 0,
        put_off_at: row.put_off_at,
        recipient,
        link,
        variant: running.rendering.place(language, format),
        subscribed_at: row.subscribed_at.unwrap_or(running.started_at),
    })
}

/// Somebody who must not get it after all.
pub fn skipped(edition_id: i64, row: &ClaimedRow, claim: Claim<'_>, reason: &str, now: Timestamp) -> Settled {
    Settled {
        edition_id,
        seq: row.seq,
        claim: claim.number,
        state: DeliveryState::Skipped,
        attempts: row.attempts,
        next_at: now.as_micros(),
        code: None,
        status: None,
        reply: None,
        reason: Some(reason.to_owned()),
    }
}

/// Waits in the ledger again, until a moment; what was said of it before stays.
pub fn waiting(job: &Job, until: Timestamp) -> Settled {
    Settled {
        edition_id: job.edition.id,
        seq: job.seq,
        claim: job.claim,
        state: DeliveryState::Queued,
        attempts: job.attempts,
        next_at: until.as_micros(),
        code: None,
        status: None,
        reply: None,
        reason: None,
    }
}
