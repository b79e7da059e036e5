//! The only place that takes time and randomness from the world; everything else is handed them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::domain::time::Timestamp;

/// A source of the present moment and of randomness. Cheap to clone.
#[derive(Clone)]
pub struct Clock {
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The clock of the machine.
    pub const fn system() -> Self {
        Self { kind: Kind::System }
    }

    /// A clock that stands still until [`Clock::set`] moves it: for simulations of years.
    pub fn manual(start: Timestamp) -> Self {
        Self { kind: Kind::Manual(Arc::new(AtomicI64::new(start.as_micros()))) }
    }

    /// The present moment, cut to microseconds.
    pub fn now(&self) -> Timestamp {
        match &self.kind {
            Kind::System => {
                let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
            }
            Kind::Manual(micros) => Timestamp::from_micros(micros.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock; the machine's own clock does not listen.
    pub fn set(&self, moment: Timestamp) {
        if let Kind::Manual(micros) = &self.kind {
            micros.store(moment.as_micros(), Ordering::SeqCst);
        }
    }

    /// Bytes from the operating system's generator, fit for keys (ASVS 11.5.1).
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        aws_lc_rs::rand::fill(&mut bytes).expect("the operating system always has randomness once it has started");
        bytes
    }

    /// What the kernel calls this start of the machine; empty where it has no name for it. Work that was claimed
    /// under another one may have been cut off by a loss of power.
    pub fn boot(&self) -> String {
        std::fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
    }

    /// A number in `0.0..1.0`, for jitter.
    pub fn fraction(&self) -> f64 {
        f64::from(u32::from_le_bytes(self.random())) / (f64::from(u32::MAX) + 1.0)
    }
}
