//! Access tokens for AUTH XOAUTH2: printed by a command of the operator, or fetched where the settings say.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::fault::Fault;
use crate::domain::smarthost::Secret;

/// Such commands talk to an identity provider; longer than this is no talk any more.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a token is used again that does not say how long it lives. They live for an hour or so, and connections are
/// opened many times a minute.
const FRESH_FOR: Duration = Duration::from_secs(5 * 60);
/// So long before its end a token is not used any more.
const MARGIN: Duration = Duration::from_secs(60);

/// A token, and how long it lives where that is said.
#[derive(Debug)]
pub struct AccessToken {
    pub token: Secret,
    pub lives: Option<Duration>,
}

/// Somebody who gets access tokens from an identity provider.
pub trait FetchToken: Send + Sync {
    /// A new token.
    ///
    /// # Errors
    /// What went wrong, as a sentence that tells no secret.
    fn fetch(&self) -> BoxFuture<'_, Result<AccessToken, &'static str>>;
}

/// Where tokens come from, and the last one. All connections to a server share it, so that one is got for all.
pub(in crate::mail) struct TokenSource {
    origin: Origin,
    kept: Mutex<Option<Kept>>,
}

enum Origin {
    Command(Secret),
    Fetched(Arc<dyn FetchToken>),
}

struct Kept {
    token: Secret,
    until: Instant,
    /// Used again after the connection for which it was got.
    used: bool,
}

impl TokenSource {
    /// Tokens that a command prints.
    pub(in crate::mail) fn printed(command: Secret) -> Self {
        Self { origin: Origin::Command(command), kept: Mutex::new(None) }
    }

    /// Tokens that somebody fetches.
    pub(super) fn fetched(by: Arc<dyn FetchToken>) -> Self {
        Self { origin: Origin::Fetched(by), kept: Mutex::new(None) }
    }

    /// The token of now.
    pub(in crate::mail) async fn token(&self) -> Result<Secret, Fault> {
        let mut kept = self.kept.lock().await;
        if let Some(kept) = kept.as_mut()
            && Instant::now() < kept.until
        {
            kept.used = true;
            return Ok(kept.token.clone());
        }
        let AccessToken { token, lives } = match &self.origin {
            Origin::Command(command) => run(command).await?,
            Origin::Fetched(by) => by.fetch().await.map_err(Fault::Token)?,
        };
        if token.reveal().is_empty() || !token.reveal().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Fault::Token("the command for the access token printed no token"));
        }
        let fresh = lives.map_or(FRESH_FOR, |lives| lives.saturating_sub(MARGIN));
        *kept = Some(Kept { token: token.clone(), until: Instant::now() + fresh, used: false });
        Ok(token)
    }

    /// The server refused the token: the next one must be a new one. Says whether that may help, which it does not
    /// when the command printed the refused one just for this.
    pub(super) async fn forget(&self) -> bool {
        self.kept.lock().await.take().is_none_or(|kept| kept.used)
    }
}

async fn run(command: &Secret) -> Result<AccessToken, Fault> {
    let running = Command::new("sh")
        .args(["-c", command.reveal()])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let late = Fault::Token("the command for the access token did not end within 30 seconds");
    let output = timeout(PATIENCE, running).await.map_err(|_| late)?;
    let output = output.map_err(|_| Fault::Token("the command for the access token could not be started"))?;
    if !output.status.success() {
        return Err(Fault::Token("the command for the access token failed"));
    }
    let printed = String::from_utf8(output.stdout).unwrap_or_default();
    Ok(AccessToken { token: Secret::new(printed.trim().to_owned()), lives: None })
}
