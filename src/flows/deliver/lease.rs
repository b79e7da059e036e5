//! Whether what this process has claimed is still its own, as far as it can know by itself.
//!
//! The ledger decides: a start is granted only while the claim is still in the row. But a process can stand still
//! between that and the last byte of the message, for as long as it takes others to take it for dead. Two counters
//! tell it so before the message leaves: a sign of life that is too old, and a life that has ended since.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Without a sign of life for so long nothing leaves any more: half of what others wait before they take over.
pub const TRUSTED: Duration = Duration::from_secs(10);
/// A process that has given no sign of life for so long is taken for dead, whatever else speaks for it.
pub const SILENT: Duration = Duration::from_secs(20);

/// Held by the manager, which gives the signs, and asked by every connection.
pub struct Lease {
    inner: Mutex<Inner>,
}

struct Inner {
    life: u64,
    /// None where nobody else can take over: SQLite has one sender, by a lock on a file.
    beat: Option<Instant>,
}

/// The life of the process in which a message was granted its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held(u64);

impl Lease {
    /// Held for ever, until [`Lease::beat`] says otherwise.
    pub const fn new() -> Self {
        Self { inner: Mutex::new(Inner { life: 0, beat: None }) }
    }

    /// A sign of life was stored that was begun at `began`.
    pub fn beat(&self, began: Instant) {
        self.lock().beat = Some(began);
    }

    /// Others took us for dead: what was granted before is not ours any more.
    pub fn ended(&self) {
        self.lock().life += 1;
    }

    /// What a start that is asked for now will be held by.
    pub fn now(&self) -> Held {
        Held(self.lock().life)
    }

    /// Whether it still holds.
    pub fn holds(&self, held: Held) -> bool {
        let inner = self.lock();
        inner.life == held.0 && inner.beat.is_none_or(|beat| beat.elapsed() < TRUSTED)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_for_ever_where_nobody_takes_over() {
        let lease = Lease::new();
        assert!(lease.holds(lease.now()));
    }

    #[test]
    fn it_holds_while_signs_of_life_are_fresh_and_the_life_is_the_same() {
        let lease = Lease::new();
        lease.beat(Instant::now());
        let held = lease.now();
        assert!(lease.holds(held));
        lease.beat(Instant::now() - TRUSTED);
        assert!(!lease.holds(held), "the last sign of life is too old");
        lease.ended();
        lease.beat(Instant::now());
        assert!(!lease.holds(held), "it was granted in another life");
        assert!(lease.holds(lease.now()));
    }
}
