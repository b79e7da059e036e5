//! “Did you mean …?”: addresses that lie one slip of the finger from a provider that many people use.

use super::address::{EmailAddress, InvalidAddress, trimmed};

/// Where most readers have their mailbox.
const PROVIDERS: [&str; 12] = [
    "gmail.com",
    "hotmail.com",
    "hotmail.nl",
    "outlook.com",
    "live.nl",
    "ziggo.nl",
    "kpnmail.nl",
    "hetnet.nl",
    "planet.nl",
    "home.nl",
    "icloud.com",
    "xs4all.nl",
];

/// Endings that most readers' addresses have, the most frequent first: what a slip in an ending was meant to be.
const ENDINGS: [&str; 8] = ["nl", "com", "be", "eu", "org", "net", "de", "frl"];

/// Providers of their own that only look like a slip.
const NO_SLIPS: [&str; 3] = ["mail.com", "ymail.com", "email.com"];

/// Domains of readers that are shorter have too many honest neighbours: `kpn.nl` and `kpm.nl`.
const SHORTEST: usize = 9;

/// The address that was probably meant, when what was typed is exactly one letter, or one swap of neighbours, away
/// from a known provider, or its ending is none and lies as near to one that is. At a distance of two `hotmail.be`, a real domain, would be taken for `hotmail.nl`.
///
/// `own` are the domains at which most readers have their mailbox; they are no slips, and what is near to one may be.
///
/// It takes the text as typed, and why that is no address, because the slip may have made it none at all (`gmail.con`).
pub fn suggestion(typed: &str, fault: Option<&InvalidAddress>, own: &[String]) -> Option<EmailAddress> {
    let (local, domain) = trimmed(typed).rsplit_once('@')?;
    let domain = domain.to_ascii_lowercase();
    if PROVIDERS.contains(&domain.as_str()) || NO_SLIPS.contains(&domain.as_str()) || own.contains(&domain) {
        return None;
    }
    // `school1.nl` and `school2.nl` are neighbours, not slips.
    let own = own.iter().map(String::as_str).filter(|own| own.len() >= SHORTEST && !differ_by_digits(own, &domain));
    let mut known = PROVIDERS.into_iter().chain(own);
    // One letter more or less; the distance of anything longer need not be worked out.
    let is_near = |known: &str| known.len().abs_diff(domain.len()) <= 1 && strsim::osa_distance(&domain, known) == 1;
    if let Some(meant) = known.find(|known| is_near(known)) {
        return EmailAddress::parse(&format!("{local}@{meant}")).ok();
    }
    if fault != Some(&InvalidAddress::Domain) {
        return None;
    }
    let (name, ending) = domain.rsplit_once('.').filter(|(_, ending)| ending.len() <= 4)?;
    let meant = ENDINGS.iter().find(|known| strsim::osa_distance(ending, known) == 1)?;
    EmailAddress::parse(&format!("{local}@{name}.{meant}")).ok()
}

/// Whether two domains are the same but for their digits: one less, one more, or another one.
fn differ_by_digits(one: &str, other: &str) -> bool {
    fn letters(domain: &str) -> impl Iterator<Item = char> {
        domain.chars().filter(|c| !c.is_ascii_digit())
    }
    letters(one).eq(letters(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggested(typed: &str, own: &[String]) -> Option<EmailAddress> {
        suggestion(typed, EmailAddress::parse(typed).err().as_ref(), own)
    }

    #[test]
    fn one_slip_is_noticed_and_a_real_neighbour_is_left_alone() {
        for (typed, meant) in [
            ("anna@gmail.con", Some("anna@gmail.com")),
            ("anna@hotmial.com", Some("anna@hotmail.com")),
            ("Anna@ZIGO.nl ", Some("Anna@ziggo.nl")),
            ("anna@gemeente.nll", Some("anna@gemeente.nl")),
            ("anna@gemeente.con", Some("anna@gemeente.com")),
            ("anna@gemeente.n", Some("anna@gemeente.nl")),
            ("anna@gemeente.nosuchtld", None),
            ("anna@gemeente.nl", None),
            ("anna@b.test", None),
            ("anna@gmail.com", None),
            ("anna@hotmail.be", None),
            ("anna@mail.com", None),
            ("anna@gemeente.example", None),
            ("a b@gmial.com", None),
            ("gmail.con", None),
            ("", None),
        ] {
            assert_eq!(suggested(typed, &[]).as_ref().map(EmailAddress::as_str), meant, "{typed}");
        }
    }

    #[test]
    fn where_most_readers_are_is_known_as_well() {
        let own = ["gemeente-voorbeeld.nl", "hotmai.com", "ab.nl", "school1.nl"].map(str::to_owned);
        for (typed, meant) in [
            ("anna@gemeente-voorbeld.nl", Some("anna@gemeente-voorbeeld.nl")),
            ("anna@Gemeente-Voorbeedl.nl", Some("anna@gemeente-voorbeeld.nl")),
            ("anna@gemeente-voorbeeld.nl", None),
            ("anna@gemeente-beeld.nl", None),
            // A domain that many readers have is no slip, however near it lies to another one.
            ("anna@hotmai.com", None),
            ("anna@ac.nl", None),
            // Where the difference is a digit, both may well be there.
            ("anna@school2.nl", None),
            ("anna@school.nl", None),
            ("anna@school12.nl", None),
            ("anna@gemeente-voorbeeld2.nl", None),
            // A digit in the place of a letter is a slip like any other.
            ("anna@schoo11.nl", Some("anna@school1.nl")),
            ("anna@scool1.nl", Some("anna@school1.nl")),
        ] {
            assert_eq!(suggested(typed, &own).as_ref().map(EmailAddress::as_str), meant, "{typed}");
        }
    }
}
