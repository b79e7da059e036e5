//! From bytes to text: which character encoding a feed is in, whatever it says itself.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// The text of a feed. Never fails: what cannot be decoded becomes U+FFFD.
///
/// A byte order mark counts most, then the `charset` of the HTTP header, then the XML declaration (RFC 7303 section 3),
/// then UTF-8; bytes that are not UTF-8 although nothing else was said are windows-1252, as browsers have it.
pub(super) fn decode(bytes: &[u8], content_type: Option<&str>) -> String {
    let text = utf_32(bytes).unwrap_or_else(|| decode_as_told(bytes, content_type));
    if text.chars().any(|c| repaired(c) != Some(c)) { text.chars().filter_map(repaired).collect() } else { text }
}

fn decode_as_told(bytes: &[u8], content_type: Option<&str>) -> String {
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding).or_else(|| unmarked_utf_16(bytes));
    if let Some(encoding) = marked {
        return encoding.decode(bytes).0.into_owned();
    }
    // Servers add "iso-8859-1" to whatever they send, but text that happens to be UTF-8 beyond ASCII was meant as UTF-8.
    let is_utf_8 = !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok();
    let mut likeliest = None;
    for label in [content_type.and_then(charset), declared(bytes)].into_iter().flatten() {
        let Some(encoding) = Encoding::for_label(label.as_bytes()) else { continue };
        // Neither can a document in UTF-16 say so in letters of one byte each.
        if (is_utf_8 && encoding.is_single_byte()) || [UTF_16BE, UTF_16LE].contains(&encoding) {
            continue;
        }
        if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) {
            return text.into_owned();
        }
        likeliest = likeliest.or((encoding != UTF_8).then_some(encoding));
    }
    if let Some(encoding) = likeliest {
        return encoding.decode_without_bom_handling(bytes).0.into_owned();
    }
    let text = String::from_utf8_lossy(bytes);
    // One bad byte in the midst of good UTF-8 is an accident; nothing but bad bytes is another encoding.
    if !is_mostly_sound(&text) {
        return WINDOWS_1252.decode(bytes).0.into_owned();
    }
    text.into_owned()
}

fn is_mostly_sound(text: &str) -> bool {
    let lost = text.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
    let wide = text.chars().filter(|c| !c.is_ascii()).count();
    lost == 0 || wide > 3 * lost
}

/// UTF-16 without a mark gives itself away by the first character of a document.
fn unmarked_utf_16(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [0, b'<' | b'{' | b'[', 0, _, ..] => Some(UTF_16BE),
        [b'<' | b'{' | b'[', 0, _, 0, ..] => Some(UTF_16LE),
        _ => None,
    }
}

/// The `charset` parameter of a content type.
fn charset(content_type: &str) -> Option<String> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches(['"', '\'']).trim().to_owned())
    })
}

/// The encoding that the XML declaration names.
fn declared(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]).into_owned();
    let start = head.find("<?xml")?;
    let declaration = &head[start..start + head[start..].find("?>")?];
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split(quote).next().map(|label| label.trim().to_owned())
}

/// UTF-32, which browsers no longer know and `encoding_rs` therefore neither.
fn utf_32(bytes: &[u8]) -> Option<String> {
    let read: fn([u8; 4]) -> u32 = match bytes {
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, b'<', ..] => u32::from_be_bytes,
        [0xff, 0xfe, 0, 0, ..] | [b'<', 0, 0, 0, ..] => u32::from_le_bytes,
        _ => return None,
    };
    let (units, _) = bytes.as_chunks::<4>();
    let chars = units.iter().map(|unit| char::from_u32(read(*unit)).unwrap_or(char::REPLACEMENT_CHARACTER));
    Some(chars.filter(|c| *c != '\u{feff}').collect())
}

/// What a character was meant to be: those that XML forbids are dropped, and the C1 controls that come from windows-1252
/// text passed off as ISO 8859-1 are what windows-1252 means by them.
pub(super) fn repaired(c: char) -> Option<char> {
    match c {
        '\t' | '\n' | '\r' => Some(c),
        '\u{80}'..='\u{9f}' => {
            let byte = u8::try_from(u32::from(c)).ok()?;
            WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next().filter(|c| !c.is_control())
        }
        '\u{fffe}' | '\u{ffff}' => None,
        c => (!c.is_control()).then_some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_bytes_say_is_believed_in_the_right_order() {
        let latin = b"<?xml version='1.0' encoding='iso-8859-1'?><a>caf\xe9</a>";
        assert!(decode(latin, None).ends_with("<a>café</a>"));
        assert!(decode(b"<a>caf\xe9</a>", Some("text/xml; charset=\"ISO-8859-15\"")).ends_with("<a>café</a>"));
        assert!(decode("<?xml version='1.0' encoding='iso-8859-1'?><a>café €</a>".as_bytes(), None).contains("café €"));
        assert!(decode("<a>café</a>".as_bytes(), Some("text/xml; charset=iso-8859-1")).contains("café"));
        let cyrillic = b"<?xml version='1.0' encoding='windows-1251'?><a>\xc4\xe0</a>";
        assert!(decode(cyrillic, Some("text/xml; charset=utf-8")).ends_with("<a>Да</a>"));
        assert!(decode(b"<a>\xb3\xe2\xff</a>", Some("text/xml; charset=euc-kr")).contains('년'));
        assert!(decode(b"<a>\xb3\xe2</a>", Some("text/xml; charset=euc-kr")).contains('년'));
        assert!(decode("<?xml version='1.0' encoding='utf-16'?><a>é</a>".as_bytes(), None).ends_with("<a>é</a>"));
    }

    #[test]
    fn nothing_said_means_utf_8_and_else_windows_1252() {
        assert_eq!(decode("é".as_bytes(), None), "é");
        assert_eq!(decode(b"don\x92t", None), "don’t");
        assert_eq!(decode(b"\xc3\xa9\xc3\xa9\xc3\xa9\xff", None), "ééé\u{fffd}");
        assert_eq!(decode(b"caf\xe9", Some("text/xml; charset=utf-8")), "café");
        assert_eq!(decode(b"<?xml encoding=\"bogus\"?>\xe9", None), "<?xml encoding=\"bogus\"?>é");
    }

    #[test]
    fn wide_encodings_are_recognised_with_and_without_a_mark() {
        let text = "<a>é</a>";
        let wide = |unit: fn(u32) -> Vec<u8>| text.chars().flat_map(|c| unit(u32::from(c))).collect::<Vec<_>>();
        let utf_16le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let utf_16be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [
            utf_16le.clone(),
            utf_16be,
            [vec![0xff, 0xfe], utf_16le].concat(),
            wide(|c| c.to_be_bytes().to_vec()),
            [vec![0xff, 0xfe, 0, 0], wide(|c| c.to_le_bytes().to_vec())].concat(),
        ] {
            assert_eq!(decode(&bytes, None), text, "{bytes:?}");
        }
    }

    #[test]
    fn characters_that_xml_forbids_are_dropped() {
        assert_eq!(decode(b"ab\x08c\x00d\te", None), "abcd\te");
        assert_eq!(decode("don\u{92}t".as_bytes(), None), "don’t");
    }
}
