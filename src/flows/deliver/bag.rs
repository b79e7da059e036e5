//! The letters that the tasks of one process have in hand, so that none is claimed and forgotten.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::flows::{FlowError, House};
use crate::store::outbox::{self, LetterRow};

/// Shared by all who send letters under one name.
#[derive(Clone, Default)]
pub struct Bag {
    letters: Arc<Mutex<HashSet<i64>>>,
    /// Whether a claim failed in a way that may have left it stored. One claims at a time: what another has claimed
    /// and not yet put into the bag must not look forgotten.
    doubt: Arc<tokio::sync::Mutex<bool>>,
}

impl Bag {
    /// Claims up to `limit` letters that are due. After a claim of which nobody knows whether it was stored, what it may
    /// have taken is given back first.
    ///
    /// # Errors
    /// When the database cannot be written; then nothing is in the bag.
    pub async fn claim(&self, house: &House, owner: &str, limit: i64) -> Result<Vec<LetterRow>, FlowError> {
        let mut doubt = self.doubt.lock().await;
        let now = house.clock.now();
        let held: Vec<i64> = self.letters().iter().copied().collect();
        let was_in_doubt = std::mem::replace(&mut *doubt, true);
        let mut tx = house.db.write().await?;
        let back = if was_in_doubt { outbox::release_lost(&mut tx, owner, &held, now).await? } else { 0 };
        let letters = outbox::claim(&mut tx, owner, limit, now).await?;
        tx.commit().await?;
        *doubt = false;
        self.letters().extend(letters.iter().map(|letter| letter.id));
        if back > 0 {
            tracing::warn!(back, "the database had lost its answer to a claim of letters: they were given back");
        }
        Ok(letters)
    }

    /// Whether a claim may have been stored without our learning of it.
    pub async fn is_in_doubt(&self) -> bool {
        *self.doubt.lock().await
    }

    /// What became of this letter is noted.
    pub fn take_out(&self, id: i64) {
        self.letters().remove(&id);
    }

    fn letters(&self) -> std::sync::MutexGuard<'_, HashSet<i64>> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
