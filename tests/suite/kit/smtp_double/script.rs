//! How the double is to behave: what it offers, and what goes wrong at which step, and when.

use std::time::Duration;

/// A place in the dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Connect,
    Ehlo,
    StartTls,
    Handshake,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// Within the message.
    Body,
    /// The final dot.
    Dot,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Says this instead, CRLF between lines if there are several; after 421 it hangs up.
    Says(&'static str),
    /// Hangs up.
    Drops,
    /// Is silent for good.
    Stalls,
    /// Does and says the usual thing, after so long.
    Lingers(Duration),
    /// Does and says the usual thing, and hangs up.
    Leaves,
    /// Says the usual thing, one byte every 20 ms and far more of it.
    Drips,
    /// Says one thing more than asked for.
    Babbles,
    /// Says what is no reply.
    Garbles,
    /// Says line after line without coming to an end.
    NeverEnds,
    /// Does what was asked, keeps a message even, and hangs up before it says so.
    DiesBeforeReply,
    /// Says the usual thing, and in the same breath what belongs behind the encryption.
    Injects,
}

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    First,
    Every(usize),
    Always,
}

impl When {
    pub fn is(self, count: usize) -> bool {
        match self {
            Self::First => count == 1,
            Self::Every(n) => count.is_multiple_of(n),
            Self::Always => true,
        }
    }
}

/// The behaviour of one double; without changes that of a good and plain server.
#[derive(Clone, Debug, Default)]
pub struct Script {
    pub offers: Vec<&'static str>,
    pub troubles: Vec<(Step, Fault, When)>,
    /// Encrypted from the first byte.
    pub implicit_tls: bool,
    /// The token of XOAUTH2, or the password of the user `jan`.
    pub password: Option<&'static str>,
    /// Recipients that it refuses, and how; `name@` is that name at any domain, `@domain` anybody there.
    pub refuses: Vec<(&'static str, &'static str)>,
    /// Puts each recipient off at the first try.
    pub greylists: bool,
    /// Waits for a message although it has refused its only recipient.
    pub lets_nobody_be_mailed: bool,
    /// Says 421 and hangs up at the next MAIL after so many messages of one connection.
    pub most_messages: Option<usize>,
    /// Waits so long before each reply.
    pub delay: Duration,
    /// Remembers of each message its header alone: of a hundred thousand there is no more to keep.
    pub keeps_headers: bool,
}

impl Script {
    pub fn offering(offers: &[&'static str]) -> Self {
        Self { offers: offers.to_vec(), ..Self::default() }
    }

    /// The same with one more thing going wrong.
    pub fn with(mut self, step: Step, fault: Fault, when: When) -> Self {
        self.troubles.push((step, fault, when));
        self
    }

    pub(super) fn fault(&self, step: Step, count: usize) -> Option<Fault> {
        self.troubles.iter().find(|(at, _, when)| *at == step && when.is(count)).map(|(_, fault, _)| *fault)
    }
}
