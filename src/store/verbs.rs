//! The verbs that carry one SQL text to either engine.

use super::{Access, Conn};
use crate::domain::token::hex;

/// One verb for both engines: the SQL and its values are written once.
macro_rules! dispatch {
    ($on:expr, $verb:ident, [$($build:tt)*], $($bind:expr),*) => {
        match $crate::store::Access::conn($on) {
            $crate::store::Conn::Sqlite(connection) => {
                $($build)* $(.bind($bind))* .$verb(connection).await.map_err($crate::store::StoreError::from)
            }
            $crate::store::Conn::Postgres(lent) => {
                let (connection, owed) = lent.both();
                $crate::store::lent::answered(owed, $($build)* $(.bind($bind))* .$verb(connection)).await
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
            $crate::store::Conn::Postgres(lent) => {
                let (connection, owed) = lent.both();
                $crate::store::lent::answered(owed, sqlx::query($sql)$(.bind($bind))*.execute(connection)).await
                    .map(|done| done.rows_affected())
            }
        }
    };
}

/// Rows that one statement takes: their values must stay below SQLite's 32,766.
pub(super) const ROWS_AT_ONCE: usize = 500;

/// `$1,$2` … for a list of so many values.
pub(super) fn placeholders(from: usize, count: usize) -> String {
    (from..from + count).map(|number| format!("${number}")).collect::<Vec<_>>().join(",")
}

/// The text of an insert of so many rows, of so many values each, for SQLite.
///
/// There `$1` is a name, and the driver asks for the name of each value by a search through all of them: for
/// thousands of values more than half of an import's time. `?` has none.
pub(super) fn insert_of(head: &str, rows: usize, columns: usize, tail: &str) -> String {
    let row = format!("({})", vec!["?"; columns].join(","));
    format!("{head} values {} {tail}", vec![row.as_str(); rows].join(","))
}

/// The same for PostgreSQL: one list for each column, so that the text is the same for any number of rows and is
/// planned once.
pub(super) fn insert_of_lists(head: &str, columns: usize, tail: &str) -> String {
    format!("{head} select * from unnest({}) {tail}", placeholders(1, columns))
}

/// Inserts many rows, a few hundred a statement on SQLite and all at once on PostgreSQL: `values` says what of a row goes
/// into which column.
macro_rules! execute_many {
    ($on:expr, $head:expr, $tail:expr, $rows:expr, |$row:ident| [$($bind:expr),+ $(,)?]) => {
        async {
            let columns = [$(stringify!($bind)),+].len();
            let mut touched = 0;
            match $crate::store::Access::conn($on) {
                $crate::store::Conn::Sqlite(connection) => {
                    for rows in $rows.chunks($crate::store::verbs::ROWS_AT_ONCE) {
                        let sql = $crate::store::verbs::insert_of($head, rows.len(), columns, $tail);
                        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
                        for $row in rows { query = query$(.bind($bind))+; }
                        touched += query.execute(&mut *connection).await?.rows_affected();
                    }
                }
                $crate::store::Conn::Postgres(lent) if !$rows.is_empty() => {
                    let sql = $crate::store::verbs::insert_of_lists($head, columns, $tail);
                    let query = sqlx::query(sqlx::AssertSqlSafe(sql))
                        $(.bind($rows.iter().map(|$row| { let _ = $row; $bind }).collect::<Vec<_>>()))+;
                    let (connection, owed) = lent.both();
                    touched += $crate::store::lent::answered(owed, query.execute(connection)).await?.rows_affected();
                }
                $crate::store::Conn::Postgres(_) => {}
            }
            Ok::<u64, $crate::store::StoreError>(touched)
        }
    };
}

/// A statement whose text differs: on SQLite, and on PostgreSQL.
pub(super) type Both = [&'static str; 2];

pub(super) fn of_engine(on: &mut impl Access, both: Both) -> &'static str {
    if matches!(on.conn(), Conn::Sqlite(_)) { both[0] } else { both[1] }
}

/// Hashes as [`of_hashes`] takes them.
pub(super) fn in_hex<'h>(hashes: impl Iterator<Item = &'h [u8]>) -> String {
    serde_json::to_string(&hashes.map(hex).collect::<Vec<_>>()).expect("texts alone always become JSON")
}

/// A statement whose condition ends in a column that is one of a JSON array of hashes in hexadecimal.
macro_rules! of_hashes {
    ($head:literal, $tail:literal) => {
        [
            concat!($head, "in (select unhex(value) from json_each($1)) ", $tail),
            concat!(
                $head,
                "= any (array(select decode(x, 'hex') from jsonb_array_elements_text(cast($1 as jsonb)) as x)) ",
                $tail
            ),
        ]
    };
}

/// Reads every row as the type given.
macro_rules! fetch_all {
    ($on:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::verbs::dispatch!($on, fetch_all, [sqlx::query_as::<_, $row>($sql)], $($bind),*)
    };
}

/// Reads the one row there must be.
macro_rules! fetch_one {
    ($on:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::verbs::dispatch!($on, fetch_one, [sqlx::query_as::<_, $row>($sql)], $($bind),*)
    };
}

/// Reads the one row there may be.
macro_rules! fetch_optional {
    ($on:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::verbs::dispatch!($on, fetch_optional, [sqlx::query_as::<_, $row>($sql)], $($bind),*)
    };
}

/// Reads the one value of the one row there must be.
macro_rules! fetch_value {
    ($on:expr, $type:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::verbs::dispatch!($on, fetch_one, [sqlx::query_scalar::<_, $type>($sql)], $($bind),*)
    };
}

pub(crate) use {dispatch, execute, execute_many, fetch_all, fetch_one, fetch_optional, fetch_value, of_hashes};
