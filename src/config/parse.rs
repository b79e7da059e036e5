//! From texts to checked values, one setting after the other.

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tracing_subscriber::filter::Targets;
use url::{Host, Url};

use super::layers::Layers;
use super::secret::{SecretKey, SecretText};
use super::settings::{self, ALL};
use super::{
    CertificateFiles, Config, ConfigError, DatabaseUrl, DkimKey, Effective, Fallback, LogFormat, OpenIdProvider,
    Origin, ServiceSecrets, Setting, Shown, TokenEndpoint, key_file,
};
use crate::domain::address::{EmailAddress, MAX_LOCAL_OCTETS};
use crate::domain::effort::BITS;
use crate::domain::imap_url::ImapUrl;
use crate::domain::network::Network;
use crate::domain::public_url::PublicUrl;
use crate::domain::retention::Periods;
use crate::domain::service_key::P256Key;
use crate::domain::smarthost::{Login, Smarthost};
use crate::domain::smtp_limits::{ConnectionLimits, Timeouts};
use crate::domain::token::MAIL_TOKEN_LENGTH;

/// More connections than this are a slip of the keyboard.
const MAX_CONNECTIONS: usize = 1000;

/// Checks every value.
pub(super) fn config(layers: Layers) -> Result<Config, ConfigError> {
    let listen = layers.required(settings::LISTEN, socket)?;
    let given_url = layers.optional(settings::PUBLIC_URL, public_url)?;
    let public_url = given_url.unwrap_or_else(|| url_of(listen));
    let smtp_ehlo = layers.optional(settings::SMTP_EHLO, ehlo)?;
    let smtp_ehlo = smtp_ehlo.unwrap_or_else(|| public_url.host().trim_matches(['[', ']']).to_owned());
    let database_url: DatabaseUrl = layers.required(settings::DATABASE_URL, str::parse)?;
    let smtp = layers.optional(settings::SMTP_URL, Smarthost::parse_list)?.unwrap_or_default();
    let backup_folder = layers.optional(settings::BACKUP_FOLDER, str::parse::<PathBuf>)?;
    let mut config = Config {
        listen,
        backup_folder: backup_folder.or_else(|| Some(database_url.sqlite_path()?.with_file_name("backups"))),
        backup_keep: layers.required(settings::BACKUP_KEEP, number)?,
        database_url,
        smtp,
        smtp_connections: layers.required(settings::SMTP_CONNECTIONS, |text| {
            number(text).and_then(|n| match usize::try_from(n) {
                Ok(n) if (1..=MAX_CONNECTIONS).contains(&n) => Ok(n),
                _ => Err(format!("“{text}” connections are not possible; choose from 1 to {MAX_CONNECTIONS}")),
            })
        })?,
        smtp_rate: layers.optional(settings::SMTP_RATE, |text| match number(text)? {
            0 => Err("0 messages a minute would send nothing; leave it out for no limit".to_owned()),
            rate => Ok(rate),
        })?,
        smtp_timeouts: timeouts(&layers)?,
        smtp_tokens: tokens(&layers)?,
        smtp_limits: ConnectionLimits {
            messages: layers.required(settings::SMTP_CONNECTION_MESSAGES, |text| between(text, 1, 1_000_000))?,
            age: minutes(layers.required(settings::SMTP_CONNECTION_MINUTES, |text| between(text, 1, 1440))?),
        },
        smtp_max_age: 60 * minutes(layers.required(settings::SMTP_MAX_AGE_HOURS, |text| between(text, 1, 720))?),
        smtp_ehlo,
        dkim: dkim(&layers)?,
        templates: layers.optional(settings::TEMPLATES, str::parse::<PathBuf>)?,
        inbound_listen: layers.optional(settings::INBOUND_LISTEN, socket)?,
        inbound_tls: inbound_tls(&layers)?,
        imap: layers.optional(settings::IMAP_URL, ImapUrl::parse)?,
        bounce_address: layers.optional(settings::BOUNCE_ADDRESS, bounce_address)?,
        feedback: ServiceSecrets {
            ses_topics: layers.optional(settings::FEEDBACK_SES_TOPICS, topics)?.unwrap_or_default(),
            postmark: layers.optional(settings::FEEDBACK_POSTMARK_SECRET, SecretText::parse)?,
            mailgun: layers.optional(settings::FEEDBACK_MAILGUN_KEY, SecretText::parse)?,
            sendgrid: layers.optional(settings::FEEDBACK_SENDGRID_KEY, P256Key::parse)?,
            brevo: layers.optional(settings::FEEDBACK_BREVO_SECRET, SecretText::parse)?,
        },
        trusted_proxies: layers.optional(settings::TRUSTED_PROXIES, list::<Network>)?.unwrap_or_default(),
        signups_per_network: layers.required(settings::SIGNUPS_PER_NETWORK, limit)?,
        signups_total: layers.required(settings::SIGNUPS_TOTAL, limit)?,
        signup_proof_of_work: layers.required(settings::SIGNUP_PROOF_OF_WORK, proof_of_work)?,
        keep: Periods {
            ended: layers.required(settings::KEEP_ENDED_DAYS, limit)?,
            deliveries: layers.required(settings::KEEP_DELIVERIES_DAYS, limit)?,
            audit: layers.required(settings::KEEP_AUDIT_DAYS, limit)?,
        },
        dns: layers.optional(settings::DNS, dns_servers)?.unwrap_or_default(),
        offline: layers.required(settings::OFFLINE, yes_or_no)?,
        metrics_listen: layers.optional(settings::METRICS_LISTEN, socket)?,
        webhooks_private: layers.required(settings::WEBHOOKS_PRIVATE, yes_or_no)?,
        oidc: openid(&layers)?,
        log: layers.required(settings::LOG, |text| {
            text.parse::<Targets>()
                .map_err(|_| format!("“{text}” is no filter; write it like info or warn,postduif::mail=debug"))
        })?,
        log_format: layers.required(settings::LOG_FORMAT, str::parse::<LogFormat>)?,
        otlp_endpoint: layers.optional(settings::OTLP_ENDPOINT, collector)?,
        given_secret: layers.optional(settings::SECRET_KEY, SecretKey::parse)?,
        public_url,
        effective: [].into(),
    };
    config.effective = ALL.iter().map(|setting| effective(setting, &layers, &config)).collect();
    let wants_tokens = |server: &Smarthost| matches!(server.login, Some(Login::Token { command: None, .. }));
    if config.smtp_tokens.is_none() && config.smtp.iter().any(wants_tokens) {
        return Err(ConfigError::Missing(
            "smtp_token_url",
            "auth=xoauth2 needs it, or a command that prints an access token: token-command= in POSTDUIF_SMTP_URL",
        ));
    }
    if config.inbound_listen.is_some() && config.bounce_address.is_none() {
        return Err(ConfigError::Missing(
            "bounce_address",
            "POSTDUIF_INBOUND_LISTEN takes mail for this address and no other; set it to one like bounces@example.org",
        ));
    }
    if config.imap.is_some() && config.bounce_address.is_none() {
        return Err(ConfigError::Missing(
            "bounce_address",
            "POSTDUIF_IMAP_URL is looked into for mail to this address; set it to the mailbox's own, like bounces@example.org",
        ));
    }
    Ok(config)
}

impl Layers {
    fn optional<T, E: Display>(
        &self,
        setting: &'static Setting,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, ConfigError> {
        let Some((text, _)) = self.get(setting) else { return Ok(None) };
        parse(text.trim()).map(Some).map_err(|error| self.wrong(setting, &error))
    }

    fn required<T, E: Display>(
        &self,
        setting: &'static Setting,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, ConfigError> {
        let found = self.optional(setting, parse)?;
        Ok(found.expect("the table of settings has a default for whatever is required"))
    }

    fn wrong(&self, setting: &Setting, reason: &impl Display) -> ConfigError {
        let origin = self.get(setting).map_or(&Origin::Unset, |(_, origin)| origin);
        ConfigError::BadValue { key: setting.key.to_owned(), origin: origin.to_string(), reason: reason.to_string() }
    }
}

/// What is shown of one setting: the value that holds, whether it was given or follows from others.
fn effective(setting: &'static Setting, layers: &Layers, config: &Config) -> Effective {
    let given = layers.get(setting);
    let mut origin = given.map_or(Origin::Unset, |(_, origin)| origin.clone());
    let mut value = given.map(|(text, _)| text.trim().to_owned());
    if setting.shown == Shown::Never {
        value = value.map(|_| "•••".to_owned());
    } else if setting == settings::DATABASE_URL {
        value = Some(config.database_url.to_string());
    } else if setting == settings::SMTP_URL && value.is_some() {
        value = Some(config.smtp.iter().map(Smarthost::to_string).collect::<Vec<_>>().join(","));
    }
    if setting == settings::IMAP_URL {
        value = config.imap.as_ref().map(ImapUrl::to_string);
    }
    if value.is_none() && matches!(setting.default, Fallback::Derived(_)) {
        origin = Origin::Default;
        if setting == settings::PUBLIC_URL {
            value = Some(config.public_url.to_string());
        } else if setting == settings::SMTP_EHLO {
            value = Some(config.smtp_ehlo.clone());
        } else if setting == settings::OIDC_NAME {
            value = config.oidc.as_ref().map(|provider| provider.name.clone());
        } else if setting == settings::DNS {
            value = None;
        } else if setting == settings::BACKUP_FOLDER {
            value = config.backup_folder.as_ref().map(|folder| folder.display().to_string());
        } else if let Some(database) = config.database_url.sqlite_path() {
            value = Some("•••".to_owned());
            origin = Origin::KeyFile(key_file(database));
        } else {
            origin = Origin::Unset;
        }
    }
    Effective { setting, value, origin }
}

/// The address of a listener as the base of links.
pub(super) fn url_of(listen: SocketAddr) -> PublicUrl {
    format!("http://{listen}").parse().expect("http:// and an address with its port always make a URL")
}

fn socket(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("“{text}” is no address with a port; write it like 127.0.0.1:8080 or [::1]:8080"))
}

fn public_url(text: &str) -> Result<PublicUrl, String> {
    let url: PublicUrl = text.parse().map_err(|error| format!("{error}"))?;
    // Pages link to one another from the root, so below a path they would not find each other.
    let path = url.as_str().split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
    if path { Err(format!("“{text}” has a path; give postduif a host name of its own")) } else { Ok(url) }
}

fn dns_servers(text: &str) -> Result<Vec<SocketAddr>, String> {
    let server = |part: &str| {
        let bare = part.trim_matches(['[', ']']).parse().map(|address| SocketAddr::new(address, 53));
        part.parse().or(bare).map_err(|_| format!("“{part}” is no address of a DNS server; write it like 192.0.2.53"))
    };
    parts(text).map(server).collect()
}

fn collector(text: &str) -> Result<Url, String> {
    if !cfg!(feature = "otel") {
        return Err("this program was built without traces; leave it out, or build with --features otel".to_owned());
    }
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url =
        url.ok_or_else(|| format!("“{text}” is no address of a collector; write it like http://127.0.0.1:4318"))?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err("credentials and keys belong in OTEL_EXPORTER_OTLP_HEADERS, not in the address".to_owned());
    }
    Ok(url)
}

fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("“{text}” is no whole number"))
}

fn between(text: &str, least: u32, most: u32) -> Result<u32, String> {
    let fits = number(text).ok().filter(|number| (least..=most).contains(number));
    fits.ok_or_else(|| format!("“{text}” is not possible; choose a whole number from {least} to {most}"))
}

fn minutes(minutes: u32) -> Duration {
    Duration::from_secs(60 * u64::from(minutes))
}

/// Up to an hour for each step: nobody waits longer for a machine.
fn timeouts(layers: &Layers) -> Result<Timeouts, ConfigError> {
    let seconds = |setting| {
        let seconds = layers.required(setting, |text| between(text, 1, 3600));
        seconds.map(|seconds| Duration::from_secs(u64::from(seconds)))
    };
    Ok(Timeouts {
        connect: seconds(settings::SMTP_CONNECT_SECONDS)?,
        greeting: seconds(settings::SMTP_GREETING_SECONDS)?,
        command: seconds(settings::SMTP_COMMAND_SECONDS)?,
        data: seconds(settings::SMTP_DATA_SECONDS)?,
        block: seconds(settings::SMTP_BLOCK_SECONDS)?,
        end: seconds(settings::SMTP_END_SECONDS)?,
        ..Timeouts::default()
    })
}

/// The endpoint for access tokens; without an address there is none.
fn tokens(layers: &Layers) -> Result<Option<TokenEndpoint>, ConfigError> {
    let Some(url) = layers.optional(settings::SMTP_TOKEN_URL, token_url)? else { return Ok(None) };
    let text = |setting| layers.optional(setting, |text| Ok::<_, String>(text.to_owned()));
    let client_id = text(settings::SMTP_TOKEN_CLIENT)?;
    let client_secret = layers.optional(settings::SMTP_TOKEN_SECRET, SecretText::parse)?;
    let refresh = layers.optional(settings::SMTP_TOKEN_REFRESH, SecretText::parse)?;
    if client_secret.is_none() && refresh.is_none() {
        let what = "POSTDUIF_SMTP_TOKEN_URL needs a refresh token, or a client secret in POSTDUIF_SMTP_TOKEN_SECRET";
        return Err(ConfigError::Missing("smtp_token_refresh", what));
    }
    let client_id = client_id.ok_or(ConfigError::Missing("smtp_token_client", "POSTDUIF_SMTP_TOKEN_URL needs it"))?;
    Ok(Some(TokenEndpoint { url, client_id, client_secret, refresh, scope: text(settings::SMTP_TOKEN_SCOPE)? }))
}

/// Secrets travel there: never in clear, unless they stay on this machine.
fn token_url(text: &str) -> Result<Url, String> {
    let wrong = || format!("“{text}” is no address of a token endpoint; write it like https://login.example.org/token");
    let url = Url::parse(text).map_err(|_| wrong())?;
    let here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    if url.has_host() && (url.scheme() == "https" || here && url.scheme() == "http") { Ok(url) } else { Err(wrong()) }
}

fn limit(text: &str) -> Result<Option<u32>, String> {
    number(text).map(|limit| Some(limit).filter(|limit| *limit > 0))
}

/// Bits of work; 0 is none.
fn proof_of_work(text: &str) -> Result<Option<u32>, String> {
    match number(text)? {
        0 => Ok(None),
        bits if BITS.contains(&bits) => Ok(Some(bits)),
        _ => Err(format!("“{text}” is not possible; choose 0 for none, or from {} to {}", BITS.start(), BITS.end())),
    }
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err(format!("“{text}” is neither true nor false")),
    }
}

fn list<T: std::str::FromStr>(text: &str) -> Result<Vec<T>, T::Err> {
    parts(text).map(str::parse).collect()
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// Names of topics, as Amazon writes them.
fn topics(text: &str) -> Result<Vec<String>, String> {
    let topics = parts(text).map(|topic| {
        let is_topic = topic.starts_with("arn:aws") && topic.split(':').count() == 6;
        if is_topic {
            Ok(topic.to_owned())
        } else {
            Err(format!("“{topic}” is no topic; write it like arn:aws:sns:eu-west-1:123456789012:bounces"))
        }
    });
    topics.collect()
}

/// The plus sign and a delivery's token must still fit into the local part.
fn bounce_address(text: &str) -> Result<EmailAddress, String> {
    let address = EmailAddress::parse_any_role(text).map_err(|error| format!("{error}"))?;
    let longest = MAX_LOCAL_OCTETS - MAIL_TOKEN_LENGTH - 1;
    if address.local().len() > longest {
        return Err(format!("the part before the @ may have {longest} characters at most, because a token is added"));
    }
    Ok(address)
}

/// A host name, or an address without the brackets in which it may stand; whoever says EHLO puts it into its own
/// (RFC 5321 section 4.1.3).
fn ehlo(text: &str) -> Result<String, String> {
    let bare = text.trim_start_matches("[IPv6:").trim_matches(['[', ']']);
    if let Ok(address) = bare.parse::<std::net::IpAddr>() {
        return Ok(address.to_string());
    }
    let name = idna::domain_to_ascii_strict(text).ok().filter(|name| !name.is_empty() && name.len() <= 253);
    name.ok_or_else(|| format!("“{text}” is no host name; write it like mail.example.org"))
}

/// Issuer, client and secret must come together.
fn openid(layers: &Layers) -> Result<Option<OpenIdProvider>, ConfigError> {
    let private = layers.required(settings::OIDC_PRIVATE, yes_or_no)?;
    let issuer = layers.optional(settings::OIDC_ISSUER, |text| {
        let url =
            Url::parse(text).ok().filter(|url| url.has_host() && url.query().is_none() && url.fragment().is_none());
        match url {
            Some(url) if url.scheme() == "https" || (private && url.scheme() == "http") => Ok((url, text.to_owned())),
            _ => Err(format!("“{text}” is no issuer; write it as the provider does, like https://id.example.org")),
        }
    })?;
    let client_id = layers.optional(settings::OIDC_CLIENT_ID, |text| Ok::<_, String>(text.to_owned()))?;
    let client_secret = layers.optional(settings::OIDC_CLIENT_SECRET, SecretText::parse)?;
    let name = layers.optional(settings::OIDC_NAME, |text| Ok::<_, String>(text.to_owned()))?;
    let together = "POSTDUIF_OIDC_ISSUER, POSTDUIF_OIDC_CLIENT_ID and POSTDUIF_OIDC_CLIENT_SECRET go together";
    match (issuer, client_id, client_secret) {
        (None, None, None) => Ok(None),
        (Some((issuer, issuer_text)), Some(client_id), Some(client_secret)) => {
            let name = name.unwrap_or_else(|| issuer.host_str().unwrap_or_default().to_owned());
            Ok(Some(OpenIdProvider { issuer, issuer_text, client_id, client_secret, name, private }))
        }
        (None, ..) => Err(ConfigError::Missing("oidc_issuer", together)),
        (_, None, _) => Err(ConfigError::Missing("oidc_client_id", together)),
        (_, _, None) => Err(ConfigError::Missing("oidc_client_secret", together)),
    }
}

/// A certificate goes with its key.
fn inbound_tls(layers: &Layers) -> Result<Option<CertificateFiles>, ConfigError> {
    let certificate = layers.optional(settings::INBOUND_TLS_CERT_FILE, str::parse::<PathBuf>)?;
    let key = layers.optional(settings::INBOUND_TLS_KEY_FILE, str::parse::<PathBuf>)?;
    let together = "POSTDUIF_INBOUND_TLS_CERT_FILE and POSTDUIF_INBOUND_TLS_KEY_FILE go together";
    match (certificate, key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some(CertificateFiles { certificate, key })),
        (None, _) => Err(ConfigError::Missing("inbound_tls_cert_file", together)),
        (_, None) => Err(ConfigError::Missing("inbound_tls_key_file", together)),
    }
}

/// Domain, selectors and key files must come together.
fn dkim(layers: &Layers) -> Result<Vec<DkimKey>, ConfigError> {
    let domain = layers.optional(settings::DKIM_DOMAIN, dns_name)?;
    let selectors =
        layers.optional(settings::DKIM_SELECTOR, |text| parts(text).map(dns_name).collect::<Result<Vec<_>, _>>())?;
    let files = layers.optional(settings::DKIM_KEY_FILE, list::<PathBuf>)?;
    let together = "POSTDUIF_DKIM_DOMAIN, POSTDUIF_DKIM_SELECTOR and POSTDUIF_DKIM_KEY_FILE go together";
    match (domain, selectors, files) {
        (None, None, None) => Ok(Vec::new()),
        (Some(domain), Some(selectors), Some(files)) if selectors.len() == files.len() => Ok(selectors
            .into_iter()
            .zip(files)
            .map(|(selector, key_file)| DkimKey { domain: domain.clone(), selector, key_file })
            .collect()),
        (Some(_), Some(selectors), Some(files)) => Err(layers.wrong(
            settings::DKIM_KEY_FILE,
            &format!(
                "there are {} key files for {} selectors; each selector has its own",
                files.len(),
                selectors.len()
            ),
        )),
        (None, ..) => Err(ConfigError::Missing("dkim_domain", together)),
        (_, None, _) => Err(ConfigError::Missing("dkim_selector", together)),
        (_, _, None) => Err(ConfigError::Missing("dkim_key_file", together)),
    }
}

fn dns_name(text: &str) -> Result<String, String> {
    idna::domain_to_ascii_strict(text)
        .ok()
        .filter(|name| !name.is_empty())
        .ok_or_else(|| format!("“{text}” is no name in DNS"))
}
