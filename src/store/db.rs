//! Both engines behind one door: opening them, and connections to read from and to write with.

use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool, Sqlite, SqliteConnection, SqlitePool};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

use super::knock::Door;
use super::lent::{self, ASK_AFTER, ASKED, Berth, Kept, Lent};
use super::transaction::{Inner, Tx};
use super::writer::{BUSY_TIMEOUT, Waiting, Writer};

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
    /// The database is there and says nothing; whether it does what it was asked nobody knows.
    #[error("the database did not answer within {} seconds", .0.as_secs())]
    Silent(Duration),
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

    /// Whether the database is there and refused what it was told, so that something else may pass.
    pub fn is_of_statement(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(_)))
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
        /// One of the quick ones, for what runs at every message.
        berth: Berth,
    },
}
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long anybody waits for a connection of PostgreSQL: a visitor has an answer within five seconds, also when it is no.
const TAKE_TIMEOUT: Duration = Duration::from_secs(4);

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
        let refused = |reason| StoreError::Open { place: path.display().to_string(), reason };
        writable(path).map_err(refused)?;
        private(path).map_err(|error| refused(error.to_string()))?;
        Self::connect_sqlite(path, writing(path).pragma("cache_size", "-5000")).await
    }

    async fn connect_sqlite(path: &Path, options: SqliteConnectOptions) -> Result<Self, StoreError> {
        let fault =
            |error: sqlx::Error| StoreError::Open { place: path.display().to_string(), reason: error.to_string() };
        let connection = options.connect().await.map_err(fault)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(OPEN_TIMEOUT)
            // A file does not go away; asking whether it is there would double the way of every statement.
            .test_before_acquire(false)
            .connect_lazy_with(sqlite_options(path).pragma("query_only", "on").pragma("cache_size", "-1000"));
        let waiting = Waiting::default();
        let writer = Writer {
            connection,
            waiting: waiting.clone(),
            group: None,
            abandoned: false,
            adrift: false,
            synchronous: Durability::Disk,
            door: Door::of(path),
            knocks: false,
        };
        let writer = Arc::new(Mutex::new(writer));
        Ok(Self { engine: Engine::Sqlite { path: path.into(), readers, writer, waiting } })
    }

    /// For whoever changes very much, one short transaction after the other: on SQLite a writer of its own, which takes
    /// turns with ours as that of another process does.
    ///
    /// # Errors
    /// When the file cannot be opened once more.
    pub async fn for_bulk(&self) -> Result<Self, StoreError> {
        let Engine::Sqlite { path, .. } = &self.engine else { return Ok(self.clone()) };
        let options = writing(path)
            .pragma("cache_size", "-8000")
            // Pages that are changed again and again are folded into the file less often; what visitors store in between
            // must not have much to fold.
            .pragma("wal_autocheckpoint", "4000");
        Self::connect_sqlite(path, options).await
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
                    if known.idle_for <= ASK_AFTER {
                        return Ok(true);
                    }
                    // One of whom nothing comes any more is closed, and leaves time for another.
                    let lives = timeout(ASKED, connection.ping()).await;
                    lives.map_err(|_| sqlx::Error::Io(ErrorKind::TimedOut.into()))?.map(|()| true)
                })
            },
        );
        let pools = pools.after_connect(|session, _| {
            Box::pin(async move {
                lent::prepared(session).await;
                Ok(())
            })
        });
        let pool = pools.clone().max_connections(18).connect_with(options.clone()).await.map_err(fault)?;
        // What is known of a ledger that was filled a second ago is wrong, and a planner that believes it reads all of it
        // for a handful of rows: here everything is found by an index.
        let never = ["synchronous_commit", "enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"];
        let settings = never.map(|name| (name, "off"));
        let quick = pools.max_connections(4).connect_lazy_with(options.options(settings));
        Ok(Self { engine: Engine::Postgres { pool, quick, berth: Berth::default() } })
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
            Engine::Postgres { pool, .. } => Reader::Postgres(Lent::take(pool).await?),
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
            Engine::Postgres { pool, quick, .. } => {
                let pool = if durability == Durability::Process { quick } else { pool };
                Ok(Tx { inner: Inner::Postgres(Some(Lent::begin(pool, "begin").await?)) })
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
            Engine::Postgres { pool, quick, .. } => pool.size() + quick.size(),
        }
    }

    /// Everything as it is now, to read from, however long that takes: PostgreSQL only, because there nobody waits for it.
    pub(super) async fn snapshot(&self) -> Result<Tx, StoreError> {
        match &self.engine {
            Engine::Postgres { pool, .. } => {
                // Who writes it all down may take a break in between.
                let words = "begin isolation level repeatable read read only; \
                             set local idle_in_transaction_session_timeout = 0";
                Ok(Tx { inner: Inner::Postgres(Some(Lent::begin(pool, words).await?)) })
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

    /// A connection for one statement of the hottest place, which is a transaction of its own and survives the death of our
    /// process: one way there and back instead of five. `None` where others wait for SQLite's writer, and would share
    /// a commit.
    pub(super) async fn at_once(&self) -> Result<Option<AtOnce>, StoreError> {
        match &self.engine {
            Engine::Postgres { quick, berth, .. } => Ok(Some(AtOnce::Postgres(berth.take(quick).await?))),
            Engine::Sqlite { writer, .. } => {
                let Ok(mut guard) = Arc::clone(writer).try_lock_owned() else { return Ok(None) };
                Ok(guard.is_free_at_once().await?.then_some(AtOnce::Sqlite(guard)))
            }
        }
    }

    /// A session of its own on PostgreSQL, for locks that last as long as a process.
    pub(super) async fn session(&self) -> Result<PgConnection, StoreError> {
        match &self.engine {
            Engine::Postgres { pool, .. } => Ok(Lent::take(pool).await?.keep()),
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
            Engine::Postgres { pool, quick, berth } => {
                berth.clear().await;
                quick.close().await;
                pool.close().await;
            }
        }
    }
}

/// What holds for every connection to the file.
fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("journal_size_limit", "67108864")
        // What is deleted is overwritten: who asks to be forgotten must not be found in the file's free space.
        .pragma("secure_delete", "on")
        .foreign_keys(true)
        .disable_statement_logging()
}

/// What holds for whoever writes as well: what a savepoint or a statement may have to undo stays in memory. In a file of its
/// own, made and removed each time, it is every page once more.
fn writing(path: &Path) -> SqliteConnectOptions {
    sqlite_options(path).pragma("temp_store", "memory")
}

/// SQLite opens without a word what it may only read, and fails later in words of its own.
fn writable(path: &Path) -> Result<(), String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for (what, place) in [("the folder", folder), ("the file", path)] {
        match rustix::fs::access(place, rustix::fs::Access::WRITE_OK) {
            Err(error) if place.exists() => {
                return Err(format!(
                    "{what} {} cannot be written to: {}; it and what lies beside it must belong to whom postduif runs as, on \
                     a disk that is not write-protected",
                    place.display(),
                    std::io::Error::from(error)
                ));
            }
            _ => {}
        }
    }
    Ok(())
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
/// A borrowed connection of either engine.
pub enum Conn<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut Lent),
}

/// Whatever can be read from: a [`Reader`] or an open [`Tx`].
pub trait Access: Send {
    /// The connection underneath.
    fn conn(&mut self) -> Conn<'_>;
}

/// What [`Db::at_once`] gives: for one statement, or several that begin and commit on SQLite.
pub(super) enum AtOnce {
    Sqlite(OwnedMutexGuard<Writer>),
    Postgres(Kept),
}

impl AtOnce {
    /// Says that everything was done: nothing is left to undo.
    pub fn done(self) {
        match self {
            Self::Sqlite(mut writer) => writer.adrift = false,
            Self::Postgres(kept) => kept.put_back(),
        }
    }
}

impl Access for AtOnce {
    fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(writer) => Conn::Sqlite(&mut writer.connection),
            Self::Postgres(kept) => Conn::Postgres(&mut kept.lent),
        }
    }
}

/// A connection to read from.
pub enum Reader {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(Lent),
}

impl Access for Reader {
    fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(connection) => Conn::Sqlite(connection),
            Self::Postgres(connection) => Conn::Postgres(connection),
        }
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{execute, fetch_value};

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
