//! Text without surprises: no control characters, no line breaks where a line is wanted.

/// One line: control characters and line breaks become spaces, runs of blanks one blank, the ends are trimmed.
///
/// What comes out can stand in a header, a title or an attribute without changing the structure around it.
pub fn clean_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(is_gap).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// Lines: every kind of line break becomes `\n`, a tab becomes a space, other control characters fall out.
pub fn clean_lines(text: &str) -> String {
    let mut lines = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                characters.next_if_eq(&'\n');
                lines.push('\n');
            }
            '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => lines.push('\n'),
            '\t' => lines.push(' '),
            other if other.is_control() => {}
            other => lines.push(other),
        }
    }
    lines
}

/// A no-break space is no gap: whoever wrote it meant the words to stay together.
fn is_gap(character: char) -> bool {
    character == ' ' || character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_without_control_characters() {
        assert_eq!(clean_line("  Title\r\nBcc: x@example.org\0 \u{1}\u{85}end\t"), "Title Bcc: x@example.org end");
        assert_eq!(clean_line("10\u{a0}km"), "10\u{a0}km");
        assert_eq!(clean_line("\n \r"), "");
    }

    #[test]
    fn lines_end_in_one_way_only() {
        assert_eq!(clean_lines("a\r\nb\rc\nd\u{2028}e\0\u{7}\tf"), "a\nb\nc\nd\ne f");
    }
}
