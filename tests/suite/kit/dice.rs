//! Dice that fall the same way for the same seed.

use std::time::Duration;

/// SplitMix64.
pub struct Dice(u64);

impl Dice {
    /// By `POSTDUIF_TEST_SEED`, else by this run's own; the seed is printed, to play the same again.
    pub fn thrown() -> Self {
        let given = std::env::var("POSTDUIF_TEST_SEED").ok().map(|seed| seed.parse().expect("a number"));
        let seed = given.unwrap_or_else(|| u64::from(std::process::id()));
        println!("POSTDUIF_TEST_SEED={seed}");
        Self(seed)
    }

    /// 0 and up, below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    pub fn one_in(&mut self, chances: u64) -> bool {
        self.roll(chances) == 0
    }

    /// A moment within a span.
    pub fn within(&mut self, least: Duration, most: Duration) -> Duration {
        let span = u64::try_from((most - least).as_micros()).expect("a test is short");
        least + Duration::from_micros(self.roll(span.max(1)))
    }
}
