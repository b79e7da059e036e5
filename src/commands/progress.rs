//! How far long work is: one line on a terminal, written over and over, and nothing where standard error is none.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// How wide a bar is, in characters.
const WIDTH: u64 = 30;
/// How often the line of work without an end in sight is written anew.
const BEAT: Duration = Duration::from_millis(200);

/// Writes the line anew.
pub fn show(line: impl FnOnce() -> String) {
    let mut terminal = io::stderr();
    if terminal.is_terminal() {
        // Who cannot be told how far we are is no reason to stop.
        let _ = write!(terminal, "\r{}\x1b[K", line()).and_then(|()| terminal.flush());
    }
}

/// Takes the line away.
pub fn clear() {
    show(String::new);
}

/// So much of all.
pub fn bar(done: u64, all: u64) -> String {
    let filled = usize::try_from((done * WIDTH / all.max(1)).min(WIDTH)).unwrap_or_default();
    let width = usize::try_from(WIDTH).unwrap_or_default();
    format!("{}{}", "█".repeat(filled), "░".repeat(width - filled))
}

/// How long the rest will take at the pace until now, such as “, 2 min left”; nothing where that cannot be told yet.
pub fn left(done: u64, all: u64, elapsed: Duration) -> String {
    if done == 0 || done >= all || elapsed < BEAT {
        return String::new();
    }
    let seconds = elapsed.as_secs_f64() * (all - done) as f64 / done as f64;
    match seconds {
        ..90.0 => format!(", {} s left", seconds.ceil()),
        ..5400.0 => format!(", {} min left", (seconds / 60.0).ceil()),
        _ => format!(", {} h left", (seconds / 3600.0).ceil()),
    }
}

/// Does work that does not say how far it is: a light that runs shows that it goes on, and for how long.
pub async fn during<T>(what: &str, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let began = Instant::now();
    let mut beats = tokio::time::interval(BEAT);
    loop {
        tokio::select! {
            done = &mut work => {
                clear();
                return done;
            }
            _ = beats.tick() => {
                let elapsed = began.elapsed();
                show(|| format!("{} {what}, {} s", running(elapsed), elapsed.as_secs()));
            }
        }
    }
}

/// A bar with a light in it that goes from left to right and begins again.
fn running(elapsed: Duration) -> String {
    let beat = elapsed.as_millis() / BEAT.as_millis();
    (0..u128::from(WIDTH)).map(|place| if beat % u128::from(WIDTH) == place { '█' } else { '░' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_full_as_the_work_is_done() {
        assert_eq!(bar(0, 0), "░".repeat(30));
        assert_eq!(bar(1, 2), format!("{}{}", "█".repeat(15), "░".repeat(15)));
        assert_eq!(bar(9, 2), "█".repeat(30));
        assert_eq!(left(0, 9, BEAT) + &left(9, 9, BEAT) + &left(1, 9, Duration::ZERO), "");
        let after = |seconds| left(1, 3, Duration::from_secs(seconds));
        assert_eq!(
            (after(10), after(60), after(7200)),
            (", 20 s left".into(), ", 2 min left".into(), ", 4 h left".into())
        );
        assert_eq!(running(BEAT * 31), format!("░█{}", "░".repeat(28)));
    }
}
