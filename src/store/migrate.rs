//! Brings a database to the schema of this version, one node at a time.

use sqlx::SqliteConnection;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

use super::{Access, Conn, Db, StoreError, Tx, fetch_all, fetch_value, meta};

/// Every schema change: number, name, text for SQLite, text for PostgreSQL. The twins have the same names.
const CHANGES: &[(i64, &str, &str, &str)] = &[
    (
        1,
        "begin",
        include_str!("../../migrations/sqlite/0001_begin.sql"),
        include_str!("../../migrations/postgres/0001_begin.sql"),
    ),
    (
        2,
        "fences",
        include_str!("../../migrations/sqlite/0002_fences.sql"),
        include_str!("../../migrations/postgres/0002_fences.sql"),
    ),
    (
        3,
        "checks",
        include_str!("../../migrations/sqlite/0003_checks.sql"),
        include_str!("../../migrations/postgres/0003_checks.sql"),
    ),
    (
        4,
        "sign in",
        include_str!("../../migrations/sqlite/0004_sign_in.sql"),
        include_str!("../../migrations/postgres/0004_sign_in.sql"),
    ),
    (
        5,
        "desk",
        include_str!("../../migrations/sqlite/0005_desk.sql"),
        include_str!("../../migrations/postgres/0005_desk.sql"),
    ),
    (
        6,
        "people",
        include_str!("../../migrations/sqlite/0006_people.sql"),
        include_str!("../../migrations/postgres/0006_people.sql"),
    ),
    (
        7,
        "feedback",
        include_str!("../../migrations/sqlite/0007_feedback.sql"),
        include_str!("../../migrations/postgres/0007_feedback.sql"),
    ),
    (
        8,
        "webhooks",
        include_str!("../../migrations/sqlite/0008_webhooks.sql"),
        include_str!("../../migrations/postgres/0008_webhooks.sql"),
    ),
    (
        10,
        "doubts and paces",
        include_str!("../../migrations/sqlite/0010_doubts_and_paces.sql"),
        include_str!("../../migrations/postgres/0010_doubts_and_paces.sql"),
    ),
    (
        11,
        "doubtful letters",
        include_str!("../../migrations/sqlite/0011_doubtful_letters.sql"),
        include_str!("../../migrations/postgres/0011_doubtful_letters.sql"),
    ),
    (
        12,
        "sightings",
        include_str!("../../migrations/sqlite/0012_sightings.sql"),
        include_str!("../../migrations/postgres/0012_sightings.sql"),
    ),
    (
        14,
        "ways in",
        include_str!("../../migrations/sqlite/0014_ways_in.sql"),
        include_str!("../../migrations/postgres/0014_ways_in.sql"),
    ),
    (
        15,
        "reconfirm",
        include_str!("../../migrations/sqlite/0015_reconfirm.sql"),
        include_str!("../../migrations/postgres/0015_reconfirm.sql"),
    ),
    (
        16,
        "intake",
        include_str!("../../migrations/sqlite/0016_intake.sql"),
        include_str!("../../migrations/postgres/0016_intake.sql"),
    ),
    (
        17,
        "operations",
        include_str!("../../migrations/sqlite/0017_operations.sql"),
        include_str!("../../migrations/postgres/0017_operations.sql"),
    ),
    (
        21,
        "walks",
        include_str!("../../migrations/sqlite/0021_walks.sql"),
        include_str!("../../migrations/postgres/0021_walks.sql"),
    ),
    (
        30,
        "windows",
        include_str!("../../migrations/sqlite/0030_windows.sql"),
        include_str!("../../migrations/postgres/0030_windows.sql"),
    ),
    (
        31,
        "room",
        include_str!("../../migrations/sqlite/0031_room.sql"),
        include_str!("../../migrations/postgres/0031_room.sql"),
    ),
];

/// Applies what is missing. Both engines lock, so that of several nodes one does it.
///
/// # Errors
/// [`StoreError::Schema`] when the database is newer than this program, or was changed by hand.
pub async fn migrate(db: &Db) -> Result<(), StoreError> {
    db.migrate(&changes(db.path().is_none(), |_| true)).await.map_err(explained)
}

/// The same up to the schema change `last`, to try what an upgrade from there does.
///
/// # Errors
/// As [`migrate`].
pub async fn migrate_through(db: &Db, last: i64) -> Result<(), StoreError> {
    db.migrate(&changes(db.path().is_none(), |version| version <= last)).await.map_err(explained)
}

/// The same for a file that nobody else has open, so that it can be closed at once: these changes alone, or all.
pub(super) async fn migrate_file(file: &mut SqliteConnection, only: Option<&[i64]>) -> Result<(), StoreError> {
    changes(false, |version| only.is_none_or(|only| only.contains(&version))).run(file).await.map_err(explained)
}

/// The schema changes that a database has, in order.
///
/// # Errors
/// When the database does not answer.
pub async fn applied(on: &mut impl Access) -> Result<Vec<i64>, StoreError> {
    let begun = match on.conn() {
        Conn::Sqlite(_) => "select count(*) from sqlite_master where name = '_sqlx_migrations'",
        Conn::Postgres(_) => {
            "select count(*) from pg_tables where tablename = '_sqlx_migrations' and schemaname = current_schema()"
        }
    };
    if fetch_value!(on, i64, begun)? == 0 {
        return Ok(Vec::new());
    }
    let rows = fetch_all!(on, (i64,), "select version from _sqlx_migrations order by version")?;
    Ok(rows.into_iter().map(|(version,)| version).collect())
}

/// Whether a database that has these schema changes needs more of them.
pub fn is_behind(applied: &[i64]) -> bool {
    CHANGES.iter().any(|(version, ..)| !applied.contains(version))
}

/// Whether a database that has these schema changes has some that this program does not know.
pub fn is_ahead(applied: &[i64]) -> bool {
    applied.iter().any(|one| CHANGES.iter().all(|(version, ..)| version != one))
}

/// The names of the schema changes that a database with these lacks, in order.
pub fn missing(applied: &[i64]) -> Vec<(i64, &'static str)> {
    let all = CHANGES.iter().map(|(version, name, ..)| (*version, *name));
    all.filter(|(version, _)| !applied.contains(version)).collect()
}

/// Where it is noted which version brought the database to its schema.
const MADE_BY: &str = "schema.version";

/// Refuses a database that is newer than this program, with the version to use, before anything is done to it.
///
/// # Errors
/// [`StoreError::Schema`] when it is.
pub async fn refuse_newer(on: &mut impl Access, applied: &[i64]) -> Result<(), StoreError> {
    if !is_ahead(applied) {
        return Ok(());
    }
    let made_by = meta::get(on, MADE_BY).await?;
    let wanted =
        made_by.map_or_else(|| "the version that made it".to_owned(), |version| format!("postduif {version} or newer"));
    Err(StoreError::Schema(format!(
        "the database is newer than this program: it has schema change {}, this is postduif {} with schema change {}. Run \
         {wanted}, or restore a backup from before the upgrade.",
        applied.last().copied().unwrap_or_default(),
        env!("CARGO_PKG_VERSION"),
        CHANGES.last().map_or(0, |(version, ..)| *version),
    )))
}

/// Notes that this version brought the database to its schema.
pub async fn sign(tx: &mut Tx) -> Result<(), StoreError> {
    meta::set(tx, MADE_BY, env!("CARGO_PKG_VERSION")).await
}

fn changes(postgres: bool, wanted: impl Fn(i64) -> bool) -> Migrator {
    let change = |(version, name, for_sqlite, for_postgres): &(i64, &'static str, &'static str, &'static str)| {
        let sql = sqlx::AssertSqlSafe(if postgres { *for_postgres } else { *for_sqlite });
        Migration::new(*version, (*name).into(), MigrationType::Simple, sqlx::SqlSafeStr::into_sql_str(sql), false)
    };
    Migrator::with_migrations(CHANGES.iter().filter(|(version, ..)| wanted(*version)).map(change).collect())
}

fn explained(error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(version) => StoreError::Schema(format!(
            "the database is newer than this program: it has schema change {version}, this is postduif {} with schema \
             change {}. Run the version that made it, or restore a backup from before the upgrade.",
            env!("CARGO_PKG_VERSION"),
            CHANGES.last().map_or(0, |(version, ..)| *version),
        )),
        MigrateError::VersionMismatch(version) => StoreError::Schema(format!(
            "schema change {version} of this database is not the one this program knows; it was made by another build. \
             Run the version that made it."
        )),
        other => StoreError::Schema(format!("the database could not be brought to this version: {other}")),
    }
}
