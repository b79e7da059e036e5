//! Claimed deliveries waiting for a connection: turn by turn over the domains, each at the pace it takes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, watch};

use super::edition::Running;
use crate::clock::Clock;
use crate::domain::address::EmailAddress;
use crate::domain::pacing::Pace;
use crate::domain::token::Link;

/// A claimed delivery.
pub struct Job {
    pub edition: Arc<Running>,
    pub seq: i64,
    /// The number of the claim it belongs to.
    pub claim: i64,
    pub attempts: i64,
    /// How often it came back from a door that closed, since it was claimed.
    pub returns: u32,
    pub recipient: EmailAddress,
    /// What its unsubscribe and preference links carry.
    pub link: Link,
    /// Which of the edition's variants it gets.
    pub variant: usize,
}

/// Fewer waiting jobs than this, and more should be claimed.
const FEW: usize = 100;
/// So many wait at most, whatever the reason: the memory of a waiting room has an end.
const MANY: usize = 4_000;

/// The waiting room between the ledger and the connections.
pub struct Lanes {
    clock: Clock,
    most: usize,
    inner: Mutex<Inner>,
    /// Rung when a job may be taken, or there will be no more.
    bell: Notify,
    /// Rung when few jobs are left.
    low: Notify,
    closed: watch::Sender<bool>,
}

#[derive(Default)]
struct Inner {
    domains: HashMap<String, Lane>,
    /// Domains with waiting jobs, in the order of their turns.
    turns: VecDeque<String>,
    waiting: usize,
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
        Self {
            clock,
            most,
            inner: Mutex::default(),
            bell: Notify::new(),
            low: Notify::new(),
            closed: watch::Sender::new(false),
        }
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

    /// A job that was taken and not begun waits again: before the others of its domain, but behind them when a door
    /// closed on it, because the reason may be the job itself.
    pub fn give_back(&self, job: Job) {
        let mut inner = self.lock();
        let domain = job.recipient.domain().to_owned();
        let lane = inner.domains.entry(domain.clone()).or_default();
        lane.pace.came_back();
        let first = lane.jobs.is_empty();
        if job.returns == 0 {
            lane.jobs.push_front(job);
        } else {
            lane.jobs.push_back(job);
        }
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
        if *self.closed.borrow() {
            return None;
        }
        let mut inner = self.lock();
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
            if inner.waiting == FEW {
                self.low.notify_one();
            }
            return Some(job);
        }
        if inner.waiting == 0 {
            self.low.notify_one();
        }
        None
    }

    /// Waits until there is something to take; `false` when there will be nothing more.
    pub async fn ready(&self) -> bool {
        loop {
            let rung = self.bell.notified();
            let look_again = {
                if *self.closed.borrow() {
                    return false;
                }
                let inner = self.lock();
                let now = self.clock.now();
                let mut turns = inner.turns.iter().filter_map(|domain| inner.domains.get(domain));
                if turns.any(|lane| !lane.jobs.is_empty() && lane.pace.has_room(now)) {
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

    /// Whether more should be claimed: few jobs may set out. Those of a domain that is left alone do not count, or
    /// they would keep everybody else waiting with them.
    pub fn is_hungry(&self) -> bool {
        let now = self.clock.now();
        let inner = self.lock();
        let awake = inner.domains.values().filter(|lane| lane.pace.resume_at() <= now);
        inner.waiting < MANY && awake.map(|lane| lane.jobs.len()).sum::<usize>() <= FEW
    }

    /// Whether no job waits.
    pub fn is_empty(&self) -> bool {
        self.lock().waiting == 0
    }

    /// Returns when few jobs are left.
    pub async fn low(&self) {
        self.low.notified().await;
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
        let Inner { domains, turns, .. } = &mut *inner;
        turns.retain(|domain| domains.get(domain).is_some_and(|lane| !lane.jobs.is_empty()));
        out
    }

    /// Lets nobody take anything any more.
    pub fn close(&self) {
        self.closed.send_replace(true);
        self.bell.notify_waiters();
    }
}
