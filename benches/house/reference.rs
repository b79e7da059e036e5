//! What a sign-up asks for and stores, in the tables of this schema and as durable, in the way that suggests itself: one
//! transaction per request on a pool of ten. There is no web server before it, nothing is hashed and no letter leaves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use tokio::task::JoinSet;

use super::client::Load;

const CONNECTIONS: u32 = 10;
const PATIENCE: Duration = Duration::from_secs(60);

/// In a database that holds this schema and the newsletter `bench`.
pub async fn one_transaction_per_request(url: &str, visitors: usize, span: Duration) -> Load {
    if let Some(file) = url.strip_prefix("sqlite:") {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(PATIENCE);
        let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
        on_sqlite(pool.connect_with(options).await.expect("the database is there"), visitors, span).await
    } else {
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
        on_postgres(pool.connect(url).await.expect("the database is there"), visitors, span).await
    }
}

/// Visitors at once, each one sign-up after the other.
macro_rules! visitors {
    ($name:ident, $pool:ty, $begin:literal, $newsletter:literal) => {
        async fn $name(pool: $pool, visitors: usize, span: Duration) -> Load {
            async fn sign_up(pool: &$pool, number: usize) -> sqlx::Result<()> {
                let email = format!("visitor{number}@example.org");
                let hash: [u8; 32] =
                    std::array::from_fn(|place| (number >> (place % 4 * 8)) as u8 ^ (place * number) as u8);
                let body = r#"{"email":"visitor@example.org","newsletter":"bench","language":"nl","means":"form","text":"Ja, ik wil dit."}"#;
                let mut tx = pool.begin_with($begin).await?;
                let newsletter: i64 = sqlx::query_scalar($newsletter).fetch_one(&mut *tx).await?;
                let person: i64 = sqlx::query_scalar(
                    "insert into subscribers (email, email_key, address_hash, domain, language, created_at, updated_at) \
                     values ($1, $1, $2, 'example.org', 'nl', 1, 1) on conflict (email_key) do update set updated_at = 1 returning id",
                )
                .bind(&email)
                .bind(&hash[..])
                .fetch_one(&mut *tx)
                .await?;
                let subscription: i64 = sqlx::query_scalar(
                    "insert into subscriptions (link, subscriber_id, newsletter_id, status, requested_at) \
                     values ($3, $1, $2, 'pending', 1) returning id",
                )
                .bind(person)
                .bind(newsletter)
                .bind(&hash[..16])
                .fetch_one(&mut *tx)
                .await?;
                sqlx::query("select reason from suppressions where address_hash = $1")
                    .bind(&hash[..])
                    .fetch_optional(&mut *tx)
                    .await?;
                sqlx::query("select count(*) from attempts where kind = 'letter' and key = $1 and at > 0")
                    .bind(&hash[..])
                    .fetch_one(&mut *tx)
                    .await?;
                sqlx::query("insert into attempts (kind, key, at) values ('letter', $1, 1)")
                    .bind(&hash[..])
                    .execute(&mut *tx)
                    .await?;
                sqlx::query("insert into confirmations (link, subscription_id, created_at, expires_at) values ($2, $1, 1, 2)")
                    .bind(subscription)
                    .bind(&hash[..16])
                    .execute(&mut *tx)
                    .await?;
                sqlx::query(
                    "insert into outbox (uid, kind, newsletter_id, subscription_id, recipient, body, next_at, expires_at, created_at) \
                     values ($5, 'confirm', $1, $2, $3, $4, 1, 2, 1)",
                )
                .bind(newsletter)
                .bind(subscription)
                .bind(&email)
                .bind(body)
                .bind(&hash[..16])
                .execute(&mut *tx)
                .await?;
                let last: Option<(i64, Vec<u8>)> =
                    sqlx::query_as("select id, hash from consent_records order by id desc limit 1")
                        .fetch_optional(&mut *tx)
                        .await?;
                let (last, hash_before) = last.unwrap_or_default();
                sqlx::query(
                    "insert into consent_records (id, at, newsletter_id, subject, event, body, body_hash, previous, hash) \
                     values ($5, 1, $1, $2, 'requested', $3, $2, $4, $2)",
                )
                .bind(newsletter)
                .bind(&hash[..])
                .bind(body)
                .bind(hash_before)
                .bind(last + 1)
                .execute(&mut *tx)
                .await?;
                tx.commit().await
            }

            static NEXT: AtomicUsize = AtomicUsize::new(0);
            let began = Instant::now();
            let mut tasks = JoinSet::new();
            for _ in 0..visitors {
                let pool = pool.clone();
                tasks.spawn(async move {
                    let mut took = Vec::new();
                    while began.elapsed() < span {
                        let asked = Instant::now();
                        sign_up(&pool, NEXT.fetch_add(1, Ordering::Relaxed)).await.expect("it is stored");
                        took.push(asked.elapsed());
                    }
                    took
                });
            }
            Load::of(tasks.join_all().await.concat(), began.elapsed())
        }
    };
}

visitors!(on_sqlite, SqlitePool, "begin immediate", "select id from newsletters where slug = 'bench'");
// Each record of consent follows the one before: whoever writes one holds the others back, as with SQLite.
visitors!(on_postgres, PgPool, "begin", "select id from newsletters where slug = 'bench' for update");
