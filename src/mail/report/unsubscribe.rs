//! Wishes to leave by mail: to an address made for it (RFC 2369), or in one word.

use super::fields::{address, addresses};
use super::original::Original;
use super::parts::Mail;

/// Header fields that say where a message came in.
pub(super) const ARRIVAL_FIELDS: [&str; 8] =
    ["to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to", "apparently-to"];

/// Whether the message went to an address that exists for leaving: `unsubscribe+TOKEN@…`.
pub(super) fn is_addressed_so(mail: &Mail) -> bool {
    let arrivals = mail.header.any(&ARRIVAL_FIELDS).flat_map(addresses);
    arrivals.map(|(_, address)| address.to_ascii_lowercase()).any(|address| address.starts_with("unsubscribe+"))
}

/// Whether its subject, or the first line that its writer wrote, is such a word and nothing else.
pub(super) fn is_worded_so(mail: &Mail, original: &Original) -> bool {
    let first = original.notice.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('>'));
    [mail.subject.as_str(), first.unwrap_or_default()].into_iter().any(|text| {
        let mut text = text.trim().to_lowercase();
        for reply in ["re:", "antw:", "aw:", "fwd:", "fw:"] {
            text = text.strip_prefix(reply).unwrap_or(&text).trim_start().to_owned();
        }
        WORDS.contains(&text.trim_matches(|c: char| !c.is_alphanumeric()))
    })
}

/// Who asks, as far as the message says.
pub(super) fn sender(mail: &Mail) -> Vec<String> {
    mail.header.get("from").and_then(address).map(str::to_owned).into_iter().collect()
}

const WORDS: &[&str] = &[
    "unsubscribe",
    "unsubscribe me",
    "please unsubscribe",
    "please unsubscribe me",
    "unsubscribe please",
    "remove",
    "remove me",
    "please remove me",
    "opt out",
    "opt-out",
    "afmelden",
    "afmelden nieuwsbrief",
    "graag afmelden",
    "meld mij af",
    "afmelding",
    "uitschrijven",
    "graag uitschrijven",
    "opzeggen",
    "abmelden",
    "abbestellen",
    "austragen",
    "désabonner",
    "désabonnement",
    "désinscription",
    "désinscrire",
    "darse de baja",
    "baja",
    "cancellami",
];
