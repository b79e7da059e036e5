//! `&#8217;`, `&amp;` and, although XML does not know it unless it is declared, `&eacute;`.

use std::borrow::Cow;

use html5ever::data::NAMED_ENTITIES;

use crate::content::parse::encoding::repaired;

/// The longest name of a character in HTML has 31 letters.
const LONGEST: usize = 40;

/// What the reference `&name;` stands for. Entities that a document declares itself are not looked at: they are how a
/// kilobyte of XML becomes a gigabyte.
pub(super) fn resolve(name: &str) -> Option<String> {
    if name.len() > LONGEST {
        return None;
    }
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?).map(|c| repaired(c).map(String::from).unwrap_or_default());
    }
    let (first, second) = NAMED_ENTITIES.get(&format!("{name};")).copied().filter(|(first, _)| *first != 0)?;
    [first, second].into_iter().filter(|code| *code != 0).map(char::from_u32).collect()
}

/// `text` with its references resolved; those that mean nothing stay as they are.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        // A name ends where another reference could begin, so that a text of nothing but `&` costs no more than its length.
        let name = rest.bytes().skip(1).take(LONGEST).position(|b| !(b.is_ascii_alphanumeric() || b == b'#'));
        let end = name.map(|end| end + 1).filter(|end| rest.as_bytes()[*end] == b';');
        match end.and_then(|end| Some((end, resolve(&rest[1..end])?))) {
            Some((end, meaning)) => {
                decoded.push_str(&meaning);
                rest = &rest[end + 1..];
            }
            None => {
                decoded.push('&');
                rest = &rest[1..];
            }
        }
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_once() {
        let raw = "a=1&amp;b=2 &#x26;amp; &eacute;&#146;&NotEqualTilde; &geen; & &#0;&#x110000; é";
        assert_eq!(decode(raw), "a=1&b=2 &amp; é’≂̸ &geen; & &#x110000; é");
    }
}
