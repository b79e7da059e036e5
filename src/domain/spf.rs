//! SPF records (RFC 7208), as far as the doctor must understand them: what they name, what they cost, how they end.

use std::net::IpAddr;

use super::network::Network;

/// The most look-ups that a receiver makes for one check (section 4.6.4).
pub const MAX_LOOKUPS: usize = 10;
/// The most of them that may find nothing.
pub const MAX_VOID: usize = 2;

/// One record, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spf {
    /// Records of other domains that are looked into.
    pub includes: Vec<String>,
    /// Hosts whose addresses may send: `a` and `mx` of other names than the domain's own are named.
    pub hosts: Vec<Host>,
    pub networks: Vec<Network>,
    /// Look-ups of other kinds: `exists`, `ptr`, and names with macros.
    pub others: usize,
    pub redirect: Option<String>,
    /// What holds for everybody else: `-`, `~`, `?` or `+`; `None` where nothing is said.
    pub all: Option<char>,
}

/// A host of `a` or `mx`; no name means the domain itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    pub name: Option<String>,
    pub mx: bool,
}

impl Spf {
    /// Reads a text record; `None` where it is not SPF.
    ///
    /// # Errors
    /// The term that a receiver would stumble over, which makes the whole record void.
    pub fn parse(text: &str) -> Option<Result<Self, String>> {
        let mut terms = text.split_ascii_whitespace();
        if !terms.next()?.eq_ignore_ascii_case("v=spf1") {
            return None;
        }
        let mut spf = Self::default();
        for term in terms {
            if spf.take(term).is_none() {
                return Some(Err(term.to_owned()));
            }
        }
        Some(Ok(spf))
    }

    fn take(&mut self, term: &str) -> Option<()> {
        let qualifier = term.chars().next().filter(|first| "+-~?".contains(*first));
        let bare = &term[qualifier.map_or(0, char::len_utf8)..];
        let (name, value) = match bare.find([':', '=', '/']) {
            Some(at) if bare[at..].starts_with('/') => (&bare[..at], ""),
            Some(at) => (&bare[..at], &bare[at + 1..]),
            None => (bare, ""),
        };
        let domain = || value.split('/').next().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
        let named = |name: String| Some(name).filter(|name| !name.is_empty());
        match name.to_ascii_lowercase().as_str() {
            _ if value.contains('%') => self.others += 1,
            "all" => self.all = Some(qualifier.unwrap_or('+')),
            "include" => self.includes.push(named(domain())?),
            "redirect" => self.redirect = Some(named(domain())?),
            "a" => self.hosts.push(Host { name: named(domain()), mx: false }),
            "mx" => self.hosts.push(Host { name: named(domain()), mx: true }),
            "ptr" | "exists" => self.others += 1,
            "ip4" | "ip6" => self.networks.push(value.parse().ok()?),
            "exp" => {}
            // An unknown modifier is passed over, an unknown mechanism is not (sections 6 and 4.6.1).
            _ if bare.contains('=') => {}
            _ => return None,
        }
        Some(())
    }

    /// Look-ups that this record costs by itself.
    pub fn lookups(&self) -> usize {
        self.includes.len()
            + self.hosts.len()
            + self.others
            + usize::from(self.redirect.is_some() && self.all.is_none())
    }

    /// Whether one of its networks holds the address.
    pub fn holds(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_says_what_it_names_and_what_it_costs() {
        let spf = Spf::parse(
            "v=spf1 include:_spf.example.net a mx:mail.example.org/24 ip4:192.0.2.0/24 ip6:2001:db8::/32 exists:%{i}.x.example ~all",
        );
        let spf = spf.unwrap().unwrap();
        assert_eq!((spf.lookups(), spf.all), (4, Some('~')));
        assert_eq!(spf.includes, ["_spf.example.net"]);
        assert_eq!(spf.hosts[1], Host { name: Some("mail.example.org".into()), mx: true });
        assert!(spf.holds("192.0.2.9".parse().unwrap()) && spf.holds("2001:db8::9".parse().unwrap()));
        assert!(!spf.holds("198.51.100.1".parse().unwrap()));
    }

    #[test]
    fn a_redirect_counts_only_where_nothing_is_said_about_everybody_else() {
        assert_eq!(Spf::parse("v=spf1 redirect=_spf.example.org").unwrap().unwrap().lookups(), 1);
        assert_eq!(Spf::parse("v=spf1 redirect=_spf.example.org -all").unwrap().unwrap().lookups(), 0);
    }

    #[test]
    fn what_voids_a_record_is_named_and_what_is_no_record_is_passed_over() {
        assert_eq!(Spf::parse("v=spf1 include: -all"), Some(Err("include:".into())));
        assert_eq!(Spf::parse("v=spf1 inlcude:example.net -all"), Some(Err("inlcude:example.net".into())));
        assert_eq!(Spf::parse("v=spf1 ip4:300.1.1.1 -all"), Some(Err("ip4:300.1.1.1".into())));
        assert!(Spf::parse("v=spf1 moo=baa -all").unwrap().is_ok());
        assert!(Spf::parse("v=spf10 -all").is_none() && Spf::parse("google-site-verification=x").is_none());
    }

    proptest::proptest! {
        #[test]
        fn any_text_gets_an_answer(text in "v=spf1 .*") {
            let _ = Spf::parse(&text);
        }
    }
}
