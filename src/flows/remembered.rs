//! Figures over whole lists are remembered for as long as counting them was dear.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What is counted faster than this is counted anew each time: a small list is always told as it is.
const DEAR: Duration = Duration::from_millis(150);
/// What took so long is remembered for so many times as long, so that looking at it costs a twentieth of a processor
/// at most, however often people look.
const TIMES: u32 = 20;
const LONGEST: Duration = Duration::from_secs(300);
/// With so many names those that nobody may use any more are thrown away.
const MOST: usize = 200;

/// Figures that take long to count on a long list.
#[derive(Default)]
pub struct Remembered {
    slots: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Option<Kept>>>>>,
}

struct Kept {
    figures: Arc<dyn Any + Send + Sync>,
    until: Instant,
}

impl Remembered {
    /// What was counted under this name not long ago, or what `count` counts now; who asks meanwhile waits for it.
    ///
    /// # Errors
    /// Those of `count`; then nothing is remembered.
    pub async fn or_count<T: Send + Sync + 'static, E>(
        &self,
        name: String,
        count: impl AsyncFnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let slot = {
            let mut slots = self.slots();
            if slots.len() >= MOST {
                let now = Instant::now();
                slots.retain(|_, slot| {
                    slot.try_lock().map_or(true, |kept| kept.as_ref().is_some_and(|kept| kept.until > now))
                });
            }
            Arc::clone(slots.entry(name.clone()).or_default())
        };
        let mut slot = slot.lock().await;
        if let Some(kept) = slot.as_ref().filter(|kept| kept.until > Instant::now())
            && let Ok(figures) = Arc::clone(&kept.figures).downcast()
        {
            return Ok(figures);
        }
        let began = Instant::now();
        let figures = Arc::new(count().await?);
        let took = began.elapsed();
        match lasts(took) {
            None => drop(self.slots().remove(&name)),
            Some(lasts) => {
                let figures = Arc::clone(&figures) as Arc<dyn Any + Send + Sync>;
                *slot = Some(Kept { figures, until: Instant::now() + lasts });
            }
        }
        Ok(figures)
    }

    fn slots(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<tokio::sync::Mutex<Option<Kept>>>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// For how long something that took so long to count is remembered.
fn lasts(took: Duration) -> Option<Duration> {
    (took >= DEAR).then(|| (took * TIMES).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn count(remembered: &Remembered, takes: Duration, value: i64) -> i64 {
        let counting = async || {
            tokio::time::sleep(takes).await;
            Ok::<_, ()>(value)
        };
        *remembered.or_count("readers".to_owned(), counting).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_cheap_is_counted_each_time_and_what_is_dear_is_remembered() {
        let remembered = Remembered::default();
        assert_eq!(count(&remembered, Duration::from_millis(1), 1).await, 1);
        assert_eq!(count(&remembered, Duration::from_millis(200), 2).await, 2);
        assert_eq!(count(&remembered, Duration::from_millis(200), 3).await, 2, "counted a moment ago");
    }

    #[tokio::test]
    async fn who_asks_meanwhile_waits_for_the_same_figures() {
        let remembered = Remembered::default();
        let (first, second) = tokio::join!(
            count(&remembered, Duration::from_millis(200), 1),
            count(&remembered, Duration::from_millis(200), 2)
        );
        assert_eq!((first, second), (1, 1));
    }

    #[test]
    fn nothing_is_remembered_for_ever() {
        assert_eq!(lasts(Duration::from_millis(10)), None);
        assert_eq!(lasts(Duration::from_secs(1)), Some(Duration::from_secs(20)));
        assert_eq!(lasts(Duration::from_secs(3600)), Some(LONGEST));
    }
}
