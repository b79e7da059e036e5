//! Whether anybody takes mail for the domain that a visitor typed: asked of DNS in bounded time, and remembered for a while.
//!
//! Only what is certain counts against an address: no such domain, nobody there who takes mail, or a null MX (RFC 7505). DNS
//! that says nothing lets everybody through, and is then left alone for some minutes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::House;
use crate::config::Config;
use crate::domain::time::Timestamp;
use crate::mail::dns::{DnsError, Resolver, TakesMail};

/// How long a visitor waits for DNS at most.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// How long an answer is believed: the owner of a new domain tries again soon.
const TAKES_FOR: Duration = Duration::from_secs(6 * 3600);
const REFUSES_FOR: Duration = Duration::from_secs(300);
/// How long nothing is asked once DNS is known to say nothing, so that a broken resolver slows down few.
const QUIET_FOR: Duration = Duration::from_secs(300);
/// So many questions in a row without an answer mean that.
const SILENCES: u32 = 3;
/// Domains remembered at once; those that many people have are asked again soon enough.
const MOST: usize = 10_000;
/// Questions at once. More come from somebody who tries out names, and are let through.
const AT_ONCE: usize = 16;

/// Names that people try things out with (RFC 2606, RFC 6761): what is sent there is meant for nobody.
const FOR_EXAMPLES: [&str; 5] = ["example", "test", "example.com", "example.net", "example.org"];

/// What DNS said of domains. Cheap to clone; clones remember together.
#[derive(Clone)]
pub struct MailDomains(Arc<Inner>);

struct Inner {
    resolver: Resolver,
    /// The settings name the servers, so what they say is taken for what it is.
    is_trusted: bool,
    asking: Semaphore,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Whether it takes mail, and until when that is believed.
    domains: HashMap<String, (bool, Timestamp)>,
    /// How often in a row no answer came.
    silences: u32,
    quiet_until: Option<Timestamp>,
}

impl MailDomains {
    /// Asks the servers that the settings name, or else this machine's.
    pub fn new(config: &Config) -> Self {
        Self(Arc::new(Inner {
            resolver: Resolver::new(&config.dns),
            is_trusted: !config.dns.is_empty(),
            asking: Semaphore::new(AT_ONCE),
            known: Mutex::default(),
        }))
    }

    /// What is remembered; `None` where it must be asked for.
    fn remembered(&self, domain: &str, now: Timestamp) -> Option<bool> {
        let known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((takes, _)) = known.domains.get(domain).filter(|(_, until)| now < *until) {
            return Some(*takes);
        }
        known.quiet_until.filter(|until| now < *until).map(|_| true)
    }

    /// Who takes mail there. A resolver that does not even know the top of the tree, whose names our addresses end in, is cut
    /// off from the world, and what it says does not exist may well.
    async fn look_up(&self, domain: &str) -> Result<TakesMail, DnsError> {
        let found = self.0.resolver.takes_mail(domain).await?;
        let top = domain.rsplit('.').next().unwrap_or_default();
        let is_doubtful = matches!(found, TakesMail::NoDomain | TakesMail::Nobody) && !self.0.is_trusted;
        if is_doubtful && !self.0.resolver.is_zone(top).await? {
            return Err(DnsError::NoServer);
        }
        Ok(found)
    }

    async fn ask(&self, domain: &str, now: Timestamp) -> bool {
        let Ok(_turn) = self.0.asking.try_acquire() else { return true };
        let found = timeout(PATIENCE, self.look_up(domain)).await.unwrap_or(Err(DnsError::Silent));
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = match found {
            Ok(found) => found,
            // The name servers of one domain may be slow or broken, which says nothing about the others.
            Err(error) => {
                known.silences = if error == DnsError::Silent { known.silences + 1 } else { 0 };
                if error == DnsError::NoServer || known.silences >= SILENCES {
                    known.quiet_until = Some(now.plus(QUIET_FOR));
                }
                return true;
            }
        };
        known.silences = 0;
        let takes = matches!(found, TakesMail::Hosts(_) | TakesMail::Itself);
        if known.domains.len() >= MOST {
            known.domains.retain(|_, (_, until)| now < *until);
            if known.domains.len() >= MOST {
                known.domains.clear();
            }
        }
        let until = now.plus(if takes { TAKES_FOR } else { REFUSES_FOR });
        known.domains.insert(domain.to_owned(), (takes, until));
        takes
    }
}

/// What the house remembers of this domain without asking anybody; `None` where DNS must be asked.
pub(super) fn remembered(house: &House, domain: &str) -> Option<bool> {
    let config = &house.config;
    // Nothing is sent, or nothing outside is asked.
    if config.offline || config.smtp.is_empty() || house.catches_all_mail {
        return Some(true);
    }
    let is_example = || FOR_EXAMPLES.iter().any(|name| domain == *name || domain.ends_with(&format!(".{name}")));
    if config.dns.is_empty() && config.sends_nowhere() && is_example() {
        return Some(true);
    }
    house.mail_domains.remembered(domain, house.clock.now())
}

/// Whether a domain takes mail, as far as DNS is certain; what it does not say counts as yes.
pub(super) async fn take_mail(house: &House, domain: &str) -> bool {
    match remembered(house, domain) {
        Some(known) => known,
        None => house.mail_domains.ask(domain, house.clock.now()).await,
    }
}
