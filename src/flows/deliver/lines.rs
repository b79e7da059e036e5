//! The connections of this process: so many and no more, whoever uses them, and letters go before editions.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::mail::smtp::Connection;

/// How long a connection that nobody uses is kept.
const IDLE: Duration = Duration::from_secs(10);
/// For so long after a letter one place is left to letters: they come in company, and the reply to a message of an edition
/// may be minutes away.
const COMPANY: Duration = Duration::from_secs(10 * 60);
/// With fewer places than this all of them are shared: one of three is much to leave empty.
const ENOUGH_TO_LEAVE_ONE: usize = 4;
/// How often an edition looks whether it may have that place again.
const LOOK: Duration = Duration::from_secs(1);

/// For what a connection, or a slot of the rate, is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Confirmations and other letters for which somebody waits.
    Letters,
    Editions,
}

/// All places for connections, and the connections that wait for a new owner.
pub struct Lines {
    most: usize,
    inner: Mutex<Inner>,
    /// Rung when a place or a connection may be had.
    free: Notify,
    /// Rung when somebody begins to wait.
    wish: Notify,
}

#[derive(Default)]
struct Inner {
    /// Connections that are open or being opened, idle ones among them.
    taken: usize,
    /// Those in the hands of editions.
    editions: usize,
    idle: Vec<Idle>,
    last_letter: Option<Instant>,
    letters_waiting: usize,
    editions_waiting: usize,
}

struct Idle {
    server: usize,
    connection: Connection,
    counted: Counted,
    since: Instant,
}

/// A connection and the place that it takes.
pub struct Line {
    pub server: usize,
    pub connection: Connection,
    counted: Counted,
    place: Place,
}

/// The right to one connection; dropped, it is somebody else's.
pub struct Place {
    lines: Arc<Lines>,
    lane: Lane,
    /// Its connection has it now.
    handed_on: bool,
}

impl Place {
    fn of(lines: &Arc<Lines>, lane: Lane) -> Self {
        Self { lines: Arc::clone(lines), lane, handed_on: false }
    }
}

/// One more connection to a server, for as long as it lives.
pub struct Counted {
    open: Arc<AtomicUsize>,
}

/// What [`Lines::take`] gives.
pub enum Berth {
    /// A connection that somebody has given back.
    Open(Box<Line>),
    /// The right to open one.
    New(Place),
}

/// Somebody who waits, for as long as they do.
struct Waits<'a> {
    lines: &'a Lines,
    lane: Lane,
}

impl Lines {
    /// Places for `most` connections.
    pub fn new(most: usize) -> Self {
        Self { most, inner: Mutex::default(), free: Notify::new(), wish: Notify::new() }
    }

    /// Waits for a connection or a place to open one. Editions wait for as long as letters do.
    pub async fn take(self: &Arc<Self>, lane: Lane) -> Berth {
        if let Some(berth) = self.try_take(lane) {
            return berth;
        }
        let _waits = Waits::begin(self, lane);
        loop {
            let rung = self.free.notified();
            if let Some(berth) = self.try_take(lane) {
                return berth;
            }
            // What is left to letters comes back by time, not by the bell.
            let _ = timeout(LOOK, rung).await;
        }
    }

    fn try_take(self: &Arc<Self>, lane: Lane) -> Option<Berth> {
        let mut inner = self.lock();
        match lane {
            Lane::Letters => inner.last_letter = Some(Instant::now()),
            Lane::Editions => {
                let company = inner.last_letter.is_some_and(|last| last.elapsed() < COMPANY);
                let most = self.most - usize::from(company && self.most >= ENOUGH_TO_LEAVE_ONE);
                if inner.letters_waiting > 0 || inner.editions >= most {
                    return None;
                }
            }
        }
        let berth = self.free_berth(&mut inner, lane)?;
        inner.editions += usize::from(lane == Lane::Editions);
        Some(berth)
    }

    fn free_berth(self: &Arc<Self>, inner: &mut Inner, lane: Lane) -> Option<Berth> {
        if let Some(Idle { server, connection, counted, .. }) = inner.idle.pop() {
            let line = Line { server, connection, counted, place: Place::of(self, lane) };
            return Some(Berth::Open(Box::new(line)));
        }
        if inner.taken >= self.most {
            return None;
        }
        inner.taken += 1;
        Some(Berth::New(Place::of(self, lane)))
    }

    /// Whether a letter waits, for which an edition's connection must make room.
    pub fn letters_wait(&self) -> bool {
        self.is_wanted(Lane::Editions)
    }

    /// Returns once somebody waits who goes before `lane`, or, for a connection of the letters' that has nothing to
    /// do, once anybody does.
    pub async fn wanted(&self, lane: Lane) {
        loop {
            let rung = self.wish.notified();
            if self.is_wanted(lane) {
                return;
            }
            rung.await;
        }
    }

    fn is_wanted(&self, lane: Lane) -> bool {
        let inner = self.lock();
        let editions = if lane == Lane::Letters { inner.editions_waiting } else { 0 };
        inner.letters_waiting + editions > inner.idle.len()
    }

    /// Says goodbye over connections that nobody has used for a while; with `all`, over every idle one.
    pub async fn tidy(self: &Arc<Self>, all: bool) {
        let old: Vec<Idle> = {
            let mut inner = self.lock();
            let (old, kept) = inner.idle.drain(..).partition(|idle| all || idle.since.elapsed() > IDLE);
            inner.idle = kept;
            old
        };
        for Idle { server, connection, counted, .. } in old {
            Line { server, connection, counted, place: Place::of(self, Lane::Letters) }.quit().await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        // Nothing in here can panic half-way, so a poisoned lock still guards whole data.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    pub fn new(server: usize, connection: Connection, counted: Counted, place: Place) -> Self {
        Self { server, connection, counted, place }
    }

    /// Leaves the connection to who waits for one. It keeps its place.
    pub fn give_back(self) {
        if !self.connection.is_usable() || !self.connection.has_room() {
            return;
        }
        let Self { server, connection, counted, mut place } = self;
        let lines = Arc::clone(&place.lines);
        place.handed_on = true;
        let mut inner = lines.lock();
        inner.editions -= usize::from(place.lane == Lane::Editions);
        inner.idle.push(Idle { server, connection, counted, since: Instant::now() });
        drop(inner);
        lines.free.notify_waiters();
    }

    /// Says goodbye; the place is free afterwards.
    pub async fn quit(self) {
        let Self { connection, counted, place, .. } = self;
        connection.quit().await;
        drop((counted, place));
    }
}

impl Counted {
    pub fn one_more(open: &Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self { open: Arc::clone(open) }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.handed_on {
            return;
        }
        let mut inner = self.lines.lock();
        inner.taken -= 1;
        inner.editions -= usize::from(self.lane == Lane::Editions);
        drop(inner);
        self.lines.free.notify_waiters();
    }
}

impl<'a> Waits<'a> {
    fn begin(lines: &'a Lines, lane: Lane) -> Self {
        let mut inner = lines.lock();
        match lane {
            Lane::Letters => inner.letters_waiting += 1,
            Lane::Editions => inner.editions_waiting += 1,
        }
        drop(inner);
        lines.wish.notify_waiters();
        Self { lines, lane }
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        let mut inner = self.lines.lock();
        match self.lane {
            Lane::Letters => inner.letters_waiting -= 1,
            Lane::Editions => inner.editions_waiting -= 1,
        }
        drop(inner);
        // Editions may have stood back for this letter.
        self.lines.free.notify_waiters();
    }
}
