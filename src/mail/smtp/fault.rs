//! What can go wrong between two hosts that is no reply, and what it means.

use std::fmt;
use std::io;

use crate::domain::reply::{Reply, Stage, Verdict};

/// Something other than a refusal that ended a step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("its name has no address that we may use")]
    NoAddress,
    #[error("the network said: {0}")]
    Network(io::ErrorKind),
    #[error("it closed the connection")]
    Closed,
    #[error("it did not answer in time")]
    Timeout,
    #[error("its answer was no SMTP reply")]
    Malformed,
    #[error("its answer had no end")]
    Endless,
    #[error("it spoke unasked")]
    Unsolicited,
    #[error("its answer, {0}, belongs to another question")]
    OutOfStep(u16),
    #[error("the message was withdrawn before it left")]
    Withdrawn,
    #[error("bytes in clear followed the go-ahead for encryption")]
    Injected,
    #[error("its certificate does not prove who it is: {0}")]
    Certificate(String),
    #[error("encryption failed: {0}")]
    Tls(String),
    #[error("it offers no encryption, which is required")]
    NoStartTls,
    #[error("it offers no way to log in that we know")]
    NoMechanism,
    #[error("{0}")]
    Token(&'static str),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted => Self::Closed,
            kind => Self::Network(kind),
        }
    }
}

/// A [`Fault`] and the step at which it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub stage: Stage,
    pub fault: Fault,
}

impl Failure {
    /// [`Verdict::Transport`] where waiting alone will not help, else [`Verdict::Server`].
    pub const fn verdict(&self) -> Verdict {
        match self.fault {
            Fault::Injected | Fault::Certificate(_) | Fault::NoStartTls | Fault::NoMechanism => Verdict::Transport,
            _ => Verdict::Server,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the mail server failed at {}: {}", self.stage, self.fault)
    }
}

/// A reply that says no, and what that means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub stage: Stage,
    pub reply: Reply,
    pub verdict: Verdict,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the mail server refused at {}: {}", self.stage, self.reply)
    }
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("{0}")]
    Refused(Refusal),
    #[error("{0}")]
    Failed(Failure),
}

impl OpenError {
    /// About the server, or about our access to it; never about a message.
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Refused(refusal) => refusal.verdict,
            Self::Failed(failure) => failure.verdict(),
        }
    }

    /// The step that failed.
    pub const fn stage(&self) -> Stage {
        match self {
            Self::Refused(refusal) => refusal.stage,
            Self::Failed(failure) => failure.stage,
        }
    }
}
