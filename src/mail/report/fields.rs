//! Fields, addresses and codes as they stand in headers and reports, however carelessly written.

/// Most fields that are read from one block.
const MAX_FIELDS: usize = 500;
/// Longest value of a field that is kept, in octets.
const MAX_VALUE_OCTETS: usize = 4096;
/// How far before an address a link is noticed that it is part of.
const MAX_LINK_OCTETS: usize = 300;
/// Most addresses that are read from one text.
const MAX_ADDRESSES: usize = 200;

/// The fields of one block, in order: names in lower case, values unfolded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads fields up to the first empty line. A line that is none is passed over.
    pub(super) fn parse(text: &str) -> Self {
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut foldable = false;
        for line in text.split('\n') {
            if line.is_empty() {
                break;
            }
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut().filter(|_| foldable) {
                    append(value, line.trim());
                }
                continue;
            }
            foldable = false;
            if let Some((name, value)) = split_field(line) {
                if fields.len() == MAX_FIELDS {
                    break;
                }
                let mut kept = String::new();
                append(&mut kept, value.trim());
                fields.push((name.to_ascii_lowercase(), kept));
                foldable = true;
            }
        }
        Self(fields)
    }

    /// The first value of that name (given in lower case).
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of that name (given in lower case).
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Every value of any of these names, in the order of the names.
    pub(super) fn any<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
        names.iter().flat_map(|name| self.all(name))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

fn append(value: &mut String, more: &str) {
    let room = MAX_VALUE_OCTETS.saturating_sub(value.len() + 1);
    let more = cut(more, room);
    if !more.is_empty() {
        if !value.is_empty() {
            value.push(' ');
        }
        value.push_str(more);
    }
}

/// At most `octets` of the beginning, whole characters only.
pub(super) fn cut(text: &str, octets: usize) -> &str {
    &text[..text.floor_char_boundary(octets)]
}

/// Name and value of a line that is a field (RFC 5322 section 2.2), a blank before the colon forgiven.
pub(super) fn split_field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end();
    let sound = !name.is_empty() && name.len() <= 76 && name.bytes().all(|byte| byte.is_ascii_graphic());
    sound.then_some((name, value))
}

/// The addresses in a text, each with the place where it begins.
///
/// Only what can be an address of a host on the Internet, in ASCII; addresses inside links are none.
pub(super) fn addresses(text: &str) -> Vec<(usize, &str)> {
    let bytes = text.as_bytes();
    let mut found: Vec<(usize, &str)> = Vec::new();
    for (at, _) in text.match_indices('@') {
        if found.len() == MAX_ADDRESSES {
            break;
        }
        let local = bytes[..at].iter().rev().take(65).take_while(|byte| is_local(**byte)).count();
        let domain = bytes[at + 1..].iter().take(254).take_while(|byte| is_domain(**byte)).count();
        let mut start = at - local;
        // Quotation marks and bullets stick to addresses in prose.
        while start < at && b"'`.*-=/|".contains(&bytes[start]) {
            start += 1;
        }
        // “dda:SMTP=anna@example.org;” is an address of X.400 that carries one of ours.
        let carried = ["smtp=", "rfc822="].into_iter().find(|kind| {
            let begins = text[start..at].get(..kind.len()).is_some_and(|begins| begins.eq_ignore_ascii_case(kind));
            begins && at - start > kind.len()
        });
        start += carried.map_or(0, str::len);
        let domain = text[at + 1..at + 1 + domain].trim_end_matches(['.', '-']);
        let end = at + 1 + domain.len();
        if start < at && at - start <= 64 && is_host(domain) && !is_in_link(&text[..start]) {
            found.push((start, &text[start..end]));
        }
    }
    found
}

/// The first address in a text.
pub(super) fn address(text: &str) -> Option<&str> {
    addresses(text).first().map(|(_, address)| *address)
}

/// Whether the word that goes on where this text ends began as a link.
fn is_in_link(before: &str) -> bool {
    let near = &before[before.ceil_char_boundary(before.len().saturating_sub(MAX_LINK_OCTETS))..];
    near.rsplit(char::is_whitespace).next().is_some_and(|word| word.contains("//"))
}

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte)
}

fn is_domain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.'
}

fn is_host(domain: &str) -> bool {
    let top = domain.rsplit('.').next().unwrap_or_default();
    let named = top.bytes().all(|byte| byte.is_ascii_alphabetic()) || top.to_ascii_lowercase().starts_with("xn--");
    domain.contains('.') && top.len() >= 2 && named && domain.split('.').all(|label| !label.is_empty())
}

/// Undoes xtext (RFC 3461 section 4) as far as addresses need it: `+2B` is a plus, `+3D` an equals sign.
///
/// No more, because many servers write the address as it is: `jan+42@example.net` has nothing to undo.
pub(super) fn from_xtext(text: &str) -> String {
    unescape(text, "+", |rest| match rest.get(..2)? {
        "2B" => Some(('+', 2)),
        "3D" => Some(('=', 2)),
        _ => None,
    })
}

/// Undoes utf-8-addr-xtext: `\x{E9}` is é (RFC 6533 section 3).
pub(super) fn from_utf8_xtext(text: &str) -> String {
    unescape(text, "\\x{", |rest| {
        let hex = &rest[..rest.bytes().take(7).position(|byte| byte == b'}')?];
        Some((char::from_u32(u32::from_str_radix(hex, 16).ok()?)?, hex.len() + 1))
    })
}

fn unescape(text: &str, mark: &str, decode: impl Fn(&str) -> Option<(char, usize)>) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(mark) {
        plain.push_str(&rest[..at]);
        let after = &rest[at + mark.len()..];
        match decode(after) {
            Some((character, used)) => {
                plain.push(character);
                rest = &after[used..];
            }
            None => {
                plain.push_str(mark);
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// An enhanced status code (RFC 3463): class, subject, detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status(pub(super) u8, pub(super) u16, pub(super) u16);

impl Status {
    /// Reads a code at the very beginning of a text.
    pub(super) fn at_start(text: &str) -> Option<Self> {
        let mut bytes = text.bytes();
        let class = bytes.next().filter(|byte| matches!(byte, b'2' | b'4' | b'5'))? - b'0';
        let (subject, rest) = number(text.get(1..)?.strip_prefix('.')?)?;
        let (detail, rest) = number(rest.strip_prefix('.')?)?;
        // An Internet address or a version is longer.
        let ends = rest.strip_prefix('.').unwrap_or(rest).bytes().next().is_none_or(|byte| !byte.is_ascii_digit());
        ends.then_some(Self(class, subject, detail))
    }

    /// Finds a code among words, where it follows a reply code or something that announces it.
    pub(super) fn within(text: &str) -> Option<Self> {
        let starts = text.match_indices(['4', '5']).filter(|(at, _)| {
            let before = &text[..*at];
            match before.bytes().next_back() {
                None | Some(b'#' | b'(' | b'<' | b'[' | b'=') => true,
                Some(b'-') => ends_in_reply_code(&before[..at - 1]),
                Some(b' ' | b':' | b'\n') => {
                    let before = before.trim_end_matches([' ', '\n']);
                    before.is_empty()
                        || before.ends_with([';', '#', ':'])
                        || ends_in_reply_code(before)
                        || announces(before)
                }
                _ => false,
            }
        });
        starts.filter_map(|(at, _)| Self::at_start(&text[at..])).find(|status| status.0 != 2)
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

fn number(text: &str) -> Option<(u16, &str)> {
    let digits = text.bytes().take(4).take_while(u8::is_ascii_digit).count();
    let value = text[..digits].parse().ok().filter(|_| digits <= 3)?;
    Some((value, &text[digits..]))
}

fn ends_in_reply_code(text: &str) -> bool {
    let tail = &text.as_bytes()[text.len().saturating_sub(4)..];
    let (before, code) = tail.split_at(tail.len().saturating_sub(3));
    is_reply_code(code) && before.iter().all(|byte| !byte.is_ascii_alphanumeric() && *byte != b'.')
}

fn announces(text: &str) -> bool {
    let word = text.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    ["status", "code", "error", "dsn", "said", "reason", "diagnostic", "smtp", "response"]
        .iter()
        .any(|announcer| word.eq_ignore_ascii_case(announcer))
}

fn is_reply_code(code: &[u8]) -> bool {
    matches!(code, [b'4' | b'5', b'0'..=b'7', b'0'..=b'9'])
}

/// Finds a reply code that refuses (RFC 5321 section 4.2.1) among words.
pub(super) fn reply_code(text: &str) -> Option<u16> {
    text.match_indices(['4', '5']).find_map(|(at, _)| {
        let code = text.get(at..at + 3).filter(|code| is_reply_code(code.as_bytes()))?;
        let before = text[..at].bytes().next_back();
        let after = text[at + 3..].bytes().next();
        let alone = before.is_none_or(|byte| !byte.is_ascii_alphanumeric() && !b".-_/@+".contains(&byte))
            && after.is_none_or(|byte| b" -:;,#)]}\n\"'>".contains(&byte));
        alone.then(|| code.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_are_read_folded_repeated_and_between_rubbish() {
        let fields = Fields::parse("A: 1\nrubbish line\n lost\nB :\n two\n\tthree\nA: 2\n\nC: after the end");
        assert_eq!(fields.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(fields.get("b"), Some("two three"));
        assert!(!fields.has("c"));
    }

    #[test]
    fn addresses_are_found_in_prose_and_nothing_else_is_taken_for_one() {
        for (text, expected) in [
            ("<anna@example.org>:", &["anna@example.org"][..]),
            ("to 'o'brien+tag@sub.example.nl'.", &["o'brien+tag@sub.example.nl"]),
            ("mailto:a@example.nl, rfc822;b@example.nl", &["a@example.nl", "b@example.nl"]),
            ("kijk@example.jp様", &["kijk@example.jp"]),
            ("c=us;a= ;p=x;dda:SMTP=anna@example.org; on Mon", &["anna@example.org"]),
            ("https://example.org/?to=anna@example.org", &[]),
            ("user@localhost a@1.2.3.4 @example.org a@b..nl a@@b.nl <@>", &[]),
        ] {
            let found: Vec<&str> = addresses(text).into_iter().map(|(_, address)| address).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn escaped_addresses_are_read_back() {
        assert_eq!(from_xtext("jan+2Bnews+3D1@example.net"), "jan+news=1@example.net");
        assert_eq!(from_xtext("jan+news+2025+"), "jan+news+2025+");
        assert_eq!(from_utf8_xtext("ren\\x{E9}@example.net\\x{}\\x{zz}"), "rené@example.net\\x{}\\x{zz}");
    }

    #[test]
    fn codes_are_told_from_versions_and_internet_addresses() {
        for (text, status, code) in [
            ("550 5.1.1 <a@b.nl>: unknown", Some("5.1.1"), Some(550)),
            ("550-5.7.26 This mail", Some("5.7.26"), Some(550)),
            ("550 #5.1.0 Address rejected.", Some("5.1.0"), Some(550)),
            ("Sorry, no mailbox here (#5.1.1)", Some("5.1.1"), None),
            ("host mx[192.0.2.1] said: 452-4.2.2 over quota", Some("4.2.2"), Some(452)),
            ("status=5.2.2", Some("5.2.2"), None),
            ("Server 5.5.1960.3 at 5.6.7.8 with Postfix 2.5.1", None, None),
            ("Exim 4.86.2 of 15400 and 5500", None, None),
            ("ERROR_CODE :421, ERROR_CODE :", None, Some(421)),
        ] {
            assert_eq!(Status::within(text).map(|status| status.to_string()).as_deref(), status, "{text}");
            assert_eq!(reply_code(text), code, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "\\PC{0,60}|[ 45.@a:\\-#+\\\\x{}\n]{0,60}") {
            let _ = (Fields::parse(&text), Status::within(&text), reply_code(&text));
            let _ = (from_xtext(&text), from_utf8_xtext(&text));
            for (start, address) in addresses(&text) {
                prop_assert_eq!(&text[start..start + address.len()], address);
            }
        }
    }
}
