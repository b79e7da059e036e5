//! What a mail server answers is judged or refused as malformed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postduif::domain::reply::{Reply, Stage, judge};

fuzz_target!(|raw: &[u8]| {
    if let Ok(reply) = Reply::parse(raw) {
        for stage in [Stage::Connect, Stage::Rcpt, Stage::End] {
            let _ = judge(stage, &reply);
        }
    }
});
