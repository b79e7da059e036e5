//! Who has a database at work: many may serve it at once, and whoever replaces it must be alone.

use std::fs::{File, TryLockError};
use std::os::unix::fs::OpenOptionsExt;

use super::{Access, Conn, Db, StoreError, fetch_value};

/// Holds for as long as it lives. On SQLite it is a lock on a file beside the database, of which the system lets go
/// when a process dies; PostgreSQL itself knows who is connected.
pub struct AtWork {
    #[expect(dead_code, reason = "held for its lock")]
    file: Option<File>,
}

impl AtWork {
    /// Joins whoever serves this database. `None` while somebody replaces what is in it.
    ///
    /// # Errors
    /// When the lock's file cannot be had.
    pub fn serving(db: &Db) -> Result<Option<Self>, StoreError> {
        Self::held(db, File::try_lock_shared)
    }

    /// `None` while anybody else serves this database.
    ///
    /// # Errors
    /// When the lock's file cannot be had, or PostgreSQL does not answer.
    pub async fn alone(db: &Db) -> Result<Option<Self>, StoreError> {
        let mut reader = db.read().await?;
        if let Conn::Postgres(_) = reader.conn() {
            let all = fetch_value!(
                &mut reader,
                i64,
                "select count(*) from pg_stat_activity where datname = current_database() \
                 and application_name = 'postduif'"
            )?;
            if all > i64::from(db.connections()) {
                return Ok(None);
            }
        }
        Self::held(db, File::try_lock)
    }

    fn held(db: &Db, lock: fn(&File) -> Result<(), TryLockError>) -> Result<Option<Self>, StoreError> {
        let Some(path) = db.path() else { return Ok(Some(Self { file: None })) };
        let name = path.with_added_extension("open");
        let fault =
            |error: std::io::Error| StoreError::Open { place: name.display().to_string(), reason: error.to_string() };
        let file = File::options().create(true).truncate(false).write(true).mode(0o600).open(&name).map_err(fault)?;
        match lock(&file) {
            Ok(()) => Ok(Some(Self { file: Some(file) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(fault(error)),
        }
    }
}
