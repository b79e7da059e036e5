//! What internet.nl's mail test looks at besides: IPv6, DNSSEC, DANE and STARTTLS of the mail servers that take answers.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Check;
use crate::domain::checkup::CheckStatus::{Ok as Fine, Warn};
use crate::domain::reach::is_public;
use crate::domain::smarthost::{Smarthost, TlsMode};
use crate::domain::smtp_limits::Timeouts;
use crate::flows::House;
use crate::mail::dns::{DnsError, Resolver};
use crate::mail::smtp::{Encryption, Relay, Tls};

/// For a mail server's whole greeting.
const PATIENCE: Duration = Duration::from_secs(6);

/// Looks at the mail servers of one domain after the other.
pub(super) struct Modern<'a> {
    house: &'a House,
    resolver: &'a Resolver,
    /// Port 25 does not lead out of here, as with many providers: nobody is tried any more.
    shut: AtomicBool,
}

/// Whether a mail server encrypts.
enum Encrypts {
    Yes(Encryption),
    No,
    /// It could not be asked, which says nothing about it.
    Unknown,
}

impl<'a> Modern<'a> {
    pub fn new(house: &'a House, resolver: &'a Resolver) -> Self {
        Self { house, resolver, shut: AtomicBool::new(false) }
    }

    /// `ours` is a domain that the operator names in the settings, which may lie in a network of their own; where DNS leads
    /// for any other, only the world outside is called.
    pub async fn look(&self, domain: &str, ours: bool) -> Result<Check, DnsError> {
        let servers = self.resolver.mail_servers(domain).await?;
        let (mut six, mut dane) = (!servers.records.is_empty(), !servers.records.is_empty());
        let mut encrypted = Vec::new();
        for host in servers.records.iter().filter(|host| !host.is_empty()) {
            let addresses = self.resolver.addresses(host).await?.records;
            six &= addresses.iter().any(IpAddr::is_ipv6);
            let promised = self.resolver.promised_certificates(host).await?;
            dane &= promised.authentic && !promised.records.is_empty();
            let reachable = addresses.into_iter().find(|address| ours || is_public(*address));
            encrypted.push(match reachable {
                Some(address) => self.encrypts(address).await,
                None => Encrypts::Unknown,
            });
        }
        let word = |good| if good { "yes" } else { "no" };
        let in_clear = encrypted.iter().any(|one| matches!(one, Encrypts::No));
        let starttls = match encrypted.first() {
            _ if in_clear => "no".to_owned(),
            Some(Encrypts::Yes(encryption)) => format!("yes ({})", encryption.version),
            _ => "not tried (no mail server answers at port 25)".to_owned(),
        };
        let message =
            format!("IPv6 {}, DNSSEC {}, DANE {}, STARTTLS {starttls}", word(six), word(servers.authentic), word(dane));
        let good = six && servers.authentic && dane && !in_clear;
        Ok(if good {
            Check::new("", Fine, message)
        } else {
            Check::new("", Warn, message)
                .advise("Of the mail servers that take answers and bounces; internet.nl explains each.")
        })
    }

    async fn encrypts(&self, address: IpAddr) -> Encrypts {
        if self.shut.load(Ordering::Relaxed) {
            return Encrypts::Unknown;
        }
        let server = Smarthost {
            host: address.to_string(),
            port: 25,
            tls: TlsMode::Opportunistic,
            login: None,
            weight: 1,
            family: None,
            bind: None,
        };
        let relay = Relay::new(server, &self.house.config.smtp_ehlo, Timeouts::all(PATIENCE), Tls::from_system());
        match tokio::time::timeout(PATIENCE, relay.open()).await {
            Ok(Ok(connection)) => {
                let encryption = connection.encryption();
                connection.quit().await;
                encryption.map_or(Encrypts::No, Encrypts::Yes)
            }
            Ok(Err(_)) => Encrypts::Unknown,
            Err(_) => {
                self.shut.store(true, Ordering::Relaxed);
                Encrypts::Unknown
            }
        }
    }
}
