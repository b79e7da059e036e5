//! What a sign-up costs whoever sends thousands: a little work of the browser, or a little patience. Nothing is stored for
//! it: a challenge carries its own end and our seal, and the same answer counts once.

use std::time::Duration;

use aws_lc_rs::{constant_time, digest, hmac};

use super::token::{base32, unbase32};

/// How hard the work may be, in leading zero bits of a SHA-256: below it costs nothing, above it people wait.
pub const BITS: std::ops::RangeInclusive<u32> = 8..=24;
/// How long a challenge on a page may be answered: somebody may read on before they fill in the form.
pub const CHALLENGE_VALID: Duration = Duration::from_secs(2 * 3600);
/// How long somebody waits whose browser runs no script.
pub const PAUSE: Duration = Duration::from_secs(10);
/// How long the button may be pressed after that.
pub const PAUSE_VALID: Duration = Duration::from_secs(3600);
/// Longest answer: a number.
const MAX_ANSWER: usize = 20;

/// Bytes of a token: a moment, a random number, and the seal.
const LENGTH: usize = 8 + 8 + 16;

/// Makes challenges and pauses, and knows its own again. Two keys, so that neither is ever taken for the other.
pub struct Seals {
    challenges: hmac::Key,
    pauses: hmac::Key,
}

/// What a challenge or a pause is bound to.
#[derive(Clone, Copy)]
enum Kind<'a> {
    /// A newsletter, and how hard the work is.
    Challenge(u32),
    /// A newsletter, and whose address waits.
    Pause(&'a [u8; 32]),
}

impl Seals {
    /// From keys that are good for nothing else.
    pub const fn new(challenges: hmac::Key, pauses: hmac::Key) -> Self {
        Self { challenges, pauses }
    }

    /// A challenge for the form of a newsletter, good until `until` (seconds since 1970).
    pub fn challenge(&self, newsletter: i64, bits: u32, until: i64, random: [u8; 8]) -> String {
        self.seal(Kind::Challenge(bits), newsletter, until, random)
    }

    /// Until when a challenge is good; `None` for any that we did not make for this newsletter and this much work.
    pub fn read_challenge(&self, text: &str, newsletter: i64, bits: u32) -> Option<i64> {
        self.open(Kind::Challenge(bits), text, newsletter)
    }

    /// A pause for one address, begun at `since` (seconds since 1970).
    pub fn pause(&self, newsletter: i64, address: &[u8; 32], since: i64, random: [u8; 8]) -> String {
        self.seal(Kind::Pause(address), newsletter, since, random)
    }

    /// When a pause began; `None` for any that we did not begin for this newsletter and this address.
    pub fn read_pause(&self, text: &str, newsletter: i64, address: &[u8; 32]) -> Option<i64> {
        self.open(Kind::Pause(address), text, newsletter)
    }

    fn seal(&self, kind: Kind<'_>, newsletter: i64, moment: i64, random: [u8; 8]) -> String {
        let mut bytes = [moment.to_be_bytes(), random].concat();
        let seal = self.sign(kind, newsletter, &bytes);
        bytes.extend_from_slice(&seal);
        base32(&bytes)
    }

    fn open(&self, kind: Kind<'_>, text: &str, newsletter: i64) -> Option<i64> {
        let bytes = unbase32(text, LENGTH)?;
        let (told, seal) = bytes.split_at(16);
        constant_time::verify_slices_are_equal(&self.sign(kind, newsletter, told), seal).ok()?;
        Some(i64::from_be_bytes(told[..8].try_into().ok()?))
    }

    fn sign(&self, kind: Kind<'_>, newsletter: i64, told: &[u8]) -> [u8; 16] {
        let (key, bound) = match &kind {
            Kind::Challenge(bits) => (&self.challenges, bits.to_be_bytes().to_vec()),
            Kind::Pause(address) => (&self.pauses, address.to_vec()),
        };
        let tag = hmac::sign(key, &[&newsletter.to_be_bytes(), told, bound.as_slice()].concat());
        let mut seal = [0; 16];
        seal.copy_from_slice(&tag.as_ref()[..16]);
        seal
    }
}

/// Whether `answer` is a number for which the SHA-256 of `challenge:answer` begins with so many zero bits.
pub fn is_solved(challenge: &str, answer: &str, bits: u32) -> bool {
    if answer.is_empty() || answer.len() > MAX_ANSWER || !answer.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let hash = digest::digest(&digest::SHA256, format!("{challenge}:{answer}").as_bytes());
    let mut zeros = 0;
    for byte in hash.as_ref() {
        zeros += byte.leading_zeros();
        if *byte != 0 {
            break;
        }
    }
    zeros >= bits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seals() -> Seals {
        let key = |byte| hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32]);
        Seals::new(key(1), key(2))
    }

    #[test]
    fn a_challenge_is_good_for_its_newsletter_and_its_work_alone() {
        let (seals, text) = (seals(), seals().challenge(7, 16, 1_000, [9; 8]));
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{text}");
        assert_eq!(seals.read_challenge(&text, 7, 16), Some(1_000));
        assert_eq!(seals.read_challenge(&text, 8, 16), None);
        assert_eq!(seals.read_challenge(&text, 7, 15), None);
        assert_eq!(seals.read_pause(&text, 7, &[0; 32]), None);
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'a' { b'b' } else { b'a' };
            assert_eq!(seals.read_challenge(std::str::from_utf8(&changed).unwrap(), 7, 16), None);
        }
    }

    #[test]
    fn a_pause_is_good_for_its_address_alone() {
        let (seals, text) = (seals(), seals().pause(7, &[3; 32], 1_000, [9; 8]));
        assert_eq!(seals.read_pause(&text, 7, &[3; 32]), Some(1_000));
        assert_eq!(seals.read_pause(&text, 7, &[4; 32]), None);
        assert_eq!(seals.read_pause(&text, 6, &[3; 32]), None);
        assert_eq!(seals.read_challenge(&text, 7, 16), None);
    }

    #[test]
    fn only_a_number_with_enough_zeros_solves_a_challenge() {
        let answer = (0_u64..).map(|n| n.to_string()).find(|answer| is_solved("abc", answer, 12)).unwrap();
        assert!(is_solved("abc", &answer, 8) && !is_solved("abd", &answer, 12));
        for wrong in ["", "x", "-1", "1 ", &"1".repeat(21)] {
            assert!(!is_solved("abc", wrong, 0), "{wrong}");
        }
    }
}
