//! Where most readers have their mailbox, for the question “did you mean …?”: counted seldom, remembered meanwhile.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{FlowError, House};
use crate::domain::swap::Swap;
use crate::domain::time::Timestamp;
use crate::store::subscriptions;

/// How many domains are suggested.
const MOST: i64 = 20;
/// Fewer readers than this are no crowd: nobody learns from a suggestion who reads us.
const LEAST_READERS: i64 = 5;
/// Counting a million readers takes a part of a second, and the list changes slowly.
const FRESH: Duration = Duration::from_secs(6 * 3600);
/// While there are none yet, or few, it is cheap and changes fast.
const FRESH_WHILE_EMPTY: Duration = Duration::from_secs(600);

/// The most frequent domains of readers. Cheap to clone; clones remember together.
#[derive(Clone)]
pub struct OwnDomains {
    known: Swap<Vec<String>>,
    fresh_until: Arc<Mutex<Option<Timestamp>>>,
}

impl Default for OwnDomains {
    fn default() -> Self {
        Self { known: Swap::new(Vec::new()), fresh_until: Arc::default() }
    }
}

impl OwnDomains {
    /// Whether it is time to count; who hears it does so, and everybody else goes on with what is known.
    fn is_due(&self, now: Timestamp) -> bool {
        let mut fresh_until = self.fresh_until.lock().unwrap_or_else(PoisonError::into_inner);
        if fresh_until.is_some_and(|until| now < until) {
            return false;
        }
        *fresh_until = Some(now.plus(FRESH_WHILE_EMPTY));
        true
    }
}

/// The domains at which most confirmed readers have their mailbox.
///
/// # Errors
/// When the database cannot answer.
pub async fn most_frequent(house: &House) -> Result<Arc<Vec<String>>, FlowError> {
    let (own, now) = (&house.own_domains, house.clock.now());
    if own.is_due(now) {
        let found = subscriptions::frequent_domains(&mut house.db.read().await?, LEAST_READERS, MOST).await?;
        if !found.is_empty() {
            *own.fresh_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(now.plus(FRESH));
        }
        own.known.put(Arc::new(found));
    }
    Ok(own.known.now())
}
