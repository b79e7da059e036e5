//! The doctor: whether mail will arrive and the house is in order, and what to do where not.

mod clock;
mod domains;
mod modern;
mod outside;
mod own;

use std::time::Duration;

use tokio::time::timeout;

use super::{FlowError, House};
use crate::domain::checkup::CheckStatus;
use crate::domain::time::Timestamp;
use crate::store::doctor::{self, NewCheck};
use crate::store::meta;

/// Where the moment of the next daily examination is noted.
/// Where the moment of the next examination is noted.
pub(super) const DUE: &str = "doctor.due";
const DAILY: Duration = Duration::from_secs(24 * 3600);
const FIRST: Duration = Duration::from_secs(60);
const WAITED_FOR: Duration = Duration::from_secs(8);

pub use self::domains::to_paste;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Check {
    /// `spf.record:example.nl`: what, and of what.
    pub name: String,
    pub status: CheckStatus,
    pub message: String,
    /// What to do: lines to paste, or a sentence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<String>,
}

impl Check {
    fn new(name: impl Into<String>, status: CheckStatus, message: impl Into<String>) -> Self {
        Self { name: name.into(), status, message: message.into(), advice: Vec::new() }
    }

    fn advise(mut self, line: impl Into<String>) -> Self {
        self.advice.push(line.into());
        self
    }

    /// What it found, with what to do on the lines below.
    pub fn in_full(&self) -> String {
        std::iter::once(&self.message).chain(&self.advice).cloned().collect::<Vec<_>>().join("\n")
    }
}

/// Looks at everything. Where the settings say that nothing outside may be asked, that is what comes out of it.
///
/// # Errors
/// When our own database does not answer at all.
pub async fn examine(house: &House) -> Result<Vec<Check>, FlowError> {
    let mut checks = ways_out(house).await?;
    checks.extend(own::all(house).await?);
    Ok(checks)
}

/// The part of it that decides whether mail arrives and its links work: mail servers, DNS, and our own address.
///
/// # Errors
/// As [`examine`].
pub(super) async fn ways_out(house: &House) -> Result<Vec<Check>, FlowError> {
    let mut checks = outside::mail_servers(house).await;
    checks.extend(domains::all(house).await?);
    checks.extend(outside::public_url(house).await);
    Ok(checks)
}

/// Examines and notes what came of it, for the desk and for the check before an edition leaves.
///
/// # Errors
/// As [`examine`].
pub async fn run(house: &House) -> Result<Vec<Check>, FlowError> {
    let checks = examine(house).await?;
    let now = house.clock.now();
    let messages: Vec<String> = checks.iter().map(Check::in_full).collect();
    let rows: Vec<NewCheck<'_>> = (checks.iter().zip(&messages))
        .map(|(check, message)| NewCheck { name: &check.name, status: check.status, message })
        .collect();
    let mut tx = house.db.write().await?;
    doctor::record(&mut tx, now, &rows).await?;
    meta::set(&mut tx, DUE, &now.plus(DAILY).to_string()).await?;
    tx.commit().await?;
    Ok(checks)
}

/// Looks now, for somebody who waits; what takes longer than they have patience for is noted when it is there.
pub async fn look_now(house: &House) {
    let house = house.clone();
    let looking = tokio::spawn(async move {
        if let Err(error) = run(&house).await {
            tracing::error!(%error, "the doctor could not look");
        }
    });
    // In a task of its own: it goes on when nobody waits any more.
    let _ = timeout(WAITED_FOR, looking).await;
}

/// Whether the daily examination is due, and this process the one to do it.
///
/// # Errors
/// When the database refuses.
pub async fn is_due(house: &House) -> Result<bool, FlowError> {
    if house.demo.is_some() {
        return Ok(false);
    }
    let now = house.clock.now();
    let Some(noted) = meta::get(&mut house.db.read().await?, DUE).await? else {
        let mut tx = house.db.write().await?;
        // Soon after the first start, once whoever set things up has had a moment to go on.
        meta::settle(&mut tx, DUE, &now.plus(FIRST).to_string()).await?;
        tx.commit().await?;
        return Ok(false);
    };
    if now < Timestamp::parse(&noted).unwrap_or(now) {
        return Ok(false);
    }
    let mut tx = house.db.write().await?;
    let ours = meta::swap(&mut tx, DUE, &noted, &now.plus(DAILY).to_string()).await?;
    tx.commit().await?;
    Ok(ours)
}

/// “61 days”, from now to then; `None` once it has passed.
fn days_until(until: Timestamp, now: Timestamp) -> Option<u64> {
    (until > now).then(|| until.since(now).as_secs() / DAILY.as_secs())
}
