//! CBOR as authenticators write it (CTAP2 canonical form): definite lengths, shortest numbers, nothing twice, nothing deep.

/// Deepest nesting that is read: attestation objects have three levels.
const DEEPEST: u8 = 4;

/// A value; texts and bytes are those of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cbor<'a> {
    Integer(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    Array(Vec<Cbor<'a>>),
    /// In the order in which they came.
    Map(Vec<(Cbor<'a>, Cbor<'a>)>),
    Bool(bool),
    Null,
}

impl<'a> Cbor<'a> {
    /// The whole input as one value.
    pub fn read(input: &'a [u8]) -> Option<Self> {
        let (value, rest) = Self::read_first(input)?;
        rest.is_empty().then_some(value)
    }

    /// The first value, and what comes after it.
    pub fn read_first(input: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let mut reader = Reader(input);
        let value = reader.value(DEEPEST)?;
        Some((value, reader.0))
    }

    /// What a map holds under a text.
    pub fn named(&self, name: &str) -> Option<&Self> {
        let Self::Map(pairs) = self else { return None };
        pairs.iter().find(|(key, _)| matches!(key, Cbor::Text(text) if *text == name)).map(|(_, value)| value)
    }

    /// What a map holds under a number.
    pub fn numbered(&self, number: i64) -> Option<&Self> {
        let Self::Map(pairs) = self else { return None };
        pairs.iter().find(|(key, _)| *key == Cbor::Integer(number)).map(|(_, value)| value)
    }

    /// Its bytes, if it is bytes.
    pub const fn bytes(&self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// Its number, if it is one.
    pub const fn integer(&self) -> Option<i64> {
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// The kind of the next value and its number (RFC 8949 section 3); only the shortest form counts.
    fn head(&mut self) -> Option<(u8, u64)> {
        let first = self.take(1)?[0];
        let (kind, short) = (first >> 5, first & 31);
        let (bytes, least) = match short {
            0..=23 => return Some((kind, u64::from(short))),
            24 => (self.take(1)?, 24),
            25 => (self.take(2)?, 1 << 8),
            26 => (self.take(4)?, 1 << 16),
            27 => (self.take(8)?, 1 << 32),
            _ => return None,
        };
        let number = bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        (number >= least).then_some((kind, number))
    }

    fn value(&mut self, deeper: u8) -> Option<Cbor<'a>> {
        let deeper = deeper.checked_sub(1)?;
        let (kind, number) = self.head()?;
        // A count beyond what is left is a lie; nothing is set aside for it.
        let count = usize::try_from(number).ok().filter(|count| !(2..=5).contains(&kind) || *count <= self.0.len());
        Some(match kind {
            0 => Cbor::Integer(i64::try_from(number).ok()?),
            1 => Cbor::Integer(-1 - i64::try_from(number).ok()?),
            2 => Cbor::Bytes(self.take(count?)?),
            3 => Cbor::Text(std::str::from_utf8(self.take(count?)?).ok()?),
            4 => Cbor::Array((0..count?).map(|_| self.value(deeper)).collect::<Option<_>>()?),
            5 => {
                let mut pairs: Vec<(Cbor<'a>, Cbor<'a>)> = Vec::new();
                for _ in 0..count? {
                    let (key, value) = (self.value(deeper)?, self.value(deeper)?);
                    if pairs.iter().any(|(known, _)| *known == key) {
                        return None;
                    }
                    pairs.push((key, value));
                }
                Cbor::Map(pairs)
            }
            7 => match number {
                20 => Cbor::Bool(false),
                21 => Cbor::Bool(true),
                22 => Cbor::Null,
                _ => return None,
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_they_were_written() {
        assert_eq!(Cbor::read(&[0x18, 0x64]), Some(Cbor::Integer(100)));
        assert_eq!(Cbor::read(&[0x39, 0x01, 0x00]), Some(Cbor::Integer(-257)));
        let map = Cbor::read(b"\xa2\x63fmt\x64none\x01\x82\xf5\x41\x07").unwrap();
        assert_eq!(map.named("fmt"), Some(&Cbor::Text("none")));
        assert_eq!(map.numbered(1), Some(&Cbor::Array(vec![Cbor::Bool(true), Cbor::Bytes(&[7])])));
    }

    #[test]
    fn another_form_of_the_same_is_refused() {
        let refused: [&[u8]; 9] = [
            b"",
            b"\x18\x05",                             // five, and longer than need be
            b"\x5f\x41\x07\xff",                     // bytes without an end
            b"\xa2\x01\x02\x01\x03",                 // the same key twice
            b"\x61\xff",                             // no UTF-8
            b"\x01\x01",                             // something behind it
            b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", // more than there is
            b"\x81\x81\x81\x81\x01",                 // too deep
            b"\xc0\x01",                             // a tag
        ];
        for bytes in refused {
            assert_eq!(Cbor::read(bytes), None, "{bytes:x?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_input_is_too_strange(bytes: Vec<u8>) {
            let _ = Cbor::read(&bytes);
        }
    }
}
