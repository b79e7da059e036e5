//! What is kept for how long, and forgetting what is not.

use std::time::Duration;

use super::sign_in::IDLE;
use super::{FlowError, House};
use crate::store::{Durability, limits, outbox, sessions, subscriptions, user_links};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Who never confirmed is forgotten.
pub const UNCONFIRMED: Duration = Duration::from_secs(30 * 24 * 3600);
/// Counts for limits reach back 30 days at most.
pub const ATTEMPTS: Duration = Duration::from_secs(31 * 24 * 3600);
/// Letters that could not be delivered, for whoever looks into it.
pub const FAILED_LETTERS: Duration = Duration::from_secs(30 * 24 * 3600);

/// People forgotten in one short transaction.
const CHUNK: i64 = 500;

/// What one round forgot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Forgotten {
    pub unconfirmed: u64,
    pub attempts: u64,
    pub letters: u64,
    /// Of the desk: ended, or never ended properly.
    pub sessions: u64,
    /// Invitations and resets that nobody used.
    pub links: u64,
}

/// Forgets what is older than it may be. Leaves counts in the log, nothing personal.
///
/// # Errors
/// When the database refuses; what was forgotten until then stays forgotten.
pub async fn forget(house: &House) -> Result<Forgotten, FlowError> {
    let now = house.clock.now();
    let mut forgotten = Forgotten::default();
    loop {
        let mut tx = house.db.write().await?;
        let people = subscriptions::delete_unconfirmed(&mut tx, now.minus(UNCONFIRMED), CHUNK).await?;
        tx.commit().await?;
        forgotten.unconfirmed += people;
        if people == 0 {
            break;
        }
    }
    let mut tx = house.db.write_with(Durability::Process).await?;
    forgotten.attempts = limits::forget(&mut tx, now.minus(ATTEMPTS)).await?;
    forgotten.letters = outbox::forget_failed(&mut tx, now.minus(FAILED_LETTERS)).await?;
    forgotten.sessions = sessions::forget(&mut tx, now.minus(IDLE), now).await?;
    forgotten.links = user_links::forget(&mut tx, now).await?;
    tx.commit().await?;
    if forgotten != Forgotten::default() {
        tracing::info!(?forgotten, "forgot what is older than it may be");
    }
    Ok(forgotten)
}

/// How often there is something to forget.
pub const EVERY: Duration = DAY;
