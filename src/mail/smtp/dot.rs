//! Dot-stuffing (RFC 5321 section 4.5.2), done once for an edition instead of once for each of its messages.

use std::borrow::Cow;

use memchr::memmem;

/// Doubles the dot at the beginning of a line. `at_line_start` says whether `part` itself begins a line, which a
/// piece behind a merge point does not.
///
/// Borrows where nothing needs doubling, which is nearly always: encoders avoid leading dots.
pub fn stuff(part: &[u8], at_line_start: bool) -> Cow<'_, [u8]> {
    let leading = at_line_start && part.first() == Some(&b'.');
    let mut dots = memmem::find_iter(part, b"\r\n.").map(|at| at + 2).peekable();
    if !leading && dots.peek().is_none() {
        return Cow::Borrowed(part);
    }
    let mut stuffed = Vec::with_capacity(part.len() + 16);
    let mut copied = 0;
    for dot in leading.then_some(0).into_iter().chain(dots) {
        stuffed.extend_from_slice(&part[copied..dot]);
        stuffed.push(b'.');
        copied = dot;
    }
    stuffed.extend_from_slice(&part[copied..]);
    Cow::Owned(stuffed)
}

/// Whether a message, cut into `parts`, can go to the wire as it is: every line ends in CRLF, no CR or LF stands
/// alone, and a line that begins with a dot begins with two. Anything else could end the message early and smuggle
/// in a second one.
pub fn is_transparent<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> bool {
    let mut previous = (b'\r', b'\n');
    let mut lone_dot = false;
    for &byte in parts.into_iter().flatten() {
        let line_start = previous == (b'\r', b'\n');
        if lone_dot && byte != b'.' || (previous.1 == b'\r') != (byte == b'\n') {
            return false;
        }
        lone_dot = line_start && byte == b'.';
        previous = (previous.1, byte);
    }
    !lone_dot && previous.1 != b'\r'
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a receiving server makes of it (RFC 5321 section 4.5.2).
    fn unstuff(wire: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        let mut line_start = true;
        let mut i = 0;
        while i < wire.len() {
            if line_start && wire[i] == b'.' {
                i += 1;
            }
            line_start = wire[..=i.min(wire.len() - 1)].ends_with(b"\r\n");
            text.extend(wire.get(i));
            i += 1;
        }
        text
    }

    #[test]
    fn only_dots_at_the_beginning_of_a_line_are_doubled() {
        for (part, stuffed) in [
            ("a.b\r\nc", "a.b\r\nc"),
            (".", ".."),
            ("\r\n.\r\n", "\r\n..\r\n"),
            (".a\r\n..b\r\n.", "..a\r\n...b\r\n.."),
        ] {
            assert_eq!(stuff(part.as_bytes(), true), stuffed.as_bytes());
        }
        assert_eq!(&*stuff(b".a\r\n.b", false), b".a\r\n..b");
        assert!(matches!(stuff(b"nothing to do. Or is there?\r\n", true), Cow::Borrowed(_)));
    }

    #[test]
    fn a_message_that_could_end_early_is_seen_also_where_it_is_cut() {
        for bad in ["a\n", "a\r", "a\rb", "\r\n.\r\n", ".", "a\r\n.", ".\r\n", "a\r\n.b"] {
            assert!(!is_transparent([bad.as_bytes()]), "{bad:?}");
            let (one, two) = bad.as_bytes().split_at(bad.len() / 2);
            assert!(!is_transparent([one, two]), "{bad:?} in two parts");
        }
        for good in ["", "a\r\n", "a", "..\r\n", "a\r\n..b.\r\n"] {
            assert!(is_transparent([good.as_bytes()]), "{good:?}");
        }
        assert!(is_transparent([&b"a\r"[..], b"\n", b"."].into_iter().chain([&b".b"[..]])));
    }

    proptest::proptest! {
        #[test]
        fn what_was_stuffed_arrives_as_it_was(lines in proptest::collection::vec("[.a]{0,4}", 0..12)) {
            let text = lines.join("\r\n");
            let stuffed = stuff(text.as_bytes(), true);
            assert!(is_transparent([&*stuffed]));
            assert_eq!(unstuff(&stuffed), text.as_bytes());
        }
    }
}
