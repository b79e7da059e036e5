//! E-mail addresses that can really be mailed: what the form accepts is what SMTP can carry.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use validator::ValidateEmail;

/// Longest address that a path in SMTP can carry, in octets (RFC 5321 section 4.5.3.1.3, less the brackets).
pub const MAX_ADDRESS_OCTETS: usize = 254;
/// Longest part before the @, in octets (RFC 5321 section 4.5.3.1.1).
pub const MAX_LOCAL_OCTETS: usize = 64;

/// An address that both `validator` and `lettre` accept, with its domain in lower-case ASCII.
///
/// The local part keeps its case, because only the receiving host may interpret it (RFC 5321 section 2.4);
/// [`EmailAddress::key`] is what two spellings of one mailbox have in common.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailAddress {
    text: String,
    at: usize,
}

/// Why a text is no address that we can mail.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidAddress {
    #[error("the address is empty")]
    Empty,
    #[error("the address is longer than 254 characters")]
    TooLong,
    #[error("this is not an e-mail address like name@example.org")]
    Malformed,
    #[error("letters outside ASCII before the @, like é, are not supported yet")]
    NotAscii,
    #[error("the part after the @ is not a domain that can receive mail, like example.org")]
    Domain,
    #[error("this address belongs to a function of the mail system, not to a reader")]
    Role,
}

/// Addresses that every domain must have for its own administration (RFC 2142): never a reader's.
const ROLES: [&str; 6] = ["abuse", "postmaster", "mailer-daemon", "hostmaster", "noreply", "no-reply"];

impl EmailAddress {
    /// Reads an address as a visitor types it: outer white space falls off, the domain becomes lower-case
    /// ASCII (UTS 46), the local part stays as it is.
    ///
    /// # Errors
    /// Says which of the ways of being wrong it is.
    pub fn parse(text: &str) -> Result<Self, InvalidAddress> {
        let address = Self::parse_any_role(text)?;
        if ROLES.contains(&address.local().to_ascii_lowercase().as_str()) {
            return Err(InvalidAddress::Role);
        }
        Ok(address)
    }

    /// The same for addresses of the house itself (senders, test mail), where `postmaster@` is fine.
    ///
    /// # Errors
    /// As [`EmailAddress::parse`].
    pub fn parse_any_role(text: &str) -> Result<Self, InvalidAddress> {
        Self::read(text, is_dot_atom)
    }

    /// The same for addresses with letters of any script before the @, which only servers that offer SMTPUTF8 can carry
    /// (RFC 6531 section 3). Nobody signs up with one: see `docs/decisions/addresses-beyond-ascii.md`.
    ///
    /// # Errors
    /// As [`EmailAddress::parse`].
    pub fn parse_international(text: &str) -> Result<Self, InvalidAddress> {
        Self::read(text, |local| is_dot_atom(&local.replace(is_foreign_letter, "x")))
    }

    /// An address that was parsed before it was stored. What could end a line or an argument of SMTP is refused all the
    /// same (RFC 5321 section 4.1.2), should somebody have written into the database by hand.
    pub fn stored(text: String) -> Option<Self> {
        let at = text.rfind('@')?;
        let safe = |byte: u8| byte > b' ' && byte != 0x7f && !matches!(byte, b'<' | b'>' | b'"' | b'\\' | b',' | b';');
        let whole = at > 0 && at + 1 < text.len() && text.len() <= MAX_ADDRESS_OCTETS;
        (whole && text.bytes().all(safe)).then_some(Self { at, text })
    }

    /// The same mailbox under a tag, as `bounces+tag@example.org` (RFC 5233 section 1); `None` where the tag or its length
    /// makes it no address.
    pub fn tagged(&self, tag: &str) -> Option<Self> {
        let local = format!("{}+{tag}", self.local());
        let fits = local.len() <= MAX_LOCAL_OCTETS && local.len() + 1 + self.domain().len() <= MAX_ADDRESS_OCTETS;
        (fits && is_dot_atom(&local)).then(|| Self { at: local.len(), text: format!("{local}@{}", self.domain()) })
    }

    fn read(text: &str, is_local: impl Fn(&str) -> bool) -> Result<Self, InvalidAddress> {
        let text = trimmed(text);
        if text.is_empty() {
            return Err(InvalidAddress::Empty);
        }
        // A generous first cut, so that no later step works on a megabyte.
        if text.len() > 4 * MAX_ADDRESS_OCTETS {
            return Err(InvalidAddress::TooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidAddress::Malformed)?;
        if !is_local(local) {
            let foreign = is_dot_atom(&local.replace(is_foreign_letter, "x"));
            return Err(if foreign { InvalidAddress::NotAscii } else { InvalidAddress::Malformed });
        }
        if domain.starts_with('[') {
            return Err(InvalidAddress::Domain);
        }
        let domain = ascii_domain(domain)?;
        if local.len() > MAX_LOCAL_OCTETS || local.len() + 1 + domain.len() > MAX_ADDRESS_OCTETS {
            return Err(InvalidAddress::TooLong);
        }
        let text = format!("{local}@{domain}");
        if local.is_ascii() && !text.validate_email() || text.parse::<lettre::Address>().is_err() {
            return Err(InvalidAddress::Malformed);
        }
        Ok(Self { at: local.len(), text })
    }

    /// The part before the @, as it was typed.
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    /// The domain: lower-case, in A-labels (RFC 5890).
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }

    /// The address as it goes to the wire.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is all ASCII, so that every server can carry it.
    pub fn is_ascii(&self) -> bool {
        self.text.is_ascii()
    }

    /// What two spellings of one mailbox have in common: the whole in lower case. Dots and `+tags` stay,
    /// because they make different mailboxes at most hosts.
    pub fn key(&self) -> String {
        self.text.to_ascii_lowercase()
    }

    /// Enough to recognise, not enough to harvest: `a•••@example.org`.
    pub fn masked(&self) -> String {
        let first = self.local().chars().next().unwrap_or('•');
        format!("{first}•••@{}", display_domain(self.domain()))
    }
}

/// The domain as people write it: U-labels where they decode cleanly.
pub fn display_domain(domain: &str) -> String {
    let (unicode, result) = idna::domain_to_unicode(domain);
    if result.is_ok() { unicode } else { domain.to_owned() }
}

/// Without the blanks and line breaks around it that typing and copying leave; a control character is no such thing.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| matches!(c, '\t' | '\r' | '\n') || c.is_whitespace() && !c.is_control())
}

/// RFC 5322 dot-atom in ASCII: no empty atom, no quotes, no control characters.
fn is_dot_atom(local: &str) -> bool {
    !local.is_empty()
        && local.split('.').all(|atom| {
            !atom.is_empty()
                && atom.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
        })
}

/// A letter or mark beyond ASCII that can be seen.
fn is_foreign_letter(c: char) -> bool {
    !c.is_ascii() && (c.is_alphanumeric() || matches!(c, '\u{300}'..='\u{36f}'))
}

/// Lower-case A-labels with a dot, a known public suffix and something registrable before it.
fn ascii_domain(domain: &str) -> Result<String, InvalidAddress> {
    if domain.is_empty() || domain.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(InvalidAddress::Domain);
    }
    let ascii = idna::domain_to_ascii_cow(domain.as_bytes(), idna::AsciiDenyList::STD3)
        .map_err(|_| InvalidAddress::Domain)?
        .into_owned();
    let labels_fit = ascii.len() <= 253
        && ascii
            .split('.')
            .all(|label| !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-'));
    if !labels_fit || !ascii.contains('.') {
        return Err(InvalidAddress::Domain);
    }
    if ascii.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(InvalidAddress::Domain);
    }
    let top = ascii.rsplit('.').next().unwrap_or_default();
    // Names that no mail reaches, whatever the list of suffixes says (RFC 6761, RFC 7686, RFC 3172).
    if ["invalid", "onion", "arpa"].contains(&top) {
        return Err(InvalidAddress::Domain);
    }
    // Reserved for examples and tests (RFC 2606): no public suffix, and yet what demos and tests use.
    let reserved = ["example", "test"].contains(&top);
    if !reserved && !psl::domain(ascii.as_bytes()).is_some_and(|domain| domain.suffix().is_known()) {
        return Err(InvalidAddress::Domain);
    }
    Ok(ascii)
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Masked, because a debug print ends up in logs.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress(•••@{})", self.domain())
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for EmailAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for EmailAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_any_role(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_mailed_is_refused() {
        for (text, why) in [
            ("", InvalidAddress::Empty),
            ("anna", InvalidAddress::Malformed),
            ("anna@gemeente", InvalidAddress::Domain),
            ("anna@localhost", InvalidAddress::Domain),
            ("anna@[127.0.0.1]", InvalidAddress::Domain),
            ("anna@127.0.0.1", InvalidAddress::Domain),
            ("a.@x.nl", InvalidAddress::Malformed),
            (".a@x.nl", InvalidAddress::Malformed),
            ("a..b@x.nl", InvalidAddress::Malformed),
            ("\"a b\"@x.nl", InvalidAddress::Malformed),
            ("rené@voorbeeld.nl", InvalidAddress::NotAscii),
            ("anna@b.nl\u{b}", InvalidAddress::Domain),
            ("\u{c}anna@b.nl", InvalidAddress::Malformed),
            ("anna@b.invalid", InvalidAddress::Domain),
            ("anna@b.onion", InvalidAddress::Domain),
            ("anna@b.home.arpa", InvalidAddress::Domain),
            ("anna@1.2.in-addr.arpa", InvalidAddress::Domain),
            ("anna@co.uk", InvalidAddress::Domain),
            ("anna@example.nosuchtld", InvalidAddress::Domain),
            ("anna@-x.nl", InvalidAddress::Domain),
            ("anna@x_y.nl", InvalidAddress::Domain),
            ("a@x.nl\r\nBcc: b@x.nl", InvalidAddress::Malformed),
            ("a@x.nl, b@x.nl", InvalidAddress::Malformed),
            ("postmaster@x.nl", InvalidAddress::Role),
        ] {
            assert_eq!(EmailAddress::parse(text), Err(why), "{text}");
        }
        assert_eq!(EmailAddress::parse(&format!("{}@x.nl", "a".repeat(65))), Err(InvalidAddress::TooLong));
    }

    #[test]
    fn what_can_be_mailed_is_kept_as_it_is_but_for_its_domain() {
        for (text, wire) in [
            (" \tAnna@Gemeente-Voorbeeld.NL\u{a0}\r\n", "Anna@gemeente-voorbeeld.nl"),
            ("o'brien+tag@example.org", "o'brien+tag@example.org"),
            ("jan@café.nl", "jan@xn--caf-dma.nl"),
            ("a.b-c_d@sub.example.co.uk", "a.b-c_d@sub.example.co.uk"),
            ("ada@gemeente.example", "ada@gemeente.example"),
        ] {
            assert_eq!(EmailAddress::parse(text).unwrap().as_str(), wire);
        }
        assert_eq!(EmailAddress::parse_international("rené@café.nl").unwrap().as_str(), "rené@xn--caf-dma.nl");
        assert_eq!(EmailAddress::parse_international("re\u{202e}né@x.nl"), Err(InvalidAddress::Malformed));
        assert_eq!(EmailAddress::parse_international("a..é@x.nl"), Err(InvalidAddress::Malformed));
        let one = EmailAddress::parse("Jan@X.nl").unwrap();
        let other = EmailAddress::parse("jan@x.NL").unwrap();
        assert_eq!(one.key(), other.key());
        assert_eq!(one.masked(), "J•••@x.nl");
    }

    proptest::proptest! {
        #[test]
        fn any_text_gets_an_answer_and_what_is_accepted_reads_the_same_again(text in "\\PC{0,80}") {
            if let Ok(address) = EmailAddress::parse(&text) {
                assert_eq!(EmailAddress::parse(address.as_str()), Ok(address.clone()));
                assert!(address.as_str().is_ascii());
                assert!(!address.as_str().contains(['\r', '\n', ' ', '<', '>', ',']));
            }
        }
    }
}
