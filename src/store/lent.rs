//! A connection of PostgreSQL on loan from its pool, and how long its server may keep us waiting.
//!
//! A server that vanishes without a word (its machine loses power, a firewall forgets us) leaves a connection on which
//! nothing ever comes any more; the system itself gives up after a quarter of an hour. Nobody waits for that here: who serves
//! somebody sets a limit, and a connection that owes an answer is closed instead of being given back.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Postgres};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{Instant, timeout};

use super::StoreError;

/// What every session is told. A server that knows a setting not, or may not change it, does without.
const SESSION: [&str; 5] = [
    // It looks whether we are still there while it works for us, and stops where we are not.
    "set client_connection_check_interval = '10s'",
    // And whether a session that does nothing still has somebody at its other end.
    "set tcp_keepalives_idle = 60",
    "set tcp_keepalives_interval = 15",
    "set tcp_keepalives_count = 4",
    // A process of ours that stands still in the middle of a transaction keeps its locks no longer.
    "set idle_in_transaction_session_timeout = '60s'",
];

/// A connection that was idle for longer is asked whether it still lives.
pub(super) const ASK_AFTER: Duration = Duration::from_millis(500);
/// How long such a question may take.
pub(super) const ASKED: Duration = Duration::from_millis(1_500);
/// For the end of a transaction that nobody wants, behind whose back.
const ROLLBACK: Duration = Duration::from_secs(4);

tokio::task_local! {
    /// How long one statement may take in this task.
    static LIMIT: Duration;
}

/// Runs something of which no single statement may keep us waiting for longer than this; then it fails with
/// [`StoreError::Silent`]. Only PostgreSQL is far enough away for that: what SQLite cannot do at once it says.
pub async fn within<F: Future>(most: Duration, work: F) -> F::Output {
    LIMIT.scope(most, work).await
}

/// The same for something that is asked again and again how far it is.
pub fn within_now<T>(most: Duration, work: impl FnOnce() -> T) -> T {
    LIMIT.sync_scope(most, work)
}

/// What a statement came to. `owed` says meanwhile, and when it comes to nothing, that an answer is still to come.
pub(super) async fn answered<T>(
    owed: &mut bool,
    statement: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    *owed = true;
    let done = match LIMIT.try_with(|most| *most) {
        Ok(most) => timeout(most, statement).await.map_err(|_| StoreError::Silent(most))?,
        Err(_) => statement.await,
    };
    *owed = false;
    Ok(done?)
}

/// Prepares a fresh session.
pub(super) async fn prepared(session: &mut PgConnection) {
    // All at once, or, where the server knows one of them not, each by itself.
    if sqlx::raw_sql(AssertSqlSafe(SESSION.join("; "))).execute(&mut *session).await.is_ok() {
        return;
    }
    for setting in SESSION {
        if let Err(error) = sqlx::raw_sql(setting).execute(&mut *session).await {
            tracing::debug!(%error, setting, "the database does without a setting");
        }
    }
}

/// The connection, until it is dropped.
pub struct Lent {
    connection: Option<PoolConnection<Postgres>>,
    /// A transaction is open.
    begun: bool,
    /// An answer is still to come.
    owed: bool,
}

impl Lent {
    pub(super) async fn take(pool: &PgPool) -> Result<Self, StoreError> {
        Ok(Self { connection: Some(pool.acquire().await?), begun: false, owed: false })
    }

    /// With a transaction begun by these words.
    pub(super) async fn begin(pool: &PgPool, words: &'static str) -> Result<Self, StoreError> {
        let mut lent = Self::take(pool).await?;
        lent.say(words).await?;
        lent.begun = true;
        Ok(lent)
    }

    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        self.say("commit").await?;
        self.begun = false;
        Ok(())
    }

    async fn say(&mut self, words: &'static str) -> Result<(), StoreError> {
        let (connection, owed) = self.both();
        answered(owed, sqlx::raw_sql(words).execute(connection)).await.map(drop)
    }

    /// The connection, and where to note that it owes an answer; see [`answered`].
    pub(super) fn both(&mut self) -> (&mut PgConnection, &mut bool) {
        let connection = self.connection.as_mut().expect("it is given up only by drop");
        (connection, &mut self.owed)
    }

    /// The connection for whoever takes as long as it takes.
    pub(super) fn raw(&mut self) -> &mut PgConnection {
        self.both().0
    }

    /// A session of one's own, which goes back to no pool.
    pub(super) fn keep(mut self) -> PgConnection {
        self.connection.take().expect("it is given up only by drop").detach()
    }

    /// Whether its server still answers. Where it does not, the connection is closed when it is dropped.
    async fn lives(&mut self) -> bool {
        let (connection, owed) = self.both();
        *owed = true;
        *owed = !matches!(timeout(ASKED, connection.ping()).await, Ok(Ok(())));
        !*owed
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        match Handle::try_current() {
            // In a task of its own, since nobody waits here.
            Ok(runtime) if self.begun && !self.owed => drop(runtime.spawn(async move {
                let undone = timeout(ROLLBACK, sqlx::raw_sql("rollback").execute(&mut *connection)).await;
                if !matches!(undone, Ok(Ok(_))) {
                    drop(connection.detach());
                }
            })),
            // Back to its pool.
            Ok(_) if !self.owed => {}
            // Closed at once, and the server undoes what was not committed: it owes an answer, or nobody is there who
            // could give it back.
            _ => drop(connection.detach()),
        }
    }
}

/// Where the hottest place leaves its connection between two statements. A pool asks each connection that comes back
/// whether it lives, which is a second way there and back, and lends out another one, whose session has yet to plan the statement.
#[derive(Clone, Default)]
pub(super) struct Berth(Arc<Mutex<Option<(Lent, Instant)>>>);

impl Berth {
    /// The connection that lies here, or one of the pool.
    pub async fn take(&self, pool: &PgPool) -> Result<Kept, StoreError> {
        // Who comes second has one of the pool, and gives it back there.
        let mut berth = Arc::clone(&self.0).try_lock_owned().ok();
        if let Some((mut lent, since)) = berth.as_mut().and_then(|berth| berth.take())
            && (since.elapsed() <= ASK_AFTER || lent.lives().await)
        {
            return Ok(Kept { lent, berth });
        }
        Ok(Kept { lent: Lent::take(pool).await?, berth })
    }

    /// Gives it back to its pool, which may be closed then.
    pub async fn clear(&self) {
        drop(self.0.lock().await.take());
    }
}

/// A connection out of its [`Berth`]. Unless it is put back it returns to the pool.
pub(super) struct Kept {
    pub lent: Lent,
    berth: Option<OwnedMutexGuard<Option<(Lent, Instant)>>>,
}

impl Kept {
    pub fn put_back(self) {
        if let Some(mut berth) = self.berth {
            *berth = Some((self.lent, Instant::now()));
        }
    }
}
