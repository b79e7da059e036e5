//! Networks in CIDR notation (RFC 4632, RFC 4291): which proxies we believe, and what counts as one visitor's network.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A block of addresses of one family, such as `10.0.0.0/8` or `fd00::/8`; a bare address is a block of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    first: IpAddr,
    prefix_bits: u8,
}

/// A text that is no network.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("“{0}” is not a network; write it like 10.0.0.0/8, fd00::/8 or 192.0.2.7")]
pub struct InvalidNetwork(String);

impl Network {
    /// The block that holds `address`. Bits behind the prefix do not matter; a prefix longer than the address means
    /// the address alone.
    fn around(address: IpAddr, prefix_bits: u8) -> Self {
        match address {
            IpAddr::V4(address) => {
                let prefix_bits = prefix_bits.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix_bits)).unwrap_or(0);
                Self { first: Ipv4Addr::from_bits(address.to_bits() & mask).into(), prefix_bits }
            }
            IpAddr::V6(address) => {
                let prefix_bits = prefix_bits.min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix_bits)).unwrap_or(0);
                Self { first: Ipv6Addr::from_bits(address.to_bits() & mask).into(), prefix_bits }
            }
        }
    }

    /// What counts as one visitor's network: the address in IPv4, the /64 that every home gets in IPv6.
    pub fn of_visitor(address: IpAddr) -> Self {
        Self::around(address.to_canonical(), if address.to_canonical().is_ipv4() { 32 } else { 64 })
    }

    /// Whether the address lies inside. An IPv4 address is the same one when written inside IPv6 (`::ffff:a.b.c.d`).
    pub fn contains(&self, address: IpAddr) -> bool {
        Self::around(address.to_canonical(), self.prefix_bits) == *self
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || InvalidNetwork(text.to_owned());
        let (address, prefix) = text.trim().split_once('/').map_or((text.trim(), None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match prefix {
            None => longest,
            Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|bits| *bits <= longest).ok_or_else(wrong)?
            }
            Some(_) => return Err(wrong()),
        };
        // Addresses are compared in their own family, so a block of IPv4 written inside IPv6 must become IPv4.
        match (address, address.to_canonical()) {
            (IpAddr::V6(_), IpAddr::V4(inner)) if prefix_bits >= 96 => Ok(Self::around(inner.into(), prefix_bits - 96)),
            _ => Ok(Self::around(address, prefix_bits)),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix_bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_contains_its_own_addresses_and_no_others() {
        for (block, inside, outside) in [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("10.1.2.3/8", "10.0.0.0", "9.255.255.255"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("fd00::/8", "fdff::1", "fe00::"),
            ("2001:db8::1", "2001:db8::1", "2001:db8::2"),
            ("::ffff:10.0.0.0/104", "10.9.8.7", "11.0.0.1"),
        ] {
            assert!(network(block).contains(address(inside)), "{inside} lies in {block}");
            assert!(!network(block).contains(address(outside)), "{outside} lies outside {block}");
        }
    }

    #[test]
    fn everything_of_one_family_lies_in_its_widest_network_and_nothing_of_the_other() {
        assert!(network("0.0.0.0/0").contains(address("203.0.113.9")));
        assert!(!network("0.0.0.0/0").contains(address("2001:db8::1")));
        assert!(network("::/0").contains(address("2001:db8::1")));
    }

    #[test]
    fn an_ipv4_address_written_inside_ipv6_is_the_same_address() {
        assert!(network("127.0.0.0/8").contains(address("::ffff:127.0.0.1")));
        assert_eq!(Network::of_visitor(address("::ffff:192.0.2.7")).to_string(), "192.0.2.7/32");
    }

    #[test]
    fn a_home_with_ipv6_counts_as_one_visitor_whatever_address_it_takes() {
        assert_eq!(
            Network::of_visitor(address("2001:db8:1:2:aaaa::1")),
            Network::of_visitor(address("2001:db8:1:2:bbbb::2"))
        );
        assert_ne!(Network::of_visitor(address("192.0.2.7")), Network::of_visitor(address("192.0.2.8")));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/+8", "10.0.0/8", "example.org", "10.0.0.0/8/8"]
        {
            assert_eq!(text.parse::<Network>(), Err(InvalidNetwork(text.to_owned())), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_network_reads_back_as_it_is_written(bits: u128, prefix in 0u8..=128) {
            let written = Network::around(Ipv6Addr::from_bits(bits).into(), prefix);
            // An IPv4 block inside IPv6 is written in its own family.
            proptest::prop_assume!(!matches!(written.first, IpAddr::V6(first) if first.to_ipv4_mapped().is_some()));
            assert_eq!(network(&written.to_string()), written);
            assert!(written.contains(Ipv6Addr::from_bits(bits).into()));
        }
    }
}
