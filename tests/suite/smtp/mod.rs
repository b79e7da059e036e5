//! Connections to mail servers, against a server that misbehaves at every step.

mod faults;
mod login;
mod opening;
mod postfix;
mod sending;

use std::time::Duration;

use postduif::domain::address::EmailAddress;
use postduif::domain::smarthost::Smarthost;
use postduif::mail::smtp::{Connection, Envelope, OpenError, Relay, Timeouts, Tls};

use crate::kit::smtp_double::SmtpDouble;

/// More than a busy machine needs, for tests that wait for nothing.
const PATIENCE: Duration = Duration::from_secs(30);
/// Short enough to wait for in vain.
const HASTE: Duration = Duration::from_millis(1500);

const MESSAGE: &[&[u8]] = &[b"Subject: Dag\r\n\r\n", b"Beste lezer,\r\n", b"..een punt\r\n"];
/// The same as it arrives.
const ARRIVED: &[u8] = b"Subject: Dag\r\n\r\nBeste lezer,\r\n.een punt\r\n";

/// A relay to `double` that believes its certificate.
fn relay(double: &SmtpDouble, settings: &str) -> Relay {
    relay_to(&double.url(settings), Tls::trusting([double.certificate()]))
}

fn relay_to(url: &str, tls: Tls) -> Relay {
    Relay::new(server(url), "news.example", Timeouts::all(PATIENCE), tls)
}

/// One that soon gives up.
fn hasty_relay(double: &SmtpDouble, settings: &str) -> Relay {
    let tls = Tls::trusting([double.certificate()]);
    Relay::new(server(&double.url(settings)), "news.example", Timeouts::all(HASTE), tls)
}

fn server(url: &str) -> Smarthost {
    Smarthost::parse_list(url).expect("the address is right").remove(0)
}

async fn open(double: &SmtpDouble) -> Result<Connection, OpenError> {
    relay(double, "tls=none").open().await
}

fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("it is an address")
}

fn to(recipient: &EmailAddress) -> Envelope<'_> {
    Envelope { return_path: None, recipient, size: ARRIVED.len(), eight_bit: false, id: None }
}
