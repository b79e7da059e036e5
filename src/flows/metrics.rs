//! What the operator's graphs and alarms are drawn from: gauges and totals, read from the database at most twice a minute.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::deliver::stalled;
use super::{FlowError, House, backup};
use crate::domain::checkup::CheckStatus;
use crate::domain::time::Timestamp;
use crate::store::{doctor, meta, metrics, newsletters, sources};

/// How long an answer is good enough: several servers may ask, and counting a million people takes its time.
const FRESH: Duration = Duration::from_secs(30);

/// One metric: its name, its kind, and what it says. The page of the reference is made of these lines.
pub struct Metric {
    pub name: &'static str,
    /// `gauge`, `counter` or `histogram`.
    pub kind: &'static str,
    pub help: &'static str,
}

macro_rules! metrics {
    ($($constant:ident $name:literal $kind:literal $help:literal;)+) => {
        $(const $constant: &Metric = &Metric { name: $name, kind: $kind, help: $help };)+

        /// Every metric there is.
        pub const ALL: &[&Metric] = &[$($constant),+, &REQUESTS];
    };
}

/// Requests, which the web counts itself.
pub const REQUESTS: Metric = Metric {
    name: "postduif_http_request_duration_seconds",
    kind: "histogram",
    help: "How long requests took, by method, route and status.",
};

metrics! {
    BUILD "postduif_build_info" "gauge" "Always 1; the label says which version runs.";
    SUBSCRIPTIONS "postduif_subscriptions" "gauge" "Subscriptions by status.";
    SUPPRESSIONS "postduif_suppressions" "gauge" "Addresses that must not be mailed.";
    MESSAGES "postduif_messages_total" "counter" "Mails of editions by how they ended, of all time.";
    QUEUE "postduif_queue_messages" "gauge" "What waits to be sent: mails of editions on their way, and letters.";
    OLDEST "postduif_queue_oldest_seconds" "gauge" "How long the oldest letter has waited.";
    STALLED "postduif_editions_stalled" "gauge" "Editions on their way in which nobody came to an end for ten minutes.";
    SOURCE "postduif_source_last_success_timestamp_seconds" "gauge" "When each source, by its id, was last read.";
    SCHEDULE "postduif_schedule_next_run_timestamp_seconds" "gauge" "When the next draft is assembled.";
    BACKUP "postduif_backup_last_success_timestamp_seconds" "gauge" "When the last good backup was made.";
    DOCTOR "postduif_doctor_status" "gauge" "What the doctor found last, by kind of check: 0 in order or not known, 1 a warning, 2 broken.";
    WEBHOOKS "postduif_webhook_deliveries" "gauge" "Outgoing webhooks of the last 30 days by state.";
}

/// The page of the reference.
pub fn reference() -> String {
    let rows: String =
        ALL.iter().map(|metric| format!("| `{}` | {} | {} |\n", metric.name, metric.kind, metric.help)).collect();
    format!(
        "# Metrics\n\nServed as `GET /metrics` on `POSTDUIF_METRICS_LISTEN`, in the text format of Prometheus. No label holds \
         an address or anybody's name. Counts come from the database, so every node says the same; only requests are each \
         node's own.\n\n| name | kind | meaning |\n| --- | --- | --- |\n{rows}"
    )
}

/// The numbers, and when they were counted.
#[derive(Clone, Default)]
pub struct Gauges(Arc<Mutex<Option<(Timestamp, String)>>>);

impl Gauges {
    /// In the text format of Prometheus.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn text(&self, house: &House) -> Result<String, FlowError> {
        let mut kept = self.0.lock().await;
        let now = house.clock.now();
        if let Some((at, text)) = kept.as_ref()
            && now.since(*at) < FRESH
        {
            return Ok(text.clone());
        }
        let text = gather(house, now).await?;
        *kept = Some((now, text.clone()));
        Ok(text)
    }
}

async fn gather(house: &House, now: Timestamp) -> Result<String, FlowError> {
    let mut page = Page::default();
    let mut reader = house.db.read().await?;
    page.begin(BUILD);
    page.line(BUILD, &[("version", env!("CARGO_PKG_VERSION"))], 1);

    page.begin(SUBSCRIPTIONS);
    for (status, count) in metrics::subscriptions(&mut reader).await? {
        page.line(SUBSCRIPTIONS, &[("status", &status)], count);
    }
    page.begin(SUPPRESSIONS);
    page.line(SUPPRESSIONS, &[], metrics::suppressions(&mut reader).await?);

    let totals = metrics::deliveries(&mut reader).await?;
    page.begin(MESSAGES);
    for (outcome, count) in [
        ("accepted", totals.accepted),
        ("rejected", totals.rejected),
        ("expired", totals.expired),
        ("skipped", totals.skipped),
        ("unknown", totals.unknown),
    ] {
        page.line(MESSAGES, &[("kind", "edition"), ("outcome", outcome)], count);
    }
    page.begin(QUEUE);
    for (state, count) in [("queued", totals.queued), ("sending", totals.sending), ("deferred", totals.deferred)] {
        page.line(QUEUE, &[("kind", "edition"), ("state", state)], count);
    }
    let letters = metrics::letters(&mut reader).await?;
    for (state, count, _) in &letters {
        page.line(QUEUE, &[("kind", "letter"), ("state", state)], *count);
    }
    page.begin(OLDEST);
    let waiting = letters.iter().filter(|(state, ..)| state != "failed" && state != "unknown");
    let oldest = waiting.map(|(.., written)| now.since(*written).as_secs()).max().unwrap_or(0);
    page.line(OLDEST, &[("kind", "letter")], i64::try_from(oldest).unwrap_or(i64::MAX));

    page.begin(SOURCE);
    for source in sources::all(&mut reader).await? {
        let at = source.last_success_at.map_or(0, Timestamp::as_seconds);
        page.line(SOURCE, &[("source", &source.id.to_string())], at);
    }
    page.begin(SCHEDULE);
    let next = newsletters::all(&mut reader).await?.iter().filter_map(|newsletter| newsletter.next_assemble_at).min();
    page.line(SCHEDULE, &[("job", "assemble")], next.map_or(0, Timestamp::as_seconds));
    page.begin(BACKUP);
    let made = meta::get(&mut reader, backup::LAST_SUCCESS).await?;
    let made = made.and_then(|made| Timestamp::parse(&made).ok()).map_or(0, Timestamp::as_seconds);
    page.line(BACKUP, &[], made);

    page.begin(DOCTOR);
    let checks = doctor::latest(&mut reader).await?;
    let kind = |name: &str| name.split(':').next().unwrap_or_default().to_owned();
    let mut worst: Vec<(String, i64)> = Vec::new();
    for check in checks {
        let (kind, bad) = (kind(&check.check_name), i64::from(severity(check.status)));
        match worst.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, known)) => *known = bad.max(*known),
            None => worst.push((kind, bad)),
        }
    }
    for (check, bad) in worst {
        page.line(DOCTOR, &[("check", &check)], bad);
    }
    page.begin(WEBHOOKS);
    for (state, count) in metrics::webhook_deliveries(&mut reader).await? {
        page.line(WEBHOOKS, &[("state", &state)], count);
    }
    drop(reader);
    page.begin(STALLED);
    page.line(STALLED, &[], i64::try_from(stalled(house).await?.len()).unwrap_or(i64::MAX));
    Ok(page.0)
}

const fn severity(status: CheckStatus) -> u8 {
    match status {
        CheckStatus::Ok | CheckStatus::Unknown => 0,
        CheckStatus::Warn => 1,
        CheckStatus::Fail => 2,
    }
}

/// Lines of the text format. Labels are words of our own, which need no escaping.
#[derive(Default)]
struct Page(String);

impl Page {
    fn begin(&mut self, metric: &Metric) {
        let Metric { name, kind, help } = metric;
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, metric: &Metric, labels: &[(&str, &str)], value: i64) {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{}{labels} {value}", metric.name);
    }
}
