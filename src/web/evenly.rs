//! Answers that must not tell by their time what was found.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Answers leave at whole multiples of a step, counted from their beginning. This one is longer than what differs between
/// an address that we know and one that we do not, and too short for anybody to notice.
pub const STEP: Duration = Duration::from_millis(25);
/// For work whose statements are the same for both.
pub const SHORT_STEP: Duration = Duration::from_millis(5);

/// Does the work, and gives its outcome at the next step.
pub async fn evenly<T>(step: Duration, work: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let outcome = work.await;
    let steps = u32::try_from(began.elapsed().as_nanos() / step.as_nanos()).unwrap_or(u32::MAX - 1) + 1;
    sleep_until(began + step * steps).await;
    outcome
}
