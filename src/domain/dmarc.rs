//! DMARC records (RFC 9989) and the walk up the tree that finds them.

/// What a domain wants done with mail that only claims to be from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    None,
    Quarantine,
    Reject,
}

/// One record, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dmarc {
    pub policy: Policy,
    /// For subdomains, where it differs.
    pub subdomains: Option<Policy>,
    /// Only tried out (`t=y`): a step less is done than the policy says.
    pub testing: bool,
    /// Whether this is a public suffix (`psd=y`), expressly none (`n`), or nothing is said.
    pub public_suffix: Option<bool>,
    /// Whether somebody gets reports.
    pub reports: bool,
    /// DKIM domains must be the same, not only of the same organisation (`adkim=s`).
    pub strict_dkim: bool,
    /// The same of the envelope sender's domain, which SPF is about (`aspf=s`).
    pub strict_spf: bool,
}

impl Dmarc {
    /// Reads a text record; `None` where it is not DMARC. Unknown and retired tags are passed over (section 4.7).
    pub fn parse(text: &str) -> Option<Self> {
        let mut tags = text.split(';').filter_map(|tag| {
            let (name, value) = tag.split_once('=')?;
            Some((name.trim().to_ascii_lowercase(), value.trim()))
        });
        if tags.next()? != ("v".to_owned(), "DMARC1") {
            return None;
        }
        let mut record = Self {
            policy: Policy::None,
            subdomains: None,
            testing: false,
            public_suffix: None,
            reports: false,
            strict_dkim: false,
            strict_spf: false,
        };
        for (name, value) in tags {
            match name.as_str() {
                // What is no policy counts as none (section 4.7).
                "p" => record.policy = policy(value).unwrap_or(Policy::None),
                "sp" => record.subdomains = policy(value),
                "t" => record.testing = value.eq_ignore_ascii_case("y"),
                "psd" => {
                    record.public_suffix =
                        Some(value.eq_ignore_ascii_case("y")).filter(|_| !value.eq_ignore_ascii_case("u"))
                }
                "rua" => record.reports = !value.is_empty(),
                "aspf" => record.strict_spf = value.eq_ignore_ascii_case("s"),
                "adkim" => record.strict_dkim = value.eq_ignore_ascii_case("s"),
                _ => {}
            }
        }
        Some(record)
    }
}

fn policy(text: &str) -> Option<Policy> {
    match text.to_ascii_lowercase().as_str() {
        "none" => Some(Policy::None),
        "quarantine" => Some(Policy::Quarantine),
        "reject" => Some(Policy::Reject),
        _ => None,
    }
}

/// The domains in which a record is looked for, from the domain itself to the top; of a long name a step is left out
/// (section 4.10).
pub fn walk(domain: &str) -> Vec<String> {
    let labels: Vec<&str> = domain.trim_end_matches('.').split('.').collect();
    let from = |count: usize| labels[labels.len() - count.min(labels.len())..].join(".");
    let mut names = vec![from(labels.len())];
    let mut count = if labels.len() > 8 { 7 } else { labels.len().saturating_sub(1) };
    while count > 0 {
        names.push(from(count));
        count -= 1;
    }
    names
}

/// The domain of the organisation, from the records that the walk found; without any the domain itself (section 4.10.2).
pub fn organisation<'a>(domain: &'a str, found: &'a [(String, Dmarc)]) -> &'a str {
    for (at, (name, record)) in found.iter().enumerate() {
        match record.public_suffix {
            Some(false) => return name,
            Some(true) if name != domain => {
                let below = name.len() + 1;
                let cut = domain.len().saturating_sub(below);
                let start = domain[..cut].rfind('.').map_or(0, |dot| dot + 1);
                return &domain[start..];
            }
            _ if at + 1 == found.len() => return name,
            _ => {}
        }
    }
    domain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walk_goes_to_the_top_and_leaves_out_a_step_of_long_names() {
        assert_eq!(walk("a.mail.example.nl"), ["a.mail.example.nl", "mail.example.nl", "example.nl", "nl"]);
        let long = walk("a.b.c.d.e.f.g.h.i.j.mail.example.com");
        assert_eq!(
            (long[0].as_str(), long[1].as_str(), long.len()),
            ("a.b.c.d.e.f.g.h.i.j.mail.example.com", "g.h.i.j.mail.example.com", 8)
        );
    }

    #[test]
    fn records_with_retired_or_unknown_tags_are_read() {
        let record =
            Dmarc::parse("v=DMARC1; p=quarantine; pct=50; rf=afrf; np=reject; rua=mailto:a@example.nl; x=1").unwrap();
        assert_eq!((record.policy, record.testing, record.reports), (Policy::Quarantine, false, true));
        assert_eq!(Dmarc::parse("v=DMARC1; p=whatever").unwrap().policy, Policy::None);
        assert!(Dmarc::parse("v=spf1 -all").is_none() && Dmarc::parse("p=none; v=DMARC1").is_none());
    }

    #[test]
    fn the_organisation_is_what_the_records_say() {
        let record = |text: &str| Dmarc::parse(text).unwrap();
        let plain = [
            ("mail.example.nl".to_owned(), record("v=DMARC1; p=none")),
            ("example.nl".to_owned(), record("v=DMARC1; p=reject")),
        ];
        assert_eq!(organisation("mail.example.nl", &plain), "example.nl");
        let own = [("mail.example.nl".to_owned(), record("v=DMARC1; p=none; psd=n")), plain[1].clone()];
        assert_eq!(organisation("mail.example.nl", &own), "mail.example.nl");
        let suffix = [("gov.example".to_owned(), record("v=DMARC1; p=reject; psd=y"))];
        assert_eq!(organisation("a.town.gov.example", &suffix), "town.gov.example");
        assert_eq!(organisation("example.nl", &[]), "example.nl");
    }
}
