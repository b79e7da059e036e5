//! How many messages may be on their way to one recipient domain: slow start, half on “too fast”.

use std::time::Duration;

use super::time::Timestamp;

/// The first allowance of a domain that we know nothing of.
const START: f64 = 2.0;
/// How long a domain is left alone after it asked us to slow down, doubled with each time in a row.
const PAUSE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_secs(30 * 60);
/// The longest where the server closed the door, which may be about the server alone: it is found again soon.
const LONGEST_HINDRANCE: Duration = Duration::from_secs(30);

/// The pace at one domain. Doubles with each round of successes like the slow start of TCP, halves when the domain
/// asks us to slow down (421, 4.7.x).
#[derive(Clone, Debug)]
pub struct Pace {
    allowed: f64,
    in_flight: u32,
    complaints: u32,
    resume_at: Timestamp,
}

impl Default for Pace {
    fn default() -> Self {
        Self { allowed: START, in_flight: 0, complaints: 0, resume_at: Timestamp::default() }
    }
}

impl Pace {
    /// The pace that was kept.
    pub fn of(allowed: i64, complaints: i64, resume_at: Timestamp) -> Self {
        let allowed = u32::try_from(allowed.max(1)).unwrap_or(u32::MAX);
        let complaints = u32::try_from(complaints.max(0)).unwrap_or(u32::MAX);
        Self { allowed: f64::from(allowed), in_flight: 0, complaints, resume_at }
    }

    /// Messages that may be on their way at once.
    pub const fn allowed(&self) -> i64 {
        self.allowed as i64
    }

    /// The share of `most` connections that it may use, at most 1.
    pub fn share(&self, most: usize) -> f64 {
        (self.allowed.floor() / most.max(1) as f64).min(1.0)
    }

    /// Counts the doublings of its allowance: what changes less than this is not worth keeping.
    pub const fn step(&self) -> u32 {
        self.allowed().ilog2()
    }

    /// How often in a row the domain asked us to slow down.
    pub fn complaints(&self) -> i64 {
        self.complaints.into()
    }

    /// Whether another message may set out now.
    pub fn has_room(&self, now: Timestamp) -> bool {
        f64::from(self.in_flight) < self.allowed.floor() && now >= self.resume_at
    }

    /// When the domain may be tried again, if it is left alone now.
    pub const fn resume_at(&self) -> Timestamp {
        self.resume_at
    }

    /// A message sets out.
    pub const fn sets_out(&mut self) {
        self.in_flight += 1;
    }

    /// A message has come to its end, of whatever kind but “slow down”.
    pub fn arrived(&mut self, most: usize) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.complaints = 0;
        self.allowed = (self.allowed + 1.0).min(most.max(1) as f64);
    }

    /// The message was not tried after all.
    pub const fn came_back(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// The domain asks us to slow down.
    pub fn slow_down(&mut self, now: Timestamp) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.allowed = (self.allowed / 2.0).max(1.0);
        let pause = PAUSE.saturating_mul(1 << self.complaints.min(10)).min(LONGEST_PAUSE);
        self.complaints = self.complaints.saturating_add(1);
        self.resume_at = now.plus(pause);
    }

    /// The server closed the door (421) over a message to this domain. Once that is its way to limit a connection, and half
    /// as many at once are enough; more often in a row than there are connections it is about the domain.
    pub fn hindered(&mut self, most: usize, now: Timestamp) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.allowed = (self.allowed / 2.0).max(1.0);
        self.complaints = self.complaints.saturating_add(1);
        let beyond = (self.complaints as usize).saturating_sub(most);
        if beyond > 0 {
            let pause = PAUSE.saturating_mul(1 << beyond.min(10)).min(LONGEST_HINDRANCE);
            self.resume_at = self.resume_at.max(now.plus(pause));
        }
    }

    /// Whether nothing needs to be remembered.
    pub fn is_idle(&self, now: Timestamp) -> bool {
        self.in_flight == 0 && now >= self.resume_at && self.complaints == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_willing_domain_soon_gets_all_connections() {
        let mut pace = Pace::default();
        let now = Timestamp::from_seconds(1000);
        let mut rounds = 0;
        loop {
            rounds += 1;
            let mut sent = 0;
            while pace.has_room(now) {
                pace.sets_out();
                sent += 1;
            }
            (0..sent).for_each(|_| pace.arrived(10));
            if sent == 10 {
                break;
            }
        }
        assert!(rounds <= 4, "{rounds}");
    }

    #[test]
    fn a_door_that_closes_halves_the_pace_and_rests_the_domain_only_when_it_closes_on_every_connection() {
        let now = Timestamp::from_seconds(1000);
        let mut pace = Pace::of(8, 0, Timestamp::default());
        for allowed in [4, 2, 1, 1] {
            pace.sets_out();
            pace.hindered(4, now);
            assert_eq!(pace.allowed(), allowed);
            assert!(pace.has_room(now));
        }
        pace.sets_out();
        pace.hindered(4, now);
        assert!(!pace.has_room(now) && pace.has_room(now.plus(LONGEST_HINDRANCE)));
    }

    #[test]
    fn a_domain_that_complains_is_left_alone_longer_each_time_and_never_for_ever() {
        let mut pace = Pace::default();
        let mut now = Timestamp::from_seconds(1000);
        let mut last = Duration::ZERO;
        for _ in 0..20 {
            assert!(pace.has_room(now));
            pace.sets_out();
            pace.slow_down(now);
            assert!(!pace.has_room(now));
            let pause = pace.resume_at().since(now);
            assert!(pause >= last && pause <= LONGEST_PAUSE);
            (last, now) = (pause, pace.resume_at());
        }
        pace.sets_out();
        pace.arrived(10);
        assert!(pace.is_idle(now));
    }
}
