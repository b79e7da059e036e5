//! The export of another tool, packed or not, whatever list it holds: read to its end or refused, never larger than it says.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use postduif::flows::import::dialect::Dialect;
use postduif::flows::import::table::Table;
use postduif::flows::import::unpack::{Wrapping, as_utf8, unpack, wrapping};

fn read(name: &str, list: &[u8]) {
    let Ok(dialect) = Dialect::of(list) else { return };
    let Ok(mut table) = Table::open(list, &dialect, name, "news") else { return };
    let choice = table.has_lists().then(|| "Nieuws".to_owned());
    table.choose(choice);
    while let Ok(rows) = table.take(64) {
        if rows.is_empty() {
            return;
        }
    }
}

fuzz_target!(|file: &[u8]| {
    let mut whole = Cursor::new(file);
    match wrapping(&mut whole) {
        Ok(Wrapping::None) => read("nonsubscribed.csv", file),
        Ok(Wrapping::Utf16(encoding)) => {
            let mut text = Vec::new();
            as_utf8(&mut whole, encoding, &mut text).expect("memory is written");
            assert!(std::str::from_utf8(&text).is_ok());
            read("list.csv", &text);
        }
        Ok(Wrapping::Zip(lists)) => {
            for packed in lists.iter().take(4) {
                let mut list = Vec::new();
                if unpack(&mut whole, packed, &mut list).is_ok() {
                    read(&packed.name, &list);
                }
                assert!(list.len() as u64 <= packed.unpacked_bytes() + 1);
            }
        }
        Err(_) => {}
    }
});
