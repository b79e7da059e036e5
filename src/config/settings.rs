//! The one table of settings: whatever can be set is a line here, and loading, `postduif config` and the reference follow.

/// One thing an operator can set.
#[derive(Debug)]
pub struct Setting {
    /// Its name in the TOML file; in capitals behind `POSTDUIF_` it is the environment variable.
    pub key: &'static str,
    /// What holds where nothing is set.
    pub default: Fallback,
    /// How much of its value may be shown.
    pub shown: Shown,
    /// What it means, in one sentence for the reference.
    pub doc: &'static str,
}

/// What holds where a setting is not given.
#[derive(Debug)]
pub enum Fallback {
    /// Nothing: what it is for is switched off.
    None,
    /// This value.
    Value(&'static str),
    /// A value that follows from others, in words.
    Derived(&'static str),
}

/// How much of a value people may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Plainly,
    /// Passwords inside are replaced.
    WithoutPasswords,
    Never,
}

impl Setting {
    /// The environment variable: `POSTDUIF_LISTEN`.
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.key.to_ascii_uppercase())
    }

    /// The setting of this key.
    pub fn by_key(key: &str) -> Option<&'static Self> {
        ALL.iter().copied().find(|setting| setting.key == key)
    }
}

impl std::fmt::Display for Fallback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("not set"),
            Self::Value(value) => write!(f, "`{value}`"),
            Self::Derived(words) => f.write_str(words),
        }
    }
}

/// Every setting as the page of the reference.
pub fn reference() -> String {
    let row = |setting: &&Setting| {
        format!("| `{}` | `{}` | {} | {} |\n", setting.variable(), setting.key, setting.default, setting.doc)
    };
    format!(
        "# Settings\n\n{INTRODUCTION}\n\n| variable | in the file | default | meaning |\n| --- | --- | --- | --- |\n{}",
        ALL.iter().map(row).collect::<String>()
    )
}

const INTRODUCTION: &str = "\
A flag (`--set KEY=VALUE`) goes before an environment variable, that before the file which a variable with `_FILE` \
behind its name points to (for secrets), that before the TOML file (`--config FILE`, else `./postduif.toml`, else \
`/etc/postduif/postduif.toml`), and that before the default. What is empty counts as not set. An unknown setting or a \
bad value stops the start with one line that names it.";

/// Two settings are the same when they are the same line of the table.
impl PartialEq for Setting {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

/// How every environment variable of ours begins.
pub const PREFIX: &str = "POSTDUIF_";

/// What an environment variable ends in that names a file with the value.
pub const FILE_SUFFIX: &str = "_FILE";

macro_rules! settings {
    ($($name:ident $key:literal, $default:expr, $shown:ident, $doc:literal;)+) => {
        $(#[doc = $doc] pub const $name: &Setting =
            &Setting { key: $key, default: $default, shown: Shown::$shown, doc: $doc };)+

        /// Every setting, in the order in which they are shown.
        pub const ALL: &[&Setting] = &[$($name),+];
    };
}

use Fallback::{Derived, None, Value};

settings! {
    LISTEN "listen", Value("127.0.0.1:8080"), Plainly,
        "Address and port on which HTTP is served.";
    PUBLIC_URL "public_url", Derived("`http://` and the listen address"), Plainly,
        "Where readers reach this server: the base of every link in mails and on pages, without a path.";
    DATABASE_URL "database_url", Value("sqlite:postduif.db"), WithoutPasswords,
        "`sqlite:PATH` for an embedded database, or `postgres://user:password@host/name` for many nodes.";
    BACKUP_FOLDER "backup_folder", Derived("`backups` beside an SQLite database; none with PostgreSQL"), Plainly,
        "Where backups go that are made by themselves: daily, and before schema changes, imports and restores. Without a \
         folder none are made.";
    BACKUP_KEEP "backup_keep", Value("14"), Plainly,
        "How many of these are kept of each kind; 0 makes none.";
    SECRET_KEY "secret_key", Derived("made at the first start beside an SQLite database; required with PostgreSQL"), Never,
        "At least 32 random bytes in base64, from which the keys of links, sessions and hashes are derived.";
    SMTP_URL "smtp_url", None, WithoutPasswords,
        "The mail server that takes our mail: `smtp://user:password@host:port?tls=required`, also `tls=opportunistic` or \
         `tls=none`, or `smtps://…`; several are separated by commas and share by `weight=`. Without it nothing is sent.";
    SMTP_CONNECTIONS "smtp_connections", Value("8"), Plainly,
        "Connections to mail servers at once, for editions and letters together. Of four or more, one is left to letters \
         for ten minutes after each.";
    SMTP_RATE "smtp_rate", None, Plainly,
        "The most messages a minute over all connections, letters such as confirmations among them, which go first.";
    SMTP_CONNECTION_MESSAGES "smtp_connection_messages", Value("100"), Plainly,
        "Messages over one connection to a mail server before a new one takes its place; a server that announces fewer \
         (`LIMITS MAILMAX`) gets fewer. Your own server may take thousands.";
    SMTP_CONNECTION_MINUTES "smtp_connection_minutes", Value("5"), Plainly,
        "For how long one connection is used.";
    SMTP_MAX_AGE_HOURS "smtp_max_age_hours", Value("72"), Plainly,
        "For how long an edition's message that mail servers put off is tried again, before it is given up as expired.";
    SMTP_CONNECT_SECONDS "smtp_connect_seconds", Value("30"), Plainly,
        "How long an address of a mail server may take to accept a connection.";
    SMTP_GREETING_SECONDS "smtp_greeting_seconds", Value("300"), Plainly,
        "How long a mail server may take to greet us; where another server may do, we turn to that one after three seconds.";
    SMTP_COMMAND_SECONDS "smtp_command_seconds", Value("300"), Plainly,
        "How long a mail server may take to answer a command, such as a sender or a recipient.";
    SMTP_DATA_SECONDS "smtp_data_seconds", Value("120"), Plainly,
        "How long a mail server may take to become ready for a message.";
    SMTP_BLOCK_SECONDS "smtp_block_seconds", Value("180"), Plainly,
        "How long a mail server may take for each 64 KiB of a message.";
    SMTP_END_SECONDS "smtp_end_seconds", Value("600"), Plainly,
        "How long a mail server may take to say that it has taken a message. A short time makes duplicates: the message may be \
         in all the same.";
    SMTP_TOKEN_URL "smtp_token_url", None, Plainly,
        "Where access tokens come from for mail servers with `auth=xoauth2` and no command for them: the HTTPS address of an \
         OAuth 2.0 token endpoint.";
    SMTP_TOKEN_CLIENT "smtp_token_client", None, Plainly,
        "The client id by which that endpoint knows us.";
    SMTP_TOKEN_SECRET "smtp_token_secret", None, Never,
        "The client secret, where the endpoint wants one; without a refresh token it is what the access tokens are given for.";
    SMTP_TOKEN_REFRESH "smtp_token_refresh", None, Never,
        "The refresh token for which the endpoint gives access tokens.";
    SMTP_TOKEN_SCOPE "smtp_token_scope", None, Plainly,
        "The scope that is asked for, such as `https://outlook.office365.com/.default`.";
    DKIM_DOMAIN "dkim_domain", None, Plainly,
        "The domain that signs our mail (DKIM).";
    DKIM_SELECTOR "dkim_selector", None, Plainly,
        "The selector under which the public key stands in DNS; two, separated by a comma, sign twice.";
    DKIM_KEY_FILE "dkim_key_file", None, Plainly,
        "The file of the private key, RSA or Ed25519, as PEM (PKCS#8); as many files as selectors, in the same order.";
    TEMPLATES "templates", None, Plainly,
        "A folder with templates of your own for newsletters and letters; one that it lacks is the built-in one.";
    INBOUND_LISTEN "inbound_listen", None, Plainly,
        "Address and port on which bounces and unsubscribe mail are taken by SMTP or LMTP, for the bounce address and `unsubscribe@` its domain alone.";
    INBOUND_TLS_CERT_FILE "inbound_tls_cert_file", None, Plainly,
        "The file of the certificate, with its chain, as PEM: the listener for bounces then offers STARTTLS.";
    INBOUND_TLS_KEY_FILE "inbound_tls_key_file", None, Plainly,
        "The file of the private key of that certificate, as PEM. Both are read anew once they change.";
    BOUNCE_ADDRESS "bounce_address", None, Plainly,
        "The envelope sender; a detail is added for each delivery: `bounces+TOKEN@example.org`.";
    IMAP_URL "imap_url", None, WithoutPasswords,
        "A mailbox in which bounces arrive and that is looked into every minute: `imaps://user:password@host/Folder`, or \
         `imap://…?tls=required` for STARTTLS; `?auth=xoauth2&token-command=…` instead of a password. What is ours is marked \
         as read, everything else stays as it is, and nothing is ever deleted.";
    FEEDBACK_SES_TOPICS "feedback_ses_topics", None, Plainly,
        "The ARNs of the Amazon SNS topics, separated by commas, that may tell at `/api/v1/feedback/ses` what came back.";
    FEEDBACK_POSTMARK_SECRET "feedback_postmark_secret", None, Never,
        "`user:password` with which Postmark calls `/api/v1/feedback/postmark`.";
    FEEDBACK_MAILGUN_KEY "feedback_mailgun_key", None, Never,
        "The HTTP webhook signing key with which Mailgun signs its calls of `/api/v1/feedback/mailgun`.";
    FEEDBACK_SENDGRID_KEY "feedback_sendgrid_key", None, Plainly,
        "The verification key (public, base64) of the signed event webhook with which SendGrid calls `/api/v1/feedback/sendgrid`.";
    FEEDBACK_BREVO_SECRET "feedback_brevo_secret", None, Never,
        "The token, or `user:password`, with which Brevo calls `/api/v1/feedback/brevo`.";
    SMTP_EHLO "smtp_ehlo", Derived("the host of the public URL"), Plainly,
        "The name by which we greet mail servers.";
    TRUSTED_PROXIES "trusted_proxies", None, Plainly,
        "Networks, separated by commas, whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.";
    SIGNUPS_PER_NETWORK "signups_per_network", Value("10"), Plainly,
        "Sign-ups an hour from one network (an IPv4 address or an IPv6 /64); 0 is no limit.";
    SIGNUPS_TOTAL "signups_total", Value("200"), Plainly,
        "Sign-ups an hour in all; 0 is no limit.";
    SIGNUP_PROOF_OF_WORK "signup_proof_of_work", Value("0"), Plainly,
        "How much work the sign-up form asks of a browser, in zero bits of a SHA-256: 16 takes a phone a second, each bit \
         more twice as long (8 to 24). Whoever runs no script waits ten seconds instead. 0 asks for none.";
    KEEP_ENDED_DAYS "keep_ended_days", Value("730"), Plainly,
        "Days after which of people who left, bounced or complained only a keyed hash is kept; 0 keeps them.";
    KEEP_DELIVERIES_DAYS "keep_deliveries_days", Value("730"), Plainly,
        "Days after which the ledger of an edition forgets to which addresses it went; 0 keeps them.";
    KEEP_AUDIT_DAYS "keep_audit_days", Value("1095"), Plainly,
        "Days for which is kept what users of the desk and the API did; 0 keeps it for ever.";
    DNS "dns", Derived("the servers of this machine"), Plainly,
        "DNS servers to ask, separated by commas, such as `192.0.2.53` or `[2001:db8::53]:5353`; they should verify DNSSEC.";
    OFFLINE "offline", Value("false"), Plainly,
        "Look nothing up in DNS and probe nothing outside; checks that would say “not checked” and block nothing.";
    METRICS_LISTEN "metrics_listen", None, Plainly,
        "Address and port of the Prometheus metrics, which have a listener of their own: `GET /metrics`.";
    WEBHOOKS_PRIVATE "webhooks_private", Value("false"), Plainly,
        "Whether outgoing webhooks may go to addresses in private networks, such as this machine.";
    OIDC_ISSUER "oidc_issuer", None, Plainly,
        "The OpenID Connect provider with which users of the desk may sign in, by its issuer: `https://id.example.org/realms/office`.";
    OIDC_CLIENT_ID "oidc_client_id", None, Plainly,
        "By which name the provider knows this installation.";
    OIDC_CLIENT_SECRET "oidc_client_secret", None, Never,
        "The secret that goes with it.";
    OIDC_NAME "oidc_name", Derived("the issuer's host"), Plainly,
        "What the button at the sign-in calls the provider.";
    OIDC_PRIVATE "oidc_private", Value("false"), Plainly,
        "Whether the provider may lie in a private network, and be asked over plain HTTP.";
    LOG "log", Value("info"), Plainly,
        "How much is logged: off, error, warn, info, debug or trace, also for one part of the program: `warn,postduif::mail=debug`.";
    LOG_FORMAT "log_format", Value("text"), Plainly,
        "`text` for people or `json` for machines.";
    OTLP_ENDPOINT "otlp_endpoint", None, Plainly,
        "Where traces go, as OTLP over HTTP: `http://collector:4318`. Only in a program built with `--features otel`, which \
         also heeds OpenTelemetry's own `OTEL_EXPORTER_OTLP_ENDPOINT`.";
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_of_the_reference_is_what_the_table_says() {
        let written = include_str!("../../docs/reference/settings.md");
        assert_eq!(
            written,
            super::reference(),
            "write it anew: postduif config --reference > docs/reference/settings.md"
        );
    }
}
