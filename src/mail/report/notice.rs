//! Bounces in prose, as mail servers wrote them before there was a format, and some still do.
//!
//! No table of servers: what they share is that a machine writes, that it says what did not work, and that it
//! puts the address where the eye finds it.

use super::fields::{address, addresses, cut};
use super::original::Original;
use super::parts::Mail;
use super::verdict::{Action, Failure, judge};
use super::{Recipient, clues};

/// Most recipients that are read from one report.
const MAX_RECIPIENTS: usize = 50;
/// How much of the text after an address is about it, in octets.
const MAX_ABOUT_OCTETS: usize = 1500;
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
        Recipient { address: with_lower_case_domain(address), failure: Some(judge(action, None, about, &whole)) }
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
    let subject = mail.subject.trim().to_lowercase();
    // People answer and pass on bounces, too.
    let is_reply = ["re:", "fw:", "fwd:", "aw:", "antw:", "tr:", "wg:"].iter().any(|start| subject.starts_with(start));
    let told = SUBJECTS.iter().any(|phrase| match subject.find(phrase) {
        Some(at) => !is_reply || at > 12,
        None => false,
    });
    let path = header.get("return-path").unwrap_or("-").trim().to_ascii_lowercase();
    let has_no_path = path == "<>" || path.is_empty() || path.contains("mailer-daemon");
    let body = unquoted(&original.notice);
    2 * u32::from(is_from_machine(mail))
        + 2 * u32::from(told)
        + u32::from(has_no_path)
        + u32::from(BODIES.iter().any(|phrase| body.contains(phrase)))
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
    // Nobody is named at all: then it is the one whom the returned message was for, unless that is a list of ours.
    let home = |who: &str| own.iter().any(|own| domain(own).eq_ignore_ascii_case(domain(who)));
    let to = unique(original.header.all("to").flat_map(addresses).map(|(_, who)| who).filter(|who| !home(who)));
    if to.len() == 1 { to } else { Vec::new() }
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

/// In lower case, in a sender's address or name.
const MACHINES: &[&str] = &[
    "mailer-daemon",
    "mailerdaemon",
    "mailer_daemon",
    "mail-daemon",
    "maildaemon",
    "mdaemon",
    "postmaster",
    "post_master",
    "post master",
    "mail delivery",
    "mail.delivery",
    "maildelivery",
    "mail-delivery",
    "delivery subsystem",
    "delivery system",
    "delivery service",
    "mail system",
    "mailsystem",
    "mail-system",
    "mail administrator",
    "mailadmin",
    "mailadm",
    "system administrator",
    "systemadministrator",
    "systeembeheerder",
    "administrateur système",
    "internet mail",
    "mail router",
    "mailrouter",
    "microsoft outlook",
    "bounce",
    "mmdf",
    "uucp",
];

/// In lower case, in a subject.
const SUBJECTS: &[&str] = &[
    "undeliver",
    "non-deliver",
    "nondeliver",
    "non deliver",
    "not deliver",
    "delivery fail",
    "delivery error",
    "delivery problem",
    "delivery status",
    "delivery report",
    "delivery notification",
    "delivery has failed",
    "delivery warning",
    "delivery delay",
    "delivery attempt",
    "delivery unsuccessful",
    "delivery has been delayed",
    "delivery incomplete",
    "failure delivery",
    "failure notice",
    "failure notification",
    "failed delivery",
    "failed mail",
    "failed message",
    "failed to deliver",
    "failed: ",
    "mail failure",
    "mail error",
    "mail system error",
    "mail could not be",
    "mail delivery",
    "message not sent",
    "message status",
    "message delay",
    "message undeliver",
    "could not be delivered",
    "couldn't be delivered",
    "could not deliver",
    "couldn't deliver",
    "cannot be delivered",
    "can't be delivered",
    "cannot deliver",
    "unable to deliver",
    "wasn't delivered",
    "was not delivered",
    "returned mail",
    "returned to sender",
    "returning message",
    "return to sender",
    "returned email",
    "returned message",
    "returned:",
    "bounced",
    "bounce notification",
    "bounce message",
    "warning: message",
    "warning: could not",
    "user unknown",
    "unknown user",
    "unknown recipient",
    "unknown address",
    "recipient unknown",
    "invalid address",
    "invalid recipient",
    "no such user",
    "mailbox full",
    "mailbox is full",
    "mailbox unavailable",
    "over quota",
    "quota exceeded",
    "processing error",
    "rejected mail",
    "mail rejected",
    "message rejected",
    "postmaster notify",
    "nicht zugestellt",
    "nicht zustellbar",
    "unzustellbar",
    "zustellung fehlgeschlagen",
    "fehlgeschlagen",
    "niet bezorgd",
    "niet afgeleverd",
    "niet worden bezorgd",
    "niet worden afgeleverd",
    "onbestelbaar",
    "non remis",
    "non distribué",
    "non délivré",
    "échec de la remise",
    "échec de remise",
    "échec de livraison",
    "échec d'envoi",
    "impossible de remettre",
    "avis de non-remise",
    "notification d'état de remise",
    "no se puede entregar",
    "no se pudo entregar",
    "no entregado",
    "no se ha podido entregar",
    "correo devuelto",
    "error de entrega",
    "não entregue",
    "não foi possível entregar",
    "falha na entrega",
    "devolvid",
    "mancato recapito",
    "non recapitabile",
    "mancata consegna",
    "messaggio non",
    "kunne ikke leveres",
    "kunde inte levereras",
    "ej levererat",
    "nedostavl",
    "не доставлен",
    "недоставлен",
    "не удалось доставить",
    "niedostarczon",
    "nie można dostarczyć",
    "エラー",
    "配信",
    "送信できません",
    "退信",
    "系统退信",
    "投递失败",
];

/// In lower case, in a body.
const BODIES: &[&str] = &[
    "could not be delivered",
    "couldn't be delivered",
    "cannot be delivered",
    "can't be delivered",
    "can not be delivered",
    "was not delivered",
    "wasn't delivered",
    "not been delivered",
    "has not reached",
    "not be delivered",
    "unable to deliver",
    "not able to deliver",
    "wasn't able to deliver",
    "could not deliver",
    "couldn't deliver",
    "cannot deliver",
    "undeliverable",
    "undelivered",
    "not deliverable",
    "delivery failed",
    "delivery has failed",
    "delivery failure",
    "delivery error",
    "delivery problem",
    "delivery to the following",
    "delivery of your",
    "delivery status",
    "did not reach the following",
    "did not receive",
    "failed addresses",
    "following address",
    "following recipient",
    "following user",
    "returned to sender",
    "returned to you",
    "has been returned",
    "was returned",
    "has been postponed",
    "has been delayed",
    "had permanent fatal errors",
    "had delivery problems",
    "permanent error",
    "fatal error",
    "was rejected",
    "rejected by",
    "has been rejected",
    "rejected your message",
    "user unknown",
    "unknown user",
    "unknown recipient",
    "no such user",
    "invalid user",
    "invalid recipient",
    "does not exist",
    "doesn't exist",
    "not listed in",
    "not recognized",
    "mailbox is full",
    "mailbox full",
    "over quota",
    "quota exceeded",
    "exceeded their quota",
    "reason:",
    "error message",
    "smtp error",
    "error from remote",
    "host unknown",
    "host not found",
    "niet worden bezorgd",
    "niet worden afgeleverd",
    "niet bezorgd",
    "niet afgeleverd",
    "nicht zugestellt",
    "nicht ausgeliefert",
    "pas pu être",
    "n'a pas pu",
    "n'a pu être",
    "no se pudo entregar",
    "no se ha podido",
    "no pudo ser entregado",
    "não pôde ser entregue",
    "non è stato possibile",
    "не может быть",
    "не было доставлено",
    "送信できません",
    "配信できません",
    "届けできません",
    "无法投递",
    "退回",
];

/// In lower case, in subject or body: the server goes on trying.
const DELAYS: &[&str] = &[
    "(delay)",
    "delivery delayed",
    "delivery warning",
    "delayed mail",
    "message delayed",
    "warning: could not send message for past",
    "warning: message",
    "warning message only",
    "has been delayed",
    "was delayed",
    "has been postponed",
    "delivery is delayed",
    "not yet been delivered",
    "not been delivered yet",
    "has not yet been",
    "not yet received",
    "still being retried",
    "still trying",
    "will be retried",
    "will retry",
    "will continue to try",
    "will keep trying",
    "will continue trying",
    "continue to attempt",
    "do not need to resend",
    "don't need to resend",
    "no need to resend",
    "no action is required on your part",
    "delivery attempts will continue",
];

/// In lower case, at the beginning of a line that names somebody else than a recipient.
const SENDER_LABELS: &[&str] = &[
    "from:",
    "from ",
    "mail from",
    "sender",
    "reply-to",
    "message-id",
    "message id",
    "references",
    "in-reply-to",
    "subject",
    "date:",
    "sent:",
    "received",
    "return-path",
    "reporting-mta",
    "bcc:",
    "van:",
    "von:",
    "de :",
];

/// In lower case, right before an address that is somebody else's than a recipient's.
const SENDER_WORDS: &[&str] = &[
    "from",
    "sender",
    "contact",
    "reply to",
    "reply-to",
    "message-id",
    "message id",
    "write to",
    "email us at",
    "contact us at",
    "complaints to",
    "questions to",
    "generated by",
    "sent by",
    "report to",
    "van",
    "von",
];

/// In lower case, in a line about recipients or failing, or in the line before.
const TELLING: &[&str] = &[
    "recipient",
    "rcpt",
    "deliver",
    "address",
    "fail",
    "reject",
    "refus",
    "unknown",
    "mailbox",
    "user",
    "account",
    "return",
    "bounce",
    "could not",
    "couldn't",
    "unable",
    "cannot",
    "not found",
    "no such",
    "quota",
    "error",
    "ontvanger",
    "bezorg",
    "adres",
    "zustell",
    "empfänger",
    "destinat",
    "adresse",
    "送信",
    "宛先",
    "адрес",
];
