//! What happens, counted as it happens: in memory at first, and every few seconds in the database, for all nodes together.
//!
//! A counter in the transaction itself would make everybody who signs up wait for one row. A process that is killed loses
//! what it counted in its last ten seconds; graphs can bear that, and the ledger and the consent records are exact.

use std::array;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::histogram::Histogram;
use super::{FlowError, House};
use crate::domain::text_enum::text_enum;
use crate::store::{Durability, counters};

/// How often what was counted goes to the database.
pub const EVERY: Duration = Duration::from_secs(10);

text_enum! {
    /// Something that is counted; its text is the series of Prometheus.
    pub enum Count("counter") {
        SignupAccepted = "postduif_signups_total{result=\"accepted\"}",
        SignupInvalid = "postduif_signups_total{result=\"invalid\"}",
        SignupRateLimited = "postduif_signups_total{result=\"ratelimited\"}",
        SignupHoneypot = "postduif_signups_total{result=\"honeypot\"}",
        ConfirmPageView = "postduif_confirm_page_views_total",
        Confirmation = "postduif_confirmations_total",
        LeftOneClick = "postduif_unsubscribes_total{via=\"oneclick\"}",
        LeftPage = "postduif_unsubscribes_total{via=\"page\"}",
        LeftMail = "postduif_unsubscribes_total{via=\"mailto\"}",
        LeftOperator = "postduif_unsubscribes_total{via=\"operator\"}",
        IssueDeferred = "postduif_messages_total{kind=\"issue\",outcome=\"deferred\"}",
        IssueUnknown = "postduif_messages_total{kind=\"issue\",outcome=\"unknown\"}",
        SystemAccepted = "postduif_messages_total{kind=\"system\",outcome=\"accepted\"}",
        SystemDeferred = "postduif_messages_total{kind=\"system\",outcome=\"deferred\"}",
        SystemRejected = "postduif_messages_total{kind=\"system\",outcome=\"rejected\"}",
        TestAccepted = "postduif_messages_total{kind=\"test\",outcome=\"accepted\"}",
        TestDeferred = "postduif_messages_total{kind=\"test\",outcome=\"deferred\"}",
        TestRejected = "postduif_messages_total{kind=\"test\",outcome=\"rejected\"}",
        BounceHard = "postduif_bounces_total{class=\"hard\"}",
        BounceSoft = "postduif_bounces_total{class=\"soft\"}",
        BounceUnmatched = "postduif_bounces_total{class=\"unmatched\"}",
        WebhookDelivered = "postduif_webhook_deliveries_total{outcome=\"delivered\"}",
        WebhookRetried = "postduif_webhook_deliveries_total{outcome=\"retried\"}",
        WebhookFailed = "postduif_webhook_deliveries_total{outcome=\"failed\"}",
    }
}

/// Parts of handing a mail over that are timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// From the first packet to a connection that is ready: greeting, encryption and login included.
    Connect,
    /// The encryption's part of that.
    Tls,
    /// The envelope, up to the answer to DATA.
    Mail,
    /// The message, up to the answer behind its dot.
    Data,
}

impl Phase {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Connect, "connect"), (Self::Tls, "tls"), (Self::Mail, "mail"), (Self::Data, "data")];
}

/// What this process has counted and measured. Cheap to clone; clones count together.
#[derive(Clone)]
pub struct Tally(Arc<Inner>);

struct Inner {
    counts: [AtomicU64; Count::ALL.len()],
    phases: Mutex<[Histogram; 4]>,
    opening: AtomicI64,
    open: AtomicI64,
    sends: AtomicI64,
}

impl Default for Tally {
    fn default() -> Self {
        Self(Arc::new(Inner {
            counts: array::from_fn(|_| AtomicU64::new(0)),
            phases: Mutex::default(),
            opening: AtomicI64::new(0),
            open: AtomicI64::new(0),
            sends: AtomicI64::new(0),
        }))
    }
}

impl Tally {
    /// Counts one.
    pub fn count(&self, what: Count) {
        self.0.counts[what as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Part of handing over a mail took so long.
    pub fn took(&self, phase: Phase, time: Duration) {
        self.0.phases.lock().unwrap_or_else(PoisonError::into_inner)[phase as usize].observe(time);
    }

    /// A connection to a mail server is being opened, until what is given back is dropped.
    pub fn opening(&self) -> Goes<'_> {
        Goes::on(&self.0.opening)
    }

    /// A connection to a mail server is in use, until what is given back is dropped.
    pub fn open(&self) -> Goes<'_> {
        Goes::on(&self.0.open)
    }

    /// Whether this process is one that sends.
    pub fn sends(&self, does: bool) {
        self.0.sends.store(i64::from(does), Ordering::Relaxed);
    }

    /// Connections that are being opened, and that are open; and whether this process holds what lets it send.
    pub fn connections(&self) -> [i64; 3] {
        [&self.0.opening, &self.0.open, &self.0.sends].map(|gauge| gauge.load(Ordering::Relaxed))
    }

    /// How long the parts of handing mails over took, in the text format.
    pub fn phases(&self, name: &str) -> String {
        let phases = self.0.phases.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = Phase::ALL.iter().zip(phases.iter());
        lines.map(|((_, phase), histogram)| histogram.lines(name, &format!("phase=\"{phase}\""))).collect()
    }
}

/// Something that goes on.
pub struct Goes<'t>(&'t AtomicI64);

impl<'t> Goes<'t> {
    fn on(gauge: &'t AtomicI64) -> Self {
        gauge.fetch_add(1, Ordering::Relaxed);
        Self(gauge)
    }
}

impl Drop for Goes<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Puts what was counted here to what all nodes have counted.
///
/// # Errors
/// When nothing was stored; then it is still counted here.
pub async fn store(house: &House) -> Result<(), FlowError> {
    let counts = &house.tally.0.counts;
    let taken: Vec<(Count, u64)> = (Count::ALL.iter().copied().zip(counts))
        .map(|(what, count)| (what, count.swap(0, Ordering::Relaxed)))
        .filter(|(_, count)| *count > 0)
        .collect();
    if taken.is_empty() {
        return Ok(());
    }
    let stored = async {
        let mut tx = house.db.write_with(Durability::Process).await?;
        for (what, count) in &taken {
            counters::add(&mut tx, what.as_str(), i64::try_from(*count).unwrap_or(i64::MAX)).await?;
        }
        tx.commit().await
    };
    let stored = stored.await;
    if stored.is_err() {
        for (what, count) in taken {
            counts[what as usize].fetch_add(count, Ordering::Relaxed);
        }
    }
    Ok(stored?)
}

/// Stores what was counted, again and again. A database that is away is not worth a line each time.
pub async fn keep_storing(house: House) {
    let mut beat = tokio::time::interval(EVERY);
    loop {
        beat.tick().await;
        if let Err(error) = store(&house).await {
            tracing::debug!(%error, "what was counted cannot be stored yet");
        }
    }
}
