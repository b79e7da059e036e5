//! The committer: notes starts and results of all connections, as many in one commit as there are.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{mpsc, oneshot};

use super::memory::Memory;
use crate::domain::delivery::DeliveryState;
use crate::domain::edition::EditionStatus;
use crate::domain::subscription::SubscriptionStatus;
use crate::flows::tally::Count;
use crate::flows::{FlowError, House, feedback, safety};
use crate::store::deliveries::{self, Settled, Start};
use crate::store::{Durability, StoreError, Tx, editions, subscriptions, suppressions, within};

/// Most entries of one commit.
const BATCH: usize = 512;

/// Takes entries from connections and answers when they are stored.
#[derive(Clone)]
pub struct Ledger {
    entries: mpsc::Sender<Entry>,
}

struct Entry {
    settled: Vec<Settled>,
    start: Option<Start>,
    answer: oneshot::Sender<bool>,
}

impl Ledger {
    /// Starts the committer, of which no statement may take longer than `most`. It ends when the last ledger is dropped and
    /// everything is stored.
    pub fn open(house: House, memory: Memory, most: Duration) -> (Self, tokio::task::JoinHandle<()>) {
        let (entries, inbox) = mpsc::channel(BATCH);
        (Self { entries }, tokio::spawn(within(most, commit(house, memory, inbox))))
    }

    /// Notes what became of deliveries and that another one is about to be handed over. Returns once both are
    /// stored, and whether the start was granted: a person may have left, or the edition been paused, since.
    pub async fn note(&self, settled: Vec<Settled>, start: Option<Start>) -> bool {
        let (answer, stored) = oneshot::channel();
        if self.entries.send(Entry { settled, start, answer }).await.is_err() {
            return false;
        }
        stored.await.unwrap_or(false)
    }
}

async fn commit(house: House, memory: Memory, mut inbox: mpsc::Receiver<Entry>) {
    let mut batch = Vec::with_capacity(BATCH);
    while inbox.recv_many(&mut batch, BATCH).await > 0 {
        // Who is ready to add an entry does so first: the fewer commits, the less work for all of them.
        tokio::task::yield_now().await;
        while batch.len() < BATCH
            && let Ok(entry) = inbox.try_recv()
        {
            batch.push(entry);
        }
        let mut pause = Duration::from_millis(50);
        let Stored { granted, denied } = loop {
            // Whatever goes wrong: what was sent must be noted before anything else is sent.
            match AssertUnwindSafe(store(&house, &batch)).catch_unwind().await {
                Ok(Ok(stored)) => break stored,
                Ok(Err(error)) => tracing::error!(%error, "the ledger cannot be written; sending waits"),
                Err(_) => tracing::error!("writing the ledger broke off; sending waits"),
            }
            memory.doubt();
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        };
        for settled in batch.iter().flat_map(|entry| &entry.settled) {
            match settled.state {
                DeliveryState::Deferred => house.tally.count(Count::IssueDeferred),
                DeliveryState::Unknown => house.tally.count(Count::IssueUnknown),
                _ => {}
            }
        }
        memory.noted(batch.iter_mut().flat_map(|entry| std::mem::take(&mut entry.settled)).chain(denied));
        for entry in batch.drain(..) {
            let answer = entry.start.is_none_or(|start| granted.contains(&(start.edition_id, start.seq)));
            // Nobody listens when a connection's task was ended; the entry is stored all the same.
            let _ = entry.answer.send(answer);
        }
    }
}

/// What a commit has brought.
struct Stored {
    /// The starts that may be made.
    granted: Vec<(i64, i64)>,
    /// What became of the others.
    denied: Vec<Settled>,
}

async fn store(house: &House, batch: &[Entry]) -> Result<Stored, FlowError> {
    let now = house.clock.now();
    let settled: Vec<Settled> = batch.iter().flat_map(|entry| entry.settled.iter().cloned()).collect();
    let starts: Vec<Start> = batch.iter().filter_map(|entry| entry.start).collect();
    // A refusal for good has consequences beyond its own row.
    if !settled.iter().any(|settled| matches!(settled.state, DeliveryState::Rejected | DeliveryState::Expired))
        && let Some(noted) = deliveries::note_at_once(&house.db, &settled, &starts, now).await?
        && (noted.settled, noted.granted.len()) == (settled.len(), starts.len())
    {
        return Ok(Stored { granted: noted.granted, denied: Vec::new() });
    }
    // Once more where not all of it passed: what did pass is the same when it is noted again.
    let mut tx = house.db.write_with(Durability::Process).await?;
    let mut stopped = false;
    if !settled.is_empty() {
        deliveries::settle(&mut tx, &settled, now).await?;
        stopped = feedback::refused(house, &mut tx, &settled).await?;
    }
    let granted = if starts.is_empty() { Vec::new() } else { deliveries::start(&mut tx, &starts, now).await? };
    let mut denied = Vec::new();
    for start in starts.into_iter().filter(|start| !granted.contains(&(start.edition_id, start.seq))) {
        denied.extend(why_denied(&mut tx, start).await?);
    }
    if !denied.is_empty() {
        deliveries::settle(&mut tx, &denied, now).await?;
    }
    tx.commit().await?;
    if stopped {
        safety::ring(house);
    }
    Ok(Stored { granted, denied })
}

/// What a delivery that may not start becomes: waiting again in an edition that stands still, else skipped.
async fn why_denied(tx: &mut Tx, start: Start) -> Result<Option<Settled>, StoreError> {
    let Some(row) = deliveries::page(tx, start.edition_id, None, start.seq - 1, 1).await?.pop() else {
        return Ok(None);
    };
    let status = editions::by_id(tx, start.edition_id).await?.map(|edition| edition.status);
    let subscription = subscriptions::by_id(tx, row.subscription_id).await?;
    let reason = match subscription {
        None => Some("erased"),
        Some(subscription) if subscription.status != SubscriptionStatus::Confirmed => {
            Some(subscription.status.as_str())
        }
        Some(subscription) if suppressions::by_hash(tx, &subscription.address_hash).await?.is_some() => {
            Some("suppressed")
        }
        Some(_) if status == Some(EditionStatus::Cancelled) => Some("cancelled"),
        Some(_) => None,
    };
    Ok(Some(Settled {
        edition_id: start.edition_id,
        seq: start.seq,
        claim: start.claim,
        state: if reason.is_some() { DeliveryState::Skipped } else { DeliveryState::Queued },
        attempts: row.attempts,
        next_at: row.next_at.as_micros(),
        code: row.code,
        status: row.status,
        reply: row.reply,
        reason: reason.map(str::to_owned),
    }))
}
