//! A list of people is read to its end or refused, whatever its bytes; lines are counted upwards.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postduif::flows::import::dialect::Dialect;
use postduif::flows::import::table::Table;

fuzz_target!(|file: &[u8]| {
    let Ok(dialect) = Dialect::of(file) else { return };
    let Ok(mut table) = Table::open(file, &dialect, "list.csv", "news") else { return };
    let mut last = 0;
    while let Ok(rows) = table.take(64) {
        if rows.is_empty() {
            return;
        }
        for row in rows {
            assert!(row.line > last, "line {} after line {last}", row.line);
            last = row.line;
        }
    }
});
