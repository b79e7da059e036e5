//! Passwords of the desk: how long they must be, and how they are kept (Argon2id, RFC 9106).

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

/// Shortest password, in characters (ASVS 6.2.1 asks for at least 8, and recommends more).
pub const SHORTEST: usize = 12;
/// Longest, in characters: enough for any sentence, too little to keep the machine busy with.
pub const LONGEST: usize = 1000;

/// Memory in KiB, passes and lanes: OWASP's first recommendation for Argon2id.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// A password that somebody wants from now on; exactly as it was typed.
#[derive(Clone)]
pub struct NewPassword(String);

/// Why a password cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPassword {
    #[error("the password must have at least {SHORTEST} characters; a sentence of a few words is easy to remember")]
    TooShort,
    #[error("the password must have at most {LONGEST} characters")]
    TooLong,
    #[error("this password is the first that others would try; choose a sentence of a few words")]
    TooPlain,
}

impl NewPassword {
    /// Takes a password as it was typed; `about` are words that others would try, such as the address it belongs to.
    ///
    /// # Errors
    /// [`InvalidPassword`] says what to do.
    pub fn parse(text: &str, about: &[&str]) -> Result<Self, InvalidPassword> {
        // A first cut by bytes, so that a megabyte is not counted letter by letter.
        if text.len() > 4 * LONGEST || text.chars().count() > LONGEST {
            return Err(InvalidPassword::TooLong);
        }
        if text.chars().count() < SHORTEST {
            return Err(InvalidPassword::TooShort);
        }
        if is_plain(text, about) { Err(InvalidPassword::TooPlain) } else { Ok(Self(text.to_owned())) }
    }

    /// What is stored of it: a PHC string with its own salt.
    pub fn hash(&self, salt: &[u8; 16]) -> String {
        let hash = argon2().hash_password_with_salt(self.0.as_bytes(), salt);
        hash.expect("salt and lengths are within Argon2's bounds").to_string()
    }
}

/// Whether this is the password that was hashed. Takes long on purpose; keep it off the threads that serve.
pub fn matches(password: &str, hash: &str) -> bool {
    argon2().verify_password(password.as_bytes(), hash).is_ok()
}

/// A hash as costly as a real one, made of no password: for users who do not exist.
pub const OF_NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                             AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn argon2() -> Argon2<'static> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).expect("OWASP's parameters are within Argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// A few letters over and over, a row of the keyboard, or what is known of its owner.
fn is_plain(text: &str, about: &[&str]) -> bool {
    const ROWS: [&str; 4] =
        ["01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "passwordpassword"];
    let lower = text.to_lowercase();
    let mut letters: Vec<char> = lower.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    letters.len() < 5
        || ROWS.iter().any(|row| row.contains(&lower) || row.chars().rev().collect::<String>().contains(&lower))
        || about.iter().any(|known| !known.is_empty() && known.to_lowercase() == lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_as_long_as_a_sentence_and_no_longer_than_a_page() {
        let parse = |text: &str| NewPassword::parse(text, &["ada@example.nl"]).map(|_| ()).err();
        assert_eq!(parse("elf tekens!"), Some(InvalidPassword::TooShort));
        assert_eq!(parse("twaalf teken"), None);
        assert_eq!(parse(&"één zin ".repeat(125)), None);
        assert_eq!(parse(&"één zin ".repeat(126)), Some(InvalidPassword::TooLong));
        for plain in ["aaaaaaaaaaaa", "123456789012", "987654321098", "qwertyuiopas", "Ada@example.NL"] {
            assert_eq!(parse(plain), Some(InvalidPassword::TooPlain), "{plain}");
        }
    }

    #[test]
    fn only_the_password_itself_matches_its_hash() {
        let hash = NewPassword::parse("een zin van een paar woorden", &[]).unwrap().hash(&[7; 16]);
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(matches("een zin van een paar woorden", &hash));
        for other in ["een zin van een paar woorden ", "", "\0", "0e462097431906509019562988736854"] {
            assert!(!matches(other, &hash));
        }
        assert!(!matches("anything", "not a hash") && !matches("", OF_NOBODY));
        let costs = |hash: &str| hash.rsplitn(3, '$').nth(2).map(str::to_owned);
        assert_eq!(costs(OF_NOBODY), costs(&hash), "nobody costs as much as somebody");
    }
}
