//! Links that only we can make: opaque, one purpose each, needing no database to be recognised as ours.

use std::sync::Arc;

use aws_lc_rs::hmac;

use super::address::EmailAddress;

/// Length of a token in a link, in characters of base 32.
pub const LINK_TOKEN_LENGTH: usize = 52;
/// Length of a token in a return path or Message-ID, in characters of base 32.
pub const MAIL_TOKEN_LENGTH: usize = 42;

/// What a token is good for. A token of one purpose is nothing to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Confirms one request to subscribe; its row says until when.
    Confirm,
    /// Ends one subscription; never expires (RFC 8058 section 3.1).
    Unsubscribe,
    /// Opens the preferences of one subscription, without the right to take data out or erase.
    Preferences,
    /// Opens them with that right; its row says until when.
    Identity,
    /// Gives somebody another address; its row says which, and until when.
    Move,
    /// Names one delivery in the Message-ID and the return path.
    Delivery,
    /// Lets a user of the desk choose a password; its row says until when.
    Password,
    /// Says that somebody stays, after a long silence; worth nothing once they left.
    Stay,
    /// Marks a browser in which a user of the desk has signed in before.
    Device,
}

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Unsubscribe => "unsubscribe",
            Self::Preferences => "preferences",
            Self::Identity => "identity",
            Self::Move => "move",
            Self::Delivery => "delivery",
            Self::Password => "password",
            Self::Stay => "stay",
            Self::Device => "device",
        }
    }
}

/// 16 random (or at least unique) bytes that a token carries and hides.
pub type Link = [u8; 16];

/// What a delivery's token carries: its edition's random number and the recipient's place.
pub fn delivery_link(edition_uid: i64, seq: i64) -> Link {
    let mut link = [0; 16];
    link[..8].copy_from_slice(&edition_uid.to_be_bytes());
    link[8..].copy_from_slice(&seq.to_be_bytes());
    link
}

/// The keys of this installation, all derived from its one secret.
///
/// A token is a synthetic initialisation vector (an HMAC over the link) followed by the link under a
/// one-time pad made from that vector, as in RFC 5297: the same link always gives the same token, two
/// links show nothing in common, and a changed character is noticed.
///
/// Clones share the keys: they take some twenty thousand bytes, and the secret should lie in memory once.
#[derive(Clone)]
pub struct Keys(Arc<Derived>);

struct Derived {
    secret: hmac::Key,
    purposes: [PurposeKeys; 9],
    address: hmac::Key,
}

struct PurposeKeys {
    mac: hmac::Key,
    pad: hmac::Key,
}

/// The secret is too short to be one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the secret key must be at least 32 random bytes, written in base64 (for example: openssl rand -base64 32)")]
pub struct WeakSecret;

impl Keys {
    /// Derives all keys from the secret.
    ///
    /// # Errors
    /// [`WeakSecret`] below 32 bytes.
    pub fn new(secret: &[u8]) -> Result<Self, WeakSecret> {
        if secret.len() < 32 {
            return Err(WeakSecret);
        }
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let purpose = |purpose: Purpose| PurposeKeys {
            mac: derive(&secret, &format!("token/{}/mac", purpose.label())),
            pad: derive(&secret, &format!("token/{}/pad", purpose.label())),
        };
        let purposes = [
            purpose(Purpose::Confirm),
            purpose(Purpose::Unsubscribe),
            purpose(Purpose::Preferences),
            purpose(Purpose::Identity),
            purpose(Purpose::Move),
            purpose(Purpose::Delivery),
            purpose(Purpose::Password),
            purpose(Purpose::Stay),
            purpose(Purpose::Device),
        ];
        let address = derive(&secret, "address");
        Ok(Self(Arc::new(Derived { secret, purposes, address })))
    }

    /// A key of its own for another use, such as the hash of a session or of a limit.
    pub fn derive(&self, label: &str) -> hmac::Key {
        derive(&self.0.secret, label)
    }

    /// Tells two secrets apart without telling either.
    pub fn fingerprint(&self) -> String {
        hex(&hmac::sign(&self.derive("fingerprint"), b"").as_ref()[..8])
    }

    /// The token for a link on a page or in a mail: 128 bits that nobody can guess, 52 characters.
    pub fn seal(&self, purpose: Purpose, link: &Link) -> String {
        self.seal_with_vector::<16>(purpose, link)
    }

    /// Reads a token back; `None` for anything that we did not make for this purpose. Only the exact
    /// spelling counts.
    pub fn open(&self, purpose: Purpose, token: &str) -> Option<Link> {
        self.open_with_vector::<16>(purpose, token)
    }

    /// The shorter token of return paths and Message-IDs: 80 bits nobody can guess, 42 characters.
    pub fn seal_delivery(&self, link: &Link) -> String {
        self.seal_with_vector::<10>(Purpose::Delivery, link)
    }

    /// Reads it back in whatever case a mail server made of it (RFC 5321 section 2.4 lets them).
    pub fn open_delivery(&self, token: &str) -> Option<Link> {
        self.open_with_vector::<10>(Purpose::Delivery, &token.to_ascii_lowercase())
    }

    /// The keyed hash under which an address is remembered after it is forgotten.
    pub fn address_hash(&self, address: &EmailAddress) -> [u8; 32] {
        self.hash_text(&address.key())
    }

    /// The same for anything else that is counted without being kept, such as a network.
    pub fn hash_text(&self, text: &str) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(hmac::sign(&self.0.address, text.as_bytes()).as_ref());
        hash
    }

    fn keys(&self, purpose: Purpose) -> &PurposeKeys {
        &self.0.purposes[purpose as usize]
    }

    fn seal_with_vector<const V: usize>(&self, purpose: Purpose, link: &Link) -> String {
        let keys = self.keys(purpose);
        let mut bytes = Vec::with_capacity(V + 16);
        bytes.extend_from_slice(&hmac::sign(&keys.mac, link).as_ref()[..V]);
        let pad = hmac::sign(&keys.pad, &bytes);
        bytes.extend(link.iter().zip(pad.as_ref()).map(|(byte, pad)| byte ^ pad));
        base32(&bytes)
    }

    fn open_with_vector<const V: usize>(&self, purpose: Purpose, token: &str) -> Option<Link> {
        let bytes = unbase32(token, V + 16)?;
        let keys = self.keys(purpose);
        let (vector, hidden) = bytes.split_at(V);
        let pad = hmac::sign(&keys.pad, vector);
        let mut link = [0; 16];
        for (byte, (hidden, pad)) in link.iter_mut().zip(hidden.iter().zip(pad.as_ref())) {
            *byte = hidden ^ pad;
        }
        let expected = hmac::sign(&keys.mac, &link);
        aws_lc_rs::constant_time::verify_slices_are_equal(&expected.as_ref()[..V], vector).ok()?;
        Some(link)
    }
}

fn derive(secret: &hmac::Key, label: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(secret, format!("postduif/1/{label}").as_bytes()).as_ref())
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)]));
    bytes.iter().flat_map(digits).collect()
}

/// The bytes of a hexadecimal text.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// RFC 4648 base 32 in lower case: letters and digits only, so that no mail program cuts a link short.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

pub fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut buffer, mut bits) = (0u32, 0);
    for byte in bytes {
        buffer = buffer << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(buffer >> bits) as usize & 31]));
        }
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[(buffer << (5 - bits)) as usize & 31]));
    }
    text
}

/// The exact inverse: another length, another letter or a stray bit at the end is no token.
pub fn unbase32(text: &str, length: usize) -> Option<Vec<u8>> {
    if text.len() != (length * 8).div_ceil(5) {
        return None;
    }
    let mut bytes = Vec::with_capacity(length);
    let (mut buffer, mut bits) = (0u32, 0);
    for letter in text.bytes() {
        let value = match letter {
            b'a'..=b'z' => letter - b'a',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => return None,
        };
        buffer = buffer << 5 | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits) as u8);
            buffer &= (1 << bits) - 1;
        }
    }
    (buffer == 0 && bytes.len() == length).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::new(&[7; 32]).unwrap()
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert_eq!(Keys::new(&[1; 31]).err(), Some(WeakSecret));
    }

    #[test]
    fn tokens_have_the_length_that_mails_are_cut_for() {
        assert_eq!(keys().seal(Purpose::Unsubscribe, &[0; 16]).len(), LINK_TOKEN_LENGTH);
        assert_eq!(keys().seal_delivery(&[0; 16]).len(), MAIL_TOKEN_LENGTH);
    }

    #[test]
    fn a_return_path_survives_a_server_that_changes_case() {
        let token = keys().seal_delivery(b"0123456789abcdef");
        assert_eq!(keys().open_delivery(&token.to_ascii_uppercase()), Some(*b"0123456789abcdef"));
    }

    proptest::proptest! {
        #[test]
        fn a_token_opens_for_its_own_purpose_and_no_other(link: [u8; 16]) {
            let keys = keys();
            let token = keys.seal(Purpose::Confirm, &link);
            assert_eq!(keys.open(Purpose::Confirm, &token), Some(link));
            assert_eq!(keys.open(Purpose::Unsubscribe, &token), None);
            assert_eq!(Keys::new(&[8; 32]).unwrap().open(Purpose::Confirm, &token), None);
            assert_eq!(keys.open(Purpose::Confirm, &token.to_ascii_uppercase()), None);
        }

        #[test]
        fn one_changed_letter_is_no_token(link: [u8; 16], at in 0usize..52, letter in 0usize..32) {
            let keys = keys();
            let token = keys.seal(Purpose::Unsubscribe, &link);
            let mut changed = token.clone().into_bytes();
            changed[at] = ALPHABET[letter];
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(keys.open(Purpose::Unsubscribe, &changed).is_some(), changed == token);
        }

        #[test]
        fn any_other_text_is_no_token(text in "\\PC{0,80}") {
            assert_eq!(keys().open(Purpose::Unsubscribe, &text), None);
        }
    }
}
