//! The database's shape: the same on both engines, reached from anywhere, and never from the future.

use postduif::store::migrate::migrate;
use postduif::store::{Db, StoreError};

use crate::kit::database::{Database, Engine};
use crate::kit::{on_each_engine, wait};

on_each_engine![
    a_database_is_brought_to_this_version_twice_without_harm,
    a_database_newer_than_the_program_is_refused_and_left_alone,
];

fn a_database_is_brought_to_this_version_twice_without_harm(database: Database) {
    bring_up(&database).expect("an empty database is brought to this version");
    let first = columns(&database);
    assert!(first.contains(&"deliveries.status".to_owned()), "there are tables: {first:?}");
    bring_up(&database).expect("doing it again does nothing");
    assert_eq!(columns(&database), first);
}

fn a_database_newer_than_the_program_is_refused_and_left_alone(database: Database) {
    bring_up(&database).expect("an empty database is brought to this version");
    let before = columns(&database);
    database.sql("update _sqlx_migrations set version = 9999 where version = 1");
    let refusal = bring_up(&database).expect_err("a newer database is refused").to_string();
    assert!(refusal.contains("newer than this program") && refusal.contains("9999"), "{refusal}");
    assert_eq!(columns(&database), before);
}

#[test]
fn both_engines_hold_the_same_tables_and_columns() {
    if let (Some(one), Some(other)) = (Database::fresh(Engine::Sqlite), Database::fresh(Engine::Postgres)) {
        bring_up(&one).expect("SQLite is brought to this version");
        bring_up(&other).expect("PostgreSQL is brought to this version");
        assert_eq!(columns(&one), columns(&other));
    }
}

fn bring_up(database: &Database) -> Result<(), StoreError> {
    wait(|| async {
        let db = Db::open(database.url()).await?;
        let outcome = migrate(&db).await;
        db.close().await;
        outcome
    })
}

/// Every `table.column`, in the order of the alphabet.
fn columns(database: &Database) -> Vec<String> {
    let mut columns = database.texts(match database.engine() {
        Engine::Sqlite => {
            "select t.name || '.' || c.name from sqlite_master t join pragma_table_info(t.name) c \
             where t.type = 'table' and t.name not like 'sqlite_%'"
        }
        Engine::Postgres => {
            "select table_name || '.' || column_name from information_schema.columns where table_schema = 'public'"
        }
    });
    columns.sort();
    columns
}
