//! What one connection's task has in hand, kept outside of it: should the task break off, nothing is forgotten.

use std::sync::{Arc, Mutex, PoisonError};

use super::edition::Running;
use super::lanes::Job;

/// The list of one task: two jobs at most, one on its way and one behind it.
#[derive(Clone, Default)]
pub struct Hand {
    jobs: Arc<Mutex<Vec<InHand>>>,
}

/// A job that was taken and has not been noted as settled.
pub struct InHand {
    pub edition: Arc<Running>,
    pub seq: i64,
    pub claim: i64,
    pub attempts: i64,
    pub domain: String,
    /// Noted as started: it may have left.
    pub started: bool,
    /// Its domain's pace knows of its end.
    pub ended: bool,
}

impl Hand {
    pub fn take(&self, job: &Job) {
        let taken = InHand {
            edition: Arc::clone(&job.edition),
            seq: job.seq,
            claim: job.claim,
            attempts: job.attempts,
            domain: job.recipient.domain().to_owned(),
            started: false,
            ended: false,
        };
        self.jobs().push(taken);
    }

    pub fn started(&self, edition: i64, seq: i64) {
        self.each(edition, seq, |job| job.started = true);
    }

    pub fn ended(&self, edition: i64, seq: i64) {
        self.each(edition, seq, |job| job.ended = true);
    }

    pub fn let_go(&self, edition: i64, seq: i64) {
        self.jobs().retain(|job| (job.edition.id, job.seq) != (edition, seq));
    }

    /// All of it, for who picks it up.
    pub fn empty(&self) -> Vec<InHand> {
        std::mem::take(&mut self.jobs())
    }

    fn each(&self, edition: i64, seq: i64, change: impl Fn(&mut InHand)) {
        self.jobs().iter_mut().filter(|job| (job.edition.id, job.seq) == (edition, seq)).for_each(change);
    }

    fn jobs(&self) -> std::sync::MutexGuard<'_, Vec<InHand>> {
        // Nothing in here can panic half-way, so a poisoned lock still guards whole data.
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
