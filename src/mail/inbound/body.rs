//! What stands between DATA and its end: only CRLF . CRLF ends it (RFC 5321 section 4.1.1.4).

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Memory for messages is given out in pieces of so many octets.
pub(super) const CHUNK_OCTETS: usize = 64 << 10;

/// Why a message cannot be kept, though it is read to its end so that the client can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    TooLarge,
    NoMemory,
}

/// A message as it grows, its dots taken out.
///
/// A line feed or a carriage return alone is content here, never an end of line: a client and we cannot
/// disagree about where the message ends, which is what smuggling needs.
pub(super) struct Body {
    bytes: Vec<u8>,
    at_line_start: bool,
    unfit: Option<Unfit>,
    /// Octets seen, those not kept included.
    seen: usize,
    limit: usize,
    memory: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

impl Body {
    pub(super) fn new(limit: usize, memory: Arc<Semaphore>) -> Self {
        // The line of DATA itself has just ended.
        Self { bytes: Vec::new(), at_line_start: true, unfit: None, seen: 0, limit, memory, held: None }
    }

    /// Takes what it can from `input`: how many octets are used up, and whether the end was among them.
    /// Fewer than all without the end means that the rest makes sense only together with what follows.
    pub(super) fn feed(&mut self, input: &[u8]) -> (usize, bool) {
        let mut used = 0;
        loop {
            let rest = &input[used..];
            if rest.is_empty() {
                return (used, false);
            }
            if self.at_line_start {
                if rest.starts_with(b".\r\n") {
                    return (used + 3, true);
                }
                if b".\r\n".starts_with(rest) {
                    return (used, false);
                }
                if rest[0] == b'.' {
                    used += 1;
                    self.at_line_start = false;
                    continue;
                }
            }
            let line = rest.windows(2).position(|pair| pair == b"\r\n").map(|at| at + 2);
            // A carriage return at the end may be half of a line's end.
            let piece = line.unwrap_or(rest.len() - usize::from(rest.ends_with(b"\r")));
            self.keep(&rest[..piece]);
            used += piece;
            self.at_line_start = line.is_some() || (self.at_line_start && piece == 0);
            if line.is_none() {
                return (used, false);
            }
        }
    }

    fn keep(&mut self, piece: &[u8]) {
        self.seen += piece.len();
        if self.seen > self.limit {
            self.give_up(Unfit::TooLarge);
        }
        if self.unfit.is_some() {
            return;
        }
        while self.bytes.capacity() - self.bytes.len() < piece.len() {
            let Ok(permit) = Arc::clone(&self.memory).try_acquire_owned() else {
                return self.give_up(Unfit::NoMemory);
            };
            match &mut self.held {
                Some(held) => held.merge(permit),
                None => self.held = Some(permit),
            }
            let room = self.bytes.capacity() - self.bytes.len();
            self.bytes.reserve_exact(room + CHUNK_OCTETS);
        }
        self.bytes.extend_from_slice(piece);
    }

    fn give_up(&mut self, unfit: Unfit) {
        self.unfit.get_or_insert(unfit);
        self.bytes = Vec::new();
        self.held = None;
    }

    /// Whether the client goes on so far beyond the limit that hearing it out is no longer worth it.
    pub(super) fn is_hopeless(&self) -> bool {
        self.seen > self.limit.saturating_mul(4)
    }

    /// The whole message, and its share of the memory, which is to be held as long as the message is.
    pub(super) fn finish(self) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), Unfit> {
        match self.unfit {
            Some(unfit) => Err(unfit),
            None => Ok((self.bytes, self.held)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn memory() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(100))
    }

    /// Reads `wire` in pieces of `step` octets: the message and what follows its end.
    fn read(wire: &[u8], step: usize) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut body = Body::new(1 << 20, memory());
        let mut buffer = Vec::new();
        for (at, piece) in wire.chunks(step).enumerate() {
            buffer.extend_from_slice(piece);
            let (used, done) = body.feed(&buffer);
            buffer.drain(..used);
            if done {
                buffer.extend_from_slice(&wire[((at + 1) * step).min(wire.len())..]);
                return Some((body.finish().unwrap().0, buffer));
            }
        }
        None
    }

    #[test]
    fn only_a_dot_between_two_crlf_ends_a_message() {
        for (wire, message) in [
            (&b".\r\nQUIT\r\n"[..], &b""[..]),
            (b"a\r\n.\r\nQUIT\r\n", b"a\r\n"),
            (b"a\r\n..\r\n...b\r\n.\r\nQUIT\r\n", b"a\r\n.\r\n..b\r\n"),
            (b"a\n.\r\nMAIL\r\n.\r\nQUIT\r\n", b"a\n.\r\nMAIL\r\n"),
            (b"a\n.\nMAIL\r\n.\r\nQUIT\r\n", b"a\n.\nMAIL\r\n"),
            (b"a\r.\rMAIL\r\n.\r\nQUIT\r\n", b"a\r.\rMAIL\r\n"),
            (b"a\r.\r\nMAIL\r\n.\r\nQUIT\r\n", b"a\r.\r\nMAIL\r\n"),
            (b"a\r\n.\nMAIL\r\n.\r\nQUIT\r\n", b"a\r\n\nMAIL\r\n"),
            (b"a\r\n.\rMAIL\r\n.\r\nQUIT\r\n", b"a\r\n\rMAIL\r\n"),
            (b"a\r\r\n.\r\nQUIT\r\n", b"a\r\r\n"),
        ] {
            for step in 1..=wire.len() {
                let (got, rest) = read(wire, step).expect("there is an end");
                assert_eq!(got, message, "{:?} in steps of {step}", String::from_utf8_lossy(wire));
                assert_eq!(rest, b"QUIT\r\n");
            }
        }
    }

    #[test]
    fn what_is_too_large_or_beyond_the_memory_is_read_to_its_end_and_not_kept() {
        let wire = [vec![b'x'; 2 * CHUNK_OCTETS], b"\r\n.\r\n".to_vec()].concat();
        let mut small = Body::new(CHUNK_OCTETS, memory());
        assert_eq!(small.feed(&wire), (wire.len(), true));
        assert_eq!(small.finish().unwrap_err(), Unfit::TooLarge);

        let one = Arc::new(Semaphore::new(1));
        let mut poor = Body::new(1 << 20, Arc::clone(&one));
        assert_eq!(poor.feed(&wire), (wire.len(), true));
        assert_eq!(poor.finish().unwrap_err(), Unfit::NoMemory);
        assert_eq!(one.available_permits(), 1, "what was given up is free again");
    }

    proptest! {
        #[test]
        fn every_message_arrives_as_it_was_however_the_wire_cuts_it(
            text in "[.\r\nab]{0,40}",
            step in 1_usize..9,
        ) {
            // As a client sends it: a whole last line, dots doubled after each CRLF.
            let message = format!("{text}\r\n");
            let stuffed = format!("\r\n{message}").replace("\r\n.", "\r\n..");
            let wire = format!("{}.\r\nQUIT\r\n", &stuffed[2..]);
            let (got, rest) = read(wire.as_bytes(), step).expect("there is an end");
            prop_assert_eq!(got, message.into_bytes());
            prop_assert_eq!(rest, b"QUIT\r\n".to_vec());
        }
    }
}
