//! Settings: read from everywhere once, checked once, and from then on values that can be trusted.

mod database;
mod layers;
mod machine;
mod parse;
mod secret;
pub mod settings;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tracing_subscriber::filter::Targets;
use url::Url;

pub use self::database::{DatabaseUrl, InvalidDatabaseUrl};
pub use self::layers::{FlagValue, Flags, Origin};
pub use self::machine::{
    TemporaryFolder, free_bytes, handed_listener, private_folder, program, temporary_name, variables,
};
pub use self::secret::{KeyFileError, SecretKey, SecretText, key_file, put_key};
use self::settings::{Fallback, Setting, Shown};
use crate::clock::Clock;
use crate::domain::address::EmailAddress;
use crate::domain::imap_url::ImapUrl;
use crate::domain::network::Network;
use crate::domain::public_url::PublicUrl;
use crate::domain::reach::is_this_machine;
use crate::domain::retention::Periods;
use crate::domain::service_key::P256Key;
use crate::domain::smarthost::Smarthost;
use crate::domain::smtp_limits::{ConnectionLimits, Timeouts};
use crate::domain::text_enum::text_enum;

/// Where the TOML file lies when none is named; the first that exists counts.
const USUAL_FILES: [&str; 2] = ["postduif.toml", "/etc/postduif/postduif.toml"];

/// The settings of this process.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where HTTP is served.
    pub listen: SocketAddr,
    /// The base of every link.
    pub public_url: PublicUrl,
    /// Which database.
    pub database_url: DatabaseUrl,
    /// Where backups go that are made by themselves.
    pub backup_folder: Option<PathBuf>,
    /// How many of each kind are kept; with 0 none are made.
    pub backup_keep: u32,
    /// The mail servers that take our mail; empty means that nothing can be sent.
    pub smtp: Vec<Smarthost>,
    /// Connections to them at once.
    pub smtp_connections: usize,
    /// Most messages a minute over all connections.
    pub smtp_rate: Option<u32>,
    /// How long each step of the dialogue with them may take.
    pub smtp_timeouts: Timeouts,
    /// How much one connection carries.
    pub smtp_limits: ConnectionLimits,
    /// For how long an edition's message is tried again.
    pub smtp_max_age: Duration,
    /// Where access tokens for them come from.
    pub smtp_tokens: Option<TokenEndpoint>,
    /// The name in our EHLO: a host name, or an address without brackets.
    pub smtp_ehlo: String,
    /// The signatures that mail gets.
    pub dkim: Vec<DkimKey>,
    /// Where the operator's own templates are, if there are any.
    pub templates: Option<PathBuf>,
    /// Where bounces and unsubscribe mail come in.
    pub inbound_listen: Option<SocketAddr>,
    /// With what the listener proves who it is, where it offers encryption.
    pub inbound_tls: Option<CertificateFiles>,
    /// A mailbox that is looked into for what came back.
    pub imap: Option<ImapUrl>,
    /// The envelope sender to which a detail is added.
    pub bounce_address: Option<EmailAddress>,
    /// How mail services prove themselves when they tell what came back.
    pub feedback: ServiceSecrets,
    /// Networks whose forwarded headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// Sign-ups an hour from one network; `None` is no limit.
    pub signups_per_network: Option<u32>,
    /// Sign-ups an hour in all; `None` is no limit.
    pub signups_total: Option<u32>,
    /// How much work the sign-up form asks of a browser, in zero bits; `None` is none.
    pub signup_proof_of_work: Option<u32>,
    /// For how long what is kept of people is kept.
    pub keep: Periods,
    /// The DNS servers to ask; empty means those of this machine.
    pub dns: Vec<SocketAddr>,
    /// Nothing outside is asked.
    pub offline: bool,
    /// Where metrics are served.
    pub metrics_listen: Option<SocketAddr>,
    /// Webhooks may go to private networks.
    pub webhooks_private: bool,
    /// The provider with which users of the desk may sign in.
    pub oidc: Option<OpenIdProvider>,
    /// What is logged.
    pub log: Targets,
    /// How it is written.
    pub log_format: LogFormat,
    /// The collector of traces.
    pub otlp_endpoint: Option<Url>,
    given_secret: Option<SecretKey>,
    effective: Arc<[Effective]>,
}

/// How each mail service proves itself; one that is not set up cannot call.
#[derive(Clone, Debug, Default)]
pub struct ServiceSecrets {
    /// The topics of Amazon SNS that may call.
    pub ses_topics: Vec<String>,
    pub postmark: Option<SecretText>,
    pub mailgun: Option<SecretText>,
    pub sendgrid: Option<P256Key>,
    pub brevo: Option<SecretText>,
}

/// Who gives access tokens for mail servers (OAuth 2.0, RFC 6749), and how we prove ourselves there.
#[derive(Clone, Debug)]
pub struct TokenEndpoint {
    /// HTTPS, but for a server on this machine.
    pub url: Url,
    pub client_id: String,
    pub client_secret: Option<SecretText>,
    pub refresh: Option<SecretText>,
    pub scope: Option<String>,
}

/// An OpenID Connect provider, and how it knows us.
#[derive(Clone, Debug)]
pub struct OpenIdProvider {
    /// As its tokens name it, to the letter.
    pub issuer: Url,
    pub issuer_text: String,
    pub client_id: String,
    pub client_secret: SecretText,
    /// What people call it.
    pub name: String,
    /// It may lie in a private network, and be asked over plain HTTP.
    pub private: bool,
}

/// A certificate with its chain, and its private key; both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// One signature: its domain and selector (RFC 6376 section 3.1) and the file of its private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DkimKey {
    pub domain: String,
    pub selector: String,
    pub key_file: PathBuf,
}

text_enum! {
    /// How log lines are written.
    pub enum LogFormat("log format") {
        /// For people.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
}

/// What holds for one setting, fit to be shown.
#[derive(Clone, Debug)]
pub struct Effective {
    pub setting: &'static Setting,
    /// `None` where it is not set; secrets are masked.
    pub value: Option<String>,
    pub origin: Origin,
}

/// What is wrong with the settings; the message names the key and where it stands.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("unknown setting “{key}” ({origin}){}", did_you_mean(.hint.as_deref()))]
    UnknownKey { key: String, origin: String, hint: Option<String> },
    #[error("the setting {key} ({origin}) is wrong: {reason}")]
    BadValue { key: String, origin: String, reason: String },
    #[error("the setting {0} is missing: {1}")]
    Missing(&'static str, &'static str),
    #[error("the settings file {path} is not TOML, line {line}: {reason}")]
    Toml { path: PathBuf, line: usize, reason: String },
    #[error("{what} {path} cannot be read: {error}")]
    Unreadable { what: &'static str, path: PathBuf, error: std::io::Error },
    #[error("the file {path}, which {variable} names, cannot be read: {error}")]
    NamedFile { variable: String, path: PathBuf, error: std::io::Error },
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
}

/// Nodes that make one each would not understand each other's links.
const NO_SECRET: ConfigError = ConfigError::Missing(
    "POSTDUIF_SECRET_KEY",
    "with PostgreSQL all nodes need the same key; make one with `openssl rand -base64 32` and give it as POSTDUIF_SECRET_KEY \
     or in a file named by POSTDUIF_SECRET_KEY_FILE",
);

fn did_you_mean(hint: Option<&str>) -> String {
    hint.map_or_else(|| "; `postduif config` lists all settings".to_owned(), |hint| format!("; did you mean {hint}?"))
}

impl Config {
    /// Reads the settings of this process.
    ///
    /// # Errors
    /// The first fault found.
    pub fn load(flags: &Flags) -> Result<Self, ConfigError> {
        Self::resolve(flags, std::env::vars_os(), &USUAL_FILES.map(Path::new))
    }

    /// Settings from these values alone, whatever the machine says: for the demo and for tests.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn from_values(values: &[(&str, &str)]) -> Result<Self, ConfigError> {
        let values = values
            .iter()
            .map(|(key, value)| FlagValue {
                flag: (*key).to_owned(),
                key: (*key).to_owned(),
                value: (*value).to_owned(),
            })
            .collect();
        Self::resolve(&Flags { file: None, values }, [], &[])
    }

    fn resolve(
        flags: &Flags,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        usual_files: &[&Path],
    ) -> Result<Self, ConfigError> {
        parse::config(layers::Layers::gather(flags, environment, usual_files)?)
    }

    /// The secret of this installation. With SQLite and none given it lies beside the database and is made at the
    /// first start, so ask for it before the database is opened.
    ///
    /// # Errors
    /// When there is none and none may be made, or its file is unsafe.
    pub fn secret_key(&self, clock: &Clock) -> Result<SecretKey, ConfigError> {
        match (&self.given_secret, self.database_url.sqlite_path()) {
            (Some(key), _) => Ok(key.clone()),
            (None, Some(database)) => Ok(secret::read_or_make(database, clock)?),
            (None, None) => Err(NO_SECRET),
        }
    }

    /// The secret that a start would take, for who only looks: `None` where it would make the first one.
    ///
    /// # Errors
    /// As [`Config::secret_key`].
    pub fn secret_without_making(&self) -> Result<Option<SecretKey>, ConfigError> {
        match (&self.given_secret, self.database_url.sqlite_path()) {
            (None, Some(database)) => Ok(secret::read_if_there(database)?),
            (Some(key), _) => Ok(Some(key.clone())),
            (None, None) => Err(NO_SECRET),
        }
    }

    /// The same settings for another database.
    pub fn with_database(&self, database_url: DatabaseUrl) -> Self {
        Self { database_url, ..self.clone() }
    }

    /// The secret that the settings give, which lies beside no database.
    pub const fn given_secret(&self) -> Option<&SecretKey> {
        self.given_secret.as_ref()
    }

    /// The secret that lies beside the database and goes where it goes, if there is one.
    ///
    /// # Errors
    /// When its file is unsafe.
    pub fn secret_beside(&self) -> Result<Option<SecretKey>, ConfigError> {
        match (&self.given_secret, self.database_url.sqlite_path()) {
            (None, Some(database)) => Ok(secret::read(&key_file(database))?),
            _ => Ok(None),
        }
    }

    /// The secret if there is one: for who only looks, and must not make any.
    pub fn known_secret_key(&self) -> Option<SecretKey> {
        self.given_secret.clone().or_else(|| secret::read(&key_file(self.database_url.sqlite_path()?)).ok().flatten())
    }

    /// Takes note of the address that was really bound, where port 0 let the machine choose one. Links follow, unless
    /// the public URL is set.
    pub fn bound_to(&mut self, listen: SocketAddr) {
        self.listen = listen;
        if !self.has_public_url() {
            self.public_url = parse::url_of(listen);
        }
    }

    /// Whether somebody said where the world reaches us; otherwise links lead to where we listen.
    pub fn has_public_url(&self) -> bool {
        self.effective.iter().any(|one| one.setting == settings::PUBLIC_URL && one.origin != Origin::Default)
    }

    /// Whether every mail server is this very machine, or there is none: what is sent ends in somebody's sink, as far as
    /// can be told, and need not be fit for the world.
    pub fn sends_nowhere(&self) -> bool {
        self.smtp.iter().all(|server| is_this_machine(&server.host))
    }

    /// How we introduce ourselves to the sites we read.
    pub fn user_agent(&self) -> String {
        format!("postduif/{} (+{})", env!("CARGO_PKG_VERSION"), self.public_url)
    }

    /// Every setting as it holds, secrets masked.
    pub fn effective(&self) -> &[Effective] {
        &self.effective
    }
}

#[cfg(test)]
mod tests;
