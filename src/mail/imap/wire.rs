//! Commands out, answers in: lines with literals inside (RFC 9051 sections 2.2 and 4.3), all of them bounded.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::{ImapError, MESSAGE_OCTETS};

/// Longest line; the list of a search has all numbers on one.
const LINE_OCTETS: usize = 4 << 20;
/// Most octets of one answer, its lines and literals together.
const ANSWER_OCTETS: usize = MESSAGE_OCTETS + LINE_OCTETS;
/// Most lines of one answer.
const LINES: usize = 100_000;
/// How often a server may ask for more than the command: a mechanism's word, and the reason of its refusal.
const QUESTIONS: usize = 4;
/// How much is read from the socket at once, in octets.
const READ_OCTETS: usize = 16 << 10;

/// One line from the server, without its end; each literal in it is taken out, its `{length}` stays.
pub(super) struct Response {
    pub text: String,
    pub literals: Vec<Vec<u8>>,
}

impl Response {
    /// What stands behind `* WORD`.
    pub fn data(&self, word: &str) -> Option<&str> {
        let rest = self.text.strip_prefix("* ")?;
        let (first, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        first.eq_ignore_ascii_case(word).then_some(rest)
    }

    /// What a response code says: the number in `* OK [UIDVALIDITY 17] …`.
    pub fn code(&self, word: &str) -> Option<&str> {
        let inside = self.text.split_once('[')?.1.split_once(']')?.0;
        let (name, value) = inside.split_once(' ')?;
        name.eq_ignore_ascii_case(word).then_some(value.trim())
    }

    /// Whether it is the answer to a FETCH of this message: others may come unasked.
    pub fn is_fetch_of(&self, uid: i64) -> bool {
        let Some(rest) = self.text.strip_prefix("* ") else { return false };
        let words: Vec<&str> = rest.split([' ', '(', ')']).filter(|word| !word.is_empty()).collect();
        words.get(1).is_some_and(|word| word.eq_ignore_ascii_case("FETCH"))
            && words.windows(2).any(|pair| pair[0].eq_ignore_ascii_case("UID") && pair[1].parse() == Ok(uid))
    }
}

/// A text as a quoted string; it holds no line end, which settings refuse.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Words of a server fit for a message of ours.
fn words(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

pub(super) struct Wire<S> {
    stream: S,
    unread: Vec<u8>,
    tags: u32,
    patience: Duration,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub fn new(stream: S, patience: Duration) -> Self {
        Self { stream, unread: Vec::new(), tags: 0, patience }
    }

    /// The stream, for a handshake; nothing may have been said ahead of it.
    pub fn into_inner(self) -> Result<S, ImapError> {
        if self.unread.is_empty() { Ok(self.stream) } else { Err(ImapError::Injected) }
    }

    /// The first line: `OK …` or `PREAUTH …`.
    pub async fn greeting(&mut self) -> Result<String, ImapError> {
        let mut left = ANSWER_OCTETS;
        let line = self.response(&mut left).await?;
        let text = line.text.strip_prefix("* ").ok_or(ImapError::Malformed)?.to_owned();
        match text.split(' ').next().unwrap_or_default().to_ascii_uppercase().as_str() {
            "OK" | "PREAUTH" => Ok(text.to_ascii_uppercase()),
            "BYE" => Err(ImapError::Goodbye(words(&text[3..]))),
            _ => Err(ImapError::Malformed),
        }
    }

    /// One command and everything that the server says until it is done.
    pub async fn ask(&mut self, what: &'static str, command: &str) -> Result<Vec<Response>, ImapError> {
        let tag = self.send(command).await?;
        self.answer(what, &tag, None).await
    }

    /// Logs in by a mechanism with one word, sent when it is asked for (RFC 9051 section 6.2.2).
    pub async fn authenticate(&mut self, what: &'static str, mechanism: &str, word: &str) -> Result<(), ImapError> {
        let tag = self.send(&format!("AUTHENTICATE {mechanism}")).await?;
        self.answer(what, &tag, Some(word)).await.map(|_| ())
    }

    async fn send(&mut self, command: &str) -> Result<String, ImapError> {
        self.tags += 1;
        let tag = format!("p{}", self.tags);
        self.write(&format!("{tag} {command}\r\n")).await?;
        Ok(tag)
    }

    async fn write(&mut self, text: &str) -> Result<(), ImapError> {
        let sent = async {
            self.stream.write_all(text.as_bytes()).await?;
            self.stream.flush().await
        };
        Ok(timeout(self.patience, sent).await.map_err(|_| ImapError::Timeout)??)
    }

    async fn answer(
        &mut self,
        what: &'static str,
        tag: &str,
        mut word: Option<&str>,
    ) -> Result<Vec<Response>, ImapError> {
        let mut lines = Vec::new();
        let (mut left, mut questions) = (ANSWER_OCTETS, 0);
        loop {
            let line = self.response(&mut left).await?;
            if let Some(rest) = line.text.strip_prefix(tag).and_then(|rest| rest.strip_prefix(' ')) {
                let (status, said) = rest.split_once(' ').unwrap_or((rest, ""));
                return match status.to_ascii_uppercase().as_str() {
                    "OK" => Ok(lines),
                    "NO" | "BAD" => Err(ImapError::Refused(what, words(said))),
                    _ => Err(ImapError::Malformed),
                };
            }
            if line.text.starts_with('+') {
                // Asked a second time, the server explains why it refuses; an empty line lets it do so.
                questions += 1;
                let reply = word.take().unwrap_or_default();
                self.write(&format!("{reply}\r\n")).await?;
            } else if let Some(said) = line.data("BYE").filter(|_| what != "end") {
                return Err(ImapError::Goodbye(words(said)));
            } else if line.text.starts_with("* ") {
                lines.push(line);
            } else {
                return Err(ImapError::Malformed);
            }
            if lines.len() > LINES || questions > QUESTIONS {
                return Err(ImapError::Endless);
            }
        }
    }

    /// One line with its literals; `left` is how many octets this answer may still have.
    async fn response(&mut self, left: &mut usize) -> Result<Response, ImapError> {
        let mut response = Response { text: String::new(), literals: Vec::new() };
        loop {
            let line = self.line().await?;
            // With its end, so that a line of nothing counts as well.
            *left = left.checked_sub(line.len() + 2).ok_or(ImapError::Endless)?;
            let line = String::from_utf8_lossy(&line);
            response.text.push_str(&line);
            let Some(length) = literal(&line) else { return Ok(response) };
            *left = left.checked_sub(length).ok_or(ImapError::Endless)?;
            while self.unread.len() < length {
                self.read_more().await?;
            }
            response.literals.push(self.unread.drain(..length).collect());
        }
    }

    async fn line(&mut self) -> Result<Vec<u8>, ImapError> {
        let mut seen = 0;
        loop {
            if let Some(end) = self.unread[seen..].iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.unread.drain(..=seen + end).collect();
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(line);
            }
            seen = self.unread.len();
            if seen > LINE_OCTETS {
                return Err(ImapError::Endless);
            }
            self.read_more().await?;
        }
    }

    async fn read_more(&mut self) -> Result<(), ImapError> {
        // No more at once, whatever room there is: what is unread moves up behind each line.
        let mut piece = (&mut self.stream).take(READ_OCTETS as u64);
        let read = timeout(self.patience, piece.read_buf(&mut self.unread));
        if read.await.map_err(|_| ImapError::Timeout)?? == 0 {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        }
        Ok(())
    }
}

/// The length of the literal that a line announces at its end.
fn literal(text: &str) -> Option<usize> {
    let (_, length) = text.strip_suffix('}')?.rsplit_once('{')?;
    length.parse().ok()
}
