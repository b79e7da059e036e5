//! “At most so many messages a minute”, over all connections, all processes and every restart.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

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
}

#[derive(Default)]
struct Slots {
    next: Timestamp,
    left: u32,
}

impl Rate {
    /// The rate of the settings; without one nobody waits.
    pub fn of(house: &House) -> Self {
        let inner = house.config.smtp_rate.filter(|per_minute| *per_minute > 0).map(|per_minute| {
            let interval = Duration::from_secs(60) / per_minute;
            Arc::new(Limited { house: house.clone(), interval, slots: Mutex::default() })
        });
        Self { inner }
    }

    /// Whether anybody ever waits.
    pub const fn is_limited(&self) -> bool {
        self.inner.is_some()
    }

    /// Waits for the next slot.
    pub async fn wait(&self) {
        let Some(limited) = &self.inner else { return };
        let mut slots = limited.slots.lock().await;
        let now = limited.house.clock.now();
        // A slot that was not used in time is gone: saving them up would make a burst.
        if slots.left == 0 || now.since(slots.next) > AHEAD {
            *slots = limited.reserve().await;
        }
        let slot = slots.next;
        slots.next = slot.plus(limited.interval);
        slots.left -= 1;
        drop(slots);
        tokio::time::sleep(slot.since(limited.house.clock.now())).await;
    }
}

impl Limited {
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
