//! The mail servers we may use, by weight, and how they fare: a dead or a silent one does not eat its share.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::lines::{Berth, Counted, Lane, Line, Lines};
use crate::clock::Clock;
use crate::domain::reply::{Stage, Verdict};
use crate::domain::retry::ServerBackoff;
use crate::domain::time::Timestamp;
use crate::mail::smtp::{Connection, OpenError, Relay};

/// Short pauses: a server that is back is found soon, and one that is not costs a connection attempt.
const BACKOFF: ServerBackoff =
    ServerBackoff { first: Duration::from_secs(1), base: Duration::from_secs(3), ceiling: Duration::from_secs(30) };
/// Pauses that end below this become ten times as long while another server does the work.
const NO_HURRY: Duration = Duration::from_secs(5 * 60);
/// After a login was refused: each further try with the same password brings the account nearer to being locked.
const LOGIN_BACKOFF: ServerBackoff = ServerBackoff {
    first: Duration::from_secs(60),
    base: Duration::from_secs(120),
    ceiling: Duration::from_secs(1800),
};

/// A server that failed gets one connection; the others follow once it has taken a message, or this long after.
const PROBE: Duration = Duration::from_secs(5);
/// Where another server may do, none is waited for longer than this.
const HEDGE: Duration = Duration::from_secs(3);
/// While somebody else opens the first connection to a server, for who missed the bell.
const MOMENT: Duration = Duration::from_millis(100);
/// What an open connection is expected to carry, when the next one is given to the server that is behind its share.
const EXPECTED: u64 = 100;

/// All servers. Cheap to clone.
#[derive(Clone)]
pub struct Relays {
    clock: Clock,
    servers: Arc<Vec<Server>>,
    lines: Arc<Lines>,
    backoff: ServerBackoff,
    login_backoff: ServerBackoff,
    /// Rung when a server has become better.
    better: Arc<Notify>,
}

struct Server {
    relay: Relay,
    health: Mutex<Health>,
    /// Connections that are open.
    open: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Health {
    failures: u32,
    down_until: Timestamp,
    /// One connection tries whether it works again.
    tried_until: Timestamp,
    /// It has let somebody in, and nothing has failed since.
    proved: bool,
    /// Connections that are being opened.
    opening: u32,
    /// Messages taken, beside those of the other servers.
    carried: u64,
    alarm: Option<String>,
}

impl Relays {
    /// The servers of the settings.
    pub fn new(clock: Clock, relays: Vec<Relay>) -> Self {
        let server = |relay| Server { relay, health: Mutex::default(), open: Arc::default() };
        Self {
            clock,
            servers: Arc::new(relays.into_iter().map(server).collect()),
            lines: Arc::new(Lines::new(1)),
            backoff: BACKOFF,
            login_backoff: LOGIN_BACKOFF,
            better: Arc::default(),
        }
    }

    /// The same with so many connections at once, over all servers.
    pub fn with_connections(self, most: usize) -> Self {
        Self { lines: Arc::new(Lines::new(most)), ..self }
    }

    /// The same with pauses of one's own between attempts at a server.
    pub fn with_backoff(self, backoff: ServerBackoff) -> Self {
        Self { backoff, login_backoff: backoff, ..self }
    }

    /// Whether there is any server at all.
    pub fn is_empty(&self) -> bool {
        self.servers.is_empty()
    }

    /// The places for connections, and those that wait for a new owner.
    pub fn lines(&self) -> &Arc<Lines> {
        &self.lines
    }

    /// Waits for a place, and opens a connection to the server whose turn it is, or to the next one if that fails or
    /// keeps us waiting.
    ///
    /// # Errors
    /// The pause after which to try again; [`Relays::better`] may end it.
    pub async fn open(&self, lane: Lane) -> Result<Line, Duration> {
        let place = loop {
            match self.lines.take(lane).await {
                Berth::New(place) => break place,
                // One that has stood idle may have died, or its server has failed since.
                Berth::Open(line) if self.is_up(line.server) && line.connection.is_usable() => return Ok(*line),
                Berth::Open(line) => drop(line),
            }
        };
        for _ in 0..self.servers.len() {
            let Some(opening) = self.pick(lane) else { break };
            let server = opening.server;
            if let Some(connection) = self.attempt(opening).await {
                return Ok(Line::new(server, connection, Counted::one_more(&self.servers[server].open), place));
            }
        }
        Err(self.pause().unwrap_or(MOMENT))
    }

    async fn attempt(&self, opening: Opening<'_>) -> Option<Connection> {
        let server = opening.server;
        let mut opened = pin!(self.servers[server].relay.open());
        let opened = loop {
            match timeout(HEDGE, opened.as_mut()).await {
                Ok(opened) => break opened,
                Err(_) if self.another_may_do(server) => {
                    self.stumbled(server, "the mail server keeps us waiting, and another one does not");
                    return None;
                }
                Err(_) => {}
            }
        };
        match opened {
            Ok(connection) => {
                let mut health = self.health(server);
                if health.failures == 0 {
                    health.proved = true;
                } else {
                    health.tried_until = self.clock.now().plus(PROBE);
                }
                Some(connection)
            }
            Err(error) => {
                self.failed(server, &error);
                None
            }
        }
    }

    /// The server took a message: whatever was wrong is over.
    pub fn worked(&self, server: usize) {
        let mut health = self.health(server);
        health.carried = health.carried.saturating_add(1);
        if health.proved && health.failures == 0 && health.alarm.is_none() {
            return;
        }
        let news = health.failures > 0 || health.alarm.is_some();
        *health = Health { proved: true, opening: health.opening, carried: health.carried, ..Health::default() };
        drop(health);
        if news {
            tracing::info!(server, "the mail server works again");
            // What it missed is nothing that it must catch up with.
            (0..self.servers.len()).for_each(|server| self.health(server).carried = 0);
        }
        self.better.notify_waiters();
    }

    /// The server closed the door or vanished in the middle.
    pub fn stumbled(&self, server: usize, why: &str) {
        if let Some(pause) = self.put_down(server, &self.backoff) {
            self.health(server).alarm = Some(why.to_owned());
            tracing::warn!(server, pause_seconds = pause.as_secs(), why, "the mail server stumbled");
        }
    }

    /// The server wants nothing from us as we are: waiting alone will not help.
    pub fn refused(&self, server: usize, why: &str) {
        self.put_down(server, &self.login_backoff);
        let mut health = self.health(server);
        if health.alarm.as_deref() != Some(why) {
            tracing::error!(server, why, "no mail can go over this server until its settings are right");
            health.alarm = Some(why.to_owned());
        }
    }

    /// How long there is no server to be had; nothing when there is one.
    pub fn pause(&self) -> Option<Duration> {
        let now = self.clock.now();
        let free_at = |server| self.health(server).free_at().unwrap_or(now.plus(MOMENT));
        let soonest = (0..self.servers.len()).map(free_at).min()?;
        (soonest > now).then(|| soonest.since(now).max(Duration::from_millis(50)))
    }

    /// Returns once a server has become better than it was, or is known for what it is.
    pub async fn better(&self) {
        self.better.notified().await;
    }

    /// What is wrong with which server, in words for people.
    pub fn alarms(&self) -> Vec<String> {
        (0..self.servers.len()).filter_map(|server| self.health(server).alarm.clone()).collect()
    }

    fn health(&self, server: usize) -> std::sync::MutexGuard<'_, Health> {
        self.servers[server].health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_up(&self, server: usize) -> bool {
        self.health(server).down_until <= self.clock.now()
    }

    /// Of the servers that may be tried now, the one that is furthest behind its share. Somebody waits for a letter,
    /// so that it tries no server as long as there is one that is known to work.
    fn pick(&self, lane: Lane) -> Option<Opening<'_>> {
        let now = self.clock.now();
        let is_free = |server: &usize| self.health(*server).free_at().is_some_and(|at| at <= now);
        let mut up: Vec<usize> = (0..self.servers.len()).filter(is_free).collect();
        if lane == Lane::Letters && up.iter().any(|server| self.health(*server).proved) {
            up.retain(|server| self.health(*server).proved);
        }
        let share = |server: &usize| {
            let Server { relay, open, .. } = &self.servers[*server];
            let health = self.health(*server);
            let lines = open.load(Ordering::Relaxed) as u64 + u64::from(health.opening);
            // In thousandths, so that small numbers divide.
            (health.carried + EXPECTED * lines).saturating_mul(1000) / u64::from(relay.server().weight.max(1))
        };
        let server = up.into_iter().min_by_key(share)?;
        let mut health = self.health(server);
        // Somebody else may have been quicker.
        health.free_at().filter(|at| *at <= now)?;
        health.opening += 1;
        drop(health);
        Some(Opening { relays: self, server })
    }

    /// Whether somebody who waits for `server` could turn to another one.
    fn another_may_do(&self, server: usize) -> bool {
        let now = self.clock.now();
        let may_do = |other: usize| self.health(other).free_at().is_some_and(|at| at <= now);
        (0..self.servers.len()).any(|other| other != server && may_do(other))
    }

    /// Leaves a server alone for a while; gives the pause where that is news.
    fn put_down(&self, server: usize, backoff: &ServerBackoff) -> Option<Duration> {
        let random = u64::from_le_bytes(self.clock.random());
        let now = self.clock.now();
        // While another server does the work nothing waits for this one.
        let no_hurry = backoff.ceiling < NO_HURRY && self.another_may_do(server);
        let ceiling = if no_hurry { backoff.ceiling * 10 } else { backoff.ceiling };
        let backoff = ServerBackoff { ceiling, ..*backoff };
        let mut health = self.health(server);
        // Eight connections that lose the same server at once are one failure, not eight.
        if health.down_until > now {
            return None;
        }
        health.failures = health.failures.saturating_add(1);
        health.down_until = now.plus(backoff.after(health.failures, random));
        health.tried_until = Timestamp::default();
        health.proved = false;
        Some(health.down_until.since(now))
    }

    fn failed(&self, server: usize, error: &OpenError) {
        let alarm = error.verdict() == Verdict::Transport;
        let login = alarm && error.stage() == Stage::Auth;
        let Some(pause) = self.put_down(server, if login { &self.login_backoff } else { &self.backoff }) else {
            return;
        };
        let mut health = self.health(server);
        let changed = health.alarm.as_deref() != Some(&error.to_string());
        health.alarm = Some(error.to_string());
        let pause_seconds = pause.as_secs();
        if alarm && changed {
            tracing::error!(server, %error, pause_seconds, "no mail can go over this server until its settings are right");
        } else if health.failures <= 1 || health.failures.is_multiple_of(10) {
            tracing::warn!(server, %error, pause_seconds, "the mail server cannot be used");
        }
    }
}

/// A connection that is being opened, for as long as that takes.
struct Opening<'a> {
    relays: &'a Relays,
    server: usize,
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.relays.health(self.server).opening -= 1;
        self.relays.better.notify_waiters();
    }
}

impl Health {
    /// When another connection may be opened; none while the first one to a server that we know nothing good of is
    /// being opened: a silent server then keeps one of us waiting, not all.
    fn free_at(&self) -> Option<Timestamp> {
        (self.proved || self.opening == 0).then(|| self.down_until.max(self.tried_until))
    }
}
