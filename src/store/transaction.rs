//! A transaction of either engine, and the locks that live as long as one.

use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use super::db::{Access, Conn, StoreError};
use super::lent::{self, Lent};
use super::writer::Writer;

/// A transaction; dropped without [`Tx::commit`] it leaves nothing behind.
pub struct Tx {
    pub(super) inner: Inner,
}

pub(super) enum Inner {
    Sqlite { guard: Option<OwnedMutexGuard<Writer>>, writer: Arc<Mutex<Writer>> },
    Postgres(Option<Lent>),
}

impl Tx {
    /// Returns once the change is stored as durably as was asked.
    ///
    /// # Errors
    /// Then nothing of it was stored.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        match &mut self.inner {
            Inner::Postgres(transaction) => {
                let transaction =
                    transaction.take().expect("a transaction is committed once, because commit consumes it");
                transaction.commit().await
            }
            Inner::Sqlite { guard, writer } => {
                let mut guard = guard.take().expect("a transaction is committed once, because commit consumes it");
                let writer = Arc::clone(writer);
                // In a task of its own: a visitor who hangs up must not leave the others of the group waiting.
                tokio::spawn(async move {
                    if guard.waiting.is_nobody() {
                        return guard.commit_at_once().await;
                    }
                    if let Err(error) = guard.run("release member").await {
                        guard.settle().await;
                        return Err(StoreError::from(error));
                    }
                    guard.abandoned = false;
                    let Some(group) = &guard.group else {
                        return Err(StoreError::Group("the transaction was undone".to_owned()));
                    };
                    let outcome = group.outcome.subscribe();
                    drop(guard);
                    // Whoever waited before us adds to the group; the first of us to hold the writer again
                    // commits for all.
                    tokio::select! {
                        biased;
                        () = decided(outcome.clone()) => {}
                        mut guard = writer.lock_owned() => guard.settle().await,
                    }
                    let result = outcome.borrow().clone();
                    match result {
                        Some(Ok(())) => Ok(()),
                        Some(Err(reason)) => Err(StoreError::Group(reason)),
                        None => Err(StoreError::Group("the transaction was undone".to_owned())),
                    }
                })
                .await
                .map_err(|error| StoreError::Group(error.to_string()))?
            }
        }
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if let Inner::Sqlite { guard, writer } = &mut self.inner
            && guard.take().is_some()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            // `abandoned` is still set; nobody may be waiting, so somebody has to undo it and let go of the lock.
            let writer = Arc::clone(writer);
            runtime.spawn(async move { writer.lock_owned().await.settle().await });
        }
    }
}

/// Returns once the group's commit has succeeded or failed, or nobody can decide it any more.
async fn decided(mut outcome: watch::Receiver<Option<Result<(), String>>>) {
    let _ = outcome.wait_for(Option::is_some).await;
}
impl Access for Tx {
    fn conn(&mut self) -> Conn<'_> {
        match &mut self.inner {
            Inner::Sqlite { guard, .. } => {
                Conn::Sqlite(&mut guard.as_mut().expect("the writer is given up only by commit and drop").connection)
            }
            Inner::Postgres(transaction) => {
                Conn::Postgres(transaction.as_mut().expect("the transaction is given up only by commit and drop"))
            }
        }
    }
}

/// Things of which there is one end or one owner, whatever the number of nodes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lock {
    ConsentChain = 1,
    /// Things that may be used once.
    Once = 2,
    /// Sign-ups, which are counted over all nodes.
    SignUps = 3,
}

/// Holds a lock until the transaction ends. SQLite's one writer needs none.
pub(super) async fn lock(tx: &mut Tx, lock: Lock) -> Result<(), StoreError> {
    if let Conn::Postgres(lent) = tx.conn() {
        let (connection, owed) = lent.both();
        let locked = sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK_SPACE + lock as i64).execute(connection);
        lent::answered(owed, locked).await?;
    }
    Ok(())
}

/// Sets our advisory locks apart from those of other programs in the same database.
const LOCK_SPACE: i64 = 0x706f_7374_6475_0000;
