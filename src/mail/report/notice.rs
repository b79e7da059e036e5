//! Bounces in prose, as mail servers wrote them before there was a format, and some still do.
//!
//! No table of servers: what they share is that a machine writes, that it says what did not work, and that it
//! puts the address where the eye finds it.

use super::fields::{address, addresses, cut, reply_code};
use super::notice_phrases::{BODIES, DELAYS, MACHINES, SENDER_LABELS, SENDER_WORDS, SUBJECTS, TELLING, YOUR_MESSAGE};
use super::original::Original;
use super::parts::Mail;
use super::verdict::{Action, Failure, judge};
use super::{Recipient, clues};

/// Most recipients that are read from one report.
const MAX_RECIPIENTS: usize = 50;
/// How much of the text after an address is about it, in octets.
const MAX_ABOUT_OCTETS: usize = 1500;
/// A phrase within so many octets behind `Re:` is the subject that was answered.
const MAX_PREFIX_OCTETS: usize = 12;
/// Longest line that is looked at, in octets.
const MAX_LINE_OCTETS: usize = 2000;
/// How sure we must be that it is a bounce; see [`evidence`].
const ENOUGH: u32 = 3;

pub(super) enum Verdict {
    Recipients(Vec<Recipient>),
    /// Nobody is named, but the return path is the one of a single delivery.
    Nameless(Failure),
}

/// Whom a bounce in prose names; `None` when it is none, or when it is about nobody we could know.
pub(super) fn read(mail: &Mail, original: &Original) -> Option<Verdict> {
    if evidence(mail, original) < ENOUGH {
        return None;
    }
    let text = original.notice.as_str();
    let action = if is_delay(mail, text) { Action::Delayed } else { Action::Failed };
    let whole = format!("{} {}", text.get(..text.floor_char_boundary(4096)).unwrap_or_default(), mail.subject);
    let blamed = blamed(mail, original);
    if blamed.is_empty() {
        return clues::has_return_path(mail).then(|| Verdict::Nameless(judge(action, None, text, &whole)));
    }
    let places: Vec<Option<usize>> = blamed.iter().map(|address| line_of(text, address)).collect();
    let recipients = blamed.iter().zip(&places).map(|(address, place)| {
        let about = place.map_or("", |start| {
            let next = places.iter().flatten().filter(|other| **other > start).min();
            let end = next.copied().unwrap_or(text.len()).min(text.floor_char_boundary(start + MAX_ABOUT_OCTETS));
            &text[start..end]
        });
        let failure = Some(judge(action, None, about, &whole));
        Recipient { address: with_lower_case_domain(address), other: None, failure }
    });
    Some(Verdict::Recipients(recipients.collect()))
}

/// Whether the sender's name is one that mail servers write under.
pub(super) fn is_from_machine(mail: &Mail) -> bool {
    let from = mail.header.get("from").unwrap_or_default().to_ascii_lowercase();
    let name = mail.sender_name.to_lowercase();
    MACHINES.iter().any(|machine| from.contains(machine) || name.contains(machine))
}

/// How much speaks for a bounce: a machine as its sender and a subject that says so count two each, an empty
/// return path and a body that says so one, a header or a type made for bounces three.
fn evidence(mail: &Mail, original: &Original) -> u32 {
    let header = &mail.header;
    let is_certain = header.has("x-failed-recipients")
        || (mail.report_type == "delivery-status" && mail.kind == "multipart/report")
        || header.any(&["received"]).any(|hop| hop.contains("invoked for bounce"))
        || header.has("x-ms-embedded-report");
    if is_certain {
        return ENOUGH;
    }
    let path = header.get("return-path").unwrap_or("-").trim().to_ascii_lowercase();
    let has_no_path = path == "<>" || path.is_empty() || path.contains("mailer-daemon");
    let body = unquoted(&original.notice);
    let is_machine = is_from_machine(mail);
    // People write about parcels that could not be delivered; machines write about “your message”.
    let is_about_message = is_machine
        || has_no_path
        || reply_code(&body).is_some()
        || YOUR_MESSAGE.iter().any(|phrase| body.contains(phrase));
    2 * u32::from(is_machine)
        + 2 * u32::from(is_titled_bounce(mail))
        + u32::from(has_no_path)
        + u32::from(is_about_message && BODIES.iter().any(|phrase| body.contains(phrase)))
}

/// Whether the subject is one of a bounce. People answer and pass on bounces, too: that is none.
pub(super) fn is_titled_bounce(mail: &Mail) -> bool {
    let subject = mail.subject.trim().to_lowercase();
    let is_passed_on =
        ["re:", "fw:", "fwd:", "aw:", "antw:", "tr:", "wg:"].iter().any(|start| subject.starts_with(start));
    SUBJECTS.iter().filter_map(|phrase| subject.find(phrase)).any(|at| !is_passed_on || at > MAX_PREFIX_OCTETS)
}

/// The text in lower case on one line, without what is quoted.
fn unquoted(text: &str) -> String {
    let lines = text.lines().take(200).filter(|line| !line.trim_start().starts_with('>'));
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ").to_lowercase().replace('’', "'")
}

fn is_delay(mail: &Mail, text: &str) -> bool {
    let text = format!("{} {}", mail.subject.to_lowercase(), unquoted(text));
    let is_over =
        ["permanent error", "permanent fatal", "given up", "giving up", "failed permanently", "no further attempts"];
    DELAYS.iter().any(|phrase| text.contains(phrase)) && !is_over.iter().any(|phrase| text.contains(phrase))
}

/// How an address stands in the text, from the least telling to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// In a list of whom the message was for.
    Listed,
    /// Anywhere, or an address of the mail system.
    Mentioned,
    /// In a sentence about recipients or failing.
    Told,
    /// At the beginning of a line.
    Leading,
    /// There, and with a colon behind it: what follows is about it.
    Heading,
}

/// The addresses that the report blames.
fn blamed(mail: &Mail, original: &Original) -> Vec<String> {
    let named: Vec<String> = unique(mail.header.all("x-failed-recipients").flat_map(addresses).map(|(_, who)| who));
    if !named.is_empty() {
        return named;
    }
    // Not `X-Original-To`: some servers write the failing address there.
    let own = mail.header.any(&["to", "cc", "delivered-to", "envelope-to", "x-envelope-to", "apparently-to"]);
    let own: Vec<&str> = own.flat_map(addresses).map(|(_, own)| own).collect();
    let is_own = |who: &str| own.iter().any(|own| own.eq_ignore_ascii_case(who));
    let intended = original.recipients();
    let is_intended = |who: &str| intended.iter().any(|known| known.eq_ignore_ascii_case(who));
    let senders: Vec<&str> = original.header.any(&["from", "return-path", "reply-to"]).filter_map(address).collect();
    let is_sender = |who: &str| senders.iter().any(|sender| sender.eq_ignore_ascii_case(who)) && !is_intended(who);

    let mut places = places(&original.notice);
    places.retain(|(_, who)| !is_own(who) && !is_sender(who));
    let place = places.iter().map(|(place, _)| *place).max();
    let best: Vec<&str> = places.iter().filter(|(at, _)| Some(*at) == place).map(|(_, who)| *who).collect();
    // An address that the message was for beats one that merely stands there, such as a signature's.
    let only_intended = place != Some(Place::Heading) && best.iter().any(|who| is_intended(who));
    let found = unique(best.into_iter().filter(|who| !only_intended || is_intended(who)));
    if !found.is_empty() {
        return found;
    }
    let in_subject = unique(addresses(&mail.subject).into_iter().map(|(_, who)| who).filter(|who| !is_own(who)));
    if !in_subject.is_empty() || !is_from_machine(mail) {
        return in_subject;
    }
    if let Some(neighbour) = neighbour(mail, &original.notice) {
        return vec![neighbour];
    }
    // Nobody is named at all: then it is the one whom the returned message was for, unless that is a list of ours.
    let home = |who: &str| own.iter().any(|own| domain(own).eq_ignore_ascii_case(domain(who)));
    let to = unique(original.header.all("to").flat_map(addresses).map(|(_, who)| who).filter(|who| !home(who)));
    if to.len() == 1 { to } else { Vec::new() }
}

/// Somebody at the reporting server's own domain, whom it names without one, alone on the line after one that
/// announces recipients.
fn neighbour(mail: &Mail, text: &str) -> Option<String> {
    let host = domain(mail.header.get("from").and_then(address)?);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let announces = |line: &str| {
        let line = line.to_lowercase();
        line.ends_with(':')
            && ["recipient", "following address", "following user", "delivered to"].iter().any(|w| line.contains(w))
    };
    lines.find(|line| announces(line))?;
    let line = cut(lines.next()?, MAX_LINE_OCTETS);
    let (name, rest) = line.split_at(line.find(char::is_whitespace).unwrap_or(line.len()));
    let is_alone = rest.is_empty() || rest.starts_with(['\t', '(']) || rest.starts_with("  ") || rest.starts_with(" (");
    let is_name = (2..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte))
        && name.bytes().any(|byte| byte.is_ascii_alphanumeric());
    (is_alone && is_name).then(|| format!("{name}@{host}"))
}

/// Every address in the text that may be a failing one, and how it stands there.
fn places(text: &str) -> Vec<(Place, &str)> {
    let mut found = Vec::new();
    let mut before = String::new();
    for line in text.lines().map(|line| cut(line, MAX_LINE_OCTETS)) {
        let lower = line.to_lowercase();
        let label = lower.trim_start_matches([' ', '\t', '*', '>', '-', '|']);
        let is_about_sender = SENDER_LABELS.iter().any(|start| label.starts_with(start));
        let is_telling = TELLING.iter().any(|word| lower.contains(word) || before.contains(word));
        for (start, address) in addresses(line).into_iter().filter(|_| !is_about_sender) {
            let prefix = lower.get(..start).unwrap_or_default();
            let words = prefix.trim_end_matches(|c: char| !c.is_alphanumeric());
            if SENDER_WORDS.iter().any(|word| words.ends_with(word)) {
                continue;
            }
            let place = if is_service(address) {
                Place::Mentioned
            } else if label.starts_with("to:") || label.starts_with("cc:") {
                Place::Listed
            } else if words.is_empty() {
                let behind = line[start + address.len()..].trim_start_matches(['>', ')', ']', '"', '\'', ' ']);
                if behind.starts_with(':') { Place::Heading } else { Place::Leading }
            } else if is_telling {
                Place::Told
            } else {
                Place::Mentioned
            };
            found.push((place, address));
        }
        if !label.trim().is_empty() {
            before = lower;
        }
    }
    found
}

/// Addresses of the mail system and of those who run it.
fn is_service(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default().to_ascii_lowercase();
    let services =
        ["postmaster", "mailer-daemon", "abuse", "support", "helpdesk", "help", "hostmaster", "noreply", "no-reply"];
    services.contains(&local.as_str())
}

fn domain(address: &str) -> &str {
    address.rsplit('@').next().unwrap_or_default()
}

fn with_lower_case_domain(address: &str) -> String {
    address
        .rsplit_once('@')
        .map_or_else(|| address.to_owned(), |(local, host)| format!("{local}@{}", host.to_lowercase()))
}

fn unique<'a>(addresses: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for who in addresses {
        if found.len() < MAX_RECIPIENTS && !found.iter().any(|known| known.eq_ignore_ascii_case(who)) {
            found.push(who.to_owned());
        }
    }
    found
}

/// Where the line begins that first names the address.
fn line_of(text: &str, address: &str) -> Option<usize> {
    let at = addresses(text).into_iter().find(|(_, found)| found.eq_ignore_ascii_case(address))?.0;
    Some(text[..at].rfind('\n').map_or(0, |end| end + 1))
}
