//! People who come from the file of another tool. Nobody is mailed by it.

mod table;

use std::io::Read;

use serde::Serialize;

use self::table::{Row, Table};
pub use self::table::{Standing, TableError};
use super::newsletters::find;
use super::{FlowError, House};
use crate::domain::address::EmailAddress;
use crate::domain::consent::{ConsentBody, ConsentEvent, ConsentMeans};
use crate::domain::fault::Faults;
use crate::domain::language::Language;
use crate::domain::newsletter::one_line;
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::suppression::SuppressionReason;
use crate::store::consent::NewConsent;
use crate::store::newsletters::NewsletterRow;
use crate::store::{StoreError, Tx, consent, subscriptions, suppressions};

/// Rows of one transaction: sign-ups need not wait long, and a run that breaks off has lost nothing.
const CHUNK: usize = 500;

/// What is the same for everybody in a file.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// What the operator states about their consent; recorded with each.
    pub statement: &'a str,
    /// The name of the file.
    pub origin: &'a str,
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
    let mut table = Table::open(file, evidence.origin)?;
    let mut tally = Tally::default();
    loop {
        let rows = table.take(CHUNK)?;
        if rows.is_empty() {
            return Ok(tally);
        }
        let mut tx = house.db.write().await?;
        let mut outcomes = Vec::with_capacity(rows.len());
        let mut taking = Taking { house, tx: &mut tx, newsletter: &newsletter, evidence, records: Vec::new() };
        for row in rows {
            let outcome = taking.take(&row).await?;
            outcomes.push((row, outcome));
        }
        let records = taking.records;
        let records: Vec<NewConsent<'_>> = records.iter().map(|record| record.as_new(newsletter.id)).collect();
        consent::append_many(&mut tx, &records, house.clock.now()).await?;
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

fn check(evidence: Evidence<'_>) -> Result<(), FlowError> {
    match one_line(evidence.statement).filter(|statement| !statement.is_empty()) {
        Some(_) => Ok(()),
        None => Err(Faults::one("consent", "say in one line how these people asked for the newsletter").into()),
    }
}

/// `nl`, `nl-NL`, `nl_BE` …; people whose language we do not speak get the newsletter's.
fn language(tag: &str) -> Option<Language> {
    tag.trim().get(..2)?.to_ascii_lowercase().parse().ok()
}

/// A record that this transaction owes: all of them are chained at its end, with one look at the chain.
struct Owed {
    subject: [u8; 32],
    event: ConsentEvent,
    body: ConsentBody,
}

impl Owed {
    fn as_new(&self, newsletter_id: i64) -> NewConsent<'_> {
        NewConsent { newsletter_id, subject: &self.subject, event: self.event, body: &self.body }
    }
}

/// One transaction's worth of rows.
struct Taking<'a> {
    house: &'a House,
    tx: &'a mut Tx,
    newsletter: &'a NewsletterRow,
    evidence: Evidence<'a>,
    records: Vec<Owed>,
}

impl Taking<'_> {
    async fn take(&mut self, row: &Row) -> Result<Admitted, StoreError> {
        let email = match EmailAddress::parse(&row.email) {
            Ok(email) => email,
            Err(error) => return Ok(Admitted::Rejected(error.to_string())),
        };
        let language = row.language.as_deref().and_then(language);
        match &row.standing {
            Standing::Subscribed => self.admit(&email, language).await,
            Standing::Unconfirmed => Ok(Admitted::Rejected("never confirmed there, so there is no consent".to_owned())),
            Standing::Other(word) => Ok(Admitted::Rejected(format!("“{word}” is no status that we know"))),
            Standing::OtherList(list) => Ok(Admitted::Rejected(format!(
                "this row is about “{list}”, not about the list of the first row; import each list from a file of its own"
            ))),
            Standing::Unsubscribed => {
                self.suppress(&email, SuppressionReason::Unsubscribed, SubscriptionStatus::Unsubscribed).await
            }
            Standing::Bounced => self.suppress(&email, SuppressionReason::Bounced, SubscriptionStatus::Bounced).await,
            Standing::Blocked => {
                self.suppress(&email, SuppressionReason::Imported, SubscriptionStatus::Unsubscribed).await
            }
        }
    }

    /// Subscribes a person on the operator's word, unless they must not be mailed.
    async fn admit(&mut self, email: &EmailAddress, language: Option<Language>) -> Result<Admitted, StoreError> {
        let now = self.house.clock.now();
        let hash = self.house.keys.address_hash(email);
        if suppressions::by_hash(self.tx, &hash).await?.is_some() {
            return Ok(Admitted::Suppressed);
        }
        let language = language.unwrap_or(self.newsletter.language);
        let person = subscriptions::find_or_insert_subscriber(self.tx, email, &hash, language, now).await?;
        let (status, link) = (SubscriptionStatus::Confirmed, self.house.link());
        if !subscriptions::open(self.tx, &link, person.id, self.newsletter.id, status, Some(now), now).await? {
            let there = subscriptions::of(self.tx, person.id, self.newsletter.id).await?;
            match there.map(|there| (there.id, there.status)) {
                Some((id, pending @ SubscriptionStatus::Pending)) => {
                    subscriptions::change_status(self.tx, id, pending, status, now).await?;
                }
                Some((_, SubscriptionStatus::Confirmed)) | None => return Ok(Admitted::Unchanged),
                Some(_) => return Ok(Admitted::Suppressed),
            }
        }
        self.record(email, hash, language, ConsentEvent::Imported);
        Ok(Admitted::New)
    }

    /// Who left elsewhere is not mailed from here, unless they confirmed it to us themselves.
    async fn suppress(
        &mut self,
        email: &EmailAddress,
        reason: SuppressionReason,
        status: SubscriptionStatus,
    ) -> Result<Admitted, StoreError> {
        let now = self.house.clock.now();
        let hash = self.house.keys.address_hash(email);
        if let Some(person) = subscriptions::subscriber_by_email(self.tx, email).await? {
            let held: Vec<_> = subscriptions::of_subscriber(self.tx, person.id)
                .await?
                .into_iter()
                .filter(|one| one.status == SubscriptionStatus::Confirmed)
                .collect();
            // A suppression holds for all newsletters, so it must not take away what they asked us for.
            if !held.is_empty() && consent::was_confirmed(self.tx, &hash).await? {
                return Ok(Admitted::Unchanged);
            }
            for one in held {
                if subscriptions::change_status(self.tx, one.id, one.status, status, now).await? {
                    let event = match status {
                        SubscriptionStatus::Bounced => ConsentEvent::Bounced,
                        _ => ConsentEvent::Unsubscribed,
                    };
                    self.record(email, hash, one.language, event);
                }
            }
        }
        suppressions::insert(self.tx, &hash, Some(email.as_str()), reason, Some("import"), now).await?;
        Ok(Admitted::Suppressed)
    }

    fn record(&mut self, email: &EmailAddress, subject: [u8; 32], language: Language, event: ConsentEvent) {
        let mut body = self.house.consent_body(self.newsletter, email, language, ConsentMeans::Import);
        body.note = Some(self.evidence.statement.trim().to_owned());
        body.origin = Some(self.evidence.origin.to_owned());
        self.records.push(Owed { subject, event, body });
    }
}
