//! Whole tables of either engine as rows that both understand: read, written, counted and hashed, so that a copy can be
//! proved.

use aws_lc_rs::digest::{SHA256, digest};
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Row};

use crate::store::{Access, Conn, StoreError, fetch_all};

/// The table that makes a database file a backup.
pub(super) const MANIFEST: &str = "postduif_backup";

/// What a column holds, whatever its engine calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Integer,
    /// PostgreSQL has these apart; as a cell they are 0 and 1.
    Boolean,
    Real,
    Text,
    Bytes,
}

struct Column {
    name: String,
    kind: Kind,
}

/// A table of one engine, its columns in the order of the alphabet: the engines may have added them in another one.
pub(super) struct Table {
    pub name: String,
    columns: Vec<Column>,
}

/// One value.
enum Cell {
    Integer(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
}

/// The values of one row, in the order of the table's columns.
pub(super) struct Cells(Vec<Option<Cell>>);

/// How many rows a table has, and one hash of all of them, in whatever order they are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSum {
    pub rows: u64,
    /// The SHA-256 of every row, added up modulo 2²⁵⁶; in hexadecimal.
    pub sha256: String,
}

/// Adds rows up to a [`TableSum`].
#[derive(Default)]
pub(super) struct Summing {
    rows: u64,
    sum: [u64; 4],
    bytes: Vec<u8>,
}

/// Every table that holds data: not the engines' own, not the record of schema changes, not the manifest.
pub(super) async fn tables(on: &mut impl Access) -> Result<Vec<Table>, StoreError> {
    let sqlite = matches!(on.conn(), Conn::Sqlite(_));
    let sql = if sqlite {
        "select t.name, c.name, lower(c.type) from sqlite_master t join pragma_table_info(t.name) c \
         where t.type = 'table' and substr(t.name, 1, 7) <> 'sqlite_' and t.name not in ($1, '_sqlx_migrations') \
         order by 1, 2"
    } else {
        "select cast(c.relname as text), cast(a.attname as text), cast(t.typname as text) \
         from pg_class c join pg_attribute a on a.attrelid = c.oid join pg_type t on t.oid = a.atttypid \
         where c.relnamespace = cast(current_schema() as regnamespace) and c.relkind in ('r', 'p') \
         and not c.relispartition and a.attnum > 0 and not a.attisdropped \
         and c.relname not in ($1, '_sqlx_migrations') order by cast(c.relname as text) collate \"C\", \
         cast(a.attname as text) collate \"C\""
    };
    let mut tables: Vec<Table> = Vec::new();
    for (table, name, kind) in fetch_all!(on, (String, String, String), sql, MANIFEST)? {
        let kind = match kind.as_str() {
            "integer" | "int8" | "int4" | "int2" => Kind::Integer,
            "bool" => Kind::Boolean,
            "real" | "float8" => Kind::Real,
            "text" | "varchar" => Kind::Text,
            "blob" | "bytea" => Kind::Bytes,
            other => {
                return Err(StoreError::Backup(format!("no way is known to copy {table}.{name}, of type {other}")));
            }
        };
        match tables.last_mut() {
            Some(last) if last.name == table => last.columns.push(Column { name, kind }),
            _ => tables.push(Table { name: table, columns: vec![Column { name, kind }] }),
        }
    }
    Ok(tables)
}

/// The tables so that each stands behind those that its foreign keys name. `file` is SQLite, whatever the tables are for.
pub(super) async fn in_order(file: &mut impl Access, mut tables: Vec<Table>) -> Result<Vec<Table>, StoreError> {
    let mut pairs = fetch_all!(
        file,
        (String, String),
        "select t.name, f.\"table\" from sqlite_master t join pragma_foreign_key_list(t.name) f where t.type = 'table'"
    )?;
    pairs.retain(|(from, to)| from != to);
    let mut ordered: Vec<Table> = Vec::with_capacity(tables.len());
    while !tables.is_empty() {
        let waits = |table: &Table| {
            pairs.iter().any(|(from, to)| *from == table.name && tables.iter().any(|other| other.name == *to))
        };
        let Some(free) = tables.iter().position(|table| !waits(table)) else {
            return Err(StoreError::Backup("the tables' foreign keys go round in a circle".to_owned()));
        };
        ordered.push(tables.remove(free));
    }
    Ok(ordered)
}

impl Table {
    /// Whether the other has the same columns.
    pub fn fits(&self, other: &Self) -> bool {
        self.columns.iter().map(|column| &column.name).eq(other.columns.iter().map(|column| &column.name))
    }

    /// Whether its rows are numbered by a column `id`.
    pub fn has_id(&self) -> bool {
        self.columns.iter().any(|column| column.name == "id" && column.kind == Kind::Integer)
    }

    /// Every row, one after the other.
    pub fn rows<'a>(&'a self, on: &'a mut impl Access) -> BoxStream<'a, Result<Cells, StoreError>> {
        macro_rules! cells {
            ($connection:expr, $sql:expr) => {
                sqlx::query($sql)
                    .fetch($connection)
                    .map(move |row| {
                        let row = row?;
                        let cell = |(index, column): (usize, &Column)| {
                            Ok(match column.kind {
                                Kind::Integer | Kind::Boolean => {
                                    row.try_get::<Option<i64>, _>(index)?.map(Cell::Integer)
                                }
                                Kind::Real => row.try_get::<Option<f64>, _>(index)?.map(Cell::Real),
                                Kind::Text => row.try_get::<Option<String>, _>(index)?.map(Cell::Text),
                                Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(index)?.map(Cell::Bytes),
                            })
                        };
                        self.columns
                            .iter()
                            .enumerate()
                            .map(cell)
                            .collect::<Result<_, sqlx::Error>>()
                            .map(Cells)
                            .map_err(StoreError::from)
                    })
                    .boxed()
            };
        }
        let value = |column: &Column| match column.kind {
            Kind::Integer => format!("cast(\"{}\" as bigint)", column.name),
            Kind::Boolean => format!("cast(cast(\"{}\" as integer) as bigint)", column.name),
            Kind::Real | Kind::Text | Kind::Bytes => format!("\"{}\"", column.name),
        };
        let values: Vec<String> = self.columns.iter().map(value).collect();
        let sql = AssertSqlSafe(format!("select {} from \"{}\"", values.join(", "), self.name));
        match on.conn() {
            Conn::Sqlite(connection) => cells!(connection, sql),
            Conn::Postgres(lent) => cells!(lent.raw(), sql),
        }
    }

    /// Counts and hashes what is there.
    pub async fn sum(&self, on: &mut impl Access) -> Result<TableSum, StoreError> {
        let mut summing = Summing::default();
        let mut rows = self.rows(on);
        while let Some(row) = rows.try_next().await? {
            summing.add(&row);
        }
        Ok(summing.done())
    }

    /// Takes every row away.
    pub async fn clear(&self, on: &mut impl Access) -> Result<(), StoreError> {
        let sql = AssertSqlSafe(format!("delete from \"{}\"", self.name));
        crate::store::execute!(on, sql).map(drop)
    }

    /// Puts every row of `from` into this table of another database; what was put there.
    pub async fn fill(
        &self,
        on: &mut impl Access,
        from: &Self,
        source: &mut impl Access,
    ) -> Result<TableSum, StoreError> {
        if !self.fits(from) {
            return Err(StoreError::Backup(format!("the table {} has other columns there than here", self.name)));
        }
        let (mut summing, mut waiting, mut bytes) = (Summing::default(), Vec::new(), 0);
        let most = MOST_VALUES / self.columns.len().max(1);
        let mut rows = from.rows(source);
        while let Some(row) = rows.try_next().await? {
            bytes += summing.add(&row);
            waiting.push(row);
            if waiting.len() == most || bytes > MOST_BYTES {
                self.insert(on, std::mem::take(&mut waiting)).await?;
                bytes = 0;
            }
        }
        self.insert(on, waiting).await?;
        Ok(summing.done())
    }

    async fn insert(&self, on: &mut impl Access, rows: Vec<Cells>) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = self.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
        let mut sql = format!("insert into \"{}\" ({}) values ", self.name, names.join(", "));
        let mut number = 0;
        for at in 0..rows.len() {
            let places: Vec<String> = (self.columns.iter())
                .map(|column| {
                    number += 1;
                    match column.kind {
                        Kind::Boolean => format!("cast(${number} as bigint) <> 0"),
                        _ => format!("${number}"),
                    }
                })
                .collect();
            sql.push_str(if at == 0 { "(" } else { ", (" });
            sql.push_str(&places.join(", "));
            sql.push(')');
        }
        macro_rules! bound {
            ($connection:expr) => {{
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for (column, cell) in rows.into_iter().flat_map(|row| self.columns.iter().zip(row.0)) {
                    query = match (cell, column.kind) {
                        (Some(Cell::Integer(value)), _) => query.bind(value),
                        (Some(Cell::Real(value)), _) => query.bind(value),
                        (Some(Cell::Text(value)), _) => query.bind(value),
                        (Some(Cell::Bytes(value)), _) => query.bind(value),
                        (None, Kind::Integer | Kind::Boolean) => query.bind(None::<i64>),
                        (None, Kind::Real) => query.bind(None::<f64>),
                        (None, Kind::Text) => query.bind(None::<String>),
                        (None, Kind::Bytes) => query.bind(None::<Vec<u8>>),
                    };
                }
                query.persistent(false).execute($connection).await?;
            }};
        }
        match on.conn() {
            Conn::Sqlite(connection) => bound!(connection),
            Conn::Postgres(lent) => bound!(lent.raw()),
        }
        Ok(())
    }
}

/// Values in one statement: SQLite takes 32,766, PostgreSQL 65,535.
const MOST_VALUES: usize = 8_000;
/// Bytes in one statement, about: editions are long.
const MOST_BYTES: usize = 4 << 20;

impl Summing {
    /// Adds a row; its size.
    fn add(&mut self, row: &Cells) -> usize {
        self.bytes.clear();
        for cell in &row.0 {
            let (tag, bytes): (u8, &[u8]) = match cell {
                None => (0, &[]),
                Some(Cell::Integer(value)) => (1, &value.to_le_bytes()),
                Some(Cell::Real(value)) => (2, &value.to_bits().to_le_bytes()),
                Some(Cell::Text(value)) => (3, value.as_bytes()),
                Some(Cell::Bytes(value)) => (4, value),
            };
            self.bytes.push(tag);
            self.bytes.extend((bytes.len() as u64).to_le_bytes());
            self.bytes.extend(bytes);
        }
        let hash = digest(&SHA256, &self.bytes);
        let mut carry = false;
        for (limb, bytes) in self.sum.iter_mut().zip(hash.as_ref().chunks_exact(8)) {
            let value = u64::from_le_bytes(bytes.try_into().expect("a chunk of eight is eight bytes"));
            let (sum, over) = limb.overflowing_add(value);
            let (sum, again) = sum.overflowing_add(u64::from(carry));
            (*limb, carry) = (sum, over || again);
        }
        self.rows += 1;
        self.bytes.len()
    }

    fn done(self) -> TableSum {
        TableSum { rows: self.rows, sha256: self.sum.iter().rev().map(|limb| format!("{limb:016x}")).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum_of(rows: &[&[Option<i64>]]) -> TableSum {
        let mut summing = Summing::default();
        for row in rows {
            summing.add(&Cells(row.iter().map(|cell| cell.map(Cell::Integer)).collect()));
        }
        summing.done()
    }

    #[test]
    fn the_order_of_rows_does_not_matter_and_everything_else_does() {
        let (one, two): (&[Option<i64>], &[Option<i64>]) = (&[Some(1), None], &[Some(2), Some(0)]);
        assert_eq!(sum_of(&[one, two]), sum_of(&[two, one]));
        let others: [&[&[Option<i64>]]; 5] =
            [&[one], &[one, one], &[one, two, two], &[&[None, Some(1)], two], &[&[Some(1), Some(0)], two]];
        for other in others {
            assert_ne!(sum_of(&[one, two]).sha256, sum_of(other).sha256);
        }
    }
}
