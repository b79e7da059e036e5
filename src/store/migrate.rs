//! Brings a database to the schema of this version, one node at a time.

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

use super::{Db, StoreError};

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
];

/// Applies what is missing. Both engines lock, so that of several nodes one does it.
///
/// # Errors
/// [`StoreError::Schema`] when the database is newer than this program, or was changed by hand.
pub async fn migrate(db: &Db) -> Result<(), StoreError> {
    let postgres = db.path().is_none();
    let changes = CHANGES
        .iter()
        .map(|(version, name, for_sqlite, for_postgres)| {
            let sql = sqlx::AssertSqlSafe(if postgres { *for_postgres } else { *for_sqlite });
            Migration::new(*version, (*name).into(), MigrationType::Simple, sqlx::SqlSafeStr::into_sql_str(sql), false)
        })
        .collect();
    db.migrate(&Migrator::with_migrations(changes)).await.map_err(|error| match error {
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
    })
}
