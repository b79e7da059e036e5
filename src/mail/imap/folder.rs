//! The name of a folder as it travels: UTF-7 in the dialect of IMAP (RFC 3501 section 5.1.3).

use base64::Engine as _;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

const MUTF7: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

pub(super) fn encode(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let is_plain = |c: char| (' '..='~').contains(&c);
        if is_plain(first) {
            encoded.push(first);
            if first == '&' {
                encoded.push('-');
            }
            rest = &rest[first.len_utf8()..];
        } else {
            let (foreign, after) = rest.split_at(rest.find(is_plain).unwrap_or(rest.len()));
            let units: Vec<u8> = foreign.encode_utf16().flat_map(u16::to_be_bytes).collect();
            encoded.push_str(&format!("&{}-", MUTF7.encode(units)));
            rest = after;
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn names_travel_as_the_standard_writes_them() {
        for (name, travels) in [("INBOX", "INBOX"), ("R&D", "R&-D"), ("台北", "&U,BTFw-"), ("Één map", "&AMkA6Q-n map")]
        {
            assert_eq!(encode(name), travels);
        }
    }
}
