//! Which addresses a source may be fetched from: not the machines behind our own firewall.

use std::net::IpAddr;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Looks names up and refuses the answer when any address in it is not open to us.
///
/// The connection is made to exactly the addresses that were looked at, so a name that answers differently the second time
/// gains nothing. Numbers written oddly (`0x7f.1`, `2130706433`) come out of the look-up as what they are.
#[derive(Debug)]
pub(super) struct GuardedResolver<R = DefaultResolver> {
    names: R,
    is_open: fn(IpAddr) -> bool,
}

impl GuardedResolver {
    /// Asks the system for names; `is_open` says where a connection may go.
    pub(super) fn new(is_open: fn(IpAddr) -> bool) -> Self {
        Self { names: DefaultResolver::default(), is_open }
    }
}

#[cfg(test)]
impl<R> GuardedResolver<R> {
    /// The same for names that somebody else knows.
    pub(super) fn over(names: R, is_open: fn(IpAddr) -> bool) -> Self {
        Self { names, is_open }
    }
}

impl<R: Resolver> Resolver for GuardedResolver<R> {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let addresses = self.names.resolve(uri, config, timeout)?;
        if addresses.iter().all(|address| (self.is_open)(address.ip())) {
            Ok(addresses)
        } else {
            Err(ureq::Error::Other(Box::new(NotPublic)))
        }
    }
}

/// A name leads to an address in a network of its own.
#[derive(Debug, thiserror::Error)]
#[error("not a public address")]
pub(super) struct NotPublic;
