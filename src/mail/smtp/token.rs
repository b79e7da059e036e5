//! Access tokens for AUTH XOAUTH2, printed by a command of the operator.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::fault::Fault;
use crate::domain::smarthost::Secret;

/// Such commands talk to an identity provider; longer than this is no talk any more.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a token is used again. They live for an hour or so, and connections are opened many times a minute.
const FRESH_FOR: Duration = Duration::from_secs(5 * 60);

/// The command and its last token. All connections to a server share it, so that the command runs once for all.
pub(super) struct TokenSource {
    command: Secret,
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    token: Secret,
    since: Instant,
    /// Used again after the connection for which it was printed.
    used: bool,
}

impl TokenSource {
    pub(super) fn new(command: Secret) -> Self {
        Self { command, kept: Mutex::new(None) }
    }

    /// The token of now.
    pub(super) async fn token(&self) -> Result<Secret, Fault> {
        let mut kept = self.kept.lock().await;
        if let Some(kept) = kept.as_mut()
            && kept.since.elapsed() < FRESH_FOR
        {
            kept.used = true;
            return Ok(kept.token.clone());
        }
        let token = self.run().await?;
        *kept = Some(Kept { token: token.clone(), since: Instant::now(), used: false });
        Ok(token)
    }

    /// The server refused the token: the next one must be a new one. Says whether that may help, which it does not
    /// when the command printed the refused one just for this.
    pub(super) async fn forget(&self) -> bool {
        self.kept.lock().await.take().is_none_or(|kept| kept.used)
    }

    async fn run(&self) -> Result<Secret, Fault> {
        let running = Command::new("sh")
            .args(["-c", self.command.reveal()])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = timeout(PATIENCE, running).await.map_err(|_| Fault::Token("did not end within 30 seconds"))?;
        let output = output.map_err(|_| Fault::Token("could not be started"))?;
        if !output.status.success() {
            return Err(Fault::Token("failed"));
        }
        let printed = String::from_utf8(output.stdout).unwrap_or_default();
        let token = printed.trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Fault::Token("printed no token"));
        }
        Ok(Secret::new(token.to_owned()))
    }
}
