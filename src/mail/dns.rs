//! Questions to DNS: who takes mail for a domain, and what a domain says about its mail.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::{Edns, Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// For one answer of one server.
const PATIENCE: Duration = Duration::from_secs(3);
/// Rounds over all servers.
const ROUNDS: usize = 2;
/// What fits into one packet on every path (DNS flag day 2020).
const PAYLOAD: u16 = 1232;

/// Why DNS said nothing. It is no statement about the name.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum DnsError {
    #[error("“{0}” cannot be a name in DNS")]
    Name(String),
    #[error("no DNS server answered")]
    Silent,
    #[error("the DNS servers could not say ({0})")]
    Refused(String),
    #[error("no DNS server is known; name one in POSTDUIF_DNS")]
    NoServer,
}

/// An answer: what there is under a name, perhaps nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// Whether the name exists at all, with records of whatever type.
    pub exists: bool,
    /// Whether the resolver has verified the answer's signatures (DNSSEC; RFC 4035 section 3.2.3).
    pub authentic: bool,
    pub records: Vec<T>,
}

/// Who takes a domain's mail (RFC 5321 section 5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakesMail {
    /// These hosts, the preferred first.
    Hosts(Vec<String>),
    /// No MX record, so the domain itself.
    Itself,
    /// It says that it takes none (RFC 7505).
    Refuses,
    /// The domain has neither MX nor address.
    Nobody,
    /// There is no such domain.
    NoDomain,
}

/// Asks recursive servers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Resolver {
    servers: Vec<SocketAddr>,
}

impl Resolver {
    /// Asks these servers; without any, those of this machine.
    pub fn new(servers: &[SocketAddr]) -> Self {
        let servers = if servers.is_empty() {
            let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
            servers_of(&text)
        } else {
            servers.to_vec()
        };
        Self { servers }
    }

    /// The texts under a name, each put together from its parts.
    ///
    /// # Errors
    /// When no server says anything; so for every question.
    pub async fn texts(&self, name: &str) -> Result<Found<String>, DnsError> {
        self.ask(name, RecordType::TXT, |data| match data {
            RData::TXT(text) => Some(text.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect()),
            _ => None,
        })
        .await
    }

    /// The mail servers of a domain, the preferred first; a null MX (RFC 7505) has an empty name.
    pub async fn mail_servers(&self, domain: &str) -> Result<Found<String>, DnsError> {
        let found = self
            .ask(domain, RecordType::MX, |data| match data {
                RData::MX(mx) => Some((mx.preference, plain(&mx.exchange))),
                _ => None,
            })
            .await?;
        let mut records = found.records;
        records.sort();
        let records = records.into_iter().map(|(_, host)| host).collect();
        Ok(Found { exists: found.exists, authentic: found.authentic, records })
    }

    /// The addresses of a host, of both families.
    pub async fn addresses(&self, host: &str) -> Result<Found<IpAddr>, DnsError> {
        let four = self.ask(host, RecordType::A, |data| data.ip_addr()).await?;
        let six = self.ask(host, RecordType::AAAA, |data| data.ip_addr()).await?;
        Ok(Found {
            exists: four.exists || six.exists,
            authentic: four.authentic && six.authentic,
            records: [four.records, six.records].concat(),
        })
    }

    /// The names of an address.
    pub async fn names(&self, address: IpAddr) -> Result<Found<String>, DnsError> {
        let name = match address {
            IpAddr::V4(address) => reverse_v4(address),
            IpAddr::V6(address) => reverse_v6(address),
        };
        self.ask(&name, RecordType::PTR, |data| match data {
            RData::PTR(name) => Some(plain(&name.0)),
            _ => None,
        })
        .await
    }

    /// How many certificates a mail server has promised in DNS (DANE; RFC 7672 section 3.1).
    pub async fn promised_certificates(&self, host: &str) -> Result<Found<()>, DnsError> {
        let name = format!("_25._tcp.{host}");
        self.ask(&name, RecordType::TLSA, |data| matches!(data, RData::TLSA(_)).then_some(())).await
    }

    /// Whether a name is a zone of its own, with name servers.
    pub async fn is_zone(&self, name: &str) -> Result<bool, DnsError> {
        let found = self.ask(name, RecordType::NS, |data| matches!(data, RData::NS(_)).then_some(())).await?;
        Ok(!found.records.is_empty())
    }

    /// Who takes mail for a domain.
    pub async fn takes_mail(&self, domain: &str) -> Result<TakesMail, DnsError> {
        let servers = self.mail_servers(domain).await?;
        if !servers.exists {
            return Ok(TakesMail::NoDomain);
        }
        if servers.records.iter().any(|host| !host.is_empty()) {
            return Ok(TakesMail::Hosts(servers.records.into_iter().filter(|host| !host.is_empty()).collect()));
        }
        if !servers.records.is_empty() {
            return Ok(TakesMail::Refuses);
        }
        let addresses = self.addresses(domain).await?;
        Ok(if addresses.records.is_empty() { TakesMail::Nobody } else { TakesMail::Itself })
    }

    async fn ask<T>(
        &self,
        name: &str,
        kind: RecordType,
        read: impl Fn(&RData) -> Option<T>,
    ) -> Result<Found<T>, DnsError> {
        let invalid = || DnsError::Name(name.to_owned());
        let absolute = format!("{}.", name.trim_end_matches('.'));
        let mut question = Message::query();
        question.metadata.recursion_desired = true;
        // Asks for the verdict on signatures without the signatures themselves (RFC 6840 section 5.7).
        question.metadata.authentic_data = true;
        question.add_query(Query::query(Name::from_ascii(&absolute).map_err(|_| invalid())?, kind));
        let mut edns = Edns::new();
        edns.set_max_payload(PAYLOAD);
        question.set_edns(edns);
        let bytes = question.to_vec().map_err(|_| invalid())?;

        let mut last = if self.servers.is_empty() { DnsError::NoServer } else { DnsError::Silent };
        for server in self.servers.iter().cycle().take(self.servers.len() * ROUNDS) {
            if let Ok(Ok(answer)) = timeout(PATIENCE, exchange(*server, &bytes, &question)).await {
                match answer.metadata.response_code {
                    code @ (ResponseCode::NoError | ResponseCode::NXDomain) => {
                        return Ok(Found {
                            exists: code == ResponseCode::NoError,
                            authentic: answer.metadata.authentic_data,
                            records: answer.answers.iter().filter_map(|record| read(&record.data)).collect(),
                        });
                    }
                    code => last = DnsError::Refused(code.to_string()),
                }
            }
        }
        Err(last)
    }
}

/// One question to one server: in a packet, and over a connection where the answer is too long for one.
async fn exchange(server: SocketAddr, bytes: &[u8], question: &Message) -> std::io::Result<Message> {
    let any: SocketAddr =
        if server.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (Ipv6Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(bytes).await?;
    let mut buffer = [0; 4096];
    let answer = loop {
        let length = socket.recv(&mut buffer).await?;
        // Somebody may guess at answers: only one to this very question counts.
        if let Ok(answer) = Message::from_vec(&buffer[..length])
            && answer.metadata.id == question.metadata.id
            && answer.queries == question.queries
        {
            break answer;
        }
    };
    if !answer.metadata.truncation {
        return Ok(answer);
    }
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(bytes.len()).map_err(std::io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), bytes].concat()).await?;
    let length = stream.read_u16().await?;
    let mut whole = vec![0; usize::from(length)];
    stream.read_exact(&mut whole).await?;
    Message::from_vec(&whole).map_err(std::io::Error::other)
}

/// Lower-case, without the dot of the root.
fn plain(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_ascii_lowercase()
}

fn reverse_v4(address: Ipv4Addr) -> String {
    let [a, b, c, d] = address.octets();
    format!("{d}.{c}.{b}.{a}.in-addr.arpa")
}

fn reverse_v6(address: Ipv6Addr) -> String {
    let digits = address.octets().into_iter().rev().map(|byte| format!("{:x}.{:x}.", byte & 15, byte >> 4));
    format!("{}ip6.arpa", digits.collect::<String>())
}

/// The `nameserver` lines of `/etc/resolv.conf`.
fn servers_of(text: &str) -> Vec<SocketAddr> {
    let address = |line: &str| {
        let mut words = line.split_whitespace();
        if words.next() != Some("nameserver") {
            return None;
        }
        // A zone (`fe80::1%eth0`) names an interface, which only the system's own resolver understands.
        Some(SocketAddr::new(words.next()?.parse().ok()?, 53))
    };
    text.lines().filter_map(address).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_servers_are_read_and_the_rest_of_its_file_is_not() {
        let text = "# made by hand\nsearch example.org\nnameserver 192.0.2.53\nnameserver 2001:db8::53 # second\noptions edns0\n";
        let expected: [SocketAddr; 2] = ["192.0.2.53:53".parse().unwrap(), "[2001:db8::53]:53".parse().unwrap()];
        assert_eq!(servers_of(text), expected);
    }

    #[test]
    fn addresses_are_asked_for_by_their_reverse_names() {
        assert_eq!(reverse_v4("192.0.2.7".parse().unwrap()), "7.2.0.192.in-addr.arpa");
        let six = reverse_v6("2001:db8::1".parse().unwrap());
        assert!(six.starts_with("1.0.0.0.") && six.ends_with("8.b.d.0.1.0.0.2.ip6.arpa"), "{six}");
    }
}
