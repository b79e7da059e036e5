//! A message taken apart as far as reports need it, with bounded work whatever it is.

use mail_parser::{MessageParser, PartType};

use super::fields::{Fields, cut};

/// What is looked at of a message, in octets: reports come before what they return.
const MAX_OCTETS: usize = 1 << 20;
/// How deep parts may lie within parts.
const MAX_DEPTH: usize = 8;
/// Most parts that are looked at.
const MAX_PARTS: usize = 64;
/// Longest text of a part, in octets.
const MAX_TEXT_OCTETS: usize = 128 << 10;
/// Longest header of a part, in octets.
const MAX_HEADER_OCTETS: usize = 64 << 10;
/// How far a tag is searched for being an address instead.
const MAX_ADDRESS_IN_TAG_OCTETS: usize = 320;

/// A message: its header and its leaves.
pub(super) struct Mail {
    /// The header of the whole.
    pub(super) header: Fields,
    /// The subject, decoded.
    pub(super) subject: String,
    /// The sender's display name, decoded; empty when there is none.
    pub(super) sender_name: String,
    /// Type and subtype of the whole, in lower case.
    pub(super) kind: String,
    /// The parameter `report-type` of the whole (RFC 6522), in lower case.
    pub(super) report_type: String,
    /// Everything that is not a container, in order.
    pub(super) leaves: Vec<Leaf>,
    /// All that follows the header, as it came.
    pub(super) body: String,
}

/// One part that is not a container.
pub(super) struct Leaf {
    /// Type and subtype in lower case, `text/plain` where nothing is said.
    pub(super) kind: String,
    /// Its text, decoded; of a returned message, the message as it came.
    pub(super) text: String,
}

impl Leaf {
    /// Whether this part gives back the message that the report is about.
    pub(super) fn is_returned(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "message/rfc822"
                | "message/global"
                | "message/partial"
                | "text/rfc822-headers"
                | "text/rfc822-header"
                | "message/rfc822-headers"
                | "message/global-headers"
        )
    }
}

impl Mail {
    /// Takes a message apart, whatever its line ends are.
    pub(super) fn read(message: &[u8]) -> Self {
        let text = with_line_feeds(message);
        let text = text.strip_prefix(b"From ").map_or(&text[..], after_line);
        let (head, body) = split_header(text);
        let description = Description::read(head);
        let mut mail = Self {
            header: Fields::parse(&String::from_utf8_lossy(head)),
            subject: description.subject.clone(),
            sender_name: description.sender_name.clone(),
            kind: description.kind.clone(),
            report_type: description.report_type.clone(),
            leaves: Vec::new(),
            body: String::from_utf8_lossy(&body[..body.len().min(MAX_TEXT_OCTETS)]).into_owned(),
        };
        mail.take_apart(text, &description, 0);
        mail
    }

    fn take_apart(&mut self, entity: &[u8], description: &Description, depth: usize) {
        if self.leaves.len() >= MAX_PARTS {
            return;
        }
        let (_, body) = split_header(entity);
        if description.kind.starts_with("multipart/") && depth < MAX_DEPTH {
            let parts = split_parts(body, description.boundary.as_deref());
            if !parts.is_empty() {
                for part in parts {
                    let description = Description::read(split_header(part).0);
                    self.take_apart(part, &description, depth + 1);
                }
                return;
            }
        }
        self.leaves.push(Leaf { kind: description.kind.clone(), text: decode(entity, description) });
    }

    /// The leaves of one kind.
    pub(super) fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Leaf> {
        self.leaves.iter().filter(move |leaf| leaf.kind == kind)
    }
}

/// What a header says about what follows it.
struct Description {
    kind: String,
    boundary: Option<String>,
    report_type: String,
    encoding: Option<&'static str>,
    subject: String,
    sender_name: String,
}

impl Description {
    fn read(head: &[u8]) -> Self {
        let parsed = MessageParser::default().parse_headers(&head[..head.len().min(MAX_HEADER_OCTETS)]);
        let root = parsed.as_ref().and_then(|message| message.parts.first());
        let content_type = root.and_then(mail_parser::MimeHeaders::content_type);
        let attribute = |name| content_type.and_then(|kind| kind.attribute(name));
        let kind = content_type.map_or_else(
            || "text/plain".to_owned(),
            |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("plain")).to_ascii_lowercase(),
        );
        let encoding = root.and_then(mail_parser::MimeHeaders::content_transfer_encoding).unwrap_or_default();
        Self {
            kind,
            boundary: attribute("boundary").map(|boundary| boundary.trim_end().to_owned()),
            report_type: attribute("report-type").unwrap_or_default().to_ascii_lowercase(),
            encoding: ["base64", "quoted-printable"].into_iter().find(|name| encoding.eq_ignore_ascii_case(name)),
            subject: parsed.as_ref().and_then(|message| message.subject()).unwrap_or_default().to_owned(),
            sender_name: parsed
                .as_ref()
                .and_then(|message| message.from()?.first()?.name.as_deref())
                .unwrap_or_default()
                .to_owned(),
        }
    }
}

/// One kind of line end instead of the four that exist; `\r\r\n` is what a careless gateway makes of `\r\n`.
fn with_line_feeds(message: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(message.len().min(MAX_OCTETS));
    let mut rest = &message[..message.len().min(MAX_OCTETS)];
    while let Some(at) = rest.iter().position(|byte| *byte == b'\r') {
        text.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let returns = rest.iter().take_while(|byte| **byte == b'\r').count();
        let ends = if rest.get(returns) == Some(&b'\n') { (1, returns + 1) } else { (returns, returns) };
        text.resize(text.len() + ends.0, b'\n');
        rest = &rest[ends.1..];
    }
    text.extend_from_slice(rest);
    text
}

fn after_line(text: &[u8]) -> &[u8] {
    text.iter().position(|byte| *byte == b'\n').map_or(&[], |end| &text[end + 1..])
}

/// The header with its last line feed, and what follows the empty line.
fn split_header(entity: &[u8]) -> (&[u8], &[u8]) {
    if entity.first() == Some(&b'\n') {
        return (&[], &entity[1..]);
    }
    match entity.windows(2).position(|pair| pair == b"\n\n") {
        Some(at) => (&entity[..=at], &entity[at + 2..]),
        None => (entity, &[]),
    }
}

/// The parts between the boundaries. A boundary that never occurs, or was never given, is guessed.
fn split_parts<'a>(body: &'a [u8], boundary: Option<&str>) -> Vec<&'a [u8]> {
    let delimiter = boundary.filter(|boundary| !boundary.is_empty()).map(|boundary| format!("--{boundary}"));
    if let Some(delimiter) = delimiter {
        let parts = split_at(body, delimiter.as_bytes());
        if !parts.is_empty() {
            return parts;
        }
    }
    guess_delimiter(body).map(|delimiter| split_at(body, delimiter)).unwrap_or_default()
}

fn split_at<'a>(body: &'a [u8], delimiter: &[u8]) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut begin = None;
    let mut at = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        if let Some(rest) = line.strip_prefix(delimiter) {
            let rest = rest.trim_ascii();
            if rest.is_empty() || rest == b"--" {
                if let Some(begin) = begin {
                    // The line feed before a delimiter belongs to it (RFC 2046 section 5.1.1).
                    parts.push(&body[begin..at.max(begin + 1) - 1]);
                }
                begin = rest.is_empty().then_some(at + line.len());
            }
        }
        at += line.len();
        if parts.len() >= MAX_PARTS {
            return parts;
        }
    }
    if let Some(begin) = begin.filter(|begin| *begin < body.len()) {
        parts.push(&body[begin..]);
    }
    parts
}

/// A line that begins with two hyphens and is followed by a field about content.
fn guess_delimiter(body: &[u8]) -> Option<&[u8]> {
    let mut lines = body.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let next = lines.peek().and_then(|next| next.get(..8)).unwrap_or_default();
        if line.len() > 4 && line.starts_with(b"--") && next.eq_ignore_ascii_case(b"content-") {
            return Some(line.trim_ascii_end());
        }
    }
    None
}

/// The text of one leaf, its transfer encoding and its character set undone.
fn decode(entity: &[u8], description: &Description) -> String {
    let (head, body) = split_header(entity);
    let body = &body[..body.len().min(MAX_TEXT_OCTETS)];
    let mut alone = head[..head.len().min(MAX_HEADER_OCTETS)].to_vec();
    // The parser must see a leaf: it would follow messages within messages for ever. And without any field
    // it would take the first words for one.
    let is_container = ["multipart/", "message/rfc822", "message/global"]
        .iter()
        .any(|kind| description.kind.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || kind.ends_with('/')));
    if is_container || head.is_empty() {
        let encoding = description.encoding.unwrap_or("8bit");
        alone = format!("Content-Type: text/plain\nContent-Transfer-Encoding: {encoding}\n").into_bytes();
    }
    alone.push(b'\n');
    alone.extend_from_slice(body);
    let parsed = MessageParser::default().parse(&alone);
    let text = match parsed.as_ref().and_then(|message| message.parts.first()).map(|part| &part.body) {
        Some(PartType::Text(text)) => text.to_string(),
        Some(PartType::Html(html)) => plain(html),
        Some(PartType::Binary(bytes) | PartType::InlineBinary(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        Some(PartType::Message(_) | PartType::Multipart(_)) | None => String::from_utf8_lossy(body).into_owned(),
    };
    let text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text };
    cut(&text, MAX_TEXT_OCTETS).to_owned()
}

/// HTML as lines of text: just enough to find addresses and sentences in it.
fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len() / 2);
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        let tag = &rest[open + 1..];
        let name: String = tag
            .chars()
            .take(10)
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '/')
            .collect::<String>()
            .to_lowercase();
        let beginning = cut(tag, MAX_ADDRESS_IN_TAG_OCTETS);
        let inside = &beginning[..beginning.find('>').unwrap_or(0)];
        // An address in angle brackets that nobody escaped.
        if name.is_empty() && !tag.starts_with('!') || inside.contains('@') && !inside.contains(['=', ' ']) {
            text.push('<');
            rest = tag;
            continue;
        }
        let skipped = match name.as_str() {
            "style" => tag.find("</style").or_else(|| tag.find("</STYLE")).unwrap_or(tag.len()),
            "script" => tag.find("</script").or_else(|| tag.find("</SCRIPT")).unwrap_or(tag.len()),
            _ if tag.starts_with("!--") => tag.find("-->").unwrap_or(tag.len()),
            _ => 0,
        };
        let inside = &tag[skipped..];
        rest = inside.find('>').map_or("", |close| &inside[close + 1..]);
        if BREAKS.contains(&name.trim_matches('/')) {
            text.push('\n');
        }
    }
    text.push_str(rest);
    if text.contains('&') {
        for (entity, character) in ENTITIES {
            text = text.replace(entity, character);
        }
    }
    text
}

const BREAKS: [&str; 15] =
    ["br", "p", "div", "tr", "td", "li", "ul", "ol", "h1", "h2", "h3", "h4", "pre", "hr", "table"];
const ENTITIES: [(&str, &str); 9] = [
    ("&nbsp;", " "),
    ("&#160;", " "),
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&#64;", "@"),
    ("&commat;", "@"),
    ("&amp;", "&"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(message: &str) -> Vec<(String, String)> {
        Mail::read(message.as_bytes()).leaves.into_iter().map(|leaf| (leaf.kind, leaf.text)).collect()
    }

    #[test]
    fn every_kind_of_line_end_gives_the_same_parts() {
        let mail = "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\npre\n--b\n\none\n\ntwo\n--b\n\
                    Content-Type: text/html\n\n<p>three &lt;a@example.nl&gt;</p>\n--b--\nafter\n";
        let expected = [
            ("text/plain".to_owned(), "one\n\ntwo".to_owned()),
            ("text/html".to_owned(), "\nthree <a@example.nl>\n".to_owned()),
        ];
        for end in ["\n", "\r\n", "\r", "\r\r\n"] {
            assert_eq!(leaves(&mail.replace('\n', end)), expected, "{end:?}");
        }
    }

    #[test]
    fn a_wrong_or_missing_boundary_is_guessed_and_a_missing_end_is_forgiven() {
        let body =
            "--real\nContent-Type: text/plain\n\none\n--real\nContent-Type: message/delivery-status\n\nA: 1\n\nB: 2";
        for parameter in ["; boundary=wrong", "", "; boundary=\"\"", "; boundary=\"real \""] {
            let mail = format!("Content-Type: multipart/report{parameter}\n\n{body}");
            let parts = leaves(&mail);
            assert_eq!(parts.len(), 2, "{parameter}");
            assert_eq!(parts[1], ("message/delivery-status".to_owned(), "A: 1\n\nB: 2".to_owned()));
        }
    }

    #[test]
    fn encoded_parts_are_decoded_and_returned_messages_left_alone() {
        let parts = leaves(
            "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: text/plain; charset=iso-8859-1\n\
             Content-Transfer-Encoding: quoted-printable\n\nren=E9=\n@example.nl\n--b\n\
             Content-Type: message/global-delivery-status\nContent-Transfer-Encoding: base64\n\nQTogMQ0KDQpCOiAy\n--b\n\
             Content-Type: message/rfc822\n\nSubject: y\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nz\n--c--\n--b--\n",
        );
        assert_eq!(parts[0].1, "rené@example.nl");
        assert_eq!(parts[1].1, "A: 1\n\nB: 2");
        assert!(parts[2].1.starts_with("Subject: y\n"));
        assert_eq!(parts.len(), 3);
    }

    #[test]
    fn nesting_without_end_stops_somewhere() {
        let mut mail = String::new();
        for depth in 0..2000 {
            mail.push_str(&format!("Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n"));
        }
        assert_eq!(leaves(&mail).len(), 1);
        let nested = "Content-Type: message/rfc822\n\n".repeat(20_000);
        assert_eq!(leaves(&nested).len(), 1);
        let wide = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(100_000));
        assert_eq!(leaves(&wide).len(), MAX_PARTS);
    }
}
