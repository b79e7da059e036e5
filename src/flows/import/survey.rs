//! A first walk through a file, before anything is changed: is every line of it sound, and how many rows are there?

use std::io::Read;

use aws_lc_rs::digest;

use super::dialect::{BEGINNING, Dialect};
use super::table::{BadLine, TableError};

/// Bad lines told one by one.
const TOLD: usize = 20;
/// No row of a list is longer, in bytes: a quote that is never closed would swallow the file.
const LONGEST_ROW: u64 = 1024 * 1024;

/// What the walk found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Survey {
    pub rows: u64,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
}

/// Walks through the file, whatever its length, with memory for one cell's state. `bad` hears of every line that breaks it.
///
/// # Errors
/// [`TableError::Malformed`] with the first lines that break it; what is not sound as a whole is not taken in part.
pub fn survey(mut source: impl Read, dialect: &Dialect, bad: &mut dyn FnMut(&BadLine)) -> Result<Survey, TableError> {
    let mut hash = digest::Context::new(&digest::SHA256);
    let mut walk = Walk::new(*dialect, bad);
    let mut buffer = vec![0; BEGINNING];
    let mut mark = dialect.mark;
    loop {
        let read = source.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        let skipped = mark.min(read);
        mark -= skipped;
        buffer[skipped..read].iter().for_each(|byte| walk.step(*byte));
    }
    let rows = walk.end()?;
    let mut found = [0; 32];
    found.copy_from_slice(hash.finish().as_ref());
    Ok(Survey { rows, digest: found })
}

/// Where in a cell the walk is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Start,
    Plain,
    Quoted,
    /// Behind a backslash in a quoted cell.
    Escaped,
    /// Behind the closing quote.
    Closed,
}

struct Walk<'a> {
    dialect: Dialect,
    hears: &'a mut dyn FnMut(&BadLine),
    at: At,
    line: u64,
    /// Where the row began, and where the last quote was opened.
    row_line: u64,
    quote_line: u64,
    cells: usize,
    /// The last cell of the row that holds something, counted from one.
    filled: usize,
    row_bytes: u64,
    /// The row has been told of already.
    told: bool,
    /// Cells that every row must have: as many as there are headings.
    width: Option<usize>,
    rows: u64,
    bad: Vec<BadLine>,
    more: u64,
}

impl<'a> Walk<'a> {
    fn new(dialect: Dialect, hears: &'a mut dyn FnMut(&BadLine)) -> Self {
        Self {
            dialect,
            hears,
            at: At::Start,
            line: 1,
            row_line: 1,
            quote_line: 1,
            cells: 1,
            filled: 0,
            row_bytes: 0,
            told: false,
            width: None,
            rows: 0,
            bad: Vec::new(),
            more: 0,
        }
    }

    fn fault(&mut self, line: u64, fault: String) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        let bad = BadLine { line, fault };
        (self.hears)(&bad);
        if self.bad.len() < TOLD {
            self.bad.push(bad);
        } else {
            self.more += 1;
        }
    }

    fn step(&mut self, byte: u8) {
        self.row_bytes += 1;
        if self.row_bytes == LONGEST_ROW {
            self.fault(self.row_line, "the row that begins here does not end; a quote may not be closed".to_owned());
        }
        if byte == 0 {
            self.fault(self.line, "holds a zero byte, so it is no text".to_owned());
        }
        let quoted = matches!(self.at, At::Quoted | At::Escaped);
        if byte == self.dialect.line_end {
            self.line += 1;
            if !quoted {
                return self.end_of_row();
            }
        }
        if !quoted && byte == self.dialect.separator {
            self.cells += 1;
            self.at = At::Start;
            return;
        }
        if !byte.is_ascii_whitespace() && byte != b'"' {
            self.filled = self.cells;
        }
        self.at = match (self.at, byte) {
            (At::Start, b'"') => {
                self.quote_line = self.line;
                At::Quoted
            }
            (At::Start | At::Plain, _) => At::Plain,
            (At::Quoted, b'"') => At::Closed,
            (At::Quoted, b'\\') if self.dialect.mailpoet => At::Escaped,
            (At::Quoted | At::Escaped, _) => At::Quoted,
            (At::Closed, b'"') => At::Quoted,
            (At::Closed, byte) => {
                if !byte.is_ascii_whitespace() {
                    self.fault(self.line, "goes on behind a closing quote".to_owned());
                }
                At::Closed
            }
        };
    }

    fn end_of_row(&mut self) {
        let blank = self.filled == 0;
        match self.width {
            None => self.width = Some(self.filled.max(1)),
            Some(_) if blank => {}
            Some(width) => {
                self.rows += 1;
                if self.cells < width || self.filled > width {
                    let cells = self.cells.max(self.filled);
                    self.fault(self.row_line, format!("has {cells} cells, and the first line has {width}"));
                }
            }
        }
        (self.at, self.cells, self.filled, self.row_bytes, self.told) = (At::Start, 1, 0, 0, false);
        self.row_line = self.line;
    }

    fn end(mut self) -> Result<u64, TableError> {
        if matches!(self.at, At::Quoted | At::Escaped) {
            self.told = false;
            self.fault(self.quote_line, "opens a quote that is never closed".to_owned());
        } else if self.row_bytes > 0 {
            self.end_of_row();
        }
        if self.more > 0 {
            self.bad
                .push(BadLine { line: self.line, fault: format!("and {} lines before it are bad as well", self.more) });
        }
        if self.bad.is_empty() { Ok(self.rows) } else { Err(TableError::Malformed(self.bad)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(file: &[u8]) -> Result<u64, Vec<u64>> {
        match survey(file, &Dialect::of(file).unwrap(), &mut |_| {}) {
            Ok(survey) => Ok(survey.rows),
            Err(TableError::Malformed(bad)) => Err(bad.into_iter().map(|bad| bad.line).collect()),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn sound_files_are_counted_whatever_their_ends_and_quotes() {
        for file in [
            &b"email\na@x.nl\nb@x.nl"[..],
            b"email,name\r\na@x.nl,\"two\r\nlines\"\r\n\r\nb@x.nl,\"say \"\"hi\"\"\"\r\n",
            b"\xef\xbb\xbf\"Email\",\"Name\"\n\"a@x.nl\",\"Anna \\\"Ans\\\"\"\n\"b@x.nl\",\"\"\n",
            b"email\rb@x.nl\ra@x.nl\r",
            b"email;name;\na@x.nl;5\" pipe;\nb@x.nl;b;;\n",
        ] {
            assert_eq!(walked(file), Ok(2), "{}", String::from_utf8_lossy(file));
        }
        assert_eq!(walked(b"email\n"), Ok(0));
        assert_eq!(walked(b"email\n\n  \n"), Ok(0));
    }

    #[test]
    fn what_breaks_a_file_is_told_by_its_line() {
        for (file, lines) in [
            (&b"email,name\na@x.nl,Anna\nb@x.nl\n"[..], &[3][..]),
            (b"email,name\na@x.nl,Anna,extra\nb@x.nl,Bob\n", &[2]),
            (b"email,name\na@x.nl,\"Anna\nb@x.nl,Bob\n", &[2]),
            (b"email,name\na@x.nl,\"Anna\"s\nb@x.nl,Bob\n", &[2]),
            (b"email,name\na@x.nl,An\0na\nb@x.nl\n", &[2, 3]),
        ] {
            assert_eq!(walked(file), Err(lines.to_vec()), "{}", String::from_utf8_lossy(file));
        }
        let many = format!("email,name\n{}", "a@x.nl\n".repeat(50));
        assert_eq!(walked(many.as_bytes()).unwrap_err().len(), TOLD + 1);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_get_an_answer(bytes: Vec<u8>) {
            let file = [b"email,status\n".as_slice(), &bytes].concat();
            let _ = survey(file.as_slice(), &Dialect::of(&file).unwrap(), &mut |_| {});
        }
    }
}
