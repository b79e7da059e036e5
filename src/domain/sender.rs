//! Who a newsletter is from: a name that people see and an address that answers.

use std::fmt;

use super::address::EmailAddress;
use super::plain_text::clean_line;

/// A name and an address, as in `Example Office <news@example.org>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    name: String,
    address: EmailAddress,
}

impl Sender {
    /// The name loses line breaks and control characters. One that only repeats the address is none.
    pub fn new(name: &str, address: EmailAddress) -> Self {
        let name = clean_line(name);
        Self { name: if name == address.as_str() { String::new() } else { name }, address }
    }

    /// The name that people see; may be empty.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address in From.
    pub fn address(&self) -> &EmailAddress {
        &self.address
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.as_str() {
            "" => write!(f, "{}", self.address),
            name => write!(f, "{name} <{}>", self.address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_shown_as_people_write_it() {
        let address = EmailAddress::parse("news@example.org").unwrap();
        for (name, shown) in [
            ("IB&P", "IB&P <news@example.org>"),
            ("Evil\r\nBcc: x", "Evil Bcc: x <news@example.org>"),
            ("", "news@example.org"),
            ("news@example.org", "news@example.org"),
        ] {
            assert_eq!(Sender::new(name, address.clone()).to_string(), shown);
        }
    }
}
