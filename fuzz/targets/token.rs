//! No text but a sealed one opens, and not for another purpose.
#![no_main]

use libfuzzer_sys::fuzz_target;
use postduif::domain::token::{Keys, Purpose};

fuzz_target!(|input: (&str, [u8; 16])| {
    let (text, link) = input;
    let keys = Keys::new(&[7; 32]).expect("the secret is long enough");
    assert_eq!(keys.open(Purpose::Confirm, text), None);
    assert_eq!(keys.open_delivery(text), None);
    let sealed = keys.seal(Purpose::Unsubscribe, &link);
    assert_eq!(keys.open(Purpose::Unsubscribe, &sealed), Some(link));
    assert_eq!(keys.open(Purpose::Confirm, &sealed), None);
    let delivery = keys.seal_delivery(&link);
    assert_eq!(keys.open_delivery(&delivery.to_ascii_uppercase()), Some(link));
});
