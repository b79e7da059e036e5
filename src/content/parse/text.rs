//! Pieces of text as feeds give them, which may be markup, plain, or either.

use crate::content::{clean, html};
use crate::domain::article::{MAX_SUMMARY, MAX_TITLE};

/// A text with what its feed says about its markup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RawText {
    /// Every character means itself.
    Plain(String),
    /// HTML.
    Html(String),
    /// RSS says nothing about its titles: most are HTML with references, some are plain.
    Unknown(String),
}

/// Of a longer text only so much is looked at, in octets, before anything is done to it: room for the markup around what
/// is kept, and no more work than that for a feed that is made to be slow.
const LOOKED_AT_TITLE: usize = 16 * MAX_TITLE;
const LOOKED_AT_TEXT: usize = 1 << 20;

impl RawText {
    /// The text of a title on one line.
    pub(super) fn title(&self) -> String {
        let (Self::Plain(text) | Self::Html(text) | Self::Unknown(text)) = self;
        let text = beginning(text, LOOKED_AT_TITLE);
        let is_html = match self {
            Self::Plain(_) => false,
            Self::Html(_) => true,
            Self::Unknown(_) => looks_like_html(text),
        };
        cut(if is_html { clean::html_to_text(text) } else { clean::one_line(text) }, MAX_TITLE)
    }

    /// The text of a summary or of a whole article with what else is in it.
    pub(super) fn read(&self) -> html::Reading {
        let mut reading = match self {
            Self::Plain(text) => {
                html::Reading { text: beginning(text, LOOKED_AT_TEXT).to_owned(), ..html::Reading::default() }
            }
            Self::Html(html) | Self::Unknown(html) => html::read(beginning(html, LOOKED_AT_TEXT)),
        };
        reading.text = cut(reading.text, MAX_SUMMARY);
        reading
    }

    pub(super) fn is_blank(&self) -> bool {
        let (Self::Plain(text) | Self::Html(text) | Self::Unknown(text)) = self;
        text.trim().is_empty()
    }
}

fn beginning(text: &str, octets: usize) -> &str {
    &text[..text.floor_char_boundary(octets)]
}

fn cut(mut text: String, max_chars: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(max_chars) {
        text.truncate(end);
    }
    text
}

/// Whether a text of unknown kind is HTML: it has a reference or an end tag, and no tag in it is one that nobody puts in a
/// title. So `I&#038;P` and `<b>Nieuw</b>` are HTML, while `Vec<u8>` and `Wat doet <script>?` are what they look like.
fn looks_like_html(text: &str) -> bool {
    const TAGS: [&str; 24] = [
        "a", "abbr", "acronym", "b", "big", "br", "cite", "code", "del", "div", "em", "font", "i", "img", "ins", "p",
        "q", "s", "small", "span", "strong", "sub", "sup", "u",
    ];
    let mut has_end_tag = false;
    for (at, _) in text.match_indices('<') {
        let tag = &text[at + 1..];
        let (is_end, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
        let name: String = tag.chars().take_while(char::is_ascii_alphanumeric).take(12).collect();
        if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            if !TAGS.contains(&name.to_ascii_lowercase().as_str()) {
                return false;
            }
            has_end_tag |= is_end;
        }
    }
    has_end_tag || has_reference(text)
}

fn has_reference(text: &str) -> bool {
    text.match_indices('&').any(|(at, _)| {
        let name = text[at + 1..].trim_start_matches('#');
        let length = name.chars().take(32).take_while(char::is_ascii_alphanumeric).count();
        length > 0 && name[length..].starts_with(';')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(text: &str) -> String {
        RawText::Unknown(text.to_owned()).title()
    }

    #[test]
    fn titles_are_read_as_a_reader_would_see_them() {
        for (raw, seen) in [
            ("I&#038;P", "I&P"),
            ("Auto&#8217;s <b>in</b> de stad", "Auto’s in de stad"),
            ("The &amp; entity", "The & entity"),
            ("AT&T, R&D; en meer", "AT&T, R&D; en meer"),
            ("Vec<u8> en a < b", "Vec<u8> en a < b"),
            ("Wat doet <script>alert(1)</script>?", "Wat doet <script>alert(1)</script>?"),
            ("5 <6 &amp; 7> 3 <3", "5 <6 & 7> 3 <3"),
        ] {
            assert_eq!(title(raw), seen);
        }
    }

    #[test]
    fn plain_is_plain_and_html_is_html() {
        assert_eq!(RawText::Plain("I&#038;P <b>".to_owned()).title(), "I&#038;P <b>");
        assert_eq!(RawText::Html("safe<script>x</script> text".to_owned()).title(), "safe text");
    }
}
