//! SQLite's one writer: its transactions share their commits with those who wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::SqliteConnection;
use tokio::sync::watch;

use super::db::{Durability, StoreError};
use super::knock::{Door, TRY};

/// SQLite has one writer at a time; here it is one connection, and who waits for it shares its commits.
pub(super) struct Writer {
    pub connection: SqliteConnection,
    /// The open transaction that several savepoints share, and who waits for its commit.
    pub group: Option<Group>,
    /// A savepoint was left without commit: it must be rolled back before anything else.
    pub abandoned: bool,
    /// Statements that begin and commit by themselves were not seen to their end.
    pub adrift: bool,
    pub waiting: Waiting,
    pub synchronous: Durability,
    pub door: Door,
    /// SQLite's own way of waiting is switched off: we knock instead.
    pub knocks: bool,
}

/// How many wait for the writer: who finds nobody behind itself commits at once.
#[derive(Clone, Default)]
pub(super) struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    pub fn is_nobody(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    /// One more, until what is given back is dropped.
    pub fn begins(&self) -> Waits<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Waits(self)
    }
}

pub(super) struct Waits<'w>(&'w Waiting);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

pub(super) struct Group {
    durability: Durability,
    pub outcome: watch::Sender<Option<Result<(), String>>>,
}
/// How long another process may hold SQLite's write lock before we give up.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(20);

impl Writer {
    pub async fn run(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        sqlx::query(sql).execute(&mut self.connection).await.map(drop)
    }

    /// Begins a savepoint inside the group, opening the group first where there is none that promises as much.
    pub async fn open_savepoint(&mut self, durability: Durability) -> Result<(), StoreError> {
        self.roll_back_abandoned().await;
        if self.group.as_ref().is_some_and(|group| group.durability < durability) {
            self.commit_group().await;
        }
        if self.group.is_none() {
            self.promise(durability).await?;
            self.begin().await?;
            self.group = Some(Group { durability, outcome: watch::Sender::new(None) });
            self.abandoned = true;
            return Ok(());
        }
        // Set before the statement: should this future be dropped half-way, the next in line cleans up.
        self.abandoned = true;
        self.run("savepoint member").await?;
        Ok(())
    }

    /// Whether statements may be sent that begin and commit by themselves. From here on what is begun and not
    /// [done](AtOnce::done) is undone before anything else.
    pub async fn is_free_at_once(&mut self) -> Result<bool, StoreError> {
        self.roll_back_abandoned().await;
        if self.group.is_some() || !self.waiting.is_nobody() || !self.knocks {
            return Ok(false);
        }
        self.promise(Durability::Process).await?;
        self.door.let_in().await;
        self.adrift = true;
        Ok(true)
    }

    async fn promise(&mut self, durability: Durability) -> Result<(), sqlx::Error> {
        if self.synchronous != durability {
            self.run(match durability {
                Durability::Process => "pragma synchronous = normal",
                Durability::Disk => "pragma synchronous = full",
            })
            .await?;
            self.synchronous = durability;
        }
        Ok(())
    }

    /// Begins a transaction and its first savepoint, taking turns with other processes.
    async fn begin(&mut self) -> Result<(), sqlx::Error> {
        if !self.knocks {
            self.run("pragma busy_timeout = 0").await?;
            self.knocks = true;
        }
        self.door.let_in().await;
        let patient_until = tokio::time::Instant::now() + BUSY_TIMEOUT;
        let mut begun = self.run("begin immediate; savepoint member").await;
        while begun.as_ref().is_err_and(is_busy) && tokio::time::Instant::now() < patient_until {
            self.door.knock();
            tokio::time::sleep(TRY).await;
            begun = self.run("begin immediate; savepoint member").await;
        }
        self.door.quiet();
        if begun.is_err() {
            // Should it have begun and only the savepoint failed; else there is nothing to undo.
            let _ = self.run("rollback").await;
        }
        begun
    }

    /// Undoes what a member left behind. Where that fails, SQLite has already undone the whole group (disk
    /// full, I/O error), and everybody in it must hear so.
    async fn roll_back_abandoned(&mut self) {
        if std::mem::take(&mut self.adrift) {
            // An error where nothing was begun, or where it was undone already.
            let _ = self.run("rollback").await;
        }
        if !std::mem::take(&mut self.abandoned) || self.group.is_none() {
            return;
        }
        let undone = match self.run("rollback to member").await {
            Ok(()) => self.run("release member").await,
            Err(error) => Err(error),
        };
        if let Err(error) = undone {
            let _ = self.run("rollback").await;
            if let Some(group) = self.group.take() {
                group.outcome.send_replace(Some(Err(error.to_string())));
            }
        }
    }

    async fn commit_group(&mut self) {
        let Some(group) = self.group.take() else { return };
        let result = self.run("commit").await;
        if result.is_err() {
            let _ = self.run("rollback").await;
        }
        group.outcome.send_replace(Some(result.map_err(|error| error.to_string())));
    }

    /// The end of a member behind whom nobody waits: one statement less, and no second look at who is next.
    pub async fn commit_at_once(&mut self) -> Result<(), StoreError> {
        let Some(group) = self.group.take() else {
            return Err(StoreError::Group("the transaction was undone".to_owned()));
        };
        self.abandoned = false;
        let result = self.run("release member; commit").await;
        if result.is_err() {
            let _ = self.run("rollback").await;
        }
        let told = result.as_ref().copied().map_err(ToString::to_string);
        group.outcome.send_replace(Some(told));
        Ok(result?)
    }

    pub async fn settle(&mut self) {
        self.roll_back_abandoned().await;
        self.commit_group().await;
    }
}

/// Whether another process holds the file: the primary code SQLITE_BUSY, whatever the extended one.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}
