//! “At most so many messages a minute”, over all connections, all processes and every restart.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, Notify};

use super::lines::Lane;
use crate::domain::time::Timestamp;
use crate::flows::House;
use crate::store::{Durability, leases};

/// Slots are reserved in the database a second ahead, so that the rate holds for all who share it.
const AHEAD: Duration = Duration::from_secs(1);

/// The rate of the house. Cheap to clone.
#[derive(Clone)]
pub struct Rate {
    inner: Option<Arc<Limited>>,
}

struct Limited {
    house: House,
    interval: Duration,
    slots: Mutex<Slots>,
    /// Whoever is next of each lane; the others queue up behind.
    first_letter: Mutex<()>,
    first_of_editions: Mutex<()>,
    /// Letters that wait, before which no edition takes a slot.
    letters: AtomicUsize,
    /// Rung when a letter has its slot.
    taken: Notify,
}

#[derive(Default)]
struct Slots {
    next: Timestamp,
    left: u32,
}

/// A letter that waits, for as long as it does.
struct Waits<'a>(&'a Limited);

impl Rate {
    /// The rate of the settings; without one nobody waits.
    pub fn of(house: &House) -> Self {
        let inner = house.config.smtp_rate.filter(|per_minute| *per_minute > 0).map(|per_minute| {
            Arc::new(Limited {
                house: house.clone(),
                interval: Duration::from_secs(60) / per_minute,
                slots: Mutex::default(),
                first_letter: Mutex::default(),
                first_of_editions: Mutex::default(),
                letters: AtomicUsize::new(0),
                taken: Notify::new(),
            })
        });
        Self { inner }
    }

    /// Whether anybody ever waits.
    pub const fn is_limited(&self) -> bool {
        self.inner.is_some()
    }

    /// Waits for the next slot. A slot is given when its moment has come, not before: who comes later and is in a
    /// hurry still goes first.
    pub async fn wait(&self, lane: Lane) {
        let Some(limited) = &self.inner else { return };
        match lane {
            Lane::Letters => {
                let _waits = Waits::begin(limited);
                let _turn = limited.first_letter.lock().await;
                while !limited.take().await {}
            }
            Lane::Editions => {
                let _turn = limited.first_of_editions.lock().await;
                loop {
                    let taken = limited.taken.notified();
                    if limited.letters.load(Ordering::Relaxed) > 0 {
                        taken.await;
                    } else if limited.take().await {
                        return;
                    }
                }
            }
        }
    }
}

impl Limited {
    /// Takes the next slot if its moment has come; else waits for that and takes nothing.
    async fn take(&self) -> bool {
        let mut slots = self.slots.lock().await;
        let now = self.house.clock.now();
        // A slot that was not used in time is gone: saving them up would make a burst.
        if slots.left == 0 || now.since(slots.next) > AHEAD {
            *slots = self.reserve().await;
        }
        let due = slots.next.since(self.house.clock.now());
        if due.is_zero() {
            slots.next = slots.next.plus(self.interval);
            slots.left -= 1;
            return true;
        }
        drop(slots);
        tokio::time::sleep(due).await;
        false
    }

    /// Reserves the slots of about a second, at least one.
    async fn reserve(&self) -> Slots {
        let count = u32::try_from((AHEAD.as_nanos() / self.interval.as_nanos().max(1)).max(1)).unwrap_or(u32::MAX);
        loop {
            match self.try_reserve(count).await {
                Ok(next) => return Slots { next, left: count },
                Err(error) => {
                    tracing::error!(%error, "the sending rate cannot be kept; sending waits");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }

    async fn try_reserve(&self, count: u32) -> Result<Timestamp, crate::store::StoreError> {
        let now = self.house.clock.now();
        let mut tx = self.house.db.write_with(Durability::Process).await?;
        let first = leases::reserve(&mut tx, "smtp-rate", now, self.interval * count).await?;
        tx.commit().await?;
        Ok(first)
    }
}

impl<'a> Waits<'a> {
    fn begin(limited: &'a Limited) -> Self {
        limited.letters.fetch_add(1, Ordering::Relaxed);
        Self(limited)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.letters.fetch_sub(1, Ordering::Relaxed);
        self.0.taken.notify_waiters();
    }
}
