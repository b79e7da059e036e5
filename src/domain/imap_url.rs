//! The mailbox that is looked into for what came back, read from `POSTDUIF_IMAP_URL`.

use std::fmt;

use super::smarthost::{InvalidSmarthost, Login, Settings, TlsMode, decode, is_loopback, parse_host, split_port};

/// One folder of a mailbox, and how to reach it.
///
/// `imaps://user:password@host/Folder`; without a folder it is `INBOX`. User, password and folder may be
/// percent-encoded. Neither `Debug` nor `Display` shows a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImapUrl {
    /// A name in lower-case A-labels or an IP address, without brackets.
    pub host: String,
    pub port: u16,
    pub tls: TlsMode,
    pub login: Login,
    /// As people write it.
    pub folder: String,
}

/// What is wrong with the address of a mailbox. No message repeats a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidImapUrl {
    #[error("a mailbox is written like imaps://user:password@imap.example.org/INBOX")]
    Scheme,
    #[error("whose mailbox it is stands before the @: imaps://user:password@imap.example.org/INBOX")]
    NoLogin,
    #[error("auth=xoauth2 needs token-command= for a mailbox")]
    NoTokenCommand,
    #[error("“{0}” is no setting of a mailbox; there are tls, auth and token-command")]
    Setting(String),
    #[error("imaps:// is encrypted from the first byte; write imap:// with tls=required for STARTTLS, or tls=none")]
    ImplicitTls,
    #[error(transparent)]
    Part(#[from] InvalidSmarthost),
}

impl ImapUrl {
    /// Reads it.
    ///
    /// # Errors
    /// The first fault found, in words.
    pub fn parse(text: &str) -> Result<Self, InvalidImapUrl> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidImapUrl::Scheme)?;
        let implicit = match scheme.to_ascii_lowercase().as_str() {
            "imap" => false,
            "imaps" => true,
            _ => return Err(InvalidImapUrl::Scheme),
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (who, place) = place.rsplit_once('@').ok_or(InvalidImapUrl::NoLogin)?;
        let (place, folder) = place.split_once('/').unwrap_or((place, ""));
        let (host, port) = split_port(place)?;
        let host = parse_host(host)?;
        for key in query.split('&').filter_map(|pair| pair.split('=').next()).filter(|key| !key.is_empty()) {
            if !matches!(key, "tls" | "auth" | "token-command") {
                let is_word = key.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
                return Err(InvalidImapUrl::Setting(if is_word { key.to_owned() } else { "…".to_owned() }));
            }
        }
        let settings = Settings::parse(query)?;
        let login = settings.login(Some(who))?.ok_or(InvalidImapUrl::NoLogin)?;
        if matches!(login, Login::Token { command: None, .. }) {
            return Err(InvalidImapUrl::NoTokenCommand);
        }
        let tls = match (implicit, settings.tls) {
            (true, None | Some(TlsMode::Required)) => TlsMode::Implicit,
            (true, Some(_)) => return Err(InvalidImapUrl::ImplicitTls),
            // A password never goes to somebody who has not proved to be the one it is meant for.
            (false, Some(TlsMode::None)) => TlsMode::None,
            (false, None) if is_loopback(&host) => TlsMode::None,
            (false, _) => TlsMode::Required,
        };
        let folder = decode(folder, "folder")?;
        Ok(Self {
            host,
            port: port.unwrap_or(if implicit { 993 } else { 143 }),
            tls,
            login,
            folder: if folder.is_empty() { "INBOX".to_owned() } else { folder },
        })
    }

    /// Who we are to the server.
    pub fn user(&self) -> &str {
        match &self.login {
            Login::Password { user, .. } | Login::Token { user, .. } => user,
        }
    }
}

/// As it is written in the settings, with secrets replaced.
impl fmt::Display for ImapUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls == TlsMode::Implicit { "imaps" } else { "imap" };
        let password = if matches!(self.login, Login::Password { .. }) { ":•••" } else { "" };
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{scheme}://{}{password}@{open}{}{close}:{}/{}", self.user(), self.host, self.port, self.folder)?;
        match self.tls {
            TlsMode::None => f.write_str("?tls=none"),
            TlsMode::Implicit => Ok(()),
            TlsMode::Required | TlsMode::Opportunistic => f.write_str("?tls=required"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_read_with_its_folder_and_its_login() {
        let url = ImapUrl::parse("imaps://jan%40example.org:p%2Fw@imap.Example.org/Teruggekomen%20mail").unwrap();
        assert_eq!((url.host.as_str(), url.port, url.tls), ("imap.example.org", 993, TlsMode::Implicit));
        assert_eq!((url.user(), url.folder.as_str()), ("jan@example.org", "Teruggekomen mail"));
        assert_eq!(ImapUrl::parse("imap://a:b@mail.example.org").unwrap().folder, "INBOX");
        let token = ImapUrl::parse("imaps://a@example.org/?auth=xoauth2&token-command=get%20it").unwrap();
        assert!(matches!(token.login, Login::Token { .. }));
    }

    #[test]
    fn a_password_goes_in_clear_only_to_this_machine_or_because_it_is_written_so() {
        for (text, tls) in [
            ("imap://a:b@mail.example.org", TlsMode::Required),
            ("imap://a:b@mail.example.org?tls=opportunistic", TlsMode::Required),
            ("imap://a:b@mail.example.org?tls=none", TlsMode::None),
            ("imap://a:b@localhost", TlsMode::None),
            ("imap://a:b@127.0.0.1/?tls=required", TlsMode::Required),
        ] {
            assert_eq!(ImapUrl::parse(text).unwrap().tls, tls, "{text}");
        }
    }

    #[test]
    fn faults_are_named_and_no_secret_is_shown() {
        for text in [
            "pop3://a:hunter2@x",
            "imaps://x",
            "imaps://a@x",
            "imaps://a:hunter2@x?tls=none",
            "imaps://a:hunter2@x?weight=3",
            "imaps://a:hunter2@x/%",
            "imaps://a:hunter2@x/a%0d%0ab",
            "imaps://:hunter2@x",
        ] {
            assert!(!ImapUrl::parse(text).unwrap_err().to_string().contains("hunter2"), "{text}");
        }
        let url = ImapUrl::parse("imaps://a:hunter2@x/In").unwrap();
        assert!(!format!("{url} {url:?}").contains("hunter2"));
        assert_eq!(url.to_string(), "imaps://a:•••@x:993/In");
    }
}
