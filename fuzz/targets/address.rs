//! An address is accepted as SMTP can carry it, or refused; what was accepted reads back as itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postduif::domain::address::EmailAddress;

fuzz_target!(|text: &str| {
    let Ok(address) = EmailAddress::parse(text) else { return };
    let shown = address.as_str();
    assert!(shown.len() <= 254 && shown.is_ascii(), "{shown:?}");
    assert!(!shown.contains(|c: char| c.is_control() || matches!(c, ' ' | '<' | '>' | ',')), "{shown:?}");
    assert_eq!(EmailAddress::parse(shown).as_ref(), Ok(&address), "{shown:?}");
});
