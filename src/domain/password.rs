//! Passwords of the desk: how long they must be, and how they are kept (Argon2id, RFC 9106).

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

use super::plain_password::is_plain;

/// Shortest password, in characters (ASVS 6.2.1 asks for at least 8, and recommends more).
pub const SHORTEST: usize = 12;
/// Longest, in bytes: enough for any sentence, too little to keep the machine busy with.
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
    #[error("the password must have at most {LONGEST} bytes, which is as many plain letters")]
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
        if text.len() > LONGEST {
            return Err(InvalidPassword::TooLong);
        }
        if text.chars().count() < SHORTEST {
            return Err(InvalidPassword::TooShort);
        }
        if is_plain(text, about) { Err(InvalidPassword::TooPlain) } else { Ok(Self(text.to_owned())) }
    }

    /// What is stored of it: a PHC string with its own salt.
    pub fn hash(&self, salt: &[u8; 16], memory: &mut Memory) -> String {
        let params = params();
        let mut hash = [0; Params::DEFAULT_OUTPUT_LEN];
        let made = memory.fill(&params, self.0.as_bytes(), salt, &mut hash);
        let phc = made.and_then(|()| {
            Some(PasswordHash {
                algorithm: Algorithm::Argon2id.ident(),
                version: Some(Version::V0x13.into()),
                params: ParamsString::try_from(&params).ok()?,
                salt: Some(Salt::new(salt).ok()?),
                hash: Some(Output::new(&hash).ok()?),
            })
        });
        phc.expect("salt and lengths are within Argon2's bounds").to_string()
    }
}

/// The memory that a hash is made in: 19 MiB, taken once and used again and again. Given back after every hash it would
/// stay with the allocator of each thread that ever made one.
#[derive(Default)]
pub struct Memory(Vec<Block>);

impl Memory {
    /// Argon2id over the password; nothing where the lengths are beyond its bounds.
    fn fill(&mut self, params: &Params, password: &[u8], salt: &[u8], hash: &mut [u8]) -> Option<()> {
        self.0.resize(params.block_count(), Block::new());
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        argon2.hash_password_into_with_memory(password, salt, hash, &mut self.0).ok()
    }
}

/// Whether this is the password that was hashed. Takes long on purpose; keep it off the threads that serve.
pub fn matches(password: &str, hash: &str, memory: &mut Memory) -> bool {
    let Ok(phc) = PasswordHash::new(hash) else { return false };
    let params = Params::try_from(&phc).ok().filter(|params| params.m_cost() <= COST.0);
    let (Some(params), Some(salt), Some(known)) = (params, phc.salt, phc.hash) else { return false };
    if phc.algorithm != Algorithm::Argon2id.ident() {
        return false;
    }
    let mut made = vec![0; known.len()];
    let filled = memory.fill(&params, password.as_bytes(), &salt, &mut made);
    filled.is_some() && aws_lc_rs::constant_time::verify_slices_are_equal(&made, known.as_bytes()).is_ok()
}

/// A hash as costly as a real one, made of no password: for users who do not exist.
pub const OF_NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                             AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn params() -> Params {
    let (memory, passes, lanes) = COST;
    Params::new(memory, passes, lanes, None).expect("OWASP's parameters are within Argon2's bounds")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_as_long_as_a_sentence_and_no_longer_than_a_page() {
        let parse = |text: &str| NewPassword::parse(text, &["ada@example.nl"]).map(|_| ()).err();
        assert_eq!(parse("elf tekens!"), Some(InvalidPassword::TooShort));
        assert_eq!(parse("twaalf teken"), None);
        let page = "zeven kippen op het dak, en één ernaast; ".repeat(24);
        assert_eq!(parse(&page[..1000]), None);
        assert_eq!(parse(&page[..1001]), Some(InvalidPassword::TooLong));
        for plain in ["aaaaaaaaaaaa", "123456789012", "password1234", "qwertyuiopas", "Ada@example.NL"] {
            assert_eq!(parse(plain), Some(InvalidPassword::TooPlain), "{plain}");
        }
    }

    #[test]
    fn only_the_password_itself_matches_its_hash() {
        let mut memory = Memory::default();
        let hash = NewPassword::parse("een zin van een paar woorden", &[]).unwrap().hash(&[7; 16], &mut memory);
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(matches("een zin van een paar woorden", &hash, &mut memory));
        for other in ["een zin van een paar woorden ", "", "\0", "0e462097431906509019562988736854"] {
            assert!(!matches(other, &hash, &mut memory));
        }
        assert!(!matches("anything", "not a hash", &mut memory) && !matches("", OF_NOBODY, &mut memory));
        let costs = |hash: &str| hash.rsplitn(3, '$').nth(2).map(str::to_owned);
        assert_eq!(costs(OF_NOBODY), costs(&hash), "nobody costs as much as somebody");
    }
}
