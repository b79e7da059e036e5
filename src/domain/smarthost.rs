//! The mail servers that take our mail, read from `POSTDUIF_SMTP_URL`.

use std::fmt;
use std::net::IpAddr;

/// One mail server that sends on what we hand it, and how to reach it.
///
/// `smtp://user:password@host:587?tls=required&weight=2`; several are separated by commas. User, password and values
/// may be percent-encoded. Neither `Debug` nor `Display` shows a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Smarthost {
    /// A name in lower-case A-labels or an IP address, without brackets.
    pub host: String,
    pub port: u16,
    pub tls: TlsMode,
    pub login: Option<Login>,
    /// Its share of the mail beside other servers, 1 to 100.
    pub weight: u32,
    /// Reach it over this family only: outgoing IPv6 without a PTR record is refused by many.
    pub family: Option<Family>,
    /// The address of ours to connect from.
    pub bind: Option<IpAddr>,
}

/// Whether the connection is encrypted, and whether the server must prove who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// `smtps://`: encrypted from the first byte (RFC 8314 section 3.3), certificate verified.
    Implicit,
    /// STARTTLS or nothing, certificate verified.
    Required,
    /// STARTTLS where offered, whoever answers: better than nothing against listeners, no help against impostors.
    Opportunistic,
    /// In clear, because it is written so.
    None,
}

/// An IP version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Ipv4,
    Ipv6,
}

/// Who we are to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// AUTH PLAIN or LOGIN.
    Password { user: String, password: Secret },
    /// AUTH XOAUTH2 with the token that a command of the operator prints, or, without one, that the token endpoint of the
    /// settings gives.
    Token { user: String, command: Option<Secret> },
}

/// A text that no log may show.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

/// What is wrong with the address of a mail server. No message repeats a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSmarthost {
    #[error("no mail server is named; write it like smtp://user:password@mail.example.org:587")]
    Empty,
    #[error("a mail server begins with smtp:// or smtps://")]
    Scheme,
    #[error("the host “{0}” is neither a name nor an address; an IPv6 address stands in brackets")]
    Host(String),
    #[error("the port is not a number from 1 to 65535")]
    Port,
    #[error("only ?settings may follow the host and port; in a user or password write / as %2F, ? as %3F and # as %23")]
    Path,
    #[error("a % in the {0} is not followed by two hexadecimal digits; write % itself as %25")]
    PercentEncoding(&'static str),
    #[error("the {0} holds a control character")]
    ControlCharacter(&'static str),
    #[error("there is a user but no password; write user:password@, or auth=xoauth2")]
    NoPassword,
    #[error("there is a password but no user")]
    NoUser,
    #[error("auth=xoauth2 needs a user before the @ and takes no password; token-command= goes with it alone")]
    TokenLogin,
    #[error("“{0}” is not a setting of a mail server; there are tls, weight, auth, token-command, family and bind")]
    UnknownSetting(String),
    #[error("{0}=“{1}” is not possible; choose {2}")]
    Value(&'static str, String, &'static str),
    #[error("smtps:// is encrypted from the first byte; it goes with no tls= but tls=required")]
    ImplicitTls,
}

impl Smarthost {
    /// Reads all servers of the setting.
    ///
    /// # Errors
    /// The first fault found, in words.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, InvalidSmarthost> {
        // Only a comma before the next scheme separates: passwords and commands may hold commas too.
        let mut rest = text.trim().trim_end_matches(',');
        if rest.is_empty() {
            return Err(InvalidSmarthost::Empty);
        }
        let mut servers = Vec::new();
        loop {
            let cut = rest.match_indices(',').map(|(at, _)| at).find(|at| has_scheme(rest[at + 1..].trim_start()));
            let (first, others) = cut.map_or((rest, None), |at| (&rest[..at], Some(rest[at + 1..].trim_start())));
            servers.push(Self::parse(first.trim_end())?);
            match others {
                Some(others) => rest = others,
                None => return Ok(servers),
            }
        }
    }

    fn parse(text: &str) -> Result<Self, InvalidSmarthost> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidSmarthost::Scheme)?;
        let implicit = match scheme.to_ascii_lowercase().as_str() {
            "smtp" => false,
            "smtps" => true,
            _ => return Err(InvalidSmarthost::Scheme),
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (who, place) = place.rsplit_once('@').map_or((None, place), |(who, place)| (Some(who), place));
        let place = place.strip_suffix('/').unwrap_or(place);
        if place.contains(['/', '#']) {
            return Err(InvalidSmarthost::Path);
        }
        let (host, port) = split_port(place)?;
        let host = parse_host(host)?;
        let settings = Settings::parse(query)?;
        let login = settings.login(who)?;
        let tls = match (implicit, settings.tls) {
            (true, None | Some(TlsMode::Required)) => TlsMode::Implicit,
            (true, Some(_)) => return Err(InvalidSmarthost::ImplicitTls),
            // A password never goes to somebody who has not proved to be the one it is meant for.
            (false, None | Some(TlsMode::Opportunistic)) if login.is_some() && !is_loopback(&host) => TlsMode::Required,
            (false, None) => TlsMode::Opportunistic,
            (false, Some(tls)) => tls,
        };
        let port = port.unwrap_or(if implicit { 465 } else { 587 });
        let Settings { weight, family, bind, .. } = settings;
        Ok(Self { host, port, tls, login, weight, family, bind })
    }

    /// The certificate must be valid for the host; otherwise anybody's will do.
    pub fn verifies_certificate(&self) -> bool {
        matches!(self.tls, TlsMode::Implicit | TlsMode::Required)
    }

    /// The server is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// Whether user and password may be sent over a connection that is encrypted, or not.
    pub fn may_log_in(&self, encrypted: bool) -> bool {
        (encrypted && self.verifies_certificate()) || self.tls == TlsMode::None || self.is_loopback()
    }
}

/// As it is written in the settings, with secrets replaced.
impl fmt::Display for Smarthost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.tls == TlsMode::Implicit { "smtps://" } else { "smtp://" })?;
        match &self.login {
            Some(Login::Password { user, .. }) => write!(f, "{user}:•••@")?,
            Some(Login::Token { user, .. }) => write!(f, "{user}@")?,
            None => {}
        }
        if self.host.contains(':') { write!(f, "[{}]", self.host) } else { f.write_str(&self.host) }?;
        write!(f, ":{}", self.port)?;
        let tls = match self.tls {
            TlsMode::Implicit | TlsMode::Required => "required",
            TlsMode::Opportunistic => "opportunistic",
            TlsMode::None => "none",
        };
        write!(f, "?tls={tls}&weight={}", self.weight)?;
        if let Some(Login::Token { command, .. }) = &self.login {
            f.write_str("&auth=xoauth2")?;
            f.write_str(if command.is_some() { "&token-command=•••" } else { "" })?;
        }
        match self.family {
            Some(Family::Ipv4) => f.write_str("&family=ipv4")?,
            Some(Family::Ipv6) => f.write_str("&family=ipv6")?,
            None => {}
        }
        self.bind.map_or(Ok(()), |bind| write!(f, "&bind={bind}"))
    }
}

/// What stands behind the question mark.
pub(super) struct Settings {
    pub(super) tls: Option<TlsMode>,
    weight: u32,
    xoauth2: bool,
    token_command: Option<String>,
    family: Option<Family>,
    bind: Option<IpAddr>,
}

impl Settings {
    pub(super) fn parse(query: &str) -> Result<Self, InvalidSmarthost> {
        let mut settings = Self { tls: None, weight: 1, xoauth2: false, token_command: None, family: None, bind: None };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(value, "settings")?;
            let wrong = |key, choice| InvalidSmarthost::Value(key, value.clone(), choice);
            match key {
                "tls" => {
                    settings.tls = Some(match value.as_str() {
                        "required" => TlsMode::Required,
                        "opportunistic" => TlsMode::Opportunistic,
                        "none" => TlsMode::None,
                        _ => return Err(wrong("tls", "required, opportunistic or none")),
                    });
                }
                "weight" => {
                    let weight = value.parse().ok().filter(|weight| (1..=100).contains(weight));
                    settings.weight = weight.ok_or_else(|| wrong("weight", "a number from 1 to 100"))?;
                }
                "auth" if value == "xoauth2" => settings.xoauth2 = true,
                "auth" => return Err(wrong("auth", "xoauth2, or leave it out for a password")),
                "token-command" => settings.token_command = Some(value),
                "family" => {
                    settings.family = Some(match value.as_str() {
                        "ipv4" => Family::Ipv4,
                        "ipv6" => Family::Ipv6,
                        _ => return Err(wrong("family", "ipv4 or ipv6")),
                    });
                }
                "bind" => {
                    settings.bind = Some(value.parse().map_err(|_| wrong("bind", "an IP address of this machine"))?);
                }
                _ => return Err(InvalidSmarthost::UnknownSetting(shown(key))),
            }
        }
        Ok(settings)
    }

    pub(super) fn login(&self, who: Option<&str>) -> Result<Option<Login>, InvalidSmarthost> {
        let (user, password) = match who.map(|who| who.split_once(':').map_or((who, None), |(u, p)| (u, Some(p)))) {
            None => (String::new(), None),
            Some((user, password)) => {
                let password = password.map(|password| decode(password, "password")).transpose()?;
                (decode(user, "user")?, password.filter(|password| !password.is_empty()))
            }
        };
        let command = self.token_command.as_ref().filter(|command| !command.trim().is_empty());
        match (self.xoauth2, command, password) {
            (true, command, None) if !user.is_empty() => {
                Ok(Some(Login::Token { user, command: command.cloned().map(Secret::new) }))
            }
            (true, ..) => Err(InvalidSmarthost::TokenLogin),
            (false, ..) if self.token_command.is_some() => Err(InvalidSmarthost::TokenLogin),
            (false, _, Some(_)) if user.is_empty() => Err(InvalidSmarthost::NoUser),
            (false, _, Some(password)) => Ok(Some(Login::Password { user, password: Secret::new(password) })),
            (false, _, None) if !user.is_empty() => Err(InvalidSmarthost::NoPassword),
            (false, _, None) => Ok(None),
        }
    }
}

/// A name as an error may repeat it: with a misplaced : or ? it could be half a password.
fn shown(name: &str) -> String {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_ ".contains(&byte));
    if plain { name.to_owned() } else { "…".to_owned() }
}

fn has_scheme(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| matches!(scheme.to_ascii_lowercase().as_str(), "smtp" | "smtps"))
}

pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

pub(super) fn split_port(place: &str) -> Result<(&str, Option<u16>), InvalidSmarthost> {
    // The last colon of a bracketed IPv6 address belongs to the address.
    let Some((host, port)) = place.rsplit_once(':').filter(|(_, port)| !port.contains(']')) else {
        return Ok((place, None));
    };
    let number = port.parse().ok().filter(|number| *number != 0);
    Ok((host, Some(number.ok_or(InvalidSmarthost::Port)?)))
}

pub(super) fn parse_host(text: &str) -> Result<String, InvalidSmarthost> {
    let wrong = || InvalidSmarthost::Host(shown(text));
    if let Some(literal) = text.strip_prefix('[') {
        let literal = literal.strip_suffix(']').ok_or_else(wrong)?;
        return literal.parse::<std::net::Ipv6Addr>().map(|address| address.to_string()).map_err(|_| wrong());
    }
    let host = idna::domain_to_ascii_cow(text.as_bytes(), idna::AsciiDenyList::URL).map_err(|_| wrong())?;
    let fits = !host.is_empty() && host.len() <= 253 && !host.contains([':', '@']);
    if fits { Ok(host.into_owned()) } else { Err(wrong()) }
}

/// Undoes percent-encoding (RFC 3986 section 2.1); a plus stays a plus. Control characters are refused, because a
/// line end in a user name would become a command of its own.
pub(super) fn decode(text: &str, what: &'static str) -> Result<String, InvalidSmarthost> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut pieces = text.split('%');
    bytes.extend_from_slice(pieces.next().unwrap_or_default().as_bytes());
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2).ok_or(InvalidSmarthost::PercentEncoding(what))?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(InvalidSmarthost::PercentEncoding(what));
        }
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| InvalidSmarthost::PercentEncoding(what))?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    let text = String::from_utf8(bytes).map_err(|_| InvalidSmarthost::PercentEncoding(what))?;
    if text.chars().any(char::is_control) { Err(InvalidSmarthost::ControlCharacter(what)) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Smarthost {
        Smarthost::parse_list(text).unwrap().remove(0)
    }

    fn fault(text: &str) -> InvalidSmarthost {
        Smarthost::parse_list(text).unwrap_err()
    }

    #[test]
    fn a_password_makes_verified_encryption_a_must_unless_the_server_is_this_machine_or_it_is_written_otherwise() {
        for (text, tls) in [
            ("smtp://mail.example.org", TlsMode::Opportunistic),
            ("smtp://mail.example.org?tls=required", TlsMode::Required),
            ("smtp://u:p@mail.example.org", TlsMode::Required),
            ("smtp://u:p@mail.example.org?tls=opportunistic", TlsMode::Required),
            ("smtp://u:p@mail.example.org?tls=none", TlsMode::None),
            ("smtp://u:p@localhost", TlsMode::Opportunistic),
            ("smtp://u:p@127.8.9.1:2525", TlsMode::Opportunistic),
            ("smtp://u:p@[::1]:2525", TlsMode::Opportunistic),
            ("smtps://u:p@mail.example.org", TlsMode::Implicit),
        ] {
            let server = one(text);
            assert_eq!(server.tls, tls, "{text}");
            let in_clear = server.may_log_in(false);
            assert_eq!(in_clear, server.is_loopback() || tls == TlsMode::None, "{text}");
        }
    }

    #[test]
    fn what_is_left_out_has_a_sensible_value() {
        let server = one("smtp://mail.example.org");
        assert_eq!((server.port, server.weight, server.login), (587, 1, None));
        assert_eq!(one("SMTPS://Mail.Example.ORG/").port, 465);
        assert_eq!(one("smtps://Mail.Example.ORG").host, "mail.example.org");
        assert_eq!(one("smtp://café.nl:25").host, "xn--caf-dma.nl");
        assert_eq!(one("smtp://[2001:db8::1]").host, "2001:db8::1");
    }

    #[test]
    fn user_password_and_command_may_hold_anything_when_percent_encoded() {
        let server = one("smtp://jan%40example.org:p%2F%3F%23%25+a,b@c@mail.example.org:2525");
        let Some(Login::Password { user, password }) = &server.login else { panic!("{server:?}") };
        assert_eq!((user.as_str(), password.reveal()), ("jan@example.org", "p/?#%+a,b@c"));
        let server = one("smtp://u@mail.example.org?auth=xoauth2&token-command=oauth%20get%20--user=u%26v,w");
        let Some(Login::Token { command: Some(command), .. }) = &server.login else { panic!("{server:?}") };
        assert_eq!(command.reveal(), "oauth get --user=u&v,w");
    }

    #[test]
    fn several_servers_share_by_weight() {
        let servers = Smarthost::parse_list(
            "smtp://a,b:c,d@one.example?weight=3, smtps://two.example ,smtp://three.example?family=ipv4&bind=192.0.2.1,",
        )
        .unwrap();
        assert_eq!(servers.iter().map(|server| server.weight).collect::<Vec<_>>(), [3, 1, 1]);
        assert_eq!(servers[1].host, "two.example");
        assert_eq!((servers[2].family, servers[2].bind), (Some(Family::Ipv4), Some([192, 0, 2, 1].into())));
    }

    #[test]
    fn no_secret_is_shown() {
        let text = "smtp://jan:hunter2@mail.example.org,smtp://u@x.example?auth=xoauth2&token-command=hunter2";
        for server in Smarthost::parse_list(text).unwrap() {
            assert!(!format!("{server} {server:?} {server:#?}").contains("hunter2"));
        }
        assert_eq!(one(text).to_string(), "smtp://jan:•••@mail.example.org:587?tls=required&weight=1");
        for text in [
            "smtp://jan:hunter2@",
            "smtp://jan:hunter2%@x",
            "http://jan:hunter2@x",
            "smtp://:hunter2@x",
            "smtp://jan:hunter2",
            "smtp://jan:x?hunter2@host",
            "smtp://jan:x@y?hunter2@host",
        ] {
            assert!(!fault(text).to_string().contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn faults_are_named() {
        for (text, expected) in [
            ("", InvalidSmarthost::Empty),
            ("mail.example.org:25", InvalidSmarthost::Scheme),
            ("http://x", InvalidSmarthost::Scheme),
            ("smtp://", InvalidSmarthost::Host(String::new())),
            ("smtp://a b", InvalidSmarthost::Host("a b".to_owned())),
            ("smtp://2001:db8::1:25", InvalidSmarthost::Host("…".to_owned())),
            ("smtp://x:0", InvalidSmarthost::Port),
            ("smtp://x:smtp", InvalidSmarthost::Port),
            ("smtp://x/queue", InvalidSmarthost::Path),
            ("smtp://u@x", InvalidSmarthost::NoPassword),
            ("smtp://:p@x", InvalidSmarthost::NoUser),
            ("smtp://u:100%@x", InvalidSmarthost::PercentEncoding("password")),
            ("smtp://u%0d%0aRSET:p@x", InvalidSmarthost::ControlCharacter("user")),
            ("smtp://u:p@x?auth=xoauth2", InvalidSmarthost::TokenLogin),
            ("smtp://x?token-command=t", InvalidSmarthost::TokenLogin),
            ("smtp://x?ssl=yes", InvalidSmarthost::UnknownSetting("ssl".to_owned())),
            ("smtps://x?tls=none", InvalidSmarthost::ImplicitTls),
        ] {
            assert_eq!(fault(text), expected, "{text}");
        }
        let message = fault("smtp://x?tls=maybe").to_string();
        assert_eq!(message, "tls=“maybe” is not possible; choose required, opportunistic or none");
        assert!(matches!(fault("smtp://x?weight=0"), InvalidSmarthost::Value("weight", ..)));
    }

    proptest::proptest! {
        #[test]
        fn any_text_gets_an_answer(text in "(smtps?://)?\\PC{0,60}") {
            let _ = Smarthost::parse_list(&text);
        }
    }
}
