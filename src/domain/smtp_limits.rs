//! How long each step of the dialogue with a mail server may take, and how much one connection carries.

use std::time::Duration;

use super::reply::Stage;

/// The deadline of each step; the defaults are those of RFC 5321 section 4.5.3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until an address of the server takes the connection.
    pub connect: Duration,
    /// Until the server has greeted; with `smtps://` also until the connection is encrypted.
    pub greeting: Duration,
    /// Until a command is answered, or STARTTLS has led to an encrypted connection.
    pub command: Duration,
    /// Until the server is ready for the message.
    pub data: Duration,
    /// Until 64 KiB of a message are through.
    pub block: Duration,
    /// Until the server has taken the message. A short one makes duplicates: the message may be in all the same.
    pub end: Duration,
    /// Until the server has said goodbye.
    pub quit: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        Self {
            connect: Duration::from_secs(30),
            greeting: minutes(5),
            command: minutes(5),
            data: minutes(2),
            block: minutes(3),
            end: minutes(10),
            quit: Duration::from_secs(5),
        }
    }
}

impl Timeouts {
    /// The same patience with every step, for tests and for impatient people at a command line.
    pub const fn all(patience: Duration) -> Self {
        Self {
            connect: patience,
            greeting: patience,
            command: patience,
            data: patience,
            block: patience,
            end: patience,
            quit: patience,
        }
    }

    /// The patience with the reply at `stage`.
    pub const fn of(&self, stage: Stage) -> Duration {
        match stage {
            Stage::Connect => self.greeting,
            Stage::Data => self.data,
            Stage::End => self.end,
            Stage::Ehlo | Stage::StartTls | Stage::Auth | Stage::Rset | Stage::Mail | Stage::Rcpt => self.command,
        }
    }
}

/// How much one connection carries before a new one takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Messages, those that were refused among them.
    pub messages: u32,
    /// Its age.
    pub age: Duration,
}

/// What servers of strangers put up with: many cut off the hundred and first message, and balancers in front of them
/// spread the work by connections. A new connection costs three or four round trips, which a hundred messages share.
impl Default for ConnectionLimits {
    fn default() -> Self {
        Self { messages: 100, age: Duration::from_secs(5 * 60) }
    }
}
