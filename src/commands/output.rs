//! What commands print: JSON for programs or aligned text for people, never both.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

/// Standard output as this command was asked to use it.
pub struct Output {
    json: bool,
    out: RefCell<io::Stdout>,
}

/// Standard output took no more.
#[derive(Debug, thiserror::Error)]
#[error("standard output cannot be written: {0}")]
pub struct OutputError(#[from] io::Error);

impl OutputError {
    /// Whoever reads us had enough, as `head` has after ten lines.
    pub fn is_nobody_there(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
    }
}

impl Output {
    /// JSON or text on standard output.
    pub fn new(json: bool) -> Self {
        Self { json, out: RefCell::new(io::stdout()) }
    }

    /// Whether programs read us.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// One thing: its JSON, or the text for people.
    ///
    /// # Errors
    /// When nobody reads any more, as for all of these.
    pub fn one(&self, item: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), OutputError> {
        if self.json { self.json(item) } else { self.line(&text()) }
    }

    /// A list: a JSON object a line, or a table with a head. Where there is nothing, people are told so.
    ///
    /// # Errors
    /// As [`Output::one`].
    pub fn list<T: Serialize>(
        &self,
        items: &[T],
        head: &[&str],
        nothing: &str,
        cells: impl Fn(&T) -> Vec<String>,
    ) -> Result<(), OutputError> {
        if self.json {
            return items.iter().try_for_each(|item| self.json(item));
        }
        if items.is_empty() {
            return self.line(nothing);
        }
        let head = head.iter().map(|&cell| cell.to_owned()).collect();
        let rows: Vec<Vec<String>> = std::iter::once(head).chain(items.iter().map(cells)).collect();
        table(&rows).iter().try_for_each(|line| self.line(line))
    }

    /// Bytes as they are.
    ///
    /// # Errors
    /// As [`Output::one`].
    pub fn raw(&self, bytes: &[u8]) -> Result<(), OutputError> {
        Ok(self.out.borrow_mut().write_all(bytes)?)
    }

    /// A JSON object on a line, whatever was asked for.
    ///
    /// # Errors
    /// As [`Output::one`].
    pub fn json(&self, item: &impl Serialize) -> Result<(), OutputError> {
        let mut text = serde_json::to_vec(item).map_err(io::Error::from)?;
        text.push(b'\n');
        self.raw(&text)
    }

    fn line(&self, text: &str) -> Result<(), OutputError> {
        let mut safe = String::with_capacity(text.len() + 1);
        for line in text.lines() {
            safe.push_str(&printable(line));
            safe.push('\n');
        }
        self.raw(safe.as_bytes())
    }
}

/// The facts about one thing, a line each; what is empty shows as a dash.
pub fn card(facts: &[(&str, String)]) -> String {
    let dash = |fact: &String| if fact.is_empty() { "–".to_owned() } else { printable(fact) };
    let rows: Vec<Vec<String>> = facts.iter().map(|(name, fact)| vec![(*name).to_owned(), dash(fact)]).collect();
    table(&rows).join("\n")
}

/// A cell that is longer than this, in characters, does not widen its column: the next one begins behind it.
const WIDEST: usize = 80;

/// Lines with two spaces between columns, nothing behind the last.
pub fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width_of = |column| {
        let cells = rows.iter().filter_map(|row: &Vec<String>| row.get(column));
        cells.map(|cell: &String| width(cell)).filter(|wide| *wide <= WIDEST).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width_of(column).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (cell, &wide) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', 2 + wide.saturating_sub(width(cell))));
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn width(cell: &str) -> usize {
    printable(cell).chars().count()
}

/// The text with everything made visible that could move the cursor, recolour the terminal or begin a line: titles
/// come from other people's sites.
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if breaks_a_line(character) {
            let _ = write!(safe, "\\u{:04x}", u32::from(character));
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Control characters, the two line ends of Unicode, and the marks that turn the direction of writing.
pub fn breaks_a_line(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other() {
        let rows = [vec!["id", "title"], vec!["10", "Één"], vec!["1", ""]]
            .map(|row| row.into_iter().map(str::to_owned).collect());
        assert_eq!(table(&rows), ["id  title", "10  Één", "1"]);
        let long = "x".repeat(WIDEST + 1);
        let rows = [["a", "b"], [&long, "c"], ["ab", "d"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&rows), ["a   b".to_owned(), format!("{long}  c"), "ab  d".to_owned()]);
    }

    #[test]
    fn a_hostile_title_stays_on_its_line() {
        assert_eq!(printable("a\x1b[31m\r\nb\u{2028}\u{202e}é"), "a\\u001b[31m\\u000d\\u000ab\\u2028\\u202eé");
    }
}
