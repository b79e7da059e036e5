//! Bytes from the server, cut into complete replies.

use std::ops::Range;

use memchr::memchr;

use super::fault::Fault;

/// Longest line that is read, in bytes: four times what RFC 5321 section 4.5.3.1.5 allows a server.
const MAX_LINE: usize = 2048;
/// Longest reply that is read, in bytes.
const MAX_REPLY: usize = 64 * 1024;

/// What was read and not yet looked at. Each byte is searched once, however slowly it drips in.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    /// Where the reply begins.
    start: usize,
    /// Where its current line begins.
    line: usize,
    /// How far that line was searched for its end.
    searched: usize,
}

impl Inbox {
    /// Nothing waits to be read.
    pub(super) fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    /// Room for more bytes from the socket, behind those that wait.
    pub(super) fn spare(&mut self) -> &mut Vec<u8> {
        if self.is_empty() {
            *self = Self { bytes: std::mem::take(&mut self.bytes), ..Self::default() };
            self.bytes.clear();
        }
        self.bytes.reserve(1024);
        &mut self.bytes
    }

    /// Takes the next reply, when all its lines are there.
    pub(super) fn take(&mut self) -> Result<Option<Range<usize>>, Fault> {
        while let Some(at) = memchr(b'\n', &self.bytes[self.searched..]) {
            let end = self.searched + at + 1;
            let line = &self.bytes[self.line..end];
            // A line that is no reply line ends the reply: whoever reads it finds the fault.
            let more = line.len() > 3 && line[..3].iter().all(u8::is_ascii_digit) && line[3] == b'-';
            (self.line, self.searched) = (end, end);
            if !more {
                let reply = self.start..end;
                self.start = end;
                return Ok(Some(reply));
            }
        }
        self.searched = self.bytes.len();
        let endless = self.searched - self.line > MAX_LINE || self.searched - self.start > MAX_REPLY;
        if endless { Err(Fault::Endless) } else { Ok(None) }
    }

    /// The bytes of a reply just taken.
    pub(super) fn get(&self, reply: Range<usize>) -> &[u8] {
        &self.bytes[reply]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(inbox: &mut Inbox) -> Option<String> {
        let range = inbox.take().unwrap()?;
        Some(String::from_utf8(inbox.get(range).to_vec()).unwrap())
    }

    #[test]
    fn replies_are_told_apart_however_they_are_cut() {
        let wire = "250-a\r\n250-b\r\n250 c\r\n550 no\r\nrubbish-\n354\n";
        for step in 1..wire.len() {
            let mut inbox = Inbox::default();
            let mut replies = Vec::new();
            for piece in wire.as_bytes().chunks(step) {
                inbox.spare().extend_from_slice(piece);
                replies.extend(std::iter::from_fn(|| taken(&mut inbox)));
            }
            assert_eq!(
                replies,
                ["250-a\r\n250-b\r\n250 c\r\n", "550 no\r\n", "rubbish-\n", "354\n"],
                "{step} at a time"
            );
            assert!(inbox.is_empty());
        }
    }

    #[test]
    fn an_answer_without_end_is_given_up() {
        let mut line = Inbox::default();
        line.spare().extend(std::iter::repeat_n(b'2', MAX_LINE + 1));
        assert_eq!(line.take(), Err(Fault::Endless));
        let mut lines = Inbox::default();
        lines.spare().extend(b"250-more\r\n".repeat(MAX_REPLY / 8));
        assert_eq!(lines.take(), Err(Fault::Endless));
    }
}
