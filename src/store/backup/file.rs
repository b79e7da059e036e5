//! The file of a backup: made from either engine, and read again.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::tables::{self, TableSum};
use super::{About, Manifest, verify};
use crate::store::{Access, Conn, Db, StoreError, execute, fetch_all, fetch_optional, migrate};

/// The only kind of backup there is so far.
const FORMAT: u32 = 1;

/// An open backup.
pub struct BackupFile {
    connection: SqliteConnection,
}

impl Access for BackupFile {
    fn conn(&mut self) -> Conn<'_> {
        Conn::Sqlite(&mut self.connection)
    }
}

impl BackupFile {
    /// Opens a backup to read from; it is not changed.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let fault =
            |error: sqlx::Error| StoreError::Open { place: path.display().to_string(), reason: error.to_string() };
        let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(true);
        Ok(Self { connection: options.disable_statement_logging().connect().await.map_err(fault)? })
    }

    /// Whether this file is a backup of ours.
    pub async fn is_one(path: &Path) -> bool {
        match Self::open(path).await {
            Ok(mut file) => file.manifest().await.is_ok(),
            Err(_) => false,
        }
    }

    /// Brings a copy of a backup to the schema of this program.
    ///
    /// # Errors
    /// When the backup is newer than this program, or the copy cannot be written.
    pub async fn brought_up(copy: &Path) -> Result<Self, StoreError> {
        brought_to(copy, None).await
    }

    async fn open_to_write(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Delete)
            // Nothing that matters is in the file until it is complete, and then it is synced once.
            .synchronous(SqliteSynchronous::Off)
            .foreign_keys(false)
            .disable_statement_logging();
        Ok(Self { connection: options.connect().await? })
    }

    /// What it says about itself.
    ///
    /// # Errors
    /// [`StoreError::Backup`] when the file is no backup, or one from the future.
    pub async fn manifest(&mut self) -> Result<Manifest, StoreError> {
        let none = || StoreError::Backup("this file is no backup of postduif".to_owned());
        let text = fetch_optional!(self, (String,), "select manifest from postduif_backup").map_err(|_| none())?;
        let manifest: Manifest = serde_json::from_str(&text.ok_or_else(none)?.0).map_err(|_| none())?;
        if manifest.format != FORMAT {
            return Err(StoreError::Backup(format!(
                "this backup is of kind {}, which this program cannot read; use postduif {} or newer",
                manifest.format, manifest.postduif
            )));
        }
        Ok(manifest)
    }

    /// The installation's secret key in base64, where it is in the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn secret_key(&mut self) -> Result<Option<String>, StoreError> {
        let row = fetch_optional!(self, (Option<String>,), "select secret_key from postduif_backup")?;
        Ok(row.and_then(|(key,)| key))
    }

    /// The last id that was handed out in each table that counts.
    pub(super) async fn last_ids(&mut self) -> Result<Vec<(String, i64)>, StoreError> {
        fetch_all!(self, (String, i64), "select name, seq from sqlite_sequence where seq > 0")
    }

    async fn close(self) -> Result<(), StoreError> {
        Ok(self.connection.close().await?)
    }
}

/// Writes a backup to `path`, which must not be there yet, while others go on reading and writing; reads it again from
/// the first byte to the last, and compares.
///
/// # Errors
/// When anything of that fails; what was written of the file is left to the caller.
pub async fn make(db: &Db, path: &Path, about: &About<'_>) -> Result<Manifest, StoreError> {
    create_for_us_alone(path)?;
    let (schema, tables) = match db.path() {
        Some(_) => copy_sqlite(db, path).await?,
        None => copy_postgres(db, path).await?,
    };
    let manifest = Manifest {
        format: FORMAT,
        made_at: about.made_at.to_owned(),
        postduif: env!("CARGO_PKG_VERSION").to_owned(),
        engine: db.engine().to_owned(),
        schema,
        key_fingerprint: about.key_fingerprint.to_owned(),
        key_inside: about.secret_key.is_some(),
        tables,
    };
    let text = serde_json::to_string(&manifest).expect("numbers and texts always become JSON");
    let mut file = BackupFile::open_to_write(path).await?;
    execute!(&mut file, "create table postduif_backup (manifest text not null, secret_key text) strict")?;
    execute!(
        &mut file,
        "insert into postduif_backup (manifest, secret_key) values ($1, $2)",
        text.as_str(),
        about.secret_key
    )?;
    file.close().await?;
    std::fs::File::open(path).and_then(|file| file.sync_all()).map_err(|error| at(path, &error))?;
    let (found, file) = verify(path).await?;
    file.close().await?;
    if found != manifest {
        return Err(StoreError::Backup(format!("the backup {} reads otherwise than it was written", path.display())));
    }
    Ok(manifest)
}

/// An empty file that only we can read: SQLite fills it without asking for wider rights.
fn create_for_us_alone(path: &Path) -> Result<(), StoreError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(StoreError::Backup(format!("{} is there already", path.display())))
        }
        Err(error) => Err(at(path, &error)),
    }
}

fn at(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Backup(format!("the backup {} cannot be written: {error}", path.display()))
}

type Copied = (i64, BTreeMap<String, TableSum>);

async fn copy_sqlite(db: &Db, path: &Path) -> Result<Copied, StoreError> {
    db.vacuum_into(path).await?;
    let mut file = BackupFile::open_to_write(path).await?;
    let copied = (last(&migrate::applied(&mut file).await?), super::sums(&mut file).await?);
    file.close().await?;
    Ok(copied)
}

/// One snapshot of all tables, row by row into a database of our own making with the same schema.
async fn copy_postgres(db: &Db, path: &Path) -> Result<Copied, StoreError> {
    let mut snapshot = db.snapshot().await?;
    let applied = migrate::applied(&mut snapshot).await?;
    let (name, only, runtime) = (path.to_owned(), applied.clone(), tokio::runtime::Handle::current());
    // On a thread of its own: the compiler cannot prove that a schema change may move between threads.
    let made = tokio::task::spawn_blocking(move || runtime.block_on(brought_to(&name, Some(&only)))).await;
    let mut file = made.map_err(|error| StoreError::Backup(error.to_string()))??;
    execute!(&mut file, "begin")?;
    let (theirs, ours) = (tables::tables(&mut snapshot).await?, tables::tables(&mut file).await?);
    let mut sums = BTreeMap::new();
    for table in &ours {
        let Some(from) = theirs.iter().find(|other| other.name == table.name) else {
            return Err(StoreError::Backup(format!("the database has no table {}", table.name)));
        };
        // A schema change may have put rows there.
        table.clear(&mut file).await?;
        sums.insert(table.name.clone(), table.fill(&mut file, from, &mut snapshot).await?);
        if let Some(last) = last_id(&mut snapshot, table).await? {
            execute!(&mut file, "delete from sqlite_sequence where name = $1", table.name.as_str())?;
            execute!(&mut file, "insert into sqlite_sequence (name, seq) values ($1, $2)", table.name.as_str(), last)?;
        }
    }
    if let Some(stray) = theirs.iter().find(|table| ours.iter().all(|own| own.name != table.name)) {
        return Err(StoreError::Backup(format!("the database has a table {} that is none of ours", stray.name)));
    }
    execute!(&mut file, "commit")?;
    file.close().await?;
    Ok((last(&applied), sums))
}

fn last(applied: &[i64]) -> i64 {
    applied.last().copied().unwrap_or(0)
}

/// A file, empty or an older backup, with the tables of these schema changes, or of all.
async fn brought_to(path: &Path, only: Option<&[i64]>) -> Result<BackupFile, StoreError> {
    let mut file = BackupFile::open_to_write(path).await?;
    migrate::migrate_file(&mut file.connection, only).await?;
    Ok(file)
}

/// The last id that PostgreSQL handed out for this table, if it counts and has begun.
async fn last_id(snapshot: &mut impl Access, table: &tables::Table) -> Result<Option<i64>, StoreError> {
    if !table.has_id() {
        return Ok(None);
    }
    let row = fetch_optional!(
        snapshot,
        (Option<i64>,),
        "select pg_sequence_last_value(cast(pg_get_serial_sequence(quote_ident($1), 'id') as regclass))",
        table.name.as_str()
    )?;
    Ok(row.and_then(|(last,)| last))
}
