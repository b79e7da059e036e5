//! The mail servers we may use, by weight, and how they fare: a dead one does not eat its share.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::domain::reply::Verdict;
use crate::domain::retry::ServerBackoff;
use crate::domain::time::Timestamp;
use crate::mail::smtp::{Connection, OpenError, Relay};

/// Short pauses: a server that is back is found soon, and one that is not costs a connection attempt.
const BACKOFF: ServerBackoff =
    ServerBackoff { first: Duration::from_secs(1), base: Duration::from_secs(3), ceiling: Duration::from_secs(30) };

/// A server that failed gets one connection; the others follow once it has taken a message, or this long after.
const PROBE: Duration = Duration::from_secs(5);

/// All servers. Cheap to clone.
#[derive(Clone)]
pub struct Relays {
    clock: Clock,
    servers: Arc<Vec<Server>>,
    backoff: ServerBackoff,
}

struct Server {
    relay: Relay,
    health: Mutex<Health>,
}

#[derive(Default)]
struct Health {
    failures: u32,
    down_until: Timestamp,
    /// One connection tries whether it works again.
    tried_until: Timestamp,
    /// Smooth weighted round robin.
    credit: i64,
    alarm: Option<String>,
}

impl Relays {
    /// The servers of the settings.
    pub fn new(clock: Clock, relays: Vec<Relay>) -> Self {
        let servers = relays.into_iter().map(|relay| Server { relay, health: Mutex::default() }).collect();
        Self { clock, servers: Arc::new(servers), backoff: BACKOFF }
    }

    /// The same with pauses of one's own between attempts at a server.
    pub fn with_backoff(self, backoff: ServerBackoff) -> Self {
        Self { backoff, ..self }
    }

    /// Whether there is any server at all.
    pub fn is_empty(&self) -> bool {
        self.servers.is_empty()
    }

    /// Opens a connection to the server whose turn it is; `Err` says how long there is none to be had.
    ///
    /// # Errors
    /// The pause after which to try again.
    pub async fn open(&self) -> Result<(usize, Connection), Duration> {
        let Some(place) = self.pick() else { return Err(self.pause().unwrap_or_default()) };
        match self.servers[place].relay.open().await {
            Ok(connection) => Ok((place, connection)),
            Err(error) => {
                self.failed(place, &error);
                Err(self.pause().unwrap_or_default())
            }
        }
    }

    /// The server did its work: whatever was wrong is over.
    pub fn worked(&self, place: usize) {
        let mut health = self.health(place);
        if health.failures > 0 || health.alarm.is_some() {
            tracing::info!(server = place, "the mail server works again");
        }
        (health.failures, health.alarm) = (0, None);
        (health.down_until, health.tried_until) = Default::default();
    }

    /// The server closed the door or vanished in the middle.
    pub fn stumbled(&self, place: usize, why: &str) {
        if let Some(pause) = self.put_down(place) {
            self.health(place).alarm = Some(why.to_owned());
            tracing::warn!(server = place, pause_seconds = pause.as_secs(), why, "the mail server stumbled");
        }
    }

    /// The server wants nothing from us as we are: waiting alone will not help.
    pub fn refused(&self, place: usize, why: &str) {
        self.put_down(place);
        let mut health = self.health(place);
        if health.alarm.as_deref() != Some(why) {
            tracing::error!(server = place, why, "no mail can go over this server until its settings are right");
            health.alarm = Some(why.to_owned());
        }
    }

    /// How long there is no server to be had; nothing when there is one.
    pub fn pause(&self) -> Option<Duration> {
        let now = self.clock.now();
        let soonest = (0..self.servers.len()).map(|place| self.health(place).free_at()).min()?;
        (soonest > now).then(|| soonest.since(now).max(Duration::from_millis(50)))
    }

    /// What is wrong with which server, in words for people.
    pub fn alarms(&self) -> Vec<String> {
        (0..self.servers.len()).filter_map(|place| self.health(place).alarm.clone()).collect()
    }

    fn health(&self, place: usize) -> std::sync::MutexGuard<'_, Health> {
        self.servers[place].health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Of the servers that are up, the one with the most credit; each gains its weight, the chosen one pays for all.
    fn pick(&self) -> Option<usize> {
        let now = self.clock.now();
        let up: Vec<usize> = (0..self.servers.len()).filter(|place| self.health(*place).free_at() <= now).collect();
        let total: i64 = up.iter().map(|place| i64::from(self.servers[*place].relay.server().weight)).sum();
        for place in &up {
            self.health(*place).credit += i64::from(self.servers[*place].relay.server().weight);
        }
        let chosen = up.into_iter().max_by_key(|place| self.health(*place).credit)?;
        let mut health = self.health(chosen);
        health.credit -= total;
        if health.failures > 0 {
            health.tried_until = now.plus(PROBE);
        }
        drop(health);
        Some(chosen)
    }

    /// Leaves a server alone for a while; gives the pause where that is news.
    fn put_down(&self, place: usize) -> Option<Duration> {
        let random = u64::from_le_bytes(self.clock.random());
        let now = self.clock.now();
        let mut health = self.health(place);
        // Eight connections that lose the same server at once are one failure, not eight.
        if health.down_until > now {
            return None;
        }
        health.failures = health.failures.saturating_add(1);
        health.down_until = now.plus(self.backoff.after(health.failures, random));
        health.tried_until = Timestamp::default();
        Some(health.down_until.since(now))
    }

    fn failed(&self, place: usize, error: &OpenError) {
        let Some(pause) = self.put_down(place) else { return };
        let alarm = error.verdict() == Verdict::Transport;
        let mut health = self.health(place);
        let changed = health.alarm.as_deref() != Some(&error.to_string());
        health.alarm = Some(error.to_string());
        let pause_seconds = pause.as_secs();
        if alarm && changed {
            tracing::error!(server = place, %error, pause_seconds, "no mail can go over this server until its settings are right");
        } else if health.failures <= 1 || health.failures.is_multiple_of(10) {
            tracing::warn!(server = place, %error, pause_seconds, "the mail server cannot be used");
        }
    }
}

impl Health {
    /// When another connection may be opened.
    fn free_at(&self) -> Timestamp {
        self.down_until.max(self.tried_until)
    }
}
