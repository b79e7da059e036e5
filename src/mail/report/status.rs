//! Delivery status notifications: RFC 3464, and RFC 6533 for addresses beyond ASCII.

use crate::domain::address::EmailAddress;

use super::fields::{Fields, Status, address, from_utf8_xtext, from_xtext, split_field};
use super::original::Original;
use super::parts::Mail;
use super::verdict::{Action, judge};
use super::{Recipient, notice};

/// Most recipients that are read from one report.
const MAX_RECIPIENTS: usize = 100;

/// Everybody whom a report says was not reached; nobody when it reports success. `None` when it is no report
/// of this kind, or one that names nobody.
pub(super) fn read(mail: &Mail, original: &Original) -> Option<Vec<Recipient>> {
    let mut groups = groups(mail);
    groups.retain(|group| RECIPIENT_FIELDS.iter().any(|name| group.has(name)));
    let context = if groups.len() == 1 { original.notice.as_str() } else { "" };
    let mut seen = 0;
    let mut recipients: Vec<Recipient> = Vec::new();
    for group in groups.iter().take(MAX_RECIPIENTS) {
        let Some((address, other)) = recipient_of(group) else { continue };
        seen += 1;
        let (status, comment) = status_of(group);
        let Some(action) = action_of(group, status) else { continue };
        let diagnostic = group.all("diagnostic-code").chain(group.all("x-diagnostic-code"));
        let words = std::iter::once(comment).chain(diagnostic.map(without_type)).collect::<Vec<_>>().join(" ");
        let failure = judge(action, status, words.trim(), context);
        match recipients.iter_mut().find(|known| known.address.eq_ignore_ascii_case(&address)) {
            Some(known) if failure.permanent => known.failure = Some(failure),
            Some(_) => {}
            None => recipients.push(Recipient { address, other, failure: Some(failure) }),
        }
    }
    (seen > 0).then_some(recipients)
}

/// The identifiers that we gave the reported message at MAIL (RFC 3461 section 4.4).
pub(super) fn envelope_ids(mail: &Mail) -> Vec<String> {
    groups(mail)
        .iter()
        .flat_map(|group| group.all("original-envelope-id").map(from_xtext).collect::<Vec<_>>())
        .collect()
}

const RECIPIENT_FIELDS: [&str; 3] = ["original-recipient", "final-recipient", "x-actual-recipient"];

/// All groups of fields, the one about the whole report included.
fn groups(mail: &Mail) -> Vec<Fields> {
    let is_report = |kind: &str| matches!(kind, "message/delivery-status" | "message/global-delivery-status");
    let mut texts: Vec<&str> =
        mail.leaves.iter().filter(|leaf| is_report(&leaf.kind)).map(|leaf| leaf.text.as_str()).collect();
    let names_someone = |text: &str| {
        text.lines().any(|line| line.get(..16).is_some_and(|name| name.eq_ignore_ascii_case("final-recipient:")))
    };
    let is_lost = !texts.iter().any(|text| names_someone(text));
    if is_lost && (mail.report_type == "delivery-status" || notice::is_from_machine(mail)) && names_someone(&mail.body)
    {
        texts = vec![&mail.body];
    }
    let mut groups: Vec<Fields> = Vec::new();
    for text in texts {
        for block in blocks(text) {
            let fields = Fields::parse(&block);
            let is_enough = groups.len() > 2 * MAX_RECIPIENTS;
            let continues = groups.last().is_some_and(|last| {
                RECIPIENT_FIELDS.iter().any(|name| last.has(name))
                    && !(last.has("action") && last.has("status") && last.has("diagnostic-code"))
                    && !RECIPIENT_FIELDS.iter().any(|name| fields.has(name))
                    && ["action", "status", "diagnostic-code"].iter().any(|name| fields.has(name))
            });
            match groups.last_mut() {
                // Somebody put empty lines between the fields of one recipient.
                Some(last) if continues => last.extend(fields),
                _ if fields.is_empty() || is_enough => {}
                _ => groups.push(fields),
            }
        }
    }
    groups
}

/// Blocks between empty lines; a second recipient without an empty line before it begins a new one as well.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    let mut recipient_fields: Vec<String> = Vec::new();
    for line in text.lines() {
        let name = split_field(line).map(|(name, _)| name.to_ascii_lowercase());
        let name = name.filter(|name| RECIPIENT_FIELDS.contains(&name.as_str()));
        let is_second = name.as_ref().is_some_and(|name| recipient_fields.contains(name));
        if line.trim().is_empty() || is_second {
            if blocks.len() > 4 * MAX_RECIPIENTS {
                break;
            }
            blocks.push(String::new());
            recipient_fields.clear();
        }
        recipient_fields.extend(name);
        if let Some(block) = blocks.last_mut().filter(|_| !line.trim().is_empty()) {
            block.push_str(line);
            block.push('\n');
        }
    }
    blocks
}

/// The address that we wrote to where it is given, the one at the end of the way otherwise; and the other one, where there
/// are two (RFC 3464 sections 2.3.1 and 2.3.2).
///
/// Mail that its reader has forwarded is somebody else's mailbox by another name: then only the original one is a reader
/// of ours. The same name at another host is the same mailbox, under the domain that its own mail system knows it by: that
/// is the one that failed. A host without a dot is a name that only that system knows.
fn recipient_of(group: &Fields) -> Option<(String, Option<String>)> {
    let named = |name: &str| group.all(name).find_map(|value| typed_address(value, name == "original-recipient"));
    let [original, last, actual] = RECIPIENT_FIELDS.map(named);
    match (original, last.or(actual)) {
        (Some(original), Some(last)) if original.eq_ignore_ascii_case(&last) => Some((original, None)),
        (Some(original), Some(last)) if same_name_elsewhere(&original, &last) => Some((last, Some(original))),
        (Some(original), last) => Some((original, last)),
        (None, last) => last.map(|last| (last, None)),
    }
}

fn same_name_elsewhere(original: &str, last: &str) -> bool {
    let parts = original.rsplit_once('@').zip(last.rsplit_once('@'));
    parts.is_some_and(|((name, _), (same, host))| name.eq_ignore_ascii_case(same) && host.contains('.'))
}

/// `rfc822;jan+2Bnews@example.net`: an address after its type (RFC 3464 section 2.1.2).
fn typed_address(value: &str, is_xtext: bool) -> Option<String> {
    let (kind, text) = value.split_once(';').unwrap_or(("rfc822", value));
    let is_around = |c: char| matches!(c, '<' | '>' | '"' | '\'' | '(');
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || is_around(c));
    let text = text.split(|c: char| c.is_whitespace() || matches!(c, '>' | ',' | ';')).next().unwrap_or_default();
    let text = text.trim_end_matches(is_around);
    let text = if kind.trim().eq_ignore_ascii_case("utf-8") {
        from_utf8_xtext(text)
    } else if is_xtext {
        from_xtext(text)
    } else {
        text.to_owned()
    };
    if let Ok(address) = EmailAddress::parse_any_role(&text) {
        return Some(address.as_str().to_owned());
    }
    let (local, domain) = text.rsplit_once('@')?;
    let is_host = |c: char| c.is_alphanumeric() || c == '.' || c == '-';
    let is_sound = !local.is_empty() && !domain.is_empty() && text.len() <= 320 && domain.chars().all(is_host);
    if !is_sound || text.contains(char::is_control) {
        return address(&text).map(str::to_owned);
    }
    Some(format!("{local}@{}", domain.to_lowercase()))
}

/// The status, and what stands beside it in a comment.
fn status_of(group: &Fields) -> (Option<Status>, &str) {
    let Some(value) = group.get("status") else { return (None, "") };
    let comment = value.split_once('(').map_or("", |(_, comment)| comment.trim_end_matches(')'));
    (Status::at_start(value.trim_start_matches(|c: char| !c.is_ascii_digit())), comment)
}

/// What happened; `None` for what is no failure (RFC 3464 section 2.3.3).
fn action_of(group: &Fields, status: Option<Status>) -> Option<Action> {
    let said = group.get("action").unwrap_or_default().trim_start().to_ascii_lowercase();
    let is = |words: &[&str]| words.iter().any(|word| said.starts_with(word));
    if is(&["relayed", "delivered", "expanded", "transferred"]) {
        None
    } else if is(&["delay", "deferred", "temporary", "transient"]) {
        Some(Action::Delayed)
    } else if is(&["fail", "error", "expired", "undeliver", "bounced", "reject"]) {
        Some(Action::Failed)
    } else {
        match status {
            Some(Status(2, ..)) => None,
            Some(Status(4, ..)) => Some(Action::Delayed),
            _ => Some(Action::Failed),
        }
    }
}

/// `smtp; 550 no`: the words after their type.
fn without_type(value: &str) -> &str {
    value
        .split_once(';')
        .filter(|(kind, _)| kind.len() <= 20 && !kind.contains(' '))
        .map_or(value, |(_, words)| words.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_behind_its_type_however_it_is_dressed() {
        for (value, expected) in [
            ("rfc822; anna@example.org", Some("anna@example.org")),
            ("RFC822;<Anna@Example.ORG>", Some("Anna@example.org")),
            ("rfc822;\"anna@example.org\";", Some("anna@example.org")),
            ("rfc822; anna@example.org (Anna)", Some("anna@example.org")),
            ("anna@example.org", Some("anna@example.org")),
            ("rfc822; anna@intranet", Some("anna@intranet")),
            ("utf-8; anna@caf\\x{E9}.nl", Some("anna@xn--caf-dma.nl")),
            ("x-unix; |/usr/bin/catch", None),
            ("rfc822;", None),
            ("rfc822; @", None),
        ] {
            assert_eq!(typed_address(value, false).as_deref(), expected, "{value}");
        }
        assert_eq!(typed_address("rfc822;anna+2Bx@example.org", true).as_deref(), Some("anna+x@example.org"));
        assert_eq!(typed_address("rfc822;anna+2Bx@example.org", false).as_deref(), Some("anna+2Bx@example.org"));
    }
}
