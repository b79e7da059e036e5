//! The other processes that send for the same database: which of them are dead, and may be inherited from.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::lease::SILENT;
use crate::store::StoreError;
use crate::store::presence::Presence;

/// A process whose lock is free must be silent for so long as well: a live one whose session was cut off begins another
/// within a moment.
const GONE: Duration = Duration::from_secs(2);
/// After we ourselves had lost the database the others may need as long to find it again.
const WARY: Duration = Duration::from_secs(60);

/// What we have seen of them. Only our own clock counts, and only what it measured itself: clocks of machines differ.
#[derive(Default)]
pub struct Neighbours {
    /// The last sign of life, and since when there was no other.
    seen: HashMap<String, (Option<i64>, Instant)>,
    entered: Option<Instant>,
    came_back: Option<Instant>,
}

impl Neighbours {
    /// We have just entered, perhaps again: what we saw before was seen by somebody who was away.
    pub fn forget(&mut self) {
        self.seen.clear();
        let now = Instant::now();
        if self.entered.replace(now).is_some() {
            self.came_back = Some(now);
        }
    }

    /// Nobody else is of interest any more.
    pub fn only(&mut self, owners: &[String]) {
        self.seen.retain(|owner, _| owners.contains(owner));
    }

    /// Whether a process is dead, whose last sign of life is `beats`.
    ///
    /// # Errors
    /// When the database cannot say.
    pub async fn is_dead(
        &mut self,
        presence: &mut Presence,
        owner: &str,
        beats: Option<i64>,
    ) -> Result<bool, StoreError> {
        if presence.is_alone() {
            return Ok(true);
        }
        let silent = self.silence(owner, beats);
        let wary = self.came_back.is_some_and(|moment| moment.elapsed() < WARY);
        if silent >= SILENT {
            return Ok(true);
        }
        Ok(silent >= GONE && !wary && presence.is_free(owner).await?)
    }

    /// How long we have not heard of it.
    fn silence(&mut self, owner: &str, beats: Option<i64>) -> Duration {
        let now = Instant::now();
        let seen = self.seen.entry(owner.to_owned()).or_insert((beats, now));
        if seen.0 != beats {
            *seen = (beats, now);
        }
        now - seen.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_gives_signs_of_life_is_not_silent() {
        let mut neighbours = Neighbours::default();
        for beats in 0..3 {
            assert!(neighbours.silence("one", Some(beats)) < Duration::from_millis(1));
            std::thread::sleep(Duration::from_millis(2));
        }
        assert!(neighbours.silence("one", Some(2)) >= Duration::from_millis(2));
    }

    #[test]
    fn what_was_seen_before_we_were_away_does_not_count() {
        let mut neighbours = Neighbours::default();
        neighbours.forget();
        neighbours.silence("one", Some(1));
        std::thread::sleep(Duration::from_millis(2));
        neighbours.forget();
        assert!(neighbours.silence("one", Some(1)) < Duration::from_millis(1));
        assert!(neighbours.came_back.is_some());
    }
}
