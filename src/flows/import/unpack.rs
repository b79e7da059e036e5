//! Files that are wrapped: Mailchimp's ZIP with one CSV for each kind of people, and text in UTF-16 as Excel saves it.

use std::io::{self, Read, Seek, SeekFrom, Write};

use flate2::read::DeflateDecoder;

use super::TableError;

/// The end of a ZIP file's directory lies within its last bytes, a comment of any length behind it (APPNOTE 4.3.16).
const END_BYTES: u64 = 22 + 65_535;
/// More files than this are no export.
const MOST_FILES: usize = 1_000;
/// No list is longer, in bytes; a few kilobytes of ZIP can claim to be anything.
const LONGEST: u64 = 8 << 30;

/// How a file is wrapped.
#[derive(Debug, PartialEq, Eq)]
pub enum Wrapping {
    /// Not at all.
    None,
    /// In UTF-16, by its byte order mark.
    Utf16(&'static encoding_rs::Encoding),
    /// Packed: the lists inside, in the order of their names.
    Zip(Vec<Packed>),
}

/// One list inside a ZIP file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Without the folders before it.
    pub name: String,
    at: u64,
    packed: u64,
    unpacked: u64,
    deflated: bool,
}

impl Packed {
    /// How long it is once it is unpacked, in bytes, as its directory says; [`unpack`] holds it to that.
    pub const fn unpacked_bytes(&self) -> u64 {
        self.unpacked
    }
}

/// Tells how a file is wrapped by its first bytes, and goes back to its beginning.
///
/// # Errors
/// For ZIP files without lists inside, with what to do about it.
pub fn wrapping(file: &mut (impl Read + Seek)) -> Result<Wrapping, TableError> {
    let mut beginning = Vec::new();
    file.by_ref().take(4).read_to_end(&mut beginning)?;
    let wrapping = match beginning.as_slice() {
        [0xff, 0xfe, ..] => Wrapping::Utf16(encoding_rs::UTF_16LE),
        [0xfe, 0xff, ..] => Wrapping::Utf16(encoding_rs::UTF_16BE),
        b"PK\x03\x04" => Wrapping::Zip(directory(file)?),
        _ => Wrapping::None,
    };
    file.seek(SeekFrom::Start(0))?;
    Ok(wrapping)
}

/// Writes a file in UTF-16 as UTF-8.
///
/// # Errors
/// When it cannot be read or written.
pub fn as_utf8(file: &mut impl Read, encoding: &'static encoding_rs::Encoding, to: &mut impl Write) -> io::Result<()> {
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let (mut input, mut text) = (vec![0; 64 << 10], String::with_capacity(256 << 10));
    loop {
        let read = file.read(&mut input)?;
        let (_, used, _) = decoder.decode_to_string(&input[..read], &mut text, read == 0);
        debug_assert_eq!(used, read, "three bytes of UTF-8 for two of UTF-16 always fit");
        to.write_all(text.as_bytes())?;
        text.clear();
        if read == 0 {
            return Ok(());
        }
    }
}

/// Writes one list of a ZIP file.
///
/// # Errors
/// When it cannot be read or written, or is not what the directory says.
pub fn unpack(file: &mut (impl Read + Seek), packed: &Packed, to: &mut impl Write) -> io::Result<()> {
    file.seek(SeekFrom::Start(packed.at))?;
    let mut head = [0; 30];
    file.read_exact(&mut head)?;
    if !head.starts_with(b"PK\x03\x04") {
        return Err(broken());
    }
    let skip = i64::from(u16_at(&head, 26)) + i64::from(u16_at(&head, 28));
    file.seek(SeekFrom::Current(skip))?;
    let inside = file.take(packed.packed);
    let written = if packed.deflated {
        io::copy(&mut DeflateDecoder::new(inside).take(packed.unpacked + 1), to)?
    } else {
        io::copy(&mut inside.take(packed.unpacked + 1), to)?
    };
    if written == packed.unpacked { Ok(()) } else { Err(broken()) }
}

/// The lists that a ZIP file's directory names (APPNOTE 4.3.12).
fn directory(file: &mut (impl Read + Seek)) -> Result<Vec<Packed>, TableError> {
    const NO_LIST: TableError =
        TableError::NoText("a ZIP or Excel file without a CSV file inside; save the sheet as CSV, and import that");
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(END_BYTES)))?;
    let mut tail = Vec::new();
    file.by_ref().take(END_BYTES).read_to_end(&mut tail)?;
    let end = (0..tail.len().saturating_sub(21)).rev().find(|at| tail[*at..].starts_with(b"PK\x05\x06"));
    let Some(end) = end.map(|at| &tail[at..]) else { return Err(NO_LIST) };
    let (count, size, at) = (u16_at(end, 10), u32_at(end, 12), u32_at(end, 16));
    file.seek(SeekFrom::Start(at.into()))?;
    let mut entries = Vec::new();
    file.by_ref().take(size.into()).read_to_end(&mut entries)?;
    let (mut rest, mut lists) = (entries.as_slice(), Vec::new());
    for _ in 0..usize::from(count).min(MOST_FILES) {
        if rest.len() < 46 || !rest.starts_with(b"PK\x01\x02") {
            break;
        }
        let lengths = [28, 30, 32].map(|at| usize::from(u16_at(rest, at)));
        let Some(name) = rest.get(46..46 + lengths[0]) else { break };
        let name = String::from_utf8_lossy(name).into_owned();
        let (flags, method) = (u16_at(rest, 8), u16_at(rest, 10));
        let packed = Packed {
            at: u32_at(rest, 42).into(),
            packed: u32_at(rest, 20).into(),
            unpacked: u32_at(rest, 24).into(),
            deflated: method == 8,
            name: name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned(),
        };
        rest = rest.get(46 + lengths.iter().sum::<usize>()..).unwrap_or_default();
        let is_list = [".csv", ".tsv", ".txt"].iter().any(|end| packed.name.to_lowercase().ends_with(end));
        if !is_list || name.starts_with("__MACOSX") {
            continue;
        }
        if flags & 1 != 0 {
            return Err(TableError::NoText("a ZIP file with a password; unpack it, and import what is inside"));
        }
        if !matches!(method, 0 | 8) || packed.unpacked > LONGEST {
            return Err(TableError::NoText(
                "a ZIP file packed in an unusual way; unpack it, and import what is inside",
            ));
        }
        lists.push(packed);
    }
    lists.sort_by(|one, other| one.name.cmp(&other.name));
    if lists.is_empty() { Err(NO_LIST) } else { Ok(lists) }
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the ZIP file is damaged; download it again")
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    proptest::proptest! {
        #[test]
        fn any_bytes_get_an_answer(bytes: Vec<u8>) {
            let zip = [b"PK\x03\x04".as_slice(), &bytes, b"PK\x05\x06\0\0\0\0\x01\0\x01\0", &bytes, &[0; 12]].concat();
            if let Ok(Wrapping::Zip(lists)) = wrapping(&mut Cursor::new(&zip)) {
                for list in lists {
                    let _ = unpack(&mut Cursor::new(&zip), &list, &mut io::sink());
                }
            }
        }
    }

    #[test]
    fn text_in_utf_16_becomes_utf_8() {
        for (encode, mark) in [(u16::to_le_bytes as fn(u16) -> [u8; 2], [0xff, 0xfe]), (u16::to_be_bytes, [0xfe, 0xff])]
        {
            let text = "email\nrené@example.org 🐦\n".repeat(20_000);
            let bytes: Vec<u8> = mark.into_iter().chain(text.encode_utf16().flat_map(encode)).collect();
            let mut file = Cursor::new(bytes);
            let Ok(Wrapping::Utf16(encoding)) = wrapping(&mut file) else { panic!() };
            let mut read = Vec::new();
            as_utf8(&mut file, encoding, &mut read).unwrap();
            assert!(read == text.as_bytes());
        }
    }
}
