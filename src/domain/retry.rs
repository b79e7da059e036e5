//! When to try again: the pauses between attempts at one message, and between attempts at one server.

use std::time::Duration;

use crate::domain::time::Timestamp;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Shortest pause after greylisting: most servers that do it want to see five minutes (RFC 6647 section 4).
pub const GREYLISTING_PAUSE: Duration = Duration::from_secs(5 * 60);

const NEWSLETTER_PAUSES: [Duration; 8] = [
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
    Duration::from_secs(30 * 60),
    HOUR,
    Duration::from_secs(2 * 60 * 60),
    Duration::from_secs(4 * 60 * 60),
    Duration::from_secs(8 * 60 * 60),
    Duration::from_secs(12 * 60 * 60),
];

/// Somebody sits in front of their inbox and waits: short pauses, and an early end.
const SERVICE_PAUSES: [Duration; 6] = [
    Duration::from_secs(30),
    MINUTE,
    Duration::from_secs(2 * 60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(15 * 60),
];

/// How long one message is tried, and with which pauses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    pauses: Vec<Duration>,
    max_age: Duration,
}

/// What becomes of a message that was not accepted this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again at this moment.
    At(Timestamp),
    /// It has waited as long as it may.
    Expired,
}

impl RetryPolicy {
    /// An edition's message: 5 minutes, 15, 30, 1 hour, 2, 4, 8, then every 12, until it is `max_age` old.
    pub fn newsletter(max_age: Duration) -> Self {
        Self { pauses: NEWSLETTER_PAUSES.to_vec(), max_age }
    }

    /// A confirmation or another letter that somebody waits for: 30 seconds, 1 minute, 2, 5, 10, then every 15,
    /// for two hours; later it only surprises.
    pub fn service() -> Self {
        Self { pauses: SERVICE_PAUSES.to_vec(), max_age: 2 * HOUR }
    }

    /// The same pauses for a letter that says itself how long it may wait.
    pub fn service_until(expires_at: Timestamp, queued_at: Timestamp) -> Self {
        Self { pauses: SERVICE_PAUSES.to_vec(), max_age: expires_at.since(queued_at) }
    }

    /// Pauses of one's own; the last one repeats. Without any, a message is tried once.
    pub fn new(pauses: Vec<Duration>, max_age: Duration) -> Self {
        Self { pauses, max_age }
    }

    /// How long the pauses before attempt number `attempts` (1 is the first) take as planned: an age that stands
    /// still while an edition is paused or waits for its turn.
    pub fn planned_age(&self, attempts: u32) -> Duration {
        let before = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let listed: Duration = self.pauses.iter().take(before).sum();
        let repeated = u32::try_from(before.saturating_sub(self.pauses.len())).unwrap_or(u32::MAX);
        listed.saturating_add(self.pauses.last().map_or(Duration::ZERO, |last| last.saturating_mul(repeated)))
    }

    /// The moment after which a message queued at `queued_at` is not tried again.
    pub fn deadline(&self, queued_at: Timestamp) -> Timestamp {
        queued_at.plus(self.max_age)
    }

    /// What comes after attempt number `attempts` (1 is the first) was put off at `now`.
    ///
    /// `random` is any random number; it spreads the pauses by a fifth, so that a thousand messages put off
    /// together do not come back together. The last attempt falls on the deadline itself.
    pub fn after(&self, attempts: u32, greylisted: bool, queued_at: Timestamp, now: Timestamp, random: u64) -> Next {
        let deadline = self.deadline(queued_at);
        let step = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let Some(pause) = self.pauses.get(step).or(self.pauses.last()) else { return Next::Expired };
        if now >= deadline {
            return Next::Expired;
        }
        let shortest = if greylisted { GREYLISTING_PAUSE } else { Duration::ZERO };
        Next::At(now.plus(spread(*pause, random).max(shortest)).min(deadline))
    }
}

/// The pauses between attempts to reach a server that does not answer or closes the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerBackoff {
    /// After the first failure: a restart takes seconds.
    pub first: Duration,
    /// After the second; doubled from then on.
    pub base: Duration,
    /// No pause is longer.
    pub ceiling: Duration,
}

impl Default for ServerBackoff {
    fn default() -> Self {
        Self { first: Duration::from_secs(5), base: MINUTE, ceiling: 30 * MINUTE }
    }
}

impl ServerBackoff {
    /// How long to leave the server alone after `failures` failures in a row (0: not at all).
    pub fn after(&self, failures: u32, random: u64) -> Duration {
        let pause = match failures {
            0 => return Duration::ZERO,
            1 => self.first,
            more => self.base.saturating_mul(1_u32.checked_shl(more - 2).unwrap_or(u32::MAX)),
        };
        spread(pause.min(self.ceiling), random).min(self.ceiling)
    }
}

/// `pause` between four and six fifths of itself, by any random number.
pub fn spread(pause: Duration, random: u64) -> Duration {
    let thousandths = u32::try_from(800 + random % 401).expect("at most 1,200 fits");
    pause.saturating_mul(thousandths) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUED: Timestamp = Timestamp::from_seconds(1_800_000_000);

    #[test]
    fn pauses_grow_to_half_a_day_and_end_at_the_greatest_age() {
        let policy = RetryPolicy::newsletter(72 * HOUR);
        let (mut now, mut attempts) = (QUEUED, 1);
        let mut previous = Duration::ZERO;
        while let Next::At(next) = policy.after(attempts, false, QUEUED, now, 200) {
            let pause = next.since(now);
            assert!(pause <= 12 * HOUR);
            assert!(pause >= previous || next == policy.deadline(QUEUED), "attempt {attempts}: {pause:?}");
            (previous, now, attempts) = (pause, next, attempts + 1);
        }
        assert_eq!(now, policy.deadline(QUEUED), "the last attempt falls on the deadline");
        assert!((10..20).contains(&attempts), "{attempts} attempts in three days");
    }

    #[test]
    fn the_planned_age_is_the_sum_of_the_pauses_before_an_attempt() {
        let policy = RetryPolicy::newsletter(72 * HOUR);
        assert_eq!(policy.planned_age(1), Duration::ZERO);
        assert_eq!(policy.planned_age(3), 20 * MINUTE);
        assert_eq!(policy.planned_age(10) - policy.planned_age(9), 12 * HOUR);
        assert!(policy.planned_age(u32::MAX) > 72 * HOUR);
    }

    #[test]
    fn greylisting_passes_on_the_second_try_because_it_comes_after_five_minutes() {
        for random in [0, 100, 400, u64::MAX] {
            let Next::At(next) = RetryPolicy::service().after(1, true, QUEUED, QUEUED, random) else {
                panic!("expired at once")
            };
            assert!(next.since(QUEUED) >= GREYLISTING_PAUSE);
            let Next::At(next) = RetryPolicy::newsletter(48 * HOUR).after(1, true, QUEUED, QUEUED, random) else {
                panic!("expired at once")
            };
            assert!((GREYLISTING_PAUSE..=6 * MINUTE).contains(&next.since(QUEUED)));
        }
    }

    #[test]
    fn a_server_is_left_alone_longer_and_longer_but_never_for_more_than_half_an_hour() {
        let backoff = ServerBackoff::default();
        assert_eq!(backoff.after(0, 7), Duration::ZERO);
        assert_eq!(backoff.after(1, 200), Duration::from_secs(5));
        assert_eq!(backoff.after(2, 200), MINUTE);
        assert_eq!(backoff.after(4, 200), 4 * MINUTE);
        for failures in 0..100 {
            assert!(backoff.after(failures, u64::from(failures)) <= 30 * MINUTE);
        }
    }

    proptest::proptest! {
        #[test]
        fn a_message_is_never_tried_before_now_nor_after_its_deadline(
            attempts in 0_u32..50, greylisted: bool, age in 0_u64..400_000, random: u64,
        ) {
            let policy = RetryPolicy::newsletter(72 * HOUR);
            let now = QUEUED.plus(Duration::from_secs(age));
            match policy.after(attempts, greylisted, QUEUED, now, random) {
                Next::At(next) => assert!(next > now && next <= policy.deadline(QUEUED)),
                Next::Expired => assert!(now >= policy.deadline(QUEUED)),
            }
        }
    }
}
