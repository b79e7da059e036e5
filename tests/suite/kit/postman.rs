//! Somebody who brings mail to our listener, by SMTP or LMTP, and reports as mail servers and services write them.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

pub struct Postman {
    lines: BufReader<TcpStream>,
}

impl Postman {
    /// Introduces itself by EHLO.
    pub fn smtp(address: &str) -> Self {
        Self::greet(address, "EHLO mx.example.net")
    }

    /// Introduces itself by LHLO (RFC 2033).
    pub fn lmtp(address: &str) -> Self {
        Self::greet(address, "LHLO mx.example.net")
    }

    fn greet(address: &str, greeting: &str) -> Self {
        let stream = TcpStream::connect(address).expect("somebody listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout can be set");
        let mut postman = Self { lines: BufReader::new(stream) };
        assert!(postman.reply().expect("a banner comes").starts_with("220 "));
        assert!(postman.say(greeting).starts_with("250"));
        postman
    }

    /// One command, and the last line of its reply.
    pub fn say(&mut self, command: &str) -> String {
        self.try_say(command).expect("it answers")
    }

    /// The same with whoever may be killed at any moment.
    pub fn try_say(&mut self, command: &str) -> Option<String> {
        self.lines.get_mut().write_all(format!("{command}\r\n").as_bytes()).ok()?;
        self.reply()
    }

    /// Brings one message; the reply to RCPT if that is a refusal, or else to the end of the message.
    pub fn bring(&mut self, to: &str, message: &str) -> String {
        self.try_bring(to, message).expect("it answers")
    }

    /// The same with whoever may be killed at any moment.
    pub fn try_bring(&mut self, to: &str, message: &str) -> Option<String> {
        self.try_say("RSET")?;
        self.try_say("MAIL FROM:<>")?;
        let reply = self.try_say(&format!("RCPT TO:<{to}>"))?;
        if !reply.starts_with("250") {
            return Some(reply);
        }
        self.try_say("DATA")?;
        let message = message.replace("\r\n", "\n").replace('\n', "\r\n").replace("\r\n.", "\r\n..");
        self.try_say(&format!("{message}\r\n."))
    }

    fn reply(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return Some(line.trim_end().to_owned());
            }
        }
    }
}

/// A report that mail to this address failed (RFC 3464).
pub fn bounce(address: &str, status: &str, words: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example.net\nTo: sender@example.org\nSubject: Undelivered Mail Returned to Sender\n\
         MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n\
         --b\nContent-Type: text/plain\n\nI could not deliver your message.\n\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n\
         Final-Recipient: rfc822; {address}\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp; 550 {status} {words}\n\n--b--\n"
    )
}

/// A complaint without a word about who complains (RFC 5965), with what it is about.
pub fn complaint(returned: &str) -> String {
    format!(
        "From: feedback@mail.example.com\nSubject: FW: newsletter\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=\"f\"\n\n\
         --f\nContent-Type: text/plain\n\nThis is a complaint.\n\
         --f\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: Loop/1.0\nVersion: 1\n\
         Original-Rcpt-To: redacted\n\
         --f\nContent-Type: message/rfc822\n\n{returned}\n\n--f--\n"
    )
}

/// An automatic reply (RFC 3834).
pub fn away(from: &str) -> String {
    format!(
        "From: {from}\nTo: sender@example.org\nSubject: Out of office: newsletter\nAuto-Submitted: auto-replied\n\n\
         I am away. My mailbox does not exist until Monday; user unknown.\n"
    )
}
