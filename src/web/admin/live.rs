//! An edition as it goes out: how fast it goes, and a stream of counts for whoever looks on.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Bytes, Data, Path};
use futures_util::stream;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::desk;
use super::editions::open;
use super::visit::Visit;
use crate::domain::delivery::{Counts, DeliveryState};
use crate::domain::edition::EditionStatus;
use crate::domain::language::Language;
use crate::domain::texts::numbers;
use crate::domain::time::Timestamp;
use crate::flows::sign_in;
use crate::pages::admin::edition::send::{Pace, progress};
use crate::store::editions::{self, EditionRow};
use crate::store::sessions::SessionRow;
use crate::web::Web;
use crate::web::problem::Problem;

desk! {
    "/admin/editions/{id}/live": get Viewer watch;
}

/// So many may look on at once: each of them asks the database once a second.
const SEATS: usize = 40;
const LOOK: Duration = Duration::from_secs(1);
/// A proxy takes a line that is silent for longer for a dead one.
const SIGN_OF_LIFE: u32 = 15;
/// So often it is asked whether the session still lasts.
const LOOKS_AGAIN: u32 = 5;
/// Then the browser comes back by itself, and the gate looks at its session again.
const WATCH: u32 = 300;
/// The pace is that of the last minute.
const MINUTE: Duration = Duration::from_secs(60);

/// What is known of editions on their way, from those who looked.
pub struct Live {
    seats: Arc<Semaphore>,
    seen: Mutex<HashMap<i64, VecDeque<(Timestamp, i64)>>>,
}

impl Default for Live {
    fn default() -> Self {
        Self { seats: Arc::new(Semaphore::new(SEATS)), seen: Mutex::default() }
    }
}

impl Live {
    /// How fast an edition goes: by what was seen of it in the last minute, or else since it began.
    pub fn pace(&self, row: &EditionRow, now: Timestamp) -> Option<Pace> {
        let done = row.counts().finished();
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if row.status != EditionStatus::Sending {
            all.remove(&row.id);
            return None;
        }
        let seen = all.entry(row.id).or_default();
        while seen.front().is_some_and(|(at, _)| now.since(*at) > MINUTE) {
            seen.pop_front();
        }
        if seen.back().is_none_or(|(at, _)| now.since(*at) >= LOOK) {
            seen.push_back((now, done));
        }
        let first = seen.front().copied().filter(|(at, _)| now.since(*at) >= 3 * LOOK);
        let (since, before) = first.or_else(|| Some((row.started_at?, 0)))?;
        pace(done - before, now.since(since), row.audience - done)
    }
}

/// `None` while nothing can be said.
fn pace(done: i64, span: Duration, left: i64) -> Option<Pace> {
    let seconds = i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    if done <= 0 || seconds <= 0 {
        return None;
    }
    let per_minute = (done.saturating_mul(60) / seconds).max(1);
    let minutes = left.max(0).saturating_add(per_minute - 1) / per_minute;
    let number = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    Some(Pace { per_minute: number(per_minute), minutes_left: number(minutes) })
}

async fn watch(web: Data<Web>, mut visit: Visit, id: Path<i64>) -> Result<HttpResponse, Problem> {
    let row = open(&web, &mut visit, *id).await?;
    let Ok(seat) = Arc::clone(&web.live.seats).try_acquire_owned() else {
        return Err(Problem::TooMany { retry_after: Duration::from_secs(10) });
    };
    let watcher = Watcher {
        session: visit.session.clone(),
        web,
        id: row.id,
        language: visit.language,
        told: None,
        looks: 0,
        _seat: seat,
    };
    let news = stream::unfold(Some(watcher), |watcher| async {
        let mut watcher = watcher?;
        let (news, goes_on) = watcher.next().await?;
        Some((Ok::<_, actix_web::Error>(Bytes::from(news)), goes_on.then_some(watcher)))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        // nginx would keep the news to itself.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(Box::pin(news)))
}

/// One who looks on.
struct Watcher {
    web: Data<Web>,
    /// Ends with it.
    session: SessionRow,
    id: i64,
    language: Language,
    told: Option<Counts>,
    looks: u32,
    _seat: OwnedSemaphorePermit,
}

impl Watcher {
    /// The next news, and whether there is more to come.
    async fn next(&mut self) -> Option<(String, bool)> {
        loop {
            if self.looks > 0 {
                tokio::time::sleep(LOOK).await;
            }
            self.looks += 1;
            if self.looks > WATCH || self.web.draining.load(std::sync::atomic::Ordering::Relaxed) {
                return None;
            }
            let looks_again = self.looks.is_multiple_of(LOOKS_AGAIN);
            if looks_again && !sign_in::still_lasts(&self.web.house, &self.session).await.ok()? {
                return None;
            }
            let mut reader = self.web.house.db.read().await.ok()?;
            let row = editions::by_id(&mut reader, self.id).await.ok()??;
            drop(reader);
            let pace = self.web.live.pace(&row, self.web.house.clock.now());
            let counts = row.counts();
            if row.status != EditionStatus::Sending {
                return Some((format!("data: {}\n\n", json!({"over": true})), false));
            }
            if self.told != Some(counts) {
                self.told = Some(counts);
                return Some((format!("data: {}\n\n", news(self.language, &row, pace)), true));
            }
            if self.looks.is_multiple_of(SIGN_OF_LIFE) {
                return Some((": still here\n\n".to_owned(), true));
            }
        }
    }
}

/// Words and numbers ready to show.
fn news(language: Language, row: &EditionRow, pace: Option<Pace>) -> serde_json::Value {
    let mut counts = row.counts();
    let cells: serde_json::Map<String, serde_json::Value> = DeliveryState::ALL
        .iter()
        .map(|state| (state.to_string(), numbers::count(language, *counts.of(*state)).into()))
        .collect();
    json!({
        "text": progress(language, &counts, row.audience, pace),
        "done": counts.finished(),
        "total": row.audience,
        "counts": cells,
        "over": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_what_was_done_in_a_minute_and_the_rest_is_rounded_up() {
        let minute = Duration::from_secs(60);
        assert_eq!(pace(100, minute, 250), Some(Pace { per_minute: 100, minutes_left: 3 }));
        assert_eq!(pace(1, 10 * minute, 5), Some(Pace { per_minute: 1, minutes_left: 5 }));
        assert_eq!(pace(0, minute, 5), None);
        assert_eq!(pace(5, Duration::ZERO, 5), None);
        assert_eq!(pace(60, minute, -1), Some(Pace { per_minute: 60, minutes_left: 0 }));
    }
}
