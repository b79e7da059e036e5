//! What happens, counted as it happens: in memory at first, and every few seconds in the database, for all nodes together.
//!
//! A counter in the transaction itself would make everybody who signs up wait for one row. A process that is killed loses
//! what it counted in its last ten seconds; graphs can bear that, and the ledger and the consent records are exact.

use std::array;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::histogram::Histogram;
use super::{FlowError, House};
use crate::domain::text_enum::text_enum;
use crate::domain::time::Timestamp;
use crate::store::{Access, Durability, counters};

/// How often what was counted goes to the database.
pub const EVERY: Duration = Duration::from_secs(10);

text_enum! {
    /// Something that is counted; its text is the series of Prometheus.
    pub enum Count("counter") {
        SignupAccepted = "postduif_signups_total{result=\"accepted\"}",
        SignupInvalid = "postduif_signups_total{result=\"invalid\"}",
        SignupRateLimited = "postduif_signups_total{result=\"ratelimited\"}",
        SignupHoneypot = "postduif_signups_total{result=\"honeypot\"}",
        SignupWorkAsked = "postduif_signups_total{result=\"work_asked\"}",
        SignupLimitReached = "postduif_signup_limit_reached_total",
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
    /// Looks at the page that asks to confirm, by newsletter and day: numbers, and nothing of who looked.
    views: Mutex<BTreeMap<(i64, i64), i64>>,
    phases: Mutex<[Histogram; 4]>,
    opening: AtomicI64,
    open: AtomicI64,
    sends: AtomicI64,
}

impl Default for Tally {
    fn default() -> Self {
        Self(Arc::new(Inner {
            counts: array::from_fn(|_| AtomicU64::new(0)),
            views: Mutex::default(),
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

    /// Counts a look at the page that asks to confirm a sign-up for this newsletter.
    pub fn viewed(&self, newsletter: i64, now: Timestamp) {
        self.count(Count::ConfirmPageView);
        let mut views = self.0.views.lock().unwrap_or_else(PoisonError::into_inner);
        *views.entry((newsletter, day(now))).or_default() += 1;
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

fn day(moment: Timestamp) -> i64 {
    moment.as_seconds() / 86_400
}

/// Looks of one day at one newsletter's page are a counter of their own, whose names sort as the days do.
fn views_series(newsletter: i64, day: i64) -> String {
    format!("confirm_page_views/{newsletter}/{day:07}")
}

/// How long looks are kept by day, in days.
const VIEWS_KEPT: i64 = 60;

/// How often the page that asks to confirm was looked at since `since`, by people and by scanners of mail.
///
/// # Errors
/// When the database cannot answer.
pub async fn views_since(on: &mut impl Access, newsletter: i64, since: Timestamp) -> Result<i64, FlowError> {
    let (from, through) = (views_series(newsletter, day(since)), views_series(newsletter, 9_999_999));
    Ok(counters::sum(on, &from, &through).await?)
}

/// Puts what was counted here to what all nodes have counted.
///
/// # Errors
/// When nothing was stored; then it is still counted here.
pub async fn store(house: &House) -> Result<(), FlowError> {
    let inner = &house.tally.0;
    let taken: Vec<(Count, u64)> = (Count::ALL.iter().copied().zip(&inner.counts))
        .map(|(what, count)| (what, count.swap(0, Ordering::Relaxed)))
        .filter(|(_, count)| *count > 0)
        .collect();
    let views = std::mem::take(&mut *inner.views.lock().unwrap_or_else(PoisonError::into_inner));
    if taken.is_empty() && views.is_empty() {
        return Ok(());
    }
    let stored = async {
        let mut tx = house.db.write_with(Durability::Process).await?;
        for (what, count) in &taken {
            counters::add(&mut tx, what.as_str(), i64::try_from(*count).unwrap_or(i64::MAX)).await?;
        }
        for ((newsletter, day), count) in &views {
            counters::add(&mut tx, &views_series(*newsletter, *day), *count).await?;
            let old = views_series(*newsletter, (day - VIEWS_KEPT).max(0));
            counters::forget(&mut tx, &views_series(*newsletter, 0), &old).await?;
        }
        tx.commit().await
    };
    let stored = stored.await;
    if stored.is_err() {
        for (what, count) in taken {
            inner.counts[what as usize].fetch_add(count, Ordering::Relaxed);
        }
        let mut kept = inner.views.lock().unwrap_or_else(PoisonError::into_inner);
        for (place, count) in views {
            *kept.entry(place).or_default() += count;
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
