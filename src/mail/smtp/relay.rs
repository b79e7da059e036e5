//! Opening connections to one mail server: greeting, encryption, login.

use std::net::IpAddr;
use std::sync::Arc;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::{Auth, Ehlo, Starttls};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;

use super::capabilities::Capabilities;
use super::connection::Connection;
use super::fault::{Failure, Fault, OpenError, Refusal};
use super::tls::Tls;
use super::token::{FetchToken, TokenSource};
use super::wire::Wire;
use crate::domain::reply::{Reply, Stage, Verdict, judge};
use crate::domain::smarthost::{Login, Smarthost, TlsMode};
use crate::domain::smtp_limits::{ConnectionLimits, Timeouts};

/// Challenges that a server may put in one login; LOGIN needs two.
const MAX_CHALLENGES: usize = 4;

/// One mail server and all that is needed to open connections to it; shared by all of them.
pub struct Relay {
    server: Smarthost,
    ehlo: ClientId,
    timeouts: Timeouts,
    limits: ConnectionLimits,
    tls: Tls,
    tokens: Option<TokenSource>,
}

impl Relay {
    /// `ehlo_name` is our full host name, or an address of ours, which becomes an address literal
    /// (RFC 5321 section 4.1.3).
    pub fn new(server: Smarthost, ehlo_name: &str, timeouts: Timeouts, tls: Tls) -> Self {
        let ehlo = match ehlo_name.trim_matches(['[', ']']).parse() {
            Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
            Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
            Err(_) => ClientId::Domain(ehlo_name.to_owned()),
        };
        let tokens = match &server.login {
            Some(Login::Token { command: Some(command), .. }) => Some(TokenSource::printed(command.clone())),
            _ => None,
        };
        Self { server, ehlo, timeouts, limits: ConnectionLimits::default(), tls, tokens }
    }

    /// The same with connections that carry so much and no more.
    pub fn with_limits(self, limits: ConnectionLimits) -> Self {
        Self { limits, ..self }
    }

    /// The same with access tokens that somebody fetches, where the server's address names no command for them.
    pub fn with_tokens(mut self, by: Arc<dyn FetchToken>) -> Self {
        if let Some(Login::Token { command: None, .. }) = self.server.login {
            self.tokens = Some(TokenSource::fetched(by));
        }
        self
    }

    /// The server that this reaches.
    pub fn server(&self) -> &Smarthost {
        &self.server
    }

    /// Opens a connection that is ready for its first message.
    ///
    /// # Errors
    /// What the server answered or failed to; its verdict is about the server or our access to it, never about a
    /// message.
    pub async fn open(&self) -> Result<Connection, OpenError> {
        match self.attempt(true).await {
            // Encryption that fails half-way is no reason to wait where none would have been fine, too.
            Err(OpenError::Failed(failure))
                if failure.stage == Stage::StartTls && self.server.tls == TlsMode::Opportunistic =>
            {
                self.attempt(false).await
            }
            // A token may have ended before its time: a new one gets a second chance, once.
            Err(OpenError::Refused(refusal))
                if refusal.stage == Stage::Auth && refusal.verdict == Verdict::Transport =>
            {
                match &self.tokens {
                    Some(tokens) if tokens.forget().await => self.attempt(true).await,
                    _ => Err(OpenError::Refused(refusal)),
                }
            }
            other => other,
        }
    }

    async fn attempt(&self, encrypt: bool) -> Result<Connection, OpenError> {
        let mut dialogue = Dialogue { relay: self, wire: self.connect().await? };
        dialogue.expect(Stage::Connect).await?;
        let mut can = dialogue.ehlo().await?;
        if encrypt && !dialogue.wire.is_encrypted() && self.wants_starttls(&can)? && dialogue.starttls().await? {
            dialogue.wire = self.encrypt(dialogue.wire).await?;
            // What was said in clear may have been said by anybody (RFC 3207 section 4.2).
            can = dialogue.ehlo().await?;
        }
        if let Some(login) = &self.server.login {
            dialogue.log_in(login, &can).await?;
        }
        Ok(Connection::new(dialogue.wire, can, self.timeouts, self.limits))
    }

    async fn connect(&self) -> Result<Wire, OpenError> {
        let wire = Wire::connect(&self.server, self.timeouts.connect).await.map_err(failed(Stage::Connect))?;
        if self.server.tls != TlsMode::Implicit {
            return Ok(wire);
        }
        wire.encrypt(&self.tls, &self.server, self.timeouts.greeting).await.map_err(failed(Stage::Connect))
    }

    async fn encrypt(&self, wire: Wire) -> Result<Wire, OpenError> {
        wire.encrypt(&self.tls, &self.server, self.timeouts.command).await.map_err(failed(Stage::StartTls))
    }

    fn wants_starttls(&self, can: &Capabilities) -> Result<bool, OpenError> {
        match self.server.tls {
            TlsMode::Required if !can.starttls => Err(failed(Stage::StartTls)(Fault::NoStartTls)),
            TlsMode::Required | TlsMode::Opportunistic => Ok(can.starttls),
            TlsMode::Implicit | TlsMode::None => Ok(false),
        }
    }
}

/// A connection that is not ready yet.
struct Dialogue<'a> {
    relay: &'a Relay,
    wire: Wire,
}

impl Dialogue<'_> {
    async fn ehlo(&mut self) -> Result<Capabilities, OpenError> {
        self.say(Stage::Ehlo, &Ehlo::new(self.relay.ehlo.clone()).to_string()).await?;
        let raw = self.wire.read_reply(self.relay.timeouts.of(Stage::Ehlo)).await.map_err(failed(Stage::Ehlo))?;
        let reply = Reply::parse(raw).map_err(|_| failed(Stage::Ehlo)(Fault::Malformed))?;
        let can = Capabilities::parse(raw);
        accepted(Stage::Ehlo, reply)?;
        Ok(can)
    }

    /// Whether the server is ready for the handshake. Where encryption is not required, no is an answer.
    async fn starttls(&mut self) -> Result<bool, OpenError> {
        self.say(Stage::StartTls, &Starttls.to_string()).await?;
        match self.expect(Stage::StartTls).await {
            Ok(()) => Ok(true),
            Err(OpenError::Refused(refusal))
                if refusal.reply.code != 421 && self.relay.server.tls == TlsMode::Opportunistic =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    async fn log_in(&mut self, login: &Login, can: &Capabilities) -> Result<(), OpenError> {
        let fail = failed(Stage::Auth);
        if !self.relay.server.may_log_in(self.wire.is_encrypted()) {
            return Err(fail(Fault::NoStartTls));
        }
        let (mechanism, credentials) = match login {
            Login::Password { user, password } => {
                let known = [Mechanism::Plain, Mechanism::Login].into_iter().find(|known| can.auth.contains(known));
                let mechanism = known.ok_or_else(|| fail(Fault::NoMechanism))?;
                (mechanism, Credentials::new(user.clone(), password.reveal().to_owned()))
            }
            Login::Token { user, .. } => {
                if !can.auth.contains(&Mechanism::Xoauth2) {
                    return Err(fail(Fault::NoMechanism));
                }
                let nobody = "there is no command for access tokens, and no token endpoint in the settings";
                let tokens = self.relay.tokens.as_ref().ok_or_else(|| failed(Stage::Auth)(Fault::Token(nobody)))?;
                let token = tokens.token().await.map_err(failed(Stage::Auth))?;
                (Mechanism::Xoauth2, Credentials::new(user.clone(), token.reveal().to_owned()))
            }
        };
        let first = Auth::new(mechanism, credentials.clone(), None).map_err(|_| fail(Fault::NoMechanism))?;
        self.say(Stage::Auth, &first.to_string()).await?;
        for _ in 0..MAX_CHALLENGES {
            let patience = self.relay.timeouts.of(Stage::Auth);
            let raw = self.wire.read_reply(patience).await.map_err(failed(Stage::Auth))?;
            let reply = Reply::parse(raw).map_err(|_| failed(Stage::Auth)(Fault::Malformed))?;
            if reply.code != 334 {
                return accepted(Stage::Auth, reply);
            }
            let answer = answer_challenge(mechanism, &credentials, raw);
            self.say(Stage::Auth, &answer).await?;
        }
        Err(failed(Stage::Auth)(Fault::OutOfStep(334)))
    }

    async fn say(&mut self, stage: Stage, command: &str) -> Result<(), OpenError> {
        if self.wire.has_spoken().await.map_err(failed(stage))? {
            return Err(failed(stage)(Fault::Unsolicited));
        }
        let mut slices = [std::io::IoSlice::new(command.as_bytes())];
        self.wire.write(&mut slices, self.relay.timeouts.block, &|| true, &mut 0).await.map_err(failed(stage))
    }

    async fn expect(&mut self, stage: Stage) -> Result<(), OpenError> {
        let raw = self.wire.read_reply(self.relay.timeouts.of(stage)).await.map_err(failed(stage))?;
        accepted(stage, Reply::parse(raw).map_err(|_| failed(stage)(Fault::Malformed))?)
    }
}

/// What to say to `334 …`. A server that explains a refused token this way wants an empty line before it says no
/// in its own words; one whose question we do not understand gets the sign to stop (RFC 4954 section 4).
fn answer_challenge(mechanism: Mechanism, credentials: &Credentials, raw: &[u8]) -> String {
    if mechanism == Mechanism::Xoauth2 {
        return "\r\n".to_owned();
    }
    let challenge = std::str::from_utf8(raw).ok().and_then(|raw| raw.parse::<Response>().ok());
    let answer =
        challenge.and_then(|challenge| Auth::new_from_response(mechanism, credentials.clone(), &challenge).ok());
    answer.map_or_else(|| "*\r\n".to_owned(), |answer| answer.to_string())
}

fn accepted(stage: Stage, reply: Reply) -> Result<(), OpenError> {
    match judge(stage, &reply) {
        Verdict::Accepted => Ok(()),
        Verdict::Confused => Err(failed(stage)(Fault::OutOfStep(reply.code))),
        verdict => Err(OpenError::Refused(Refusal { stage, reply, verdict })),
    }
}

fn failed(stage: Stage) -> impl Fn(Fault) -> OpenError {
    move |fault| OpenError::Failed(Failure { stage, fault })
}
