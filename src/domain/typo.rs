//! “Did you mean …?”: addresses that lie one slip of the finger from a provider that many people use.

use super::address::EmailAddress;

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

/// Providers of their own that only look like a slip.
const NO_SLIPS: [&str; 3] = ["mail.com", "ymail.com", "email.com"];

/// The address that was probably meant, when what was typed is exactly one letter, or one swap of neighbours, away
/// from a known provider. At a distance of two `hotmail.be`, a real domain, would be taken for `hotmail.nl`.
///
/// It takes the text as typed, because the slip may have made it no address at all (`gmail.con`).
pub fn suggestion(typed: &str) -> Option<EmailAddress> {
    let (local, domain) = typed.trim().rsplit_once('@')?;
    let domain = domain.to_ascii_lowercase();
    // A provider's name with one letter more; the distance of anything longer need not be worked out.
    if domain.len() > 16 || PROVIDERS.contains(&domain.as_str()) || NO_SLIPS.contains(&domain.as_str()) {
        return None;
    }
    let meant = PROVIDERS.iter().find(|provider| strsim::osa_distance(&domain, provider) == 1)?;
    EmailAddress::parse(&format!("{local}@{meant}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_is_noticed_and_a_real_neighbour_is_left_alone() {
        for (typed, meant) in [
            ("anna@gmail.con", Some("anna@gmail.com")),
            ("anna@hotmial.com", Some("anna@hotmail.com")),
            ("Anna@ZIGO.nl ", Some("Anna@ziggo.nl")),
            ("anna@gmail.com", None),
            ("anna@hotmail.be", None),
            ("anna@mail.com", None),
            ("anna@gemeente.example", None),
            ("a b@gmial.com", None),
            ("gmail.con", None),
            ("", None),
        ] {
            assert_eq!(suggestion(typed).as_ref().map(EmailAddress::as_str), meant, "{typed}");
        }
    }
}
