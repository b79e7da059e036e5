//! Any bytes get a verdict, and their line ends change nothing about it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postduif::mail::report;

fuzz_target!(|message: &[u8]| {
    let verdict = report::read(message);
    if !message.contains(&b'\r') {
        let crlf: Vec<u8> = message.iter().flat_map(|b| if *b == b'\n' { vec![b'\r', b'\n'] } else { vec![*b] }).collect();
        assert_eq!(report::read(&crlf), verdict);
    }
});
