//! People who come from the file of another tool. Nobody is mailed by it; it can be tried out, gone on with, taken back.

pub mod blocks;
pub mod dialect;
mod lists;
mod moments;
mod person;
mod survey;
pub mod table;
mod take;
mod undo;
pub mod unpack;
mod window;
mod work;

use std::collections::HashSet;
use std::io::{Read, Seek, SeekFrom};

use self::dialect::{BEGINNING, Dialect};
use self::person::{refusal, sort_out};
use self::survey::{Survey, survey};
pub use self::table::{BadLine, TableError};
use self::table::{Row, Table};
use self::take::Taker;
pub use self::undo::{Undone, undo};
use self::window::{Ahead, ROWS};
use self::work::Work;
use super::backup::{self, BackupError, Reason};
use super::newsletters::find;
use super::{FlowError, House};
use crate::domain::fault::Faults;
use crate::domain::import::{ImportState, Refusal, Tally};
use crate::domain::plain_text::clean_line;
use crate::store::imports::{self, BatchRow, NewBatch};
use crate::store::newsletters::NewsletterRow;
use crate::store::{StoreError, newsletters};

/// Rows that are looked at together where nothing, or one column, is stored.
const CHUNK: usize = 2_000;

/// What is the same for everybody in a file.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    pub newsletter: &'a str,
    /// What the operator states about their consent; recorded with each.
    pub statement: &'a str,
    /// The name of the file.
    pub origin: &'a str,
    /// Who does it, for the record of deeds.
    pub actor: &'a str,
    /// The list that is taken over, of a file that holds several.
    pub list: Option<&'a str>,
}

/// A row that was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    pub line: u64,
    pub email: String,
    pub reason: Refusal,
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    pub tally: Tally,
    /// Rows in the file.
    pub of: u64,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    pub tally: Tally,
    /// By this number it can be taken back.
    pub batch: i64,
    /// The tool that wrote the file, where its headings tell.
    pub tool: Option<&'static str>,
}

/// Why an import did not take place, or broke off. Where it broke off, the same file goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error("nothing was changed, because no backup could be made before: {0}")]
    Backup(#[from] BackupError),
    #[error("the file cannot be read: {0}")]
    File(#[from] std::io::Error),
    #[error("the report of rejected rows cannot be written: {0}")]
    Report(std::io::Error),
}

impl From<StoreError> for ImportError {
    fn from(error: StoreError) -> Self {
        Self::Flow(error.into())
    }
}

/// A file that was looked through and found sound.
struct Opened<F: Read> {
    newsletter: NewsletterRow,
    statement: String,
    survey: Survey,
    table: Table<F>,
}

async fn open<'f, F: Read + Seek>(
    house: &House,
    order: Order<'_>,
    file: &'f mut F,
    rejected: &mut impl FnMut(Rejected) -> std::io::Result<()>,
) -> Result<Opened<&'f mut F>, ImportError> {
    let newsletter = find(&mut house.db.read().await?, order.newsletter).await?;
    let statement = clean_line(order.statement);
    if statement.is_empty() {
        let fault = Faults::one("consent", "say in one line how these people asked for the newsletter");
        return Err(FlowError::from(fault).into());
    }
    let mut beginning = Vec::with_capacity(BEGINNING);
    file.by_ref().take(BEGINNING as u64).read_to_end(&mut beginning)?;
    let dialect = Dialect::of(&beginning)?;
    file.seek(SeekFrom::Start(0))?;
    // The columns first: who gives a file of another kind wants to hear that, and not about its lines.
    let has_lists = Table::open(beginning.as_slice(), &dialect, order.origin, order.newsletter)?.has_lists();
    let survey = sound(file, &dialect, rejected)?;
    let list = match has_lists {
        true => lists::choose(Table::open(&mut *file, &dialect, order.origin, order.newsletter)?, order.list)?,
        false => match order.list {
            Some(list) => return Err(TableError::NoSuchList(list.to_owned(), Vec::new()).into()),
            None => None,
        },
    };
    file.seek(SeekFrom::Start(0))?;
    let mut table = Table::open(file, &dialect, order.origin, order.newsletter)?;
    table.choose(list);
    Ok(Opened { newsletter, statement, survey, table })
}

/// Walks through the whole file and goes back to its beginning; `rejected` hears of every line that breaks it.
fn sound<F: Read + Seek>(
    file: &mut F,
    dialect: &Dialect,
    rejected: &mut impl FnMut(Rejected) -> std::io::Result<()>,
) -> Result<Survey, ImportError> {
    let mut written = Ok(());
    let walked = survey(&mut *file, dialect, &mut |bad: &BadLine| {
        if written.is_ok() {
            let reason = Refusal::Broken(bad.fault.clone());
            written = rejected(Rejected { line: bad.line, email: String::new(), reason });
        }
    });
    written.map_err(ImportError::Report)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(walked?)
}

/// Tells what an import would do, and changes nothing.
///
/// `rejected` hears of every row that would not be taken.
///
/// # Errors
/// As [`import`].
pub async fn try_out<F: Read + Seek>(
    house: &House,
    order: Order<'_>,
    file: &mut F,
    mut rejected: impl FnMut(Rejected) -> std::io::Result<()>,
) -> Result<(Tally, Option<&'static str>), ImportError> {
    let Opened { newsletter, statement, mut table, .. } = open(house, order, file, &mut rejected).await?;
    let taker = Taker::new(house, &newsletter, &statement, order.origin, table.tool());
    let (mut tally, mut seen) = (Tally::default(), HashSet::new());
    loop {
        let rows = table.take(CHUNK)?;
        if rows.is_empty() {
            return Ok((tally, table.tool()));
        }
        let (people, refused) = sort_out(rows, &house.keys);
        tally.add(taker.look(&mut house.db.read().await?, &people, &mut seen).await?);
        tally.add(Tally::of_rejected(refused.len() as u64));
        refused.into_iter().try_for_each(&mut rejected).map_err(ImportError::Report)?;
    }
}

/// Keeps a file that was tried out, for the press that takes it over; gives its number.
///
/// # Errors
/// When the database refuses.
pub async fn keep(house: &House, order: Order<'_>, bytes: &[u8]) -> Result<i64, ImportError> {
    let mut tx = house.db.write().await?;
    let newsletter = find(&mut tx, order.newsletter).await?;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let batch = NewBatch {
        newsletter_id: newsletter.id,
        state: ImportState::Waiting,
        actor: order.actor,
        origin: order.origin,
        statement: order.statement,
        digest: digest.as_ref(),
        list: order.list,
    };
    let id = imports::begin(&mut tx, &batch, house.clock.now()).await?;
    imports::keep_file(&mut tx, id, bytes).await?;
    tx.commit().await?;
    Ok(id)
}

/// The rows of a kept file that no import takes, for the report; empty once the file is forgotten.
///
/// # Errors
/// When the database refuses.
pub async fn refused_rows(house: &House, id: i64) -> Result<Vec<Rejected>, ImportError> {
    let mut reader = house.db.read().await?;
    let (Some(batch), Some(bytes)) =
        (imports::by_id(&mut reader, id).await?, imports::kept_file(&mut reader, id).await?)
    else {
        return Ok(Vec::new());
    };
    let newsletter = newsletters::by_id(&mut reader, batch.newsletter_id).await?;
    drop(reader);
    let slug = newsletter.map(|newsletter| newsletter.slug).unwrap_or_default();
    let dialect = Dialect::of(&bytes)?;
    let mut table = Table::open(bytes.as_slice(), &dialect, &batch.origin, &slug)?;
    if table.has_lists() {
        let again = Table::open(bytes.as_slice(), &dialect, &batch.origin, &slug)?;
        table.choose(lists::choose(again, batch.list.as_deref())?);
    }
    let mut found = Vec::new();
    loop {
        let rows = table.take(CHUNK)?;
        if rows.is_empty() {
            return Ok(found);
        }
        found.extend(rows.iter().filter_map(refused));
    }
}

/// Takes over a file that was kept; as [`import`].
///
/// # Errors
/// [`FlowError::NotFound`] when the file is forgotten.
pub async fn import_kept(
    house: &House,
    id: i64,
    mut rejected: impl FnMut(Rejected) -> std::io::Result<()>,
) -> Result<Outcome, ImportError> {
    let gone = || FlowError::NotFound("file of this import any more; choose it again".to_owned());
    let mut reader = house.db.read().await?;
    let batch = imports::by_id(&mut reader, id).await?.ok_or_else(gone)?;
    if matches!(batch.state, ImportState::Done | ImportState::Undone) {
        return Ok(Outcome { tally: batch.tally(), batch: batch.id, tool: None });
    }
    let bytes = imports::kept_file(&mut reader, id).await?.ok_or_else(gone)?;
    let newsletter = newsletters::by_id(&mut reader, batch.newsletter_id).await?.ok_or_else(gone)?;
    drop(reader);
    let (statement, origin, actor) = (batch.statement.clone(), batch.origin.clone(), batch.actor.clone());
    let list = batch.list.clone();
    let order = Order {
        newsletter: &newsletter.slug,
        statement: &statement,
        origin: &origin,
        actor: &actor,
        list: list.as_deref(),
    };
    let mut file = std::io::Cursor::new(bytes);
    let opened = open(house, order, &mut file, &mut rejected).await?;
    backup::automatic(house.into(), Reason::Import).await?;
    carry_out(house, order, opened, batch, rejected, |_| {}).await
}

/// Takes over a file, some rows at a time. Memory does not grow with it. Whatever breaks it off, the same file goes on
/// from there and ends with the same counts; doing it twice changes nothing.
///
/// `rejected` hears of every row that was not taken, `progress` of every step.
///
/// # Errors
/// When the file is no list or not sound, the statement says nothing: then nothing was changed. When the database
/// refuses: then what was stored until then stays.
pub async fn import<F: Read + Seek>(
    house: &House,
    order: Order<'_>,
    file: &mut F,
    mut rejected: impl FnMut(Rejected) -> std::io::Result<()>,
    progress: impl FnMut(Progress),
) -> Result<Outcome, ImportError> {
    let opened = open(house, order, file, &mut rejected).await?;
    backup::automatic(house.into(), Reason::Import).await?;
    let mut tx = house.db.write().await?;
    let digest = opened.survey.digest;
    let batch = match imports::broken_off(&mut tx, opened.newsletter.id, &digest, order.list).await? {
        Some(batch) => batch,
        None => {
            let batch = NewBatch {
                newsletter_id: opened.newsletter.id,
                state: ImportState::Running,
                actor: order.actor,
                origin: order.origin,
                statement: order.statement,
                digest: &digest,
                list: order.list,
            };
            let id = imports::begin(&mut tx, &batch, house.clock.now()).await?;
            imports::by_id(&mut tx, id).await?.ok_or_else(taken_away)?
        }
    };
    tx.commit().await?;
    carry_out(house, order, opened, batch, rejected, progress).await
}

async fn carry_out<F: Read>(
    house: &House,
    order: Order<'_>,
    opened: Opened<F>,
    batch: BatchRow,
    mut rejected: impl FnMut(Rejected) -> std::io::Result<()>,
    mut progress: impl FnMut(Progress),
) -> Result<Outcome, ImportError> {
    let Opened { newsletter, statement, survey, mut table } = opened;
    let house = House { db: house.db.for_bulk().await?, ..house.clone() };
    let mut tx = house.db.write().await?;
    imports::agree_window(&mut tx, batch.id, ROWS).await?;
    let batch = imports::by_id(&mut tx, batch.id).await?.ok_or_else(taken_away)?;
    tx.commit().await?;
    let tally = batch.tally();
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    // What an earlier version took is passed over in the order of the file, and told of in the report all the same.
    let mut left = count(batch.at_once_from);
    while left > 0 {
        let rows = table.take(CHUNK.min(usize::try_from(left).unwrap_or(CHUNK)))?;
        rows.iter().filter_map(refused).try_for_each(&mut rejected).map_err(ImportError::Report)?;
        left = if rows.is_empty() { 0 } else { left - rows.len() as u64 };
    }
    let tool = table.tool();
    let taker = Taker::new(&house, &newsletter, &statement, order.origin, tool);
    let ahead = Ahead::new(table, house.keys.clone(), count(batch.at_once));
    let mut passed = tally.rows.saturating_sub(count(batch.at_once_from));
    let mut work = Work::new(&house, taker, batch.id, ahead, tally);
    while let Some(mut window) = work.ahead.next().await? {
        std::mem::take(&mut window.refused).into_iter().try_for_each(&mut rejected).map_err(ImportError::Report)?;
        let skip = passed.min(window.rows);
        passed -= skip;
        if skip < window.rows {
            work.take(window, skip, &mut |tally| progress(Progress { tally, of: survey.rows })).await?;
        } else {
            progress(Progress { tally: work.tally, of: survey.rows });
        }
    }
    let tally = work.tally;
    let now = house.clock.now();
    let mut tx = house.db.write().await?;
    if !imports::advance(&mut tx, batch.id, tally.rows, tally, Some(now)).await? {
        return Err(taken_away().into());
    }
    let counts = format!(
        "{}: {} imported, {} unchanged, {} suppressed, {} rejected",
        newsletter.slug, tally.imported, tally.unchanged, tally.suppressed, tally.rejected
    );
    crate::store::audit::note(&mut tx, order.actor, "subscriber.import", &format!("import {}", batch.id), &counts, now)
        .await?;
    tx.commit().await?;
    Ok(Outcome { tally, batch: batch.id, tool })
}

/// The same row, if it is one that no import takes.
fn refused(row: &Row) -> Option<Rejected> {
    let reason = refusal(row).err()?;
    Some(Rejected { line: row.line, email: row.email.clone(), reason })
}

fn taken_away() -> FlowError {
    FlowError::Conflict("somebody else imports this file at this moment, or took it back; nothing is lost".to_owned())
}
