//! A mail server that takes everything, counts it, and keeps the links to unsubscribe.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

pub struct Sink {
    address: String,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    messages: usize,
    began: usize,
    first: Option<Instant>,
    tokens: Vec<String>,
    size: usize,
}

impl Sink {
    /// On a free port; each reply comes after `delay`.
    pub async fn open(delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound").to_string();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                // A client that leaves in the middle is none of our business.
                tokio::spawn(async move { drop(serve(stream, delay, &shared).await) });
            }
        });
        Self { address, seen }
    }

    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// Bytes of the last message.
    pub fn size(&self) -> usize {
        self.seen().size
    }

    /// From now on the first message counts.
    pub fn begin(&self) {
        let mut seen = self.seen();
        (seen.began, seen.first) = (seen.messages, None);
        seen.tokens.clear();
    }

    /// When the first message was there.
    pub async fn first(&self) -> Instant {
        loop {
            if let Some(first) = self.seen().first {
                return first;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Returns when nothing comes any more.
    pub async fn settle(&self) {
        let mut before = usize::MAX;
        while before != self.seen().messages {
            before = self.seen().messages;
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }

    /// Links to unsubscribe, as many as asked for.
    pub async fn tokens(&self, count: usize) -> Vec<String> {
        while self.seen().tokens.len() < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.seen().tokens[..count].to_vec()
    }

    /// Messages in each second until so many have come since the beginning, and their average.
    pub async fn rates(&self, messages: usize) -> (Vec<f64>, f64) {
        let (mut rates, began, start) = (Vec::new(), Instant::now(), self.seen().messages);
        let (goal, mut before) = (self.seen().began + messages, start);
        while before < goal {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let now = self.seen().messages;
            rates.push((now - before) as f64);
            before = now;
        }
        (rates, (before - start) as f64 / began.elapsed().as_secs_f64())
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().expect("no session panics")
    }
}

async fn serve(stream: TcpStream, delay: Duration, seen: &Mutex<Seen>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::with_capacity(256 * 1024, reader);
    writer.write_all(b"220 sink\r\n").await?;
    let (mut line, mut replies) = (Vec::new(), Vec::new());
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let word = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let reply: &[u8] = match word.as_slice() {
            b"EHLO" => b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
            b"DATA" => b"354 go\r\n",
            b"QUIT" => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        };
        replies.extend_from_slice(reply);
        // Answers to what came in one go leave in one go.
        if word == b"DATA" || reader.buffer().is_empty() {
            tokio::time::sleep(delay).await;
            writer.write_all(&replies).await?;
            replies.clear();
        }
        if word == b"DATA" {
            take(&mut reader, seen).await?;
            replies.extend_from_slice(b"250 ok\r\n");
            if reader.buffer().is_empty() {
                tokio::time::sleep(delay).await;
                writer.write_all(&replies).await?;
                replies.clear();
            }
        }
    }
}

async fn take(reader: &mut (impl AsyncBufReadExt + Unpin), seen: &Mutex<Seen>) -> std::io::Result<()> {
    let (mut line, mut size, mut token, mut head) = (Vec::new(), 0, None, true);
    loop {
        line.clear();
        size += reader.read_until(b'\n', &mut line).await?;
        match line.as_slice() {
            b".\r\n" | b"" => break,
            b"\r\n" => head = false,
            text if head && token.is_none() => token = link(text),
            _ => {}
        }
    }
    let mut seen = seen.lock().expect("no session panics");
    seen.messages += 1;
    seen.size = size;
    seen.first.get_or_insert_with(Instant::now);
    if seen.tokens.len() < 10_000 {
        seen.tokens.extend(token);
    }
    Ok(())
}

/// The token of `<http://…/u/TOKEN>` in a line.
fn link(line: &[u8]) -> Option<String> {
    let line = std::str::from_utf8(line).ok()?;
    let (_, rest) = line.split_once("/u/")?;
    Some(rest.chars().take_while(char::is_ascii_alphanumeric).collect())
}
