//! How a file writes its cells: separator, line end and quotes, told by its beginning.

use std::io::{BufRead, BufReader, Read};

use super::table::TableError;

/// How much of a file is looked at to tell how it is written, in bytes.
pub const BEGINNING: usize = 64 * 1024;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// The way in which one file writes its cells.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    pub separator: u8,
    pub line_end: u8,
    /// MailPoet translates its headings, but begins like this; a quote in its cells is `\"`.
    pub mailpoet: bool,
    /// Bytes before the first heading.
    pub mark: usize,
}

impl Dialect {
    /// Tells it by the file's first bytes.
    ///
    /// # Errors
    /// For files that are no text, with what to do about it.
    pub fn of(beginning: &[u8]) -> Result<Self, TableError> {
        if beginning.starts_with(b"PK\x03\x04") {
            return Err(TableError::NoText(
                "a ZIP or Excel file; unpack it, or save the sheet as CSV, and import that",
            ));
        }
        if beginning.starts_with(b"\xff\xfe") || beginning.starts_with(b"\xfe\xff") {
            return Err(TableError::NoText("a file in UTF-16; save it as CSV in UTF-8 and import that"));
        }
        let line_end = match beginning.iter().find(|byte| matches!(byte, b'\n' | b'\r')) {
            Some(b'\r') if !beginning.contains(&b'\n') => b'\r',
            _ => b'\n',
        };
        let first = beginning.split(|byte| *byte == line_end).next().unwrap_or_default();
        let count = |separator: u8| first.iter().filter(|byte| **byte == separator).count();
        let separator = [b',', b'\t', b';'].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',');
        let mark = if first.starts_with(BOM) { BOM.len() } else { 0 };
        Ok(Self { separator, line_end, mailpoet: mark > 0 && first[mark..].starts_with(b"\""), mark })
    }

    /// A reader of such a file, from its very beginning.
    pub(super) fn reader<R: Read>(&self, source: R) -> Result<csv::Reader<Lines<R>>, TableError> {
        let mut source = BufReader::with_capacity(BEGINNING, source);
        let mut left = self.mark;
        while left > 0 {
            let there = source.fill_buf()?.len().min(left);
            if there == 0 {
                break;
            }
            source.consume(there);
            left -= there;
        }
        let mut builder = csv::ReaderBuilder::new();
        // A carriage return before the line feed ends up in the last cell, and is trimmed there.
        builder.delimiter(self.separator).terminator(csv::Terminator::Any(b'\n')).flexible(true);
        builder.escape(self.mailpoet.then_some(b'\\'));
        Ok(builder.from_reader(Lines { source, line_end: self.line_end }))
    }
}

/// A file whose lines end in a line feed, whatever they end in: only those are counted.
pub(super) struct Lines<R> {
    source: BufReader<R>,
    line_end: u8,
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.source.read(buffer)?;
        if self.line_end != b'\n' {
            buffer[..read].iter_mut().filter(|byte| **byte == self.line_end).for_each(|byte| *byte = b'\n');
        }
        Ok(read)
    }
}
