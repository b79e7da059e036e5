//! Where a report ends and the message that it gives back begins.

use super::fields::{Fields, address, addresses, split_field};
use super::parts::Mail;

/// Most lines of prose that are read.
const MAX_LINES: usize = 500;
/// How many lines after a dividing line may pass before a header begins.
const LOOK_AHEAD: usize = 4;

/// The two halves of a report that people can read.
pub(super) struct Original {
    /// What the reporting server says in its own words.
    pub(super) notice: String,
    /// The header of the message that it gives back; empty where it gives back nothing.
    pub(super) header: Fields,
}

impl Original {
    pub(super) fn of(mail: &Mail) -> Self {
        let end = mail.leaves.iter().position(super::parts::Leaf::is_returned).unwrap_or(mail.leaves.len());
        let prose = |kind: &str| {
            let texts = mail.leaves[..end].iter().filter(|leaf| leaf.kind == kind).take(3);
            texts.map(|leaf| leaf.text.as_str()).collect::<Vec<_>>().join("\n\n")
        };
        let mut text = prose("text/plain");
        if address(&text).is_none() {
            text.push('\n');
            text.push_str(&prose("text/html"));
        }
        let (notice, rest) = divide(&text);
        let returned = mail.leaves.get(end).map_or(rest, |leaf| leaf.text.as_str());
        Self { notice: notice.to_owned(), header: header_in(returned) }
    }

    /// Whom the original was for, as far as its header says.
    pub(super) fn recipients(&self) -> Vec<&str> {
        let named = self.header.any(&["to", "x-hmxmroriginalrecipient", "x-original-to", "apparently-to", "cc"]);
        let passed = self.header.all("received").filter_map(|hop| hop.rsplit_once(" for ").map(|(_, who)| who));
        named.chain(passed).flat_map(addresses).map(|(_, address)| address).collect()
    }
}

/// The server's own words, and what follows them.
fn divide(text: &str) -> (&str, &str) {
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if number == MAX_LINES {
            return (&text[..at], "");
        }
        let next = at + line.len();
        if is_header_begin(line) {
            return (&text[..at], &text[at..]);
        }
        if divides(line, &text[next..]) {
            return (&text[..at], &text[next..]);
        }
        at = next;
    }
    (text, "")
}

/// Fields that no prose begins a line with.
fn is_header_begin(line: &str) -> bool {
    ["received:", "return-path:", "x-received:", "dkim-signature:", "arc-seal:"]
        .iter()
        .any(|name| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
}

fn divides(line: &str, rest: &str) -> bool {
    let text = line.trim().to_lowercase();
    // The transcript of a dialogue is the server's own words.
    let may_divide = DIVIDERS.iter().any(|divider| text.contains(divider)) && !text.contains("transcript");
    if text.len() > 200 || !may_divide {
        return false;
    }
    let is_ruled = ["--", "==", "**", "__"].iter().any(|rule| text.starts_with(rule) || text.ends_with(rule));
    let last = text.trim_end_matches(|c: char| !c.is_alphanumeric());
    let announces = ["follow", "following", "volgt", "below"].iter().any(|word| last.ends_with(word))
        || ["follows", "below this line", "below the next line"].iter().any(|words| text.contains(words));
    let mut ahead = rest.lines().filter(|line| !line.trim().is_empty()).take(LOOK_AHEAD);
    is_ruled || announces || ahead.any(|line| is_header_begin(line.trim_start()))
}

const DIVIDERS: &[&str] = &[
    "original message",
    "original mail",
    "original email",
    "message that was sent",
    "copy of the message",
    "copy of your message",
    "copy of the original",
    "copy of this message",
    "message header",
    "mail header",
    "header of the message",
    "headers of the message",
    "headers of the original",
    "returned mail",
    "returned message",
    "unsent message",
    "undelivered message",
    "message text",
    "message follows",
    "message contents",
    "lines of your",
    "lines of the",
    "beginning of your",
    "beginning of the message",
    "below this line",
    "oorspronkelijk bericht",
    "ursprüngliche nachricht",
    "originalnachricht",
    "message d'origine",
    "message original",
    "mensaje original",
    "mensagem original",
    "messaggio originale",
    "исходное сообщение",
];

/// The first block of fields in a text; all its lines may be indented or quoted alike.
fn header_in(text: &str) -> Fields {
    let mut at = 0;
    for line in text.split_inclusive('\n').take(MAX_LINES) {
        let bare = line.trim_start_matches([' ', '\t', '>', '|']);
        let margin = &line[..line.len() - bare.len()];
        if split_field(bare).is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')) {
            let block = text[at..].lines().take(MAX_LINES).map(|line| line.strip_prefix(margin).unwrap_or(line));
            return Fields::parse(&block.collect::<Vec<_>>().join("\n"));
        }
        at += line.len();
    }
    Fields::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn halves(body: &str) -> (String, Option<String>) {
        let original = Original::of(&Mail::read(format!("Subject: x\n\n{body}").as_bytes()));
        (original.notice, original.header.get("message-id").map(str::to_owned))
    }

    #[test]
    fn the_report_ends_where_the_message_begins() {
        for divider in [
            "--- Below this line is a copy of the message.",
            "------ This is a copy of the message, including all the headers. ------",
            "----- Original message -----",
            "Message headers follow:",
            "Included is a copy of the message header:\n-----",
            "  ----- Unsent message follows -----",
        ] {
            let body = format!("Failed.\n\n{divider}\n\nReceived: by x\nMessage-ID: <1@x.nl>\n");
            assert_eq!(halves(&body), ("Failed.\n\n".to_owned(), Some("<1@x.nl>".to_owned())), "{divider}");
        }
        assert_eq!(halves("Failed.\nReturn-Path: <a@x.nl>\nMessage-ID: <2@x.nl>").1.as_deref(), Some("<2@x.nl>"));
        assert_eq!(
            halves("Failed.\n-- Original message --\n\n  > From: a\n  > Message-ID: <3@x.nl>").1.as_deref(),
            Some("<3@x.nl>")
        );
    }

    #[test]
    fn prose_about_the_message_does_not_end_the_report() {
        for line in [
            "The original message was received at Thu, 29 Apr 2011 23:34:45 +0900",
            "delete your own text from the attached returned message.",
            "   ----- Transcript of session follows -----",
            "A transcript of the attempts to send the message follows.",
            "Your message could not be delivered. It is attached below.",
            "The following addresses did not receive a copy of your message:",
        ] {
            assert_eq!(halves(&format!("{line}\n<a@x.nl>: no\n")).0, format!("{line}\n<a@x.nl>: no\n"));
        }
    }
}
