//! How long things took, in buckets, as Prometheus wants to read it.

use std::fmt::Write;
use std::time::Duration;

/// Upper ends of the buckets, in seconds.
const BUCKETS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0, 60.0];

/// A count for each bucket, and the sum.
#[derive(Clone, Default)]
pub struct Histogram {
    /// How many fell into each bucket, and behind the last one.
    counts: [u64; BUCKETS.len() + 1],
    seconds: f64,
}

impl Histogram {
    /// Counts one that took so long.
    pub fn observe(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        let bucket = BUCKETS.iter().position(|end| seconds <= *end).unwrap_or(BUCKETS.len());
        self.counts[bucket] += 1;
        self.seconds += seconds;
    }

    /// Its lines in the text format, under this name and with these labels, such as `phase="data"`.
    pub fn lines(&self, name: &str, labels: &str) -> String {
        let (mut text, mut count) = (String::new(), 0);
        for (at, fell) in self.counts.iter().enumerate() {
            count += fell;
            let end = BUCKETS.get(at).map_or_else(|| "+Inf".to_owned(), f64::to_string);
            let _ = writeln!(text, "{name}_bucket{{{labels},le=\"{end}\"}} {count}");
        }
        let _ = writeln!(text, "{name}_sum{{{labels}}} {}\n{name}_count{{{labels}}} {count}", self.seconds);
        text
    }
}
