//! What ties a message that came in to a delivery of ours: only what we alone can have made.

use crate::domain::token::{Keys, Link, MAIL_TOKEN_LENGTH, Purpose, delivery_link};
use crate::mail::report::Clues;

/// The local part, without its detail, of the address that mail programs send the wish to leave to.
pub(crate) const UNSUBSCRIBE: &str = "unsubscribe";

/// What a delivery's token carries: its edition's random number and the recipient's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryTie {
    pub edition_uid: i64,
    pub seq: i64,
}

impl DeliveryTie {
    /// The token's content as it was sealed.
    pub(super) fn link(self) -> Link {
        delivery_link(self.edition_uid, self.seq)
    }

    fn of(link: Link) -> Self {
        let half = |from: usize| i64::from_be_bytes(link[from..from + 8].try_into().expect("half of 16 bytes is 8"));
        Self { edition_uid: half(0), seq: half(8) }
    }
}

/// The delivery that a message is about: by the address that it came in at, by the returned message's return path, by
/// the envelope's identifier, or by the returned message's Message-ID. No other word of it is believed.
pub fn delivery(keys: &Keys, clues: &Clues, recipient: Option<&str>) -> Option<DeliveryTie> {
    let texts = recipient
        .into_iter()
        .chain(clues.addresses.iter().map(String::as_str))
        .chain(clues.envelope_ids.iter().map(String::as_str))
        .chain(clues.message_ids.iter().map(String::as_str));
    texts.filter_map(|text| keys.open_delivery(token_in(text)?)).map(DeliveryTie::of).next()
}

/// The delivery at whose own return path a message came in. A mail that merely quotes one of ours did not.
pub fn arrival(keys: &Keys, clues: &Clues, recipient: Option<&str>) -> Option<DeliveryTie> {
    let arrivals =
        recipient.into_iter().chain(clues.addresses.iter().map(String::as_str).filter(|_| recipient.is_none()));
    arrivals.filter_map(|text| keys.open_delivery(token_in(text)?)).map(DeliveryTie::of).next()
}

/// The link of the subscription that a mail asks to end: it came in at `unsubscribe+TOKEN@…`.
pub fn wish_to_leave(keys: &Keys, clues: &Clues, recipient: Option<&str>) -> Option<Link> {
    // Where the envelope is known it alone says where the mail came in.
    let arrivals: Vec<&str> = match recipient {
        Some(recipient) => vec![recipient],
        None => clues.addresses.iter().map(String::as_str).collect(),
    };
    arrivals.into_iter().find_map(|address| {
        let (local, _) = address.rsplit_once('@')?;
        let (name, token) = local.split_once('+')?;
        name.eq_ignore_ascii_case(UNSUBSCRIBE).then(|| keys.open(Purpose::Unsubscribe, &token.to_ascii_lowercase()))?
    })
}

/// The subscription whose mail a message gives back, by its link for leaving. It says who, but not which mail.
pub fn subscription(keys: &Keys, clues: &Clues) -> Option<Link> {
    clues.unsubscribe_links.iter().find_map(|link| {
        let words = link.split(|c: char| !c.is_ascii_alphanumeric());
        words.filter_map(|word| keys.open(Purpose::Unsubscribe, &word.to_ascii_lowercase())).next()
    })
}

/// The detail of an address, the left side of a Message-ID, or the whole: whatever has a token's length.
fn token_in(text: &str) -> Option<&str> {
    let left = text.split_once('@').map_or(text, |(left, _)| left);
    let token = left.rsplit_once('+').map_or(left, |(_, detail)| detail);
    (token.len() == MAIL_TOKEN_LENGTH).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::new(&[7; 32]).unwrap()
    }

    #[test]
    fn a_token_of_ours_is_found_wherever_a_report_may_carry_it() {
        let tie = DeliveryTie { edition_uid: 77, seq: 5 };
        let token = keys().seal_delivery(&delivery_link(77, 5));
        let none = Clues::default();
        let arrived = format!("bounces+{}@example.org", token.to_uppercase());
        assert_eq!(delivery(&keys(), &none, Some(&arrived)), Some(tie));
        let returned = Clues { message_ids: vec!["x@y".into(), format!("{token}@example.org")], ..Clues::default() };
        assert_eq!(delivery(&keys(), &returned, Some("bounces@example.org")), Some(tie));
        let enveloped = Clues { envelope_ids: vec![token.clone()], ..Clues::default() };
        assert_eq!(delivery(&keys(), &enveloped, None), Some(tie));
    }

    #[test]
    fn what_others_make_up_ties_nothing() {
        let token = keys().seal_delivery(&delivery_link(77, 5));
        let mut forged = token.clone().into_bytes();
        forged[3] = if forged[3] == b'a' { b'b' } else { b'a' };
        let forged = String::from_utf8(forged).unwrap();
        for text in [&forged, &token[1..], &format!("{token}a"), "", "bounces"] {
            let clues = Clues { message_ids: vec![format!("{text}@example.org")], ..Clues::default() };
            assert_eq!(delivery(&keys(), &clues, Some(&format!("bounces+{text}@example.org"))), None, "{text}");
        }
    }

    #[test]
    fn a_wish_to_leave_counts_at_its_own_address_alone() {
        let token = keys().seal(Purpose::Unsubscribe, &[9; 16]);
        let at = |local: &str| format!("{local}+{token}@example.org");
        let none = Clues::default();
        assert_eq!(wish_to_leave(&keys(), &none, Some(&at("Unsubscribe"))), Some([9; 16]));
        assert_eq!(wish_to_leave(&keys(), &none, Some(&at("bounces"))), None);
        let quoted = Clues { addresses: vec![at("unsubscribe")], ..Clues::default() };
        assert_eq!(wish_to_leave(&keys(), &quoted, Some("bounces@example.org")), None, "only quoted");
        assert_eq!(wish_to_leave(&keys(), &quoted, None), Some([9; 16]));
        let links = Clues { unsubscribe_links: vec![format!("https://example.org/u/{token}")], ..Clues::default() };
        assert_eq!(subscription(&keys(), &links), Some([9; 16]));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_searched_without_harm(text in "\\PC{0,80}") {
            let clues = Clues {
                message_ids: vec![text.clone()], unsubscribe_links: vec![text.clone()], ..Clues::default()
            };
            assert_eq!(delivery(&keys(), &clues, Some(&text)), None);
            assert_eq!(wish_to_leave(&keys(), &clues, Some(&text)), None);
            assert_eq!(subscription(&keys(), &clues), None);
        }
    }
}
