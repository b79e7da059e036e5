//! One connection to a mail server, carrying message after message at the speed of the wire.
//!
//! ```text
//! offer(1) → Go → send(1, next: 2) → Accepted → answer() → Go → send(2, next: 3) → …
//! ```
//!
//! With PIPELINING the envelope of message 2 travels behind the final dot of message 1, so that a message costs one
//! round trip (RFC 2920 section 3.1 allows the end of a message to be followed by the next commands). Without it the
//! same calls work, one command at a time. Nothing of message 2 but its envelope leaves before `send(2)`: a caller that
//! notes “started” between `answer` and `send` knows of every message whether it can be in doubt.

use std::io::IoSlice;
use std::time::Duration;

use lettre::transport::smtp::commands::Quit;
use tokio::time::Instant;

use super::capabilities::Capabilities;
use super::dot::is_transparent;
use super::envelope::{Commands, Envelope};
use super::fault::{Failure, Fault, Refusal};
use super::tls::Encryption;
use super::wire::Wire;
use crate::domain::reply::{Reply, Stage, Verdict, judge};
use crate::domain::smtp_limits::{ConnectionLimits, Timeouts};

const FINAL_DOT: &[u8] = b".\r\n";

/// An open connection. Owned by one task; dropped, it is closed without a word.
#[derive(Debug)]
pub struct Connection {
    wire: Wire,
    can: Capabilities,
    timeouts: Timeouts,
    limits: ConnectionLimits,
    state: State,
    opened: Instant,
    messages: u32,
    /// Envelopes that were offered, which is what RFC 9422 counts as `MAILMAX`.
    offered: u32,
    message: Handed,
}

/// How much of the message in hand has been handed over.
#[derive(Clone, Copy, Debug)]
struct Handed {
    bytes: usize,
    /// Where its final dot begins.
    dot: usize,
}

impl Handed {
    const NOTHING: Self = Self { bytes: 0, dot: usize::MAX };

    /// Not a byte of the final dot: the server cannot have taken the message.
    const fn is_incomplete(self) -> bool {
        self.bytes <= self.dot
    }
}

#[derive(Debug)]
enum State {
    /// Ready for an envelope; `dirty` where a refusal has left a transaction open.
    Idle { dirty: bool },
    /// An envelope waits for its answers.
    Offered(Offered),
    /// The server waits for the message.
    Go,
    /// Of no further use.
    Closed,
}

/// An envelope on its way.
#[derive(Debug)]
enum Offered {
    /// `sent` of its bytes have been handed over.
    Commands { commands: Commands, sent: usize },
    /// The server need not be asked.
    Refused(Box<Refusal>),
}

/// What becomes of an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The server waits for the message.
    Go,
    /// This message cannot go now, or not at all.
    Refused(Refusal),
    /// The connection ended before anything of the message was handed over: it can go over another one at once,
    /// but for a connection that has carried nothing yet, which says that the server is in trouble.
    Lost(Failure),
}

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server has taken it over.
    Accepted(Reply),
    /// The server has said no.
    Refused(Refusal),
    /// The connection ended before the final dot was handed over: the message did not arrive.
    LostBefore(Failure),
    /// The connection ended between the final dot and its reply: nobody here knows (RFC 1047).
    LostAfter(Failure),
}

impl Connection {
    pub(super) fn new(wire: Wire, can: Capabilities, timeouts: Timeouts, limits: ConnectionLimits) -> Self {
        let (state, opened) = (State::Idle { dirty: false }, Instant::now());
        Self { wire, can, timeouts, limits, state, opened, messages: 0, offered: 0, message: Handed::NOTHING }
    }

    /// What the server offers.
    pub fn capabilities(&self) -> &Capabilities {
        &self.can
    }

    pub fn is_encrypted(&self) -> bool {
        self.wire.is_encrypted()
    }

    /// How it is encrypted, if it is.
    pub fn encryption(&self) -> Option<Encryption> {
        self.wire.encryption()
    }

    /// How long its encryption took to agree on, if it is encrypted.
    pub const fn handshake(&self) -> Option<Duration> {
        self.wire.handshake()
    }

    /// Messages that the server has accepted over this connection.
    pub fn messages(&self) -> u32 {
        self.messages
    }

    /// Whether it may carry another message: neither it nor what it has carried is too old or too much, by our
    /// settings or by what the server says of itself (`LIMITS MAILMAX`, RFC 9422).
    pub fn has_room(&self) -> bool {
        let most = self.can.mail_max.map_or(self.limits.messages, |most| most.min(self.limits.messages));
        self.offered < most && self.opened.elapsed() < self.limits.age
    }

    /// Whether another envelope may be offered.
    pub fn is_usable(&self) -> bool {
        !matches!(self.state, State::Closed)
    }

    /// Sends one message from beginning to end: [`Connection::offer`] and [`Connection::send`] without a look at the
    /// ledger between them.
    pub async fn deliver(&mut self, envelope: &Envelope<'_>, message: &[&[u8]]) -> Outcome {
        match self.offer(envelope).await {
            Answer::Go => self.send(message, None).await,
            Answer::Refused(refusal) => Outcome::Refused(refusal),
            Answer::Lost(failure) => Outcome::LostBefore(failure),
        }
    }

    /// Asks whether a message may go. An envelope that was offered before and not sent is given up with the connection.
    pub async fn offer(&mut self, envelope: &Envelope<'_>) -> Answer {
        if matches!(self.state, State::Offered(_) | State::Go) {
            self.state = State::Closed;
        }
        let State::Idle { dirty } = self.state else { return Answer::Lost(self.lose(Stage::Mail, Fault::Closed)) };
        match Commands::new(envelope, &self.can, dirty) {
            Err(refusal) => Answer::Refused(*refusal),
            Ok(commands) => {
                self.offered = self.offered.saturating_add(1);
                self.state = State::Offered(Offered::Commands { commands, sent: 0 });
                self.answer().await.expect("what was offered is answered")
            }
        }
    }

    /// The answer to the envelope that went along with [`Connection::send`]; none when none did, or when the
    /// connection ended with the message before it.
    pub async fn answer(&mut self) -> Option<Answer> {
        match std::mem::replace(&mut self.state, State::Closed) {
            State::Offered(Offered::Refused(refusal)) => {
                self.state = State::Idle { dirty: false };
                Some(Answer::Refused(*refusal))
            }
            State::Offered(Offered::Commands { commands, sent }) => Some(self.ask(&commands, sent).await),
            state => {
                self.state = state;
                None
            }
        }
    }

    /// Hands over the message for which the server waits, and asks for the next one behind it.
    ///
    /// `message`, its parts joined, is dot-stuffed and has CRLF line ends only ([`super::dot`]). Without a go-ahead
    /// nothing is sent, and the outcome is [`Outcome::LostBefore`].
    pub async fn send(&mut self, message: &[&[u8]], next: Option<&Envelope<'_>>) -> Outcome {
        self.send_while(message, next, &|| true).await
    }

    /// The same, unless `may` says no before the final dot has left, as it does where somebody else may have taken the
    /// message over: then the outcome is [`Outcome::LostBefore`].
    pub async fn send_while(
        &mut self,
        message: &[&[u8]],
        next: Option<&Envelope<'_>>,
        may: &(dyn Fn() -> bool + Sync),
    ) -> Outcome {
        debug_assert!(
            is_transparent(message.iter().copied()),
            "a message goes to the wire dot-stuffed, with CRLF only"
        );
        if !matches!(self.state, State::Go) {
            return Outcome::LostBefore(self.lose(Stage::Data, Fault::Closed));
        }
        self.state = State::Closed;
        self.message = Handed::NOTHING;
        if let Err(outcome) = self.expect_silence().await {
            return outcome;
        }
        let next = next.map(|next| match Commands::new(next, &self.can, false) {
            Ok(commands) => {
                self.offered = self.offered.saturating_add(1);
                Offered::Commands { sent: if self.can.pipelining { commands.bytes.len() } else { 0 }, commands }
            }
            Err(refusal) => Offered::Refused(refusal),
        });
        let mut slices = Vec::with_capacity(message.len() + 3);
        slices.extend(message.iter().map(|part| IoSlice::new(part)));
        if !ends_line(message) {
            slices.push(IoSlice::new(b"\r\n"));
        }
        self.message.dot = slices.iter().map(|slice| slice.len()).sum();
        slices.push(IoSlice::new(FINAL_DOT));
        if let Some(Offered::Commands { commands, sent: 1.. }) = &next {
            slices.push(IoSlice::new(&commands.bytes));
        }
        let written = self.wire.write(&mut slices, self.timeouts.block, may, &mut self.message.bytes).await;
        if let Err(fault) = &written
            && self.message.is_incomplete()
        {
            if *fault == Fault::Withdrawn {
                return Outcome::LostBefore(Failure { stage: Stage::End, fault: Fault::Withdrawn });
            }
            return self.last_words(fault.clone()).await;
        }
        let outcome = self.outcome().await;
        let goes_on = match &outcome {
            Outcome::Accepted(_) => true,
            Outcome::Refused(refusal) => refusal.verdict != Verdict::Server,
            Outcome::LostBefore(_) | Outcome::LostAfter(_) => false,
        };
        if goes_on && written.is_ok() {
            self.state = next.map_or(State::Idle { dirty: false }, State::Offered);
        }
        outcome
    }

    /// What is known of a message after [`Connection::send`] was dropped half-way. The connection is of no further use.
    pub fn broken_off(&mut self) -> Outcome {
        let stage = Stage::End;
        if self.message.is_incomplete() {
            Outcome::LostBefore(self.lose(stage, Fault::Withdrawn))
        } else {
            Outcome::LostAfter(self.lose(stage, Fault::Timeout))
        }
    }

    /// Says goodbye where the dialogue is at a place for it, and closes.
    pub async fn quit(mut self) {
        if matches!(self.state, State::Idle { .. }) && self.write(Quit.to_string().as_bytes()).await.is_ok() {
            // Whatever the answer, there is nothing left to do but to close.
            let _ = self.wire.read_reply(self.timeouts.quit).await;
        }
        self.wire.shut_down(self.timeouts.quit).await;
    }

    /// Asks command by command, or only reads the answers where all commands are on their way. Leaves the state
    /// closed unless the dialogue is in step at the end.
    async fn ask(&mut self, commands: &Commands, mut sent: usize) -> Answer {
        let mut refused: Option<Refusal> = None;
        for &(stage, end) in &commands.ends {
            if sent < end {
                if refused.is_some() {
                    break;
                }
                // One reply more than asked for would be taken for the answer to this.
                match self.wire.has_spoken().await {
                    Ok(false) => {}
                    Ok(true) => return Answer::Lost(Failure { stage, fault: Fault::Unsolicited }),
                    Err(fault) => return Answer::Lost(Failure { stage, fault }),
                }
                let upto = if self.can.pipelining { commands.bytes.len() } else { end };
                if let Err(fault) = self.write(&commands.bytes[sent..upto]).await {
                    return Answer::Lost(Failure { stage, fault });
                }
                sent = upto;
            }
            let reply = match self.reply(stage).await {
                Ok(reply) => reply,
                // A refusal that was said before the connection ended stays said.
                Err(fault) => return refused.map_or(Answer::Lost(Failure { stage, fault }), Answer::Refused),
            };
            match (judge(stage, &reply), refused.take()) {
                (Verdict::Accepted, None) => {}
                (Verdict::Confused, None) => {
                    return Answer::Lost(Failure { stage, fault: Fault::OutOfStep(reply.code) });
                }
                (Verdict::Server, None) => {
                    return Answer::Refused(Refusal { stage, reply, verdict: Verdict::Server });
                }
                (verdict, None) => refused = Some(Refusal { stage, reply, verdict }),
                // The server is ready for a message to nobody: an empty one brings it back in step
                // (RFC 2920 section 3.1).
                (Verdict::Accepted, Some(refusal)) if stage == Stage::Data => {
                    if self.write(FINAL_DOT).await.is_err() || self.reply(Stage::End).await.is_err() {
                        return Answer::Refused(refusal);
                    }
                    refused = Some(refusal);
                }
                // What follows a refusal is only another way to say it.
                (_, Some(refusal)) => refused = Some(refusal),
            }
        }
        match refused {
            Some(refusal) => {
                self.state = State::Idle { dirty: true };
                Answer::Refused(refusal)
            }
            None => {
                self.state = State::Go;
                Answer::Go
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.wire.write(&mut [IoSlice::new(bytes)], self.timeouts.block, &|| true, &mut 0).await
    }

    /// The reply to the final dot.
    async fn outcome(&mut self) -> Outcome {
        let stage = Stage::End;
        match self.reply(stage).await {
            Err(fault) => Outcome::LostAfter(Failure { stage, fault }),
            Ok(reply) => match judge(stage, &reply) {
                Verdict::Accepted => {
                    self.messages += 1;
                    Outcome::Accepted(reply)
                }
                Verdict::Confused => Outcome::LostAfter(Failure { stage, fault: Fault::OutOfStep(reply.code) }),
                verdict => Outcome::Refused(Refusal { stage, reply, verdict }),
            },
        }
    }

    async fn reply(&mut self, stage: Stage) -> Result<Reply, Fault> {
        let raw = self.wire.read_reply(self.timeouts.of(stage)).await?;
        Reply::parse(raw).map_err(|_| Fault::Malformed)
    }

    /// The message could not be handed over. Servers that refuse it half-way say why before they close.
    async fn last_words(&mut self, fault: Fault) -> Outcome {
        let stage = Stage::End;
        let heard = self.wire.read_reply(self.timeouts.quit).await.ok().and_then(|raw| Reply::parse(raw).ok());
        match heard.map(|reply| (judge(stage, &reply), reply)) {
            Some((Verdict::Accepted | Verdict::Confused, _)) | None => Outcome::LostBefore(Failure { stage, fault }),
            Some((verdict, reply)) => Outcome::Refused(Refusal { stage, reply, verdict }),
        }
    }

    /// Makes sure that nothing was said out of turn: it would be taken for the reply to the final dot. A server may
    /// say 421 at any time, and is believed.
    async fn expect_silence(&mut self) -> Result<(), Outcome> {
        let stage = Stage::End;
        match self.wire.has_spoken().await {
            Ok(false) => Ok(()),
            Ok(true) => match self.reply(stage).await {
                Ok(reply) if reply.code == 421 => {
                    Err(Outcome::Refused(Refusal { stage, verdict: judge(stage, &reply), reply }))
                }
                _ => Err(Outcome::LostBefore(Failure { stage, fault: Fault::Unsolicited })),
            },
            Err(fault) => Err(Outcome::LostBefore(Failure { stage, fault })),
        }
    }

    fn lose(&mut self, stage: Stage, fault: Fault) -> Failure {
        self.state = State::Closed;
        Failure { stage, fault }
    }
}

/// Whether the message, its parts joined, ends with a complete line.
fn ends_line(message: &[&[u8]]) -> bool {
    let mut last = message.iter().rev().flat_map(|part| part.iter().rev());
    matches!((last.next(), last.next()), (Some(b'\n'), Some(b'\r')))
}
