//! A fresh database for one test, on either engine, gone when the test is.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row};
use tempfile::TempDir;
use url::Url;

use super::wait;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

pub struct Database {
    engine: Engine,
    url: String,
    folder: TempDir,
    /// On PostgreSQL: the server's own database, from which ours was made, and our database's name.
    server: Option<(String, String)>,
}

impl Database {
    /// Nothing when the engine is PostgreSQL and no server was given.
    pub fn fresh(engine: Engine) -> Option<Self> {
        match engine {
            Engine::Sqlite => {
                let folder = folder();
                let url = format!("sqlite:{}", folder.path().join("postduif.db").display());
                Some(Self { engine, url, folder, server: None })
            }
            Engine::Postgres => Some(Self::on_server(super::given("DATABASE_URL")?)),
        }
    }

    /// SQLite's in this very file.
    pub fn at(file: &std::path::Path) -> Self {
        Self { engine: Engine::Sqlite, url: format!("sqlite:{}", file.display()), folder: folder(), server: None }
    }

    /// On a PostgreSQL server, given by the URL of its own database.
    pub fn on_server(server: String) -> Self {
        let name = unused_name();
        tell(&server, &format!("create database {name} template template0"));
        let mut url: Url = server.parse().expect("the server's URL is one");
        url.set_path(&name);
        Self { engine: Engine::Postgres, url: url.into(), folder: folder(), server: Some((server, name)) }
    }

    pub fn engine(&self) -> Engine {
        self.engine
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// A folder that goes when the database goes; SQLite's file lies in it.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

impl Database {
    /// Does something to the tables behind the program's back.
    pub fn sql(&self, statement: &str) {
        self.texts(statement);
    }

    /// From now on no row that meets the condition, which speaks of it as `new`, comes into the table.
    pub fn refuse(&self, table: &str, condition: &str) {
        match self.engine() {
            Engine::Sqlite => self.sql(&format!(
                "create trigger refused before insert on {table} when {condition} begin select raise(abort, 'refused'); end"
            )),
            Engine::Postgres => {
                self.sql(
                    "create function refused() returns trigger language plpgsql as \
                     $$ begin raise exception 'refused'; end $$",
                );
                self.sql(&format!(
                    "create trigger refused before insert on {table} for each row when ({condition}) execute function refused()"
                ));
            }
        }
    }

    /// The first column, a text, of every row.
    pub fn texts(&self, query: &str) -> Vec<String> {
        wait(|| async {
            let query = sqlx::raw_sql(AssertSqlSafe(query));
            match self.engine {
                Engine::Sqlite => {
                    let file: SqliteConnectOptions = self.url.parse().expect("the kit wrote the URL");
                    let file = file.create_if_missing(true).busy_timeout(Duration::from_secs(20));
                    let mut connection = file.connect().await.expect("the file opens");
                    let rows = query.fetch_all(&mut connection).await.expect("SQLite understands");
                    rows.iter().map(|row| row.get(0)).collect()
                }
                Engine::Postgres => {
                    let mut connection = PgConnection::connect(&self.url).await.expect("the server answers");
                    let rows = query.fetch_all(&mut connection).await.expect("PostgreSQL understands");
                    rows.iter().map(|row| row.get(0)).collect()
                }
            }
        })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.server {
            tell(server, &format!("drop database {name} with (force)"));
        }
    }
}

fn folder() -> TempDir {
    TempDir::with_prefix("postduif-").expect("a temporary folder can be made")
}

fn unused_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_nanos();
    format!("postduif_test_{nanos:x}_{}_{count}", std::process::id())
}

/// One statement to the PostgreSQL server.
fn tell(server: &str, statement: &str) {
    wait(|| async {
        let mut connection = PgConnection::connect(server).await.expect("the test server answers");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.expect("the server obeys");
    });
}
