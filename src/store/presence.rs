//! Which workers are alive: known from locks that the system lets go of when a process dies.

use std::fs::{File, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use sqlx::PgConnection;
use tokio::time::timeout;

use super::{Db, StoreError};

/// A server that says nothing for so long is gone, and our lock with it.
const SILENCE: Duration = Duration::from_secs(20);

/// Proof that this worker lives, for as long as it is held.
pub struct Presence {
    proof: Proof,
    mark: String,
}

enum Proof {
    /// SQLite has one worker: whoever holds the lock on the file beside it.
    File(#[expect(dead_code, reason = "held for its lock")] File),
    /// PostgreSQL has many: each holds a lock of its own for as long as its session lasts.
    Session(Box<PgConnection>),
}

impl Presence {
    /// Becomes a worker. `None` while another process is the one worker of an SQLite database. `random` marks a server
    /// that has no mark yet.
    ///
    /// # Errors
    /// When the lock file or the session cannot be had.
    pub async fn enter(db: &Db, owner: &str, random: &str) -> Result<Option<Self>, StoreError> {
        let Some(path) = db.path() else {
            let mut session = db.session().await?;
            let ours: bool =
                sqlx::query_scalar("select pg_try_advisory_lock($1)").bind(key(owner)).fetch_one(&mut session).await?;
            if !ours {
                // The server has not noticed yet that the session we had is gone, or somebody is asking after us.
                return Err(StoreError::Group("the lock of the session before is still held".to_owned()));
            }
            sqlx::query("insert into server_marks (id, mark) values (1, $1) on conflict (id) do nothing")
                .bind(random)
                .execute(&mut session)
                .await?;
            let mark = sqlx::query_scalar("select mark from server_marks where id = 1").fetch_one(&mut session).await?;
            return Ok(Some(Self { proof: Proof::Session(Box::new(session)), mark }));
        };
        let mut name = path.into_os_string();
        name.push(".worker");
        let fault =
            |error: std::io::Error| StoreError::Open { place: name.display().to_string(), reason: error.to_string() };
        let file = File::options().create(true).truncate(false).write(true).open(&name).map_err(fault)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { proof: Proof::File(file), mark: String::new() })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(fault(error)),
        }
    }

    /// What marks the server as long as it loses nothing that it has said is stored: another mark than before means that
    /// it crashed in between, and that the last quick commits may be gone. No session outlives a crash, so it holds for
    /// as long as this presence. Empty on SQLite, whose quick commits are lost with the power alone, as we are.
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// Makes sure that others still see us.
    ///
    /// # Errors
    /// When our session is gone, and with it our lock; enter again.
    pub async fn check(&mut self) -> Result<(), StoreError> {
        match &mut self.proof {
            Proof::File(_) => Ok(()),
            Proof::Session(session) => {
                let alive = timeout(SILENCE, sqlx::query("select 1").execute(&mut **session)).await;
                Ok(alive.map_err(|_| StoreError::Silent(SILENCE))?.map(drop)?)
            }
        }
    }

    /// Whether there can be no other worker.
    pub const fn is_alone(&self) -> bool {
        matches!(self.proof, Proof::File(_))
    }

    /// Whether another worker holds no lock: it is dead, or has lost its session.
    ///
    /// # Errors
    /// When our own session is gone; enter again.
    pub async fn is_free(&mut self, owner: &str) -> Result<bool, StoreError> {
        match &mut self.proof {
            Proof::File(_) => Ok(true),
            Proof::Session(session) => {
                let free: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)")
                    .bind(key(owner))
                    .fetch_one(&mut **session)
                    .await?;
                if free {
                    sqlx::query("select pg_advisory_unlock($1)").bind(key(owner)).execute(&mut **session).await?;
                }
                Ok(free)
            }
        }
    }
}

/// A lock's number from a worker's name. Every node runs the same build or one that keeps this function.
fn key(owner: &str) -> i64 {
    let mut hasher = DefaultHasher::new();
    owner.hash(&mut hasher);
    hasher.finish().cast_signed()
}
