//! Claimed deliveries waiting for a connection: turn by turn over the domains, each at the pace it takes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::edition::Running;
use crate::clock::Clock;
use crate::domain::address::EmailAddress;
use crate::domain::pacing::Pace;
use crate::domain::time::Timestamp;
use crate::domain::token::Link;

/// A claimed delivery.
pub struct Job {
    pub edition: Arc<Running>,
    pub seq: i64,
    pub attempts: i64,
    pub recipient: EmailAddress,
    /// What its unsubscribe and preference links carry.
    pub link: Link,
    pub subscribed_at: Timestamp,
    /// Which of the edition's variants it gets.
    pub variant: usize,
}

/// The waiting room between the ledger and the connections.
pub struct Lanes {
    clock: Clock,
    most: usize,
    inner: Mutex<Inner>,
    /// Rung when a job may be taken, or there will be no more.
    bell: Notify,
}

#[derive(Default)]
struct Inner {
    domains: HashMap<String, Lane>,
    /// Domains with waiting jobs, in the order of their turns.
    turns: VecDeque<String>,
    waiting: usize,
    closed: bool,
}

#[derive(Default)]
struct Lane {
    jobs: VecDeque<Job>,
    pace: Pace,
}

/// How a message ended, as far as its domain's pace is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pacing {
    /// It came to an end.
    Arrived,
    /// The domain asks us to slow down.
    SlowDown,
    /// It was not tried.
    CameBack,
}

impl Lanes {
    /// A waiting room for `most` connections.
    pub fn new(clock: Clock, most: usize) -> Self {
        Self { clock, most, inner: Mutex::default(), bell: Notify::new() }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // Nothing in here can panic half-way, so a poisoned lock still guards whole data.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes claimed jobs in.
    pub fn push(&self, jobs: impl IntoIterator<Item = Job>) {
        let mut inner = self.lock();
        for job in jobs {
            let domain = job.recipient.domain();
            if !inner.domains.contains_key(domain) {
                inner.domains.insert(domain.to_owned(), Lane::default());
            }
            let lane = inner.domains.get_mut(domain).expect("it was put there just now");
            let first = lane.jobs.is_empty();
            let domain = first.then(|| domain.to_owned());
            lane.jobs.push_back(job);
            inner.turns.extend(domain);
            inner.waiting += 1;
        }
        drop(inner);
        self.bell.notify_waiters();
    }

    /// A job that was taken and not begun waits again, before the others of its domain.
    pub fn give_back(&self, job: Job) {
        let mut inner = self.lock();
        let domain = job.recipient.domain().to_owned();
        let lane = inner.domains.entry(domain.clone()).or_default();
        lane.pace.came_back();
        let first = lane.jobs.is_empty();
        lane.jobs.push_front(job);
        if first {
            inner.turns.push_back(domain);
        }
        inner.waiting += 1;
        drop(inner);
        self.bell.notify_waiters();
    }

    /// The next job, if one may set out now.
    pub fn try_take(&self) -> Option<Job> {
        let now = self.clock.now();
        let mut inner = self.lock();
        if inner.closed {
            return None;
        }
        for _ in 0..inner.turns.len() {
            let domain = inner.turns.pop_front()?;
            let Some(lane) = inner.domains.get_mut(&domain) else { continue };
            if !lane.pace.has_room(now) {
                inner.turns.push_back(domain);
                continue;
            }
            let Some(job) = lane.jobs.pop_front() else { continue };
            lane.pace.sets_out();
            if !lane.jobs.is_empty() {
                inner.turns.push_back(domain);
            }
            inner.waiting -= 1;
            return Some(job);
        }
        None
    }

    /// Waits until there is something to take; `false` when there will be nothing more.
    pub async fn ready(&self) -> bool {
        loop {
            let rung = self.bell.notified();
            let look_again = {
                let inner = self.lock();
                if inner.closed {
                    return false;
                }
                let now = self.clock.now();
                if inner.turns.iter().filter_map(|domain| inner.domains.get(domain)).any(|lane| lane.pace.has_room(now))
                {
                    return true;
                }
                inner.waiting > 0
            };
            if look_again {
                // A domain that is left alone comes back by time, not by the bell.
                let _ = tokio::time::timeout(std::time::Duration::from_millis(250), rung).await;
            } else {
                rung.await;
            }
        }
    }

    /// A job that was taken has come to its end.
    pub fn done(&self, domain: &str, pacing: Pacing) {
        let now = self.clock.now();
        let mut inner = self.lock();
        let Some(lane) = inner.domains.get_mut(domain) else { return };
        match pacing {
            Pacing::Arrived => lane.pace.arrived(self.most),
            Pacing::SlowDown => lane.pace.slow_down(now),
            Pacing::CameBack => lane.pace.came_back(),
        }
        let room = !lane.jobs.is_empty();
        // A list of a million domains must not be remembered for ever.
        if inner.domains.len() > 10_000 {
            inner.domains.retain(|_, lane| !lane.jobs.is_empty() || !lane.pace.is_idle(now));
        }
        drop(inner);
        if room {
            self.bell.notify_one();
        }
    }

    /// How many jobs wait.
    pub fn waiting(&self) -> usize {
        self.lock().waiting
    }

    /// Takes out the waiting jobs that `unwanted` picks, to give them back to the ledger.
    pub fn take_out(&self, unwanted: impl Fn(&Job) -> bool) -> Vec<Job> {
        let mut inner = self.lock();
        let mut out = Vec::new();
        for lane in inner.domains.values_mut() {
            let (gone, kept) = std::mem::take(&mut lane.jobs).into_iter().partition(&unwanted);
            lane.jobs = kept;
            let gone: VecDeque<Job> = gone;
            out.extend(gone);
        }
        inner.waiting -= out.len();
        out
    }

    /// Lets nobody take anything any more.
    pub fn close(&self) {
        self.lock().closed = true;
        self.bell.notify_waiters();
    }
}
