//! People who come from elsewhere: from the file of another tool, or added by hand. Nobody is mailed by it.

mod table;

use std::io::Read;

use serde::Serialize;

use self::table::{Row, Table};
pub use self::table::{Standing, TableError};
use super::newsletters::find;
use super::{FlowError, House};
use crate::domain::address::EmailAddress;
use crate::domain::consent::{ConsentEvent, ConsentMeans};
use crate::domain::fault::Faults;
use crate::domain::language::Language;
use crate::domain::newsletter::one_line;
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::suppression::SuppressionReason;
use crate::domain::time::Timestamp;
use crate::store::newsletters::NewsletterRow;
use crate::store::{StoreError, Tx, consent, subscriptions, suppressions};

/// Rows of one transaction: sign-ups need not wait long, and a run that breaks off has lost nothing.
const CHUNK: usize = 200;

/// What is the same for everybody in a file.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// What the operator states about their consent; recorded with each.
    pub statement: &'a str,
    /// The file, or how else they came.
    pub origin: &'a str,
    pub event: ConsentEvent,
    pub means: ConsentMeans,
}

/// What became of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// Gets the newsletter from now on.
    New,
    /// Got it already.
    Unchanged,
    /// Must not be mailed: left or bounced there or here.
    Suppressed,
    /// Not taken, and why.
    Rejected(String),
}

/// How many rows came to what; imported, unchanged, suppressed and rejected make up all rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub rows: u64,
    pub imported: u64,
    pub unchanged: u64,
    pub suppressed: u64,
    pub rejected: u64,
}

/// A row that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    pub line: u64,
    pub email: String,
    pub reason: String,
}

/// Why an import broke off. What it had stored stays stored, and doing it again goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error("the report of rejected rows cannot be written: {0}")]
    Report(#[from] std::io::Error),
}

impl From<StoreError> for ImportError {
    fn from(error: StoreError) -> Self {
        Self::Flow(error.into())
    }
}

/// Takes over a file. Memory does not grow with it, and doing it twice changes nothing.
///
/// `rejected` hears of every row that was not taken, `progress` of every step.
///
/// # Errors
/// When the file is no list, the statement is empty, or the database refuses.
pub async fn import(
    house: &House,
    slug: &str,
    evidence: Evidence<'_>,
    file: impl Read,
    mut rejected: impl FnMut(Rejected) -> std::io::Result<()>,
    mut progress: impl FnMut(Tally),
) -> Result<Tally, ImportError> {
    let newsletter = find(&mut house.db.read().await?, slug).await?;
    check(evidence)?;
    let mut table = Table::open(file)?;
    let mut tally = Tally::default();
    loop {
        let rows = table.take(CHUNK)?;
        if rows.is_empty() {
            return Ok(tally);
        }
        let mut tx = house.db.write().await?;
        let mut outcomes = Vec::with_capacity(rows.len());
        for row in rows {
            let outcome = take(house, &mut tx, &newsletter, evidence, &row).await?;
            outcomes.push((row, outcome));
        }
        tx.commit().await?;
        for (row, outcome) in outcomes {
            tally.rows += 1;
            match outcome {
                Admitted::New => tally.imported += 1,
                Admitted::Unchanged => tally.unchanged += 1,
                Admitted::Suppressed => tally.suppressed += 1,
                Admitted::Rejected(reason) => {
                    tally.rejected += 1;
                    rejected(Rejected { line: row.line, email: row.email, reason })?;
                }
            }
        }
        progress(tally);
    }
}

/// Adds one person by hand.
///
/// # Errors
/// [`FlowError::Invalid`] without a statement; [`FlowError::Conflict`] when the address must not be mailed.
pub async fn add(
    house: &House,
    slug: &str,
    email: &EmailAddress,
    language: Option<Language>,
    statement: &str,
) -> Result<Admitted, FlowError> {
    let evidence = Evidence { statement, origin: "command", event: ConsentEvent::Added, means: ConsentMeans::Operator };
    check(evidence)?;
    let mut tx = house.db.write().await?;
    let newsletter = find(&mut tx, slug).await?;
    let admitted = admit(house, &mut tx, &newsletter, evidence, email, language).await?;
    if admitted == Admitted::Suppressed {
        return Err(FlowError::Conflict(
            "this address must not be mailed: its owner left, or mail to it bounced; only they can come back, by the form"
                .to_owned(),
        ));
    }
    tx.commit().await?;
    Ok(admitted)
}

fn check(evidence: Evidence<'_>) -> Result<(), FlowError> {
    match one_line(evidence.statement).filter(|statement| !statement.is_empty()) {
        Some(_) => Ok(()),
        None => Err(Faults::one("consent", "say in one line how these people asked for the newsletter").into()),
    }
}

async fn take(
    house: &House,
    tx: &mut Tx,
    newsletter: &NewsletterRow,
    evidence: Evidence<'_>,
    row: &Row,
) -> Result<Admitted, StoreError> {
    let email = match EmailAddress::parse(&row.email) {
        Ok(email) => email,
        Err(error) => return Ok(Admitted::Rejected(error.to_string())),
    };
    let language = row.language.as_deref().and_then(language);
    match &row.standing {
        Standing::Subscribed => admit(house, tx, newsletter, evidence, &email, language).await,
        Standing::Unconfirmed => Ok(Admitted::Rejected("never confirmed there, so there is no consent".to_owned())),
        Standing::Other(word) => Ok(Admitted::Rejected(format!("“{word}” is no status that we know"))),
        Standing::Unsubscribed => suppress(house, tx, &email, SuppressionReason::Unsubscribed).await,
        Standing::Blocked => suppress(house, tx, &email, SuppressionReason::Imported).await,
    }
}

/// `nl`, `nl-NL`, `nl_BE` …; people whose language we do not speak get the newsletter's.
fn language(tag: &str) -> Option<Language> {
    tag.trim().get(..2)?.to_ascii_lowercase().parse().ok()
}

/// Subscribes a person on the operator's word, unless they must not be mailed.
async fn admit(
    house: &House,
    tx: &mut Tx,
    newsletter: &NewsletterRow,
    evidence: Evidence<'_>,
    email: &EmailAddress,
    language: Option<Language>,
) -> Result<Admitted, StoreError> {
    let now = house.clock.now();
    let hash = house.keys.address_hash(email);
    if suppressions::by_hash(tx, &hash).await?.is_some() {
        return Ok(Admitted::Suppressed);
    }
    let language = language.unwrap_or(newsletter.language);
    let person = subscriptions::find_or_insert_subscriber(tx, email, &hash, language, now).await?;
    let status = SubscriptionStatus::Confirmed;
    if !subscriptions::open(tx, &house.link(), person.id, newsletter.id, status, Some(now), now).await? {
        let there = subscriptions::of(tx, person.id, newsletter.id).await?;
        match there.map(|there| (there.id, there.status)) {
            Some((id, pending @ SubscriptionStatus::Pending)) => {
                subscriptions::change_status(tx, id, pending, status, now).await?;
            }
            Some((_, SubscriptionStatus::Confirmed)) | None => return Ok(Admitted::Unchanged),
            Some(_) => return Ok(Admitted::Suppressed),
        }
    }
    record(house, tx, newsletter, evidence, email, language, now).await?;
    Ok(Admitted::New)
}

async fn record(
    house: &House,
    tx: &mut Tx,
    newsletter: &NewsletterRow,
    evidence: Evidence<'_>,
    email: &EmailAddress,
    language: Language,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut body = house.consent_body(newsletter, email, language, evidence.means);
    body.note = Some(evidence.statement.trim().to_owned());
    body.origin = Some(evidence.origin.to_owned());
    consent::append(tx, newsletter.id, &house.keys.address_hash(email), evidence.event, &body, now).await
}

/// Who left elsewhere is not mailed from here, unless they asked us themselves.
async fn suppress(
    house: &House,
    tx: &mut Tx,
    email: &EmailAddress,
    reason: SuppressionReason,
) -> Result<Admitted, StoreError> {
    let hash = house.keys.address_hash(email);
    if let Some(person) = subscriptions::subscriber_by_email(tx, email).await? {
        let all = subscriptions::of_subscriber(tx, person.id).await?;
        // A suppression holds for all newsletters, so it must not take away what they asked us for.
        if all.iter().any(|one| one.status == SubscriptionStatus::Confirmed) {
            return Ok(Admitted::Unchanged);
        }
    }
    suppressions::insert(tx, &hash, Some(email.as_str()), reason, Some("import"), house.clock.now()).await?;
    Ok(Admitted::Suppressed)
}
