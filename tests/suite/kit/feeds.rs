//! A web site somewhere that has feeds: it answers with what it was given, and 304 to who has it already.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// Lives until the test program ends; a thread that waits costs nothing.
#[derive(Clone)]
pub struct Site {
    address: String,
    pages: Arc<Mutex<Pages>>,
}

#[derive(Default)]
struct Pages {
    texts: HashMap<String, String>,
    /// What lets its visitors wait.
    stalled: HashSet<String>,
    visits: Vec<String>,
    /// More lines of the head of every answer.
    head: String,
}

impl Site {
    pub fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
        let address = format!("http://{}", listener.local_addr().expect("it has an address"));
        let site = Self { address, pages: Arc::default() };
        let serving = site.clone();
        std::thread::spawn(move || {
            for visitor in listener.incoming().flatten() {
                let site = serving.clone();
                // Who hangs up early meets no harm, and neither do we.
                std::thread::spawn(move || site.answer(visitor));
            }
        });
        site
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().expect("no visit ends in a panic")
    }

    /// Puts a page there, in place of the one before, and says its address.
    pub fn show(&self, path: &str, text: &str) -> String {
        self.pages().texts.insert(path.to_owned(), text.to_owned());
        format!("{}{path}", self.address)
    }

    /// Takes a page away.
    pub fn hide(&self, path: &str) {
        self.pages().texts.remove(path);
    }

    /// Lets whoever asks for this page wait, until it does so no longer.
    pub fn stall(&self, path: &str, stalls: bool) {
        let mut pages = self.pages();
        if stalls {
            pages.stalled.insert(path.to_owned())
        } else {
            pages.stalled.remove(path)
        };
    }

    /// Says this in the head of every answer, such as `date: …`.
    pub fn tells(&self, line: &str) {
        self.pages().head = format!("\r\n{line}");
    }

    /// How often this page was asked for.
    pub fn visits(&self, path: &str) -> usize {
        self.pages().visits.iter().filter(|visit| *visit == path).count()
    }

    fn answer(&self, visitor: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(visitor.try_clone()?).lines();
        let request = lines.next().transpose()?.unwrap_or_default();
        let path = request.split(' ').nth(1).unwrap_or_default();
        self.pages().visits.push(path.to_owned());
        while self.pages().stalled.contains(path) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let page = self.pages().texts.get(path).cloned();
        // The length is tag enough for pages that a test wrote.
        let tag = format!("\"{}\"", page.as_deref().map_or(0, str::len));
        let mut known = false;
        for line in lines {
            let line = line?.to_lowercase();
            known |= line.strip_prefix("if-none-match:").is_some_and(|value| value.trim() == tag);
            if line.is_empty() {
                break;
            }
        }
        let (status, body) = match &page {
            None => ("404 Not Found", ""),
            Some(_) if known => ("304 Not Modified", ""),
            Some(page) => ("200 OK", page.as_str()),
        };
        let (length, more) = (body.len(), self.pages().head.clone());
        let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\netag: {tag}\r\ncontent-length: {length}");
        write!(&visitor, "{head}{more}\r\ncontent-type: application/rss+xml\r\n\r\n{body}")
    }
}
