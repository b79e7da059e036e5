//! Visitors: many at once, each over a connection of its own that is kept open.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How long each request took, of all visitors.
pub struct Load {
    took: Vec<Duration>,
    all: Duration,
}

impl Load {
    pub fn of(mut took: Vec<Duration>, all: Duration) -> Self {
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
