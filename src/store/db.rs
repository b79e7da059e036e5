//! Both engines behind one door: transactions with group commit, and the verbs that carry one SQL text to either.

use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};
use tokio::time::timeout;

use super::knock::{Door, TRY};

/// What the database answered instead of doing what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database refused: {0}")]
    Database(#[from] sqlx::Error),
    /// Another transaction of the same group commit met a fault that undid them all; nothing was stored.
    #[error("the database could not store this: {0}")]
    Group(String),
    #[error("cannot open the database {place}: {reason}")]
    Open { place: String, reason: String },
    #[error("{0}")]
    Schema(String),
    #[error("{0}")]
    Backup(String),
}

impl StoreError {
    /// Whether a unique key was already taken.
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }
}

/// How much a commit must survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    /// The death of our process; the disk follows within moments.
    Process,
    /// The loss of power.
    Disk,
}

/// A database of either engine. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    engine: Engine,
}

#[derive(Clone)]
enum Engine {
    Sqlite {
        path: Arc<Path>,
        readers: SqlitePool,
        writer: Arc<Mutex<Writer>>,
        waiting: Waiting,
    },
    Postgres {
        pool: PgPool,
        /// Whose commits survive the death of our process, and do not wait for the disk.
        quick: PgPool,
    },
}

/// SQLite has one writer at a time; here it is one connection, and who waits for it shares its commits.
struct Writer {
    connection: SqliteConnection,
    /// The open transaction that several savepoints share, and who waits for its commit.
    group: Option<Group>,
    /// A savepoint was left without commit: it must be rolled back before anything else.
    abandoned: bool,
    waiting: Waiting,
    synchronous: Durability,
    door: Door,
    /// SQLite's own way of waiting is switched off: we knock instead.
    knocks: bool,
}

/// How many wait for the writer: who finds nobody behind itself commits at once.
#[derive(Clone, Default)]
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn is_nobody(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    /// One more, until what is given back is dropped.
    fn begins(&self) -> Waits<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Waits(self)
    }
}

struct Waits<'w>(&'w Waiting);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Group {
    durability: Durability,
    outcome: watch::Sender<Option<Result<(), String>>>,
}

const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long anybody waits for a connection of PostgreSQL: a visitor has an answer within five seconds, also when it is no.
const TAKE_TIMEOUT: Duration = Duration::from_secs(4);
/// A connection that was idle for longer is asked whether it still lives.
const ASK_AFTER: Duration = Duration::from_millis(500);
/// How long another process may hold SQLite's write lock before we give up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(20);

const REFUSED: &str = "connection refused; start PostgreSQL, or set POSTDUIF_DATABASE_URL to where it is";
const SILENT: &str = "it does not answer; look after PostgreSQL, or set POSTDUIF_DATABASE_URL to where it is";

impl Db {
    /// Opens `sqlite:PATH` (made when missing) or `postgres://…`.
    ///
    /// # Errors
    /// [`StoreError::Open`] says which database and why.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            Self::open_sqlite(Path::new(path.strip_prefix("//").unwrap_or(path))).await
        } else {
            Self::open_postgres(url).await
        }
    }

    async fn open_sqlite(path: &Path) -> Result<Self, StoreError> {
        let fault =
            |error: sqlx::Error| StoreError::Open { place: path.display().to_string(), reason: error.to_string() };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("cache_size", "-8000")
            .pragma("journal_size_limit", "67108864")
            // What is deleted is overwritten: who asks to be forgotten must not be found in the file's free space.
            .pragma("secure_delete", "on")
            .foreign_keys(true)
            .disable_statement_logging();
        private(path)
            .map_err(|error| StoreError::Open { place: path.display().to_string(), reason: error.to_string() })?;
        let connection = options.clone().connect().await.map_err(fault)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(OPEN_TIMEOUT)
            .connect_with(options.pragma("query_only", "on").pragma("cache_size", "-2000"))
            .await
            .map_err(fault)?;
        let waiting = Waiting::default();
        let writer = Writer {
            connection,
            waiting: waiting.clone(),
            group: None,
            abandoned: false,
            synchronous: Durability::Disk,
            door: Door::of(path),
            knocks: false,
        };
        let writer = Arc::new(Mutex::new(writer));
        Ok(Self { engine: Engine::Sqlite { path: path.into(), readers, writer, waiting } })
    }

    async fn open_postgres(url: &str) -> Result<Self, StoreError> {
        let place = || redacted(url);
        let fault = |error: sqlx::Error| StoreError::Open { place: place(), reason: error.to_string() };
        let options: PgConnectOptions = url.parse().map_err(fault)?;
        // By this name others see who has the database open.
        let options = options.application_name("postduif").disable_statement_logging();
        // By hand first: a pool would say that its time is over, and not why.
        let first = timeout(OPEN_TIMEOUT, options.connect()).await;
        let first = first.map_err(|_| StoreError::Open { place: place(), reason: SILENT.to_owned() })?;
        let first = first.map_err(|error| match &error {
            sqlx::Error::Io(io) if io.kind() == ErrorKind::ConnectionRefused => {
                StoreError::Open { place: place(), reason: REFUSED.to_owned() }
            }
            _ => fault(error),
        })?;
        drop(first.close().await);
        let pools = PgPoolOptions::new().acquire_timeout(TAKE_TIMEOUT).test_before_acquire(false).before_acquire(
            |connection, known| {
                Box::pin(async move {
                    // Asking a connection that was used just now whether it lives would double the way of every statement.
                    if known.idle_for > ASK_AFTER {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            },
        );
        let pool = pools.clone().max_connections(18).connect_with(options.clone()).await.map_err(fault)?;
        // What is known of a ledger that was filled a second ago is wrong, and a planner that believes it reads all of it
        // for a handful of rows: here everything is found by an index.
        let never = ["synchronous_commit", "enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"];
        let settings = never.map(|name| (name, "off"));
        let quick = pools.max_connections(4).connect_lazy_with(options.options(settings));
        Ok(Self { engine: Engine::Postgres { pool, quick } })
    }

    /// The file, where the database is one.
    pub fn path(&self) -> Option<PathBuf> {
        match &self.engine {
            Engine::Sqlite { path, .. } => Some(path.to_path_buf()),
            Engine::Postgres { .. } => None,
        }
    }

    /// The engine's name for people.
    pub const fn engine(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite { .. } => "SQLite",
            Engine::Postgres { .. } => "PostgreSQL",
        }
    }

    /// Writes SQLite's file anew, so that no copy of anything deleted stays in its free space or its log. Takes as long
    /// as copying the file, and nobody writes meanwhile. PostgreSQL does this by itself.
    ///
    /// # Errors
    /// When another process holds the file; then nothing is lost, and it can be done later.
    pub async fn scrub(&self) -> Result<(), StoreError> {
        if let Engine::Sqlite { writer, .. } = &self.engine {
            let mut writer = writer.lock().await;
            writer.settle().await;
            writer.run("vacuum").await?;
            writer.run("pragma wal_checkpoint(truncate)").await?;
        }
        Ok(())
    }

    /// A connection to read from. What it reads was committed.
    ///
    /// # Errors
    /// When none comes free in time.
    pub async fn read(&self) -> Result<Reader, StoreError> {
        Ok(match &self.engine {
            Engine::Sqlite { readers, .. } => Reader::Sqlite(readers.acquire().await?),
            Engine::Postgres { pool, .. } => Reader::Postgres(pool.acquire().await?),
        })
    }

    /// A transaction whose commit survives the loss of power.
    ///
    /// # Errors
    /// When the database cannot begin one.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        self.write_with(Durability::Disk).await
    }

    /// A transaction. On SQLite it runs alone but shares its commit with those who wait behind it, so keep it
    /// short and never wait for the network inside.
    ///
    /// # Errors
    /// When the database cannot begin one.
    pub async fn write_with(&self, durability: Durability) -> Result<Tx, StoreError> {
        match &self.engine {
            Engine::Sqlite { writer, waiting, .. } => {
                let waits = waiting.begins();
                let mut guard = Arc::clone(writer).lock_owned().await;
                drop(waits);
                let writer = Arc::clone(writer);
                // In a task of its own: a visitor who hangs up must not leave a transaction half begun, or one of
                // others half committed. The transaction nobody waits for any more is dropped, and so undone.
                tokio::spawn(async move {
                    guard.open_savepoint(durability).await?;
                    Ok(Tx { inner: Inner::Sqlite { guard: Some(guard), writer } })
                })
                .await
                .map_err(|error| StoreError::Group(error.to_string()))?
            }
            Engine::Postgres { pool, quick } => {
                let pool = if durability == Durability::Process { quick } else { pool };
                Ok(Tx { inner: Inner::Postgres(Some(pool.begin().await?)) })
            }
        }
    }

    /// The first fault that the engine finds in what it stores. PostgreSQL looks after itself; there it is asked whether
    /// it answers.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn quick_check(&self) -> Result<Option<String>, StoreError> {
        let said: String = match &self.engine {
            Engine::Sqlite { readers, .. } => sqlx::query_scalar("pragma quick_check(1)").fetch_one(readers).await?,
            Engine::Postgres { pool, .. } => sqlx::query_scalar("select 'ok'").fetch_one(pool).await?,
        };
        Ok(Some(said).filter(|said| said != "ok"))
    }

    /// How many connections this process has open.
    pub(super) fn connections(&self) -> u32 {
        match &self.engine {
            Engine::Sqlite { readers, .. } => readers.size() + 1,
            Engine::Postgres { pool, quick } => pool.size() + quick.size(),
        }
    }

    /// Everything as it is now, to read from, however long that takes: PostgreSQL only, because there nobody waits for it.
    pub(super) async fn snapshot(&self) -> Result<Tx, StoreError> {
        match &self.engine {
            Engine::Postgres { pool, .. } => {
                let begun = pool.begin_with("begin isolation level repeatable read read only").await?;
                Ok(Tx { inner: Inner::Postgres(Some(begun)) })
            }
            Engine::Sqlite { .. } => Err(StoreError::Schema("SQLite is copied as a whole".to_owned())),
        }
    }

    /// Writes a copy of SQLite's file to `path`, an empty file, while others go on reading and writing.
    pub(super) async fn vacuum_into(&self, path: &Path) -> Result<(), StoreError> {
        let (Engine::Sqlite { path: ours, .. }, Some(name)) = (&self.engine, path.to_str()) else {
            return Err(StoreError::Backup(format!("no copy can be written to {}", path.display())));
        };
        // A connection of its own: those for reading are not allowed to write, wherever that is.
        let options = SqliteConnectOptions::new().filename(ours).busy_timeout(BUSY_TIMEOUT).disable_statement_logging();
        let mut connection = options.connect().await?;
        sqlx::query("vacuum into $1").bind(name).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// A connection of PostgreSQL on which a single statement is a transaction that survives the death of our process:
    /// one way there and back instead of five. SQLite has none: its statements are close by.
    pub(super) async fn at_once(&self) -> Result<Option<Reader>, StoreError> {
        match &self.engine {
            Engine::Postgres { quick, .. } => Ok(Some(Reader::Postgres(quick.acquire().await?))),
            Engine::Sqlite { .. } => Ok(None),
        }
    }

    /// A session of its own on PostgreSQL, for locks that last as long as a process.
    pub(super) async fn session(&self) -> Result<PgConnection, StoreError> {
        match &self.engine {
            Engine::Postgres { pool, .. } => Ok(pool.acquire().await?.detach()),
            Engine::Sqlite { .. } => Err(StoreError::Schema("SQLite has no sessions".to_owned())),
        }
    }

    /// Runs the schema changes of `migrator`; see [`super::migrate`].
    pub(super) async fn migrate(&self, migrator: &sqlx::migrate::Migrator) -> Result<(), sqlx::migrate::MigrateError> {
        match &self.engine {
            Engine::Sqlite { writer, .. } => migrator.run(&mut writer.lock().await.connection).await,
            Engine::Postgres { pool, .. } => migrator.run(pool).await,
        }
    }

    /// Closes every connection; SQLite folds its log into the file.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite { readers, writer, .. } => {
                readers.close().await;
                let mut writer = writer.lock().await;
                writer.settle().await;
                let _ = sqlx::query("pragma wal_checkpoint(truncate)").execute(&mut writer.connection).await;
            }
            Engine::Postgres { pool, quick } => {
                quick.close().await;
                pool.close().await;
            }
        }
    }
}

/// Makes the file, where there is none, so that only we can read it; SQLite gives its logs the same rights.
fn private(path: &Path) -> std::io::Result<()> {
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// The URL without its passwords, and without what else stands behind its question mark.
fn redacted(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(mut parsed) => {
            if parsed.password().is_some() {
                let _ = parsed.set_password(Some("***"));
            }
            parsed.set_query(None);
            parsed.to_string()
        }
        Err(_) => "(not a URL)".to_owned(),
    }
}

impl Writer {
    async fn run(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        sqlx::query(sql).execute(&mut self.connection).await.map(drop)
    }

    /// Begins a savepoint inside the group, opening the group first where there is none that promises as much.
    async fn open_savepoint(&mut self, durability: Durability) -> Result<(), StoreError> {
        self.roll_back_abandoned().await;
        if self.group.as_ref().is_some_and(|group| group.durability < durability) {
            self.commit_group().await;
        }
        if self.group.is_none() {
            if self.synchronous != durability {
                self.run(match durability {
                    Durability::Process => "pragma synchronous = normal",
                    Durability::Disk => "pragma synchronous = full",
                })
                .await?;
                self.synchronous = durability;
            }
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
    async fn commit_at_once(&mut self) -> Result<(), StoreError> {
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

    async fn settle(&mut self) {
        self.roll_back_abandoned().await;
        self.commit_group().await;
    }
}

/// Whether another process holds the file: the primary code SQLITE_BUSY, whatever the extended one.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

/// A transaction; dropped without [`Tx::commit`] it leaves nothing behind.
pub struct Tx {
    inner: Inner,
}

enum Inner {
    Sqlite { guard: Option<OwnedMutexGuard<Writer>>, writer: Arc<Mutex<Writer>> },
    Postgres(Option<sqlx::Transaction<'static, Postgres>>),
}

impl Tx {
    /// Returns once the change is stored as durably as was asked.
    ///
    /// # Errors
    /// Then nothing of it was stored.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        match &mut self.inner {
            Inner::Postgres(transaction) => {
                let transaction =
                    transaction.take().expect("a transaction is committed once, because commit consumes it");
                Ok(transaction.commit().await?)
            }
            Inner::Sqlite { guard, writer } => {
                let mut guard = guard.take().expect("a transaction is committed once, because commit consumes it");
                let writer = Arc::clone(writer);
                // In a task of its own: a visitor who hangs up must not leave the others of the group waiting.
                tokio::spawn(async move {
                    if guard.waiting.is_nobody() {
                        return guard.commit_at_once().await;
                    }
                    if let Err(error) = guard.run("release member").await {
                        guard.settle().await;
                        return Err(StoreError::from(error));
                    }
                    guard.abandoned = false;
                    let Some(group) = &guard.group else {
                        return Err(StoreError::Group("the transaction was undone".to_owned()));
                    };
                    let outcome = group.outcome.subscribe();
                    drop(guard);
                    // Whoever waited before us adds to the group; the first of us to hold the writer again
                    // commits for all.
                    tokio::select! {
                        biased;
                        () = decided(outcome.clone()) => {}
                        mut guard = writer.lock_owned() => guard.settle().await,
                    }
                    let result = outcome.borrow().clone();
                    match result {
                        Some(Ok(())) => Ok(()),
                        Some(Err(reason)) => Err(StoreError::Group(reason)),
                        None => Err(StoreError::Group("the transaction was undone".to_owned())),
                    }
                })
                .await
                .map_err(|error| StoreError::Group(error.to_string()))?
            }
        }
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if let Inner::Sqlite { guard, writer } = &mut self.inner
            && guard.take().is_some()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            // `abandoned` is still set; nobody may be waiting, so somebody has to undo it and let go of the lock.
            let writer = Arc::clone(writer);
            runtime.spawn(async move { writer.lock_owned().await.settle().await });
        }
    }
}

/// Returns once the group's commit has succeeded or failed, or nobody can decide it any more.
async fn decided(mut outcome: watch::Receiver<Option<Result<(), String>>>) {
    let _ = outcome.wait_for(Option::is_some).await;
}

/// A borrowed connection of either engine.
pub enum Conn<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

/// Whatever can be read from: a [`Reader`] or an open [`Tx`].
pub trait Access: Send {
    /// The connection underneath.
    fn conn(&mut self) -> Conn<'_>;
}

/// A connection to read from.
pub enum Reader {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Access for Reader {
    fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(connection) => Conn::Sqlite(connection),
            Self::Postgres(connection) => Conn::Postgres(connection),
        }
    }
}

impl Access for Tx {
    fn conn(&mut self) -> Conn<'_> {
        match &mut self.inner {
            Inner::Sqlite { guard, .. } => {
                Conn::Sqlite(&mut guard.as_mut().expect("the writer is given up only by commit and drop").connection)
            }
            Inner::Postgres(transaction) => {
                Conn::Postgres(transaction.as_mut().expect("the transaction is given up only by commit and drop"))
            }
        }
    }
}

/// Things of which there is one end or one owner, whatever the number of nodes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lock {
    ConsentChain = 1,
}

/// Holds a lock until the transaction ends. SQLite's one writer needs none.
pub(super) async fn lock(tx: &mut Tx, lock: Lock) -> Result<(), StoreError> {
    if let Conn::Postgres(connection) = tx.conn() {
        sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK_SPACE + lock as i64).execute(connection).await?;
    }
    Ok(())
}

/// Sets our advisory locks apart from those of other programs in the same database.
const LOCK_SPACE: i64 = 0x706f_7374_6475_0000;

/// One verb for both engines: the SQL and its values are written once.
macro_rules! dispatch {
    ($on:expr, $verb:ident, [$($build:tt)*], $($bind:expr),*) => {
        match $crate::store::Access::conn($on) {
            $crate::store::Conn::Sqlite(connection) => {
                $($build)* $(.bind($bind))* .$verb(connection).await.map_err($crate::store::StoreError::from)
            }
            $crate::store::Conn::Postgres(connection) => {
                $($build)* $(.bind($bind))* .$verb(connection).await.map_err($crate::store::StoreError::from)
            }
        }
    };
}

/// Runs a statement; gives the number of rows it touched.
macro_rules! execute {
    ($on:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $crate::store::Access::conn($on) {
            $crate::store::Conn::Sqlite(connection) => sqlx::query($sql)$(.bind($bind))*.execute(connection).await
                .map(|done| done.rows_affected()).map_err($crate::store::StoreError::from),
            $crate::store::Conn::Postgres(connection) => sqlx::query($sql)$(.bind($bind))*.execute(connection).await
                .map(|done| done.rows_affected()).map_err($crate::store::StoreError::from),
        }
    };
}

/// Rows that one statement takes: their values must stay below SQLite's 32,766.
pub(super) const ROWS_AT_ONCE: usize = 500;

/// `$1,$2` … for a list of so many values.
pub(super) fn placeholders(from: usize, count: usize) -> String {
    (from..from + count).map(|number| format!("${number}")).collect::<Vec<_>>().join(",")
}

/// The text of an insert of so many rows, of so many values each.
///
/// On SQLite `$1` is a name, and the driver asks for the name of each value by a search through all of them: for
/// thousands of values more than half of an import's time. `?` has none.
pub(super) fn insert_of(head: &str, rows: usize, columns: usize, tail: &str, named: bool) -> String {
    let nameless = vec!["?"; columns].join(",");
    let row = |row| if named { placeholders(1 + row * columns, columns) } else { nameless.clone() };
    let rows: Vec<String> = (0..rows).map(|place| format!("({})", row(place))).collect();
    format!("{head} values {} {tail}", rows.join(","))
}

/// Inserts many rows, a few hundred a statement: `values` says what of a row goes into which column.
macro_rules! execute_many {
    ($on:expr, $head:expr, $tail:expr, $rows:expr, |$row:ident| [$($bind:expr),+ $(,)?]) => {
        async {
            let columns = [$(stringify!($bind)),+].len();
            let mut touched = 0;
            for rows in $rows.chunks($crate::store::db::ROWS_AT_ONCE) {
                let sql = |named| {
                    sqlx::AssertSqlSafe($crate::store::db::insert_of($head, rows.len(), columns, $tail, named))
                };
                touched += match $crate::store::Access::conn($on) {
                    $crate::store::Conn::Sqlite(connection) => {
                        let mut query = sqlx::query(sql(false));
                        for $row in rows { query = query$(.bind($bind))+; }
                        query.execute(connection).await?.rows_affected()
                    }
                    $crate::store::Conn::Postgres(connection) => {
                        let mut query = sqlx::query(sql(true));
                        for $row in rows { query = query$(.bind($bind))+; }
                        query.execute(connection).await?.rows_affected()
                    }
                };
            }
            Ok::<u64, $crate::store::StoreError>(touched)
        }
    };
}

/// Reads every row as the type given.
macro_rules! fetch_all {
    ($on:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::db::dispatch!($on, fetch_all, [sqlx::query_as::<_, $row>($sql)], $($bind),*)
    };
}

/// Reads the one row there must be.
macro_rules! fetch_one {
    ($on:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::db::dispatch!($on, fetch_one, [sqlx::query_as::<_, $row>($sql)], $($bind),*)
    };
}

/// Reads the one row there may be.
macro_rules! fetch_optional {
    ($on:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::db::dispatch!($on, fetch_optional, [sqlx::query_as::<_, $row>($sql)], $($bind),*)
    };
}

/// Reads the one value of the one row there must be.
macro_rules! fetch_value {
    ($on:expr, $type:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::db::dispatch!($on, fetch_one, [sqlx::query_scalar::<_, $type>($sql)], $($bind),*)
    };
}

pub(crate) use {dispatch, execute, execute_many, fetch_all, fetch_one, fetch_optional, fetch_value};

#[cfg(test)]
mod tests {
    use super::*;

    async fn fresh() -> (tempfile::TempDir, Db) {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite:{}", folder.path().join("t.db").display())).await.unwrap();
        let mut tx = db.write().await.unwrap();
        execute!(&mut tx, "create table t (n integer primary key) strict").unwrap();
        tx.commit().await.unwrap();
        (folder, db)
    }

    async fn count(db: &Db) -> i64 {
        fetch_value!(&mut db.read().await.unwrap(), i64, "select count(*) from t").unwrap()
    }

    #[tokio::test]
    async fn many_writers_at_once_all_commit_and_the_one_that_fails_fails_alone() {
        let (_folder, db) = fresh().await;
        let writers = (0..200_i64).map(|n| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut tx = db.write().await?;
                // Every tenth number is taken by its neighbour.
                execute!(&mut tx, "insert into t (n) values ($1)", if n % 10 == 9 { n - 1 } else { n })?;
                tx.commit().await
            })
        });
        let results: Vec<_> = futures_util::future::join_all(writers).await;
        assert_eq!(results.iter().filter(|result| result.as_ref().unwrap().is_ok()).count(), 180);
        assert_eq!(count(&db).await, 180);
    }

    #[tokio::test]
    async fn what_is_dropped_leaves_nothing_and_lets_others_go_on() {
        let (_folder, db) = fresh().await;
        let mut dropped = db.write().await.unwrap();
        execute!(&mut dropped, "insert into t (n) values (1)").unwrap();
        drop(dropped);
        let mut kept = db.write_with(Durability::Process).await.unwrap();
        execute!(&mut kept, "insert into t (n) values (2)").unwrap();
        kept.commit().await.unwrap();
        assert_eq!(count(&db).await, 1);
    }

    #[tokio::test]
    async fn a_writer_who_hangs_up_during_commit_keeps_nobody_waiting() {
        let (_folder, db) = fresh().await;
        for n in 0..50_i64 {
            let mut tx = db.write().await.unwrap();
            execute!(&mut tx, "insert into t (n) values ($1)", n).unwrap();
            let commit = tx.commit();
            drop(tokio::time::timeout(Duration::from_micros(n as u64), commit).await);
        }
        let mut tx = db.write().await.unwrap();
        execute!(&mut tx, "insert into t (n) values (1000)").unwrap();
        tx.commit().await.unwrap();
        assert!(count(&db).await >= 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn another_process_gets_its_turn_while_one_writes_without_a_break() {
        use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
        let (_folder, busy) = fresh().await;
        let other = Db::open(&format!("sqlite:{}", busy.path().unwrap().display())).await.unwrap();
        let (commits, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let hammers: Vec<_> = (0..8)
            .map(|_| {
                let (busy, commits, over) = (busy.clone(), Arc::clone(&commits), Arc::clone(&over));
                tokio::spawn(async move {
                    while !over.load(Ordering::Relaxed) {
                        let mut tx = busy.write_with(Durability::Process).await.unwrap();
                        execute!(&mut tx, "insert into t (n) values ((select coalesce(max(n), 1000) + 1 from t))")
                            .unwrap();
                        tx.commit().await.unwrap();
                        commits.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        while commits.load(Ordering::Relaxed) < 100 {
            tokio::task::yield_now().await;
        }
        let mut passed_by = Vec::new();
        for n in 0..50_i64 {
            let before = commits.load(Ordering::Relaxed);
            let mut tx = other.write().await.unwrap();
            passed_by.push(commits.load(Ordering::Relaxed) - before);
            execute!(&mut tx, "insert into t (n) values ($1)", n).unwrap();
            tx.commit().await.unwrap();
        }
        over.store(true, Ordering::Relaxed);
        futures_util::future::join_all(hammers).await;
        passed_by.sort_unstable();
        assert!(passed_by[45] < 200, "so many others went first: {passed_by:?}");
        assert_eq!(count(&other).await, 50 + i64::try_from(commits.load(Ordering::Relaxed)).unwrap());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_writer_who_hangs_up_at_the_beginning_keeps_nobody_waiting() {
        let (_folder, db) = fresh().await;
        for n in 0..300_u64 {
            let durability = if n % 2 == 0 { Durability::Disk } else { Durability::Process };
            drop(tokio::time::timeout(Duration::from_micros(n), db.write_with(durability)).await);
            let mut tx = db.write_with(Durability::Process).await.unwrap();
            execute!(&mut tx, "insert into t (n) values ($1)", i64::try_from(n).unwrap()).unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!(count(&db).await, 300);
    }

    #[test]
    fn no_message_repeats_a_password() {
        for url in ["postgres://jan:hunter2@db/news", "postgres://jan@db/news?password=hunter2&sslmode=require"] {
            assert!(!redacted(url).contains("hunter2") && redacted(url).contains("db/news"), "{}", redacted(url));
        }
    }

    #[tokio::test]
    async fn a_reader_cannot_write() {
        let (_folder, db) = fresh().await;
        assert!(execute!(&mut db.read().await.unwrap(), "insert into t (n) values (1)").is_err());
    }
}
