//! What DNS says about the domains we write from: SPF, DKIM, DMARC, and whether answers and bounces come back.

use std::collections::BTreeSet;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use super::Check;
use super::modern::Modern;
use super::outside::not_checked;
use crate::domain::checkup::CheckStatus::{Fail, Ok as Fine, Unknown, Warn};
use crate::domain::checkup::Vital;
use crate::domain::dmarc::{self, Dmarc, Policy};
use crate::domain::reach::is_public;
use crate::domain::spf::{MAX_LOOKUPS, MAX_VOID, Spf};
use crate::flows::{FlowError, House};
use crate::mail::dkim_key::{DkimKey, DnsRecord};
use crate::mail::dns::{DnsError, Resolver, TakesMail};
use crate::store::newsletters;

/// Deeper than this no record is followed.
const MAX_DEPTH: usize = 10;

pub(super) async fn all(house: &House) -> Result<Vec<Check>, FlowError> {
    let mut senders = BTreeSet::new();
    let mut answers = BTreeSet::new();
    let domain_of = |address: &str| address.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase());
    for newsletter in newsletters::all(&mut house.db.read().await?).await? {
        senders.extend(domain_of(&newsletter.from_address));
        answers.extend(domain_of(newsletter.reply_to.as_deref().unwrap_or(&newsletter.from_address)));
    }
    let bounces = house.config.bounce_address.as_ref().map(|address| address.domain().to_owned());
    let resolver = Resolver::new(&house.config.dns);
    let dns = Dns { house, resolver: &resolver };
    let modern = Modern::new(house, &resolver);
    let mut checks = Vec::new();
    // The envelope sender is what SPF is about; without an address for bounces it is the sender's own.
    for domain in bounces.iter().chain(senders.iter().filter(|_| bounces.is_none())) {
        checks.push(dns.look(&Vital::Spf.of(domain), dns.spf(domain)).await);
    }
    for record in house.signer.keys().iter().map(DkimKey::dns_record) {
        let (name, paste) = (Vital::Dkim.of(&record.name), record.line());
        let check = dns.look(&name, dns.dkim(record)).await;
        // What to paste is known without asking anybody.
        checks.push(if check.status == Unknown { check.advise(paste) } else { check });
    }
    if house.config.dkim.is_empty() && !senders.is_empty() {
        checks.push(Check::new(Vital::Dkim.as_str(), Warn, "mail is not signed by us").advise(
            "Unless your mail server signs with your domain: set POSTDUIF_DKIM_DOMAIN, POSTDUIF_DKIM_SELECTOR and POSTDUIF_DKIM_KEY_FILE.",
        ));
    }
    for domain in &senders {
        checks.push(dns.look(&Vital::Dmarc.of(domain), dns.dmarc(domain)).await);
        let envelope = bounces.as_ref().unwrap_or(domain);
        checks.push(dns.look(&format!("dmarc.alignment:{domain}"), dns.alignment(domain, envelope)).await);
    }
    for domain in answers.iter().chain(bounces.iter().filter(|domain| !answers.contains(*domain))) {
        checks.push(dns.look(&format!("mx:{domain}"), dns.mx(domain)).await);
        let ours = bounces.as_ref() == Some(domain);
        checks.push(dns.look(&format!("internet.nl:{domain}"), modern.look(domain, ours)).await);
    }
    Ok(checks)
}

struct Dns<'a> {
    house: &'a House,
    resolver: &'a Resolver,
}

impl Dns<'_> {
    /// A check with its name; DNS that says nothing is no fault of the domain.
    async fn look(&self, name: &str, check: impl Future<Output = Result<Check, DnsError>>) -> Check {
        if self.house.config.offline {
            return not_checked(name);
        }
        match check.await {
            Ok(check) => Check { name: name.to_owned(), ..check },
            Err(error) => Check::new(name, Unknown, format!("could not be looked up: {error}")),
        }
    }

    async fn spf(&self, domain: &str) -> Result<Check, DnsError> {
        let hosts: Vec<&str> = self.house.config.smtp.iter().map(|server| server.host.as_str()).collect();
        let mut ours = Vec::new();
        for host in &hosts {
            match host.parse::<IpAddr>() {
                Ok(address) => ours.push(address),
                Err(_) => ours.extend(self.resolver.addresses(host).await?.records),
            }
        }
        let records: Vec<String> = (self.resolver.texts(domain).await?.records.into_iter())
            .filter(|text| Spf::parse(text).is_some())
            .collect();
        let ours_term = sender_term(hosts.first().copied());
        let text = match records.as_slice() {
            [] => {
                let status = if self.house.config.dkim.is_empty() { Fail } else { Warn };
                return Ok(check(status, format!("{domain} has no SPF record")).advise(format!(
                    "{domain}. TXT \"v=spf1 {ours_term} ~all\"   (what to include, your mail provider says)"
                )));
            }
            [text] => text,
            _ => {
                return Ok(check(
                    Fail,
                    format!("{domain} has {} SPF records, which makes all of them void", records.len()),
                )
                .advise("Leave one that names everybody."));
            }
        };
        let mut walk = Walk {
            resolver: self.resolver,
            ours: &ours,
            hosts: &hosts,
            lookups: 0,
            void: 0,
            named: false,
            fault: None,
        };
        let all = walk.follow(domain.to_owned(), text.clone(), 0).await?;
        let Walk { lookups, void, named, fault, .. } = walk;
        if let Some(fault) = fault {
            return Ok(
                check(Fail, format!("receivers cannot read the SPF record: {fault}")).advise(format!("seen: {text}"))
            );
        }
        if lookups > MAX_LOOKUPS || void > MAX_VOID {
            return Ok(check(Fail, format!("the SPF record costs {lookups} of {MAX_LOOKUPS} look-ups, {void} of them void (at most {MAX_VOID}): receivers give up"))
                .advise("Take out what you no longer use, or name networks (ip4:, ip6:) instead."));
        }
        let cost = format!("{lookups} of {MAX_LOOKUPS} look-ups");
        match all {
            Some('-' | '~') => {}
            _ => {
                return Ok(check(Fail, format!("the SPF record lets anybody send ({cost})"))
                    .advise(format!("seen: {text}"))
                    .advise("End it with ~all or -all."));
            }
        }
        if !named && !ours.is_empty() {
            let fixed = with_term(text, &ours_term);
            return Ok(check(Warn, format!("the SPF record seems not to name {} ({cost})", hosts.join(", ")))
                .advise(format!("seen: {text}"))
                .advise(format!("such as: {domain}. TXT \"{fixed}\"   (what to include, your mail provider says)")));
        }
        Ok(check(Fine, format!("one record, {cost}")))
    }

    async fn dkim(&self, record: DnsRecord) -> Result<Check, DnsError> {
        let found = self.resolver.texts(&record.name).await?;
        let paste = record.line();
        let key = |text: &str| tag(text, "p");
        let ours = key(&record.value);
        let keys: Vec<&String> = found.records.iter().filter(|text| key(text).is_some()).collect();
        Ok(match keys.as_slice() {
            [] => check(Fail, "there is no key under this name").advise(paste),
            [one] if key(one) == ours => check(Fine, "the key in DNS is ours"),
            [one] if key(one).is_some_and(|key| key.is_empty()) => {
                check(Fail, "the key in DNS is withdrawn").advise(paste)
            }
            [_] => check(Fail, "the key in DNS is not the one we sign with").advise(paste),
            _ => check(Fail, "there are several keys under this name; receivers take any of them").advise(paste),
        })
    }

    /// The records from the domain up to the top.
    async fn dmarc_records(&self, domain: &str) -> Result<Vec<(String, Dmarc)>, DnsError> {
        let mut found = Vec::new();
        for name in dmarc::walk(domain) {
            let texts = self.resolver.texts(&format!("_dmarc.{name}")).await?.records;
            let mut records = texts.iter().filter_map(|text| Dmarc::parse(text));
            // Several under one name count as none (RFC 9989 section 4.10).
            if let (Some(record), None) = (records.next(), records.next()) {
                let ends = record.public_suffix.is_some();
                found.push((name, record));
                if ends {
                    break;
                }
            }
        }
        Ok(found)
    }

    async fn dmarc(&self, domain: &str) -> Result<Check, DnsError> {
        let found = self.dmarc_records(domain).await?;
        let organisation = dmarc::organisation(domain, &found).to_owned();
        let own = found.iter().find(|(name, _)| name == domain);
        let Some((name, record)) =
            own.or_else(|| found.iter().find(|(name, _)| *name == organisation)).or(found.last())
        else {
            return Ok(check(Warn, "there is no DMARC record; Gmail and Outlook ask senders of many mails for one")
                .advise(format!("_dmarc.{domain}. TXT \"v=DMARC1; p=none; rua=mailto:postmaster@{domain}\"")));
        };
        let policy = if own.is_some() { record.policy } else { record.subdomains.unwrap_or(record.policy) };
        for key in &self.house.config.dkim {
            let signs_for = dmarc::organisation(&key.domain, &self.dmarc_records(&key.domain).await?).to_owned();
            let aligned = if record.strict_dkim { key.domain == *domain } else { signs_for == organisation };
            if !aligned {
                return Ok(check(
                    Fail,
                    format!("mail from {domain} is signed for {}, which DMARC does not count", key.domain),
                )
                .advise(format!("Sign with POSTDUIF_DKIM_DOMAIN={domain}.")));
            }
        }
        let stricter = format!("_dmarc.{name}. TXT \"v=DMARC1; p=quarantine; rua=mailto:postmaster@{name}\"");
        Ok(match policy {
            Policy::None => check(
                Warn,
                format!("p=none ({name}): others can write in the name of {domain}; aim at quarantine, then reject"),
            )
            .advise(stricter),
            _ if record.testing => check(Warn, format!("t=y ({name}): the policy is only tried out"))
                .advise("Take t=y out once the reports look right."),
            Policy::Quarantine => check(Fine, format!("p=quarantine ({name})")),
            Policy::Reject => check(Fine, format!("p=reject ({name})")),
        })
    }

    /// Whether SPF counts for DMARC: the return path must belong to the sender (RFC 9989 section 4.4.2).
    async fn alignment(&self, domain: &str, envelope: &str) -> Result<Check, DnsError> {
        let ours = self.dmarc_records(domain).await?;
        let organisation = dmarc::organisation(domain, &ours);
        let policy = ours.iter().find(|(name, _)| name == domain).or_else(|| ours.last());
        let strict = policy.is_some_and(|(_, record)| record.strict_spf);
        let theirs = self.dmarc_records(envelope).await?;
        let same = dmarc::organisation(envelope, &theirs) == organisation;
        if envelope == domain || (same && !strict) {
            return Ok(check(Fine, format!("the return path ({envelope}) belongs to {domain}")));
        }
        let besides = if self.house.config.dkim.is_empty() {
            "mail counts as from there only where your mail server signs it"
        } else {
            "only the signature counts, which some mail servers on the way break"
        };
        let wanted = if strict { domain.to_owned() } else { format!("bounces.{domain}") };
        Ok(check(Warn, format!("bounces go to {envelope}, which DMARC does not count as {domain}: {besides}"))
            .advise(format!("Such as: POSTDUIF_BOUNCE_ADDRESS=bounces@{wanted}")))
    }

    async fn mx(&self, domain: &str) -> Result<Check, DnsError> {
        Ok(match self.resolver.takes_mail(domain).await? {
            TakesMail::Hosts(hosts) => check(Fine, format!("answers and bounces go to {}", hosts.join(", "))),
            TakesMail::Itself => check(Warn, format!("there is no MX record; mail goes to {domain} itself"))
                .advise(format!("{domain}. MX 10 MAIL-SERVER.")),
            TakesMail::Refuses => {
                check(Fail, format!("{domain} says that it takes no mail (null MX), so answers and bounces are lost"))
            }
            TakesMail::Nobody => check(Fail, format!("{domain} takes no mail: it has neither MX nor address"))
                .advise(format!("{domain}. MX 10 MAIL-SERVER.")),
            TakesMail::NoDomain => check(Fail, format!("there is no domain {domain}")),
        })
    }
}

/// Without its name, which [`Dns::look`] adds.
fn check(status: crate::domain::checkup::CheckStatus, message: impl Into<String>) -> Check {
    Check::new("", status, message)
}

/// A walk through an SPF record and those it names.
struct Walk<'a> {
    resolver: &'a Resolver,
    ours: &'a [IpAddr],
    hosts: &'a [&'a str],
    lookups: usize,
    void: usize,
    /// Whether our mail server is somewhere in it.
    named: bool,
    fault: Option<String>,
}

impl Walk<'_> {
    /// What the record says about everybody else.
    fn follow(
        &mut self,
        domain: String,
        text: String,
        depth: usize,
    ) -> Pin<Box<dyn Future<Output = Result<Option<char>, DnsError>> + Send + '_>> {
        Box::pin(async move {
            let spf = match Spf::parse(&text) {
                Some(Ok(spf)) => spf,
                Some(Err(term)) => {
                    self.fault = Some(format!("“{term}” of {domain} is none of its words"));
                    return Ok(None);
                }
                None => return Ok(None),
            };
            self.lookups += spf.lookups();
            self.named |= self.ours.iter().any(|address| spf.holds(*address));
            self.named |=
                spf.includes.iter().any(|name| self.hosts.iter().any(|host| provider(host) == provider(name)));
            for host in &spf.hosts {
                let name = host.name.clone().unwrap_or_else(|| domain.clone());
                let hosts = if host.mx { self.resolver.mail_servers(&name).await?.records } else { vec![name] };
                let mut found = false;
                for host in hosts.iter().filter(|host| !host.is_empty()) {
                    let addresses = self.resolver.addresses(host).await?.records;
                    found |= !addresses.is_empty();
                    self.named |= addresses.iter().any(|address| self.ours.contains(address));
                }
                self.void += usize::from(!found);
            }
            for name in &spf.includes {
                self.look_into(name, depth).await?;
            }
            match (&spf.redirect, spf.all) {
                (Some(name), None) => self.look_into(name, depth).await,
                (_, all) => Ok(all),
            }
        })
    }

    async fn look_into(&mut self, name: &str, depth: usize) -> Result<Option<char>, DnsError> {
        if depth == MAX_DEPTH || self.lookups > 2 * MAX_LOOKUPS {
            return Ok(None);
        }
        let texts = self.resolver.texts(name).await?.records;
        let mut records = texts.into_iter().filter(|text| Spf::parse(text).is_some());
        match (records.next(), records.next()) {
            (Some(text), None) => self.follow(name.to_owned(), text, depth + 1).await,
            (None, _) => {
                self.void += 1;
                self.fault = Some(format!("{name}, which it names, has no SPF record"));
                Ok(None)
            }
            (Some(_), Some(_)) => {
                self.fault = Some(format!("{name}, which it names, has several SPF records"));
                Ok(None)
            }
        }
    }
}

/// The records that a sender needs, to paste: name, type, value. What to include for SPF, and where mail for bounces goes,
/// only the operator knows; what stands there for it is a guess or a word in capitals.
pub fn to_paste(house: &House, from: Option<&str>) -> Vec<(String, &'static str, String)> {
    let sender = from.and_then(|address| address.rsplit_once('@')).map(|(_, domain)| domain.to_ascii_lowercase());
    let bounces = house.config.bounce_address.as_ref().map(|address| address.domain().to_owned());
    let mut records = Vec::new();
    // The envelope's domain, from which the mail comes as far as SPF is concerned.
    if let Some(envelope) = bounces.as_ref().or(sender.as_ref()) {
        let term = sender_term(house.config.smtp.first().map(|server| server.host.as_str()));
        records.push((envelope.clone(), "TXT", format!("v=spf1 {term} ~all")));
    }
    if let Some(bounces) = bounces {
        let takes = house.config.inbound_listen.map_or("YOUR-MAIL-SERVER", |_| house.config.public_url.host());
        records.push((bounces, "MX", format!("10 {takes}.")));
    }
    records
        .extend(house.signer.keys().iter().map(DkimKey::dns_record).map(|record| (record.name, "TXT", record.value)));
    let signers = house.signer.keys().iter().map(|key| key.domain().to_owned());
    for domain in sender.into_iter().chain(signers).collect::<BTreeSet<_>>() {
        records.push((format!("_dmarc.{domain}"), "TXT", "v=DMARC1; p=none".to_owned()));
    }
    records
}

/// What lets a mail server send, as a term of SPF; for one of our own network, whose address nobody else knows, a word in capitals.
fn sender_term(host: Option<&str>) -> String {
    match host.map(|host| (host, host.parse::<IpAddr>())) {
        Some((_, Ok(IpAddr::V4(address)))) if is_public(address.into()) => format!("ip4:{address}"),
        Some((_, Ok(IpAddr::V6(address)))) if is_public(address.into()) => format!("ip6:{address}"),
        Some((host, Err(_))) if host.contains('.') => format!("include:{}", provider(host)),
        _ => "include:YOUR-PROVIDER".to_owned(),
    }
}

/// The domain that can be registered, of which a name is a part.
fn provider(name: &str) -> &str {
    psl::domain_str(name).unwrap_or(name)
}

/// The record with one more term before its end.
fn with_term(text: &str, term: &str) -> String {
    let terms: Vec<&str> = text.split_ascii_whitespace().collect();
    let end = terms.iter().position(|term| term.to_ascii_lowercase().ends_with("all")).unwrap_or(terms.len());
    [&terms[..end], &[term], &terms[end..]].concat().join(" ")
}

/// A tag of a DKIM record, without blanks: DNS editors put some into long keys.
fn tag(text: &str, name: &str) -> Option<String> {
    text.split(';').find_map(|part| {
        let (key, value) = part.split_once('=')?;
        (key.trim() == name).then(|| value.split_ascii_whitespace().collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_spf_record_to_paste_names_nothing_that_only_we_can_reach() {
        for (host, term) in [
            (Some("smtp.mail.example.nl"), "include:example.nl"),
            (Some("203.0.114.7"), "ip4:203.0.114.7"),
            (Some("2a02:2f0::1"), "ip6:2a02:2f0::1"),
            (Some("127.0.0.1"), "include:YOUR-PROVIDER"),
            (Some("10.0.0.5"), "include:YOUR-PROVIDER"),
            (Some("localhost"), "include:YOUR-PROVIDER"),
            (None, "include:YOUR-PROVIDER"),
        ] {
            assert_eq!(sender_term(host), term, "{host:?}");
        }
        assert_eq!(with_term("v=spf1 mx ~all", "ip4:203.0.114.7"), "v=spf1 mx ip4:203.0.114.7 ~all");
    }
}
