//! A mailbox looked into (IMAP, RFC 3501 and RFC 9051): what is new is read, what is ours is marked as seen.
//!
//! It looks with `BODY.PEEK`, which marks nothing, and knows no command that deletes or moves: neither EXPUNGE nor CLOSE,
//! which expunges.

mod folder;
mod wire;

#[cfg(test)]
mod tests;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use self::wire::{Response, Wire, quoted};
use super::smtp::{Tls, TokenSource};
use crate::domain::imap_url::ImapUrl;
use crate::domain::smarthost::{Login, TlsMode};

/// Longest beginning of a message that is read, in octets; reports say what they have to say at their beginning.
pub const MESSAGE_OCTETS: usize = 10_000_000;
/// Longest wait for a connection, and for the next part of an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a mailbox cannot be looked into. No message repeats what the mailbox holds.
#[derive(Debug, thiserror::Error)]
pub enum ImapError {
    #[error("the mailbox's server cannot be reached: {0}")]
    Network(#[from] std::io::Error),
    #[error("the mailbox's server did not answer in time")]
    Timeout,
    #[error("the mailbox's server offers no encryption, which is required")]
    NoStartTls,
    #[error("bytes in clear followed the go-ahead for encryption")]
    Injected,
    #[error("the mailbox's server offers no way to log in that we know")]
    NoMechanism,
    #[error("{0}")]
    Token(String),
    #[error("the mailbox's server refused to {0}: {1}")]
    Refused(&'static str, String),
    #[error("the mailbox's server said goodbye: {0}")]
    Goodbye(String),
    #[error("the answer of the mailbox's server is no IMAP")]
    Malformed,
    #[error("an answer of the mailbox's server has no end")]
    Endless,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A folder that is open.
pub struct Mailbox {
    wire: Wire<Box<dyn Stream>>,
    /// The numbers of messages hold as long as this does not change.
    pub uid_validity: i64,
}

impl Mailbox {
    /// Connects, encrypts, logs in and opens the folder.
    ///
    /// # Errors
    /// [`ImapError`].
    pub async fn open(url: &ImapUrl, tls: &Tls) -> Result<Self, ImapError> {
        let stream = timeout(PATIENCE, TcpStream::connect((url.host.as_str(), url.port)));
        let stream = stream.await.map_err(|_| ImapError::Timeout)??;
        let stream: Box<dyn Stream> = match url.tls {
            TlsMode::Implicit => encrypt(url, tls, stream).await?,
            _ => Box::new(stream),
        };
        Self::over(stream, url, tls).await
    }

    /// The same over a stream that is there already, encrypted where the address says so from the first byte.
    ///
    /// # Errors
    /// [`ImapError`].
    pub async fn over<S>(stream: S, url: &ImapUrl, tls: &Tls) -> Result<Self, ImapError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream: Box<dyn Stream> = Box::new(stream);
        let mut wire = Wire::new(stream, PATIENCE);
        let greeting = wire.greeting().await?;
        if matches!(url.tls, TlsMode::Required | TlsMode::Opportunistic) {
            // Who is let in before a word was said cannot start encryption any more (RFC 9051 section 11.1).
            if greeting.starts_with("PREAUTH") || !capabilities(&mut wire).await?.has("STARTTLS") {
                return Err(ImapError::NoStartTls);
            }
            wire.ask("start encryption", "STARTTLS").await?;
            let stream = wire.into_inner()?;
            wire = Wire::new(encrypt(url, tls, stream).await?, PATIENCE);
        }
        if !greeting.starts_with("PREAUTH") {
            log_in(&mut wire, &url.login).await?;
        }
        let answer = wire.ask("open the folder", &format!("SELECT {}", quoted(&folder::encode(&url.folder)))).await?;
        let uid_validity = answer.iter().find_map(|line| line.code("UIDVALIDITY")?.parse().ok());
        Ok(Self { wire, uid_validity: uid_validity.ok_or(ImapError::Malformed)? })
    }

    /// The numbers of all messages after `uid`, in order.
    ///
    /// # Errors
    /// [`ImapError`].
    pub async fn after(&mut self, uid: i64) -> Result<Vec<i64>, ImapError> {
        let answer = self.wire.ask("search", &format!("UID SEARCH UID {}:*", uid.saturating_add(1))).await?;
        let lists = answer.iter().filter_map(|line| line.data("SEARCH"));
        let numbers = lists.flat_map(str::split_ascii_whitespace).filter_map(|number| number.parse().ok());
        // The last message belongs to any range that ends in an asterisk.
        let mut uids: Vec<i64> = numbers.filter(|number| *number > uid).collect();
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }

    /// The beginning of a message, which stays unread; nothing when it is gone meanwhile.
    ///
    /// # Errors
    /// [`ImapError`].
    pub async fn peek(&mut self, uid: i64) -> Result<Option<Vec<u8>>, ImapError> {
        let command = format!("UID FETCH {uid} (UID BODY.PEEK[]<0.{MESSAGE_OCTETS}>)");
        let answer = self.wire.ask("give a message", &command).await?;
        let ours = |line: &Response| line.is_fetch_of(uid) && !line.literals.is_empty();
        Ok(answer.into_iter().find(ours).and_then(|mut line| line.literals.pop()))
    }

    /// Marks a message as seen.
    ///
    /// # Errors
    /// [`ImapError`].
    pub async fn mark_seen(&mut self, uid: i64) -> Result<(), ImapError> {
        self.wire.ask("mark a message", &format!("UID STORE {uid} +FLAGS.SILENT (\\Seen)")).await?;
        Ok(())
    }

    /// Says goodbye; whether the server hears it is all the same.
    pub async fn leave(mut self) {
        let _ = self.wire.ask("end", "LOGOUT").await;
    }
}

async fn encrypt<S: Stream + 'static>(url: &ImapUrl, tls: &Tls, stream: S) -> Result<Box<dyn Stream>, ImapError> {
    let name = rustls::pki_types::ServerName::try_from(url.host.clone())
        .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidInput, error))?;
    let handshake = timeout(PATIENCE, tls.connector(true).connect(name, stream));
    Ok(Box::new(handshake.await.map_err(|_| ImapError::Timeout)??))
}

/// What a server can do.
struct Capabilities(Vec<String>);

impl Capabilities {
    fn has(&self, what: &str) -> bool {
        self.0.iter().any(|word| word == what)
    }
}

async fn capabilities<S: Stream>(wire: &mut Wire<S>) -> Result<Capabilities, ImapError> {
    let answer = wire.ask("say what it can do", "CAPABILITY").await?;
    let words = answer.iter().filter_map(|line| line.data("CAPABILITY")).flat_map(str::split_ascii_whitespace);
    Ok(Capabilities(words.map(str::to_ascii_uppercase).collect()))
}

async fn log_in<S: Stream>(wire: &mut Wire<S>, login: &Login) -> Result<(), ImapError> {
    const LOG_IN: &str = "let us in";
    // Only now: what was said before encryption could be anybody's word.
    let offered = capabilities(wire).await?;
    match login {
        Login::Token { user, command } => {
            if !offered.has("AUTH=XOAUTH2") {
                return Err(ImapError::NoMechanism);
            }
            let command = command.clone().ok_or(ImapError::NoMechanism)?;
            let token = TokenSource::printed(command).token().await;
            let token = token.map_err(|fault| ImapError::Token(fault.to_string()))?;
            let word = BASE64.encode(format!("user={user}\x01auth=Bearer {}\x01\x01", token.reveal()));
            wire.authenticate(LOG_IN, "XOAUTH2", &word).await
        }
        Login::Password { user, password } if offered.has("AUTH=PLAIN") => {
            let word = BASE64.encode(format!("\0{user}\0{}", password.reveal()));
            wire.authenticate(LOG_IN, "PLAIN", &word).await
        }
        Login::Password { user, password } => {
            let is_plain = user.is_ascii() && password.reveal().is_ascii();
            if offered.has("LOGINDISABLED") || !is_plain {
                return Err(ImapError::NoMechanism);
            }
            wire.ask(LOG_IN, &format!("LOGIN {} {}", quoted(user), quoted(password.reveal()))).await?;
            Ok(())
        }
    }
}
