//! One client's conversation, from the banner to QUIT (RFC 5321; RFC 2033 for LMTP).

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use smtp_proto::{Error as Fault, MAIL_BODY_BINARYMIME, MailFrom, Request};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::Instant;

use super::body::{Body, Unfit};
use super::wire::{Broken, Wire};
use super::{Handler, House, InboundMessage, NotTaken};

/// Hops after which a message is going round in circles (RFC 5321 section 6.3).
const MAX_HOPS: usize = 100;

pub(super) struct Session<'a, H, R, W> {
    house: &'a House<H>,
    wire: Wire<R, W>,
    network: IpAddr,
    closes: watch::Receiver<bool>,
    tongue: Option<Tongue>,
    envelope: Option<Envelope>,
    faults: usize,
    encrypted: bool,
}

/// How a conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Farewell,
    /// It goes on behind a handshake.
    Encrypt,
}

/// What the client said it speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tongue {
    Smtp,
    Lmtp,
}

#[derive(Default)]
struct Envelope {
    mail_from: String,
    recipients: Vec<String>,
}

/// Whether the conversation goes on.
#[derive(PartialEq, Eq)]
enum Next {
    Listen,
    HangUp,
    Encrypt,
}

impl<'a, H: Handler, R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Session<'a, H, R, W> {
    pub(super) fn new(
        house: &'a House<H>,
        network: IpAddr,
        input: R,
        output: W,
        closes: watch::Receiver<bool>,
    ) -> Self {
        let wire = Wire::new(input, output);
        Self { house, wire, network, closes, tongue: None, envelope: None, faults: 0, encrypted: false }
    }

    /// The same behind a handshake: nobody is greeted a second time (RFC 3207 section 4.2).
    pub(super) fn encrypted(self) -> Self {
        Self { encrypted: true, ..self }
    }

    /// Talks until one of both has had enough, or wants encryption.
    pub(super) async fn run(mut self) -> Result<Ended, Broken> {
        if !self.encrypted {
            self.wire.reply(&format!("220 {} ESMTP and LMTP", self.house.listener.host));
        }
        let ended = self.converse().await;
        match &ended {
            Ok(_) | Err(Broken::Gone(_)) => {}
            Err(Broken::Silent) => self.wire.reply("421 4.4.2 You are silent for too long, goodbye"),
            Err(Broken::LineTooLong) => self.wire.reply("500 5.5.2 That line is too long, goodbye"),
            Err(Broken::BareLineEnd) => self.wire.reply("500 5.5.2 Lines end in CR LF, goodbye"),
            Err(Broken::Endless) => self.wire.reply("552 5.3.4 That message is far too large, goodbye"),
        }
        let said = self.wire.flush(self.house.listener.limits.idle_under_load).await;
        ended.and_then(|ended| said.map(|()| ended))
    }

    async fn converse(&mut self) -> Result<Ended, Broken> {
        loop {
            let limits = &self.house.listener.limits;
            let line = tokio::select! {
                biased;
                line = self.wire.line(limits.line_octets, self.house.patience()) => line?,
                _ = self.closes.wait_for(|closing| *closing) => {
                    self.wire.reply("421 4.3.2 Closing for now, try again later");
                    return Ok(Ended::Farewell);
                }
            };
            let next = match Request::parse(&mut line.iter()) {
                Ok(request) => self.obey(request).await?,
                Err(fault) => self.complain(complaint(&fault)),
            };
            match next {
                Next::Listen => {}
                Next::HangUp => return Ok(Ended::Farewell),
                Next::Encrypt => return Ok(Ended::Encrypt),
            }
            if self.faults >= limits.faults {
                self.wire.reply("421 4.7.0 Too many errors, goodbye");
                return Ok(Ended::Farewell);
            }
        }
    }

    fn say(&mut self, text: &str) -> Next {
        self.wire.reply(text);
        Next::Listen
    }

    fn complain(&mut self, text: &str) -> Next {
        self.faults += 1;
        self.say(text)
    }

    async fn obey(&mut self, request: Request<Cow<'_, str>>) -> Result<Next, Broken> {
        Ok(match request {
            Request::Ehlo { .. } => self.greet(Tongue::Smtp),
            Request::Lhlo { .. } => self.greet(Tongue::Lmtp),
            Request::Helo { .. } => {
                self.tongue = Some(Tongue::Smtp);
                self.envelope = None;
                let host = format!("250 {}", self.house.listener.host);
                self.say(&host)
            }
            Request::Mail { from } => self.mail(&from),
            Request::Rcpt { to } => self.recipient(&to.address).await,
            Request::Data => return self.data().await,
            Request::Rset => {
                self.envelope = None;
                self.say("250 2.0.0 Forgotten")
            }
            Request::Noop { .. } => self.say("250 2.0.0 Still here"),
            Request::Help { .. } => self.say("214 2.0.0 EHLO LHLO MAIL RCPT DATA RSET NOOP QUIT"),
            Request::Vrfy { .. } => self.say("252 2.5.2 Send mail and see"),
            Request::Quit => {
                self.wire.reply("221 2.0.0 Goodbye");
                Next::HangUp
            }
            Request::StartTls => self.start_tls(),
            // Its octets would follow at once, and must not be taken for commands.
            Request::Bdat { .. } => {
                self.wire.reply("502 5.5.1 Use DATA, goodbye");
                Next::HangUp
            }
            _ => self.complain("502 5.5.1 Not offered here"),
        })
    }

    fn start_tls(&mut self) -> Next {
        if self.house.listener.certificate.is_none() {
            return self.complain("502 5.5.1 Not offered here");
        }
        if self.encrypted {
            return self.complain("503 5.5.1 The connection is encrypted already");
        }
        // What stands behind it in clear could be anybody's, and would be obeyed as if it had come encrypted.
        if self.wire.has_unread() {
            self.wire.reply("501 5.5.1 Nothing may follow STARTTLS, goodbye");
            return Next::HangUp;
        }
        self.wire.reply("220 2.0.0 Go ahead");
        Next::Encrypt
    }

    fn greet(&mut self, tongue: Tongue) -> Next {
        self.tongue = Some(tongue);
        self.envelope = None;
        let listener = &self.house.listener;
        let size = listener.limits.message_octets;
        let offers = listener.certificate.is_some() && !self.encrypted;
        let last = if offers { "250-STARTTLS\r\n250 ENHANCEDSTATUSCODES" } else { "250 ENHANCEDSTATUSCODES" };
        let lines = [
            &format!("250-{}", listener.host),
            "250-PIPELINING",
            &format!("250-SIZE {size}"),
            "250-8BITMIME",
            "250-SMTPUTF8",
            last,
        ];
        self.say(&lines.join("\r\n"))
    }

    fn mail(&mut self, from: &MailFrom<Cow<'_, str>>) -> Next {
        if self.tongue.is_none() {
            return self.complain("503 5.5.1 Say EHLO or LHLO first");
        }
        if self.envelope.is_some() {
            return self.complain("503 5.5.1 One message at a time: finish it, or say RSET");
        }
        if from.size > self.house.listener.limits.message_octets {
            return self.say("552 5.3.4 That message is too large");
        }
        if !self.house.rate.allows(self.network, self.house.listener.limits.messages_per_minute, Instant::now()) {
            return self.say("451 4.7.1 Too many messages from your network this minute, try again later");
        }
        if from.flags & MAIL_BODY_BINARYMIME != 0 {
            return self.complain("504 5.5.4 BINARYMIME is not offered here");
        }
        self.envelope = Some(Envelope { mail_from: from.address.to_string(), recipients: Vec::new() });
        self.say("250 2.1.0 Go on")
    }

    async fn recipient(&mut self, address: &str) -> Next {
        let Some(envelope) = &mut self.envelope else {
            return self.complain("503 5.5.1 Say MAIL first");
        };
        if envelope.recipients.len() >= self.house.listener.limits.recipients {
            return self.say("452 4.5.3 Too many recipients: send the rest as another message");
        }
        // The parser reads <postmaster>, the one address without a domain, as nothing.
        let address = if address.is_empty() { "postmaster" } else { address };
        if !self.house.handler.accept(address).await {
            return self.say("550 5.7.1 No mail for that address here");
        }
        envelope.recipients.push(address.to_owned());
        self.say("250 2.1.5 Go on")
    }

    async fn data(&mut self) -> Result<Next, Broken> {
        let Some(envelope) = self.envelope.take() else {
            return Ok(self.complain("503 5.5.1 Say MAIL and RCPT first"));
        };
        if envelope.recipients.is_empty() {
            return Ok(self.complain("554 5.5.1 No valid recipients"));
        }
        self.wire.reply("354 End with a dot on a line of its own");
        let limits = &self.house.listener.limits;
        let mut body = Body::new(limits.message_octets, Arc::clone(&self.house.buffered));
        self.wire.body(&mut body, self.house.patience(), limits.message_time).await?;

        // In LMTP each recipient has a reply of its own (RFC 2033 section 4.2).
        let replies = if self.tongue == Some(Tongue::Lmtp) { envelope.recipients.len() } else { 1 };
        let reply = match body.finish() {
            Err(Unfit::TooLarge) => "552 5.3.4 That message is too large",
            Err(Unfit::NoMemory) => "452 4.3.1 Too many messages at once, try again later",
            Ok((bytes, _)) if hops(&bytes) > MAX_HOPS => "554 5.4.6 That message is going round in circles",
            Ok((bytes, _memory)) => {
                let Envelope { mail_from, recipients } = envelope;
                match self.house.handler.take(InboundMessage { mail_from, recipients, bytes }).await {
                    Ok(()) => "250 2.0.0 Taken",
                    Err(NotTaken::Later) => "451 4.3.0 Not now, try again later",
                    Err(NotTaken::Refuse) => "554 5.7.1 Not wanted",
                }
            }
        };
        for _ in 0..replies {
            self.wire.reply(reply);
        }
        Ok(Next::Listen)
    }
}

fn complaint(fault: &Fault) -> &'static str {
    match fault {
        Fault::UnknownCommand => "500 5.5.1 Unknown command",
        Fault::InvalidSenderAddress => "501 5.1.7 That is no sender address",
        Fault::InvalidRecipientAddress => "501 5.1.3 That is no recipient address",
        Fault::InvalidParameter { .. } => "501 5.5.4 A parameter has no proper value",
        Fault::UnsupportedParameter { .. } => "555 5.5.4 A parameter is not known here",
        _ => "501 5.5.2 That command is not well-formed",
    }
}

/// How many servers the message has passed.
fn hops(message: &[u8]) -> usize {
    message
        .split(|byte| *byte == b'\n')
        .take_while(|line| !line.trim_ascii().is_empty())
        .filter(|line| line.get(..9).is_some_and(|name| name.eq_ignore_ascii_case(b"received:")))
        .count()
}
