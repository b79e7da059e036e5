//! What a domain says of its mail in DNS is read or refused, and its organisation lies on the way up from it.
#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use libfuzzer_sys::fuzz_target;
use postduif::domain::certificate::valid_until;
use postduif::domain::dmarc::{self, Dmarc};
use postduif::domain::spf::Spf;

fuzz_target!(|text: &str| {
    if let Some(Ok(spf)) = Spf::parse(text) {
        let _ = (spf.lookups(), spf.holds(Ipv4Addr::LOCALHOST.into()), spf.holds(IpAddr::V6(Ipv6Addr::LOCALHOST)));
    }
    let steps = dmarc::walk(text);
    assert!(steps.len() <= 8, "{} questions for one domain", steps.len());
    let found: Vec<_> = Dmarc::parse(text).into_iter().map(|record| (text.to_owned(), record)).collect();
    assert!(text.ends_with(dmarc::organisation(text, &found)));
    let _ = valid_until(text.as_bytes());
});
