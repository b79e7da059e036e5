//! Counts wrong tokens per network, in memory and within bounds. Who brings a right one is never counted.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::network::Network;
use crate::domain::time::Timestamp;

/// Wrong tokens from one network within [`WINDOW`].
const MOST: u32 = 60;
const WINDOW: Duration = Duration::from_secs(60);
/// Networks remembered at once; a flood from more of them pushes out the oldest.
const NETWORKS: usize = 10_000;

/// Who tried wrong tokens lately.
#[derive(Default)]
pub struct Throttle {
    seen: Mutex<HashMap<Network, Window>>,
}

struct Window {
    since: Timestamp,
    count: u32,
}

impl Throttle {
    /// Counts a wrong token. `Some` says for how long this network has tried too often.
    pub fn wrong(&self, client: Option<IpAddr>, now: Timestamp) -> Option<Duration> {
        let network = Network::of_visitor(client?);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= NETWORKS && !seen.contains_key(&network) {
            seen.retain(|_, window| now.since(window.since) < WINDOW);
            if seen.len() >= NETWORKS
                && let Some(oldest) = seen.iter().min_by_key(|(_, window)| window.since).map(|(network, _)| *network)
            {
                seen.remove(&oldest);
            }
        }
        let window = seen.entry(network).or_insert(Window { since: now, count: 0 });
        // A window that has not begun yet was opened before the clock was set back.
        if now.since(window.since) >= WINDOW || window.since > now {
            *window = Window { since: now, count: 0 };
        }
        window.count = window.count.saturating_add(1);
        (window.count > MOST).then(|| window.since.plus(WINDOW).since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_held_after_too_many_and_let_go_after_a_minute() {
        let throttle = Throttle::default();
        let now = Timestamp::from_seconds(1000);
        let client = Some("192.0.2.7".parse().unwrap());
        assert!((0..MOST).all(|_| throttle.wrong(client, now).is_none()));
        assert_eq!(throttle.wrong(client, now), Some(WINDOW));
        assert_eq!(throttle.wrong(Some("192.0.2.8".parse().unwrap()), now), None);
        assert_eq!(throttle.wrong(client, now.plus(WINDOW)), None);
    }

    #[test]
    fn a_flood_from_everywhere_takes_no_more_memory_than_it_may() {
        let throttle = Throttle::default();
        for number in 0..u32::try_from(NETWORKS).unwrap() + 500 {
            let address = std::net::Ipv4Addr::from_bits(number);
            throttle.wrong(Some(address.into()), Timestamp::from_micros(number.into()));
        }
        assert_eq!(throttle.seen.lock().unwrap().len(), NETWORKS);
    }
}
