//! Answers that must not tell by their time what was found.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// At which times after its beginning an answer may leave.
#[derive(Clone, Copy)]
pub struct Steps {
    first: Duration,
    then: Duration,
}

/// Longer than what differs between an address that we know and one that we do not, and too short for anybody to notice.
pub const LONG: Steps = Steps { first: Duration::from_millis(25), then: Duration::from_millis(25) };
/// For work whose statements are the same for both. What lasts longer waited for others, whose number makes more
/// of a difference than what was found.
pub const SHORT: Steps = Steps { first: Duration::from_millis(5), then: Duration::from_millis(1) };

/// Does the work, and gives its outcome at the next step.
pub fn evenly<T>(steps: Steps, work: impl Future<Output = T>) -> impl Future<Output = T> {
    // Once, on the heap: a future that carries another one carries it twice.
    let work = Box::pin(work);
    async move {
        let began = Instant::now();
        let outcome = work.await;
        let late = began.elapsed().saturating_sub(steps.first);
        let further = u32::try_from(late.as_nanos().div_ceil(steps.then.as_nanos())).unwrap_or(u32::MAX);
        sleep_until(began + steps.first + steps.then * further).await;
        outcome
    }
}
