//! What mail servers write when they refuse, and what they mean by it.

use super::bounce::BounceClass;
use super::bounce_phrases::{
    ABOUT_SENDER, CONTENT, GONE, MAILBOX_FULL, NETWORK, NOT_IN_TIME, POLICY, PROBABLY_GONE, PROTOCOL, SURELY_CONTENT,
    SURELY_POLICY, TOO_LARGE,
};

/// Longest text that is looked at, in octets.
const MAX_OCTETS: usize = 8 << 10;

/// Reads a server's words, for servers that send no enhanced code or an empty one (`5.0.0`).
///
/// The order matters: “user unknown, see our spam policy” is about the user, “host not found, try again”
/// about today's name server.
pub(super) fn from_text(text: &str) -> BounceClass {
    let text = folded(text);
    WORDS
        .iter()
        .find(|(_, phrases)| phrases.iter().any(|phrase| text.contains(phrase)))
        .map_or(BounceClass::Unclear, |(class, _)| *class)
}

/// Lower case, one blank between words, one kind of apostrophe.
fn folded(text: &str) -> String {
    let text = &text[..text.floor_char_boundary(MAX_OCTETS)];
    let mut plain = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !plain.is_empty() {
            plain.push(' ');
        }
        plain.extend(word.chars().flat_map(char::to_lowercase).map(|c| if c == '’' { '\'' } else { c }));
    }
    plain
}

/// In lower case, the most telling first; a class comes back with vaguer words further down.
const WORDS: [(BounceClass, &[&str]); 14] = [
    (BounceClass::UnsupportedAddress, &["smtputf8", "internationalized", "internationalised"]),
    (BounceClass::MailboxFull, MAILBOX_FULL),
    (BounceClass::Network, NOT_IN_TIME),
    (BounceClass::TooLarge, TOO_LARGE),
    (BounceClass::Policy, SURELY_POLICY),
    (BounceClass::Protocol, ABOUT_SENDER),
    (BounceClass::Gone, GONE),
    (BounceClass::Content, SURELY_CONTENT),
    (BounceClass::Policy, POLICY),
    (BounceClass::Content, CONTENT),
    (BounceClass::Network, NETWORK),
    (BounceClass::Protocol, PROTOCOL),
    (BounceClass::Gone, PROBABLY_GONE),
    (BounceClass::Policy, &["policy", "rejected due to", "prohibited", "restricted", "rejected by"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_of_all_kinds_are_understood() {
        for (class, texts) in [
            (
                BounceClass::Gone,
                &[
                    "Sorry, no mailbox here by that name. (#5.1.1)",
                    "User Unknown, see our spam policy",
                    "The email account that you tried to reach does not exist.",
                    "User anna (anna@example.org) not listed in Domino Directory",
                    "Recipient address rejected: Access denied. [AM0NLD01]",
                    "Host or domain name not found. Name service error for name=example.invalid type=A: Host not found",
                    "Unrouteable address",
                    "Diese Adresse existiert nicht",
                    "Requested action not taken: mailbox unavailable",
                    "This user\n  doesn’t have an account",
                    "550 Domain does not exist",
                    "DNS lookup returned NXDOMAIN",
                    "the domain has no MX record and no address",
                    "This mailbox has been disabled due to inactivity",
                    "550 recipient has moved",
                    "Deze gebruiker is niet bekend",
                ][..],
            ),
            (
                BounceClass::MailboxFull,
                &[
                    "mailbox is full",
                    "552 Quota violation for anna@example.org",
                    "delivery temporary suspended? no: user is over quota",
                    "Het postvak is vol",
                    "User mailbox exceeds allowed size: anna@example.org",
                    "550 Mailbox is frozen.",
                    "Boite du destinataire pleine",
                ],
            ),
            (BounceClass::TooLarge, &["Message size exceeds fixed maximum message size", "552 message too big"]),
            (
                BounceClass::Policy,
                &[
                    "Your host is blocked using our list",
                    "554 5.7.1 Relaying denied",
                    "we require a PTR record",
                    "Client host rejected: cannot find your hostname",
                    "too many connections from your network",
                    "554 Host network not allowed",
                    "554 IP address rejected",
                    "550 your host is not permitted",
                ],
            ),
            (BounceClass::Content, &["looks like spam to me", "blocked: virus found", "attachment type not allowed"]),
            (
                BounceClass::Network,
                &[
                    "retry timeout exceeded",
                    "Host not found, try again",
                    "connect to mx.example.org[192.0.2.1]:25: Connection timed out",
                    "mail for example.org loops back to myself",
                    "554 too many hops",
                    "all hosts have been failing for a long time",
                ],
            ),
            (
                BounceClass::Protocol,
                &[
                    "503 bad sequence of commands",
                    "sender address rejected: Domain not found",
                    "Domain of sender address news@example.org does not exist",
                    "sender address has null MX",
                ],
            ),
            (BounceClass::UnsupportedAddress, &["SMTPUTF8 is required, but was not offered"]),
            (BounceClass::Unclear, &["go away", "", "550"]),
        ] {
            for text in texts {
                assert_eq!(from_text(text), class, "{text}");
            }
        }
    }

    #[test]
    fn every_phrase_is_written_as_texts_are_folded() {
        for phrase in WORDS.iter().flat_map(|(_, phrases)| *phrases) {
            assert_eq!(folded(phrase), *phrase);
        }
    }
}
