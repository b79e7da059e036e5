//! A mailbox on loopback that remembers everything that was asked of it, and refuses whatever it does not know.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

pub struct ImapDouble {
    port: u16,
    state: Arc<Mutex<State>>,
}

pub struct State {
    pub messages: Vec<Message>,
    pub uid_validity: u32,
    /// Every command, without its tag.
    pub asked: Vec<String>,
    pub password: &'static str,
}

pub struct Message {
    pub uid: u32,
    pub text: String,
    pub seen: bool,
}

impl ImapDouble {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it has an address").port();
        let state = State { messages: Vec::new(), uid_validity: 7, asked: Vec::new(), password: "dove" };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || converse(stream, &shared));
            }
        });
        Self { port, state }
    }

    /// As the settings name it; the folder has a space.
    pub fn url(&self) -> String {
        format!("imap://pigeon:dove@127.0.0.1:{}/Back%20again", self.port)
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a message into the folder.
    pub fn deliver(&self, text: &str) {
        let mut state = self.state();
        let uid = state.messages.last().map_or(100, |last| last.uid + 3);
        state.messages.push(Message { uid, text: text.replace('\n', "\r\n"), seen: false });
    }

    /// Which messages were marked as seen, in order.
    pub fn seen(&self) -> Vec<bool> {
        self.state().messages.iter().map(|message| message.seen).collect()
    }
}

fn converse(stream: TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut lines = BufReader::new(stream);
    let say = |lines: &mut BufReader<TcpStream>, text: &str| lines.get_mut().write_all(text.as_bytes()).ok();
    say(&mut lines, "* OK double\r\n")?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let (tag, command) = line.trim_end().split_once(' ')?;
        let (tag, command) = (tag.to_owned(), command.to_owned());
        state.lock().ok()?.asked.push(command.clone());
        let words: Vec<&str> = command.split(' ').collect();
        let answer = match words.as_slice() {
            ["CAPABILITY"] => format!("* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK\r\n"),
            ["AUTHENTICATE", "PLAIN"] => {
                say(&mut lines, "+ \r\n")?;
                let mut word = String::new();
                lines.read_line(&mut word).ok()?;
                let expected = BASE64.encode(format!("\0pigeon\0{}", state.lock().ok()?.password));
                let status = if word.trim_end() == expected { "OK" } else { "NO [AUTHENTICATIONFAILED] wrong" };
                format!("{tag} {status}\r\n")
            }
            ["SELECT", "\"Back", "again\""] => {
                let state = state.lock().ok()?;
                let count = state.messages.len();
                format!(
                    "* {count} EXISTS\r\n* OK [UIDVALIDITY {}] here\r\n{tag} OK [READ-WRITE]\r\n",
                    state.uid_validity
                )
            }
            ["UID", "SEARCH", "UID", range] => {
                let from: u32 = range.strip_suffix(":*")?.parse().ok()?;
                let state = state.lock().ok()?;
                // The star is the last message, wherever the range begins (RFC 9051 section 9, seq-range).
                let last = state.messages.last().map_or(0, |last| last.uid);
                let found = state.messages.iter().filter(|message| message.uid >= from || message.uid == last);
                let found: String = found.map(|message| format!(" {}", message.uid)).collect();
                format!("* SEARCH{found}\r\n{tag} OK\r\n")
            }
            ["UID", "FETCH", uid, "(UID", peek] if peek.starts_with("BODY.PEEK[]<0.") => {
                let state = state.lock().ok()?;
                let at = state.messages.iter().position(|message| message.uid.to_string() == *uid)?;
                let text = &state.messages[at].text;
                format!("* {} FETCH (UID {uid} BODY[]<0> {{{}}}\r\n{text})\r\n{tag} OK\r\n", at + 1, text.len())
            }
            ["UID", "STORE", uid, "+FLAGS.SILENT", "(\\Seen)"] => {
                let mut state = state.lock().ok()?;
                state.messages.iter_mut().find(|message| message.uid.to_string() == *uid)?.seen = true;
                format!("{tag} OK\r\n")
            }
            ["LOGOUT"] => format!("* BYE\r\n{tag} OK\r\n"),
            _ => format!("{tag} BAD not known\r\n"),
        };
        say(&mut lines, &answer)?;
    }
}
