//! Complete messages, and the small values that go into them.

use std::fmt;

use crate::domain::token::LINK_TOKEN_LENGTH;

/// A token in a link or a Message-ID: lower-case letters and digits, at most 52. Letters and digits alone survive every
/// mail program that guesses where a link ends, and need no escaping anywhere in a mail.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token<'a>(&'a str);

/// A text that is no token.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("a token in a mail is made of 1 to 52 lower-case letters and digits")]
pub struct InvalidToken;

impl<'a> Token<'a> {
    /// # Errors
    /// When there is anything but lower-case ASCII letters and digits, or the length is wrong.
    pub fn parse(text: &'a str) -> Result<Self, InvalidToken> {
        let fits = (1..=LINK_TOKEN_LENGTH).contains(&text.len());
        let safe = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if fits && safe { Ok(Self(text)) } else { Err(InvalidToken) }
    }

    /// The token as it stands in a link.
    pub fn as_str(&self) -> &'a str {
        self.0
    }
}

/// Hidden, because a debug print ends up in logs.
impl fmt::Debug for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What names one message for ever (RFC 5322 section 3.6.4): the delivery's token at the sender's domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageId<'a> {
    pub token: Token<'a>,
    pub domain: &'a str,
}

/// With its angle brackets.
impl fmt::Display for MessageId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}@{}>", self.token.as_str(), self.domain)
    }
}

/// A complete message as it goes to the wire after DATA, without the final dot.
///
/// It is 7-bit ASCII, ends every line with CRLF, and no line begins with a dot: these bytes are the same before and
/// after dot-stuffing (RFC 5321 section 4.5.2).
#[derive(Clone, PartialEq, Eq)]
pub struct Message(Vec<u8>);

impl Message {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes for the wire, for a signature and for a file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The same, given away.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// The length only, because a debug print ends up in logs.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} octets)", self.0.len())
    }
}
