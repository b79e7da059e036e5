//! Backups: one file that holds every table of either engine, can be proved, and is loaded again in one transaction.
//!
//! The file is an SQLite database with one more table, the manifest, so that anybody can look into it without us.

mod file;
mod hold;
mod tables;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use self::file::{BackupFile, make};
pub use self::hold::{Held, hold_back};
pub use self::tables::TableSum;
use super::{Access, Conn, StoreError, Tx, execute, fetch_all, fetch_value};

/// What a backup says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Which kind of backup this is; ours is 1.
    pub format: u32,
    /// RFC 3339, UTC.
    pub made_at: String,
    /// Of the program that made it.
    pub postduif: String,
    /// The engine it was taken from.
    pub engine: String,
    /// The last schema change that it has.
    pub schema: i64,
    /// Of the installation's secret key.
    pub key_fingerprint: String,
    /// Whether the secret key is in the file, or was kept apart and must be kept with it.
    pub key_inside: bool,
    pub tables: BTreeMap<String, TableSum>,
}

impl Manifest {
    /// Rows in all tables together.
    pub fn rows(&self) -> u64 {
        self.tables.values().map(|table| table.rows).sum()
    }
}

/// What the maker of a backup says about it; the rest is found.
#[derive(Clone, Copy)]
pub struct About<'a> {
    pub made_at: &'a str,
    pub key_fingerprint: &'a str,
    /// In base64, where it goes into the file.
    pub secret_key: Option<&'a str>,
}

/// Whether nobody has put anything into this database yet.
pub async fn is_empty(on: &mut impl Access) -> Result<bool, StoreError> {
    let used = fetch_value!(
        on,
        i64,
        "select cast((select count(*) from newsletters) + (select count(*) from subscribers) \
         + (select count(*) from suppressions) + (select count(*) from users) as bigint)"
    )?;
    Ok(used == 0)
}

/// Counts and hashes every table.
pub async fn sums(on: &mut impl Access) -> Result<BTreeMap<String, TableSum>, StoreError> {
    let mut sums = BTreeMap::new();
    for table in tables::tables(on).await? {
        sums.insert(table.name.clone(), table.sum(on).await?);
    }
    Ok(sums)
}

/// Puts everything that is in `file` in the place of everything that is here, counts and hashes what has arrived, and
/// compares. The caller commits.
///
/// # Errors
/// [`StoreError::Backup`] when the file has another schema, or what arrived is not what left; commit nothing then.
pub async fn load(tx: &mut Tx, file: &mut BackupFile) -> Result<u64, StoreError> {
    let theirs = tables::tables(file).await?;
    let ours = tables::tables(tx).await?;
    if let Some(stray) = theirs.iter().find(|table| ours.iter().all(|own| own.name != table.name)) {
        return Err(StoreError::Backup(format!("the backup has a table {} that is unknown here", stray.name)));
    }
    let ours = tables::in_order(file, ours).await?;
    for table in ours.iter().rev() {
        table.clear(tx).await?;
    }
    let mut rows = 0;
    for table in &ours {
        let Some(from) = theirs.iter().find(|other| other.name == table.name) else {
            return Err(StoreError::Backup(format!("the backup has no table {}", table.name)));
        };
        let left = table.fill(tx, from, file).await?;
        let arrived = table.sum(tx).await?;
        if left != arrived {
            return Err(StoreError::Backup(format!(
                "of {} rows of the table {} {} arrived, with another hash; nothing was stored",
                left.rows, table.name, arrived.rows
            )));
        }
        rows += arrived.rows;
    }
    for (table, last) in file.last_ids().await? {
        if ours.iter().any(|own| own.name == table && own.has_id()) {
            set_last_id(tx, &table, last).await?;
        }
    }
    Ok(rows)
}

/// The ids that were handed out are not handed out again, also where their rows are gone.
async fn set_last_id(tx: &mut Tx, table: &str, last: i64) -> Result<(), StoreError> {
    match tx.conn() {
        Conn::Sqlite(_) => {
            execute!(tx, "delete from sqlite_sequence where name = $1", table)?;
            execute!(tx, "insert into sqlite_sequence (name, seq) values ($1, $2)", table, last)?;
        }
        Conn::Postgres(lent) => {
            // Without a sequence the first argument is null, and so is the answer.
            sqlx::query("select setval(cast(pg_get_serial_sequence(quote_ident($1), 'id') as regclass), $2)")
                .bind(table)
                .bind(last.max(1))
                .execute(lent.raw())
                .await?;
        }
    }
    Ok(())
}

/// Opens a backup and looks at every row of it.
///
/// # Errors
/// [`StoreError::Backup`] when it is none, is damaged, or is not what its manifest says.
pub async fn verify(path: &Path) -> Result<(Manifest, BackupFile), StoreError> {
    let damaged = |what: String| StoreError::Backup(format!("the backup {} is damaged: {what}", path.display()));
    let mut file = BackupFile::open(path).await?;
    let manifest = file.manifest().await?;
    let check = fetch_all!(&mut file, (String,), "pragma quick_check")?;
    if let Some((fault,)) = check.into_iter().find(|(line,)| line != "ok") {
        return Err(damaged(fault));
    }
    let found = sums(&mut file).await?;
    for (table, noted) in &manifest.tables {
        match found.get(table) {
            Some(sum) if sum == noted => {}
            Some(sum) => {
                return Err(damaged(format!(
                    "the table {table} has {} rows instead of {}, or others",
                    sum.rows, noted.rows
                )));
            }
            None => return Err(damaged(format!("the table {table} is not there"))),
        }
    }
    Ok((manifest, file))
}
