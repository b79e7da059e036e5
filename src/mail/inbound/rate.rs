//! How many messages a network brings a minute, whatever the number of its connections.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);
/// Networks that are counted at once; who comes after them in that minute waits for the next.
const MOST_NETWORKS: usize = 100_000;

/// Counts of this minute. All begin anew together, so that memory is given back.
pub(super) struct Rate(Mutex<Minute>);

struct Minute {
    began: Instant,
    counts: HashMap<IpAddr, usize>,
}

impl Rate {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Minute { began: Instant::now(), counts: HashMap::new() }))
    }

    /// Counts one more message from there, unless it is beyond `most`. This machine is never counted: what comes from
    /// it is our own mail server's, and it has limits of its own.
    pub(super) fn allows(&self, network: IpAddr, most: usize, now: Instant) -> bool {
        if network.is_loopback() {
            return true;
        }
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(minute.began) >= MINUTE {
            *minute = Minute { began: now, counts: HashMap::new() };
        }
        if minute.counts.len() >= MOST_NETWORKS && !minute.counts.contains_key(&network) {
            return false;
        }
        let count = minute.counts.entry(network).or_default();
        *count += 1;
        *count <= most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_its_share_of_each_minute() {
        let (rate, now) = (Rate::new(), Instant::now());
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        assert!((0..3).all(|_| rate.allows(one, 3, now)) && !rate.allows(one, 3, now));
        assert!(rate.allows(other, 3, now), "others are not held for it");
        assert!((0..9).all(|_| rate.allows(IpAddr::from([127, 0, 0, 1]), 3, now)));
        assert!(rate.allows(one, 3, now + MINUTE));
    }
}
