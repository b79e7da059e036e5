//! The bytes of a mail: their form, and what in them is its reader's own.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use crate::kit::smtp_double::Message;

/// Lines end in CRLF and are short enough, the header is ASCII, and every field stands there once.
pub fn check(bytes: &[u8]) {
    assert!(!bytes.contains(&0) && bytes.ends_with(b"\r\n") && bytes.is_ascii());
    for line in bytes[..bytes.len() - 1].split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").expect("a line ends in CRLF");
        assert!(!line.contains(&b'\r'), "a bare CR: {:?}", String::from_utf8_lossy(line));
        assert!(line.len() <= 998, "{} octets in a line", line.len());
    }
    let (head, _) = parts(bytes);
    let mut seen = HashSet::new();
    for line in head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])) {
        let (name, _) = line.split_once(": ").unwrap_or_else(|| panic!("no field: {line:?}"));
        assert!(name == "DKIM-Signature" || seen.insert(name.to_ascii_lowercase()), "{name} twice: {head}");
    }
    for name in ["from", "to", "date", "subject", "message-id", "mime-version", "list-id", "list-unsubscribe"] {
        assert!(seen.contains(name), "no {name}: {head}");
    }
    for name in ["bcc", "cc", "sender"] {
        assert!(!seen.contains(name), "{name} was smuggled in: {head}");
    }
}

/// Whether it is one of the edition.
pub fn is_of_list(bytes: &[u8]) -> bool {
    bytes.windows(10).any(|field| field == b"\r\nList-Id:")
}

/// Header and body.
fn parts(bytes: &[u8]) -> (&str, &str) {
    let text = std::str::from_utf8(bytes).expect("a mail is ASCII");
    text.split_once("\r\n\r\n").expect("a header ends")
}

/// The language of a mail, and whether it has HTML.
pub type Kind = (String, bool);

/// Mails side by side: with a reader's own taken out, nothing differs within a kind.
#[derive(Default)]
pub struct Likeness(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    ids: HashSet<String>,
    kinds: BTreeMap<Kind, OfKind>,
}

struct OfKind {
    count: usize,
    like: Arc<String>,
    example: Arc<Message>,
}

impl Likeness {
    /// Puts a mail beside those before it; says whether it is the first of its kind.
    pub fn compare(&self, message: &Arc<Message>) -> bool {
        let (head, body) = parts(&message.bytes);
        let id = field(head, "Message-ID");
        let unsubscribe = token(&field(head, "List-Unsubscribe"), "/u/", '>');
        let delivery = token(&id, "<", '@');
        let preferences = token(body, "/p/", '\r');
        assert!(message.from.contains(&delivery), "the return path names the delivery: {}", message.from);
        let kind =
            (field(head, "Content-Language").trim().to_owned(), field(head, "Content-Type").contains("multipart"));
        // Date is among what is the same for everybody.
        let mut rest = format!("{}\r\n\r\n{body}", without_signatures(head).replace("\r\n <", " <"));
        for own in [&message.to, &unsubscribe, &delivery, &preferences] {
            assert!(own.len() > 10, "{own}");
            rest = rest.replace(own.as_str(), "OWN");
        }
        let mut seen = self.0.lock().expect("no other mail failed");
        assert!(seen.ids.insert(id), "a Message-ID came twice");
        let is_first = !seen.kinds.contains_key(&kind);
        let of_kind = seen.kinds.entry(kind).or_insert_with(|| OfKind {
            count: 0,
            like: Arc::new(rest.clone()),
            example: Arc::clone(message),
        });
        of_kind.count += 1;
        let like = Arc::clone(&of_kind.like);
        drop(seen);
        if *like != rest {
            let differing = like.lines().zip(rest.lines()).find(|(one, other)| one != other);
            panic!("two mails of one edition differ in more than the reader's own: {differing:#?}");
        }
        is_first
    }

    /// The kinds that came, how many there are of each, and one of them.
    pub fn kinds(&self) -> BTreeMap<Kind, (usize, Arc<Message>)> {
        let seen = self.0.lock().expect("no mail failed");
        seen.kinds.iter().map(|(kind, of)| (kind.clone(), (of.count, Arc::clone(&of.example)))).collect()
    }
}

/// The value of a field of the header, on one line.
fn field(head: &str, name: &str) -> String {
    let at = head.find(&format!("\r\n{name}:")).unwrap_or_else(|| panic!("no {name} in {head}"));
    let value = &head[at + name.len() + 3..];
    let end = value.match_indices("\r\n").find(|(at, _)| !value[at + 2..].starts_with([' ', '\t']));
    value[..end.map_or(value.len(), |(at, _)| at)].replace("\r\n", "")
}

fn token(text: &str, before: &str, after: char) -> String {
    let at = text.find(before).unwrap_or_else(|| panic!("no {before} in {text}")) + before.len();
    // Quoted-printable may break its line before a token, and never within one.
    let rest = text[at..].strip_prefix("=\r\n").unwrap_or(&text[at..]);
    rest.split(after).next().unwrap_or_default().to_owned()
}

fn without_signatures(head: &str) -> String {
    let mut inside = false;
    let kept = head.split("\r\n").filter(|line| {
        if !line.starts_with([' ', '\t']) {
            inside = line.starts_with("DKIM-Signature:");
        }
        !inside
    });
    kept.collect::<Vec<_>>().join("\r\n")
}
