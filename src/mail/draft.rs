//! A message being written: header fields and MIME parts as bytes, with the places marked where recipients differ.

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_builder::headers::Header;
use mail_builder::headers::address::Address;
use mail_builder::headers::text::Text;

use crate::domain::plain_text::clean_line;
use crate::domain::time::Timestamp;

use super::slot::Slot;

/// Longest header line where there is a choice (RFC 5322 section 2.1.1).
const HEADER_COLUMNS: usize = 78;
/// Longest line of quoted-printable, with its soft break (RFC 2045 section 6.7, rule 5).
const QUOTED_PRINTABLE_COLUMNS: usize = 76;

/// What is filled in per recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// The whole value of To.
    To,
    /// The value of Date.
    Date,
    /// The whole value of Message-ID.
    MessageId,
    /// A slot of the text.
    Slot(Slot),
}

/// Bytes, and where something is to be filled in.
///
/// What is written here is 7-bit ASCII with CRLF at every line's end, and no line begins with a dot: it needs no
/// transparency procedure (RFC 5321 section 4.5.2) and passes servers without 8BITMIME. Spaces never stand in pairs
/// or before a line's end in the body, so that it is its own relaxed canonical form (RFC 6376 section 3.4.4).
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) bytes: Vec<u8>,
    pub(super) cuts: Vec<(usize, Cut)>,
}

impl Draft {
    /// A field of free text, encoded where it must be (RFC 2047).
    pub(super) fn text(&mut self, name: &str, text: &str) {
        let text = clean_line(text);
        let column = self.name(name);
        if text.contains("=?") {
            // As it stands, this would be read as an encoded word that nobody wrote.
            self.encoded_words(&text, column);
            self.bytes.extend_from_slice(b"\r\n");
        } else {
            Text::new(text).write_header(&mut self.bytes, column);
        }
    }

    /// A field with a name and something in angle brackets: an address, a list's id.
    pub(super) fn mailbox(&mut self, name: &str, phrase: &str, address: &str) {
        let phrase = clean_line(phrase);
        if phrase.is_empty() {
            return self.token(name, &format!("<{address}>"));
        }
        let column = self.name(name);
        if phrase.contains("=?") {
            self.encoded_words(&phrase, column);
            self.bytes.extend_from_slice(format!("\r\n <{address}>\r\n").as_bytes());
        } else {
            Address::new_address(Some(phrase), address).write_header(&mut self.bytes, column);
        }
    }

    /// A field whose value has no place to fold; it begins on a new line if that makes it fit.
    pub(super) fn token(&mut self, name: &str, value: &str) {
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(b':');
        write_token(name.len() + 1, value, &mut self.bytes);
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// A field whose value is written as it is; the marks of slots become cuts. `value` folds itself.
    pub(super) fn raw(&mut self, name: &str, value: &str) {
        self.name(name);
        for piece in value.split_inclusive(|character| Slot::from_mark(character).is_some()) {
            let slot = piece.chars().next_back().and_then(Slot::from_mark);
            let fixed = slot.map_or(piece, |slot| piece.trim_end_matches(slot.mark()));
            self.bytes.extend_from_slice(fixed.as_bytes());
            if let Some(slot) = slot {
                self.cuts.push((self.bytes.len(), Cut::Slot(slot)));
            }
        }
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// A field that is filled in per recipient as a whole.
    pub(super) fn cut(&mut self, name: &str, cut: Cut) {
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(b':');
        self.cuts.push((self.bytes.len(), cut));
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// The MIME fields and both parts, plain text first (RFC 2046 section 5.1.4): ends the message.
    pub(super) fn alternatives(&mut self, language: &str, text: &str, html: &str) {
        // `=_` cannot occur in quoted-printable, and so no part can hold the boundary (RFC 2045 section 6.7).
        let mut boundary = String::from("=_");
        for byte in &digest(&SHA256, html.as_bytes()).as_ref()[..12] {
            write!(boundary, "{byte:02x}").expect("writing to a string does not fail");
        }
        self.mime(language);
        self.raw("Content-Type", &format!("multipart/alternative; boundary=\"{boundary}\""));
        for (subtype, part) in [("plain", text), ("html", html)] {
            self.bytes.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
            self.part(subtype, part);
        }
        self.bytes.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    }

    /// The MIME fields and plain text alone: ends the message.
    pub(super) fn plain(&mut self, language: &str, text: &str) {
        self.mime(language);
        self.part("plain", text);
    }

    fn mime(&mut self, language: &str) {
        self.raw("Content-Language", language);
        self.raw("MIME-Version", "1.0");
    }

    fn part(&mut self, subtype: &str, text: &str) {
        self.raw("Content-Type", &format!("text/{subtype}; charset=utf-8"));
        self.raw("Content-Transfer-Encoding", "quoted-printable");
        self.bytes.extend_from_slice(b"\r\n");
        self.quoted_printable(text);
    }

    /// Writes `name: ` and says which column comes next.
    fn name(&mut self, name: &str) -> usize {
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(b": ");
        name.len() + 2
    }

    /// Encoded words in base64, each with whole characters and on a line of its own (RFC 2047 sections 2 and 5).
    fn encoded_words(&mut self, text: &str, column: usize) {
        const FRAME: usize = "=?utf-8?B??=".len();
        let mut room = (HEADER_COLUMNS - 2 - column - FRAME) / 4 * 3;
        let mut word = String::new();
        let write = |bytes: &mut Vec<u8>, word: &str| {
            bytes.extend_from_slice(format!("=?utf-8?B?{}?=", STANDARD.encode(word)).as_bytes());
        };
        for character in text.chars() {
            if word.len() + character.len_utf8() > room {
                write(&mut self.bytes, &word);
                self.bytes.extend_from_slice(b"\r\n ");
                word.clear();
                room = 45;
            }
            word.push(character);
        }
        write(&mut self.bytes, &word);
    }

    /// The text in quoted-printable (RFC 2045 section 6.7). A slot gets an encoded line of its own between two soft
    /// line breaks, so that whatever is filled in can neither break a line's limit nor an escape.
    fn quoted_printable(&mut self, text: &str) {
        let mut column = 0;
        let mut characters = text.chars().peekable();
        let mut after_space = false;
        while let Some(character) = characters.next() {
            if let Some(slot) = Slot::from_mark(character) {
                if column > 0 {
                    self.bytes.extend_from_slice(b"=\r\n");
                }
                self.cuts.push((self.bytes.len(), Cut::Slot(slot)));
                self.bytes.extend_from_slice(b"=\r\n");
                (column, after_space) = (0, false);
                continue;
            }
            if character == '\n' {
                self.bytes.extend_from_slice(b"\r\n");
                (column, after_space) = (0, false);
                continue;
            }
            let mut buffer = [0; 4];
            let utf8 = character.encode_utf8(&mut buffer).as_bytes();
            let ends_line = matches!(characters.peek(), None | Some('\n'));
            let plain = match character {
                ' ' => !after_space && !ends_line,
                '=' => false,
                // A dot would need doubling, and `From ` is what mailbox files put a `>` before (RFC 4155).
                '.' | 'F' => column > 0,
                other => other.is_ascii_graphic(),
            };
            let width = if plain { 1 } else { 3 * utf8.len() };
            if column + width > QUOTED_PRINTABLE_COLUMNS - 1 {
                self.bytes.extend_from_slice(b"=\r\n");
                column = 0;
                // What was fine inside the line may not be at its beginning.
                if plain && matches!(character, '.' | 'F') {
                    self.escape(utf8);
                    (column, after_space) = (3, false);
                    continue;
                }
            }
            if plain {
                self.bytes.push(utf8[0]);
            } else {
                self.escape(utf8);
            }
            column += width;
            after_space = character == ' ' && plain;
        }
    }

    fn escape(&mut self, utf8: &[u8]) {
        const HEX: &[u8; 16] = b"0123456789ABCDEF";
        for byte in utf8 {
            self.bytes.extend_from_slice(&[b'=', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
}

/// A value without a place to fold, after a name and its colon: on a new line if only that makes it fit.
pub(super) fn write_token(column: usize, value: &str, out: &mut Vec<u8>) {
    let folds = column + 1 + value.len() > HEADER_COLUMNS && value.len() < HEADER_COLUMNS;
    out.extend_from_slice(if folds { b"\r\n " } else { b" " });
    out.extend_from_slice(value.as_bytes());
}

/// Length of what [`header_date`] gives for years of four digits.
pub(super) const HEADER_DATE_LENGTH: usize = "Sun, 01 Mar 2026 08:00:09 +0000".len();

/// A moment as header fields have it (RFC 5322 section 3.3), in UTC.
pub(super) fn header_date(moment: Timestamp) -> String {
    moment.to_jiff().strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str) -> String {
        let mut draft = Draft::default();
        draft.quoted_printable(text);
        String::from_utf8(draft.bytes).unwrap()
    }

    #[test]
    fn quoted_printable_leaves_nothing_that_a_server_on_the_way_might_change() {
        assert_eq!(encoded(".\nFrom me\n..\na  b \n=é"), "=2E\r\n=46rom me\r\n=2E.\r\na =20b=20\r\n=3D=C3=A9");
        let long = encoded(&format!("{}.", "x".repeat(75)));
        assert_eq!(long, format!("{}=\r\n=2E", "x".repeat(75)));
    }

    #[test]
    fn a_slot_has_an_encoded_line_of_its_own() {
        let mut draft = Draft::default();
        draft.quoted_printable("https://example.org/u/\u{1} and\n\u{2}\n");
        assert_eq!(draft.bytes, b"https://example.org/u/=\r\n=\r\n and\r\n=\r\n\r\n");
        assert_eq!(draft.cuts, [(25, Cut::Slot(Slot::UnsubscribeToken)), (34, Cut::Slot(Slot::PreferencesToken))]);
    }

    #[test]
    fn a_value_without_spaces_folds_only_where_that_helps() {
        let mut draft = Draft::default();
        draft.token("To", "<a@example.org>");
        draft.token("Message-ID", &format!("<{}>", "x".repeat(70)));
        draft.token("List-Archive", &format!("<{}>", "x".repeat(90)));
        let text = String::from_utf8(draft.bytes).unwrap();
        assert_eq!(
            text,
            format!(
                "To: <a@example.org>\r\nMessage-ID:\r\n <{}>\r\nList-Archive: <{}>\r\n",
                "x".repeat(70),
                "x".repeat(90)
            )
        );
    }

    #[test]
    fn a_date_is_written_as_header_fields_have_it() {
        let date = Timestamp::parse("2026-03-01T08:00:09Z").unwrap();
        assert_eq!(header_date(date), "Sun, 01 Mar 2026 08:00:09 +0000");
    }
}
