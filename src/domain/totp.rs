//! One-time codes that an app makes of a shared key and the time (RFC 6238 over RFC 4226).

use aws_lc_rs::hmac;

use super::time::Timestamp;

/// A code holds for so many seconds; also what apps take when they are told nothing.
const STEP_SECONDS: i64 = 30;
/// Codes of the step before and the step after count too: clocks differ, and people type slowly.
const TOLERANCE: i64 = 1;
/// Length of a key in bytes, as RFC 4226 section 4 recommends.
const KEY_BYTES: usize = 20;

/// The key that an app and we share.
pub struct TotpKey([u8; KEY_BYTES]);

impl TotpKey {
    /// The key that belongs to a random number, as long as the installation's secret is the same. Only the number is
    /// stored, so that a stolen database makes no codes.
    pub fn derive(key: &hmac::Key, number: &str) -> Self {
        let mut bytes = [0; KEY_BYTES];
        bytes.copy_from_slice(&hmac::sign(key, number.as_bytes()).as_ref()[..KEY_BYTES]);
        Self(bytes)
    }

    /// As people type it into an app: base 32 in capitals (RFC 4648).
    pub fn base32(&self) -> String {
        super::token::base32(&self.0).to_ascii_uppercase()
    }

    /// As an app reads it from a picture, by the convention that all of them share.
    pub fn uri(&self, house: &str, account: &str) -> String {
        let part =
            |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
        let (house, account) = (part(house), part(account));
        format!("otpauth://totp/{house}:{account}?secret={}&issuer={house}", self.base32())
    }

    /// The step of which this is the code, if it is one of now and later than the last step of which one was taken:
    /// a code that somebody saw over a shoulder opens nothing.
    pub fn step_of(&self, code: &str, now: Timestamp, last: Option<i64>) -> Option<i64> {
        let code: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
        if code.len() != 6 {
            return None;
        }
        let present = now.as_seconds().div_euclid(STEP_SECONDS);
        let mut found = None;
        // Every step is looked at, so that time tells nothing.
        for step in present - TOLERANCE..=present + TOLERANCE {
            let right = aws_lc_rs::constant_time::verify_slices_are_equal(self.code(step).as_bytes(), code.as_bytes());
            if right.is_ok() && last.is_none_or(|last| step > last) {
                found = Some(step);
            }
        }
        found
    }

    /// The code of a step (RFC 4226 section 5.3).
    fn code(&self, step: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag[tag.len() - 1] & 0x0f);
        let number = tag[offset..offset + 4].iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238 appendix B, the last six digits of its eight.
        let key = TotpKey(*b"12345678901234567890");
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(key.code(second / 30), code);
            assert_eq!(key.step_of(code, Timestamp::from_seconds(second), None), Some(second / 30));
        }
        assert_eq!(key.base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_code_counts_a_step_early_and_a_step_late_and_only_once() {
        let key = TotpKey(*b"12345678901234567890");
        let at = |second| Timestamp::from_seconds(second);
        assert_eq!(key.step_of(" 005 924 ", at(1_234_567_890 + 30), None), Some(41_152_263));
        assert_eq!(key.step_of("005924", at(1_234_567_890 - 30), None), Some(41_152_263));
        assert_eq!(key.step_of("005924", at(1_234_567_890 + 60), None), None);
        assert_eq!(key.step_of("005924", at(1_234_567_890), Some(41_152_263)), None);
        for wrong in ["", "00592", "0059240", "ééé", "٠٠٥٩٢٤"] {
            assert_eq!(key.step_of(wrong, at(1_234_567_890), None), None, "{wrong}");
        }
    }
}
