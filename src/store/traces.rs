//! Where an address stands beside the tables of people: test mails, lists that wait, answers kept for a day.

use super::{Access, StoreError, Tx, execute, fetch_all, fetch_optional};
use crate::domain::address::{EmailAddress, display_domain};

/// Takes an address out of everything that is not about its owner alone. What a list that waits at the desk is for can
/// be begun again with a list that lacks it.
pub async fn forget(tx: &mut Tx, email: &EmailAddress) -> Result<(), StoreError> {
    let key = email.key();
    let part = pattern(&key);
    let tests = fetch_all!(
        tx,
        (i64, String),
        "select id, recipients from edition_tests where lower(recipients) like $1 escape '!'",
        part.as_str()
    )?;
    for (id, recipients) in tests {
        let others = recipients.split(',').map(str::trim).filter(|one| !one.eq_ignore_ascii_case(&key));
        let others = others.collect::<Vec<_>>().join(", ");
        execute!(tx, "update edition_tests set recipients = $2 where id = $1", id, others)?;
    }
    execute!(tx, "delete from idempotency_keys where lower(response) like $1 escape '!'", part.as_str())?;
    execute!(
        tx,
        "update editions set pause_reason = null where lower(pause_reason) like $1 escape '!'",
        part.as_str()
    )?;
    execute!(tx, "update workers set trouble = null where lower(trouble) like $1 escape '!'", part.as_str())?;
    forget_in_words(tx, &key, &part).await?;
    // The pace of a domain at which nobody else is known.
    execute!(
        tx,
        "delete from domain_paces where domain = $1 and not exists (select 1 from subscribers p where p.domain = $1)",
        email.domain()
    )?;
    for (batch,) in fetch_all!(tx, (i64,), "select distinct batch_id from import_parts")? {
        if names(tx, batch, &Needle::all(email)).await? {
            execute!(tx, "delete from import_parts where batch_id = $1", batch)?;
            execute!(tx, "delete from import_batches where id = $1 and state = 'waiting'", batch)?;
        }
    }
    Ok(())
}

/// Takes an address out of what others were told or said: notices that have not left, and mail that only a person can read.
async fn forget_in_words(tx: &mut Tx, key: &str, part: &str) -> Result<(), StoreError> {
    let notices = fetch_all!(
        tx,
        (i64, String),
        "select id, body from outbox where kind = 'notice' and lower(body) like $1 escape '!'",
        part
    )?;
    for (id, body) in notices {
        execute!(tx, "update outbox set body = $2 where id = $1", id, without(&body, key))?;
    }
    let mails = fetch_all!(
        tx,
        (i64, String, String),
        "select id, subject, words from unclassified_mail where lower(subject) like $1 escape '!' or lower(words) like $1 escape '!'",
        part
    )?;
    for (id, subject, words) in mails {
        let (subject, words) = (without(&subject, key), without(&words, key));
        execute!(tx, "update unclassified_mail set subject = $2, words = $3 where id = $1", id, subject, words)?;
    }
    Ok(())
}

/// The text with an ellipsis in the place of an address (given in lower case), however it is written.
fn without(text: &str, key: &str) -> String {
    // ASCII alone changes its case here, so every place stays where it is.
    let lower = text.to_ascii_lowercase();
    let mut plain = String::with_capacity(text.len());
    let mut rest = 0;
    for (at, _) in lower.match_indices(key) {
        plain.push_str(&text[rest..at]);
        plain.push('…');
        rest = at + key.len();
    }
    plain.push_str(&text[rest..]);
    plain
}

/// The pattern that finds a text anywhere, whatever signs are in it.
fn pattern(part: &str) -> String {
    format!("%{}%", part.replace('!', "!!").replace('%', "!%").replace('_', "!_"))
}

/// Whether a kept list names the address; read a part at a time.
async fn names(on: &mut impl Access, batch: i64, needles: &[Needle]) -> Result<bool, StoreError> {
    let longest = needles.iter().map(|needle| needle.bytes.len() + 1).max().unwrap_or_default();
    let mut text: Vec<u8> = Vec::new();
    for part in 0_i64.. {
        let query = "select bytes from import_parts where batch_id = $1 and part = $2";
        let Some((bytes,)) = fetch_optional!(on, (Vec<u8>,), query, batch, part)? else { break };
        text.drain(..text.len().saturating_sub(longest));
        text.extend(bytes);
        if needles.iter().any(|needle| needle.is_in(&text)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An address as the bytes of a file may spell it.
struct Needle {
    bytes: Vec<u8>,
    /// Where in them the @ stands: only there is looked.
    at: usize,
}

impl Needle {
    /// In the encodings that a list may have, its domain in letters of any script or in A-labels.
    fn all(email: &EmailAddress) -> Vec<Self> {
        let local = email.local().to_ascii_lowercase();
        let mut needles = Vec::new();
        for domain in [email.domain().to_owned(), display_domain(email.domain())] {
            let text = format!("{local}@{domain}");
            needles.push(Self { bytes: text.clone().into_bytes(), at: local.len() });
            let wide: Vec<u16> = text.encode_utf16().collect();
            let little = wide.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            let big = wide.iter().flat_map(|unit| unit.to_be_bytes()).collect();
            needles.push(Self { bytes: little, at: 2 * local.len() });
            needles.push(Self { bytes: big, at: 2 * local.len() + 1 });
            let narrow: Option<Vec<u8>> = text.chars().map(|letter| u8::try_from(letter).ok()).collect();
            needles.extend(narrow.map(|bytes| Self { bytes, at: local.len() }));
        }
        needles
    }

    fn is_in(&self, text: &[u8]) -> bool {
        let ats = text.iter().enumerate().filter(|(_, byte)| **byte == b'@');
        ats.filter_map(|(at, _)| at.checked_sub(self.at)).any(|from| {
            let found = text.get(from..from + self.bytes.len());
            found.is_some_and(|found| found.eq_ignore_ascii_case(&self.bytes)) && !continues(text, from)
        })
    }
}

/// Whether the part before the @ began earlier: `joanna@…` does not name `anna@…`.
fn continues(text: &[u8], from: usize) -> bool {
    let before = from.checked_sub(1).and_then(|before| text.get(before));
    before.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"._%+-".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_goes_out_of_a_text_and_the_rest_of_it_stays() {
        assert_eq!(without("É <Anna@B.nl>, anna@b.nl!", "anna@b.nl"), "É <…>, …!");
        assert_eq!(without("nobody", "anna@b.nl"), "nobody");
    }

    #[test]
    fn a_list_names_an_address_in_whatever_encoding_and_case_it_is_written() {
        let email = EmailAddress::parse("Anna@café.nl").unwrap();
        let held = |text: &[u8]| Needle::all(&email).iter().any(|needle| needle.is_in(text));
        for text in ["email\nANNA@CAFé.nl\n", "\"anna@xn--caf-dma.nl\";", "anna@café.nl"] {
            assert!(held(text.as_bytes()), "{text}");
        }
        assert!(held(b"x;anna@caf\xe9.nl"));
        let wide: Vec<u8> = "x;anna@café.nl".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(held(&wide));
        let wide: Vec<u8> = "x;anna@café.nl".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert!(held(&wide));
        assert!(!held("joanna@café.nl bob@café.nl".as_bytes()));
    }
}
