//! Whatever a client says to the listener for bounces, the conversation ends; what is taken is within the limits.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use postduif::mail::inbound::{Handler, InboundMessage, Listener, NotTaken};
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a clock is all it needs"));

/// Knows one domain, and looks at what it is given.
struct Desk(usize);

impl Handler for Desk {
    async fn accept(&self, recipient: &str) -> bool {
        recipient.ends_with("@example.org")
    }

    async fn take(&self, message: InboundMessage) -> Result<(), NotTaken> {
        assert!(message.bytes.len() <= self.0);
        assert!(!message.recipients.is_empty() && message.recipients.len() <= 100);
        assert!(message.recipients.iter().all(|recipient| recipient.ends_with("@example.org")));
        assert!(!message.mail_from.contains(['\r', '\n']), "{:?}", message.mail_from);
        if message.bytes.len() % 7 == 6 { Err(NotTaken::Later) } else { Ok(()) }
    }
}

fuzz_target!(|said: &[u8]| {
    let mut listener = Listener::new("mx.example.org");
    listener.limits.message_octets = 4096;
    let mut told = Vec::new();
    let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
    RUNTIME.block_on(listener.hear(client, said, &mut told, Desk(4096)));
    let told = String::from_utf8(told).expect("our own words are text");
    for line in told.split_terminator("\r\n") {
        assert!(line.len() > 3 && line.as_bytes()[..3].iter().all(u8::is_ascii_digit), "{line:?}");
        assert!(!line.contains(['\r', '\n']), "{line:?}");
    }
});
