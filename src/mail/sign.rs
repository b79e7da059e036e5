//! DKIM signatures (RFC 6376, 8301, 8463) over exactly the bytes that are sent.

use std::borrow::Cow;
use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::domain::time::Timestamp;

use super::dkim_key::{DkimKey, SigningFailed};
use super::message::Message;

/// Room for two signatures, so that a message is allocated once.
pub(super) const SIGNATURE_ROOM: usize = 2800;

/// What is signed. Each is named once more than it is there, so that none can be added on the way
/// (RFC 6376 section 8.15); RFC 8058 section 4 demands the two about unsubscribing.
const SIGNED_FIELDS: [&str; 19] = [
    "From",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Archive",
    "Feedback-ID",
    "Precedence",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
];

/// The keys that sign every message, each on its own.
#[derive(Debug, Default)]
pub struct Signer {
    keys: Vec<DkimKey>,
}

impl Signer {
    /// A signer without keys leaves messages as they are.
    pub fn new(keys: Vec<DkimKey>) -> Self {
        Self { keys }
    }

    /// The keys, for their records and their advice.
    pub fn keys(&self) -> &[DkimKey] {
        &self.keys
    }

    /// Puts a signature of every key before the message. Takes CPU time: about a quarter of a millisecond with RSA.
    ///
    /// # Errors
    /// When a key fails, which no key does that was read.
    pub fn sign(&self, message: Message, at: Timestamp) -> Result<Message, SigningFailed> {
        if self.keys.is_empty() {
            return Ok(message);
        }
        let mut bytes = message.into_bytes();
        let signatures = self.signatures(&bytes, at)?;
        bytes.splice(..0, signatures.into_bytes());
        Ok(Message::new(bytes))
    }

    fn signatures(&self, message: &[u8], at: Timestamp) -> Result<String, SigningFailed> {
        let (head, body) = split(message);
        let body_hash = STANDARD.encode(digest(&SHA256, &relaxed_body(body)));
        let fields: Vec<(&[u8], &[u8])> = fields(head).collect();
        let names = SIGNED_FIELDS
            .iter()
            .flat_map(|name| {
                let present = fields.iter().filter(|(field, _)| field.eq_ignore_ascii_case(name.as_bytes())).count();
                std::iter::repeat_n(*name, present + 1)
            })
            .collect::<Vec<_>>();
        let signed = signed_fields(&fields, &names);
        let mut signatures = String::with_capacity(SIGNATURE_ROOM);
        for key in &self.keys {
            let mut field = signature_field(key, at, &names, &body_hash);
            let mut data = signed.clone();
            relaxed_field(b"DKIM-Signature", &field.as_bytes()["DKIM-Signature:".len()..], &mut data);
            let signature = key.sign(&digest(&SHA256, &data))?;
            fold_base64(&signature, &mut field);
            signatures.push_str(&field);
            signatures.push_str("\r\n");
        }
        Ok(signatures)
    }
}

/// The field up to and with `b=`. There is no `l=`: it would let anybody add to the body (RFC 6376 section 8.2).
fn signature_field(key: &DkimKey, at: Timestamp, names: &[&str], body_hash: &str) -> String {
    let mut field = format!(
        "DKIM-Signature: v=1; a={}; c=relaxed/relaxed; t={};\r\n d={}; s={};\r\n h=",
        key.algorithm(),
        at.as_seconds(),
        key.domain(),
        key.selector()
    );
    let mut column = " h=".len();
    for (index, name) in names.iter().enumerate() {
        if column + name.len() + 1 > 76 {
            field.push_str("\r\n  ");
            column = 2;
        }
        field.push_str(name);
        field.push(if index + 1 < names.len() { ':' } else { ';' });
        column += name.len() + 1;
    }
    write!(field, "\r\n bh={body_hash};\r\n b=").expect("writing to a string does not fail");
    field
}

fn fold_base64(signature: &str, field: &mut String) {
    let mut rest = signature;
    let mut room = 72;
    while rest.len() > room {
        let (line, after) = rest.split_at(room);
        field.push_str(line);
        field.push_str("\r\n  ");
        (rest, room) = (after, 74);
    }
    field.push_str(rest);
}

/// The header with the CRLF of its last field, and the body.
fn split(message: &[u8]) -> (&[u8], &[u8]) {
    match message.windows(4).position(|window| window == b"\r\n\r\n") {
        Some(at) => (&message[..at + 2], &message[at + 4..]),
        None => (message, b""),
    }
}

/// Name and value of each field, folded as they are.
fn fields(head: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = head;
    std::iter::from_fn(move || {
        let mut end = 0;
        loop {
            end += rest[end..].windows(2).position(|window| window == b"\r\n")? + 2;
            if !matches!(rest.get(end), Some(b' ' | b'\t')) {
                break;
            }
        }
        let (field, after) = rest.split_at(end);
        rest = after;
        let colon = field.iter().position(|byte| *byte == b':')?;
        Some((&field[..colon], &field[colon + 1..]))
    })
}

/// The fields that `names` chooses, in relaxed form. Of several with one name the last comes first; a name without a
/// field left gives nothing (RFC 6376 section 5.4.2).
fn signed_fields(fields: &[(&[u8], &[u8])], names: &[&str]) -> Vec<u8> {
    let mut data = Vec::with_capacity(2048);
    let mut taken = vec![false; fields.len()];
    for name in names {
        let last = (0..fields.len()).rev().find(|&at| !taken[at] && fields[at].0.eq_ignore_ascii_case(name.as_bytes()));
        if let Some(at) = last {
            taken[at] = true;
            relaxed_field(fields[at].0, fields[at].1, &mut data);
            data.extend_from_slice(b"\r\n");
        }
    }
    data
}

/// RFC 6376 section 3.4.2, without the CRLF at the end.
fn relaxed_field(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend(name.iter().filter(|byte| !is_blank(**byte)).map(u8::to_ascii_lowercase));
    out.push(b':');
    let words = value.split(|byte| is_blank(*byte) || matches!(byte, b'\r' | b'\n')).filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}

/// RFC 6376 section 3.4.4. Our own bodies are written in this form already, and are only looked at.
fn relaxed_body(body: &[u8]) -> Cow<'_, [u8]> {
    let pairs = body.iter().zip(body.get(1..).unwrap_or_default());
    // No early exit, so that the compiler can look at many octets at once.
    let loose = pairs.fold(false, |loose, (one, next)| {
        loose | (*one == b'\t') | ((*one == b' ') & ((*next == b' ') | (*next == b'\t') | (*next == b'\r')))
    });
    if !loose && body.ends_with(b"\r\n") && !body.ends_with(b"\r\n\r\n") && body != b"\r\n" {
        return Cow::Borrowed(body);
    }
    let mut relaxed = Vec::with_capacity(body.len() + 2);
    let mut empty_lines = 0;
    let mut rest = body;
    while !rest.is_empty() {
        let (line, after) = match rest.windows(2).position(|window| window == b"\r\n") {
            Some(at) => (&rest[..at], &rest[at + 2..]),
            None => (rest, &rest[rest.len()..]),
        };
        rest = after;
        let end = line.iter().rposition(|byte| !is_blank(*byte)).map_or(0, |at| at + 1);
        if end == 0 {
            empty_lines += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut empty_lines) {
            relaxed.extend_from_slice(b"\r\n");
        }
        let mut blank = false;
        for byte in &line[..end] {
            if is_blank(*byte) {
                blank = true;
                continue;
            }
            if std::mem::take(&mut blank) {
                relaxed.push(b' ');
            }
            relaxed.push(*byte);
        }
        relaxed.extend_from_slice(b"\r\n");
    }
    Cow::Owned(relaxed)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    const RFC_8463_MESSAGE: &str = "From: Joe SixPack <joe@football.example.com>\r\n\
        To: Suzie Q <suzie@shopping.example.net>\r\n\
        Subject: Is dinner ready?\r\n\
        Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n\
        Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n\
        \r\n\
        Hi.\r\n\
        \r\n\
        We lost the game.  Are you hungry yet?\r\n\
        \r\n\
        Joe.\r\n";

    /// The seed of RFC 8463 appendix A.2 (that of RFC 8032 section 7.1) behind PKCS#8's fixed beginning.
    fn rfc_8463_key() -> DkimKey {
        let pem = "-----BEGIN PRIVATE KEY-----\n\
            MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
            -----END PRIVATE KEY-----\n";
        DkimKey::from_pem("football.example.com", "brisbane", pem.as_bytes()).unwrap()
    }

    #[test]
    fn the_published_example_gets_the_published_signature() {
        let (head, body) = split(RFC_8463_MESSAGE.as_bytes());
        let body_hash = STANDARD.encode(digest(&SHA256, &relaxed_body(body)));
        assert_eq!(body_hash, "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");

        let field = " v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n \
                     q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : from : subject : \
                     date;\r\n bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b=";
        let names = ["from", "to", "subject", "date", "message-id", "from", "subject", "date"];
        let fields: Vec<_> = fields(head).collect();
        let mut data = signed_fields(&fields, &names);
        relaxed_field(b"DKIM-Signature", field.as_bytes(), &mut data);
        let signature = rfc_8463_key().sign(&digest(&SHA256, &data)).unwrap();
        assert_eq!(
            signature,
            "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
        );
        assert_eq!(
            rfc_8463_key().dns_record().value,
            "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
        );
    }

    #[test]
    fn bodies_are_relaxed_as_the_standard_shows() {
        for (body, relaxed) in [
            (" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"),
            ("", ""),
            ("\r\n", ""),
            ("\r\n\r\n", ""),
            ("a", "a\r\n"),
            ("a\r\n\r\n b\r\n", "a\r\n\r\n b\r\n"),
            ("a  \r\n", "a\r\n"),
            ("\t\ta\r\n", " a\r\n"),
        ] {
            assert_eq!(String::from_utf8_lossy(&relaxed_body(body.as_bytes())), relaxed, "{body:?}");
        }
        assert!(matches!(relaxed_body(b"a b\r\n\r\nc\r\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_letter_is_signed_with_every_field_it_has_and_once_more() {
        let text = "From: <a@example.nl>\r\nTo: <b@example.nl>\r\nSubject: Een lange\r\n titel\r\nAuto-Submitted: auto-generated\r\n\
                    \r\nTekst\r\n";
        let signer = Signer::new(vec![rfc_8463_key(), rfc_8463_key()]);
        let at = Timestamp::parse("2026-03-01T08:00:00Z").unwrap();
        let signed = signer.sign(Message::new(text.into()), at).unwrap();
        let signed = std::str::from_utf8(signed.as_bytes()).unwrap();
        let signatures = signed.strip_suffix(text).expect("the message stands behind its signatures as it was");
        assert_eq!(
            signatures.matches("DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; t=1772352000;").count(),
            2
        );
        assert!(signatures.lines().all(|line| line.len() <= 78), "{signatures}");
        let tags: String = signatures.split_whitespace().collect();
        let chosen = tags.split("h=").nth(1).unwrap().split(';').next().unwrap();
        let count = |name: &str| chosen.split(':').filter(|field| *field == name).count();
        for present in ["From", "To", "Subject", "Auto-Submitted"] {
            assert_eq!(count(present), 2, "{present} in {chosen}");
        }
        for absent in ["Cc", "Date", "List-Unsubscribe", "List-Unsubscribe-Post"] {
            assert_eq!(count(absent), 1, "{absent} in {chosen}");
        }
        assert!(!tags.contains(";l=") && !tags.contains(";x="));
        let bare = Signer::default().sign(Message::new(text.into()), at).unwrap();
        assert_eq!(bare.as_bytes(), text.as_bytes());
    }

    proptest::proptest! {
        #[test]
        fn relaxing_twice_is_relaxing_once(body in "([ab \\t]{0,4}(\r\n)?){0,12}") {
            let once = relaxed_body(body.as_bytes()).into_owned();
            assert_eq!(relaxed_body(&once).as_ref(), once.as_slice());
        }
    }
}
