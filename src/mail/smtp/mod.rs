//! Mail out: connections to mail servers, one message to one recipient at a time, each with a known end.
//!
//! The sockets, the deadlines and the order of events are ours, because a ledger needs to know on which side of the
//! final dot a connection died; the words of the protocol and the ways to log in are lettre's.

mod capabilities;
mod connection;
pub mod dot;
mod envelope;
mod fault;
mod inbox;
mod relay;
mod tls;
mod token;
mod wire;

pub use capabilities::Capabilities;
pub use connection::{Answer, Connection, Outcome};
pub use envelope::Envelope;
pub use fault::{Failure, Fault, OpenError, Refusal};
pub use relay::Relay;
pub use tls::{Encryption, Tls, Untrusting};
pub(super) use token::TokenSource;
pub use token::{AccessToken, FetchToken};

pub use crate::domain::smtp_limits::{ConnectionLimits, Timeouts};
