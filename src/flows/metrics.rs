//! What the operator's graphs and alarms are drawn from: gauges and totals, read from the database at most twice a minute.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::deliver::stalled;
use super::tally::{self, Count};
use super::{FlowError, House, backup};
use crate::domain::checkup::CheckStatus;
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::time::Timestamp;
use crate::store::{Reader, counters, doctor, meta, metrics, moments, newsletters, sources};

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
    BUILD "postduif_build_info" "gauge" "Always 1; the labels say which version runs, and of which source it was built.";
    SUBSCRIBERS "postduif_subscribers" "gauge" "Subscriptions by state, and addresses that must not be mailed (suppressed).";
    SIGNUPS "postduif_signups_total" "counter" "Sign-ups by form and API, by what came of them.";
    SIGNUP_LIMIT "postduif_signup_limit_reached_total" "counter" "Sign-ups and questions for a link that were refused because there were too many an hour in all (POSTDUIF_SIGNUPS_TOTAL).";
    CONFIRM_VIEWS "postduif_confirm_page_views_total" "counter" "Looks at the page behind the link of a confirmation mail; mail scanners look as well.";
    CONFIRMATIONS "postduif_confirmations_total" "counter" "Subscriptions that their readers confirmed.";
    UNSUBSCRIBES "postduif_unsubscribes_total" "counter" "Subscriptions ended, by way: a mail program's button, our pages, a mail, or an operator.";
    MESSAGES "postduif_messages_total" "counter" "Mails by kind (issue: of editions; system: letters; test) and by how they ended; deferred and unknown ones end once more later.";
    UNCERTAIN "postduif_messages_uncertain" "gauge" "Mails of editions of which nobody knows whether they have arrived.";
    SMTP_SECONDS "postduif_smtp_transaction_duration_seconds" "histogram" "How long the parts of handing mails of editions over took, in this process.";
    SMTP_CONNECTIONS "postduif_smtp_connections" "gauge" "Connections of this process to mail servers for editions.";
    QUEUE "postduif_queue_messages" "gauge" "What waits to be sent: mails of editions on their way (issue), and letters (system).";
    OLDEST "postduif_queue_oldest_seconds" "gauge" "How long the oldest letter has waited.";
    STALLED "postduif_editions_stalled" "gauge" "Editions on their way in which nobody came to an end for ten minutes.";
    BOUNCES "postduif_bounces_total" "counter" "Mail that came back: for good (hard), for now (soft), or not to be tied to a mail of ours.";
    SOURCE "postduif_source_last_success_timestamp_seconds" "gauge" "When each source, by its id, was last read; no line before the first time.";
    LAST_RUN "postduif_schedule_last_run_timestamp_seconds" "gauge" "When a job was last done; no line before the first time.";
    NEXT_RUN "postduif_schedule_next_run_timestamp_seconds" "gauge" "When a job is due next.";
    BACKUP "postduif_backup_last_success_timestamp_seconds" "gauge" "When the last good backup was made; no line before the first one.";
    DOCTOR "postduif_doctor_status" "gauge" "What the doctor found last, by kind of check: 0 in order or not known, 1 a warning, 2 broken.";
    LEASE "postduif_lease_held" "gauge" "Whether this process holds what lets it do a job: on SQLite one process sends, on PostgreSQL every worker.";
    WEBHOOKS "postduif_webhook_deliveries_total" "counter" "Attempts to tell other programs, by outcome.";
    WEBHOOK_QUEUE "postduif_webhook_queue" "gauge" "What other programs are still to be told.";
}

/// Of which source the program was built, where the builder said so.
const REVISION: &str = match option_env!("POSTDUIF_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};

/// The page of the reference.
pub fn reference() -> String {
    let rows: String =
        ALL.iter().map(|metric| format!("| `{}` | {} | {} |\n", metric.name, metric.kind, metric.help)).collect();
    format!(
        "# Metrics\n\nServed as `GET /metrics` on `POSTDUIF_METRICS_LISTEN`, in the text format of Prometheus. No label holds \
         an address or anybody's name. Numbers come from the database, so every node says the same and none are lost at a restart; requests, the times and \
         connections of SMTP, and what a lease lets it do are each process's own. Counters are at most ten seconds behind. Every series \
         is there from the start, with 0, but for moments that have not come yet.\n\n| name | kind | meaning |\n| --- | --- | --- |\n{rows}"
    )
}

/// The numbers, and when they were counted.
#[derive(Clone, Default)]
pub struct Gauges(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    page: Option<(Timestamp, String)>,
    people: Option<People>,
}

/// How many there are in which state. Counting a million takes a part of a second, so it is done the more rarely the longer
/// it takes: at most a six-hundredth of the time goes into it.
struct People {
    counts: Vec<(String, i64)>,
    suppressed: i64,
    fresh_until: Timestamp,
}

const IDLE_PER_WORK: u32 = 600;

impl Gauges {
    /// In the text format of Prometheus.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn text(&self, house: &House) -> Result<String, FlowError> {
        let mut kept = self.0.lock().await;
        let now = house.clock.now();
        let fresh = kept.page.as_ref().filter(|(at, _)| now.since(*at) < FRESH);
        let stored = match fresh {
            Some((_, text)) => text.clone(),
            None => {
                let people = match kept.people.take().filter(|people| now < people.fresh_until) {
                    Some(people) => people,
                    None => People::count(house, now).await?,
                };
                let text = gather(house, now, &people).await?;
                kept.people = Some(people);
                kept.page = Some((now, text.clone()));
                text
            }
        };
        Ok(stored + &own(house))
    }
}

impl People {
    async fn count(house: &House, now: Timestamp) -> Result<Self, FlowError> {
        let mut reader = house.db.read().await?;
        let began = tokio::time::Instant::now();
        let counts = metrics::subscriptions(&mut reader).await?;
        let suppressed = metrics::suppressions(&mut reader).await?;
        let fresh_until = now.plus(began.elapsed().saturating_mul(IDLE_PER_WORK));
        Ok(Self { counts, suppressed, fresh_until })
    }

    fn of(&self, status: SubscriptionStatus) -> i64 {
        self.counts.iter().find(|(known, _)| known == status.as_str()).map_or(0, |(_, count)| *count)
    }
}

/// What this process alone knows, and needs to ask nobody for.
fn own(house: &House) -> String {
    let mut page = Page::default();
    let [opening, open, sends] = house.tally.connections();
    page.begin(SMTP_CONNECTIONS);
    page.line(SMTP_CONNECTIONS, &[("state", "opening")], opening);
    page.line(SMTP_CONNECTIONS, &[("state", "open")], open);
    page.begin(LEASE);
    page.line(LEASE, &[("job", "sending")], sends);
    page.begin(SMTP_SECONDS);
    page.0.push_str(&house.tally.phases(SMTP_SECONDS.name));
    page.0
}

async fn gather(house: &House, now: Timestamp, people: &People) -> Result<String, FlowError> {
    tally::store(house).await?;
    let mut page = Page::default();
    let mut reader = house.db.read().await?;
    page.begin(BUILD);
    page.line(BUILD, &[("version", env!("CARGO_PKG_VERSION")), ("revision", REVISION)], 1);

    page.begin(SUBSCRIBERS);
    for (state, count) in [
        ("active", people.of(SubscriptionStatus::Confirmed)),
        ("pending", people.of(SubscriptionStatus::Pending)),
        ("unsubscribed", people.of(SubscriptionStatus::Unsubscribed)),
        ("bounced", people.of(SubscriptionStatus::Bounced)),
        ("complained", people.of(SubscriptionStatus::Complained)),
        ("suppressed", people.suppressed),
    ] {
        page.line(SUBSCRIBERS, &[("state", state)], count);
    }

    let counted: BTreeMap<String, i64> = counters::all(&mut reader).await?.into_iter().collect();
    for metric in [SIGNUPS, SIGNUP_LIMIT, CONFIRM_VIEWS, CONFIRMATIONS, UNSUBSCRIBES, BOUNCES, WEBHOOKS, MESSAGES] {
        page.begin(metric);
        for count in Count::ALL {
            let series = count.as_str();
            if series.strip_prefix(metric.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('{')) {
                page.series(series, counted.get(series).copied().unwrap_or(0));
            }
        }
    }
    // Behind the others of its name: the editions' own ledgers are exact.
    let totals = metrics::deliveries(&mut reader).await?;
    for (outcome, count) in [
        ("accepted", totals.accepted),
        ("rejected", totals.rejected),
        ("expired", totals.expired),
        ("skipped", totals.skipped),
    ] {
        page.line(MESSAGES, &[("kind", "issue"), ("outcome", outcome)], count);
    }
    page.begin(UNCERTAIN);
    page.line(UNCERTAIN, &[], totals.unknown);
    page.begin(QUEUE);
    for (state, count) in [("queued", totals.queued), ("sending", totals.sending), ("deferred", totals.deferred)] {
        page.line(QUEUE, &[("kind", "issue"), ("state", state)], count);
    }
    let letters = metrics::letters(&mut reader).await?;
    for state in ["queued", "sending", "deferred", "unknown", "failed"] {
        let count = letters.iter().find(|(known, ..)| known == state).map_or(0, |(_, count, _)| *count);
        page.line(QUEUE, &[("kind", "system"), ("state", state)], count);
    }
    page.begin(OLDEST);
    let waiting = letters.iter().filter(|(state, ..)| state != "failed" && state != "unknown");
    let oldest = waiting.map(|(.., written)| now.since(*written).as_secs()).max().unwrap_or(0);
    page.line(OLDEST, &[("kind", "system")], i64::try_from(oldest).unwrap_or(i64::MAX));

    page.begin(SOURCE);
    for source in sources::all(&mut reader).await? {
        if let Some(at) = source.last_success_at {
            page.line(SOURCE, &[("source", &source.id.to_string())], at.as_seconds());
        }
    }
    schedule(&mut page, &mut reader).await?;

    page.begin(DOCTOR);
    let checks = doctor::latest(&mut reader).await?;
    let kind = |name: &str| name.split(':').next().unwrap_or_default().to_owned();
    let mut worst: BTreeMap<String, i64> = BTreeMap::new();
    for check in checks {
        let known = worst.entry(kind(&check.check_name)).or_default();
        *known = (*known).max(i64::from(severity(check.status)));
    }
    for (check, bad) in worst {
        page.line(DOCTOR, &[("check", &check)], bad);
    }
    page.begin(WEBHOOK_QUEUE);
    page.line(WEBHOOK_QUEUE, &[], metrics::webhooks_waiting(&mut reader).await?);
    drop(reader);
    page.begin(STALLED);
    page.line(STALLED, &[], i64::try_from(stalled(house).await?.len()).unwrap_or(i64::MAX));
    Ok(page.0)
}

/// When what was done last, and is due next.
async fn schedule(page: &mut Page, reader: &mut Reader) -> Result<(), FlowError> {
    let noted = async |reader: &mut Reader, key| -> Result<Option<Timestamp>, FlowError> {
        Ok(meta::get(reader, key).await?.and_then(|text| Timestamp::parse(&text).ok()))
    };
    let backed_up = noted(reader, backup::LAST_SUCCESS).await?;
    let next = newsletters::all(reader).await?.iter().filter_map(|newsletter| newsletter.next_assemble_at).min();
    let last_runs = [
        ("assemble", moments::latest(reader, "assemble").await?),
        ("backup", backed_up),
        ("doctor", doctor::last_run(reader).await?),
    ];
    let next_runs = [
        ("assemble", next),
        ("backup", noted(reader, backup::DUE).await?),
        ("doctor", noted(reader, super::doctor::DUE).await?),
    ];
    for (metric, runs) in [(LAST_RUN, last_runs), (NEXT_RUN, next_runs)] {
        page.begin(metric);
        for (job, at) in runs {
            if let Some(at) = at {
                page.line(metric, &[("job", job)], at.as_seconds());
            }
        }
    }
    page.begin(BACKUP);
    if let Some(at) = backed_up {
        page.line(BACKUP, &[], at.as_seconds());
    }
    Ok(())
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
        self.series(&format!("{}{labels}", metric.name), value);
    }

    fn series(&mut self, series: &str, value: i64) {
        let _ = writeln!(self.0, "{series} {value}");
    }
}
