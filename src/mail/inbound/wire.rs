//! The two directions of a connection: bounded lines in, replies out when the client waits for them.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::body::Body;

/// How much is read from the socket at once, in octets.
const READ_OCTETS: usize = 16 << 10;

/// Why a connection ends without a QUIT.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("the client is gone")]
    Gone(#[from] std::io::Error),
    #[error("the client is silent")]
    Silent,
    #[error("a line is too long")]
    LineTooLong,
    #[error("a line does not end in CR LF")]
    BareLineEnd,
    #[error("a message does not end")]
    Endless,
}

pub(super) struct Wire<R, W> {
    input: R,
    output: W,
    /// Read, not yet understood.
    unread: Vec<u8>,
    /// Said, not yet sent.
    unsent: Vec<u8>,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Wire<R, W> {
    pub(super) fn new(input: R, output: W) -> Self {
        Self { input, output, unread: Vec::new(), unsent: Vec::new() }
    }

    /// Says something; it leaves together with other replies as soon as we wait for the client (RFC 2920).
    pub(super) fn reply(&mut self, text: &str) {
        self.unsent.extend_from_slice(text.as_bytes());
        self.unsent.extend_from_slice(b"\r\n");
    }

    /// Whether the client said more than was understood until now.
    pub(super) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    pub(super) async fn flush(&mut self, patience: Duration) -> Result<(), Broken> {
        while !self.unsent.is_empty() {
            let sent = timeout(patience, self.output.write(&self.unsent)).await.map_err(|_| Broken::Silent)??;
            if sent == 0 {
                return Err(std::io::Error::from(std::io::ErrorKind::WriteZero).into());
            }
            self.unsent.drain(..sent);
        }
        Ok(())
    }

    async fn read_more(&mut self, patience: Duration) -> Result<(), Broken> {
        self.flush(patience).await?;
        self.unread.reserve(READ_OCTETS);
        match timeout(patience, self.input.read_buf(&mut self.unread)).await {
            Err(_) => Err(Broken::Silent),
            Ok(Err(error)) => Err(error.into()),
            Ok(Ok(0)) => Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()),
            Ok(Ok(_)) => Ok(()),
        }
    }

    /// The next line with its CRLF, of at most `limit` octets, complete within `patience`.
    ///
    /// Nothing is lost when this future is dropped half-way.
    pub(super) async fn line(&mut self, limit: usize, patience: Duration) -> Result<Vec<u8>, Broken> {
        let whole = async {
            loop {
                let end = self.unread.iter().take(limit).position(|byte| *byte == b'\n');
                if let Some(end) = end {
                    let line: Vec<u8> = self.unread.drain(..=end).collect();
                    let sound = line.ends_with(b"\r\n") && !line[..line.len() - 2].contains(&b'\r');
                    return if sound { Ok(line) } else { Err(Broken::BareLineEnd) };
                }
                if self.unread.len() >= limit {
                    return Err(Broken::LineTooLong);
                }
                self.read_more(patience).await?;
            }
        };
        timeout(patience, whole).await.map_err(|_| Broken::Silent)?
    }

    /// Everything up to the end of the message, within `limit` in all and without a pause of `patience`.
    pub(super) async fn body(&mut self, body: &mut Body, patience: Duration, limit: Duration) -> Result<(), Broken> {
        let whole = async {
            loop {
                let (used, done) = body.feed(&self.unread);
                self.unread.drain(..used);
                if done {
                    return Ok(());
                }
                if body.is_hopeless() {
                    return Err(Broken::Endless);
                }
                self.read_more(patience).await?;
            }
        };
        timeout(limit, whole).await.map_err(|_| Broken::Silent)?
    }
}
