//! Everything in a message by which it can be tied to a delivery of ours. Others verify it; here it is only found.

use super::fields::{addresses, cut};
use super::original::Original;
use super::parts::Mail;
use super::unsubscribe::ARRIVAL_FIELDS;
use super::{complaint, status};

/// Most clues of one kind.
const MAX_CLUES: usize = 20;
/// Longest clue, in octets.
const MAX_OCTETS: usize = 1000;

/// No token is shorter, in octets.
const MIN_TOKEN_OCTETS: usize = 16;

/// Strings that may carry something that we made, each once, in the order of their worth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clues {
    /// Addresses with a detail after a plus: where the message came in, and where the returned one came from.
    pub addresses: Vec<String>,
    /// Message-IDs, without their angle brackets, of the returned message and of what is answered.
    pub message_ids: Vec<String>,
    /// Envelope identifiers that a delivery report gives back (RFC 3461 section 4.4).
    pub envelope_ids: Vec<String>,
    /// The links in `List-Unsubscribe` of the returned message.
    pub unsubscribe_links: Vec<String>,
}

impl Clues {
    pub(super) fn of(mail: &Mail, original: &Original) -> Self {
        let mut clues = Self::default();
        let report = complaint::fields(mail).unwrap_or_default();
        let arrivals = mail.header.any(&ARRIVAL_FIELDS);
        let hops = mail.header.all("received").filter_map(|hop| hop.rsplit_once(" for ").map(|(_, who)| who));
        let departures =
            original.header.any(&["return-path", "sender", "errors-to", "x-envelope-from", "list-unsubscribe"]);
        let reported = report.all("original-mail-from");
        for (_, address) in arrivals.chain(reported).chain(departures).chain(hops).flat_map(addresses) {
            if address.split('@').next().is_some_and(|local| local.contains('+')) {
                add(&mut clues.addresses, address);
            }
        }
        let told = original.notice.lines().filter_map(|line| {
            let (name, value) = line.trim_start_matches([' ', '\t', '>', '*', '|']).split_once(':')?;
            name.trim_end().to_ascii_lowercase().ends_with("message-id").then_some(value)
        });
        let returned = original.header.any(&["message-id", "x-original-message-id", "original-message-id"]);
        let reported = report.any(&["message-id", "original-message-id"]);
        let answered = mail.header.any(&["in-reply-to", "x-original-message-id", "references"]);
        for value in returned.chain(reported).chain(told).chain(answered) {
            for id in value.split_whitespace().filter(|id| id.contains('@')) {
                add(&mut clues.message_ids, id.trim_matches(['<', '>', ',', ';', '"']));
            }
        }
        for id in status::envelope_ids(mail) {
            add(&mut clues.envelope_ids, id.trim());
        }
        for value in original.header.all("list-unsubscribe") {
            for link in value.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
                add(&mut clues.unsubscribe_links, link.trim());
            }
        }
        clues
    }

    /// The details after the plus in the addresses: where our tokens are, if there are any.
    pub fn details(&self) -> impl Iterator<Item = &str> {
        self.addresses
            .iter()
            .filter_map(|address| address.rsplit_once('@')?.0.split_once('+').map(|(_, detail)| detail))
    }
}

fn add(clues: &mut Vec<String>, clue: &str) {
    if clues.len() < MAX_CLUES
        && !clue.is_empty()
        && cut(clue, MAX_OCTETS) == clue
        && !clues.iter().any(|known| known == clue)
    {
        clues.push(clue.to_owned());
    }
}

/// Whether a message came in at an address that one delivery has for itself: its detail looks like a token.
pub(super) fn has_return_path(mail: &Mail) -> bool {
    let mut arrivals = mail.header.any(&ARRIVAL_FIELDS).flat_map(addresses);
    arrivals.any(|(_, address)| {
        let detail = address.split('@').next().and_then(|local| local.split_once('+')).map_or("", |(_, detail)| detail);
        detail.len() >= MIN_TOKEN_OCTETS && detail.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}
