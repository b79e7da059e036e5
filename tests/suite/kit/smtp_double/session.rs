//! One connection of the double, from its greeting to its end.

use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::script::{Fault, Script, Step};
use super::{Message, Seen};

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// The connection is over.
struct Over;

pub(super) struct Session<'a> {
    stream: Option<TcpStream>,
    secured: Option<Box<dyn Duplex>>,
    number: usize,
    script: &'a Script,
    tls: TlsAcceptor,
    seen: &'a Mutex<Seen>,
    inbox: Vec<u8>,
    from: Option<String>,
    to: Option<String>,
    taken: usize,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        stream: TcpStream,
        number: usize,
        script: &'a Script,
        tls: TlsAcceptor,
        seen: &'a Mutex<Seen>,
    ) -> Self {
        stream.set_nodelay(true).expect("a fresh socket takes the option");
        let stream = Some(stream);
        Self { stream, secured: None, number, script, tls, seen, inbox: vec![], from: None, to: None, taken: 0 }
    }

    pub(super) async fn run(mut self) {
        let _ = self.talk().await;
    }

    async fn talk(&mut self) -> Result<(), Over> {
        if self.script.implicit_tls {
            self.encrypt().await?;
        }
        self.step(Step::Connect, "220 double.example ESMTP").await?;
        loop {
            let line = self.line().await?;
            self.see(|seen| seen.commands.push(line.clone()));
            let (verb, rest) = line.split_once([' ', ':']).unwrap_or((&line, ""));
            if !self.inbox.is_empty() && !self.may_pipeline(verb) {
                self.violate(format!("pipelined behind {line:?}"));
            }
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => {
                    self.see(|seen| seen.names.insert(self.number, rest.to_owned()));
                    let lines: Vec<&str> = ["double.example"].iter().chain(&self.script.offers).copied().collect();
                    let (last, first) = lines.split_last().expect("the greeting is there");
                    let reply: String = first.iter().map(|line| format!("250-{line}\r\n")).collect();
                    let reply = format!("{reply}250 {last}");
                    self.step(Step::Ehlo, &reply).await?;
                }
                "STARTTLS" => {
                    if self.step(Step::StartTls, "220 go ahead").await? {
                        self.encrypt().await?;
                    }
                }
                "AUTH" => self.authenticate(rest).await?,
                "MAIL" => self.mail(rest).await?,
                "RCPT" => self.rcpt(rest).await?,
                "DATA" => self.data().await?,
                "RSET" => {
                    (self.from, self.to) = (None, None);
                    self.say("250 flushed").await?;
                }
                "QUIT" => {
                    self.say("221 bye").await?;
                    return Err(Over);
                }
                _ => self.say("500 what?").await?,
            }
        }
    }

    async fn mail(&mut self, rest: &str) -> Result<(), Over> {
        if self.from.is_some() {
            self.violate("MAIL within a transaction".to_owned());
        }
        if self.script.most_messages.is_some_and(|most| self.taken >= most) {
            self.say("421 4.7.0 enough for one connection").await?;
            return Err(Over);
        }
        if self.step(Step::Mail, "250 2.1.0 sender ok").await? {
            self.from = Some(rest.trim_start_matches("FROM:").to_owned());
        }
        Ok(())
    }

    async fn rcpt(&mut self, rest: &str) -> Result<(), Over> {
        if self.from.is_none() {
            return self.say("503 5.5.1 MAIL first").await;
        }
        let address = rest.trim_start_matches("TO:<").split('>').next().unwrap_or_default().to_owned();
        let is_meant = |who: &str| {
            who == address
                || (who.ends_with('@') && address.starts_with(who))
                || (who.starts_with('@') && address.ends_with(who))
        };
        if let Some((_, reply)) = self.script.refuses.iter().find(|(refused, _)| is_meant(refused)) {
            return self.say(reply).await;
        }
        if self.script.greylists {
            let tries = self.see(|seen| {
                let asked = format!("RCPT TO:<{address}>");
                seen.commands.iter().filter(|command| command.starts_with(&asked)).count()
            });
            if tries == 1 {
                return self.say("451 4.7.1 greylisted, come back later").await;
            }
        }
        if self.step(Step::Rcpt, "250 2.1.5 recipient ok").await? {
            self.to = Some(address);
        }
        Ok(())
    }

    async fn data(&mut self) -> Result<(), Over> {
        if self.to.is_none() && !self.script.lets_nobody_be_mailed {
            return self.say("554 5.5.1 no valid recipients").await;
        }
        if !self.step(Step::Data, "354 go on").await? {
            return Ok(());
        }
        let mut bytes = self.message().await?;
        if self.script.keeps_headers {
            let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(bytes.len());
            bytes.truncate(end);
            bytes.shrink_to_fit();
        }
        let (from, to) = (self.from.take(), self.to.take());
        let (Some(from), Some(to)) = (from, to) else { return self.say("554 5.5.1 nobody to give it to").await };
        let encrypted = self.secured.is_some();
        let message = Message { connection: self.number, from, to, bytes, encrypted };
        let fault = self.reach(Step::Dot);
        let takes_it = match fault {
            None | Some(Fault::Lingers(_) | Fault::Drips | Fault::Babbles | Fault::Leaves | Fault::DiesBeforeReply) => {
                true
            }
            Some(Fault::Says(reply)) => reply.starts_with('2'),
            Some(_) => false,
        };
        if takes_it {
            self.taken += 1;
            self.see(|seen| {
                seen.messages.push(message);
                seen.swallowed += usize::from(fault == Some(Fault::DiesBeforeReply));
            });
        }
        self.behave(fault, "250 2.0.0 queued as D0UB1E").await.map(|_| ())
    }

    /// Reads up to the final dot.
    async fn message(&mut self) -> Result<Vec<u8>, Over> {
        let mut bytes = Vec::new();
        let fault = self.reach(Step::Body);
        loop {
            let line = self.raw_line().await?;
            if let Some(fault) = fault
                && bytes.is_empty()
            {
                self.behave(Some(fault), "").await?;
            }
            match line.strip_prefix(b".") {
                Some(b"\r\n") => {
                    if !self.inbox.is_empty() && !self.may_pipeline("RSET") {
                        self.violate("pipelined behind the final dot".to_owned());
                    }
                    return Ok(bytes);
                }
                Some(rest) => bytes.extend_from_slice(rest),
                None => bytes.extend_from_slice(&line),
            }
        }
    }

    async fn authenticate(&mut self, rest: &str) -> Result<(), Over> {
        if self.secured.is_none() {
            self.see(|seen| seen.commands.push("(in clear)".to_owned()));
        }
        let decode = |text: &str| String::from_utf8(STANDARD.decode(text).unwrap_or_default()).unwrap_or_default();
        let password = self.script.password.unwrap_or_default();
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let right = match mechanism {
            "PLAIN" => decode(initial) == format!("\0jan\0{password}"),
            "XOAUTH2" if decode(initial) == format!("user=jan\u{1}auth=Bearer {password}\u{1}\u{1}") => true,
            "XOAUTH2" => {
                self.say(&format!("334 {}", STANDARD.encode(r#"{"status":"401"}"#))).await?;
                if !self.line().await?.is_empty() {
                    self.violate("an answer to the challenge that explains a refusal".to_owned());
                }
                false
            }
            "LOGIN" => {
                self.say(&format!("334 {}", STANDARD.encode("Username:"))).await?;
                let user = self.line().await?;
                self.say(&format!("334 {}", STANDARD.encode("Password:"))).await?;
                decode(&user) == "jan" && decode(&self.line().await?) == password
            }
            _ => return self.say("504 5.5.4 unknown mechanism").await,
        };
        if right {
            self.step(Step::Auth, "235 2.7.0 welcome").await.map(|_| ())
        } else {
            self.say("535 5.7.8 wrong").await
        }
    }

    async fn encrypt(&mut self) -> Result<(), Over> {
        let mut stream = self.stream.take().ok_or(Over)?;
        match self.reach(Step::Handshake) {
            None => {
                self.secured = Some(Box::new(self.tls.accept(stream).await.map_err(|_| Over)?));
                self.inbox.clear();
                Ok(())
            }
            Some(Fault::Stalls) => {
                std::future::pending::<()>().await;
                Err(Over)
            }
            Some(fault) => {
                // Half-way: the client has begun.
                let mut hello = [0; 16];
                stream.read_exact(&mut hello).await.map_err(|_| Over)?;
                if fault == Fault::Garbles {
                    stream.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n").await.map_err(|_| Over)?;
                }
                Err(Over)
            }
        }
    }

    /// Says the usual thing, or does what the script has for this time. Says whether the step succeeded.
    async fn step(&mut self, step: Step, usual: &str) -> Result<bool, Over> {
        let fault = self.reach(step);
        self.behave(fault, usual).await
    }

    fn reach(&mut self, step: Step) -> Option<Fault> {
        let (count, well) = self.see(|seen| (seen.reach(step), seen.well));
        if well { None } else { self.script.fault(step, count) }
    }

    async fn behave(&mut self, fault: Option<Fault>, usual: &str) -> Result<bool, Over> {
        match fault {
            None => self.say(usual).await.map(|()| true),
            Some(Fault::Says(reply)) => {
                self.say(reply).await?;
                let code = reply.as_bytes();
                if code.starts_with(b"421") { Err(Over) } else { Ok(matches!(code.first(), Some(b'2' | b'3'))) }
            }
            Some(Fault::Drops | Fault::DiesBeforeReply) => Err(Over),
            Some(Fault::Lingers(long)) => {
                tokio::time::sleep(long).await;
                self.say(usual).await.map(|()| true)
            }
            Some(Fault::Leaves) => {
                self.say(usual).await?;
                Err(Over)
            }
            Some(Fault::Stalls) => {
                std::future::pending::<()>().await;
                Err(Over)
            }
            Some(Fault::Drips) => {
                let (code, _) = usual.split_at(3);
                for byte in format!("{code}-{}\r\n{usual}\r\n", "drop ".repeat(200)).bytes() {
                    self.write(&[byte]).await?;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Ok(true)
            }
            Some(Fault::Babbles) => self.say(&format!("{usual}\r\n250 and another thing")).await.map(|()| true),
            Some(Fault::Garbles) => self.say("I am no mail server").await.map(|()| true),
            Some(Fault::NeverEnds) => loop {
                self.say("250-and so on").await?;
            },
            Some(Fault::Injects) => {
                self.say(&format!("{usual}\r\n250-evil.example\r\n250 AUTH PLAIN")).await.map(|()| true)
            }
        }
    }

    async fn say(&mut self, reply: &str) -> Result<(), Over> {
        if !self.script.delay.is_zero() {
            tokio::time::sleep(self.script.delay).await;
        }
        self.write(format!("{reply}\r\n").as_bytes()).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Over> {
        let stream = self.stream();
        stream.write_all(bytes).await.map_err(|_| Over)?;
        stream.flush().await.map_err(|_| Over)
    }

    async fn line(&mut self) -> Result<String, Over> {
        let line = self.raw_line().await?;
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    /// The next line, its end included; it must be CRLF, and there must be no CR or LF elsewhere.
    async fn raw_line(&mut self) -> Result<Vec<u8>, Over> {
        let mut searched = 0;
        loop {
            if let Some(at) = self.inbox[searched..].iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.inbox.drain(..=searched + at).collect();
                let text = line.strip_suffix(b"\r\n").unwrap_or(b"\r");
                if text.contains(&b'\r') || text.len() > 998 {
                    self.violate(format!("a bad line: {:?}", String::from_utf8_lossy(&line)));
                }
                return Ok(line);
            }
            searched = self.inbox.len();
            let mut bytes = vec![0; 16 * 1024];
            let read = self.stream().read(&mut bytes).await.map_err(|_| Over)?;
            if read == 0 {
                return Err(Over);
            }
            self.inbox.extend_from_slice(&bytes[..read]);
        }
    }

    /// Behind these nothing may follow before they are answered, unless it was offered (RFC 2920 section 3.1).
    fn may_pipeline(&self, verb: &str) -> bool {
        let offered = self.script.offers.iter().any(|offer| offer.eq_ignore_ascii_case("pipelining"));
        offered && ["MAIL", "RCPT", "RSET"].iter().any(|group| verb.eq_ignore_ascii_case(group))
    }

    fn stream(&mut self) -> &mut dyn Duplex {
        match (&mut self.secured, &mut self.stream) {
            (Some(secured), _) => secured,
            (None, Some(stream)) => stream,
            (None, None) => unreachable!("a session ends when its handshake fails"),
        }
    }

    fn violate(&self, what: String) {
        self.see(|seen| seen.violations.push(what));
    }

    fn see<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().expect("no session has panicked"))
    }
}
