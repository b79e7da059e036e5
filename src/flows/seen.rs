//! Newsletters that a form was sent for a moment ago: many at once need not each ask the database which one it is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{FlowError, House, newsletters};
use crate::store::newsletters::NewsletterRow;

/// How long one is believed to be as it was.
const FRESH: Duration = Duration::from_millis(500);
/// More are not remembered at once.
const MOST: usize = 100;

/// Newsletters by slug, and when they were read. Cheap to clone; clones remember together.
#[derive(Clone, Default)]
pub struct Seen(Arc<Mutex<HashMap<String, Kept>>>);

type Kept = (Arc<NewsletterRow>, Instant);

/// The newsletter with this slug, as it was half a second ago at most. Good enough to show a visitor where to go on; what is
/// stored for them is decided by what it is then.
///
/// # Errors
/// [`FlowError::NotFound`] when there is none.
pub async fn newsletter(house: &House, slug: &str) -> Result<Arc<NewsletterRow>, FlowError> {
    let remembered = house.seen.0.lock().unwrap_or_else(PoisonError::into_inner).get(slug).cloned();
    if let Some((newsletter, _)) = remembered.filter(|(_, since)| since.elapsed() < FRESH) {
        return Ok(newsletter);
    }
    let found = Arc::new(newsletters::find(&mut house.db.read().await?, slug).await?);
    let mut seen = house.seen.0.lock().unwrap_or_else(PoisonError::into_inner);
    if seen.len() >= MOST {
        seen.clear();
    }
    seen.insert(slug.to_owned(), (Arc::clone(&found), Instant::now()));
    Ok(found)
}
