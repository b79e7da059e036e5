//! Plain text in columns.

use crate::domain::token::LINK_TOKEN_LENGTH;

use super::slot::Slot;

/// Columns of plain text: what a quoted reply can still show without breaking lines.
pub(super) const COLUMNS: usize = 72;

/// Breaks `text` between words so that lines take at most [`COLUMNS`] columns. A longer word, such as a link,
/// stays whole on a line of its own. The first line begins with `first`, every other with `rest`.
pub(super) fn wrap(text: &str, first: &str, rest: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut indent = first;
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        wrap_line(line, indent, rest, &mut out);
        indent = rest;
    }
    out
}

fn wrap_line(line: &str, first: &str, rest: &str, out: &mut String) {
    let mut column = 0;
    for word in line.split(' ').filter(|word| !word.is_empty()) {
        let width = width(word);
        if column == 0 {
            out.push_str(first);
            column = self::width(first);
        } else if column + 1 + width > COLUMNS {
            out.push('\n');
            out.push_str(rest);
            column = self::width(rest);
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
}

fn width(word: &str) -> usize {
    word.chars().map(|character| if Slot::from_mark(character).is_some() { LINK_TOKEN_LENGTH } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_links_stay_whole() {
        let link = format!("https://example.org/{}", "x".repeat(90));
        let text = format!("{} {link} {}", "woord ".repeat(15), "einde ".repeat(3));
        let wrapped = wrap(&text, "1. ", "   ");
        let lines: Vec<&str> = wrapped.lines().collect();
        assert!(lines[0].starts_with("1. woord") && lines[0].len() <= COLUMNS, "{wrapped}");
        assert!(lines.contains(&format!("   {link}").as_str()), "{wrapped}");
        assert!(lines.last().is_some_and(|line| *line == "   einde einde einde"), "{wrapped}");
        assert_eq!(wrap("a\nb", "* ", "  "), "* a\n  b");
        assert_eq!(wrap("", "* ", "  "), "");
    }

    proptest::proptest! {
        #[test]
        fn wrapping_loses_no_word_and_only_single_words_are_too_long(text in "[a-zé\\n ]{0,400}") {
            let wrapped = wrap(&text, "", "");
            assert_eq!(wrapped.split_whitespace().collect::<Vec<_>>(), text.split_whitespace().collect::<Vec<_>>());
            for line in wrapped.lines() {
                assert!(line.chars().count() <= COLUMNS || !line.contains(' '), "{line}");
            }
        }
    }
}
