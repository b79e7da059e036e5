//! Visitors: many at once, each over a connection of its own that is kept open.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How long each request took, of all visitors.
pub struct Load {
    took: Vec<Duration>,
    all: Duration,
}

impl Load {
    fn of(mut took: Vec<Duration>, all: Duration) -> Self {
        took.sort_unstable();
        Self { took, all }
    }

    /// Requests a second.
    pub fn rate(&self) -> f64 {
        self.took.len() as f64 / self.all.as_secs_f64()
    }

    /// So many of a hundred requests took no longer, in milliseconds.
    pub fn p(&self, percent: usize) -> f64 {
        let place = (self.took.len() * percent / 100).min(self.took.len().saturating_sub(1));
        self.took.get(place).map_or(f64::NAN, Duration::as_secs_f64) * 1000.0
    }

    pub fn average(rates: &[f64]) -> f64 {
        rates.iter().sum::<f64>() / rates.len().max(1) as f64
    }
}

struct Visitor {
    stream: BufReader<TcpStream>,
    /// What the last answer wants to be told again.
    cookie: String,
}

impl Visitor {
    async fn to(address: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), cookie: String::new() })
    }

    /// The status of the answer.
    async fn ask(&mut self, head: &str, body: &str) -> std::io::Result<u16> {
        let request = format!(
            "{head} HTTP/1.1\r\nHost: bench\r\nSec-Fetch-Site: same-origin\r\nCookie: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.cookie,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        let (mut line, mut status, mut length) = (String::new(), 0, 0);
        loop {
            line.clear();
            self.stream.read_line(&mut line).await?;
            let text = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = text.strip_prefix("http/1.1 ") {
                status = rest.split(' ').next().and_then(|code| code.parse().ok()).unwrap_or_default();
            } else if let Some(count) = text.strip_prefix("content-length: ") {
                length = count.parse().unwrap_or_default();
            } else if text.starts_with("set-cookie: ") {
                let pair = line["set-cookie: ".len()..].split(';').next().unwrap_or_default();
                self.cookie = format!("{}{}{pair}", self.cookie, if self.cookie.is_empty() { "" } else { "; " });
            } else if text.is_empty() {
                break;
            }
        }
        self.stream.read_exact(&mut vec![0; length]).await?;
        Ok(status)
    }
}

pub async fn is_ready(address: &str) -> bool {
    match Visitor::to(address).await {
        Ok(mut visitor) => visitor.ask("GET /health/ready", "").await.is_ok_and(|status| status == 200),
        Err(_) => false,
    }
}

/// Visitors who sign up one after the other, each time with a new address.
pub async fn sign_ups(address: &str, visitors: usize, span: Duration) -> Load {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..visitors {
        let address = address.to_owned();
        tasks.spawn(async move {
            let mut visitor = Visitor::to(&address).await.expect("it serves");
            let mut took = Vec::new();
            while began.elapsed() < span {
                let body = format!("email=visitor{}%40example.org", NEXT.fetch_add(1, Ordering::Relaxed));
                let asked = Instant::now();
                let status = visitor.ask("POST /n/bench/subscribe", &body).await.expect("it answers");
                assert_eq!(status, 303, "a sign-up is taken");
                took.push(asked.elapsed());
            }
            took
        });
    }
    Load::of(tasks.join_all().await.concat(), began.elapsed())
}

/// One press of the button in the mail program for each token, one after the other.
pub async fn one_clicks(address: &str, tokens: Vec<String>) -> Load {
    let began = Instant::now();
    let mut visitor = Visitor::to(address).await.expect("it serves");
    let mut took = Vec::new();
    for token in tokens {
        let asked = Instant::now();
        let status = visitor.ask(&format!("POST /u/{token}"), "List-Unsubscribe=One-Click").await.expect("it answers");
        assert_eq!(status, 200, "it is done at once");
        took.push(asked.elapsed());
    }
    Load::of(took, began.elapsed())
}

/// Each of these pages so often, by somebody who is signed in at the desk.
pub async fn pages(address: &str, (email, password): (&str, &str), places: &[&str], times: usize) -> Vec<Load> {
    let mut visitor = Visitor::to(address).await.expect("it serves");
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("email", email)
        .append_pair("password", password)
        .finish();
    let status = visitor.ask("POST /admin/login", &form).await.expect("it answers");
    assert_eq!(status, 303, "the desk lets its user in");
    let mut loads = Vec::new();
    for place in places {
        let (began, mut took) = (Instant::now(), Vec::new());
        for _ in 0..times {
            let asked = Instant::now();
            let status = visitor.ask(&format!("GET {place}"), "").await.expect("it answers");
            assert_eq!(status, 200, "{place} is a page");
            took.push(asked.elapsed());
        }
        loads.push(Load::of(took, began.elapsed()));
    }
    loads
}

/// What a sign-up asks for and stores, in the tables of this schema and as durable, in the way that suggests itself: one
/// transaction per request on a pool of ten. There is no web server before it, nothing is hashed and no letter leaves.
pub async fn one_transaction_per_request(file: &Path, visitors: usize, span: Duration) -> Load {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(60));
    let pool = SqlitePoolOptions::new().max_connections(10).acquire_timeout(Duration::from_secs(60));
    let pool = pool.connect_with(options).await.expect("the database is there");
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

async fn sign_up(pool: &SqlitePool, number: usize) -> sqlx::Result<()> {
    let email = format!("visitor{number}@example.org");
    let hash: [u8; 32] = std::array::from_fn(|place| (number >> (place % 4 * 8)) as u8 ^ (place * number) as u8);
    let body = r#"{"email":"visitor@example.org","newsletter":"bench","language":"nl","means":"form","text":"Ja, ik wil dit."}"#;
    let mut tx = pool.begin_with("begin immediate").await?;
    let newsletter: i64 =
        sqlx::query_scalar("select id from newsletters where slug = 'bench'").fetch_one(&mut *tx).await?;
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
         values (randomblob(16), $1, $2, 'pending', 1) returning id",
    )
    .bind(person)
    .bind(newsletter)
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
    sqlx::query(
        "insert into confirmations (link, subscription_id, created_at, expires_at) values (randomblob(16), $1, 1, 2)",
    )
    .bind(subscription)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "insert into outbox (uid, kind, newsletter_id, subscription_id, recipient, body, next_at, expires_at, created_at) \
         values (randomblob(16), 'confirm', $1, $2, $3, $4, 1, 2, 1)",
    )
    .bind(newsletter)
    .bind(subscription)
    .bind(&email)
    .bind(body)
    .execute(&mut *tx)
    .await?;
    let last: Option<Vec<u8>> = sqlx::query_scalar("select hash from consent_records order by id desc limit 1")
        .fetch_optional(&mut *tx)
        .await?;
    sqlx::query(
        "insert into consent_records (at, newsletter_id, subject, event, body, body_hash, previous, hash) \
         values (1, $1, $2, 'requested', $3, $2, $4, $2)",
    )
    .bind(newsletter)
    .bind(&hash[..])
    .bind(body)
    .bind(last.unwrap_or_default())
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}
