//! Claimed deliveries waiting for a connection: turn by turn over the domains, each at the pace it takes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::edition::Running;
use crate::clock::Clock;
use crate::domain::address::EmailAddress;
use crate::domain::pacing::Pace;
use crate::domain::time::Timestamp;
use crate::domain::token::Link;
use crate::store::domain_paces::PaceRow;

/// A claimed delivery.
pub struct Job {
    pub edition: Arc<Running>,
    pub seq: i64,
    /// The number of the claim it belongs to.
    pub claim: i64,
    pub attempts: i64,
    /// How often it came back from a door that closed, since it was claimed.
    pub returns: u32,
    /// Since when it is put off without having been tried.
    pub put_off_at: Option<Timestamp>,
    pub recipient: EmailAddress,
    /// What its unsubscribe and preference links carry.
    pub link: Link,
    /// Which of the edition's variants it gets.
    pub variant: usize,
    /// When its reader subscribed.
    pub subscribed_at: Timestamp,
}

/// Fewer waiting jobs than this, and more should be claimed.
const FEW: usize = 100;
/// So many wait at most, whatever the reason: the memory of a waiting room has an end.
const MANY: usize = 4_000;
/// With so many of one domain no more of it are claimed: the room is for everybody.
const FULL: usize = 200;
/// A domain that is full for longer takes its time, and what waits for it in the ledger makes way for the others.
const SLOW: Duration = Duration::from_secs(3);
/// For so long.
const MAKE_WAY: Duration = Duration::from_secs(10);
/// How often somebody may be rung because few are left.
const RING: Duration = Duration::from_millis(50);

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
    taken: usize,
    rung_at: Timestamp,
}

#[derive(Default)]
struct Lane {
    jobs: VecDeque<Job>,
    pace: Pace,
    full_since: Option<Timestamp>,
    /// It has asked us to slow down some day: its pace is kept.
    known: bool,
    /// Its pace has changed since it was kept.
    changed: bool,
}

impl Inner {
    /// Whether few jobs may set out. Each domain counts for as much of the connections as it may use, so that one that
    /// takes its time does not look like work for all of them.
    fn is_hungry(&self, most: usize, now: Timestamp) -> bool {
        let ready = |lane: &Lane| lane.jobs.len().min(FEW + 1) as f64 * lane.pace.share(most);
        let awake = self.domains.values().filter(|lane| lane.pace.resume_at() <= now);
        self.waiting < MANY && awake.map(ready).sum::<f64>() <= FEW as f64
    }
}

impl Inner {
    /// So many jobs were taken out from wherever they stood.
    fn leave(&mut self, count: usize) {
        self.waiting -= count;
        let Self { domains, turns, .. } = self;
        turns.retain(|domain| domains.get(domain).is_some_and(|lane| !lane.jobs.is_empty()));
    }
}

impl Lane {
    fn note(&mut self, pacing: Pacing, most: usize, now: Timestamp) {
        let (step, complaints) = (self.pace.step(), self.pace.complaints());
        match pacing {
            Pacing::Arrived => self.pace.arrived(most),
            Pacing::SlowDown => self.pace.slow_down(now),
            Pacing::Hindered => self.pace.hindered(most, now),
            Pacing::CameBack => self.pace.came_back(),
        }
        // A domain that never complained need not be kept: it is known as well by its first messages.
        let asked = matches!(pacing, Pacing::SlowDown | Pacing::Hindered);
        self.known |= asked;
        self.changed |= asked || self.known && (step, complaints) != (self.pace.step(), self.pace.complaints());
    }
}

/// How a message ended, as far as its domain's pace is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pacing {
    /// It came to an end.
    Arrived,
    /// The domain asks us to slow down.
    SlowDown,
    /// The server closed the door on it, which may be about its domain.
    Hindered,
    /// It was not tried, or its end says nothing of the domain.
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
        let now = self.clock.now();
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
            if lane.jobs.len() == FULL {
                lane.full_since = Some(now);
            }
            inner.turns.extend(domain);
            inner.waiting += 1;
        }
        drop(inner);
        self.bell.notify_waiters();
    }

    /// A job that was taken and not begun waits again: before the others of its domain, but behind them when a door
    /// closed on it, because the reason may be the job itself.
    pub fn give_back(&self, job: Job, pacing: Pacing) {
        let now = self.clock.now();
        let mut inner = self.lock();
        let domain = job.recipient.domain().to_owned();
        let lane = inner.domains.entry(domain.clone()).or_default();
        lane.note(pacing, self.most, now);
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
            if lane.jobs.len() < FULL {
                lane.full_since = None;
            }
            if !lane.jobs.is_empty() {
                inner.turns.push_back(domain);
            }
            inner.waiting -= 1;
            inner.taken += 1;
            if inner.taken.is_multiple_of(16) {
                self.ring_if_hungry(&mut inner, now);
            }
            return Some(job);
        }
        self.ring_if_hungry(&mut inner, now);
        None
    }

    fn ring_if_hungry(&self, inner: &mut Inner, now: Timestamp) {
        if inner.waiting > 0 && now < inner.rung_at.plus(RING) || !inner.is_hungry(self.most, now) {
            return;
        }
        inner.rung_at = now;
        self.low.notify_one();
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
                let _ = tokio::time::timeout(Duration::from_millis(250), rung).await;
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
        lane.note(pacing, self.most, now);
        if lane.pace.resume_at() > now {
            // Who waits for it is given back.
            self.low.notify_one();
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
        self.lock().is_hungry(self.most, self.clock.now())
    }

    /// The domains of which nothing more is to be claimed, each with the moment until which: those that are left alone,
    /// and those that have enough waiting here.
    pub fn passed_over(&self) -> Vec<(String, Timestamp)> {
        let now = self.clock.now();
        let until = |lane: &Lane| {
            if lane.pace.resume_at() > now {
                return Some(lane.pace.resume_at());
            }
            let full_since = lane.full_since.filter(|_| lane.jobs.len() >= FULL)?;
            Some(if now.since(full_since) < SLOW { now } else { now.plus(MAKE_WAY) })
        };
        let inner = self.lock();
        inner.domains.iter().filter_map(|(domain, lane)| Some((domain.clone(), until(lane)?))).collect()
    }

    /// Takes out the jobs of domains that are left alone, each with the moment at which its domain may be tried again:
    /// the room is for those that may set out.
    pub fn resting(&self) -> Vec<(Job, Timestamp)> {
        let now = self.clock.now();
        let mut inner = self.lock();
        let mut out = Vec::new();
        for lane in inner.domains.values_mut().filter(|lane| lane.pace.resume_at() > now) {
            let until = lane.pace.resume_at();
            out.extend(std::mem::take(&mut lane.jobs).into_iter().map(|job| (job, until)));
            lane.full_since = None;
        }
        inner.leave(out.len());
        out
    }

    /// Knows the paces that were kept.
    pub fn know(&self, paces: Vec<PaceRow>) {
        let mut inner = self.lock();
        for row in paces {
            let lane = inner.domains.entry(row.domain).or_default();
            (lane.pace, lane.known) = (Pace::of(row.allowed, row.complaints, row.resume_at), true);
        }
    }

    /// The paces that have changed since they were asked for last.
    pub fn changed_paces(&self) -> Vec<PaceRow> {
        let mut inner = self.lock();
        let row = |(domain, lane): (&String, &mut Lane)| {
            std::mem::take(&mut lane.changed).then(|| PaceRow {
                domain: domain.clone(),
                allowed: lane.pace.allowed(),
                complaints: lane.pace.complaints(),
                resume_at: lane.pace.resume_at(),
            })
        };
        inner.domains.iter_mut().filter_map(row).collect()
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
        inner.leave(out.len());
        out
    }

    /// Lets nobody take anything any more.
    pub fn close(&self) {
        self.closed.send_replace(true);
        self.bell.notify_waiters();
    }
}
