//! What a mail server answers, and the one place that decides what an answer means.

use std::fmt;

use crate::domain::bounce::BounceClass;

/// Longest text of a reply that is kept, in characters.
pub const MAX_TEXT_CHARS: usize = 512;

/// One complete reply, its lines joined (RFC 5321 section 4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The three digits, 200 to 599.
    pub code: u16,
    /// The enhanced status code (RFC 2034), as sent: its class may contradict the reply code.
    pub enhanced: Option<(u8, u16, u16)>,
    /// The words after the codes: at most 512 characters, none of them a control character.
    pub text: String,
}

/// The step of the dialogue that a reply belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    Connect,
    Ehlo,
    StartTls,
    Auth,
    Rset,
    Mail,
    Rcpt,
    Data,
    /// The final dot.
    End,
}

/// What a reply means for the message, the reader, the edition and the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The step is done; at [`Stage::End`] the server has taken the message over.
    Accepted,
    /// About the server: leave it alone for a while. The message goes back and no attempt counts against it.
    Server,
    /// About now: the message is tried again later.
    Later {
        /// The first retry comes after [`crate::domain::retry::GREYLISTING_PAUSE`] at the earliest.
        greylisted: bool,
        /// The server finds us too quick: fewer messages at once.
        slower: bool,
    },
    /// About this recipient: refused for good, everybody else is unharmed.
    Recipient(BounceClass),
    /// About us or the content: blames nobody, and stops the edition, because every other message would fare the same.
    Ours(BounceClass),
    /// About our access to this server: sending over it stops, with an alarm.
    Transport,
    /// No answer to what was asked: the dialogue has lost its step and the connection must be closed.
    Confused,
}

/// Bytes that are no SMTP reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server's answer is no SMTP reply")]
pub struct MalformedReply;

impl Reply {
    /// Reads all lines of one reply. Lenient where servers are careless: bytes that are not UTF-8, a code alone
    /// on its line, bare line feeds, codes that differ in their last digits (the last line counts).
    ///
    /// # Errors
    /// When a line has no code, the codes contradict each other, or a line is missing at the end.
    pub fn parse(raw: &[u8]) -> Result<Self, MalformedReply> {
        let mut lines =
            raw.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).peekable();
        let (mut code, mut complete, mut enhanced, mut text) = (0, false, None, Text::default());
        while let Some(line) = lines.next() {
            if line.is_empty() && lines.peek().is_none() {
                break;
            }
            let (line_code, last, words) = split_line(line).ok_or(MalformedReply)?;
            if complete || (code != 0 && line_code / 100 != code / 100) {
                return Err(MalformedReply);
            }
            let words = String::from_utf8_lossy(words);
            let (status, words) = split_status(&words);
            if code == 0 {
                enhanced = status;
            }
            (code, complete) = (line_code, last);
            text.push_line(words);
        }
        if complete { Ok(Self { code, enhanced, text: text.0 }) } else { Err(MalformedReply) }
    }

    /// A reply of our own, for what we refuse in a server's name before it has to.
    pub fn local(code: u16, enhanced: (u8, u16, u16), text: &str) -> Self {
        let mut clean = Text::default();
        clean.push_line(text);
        Self { code, enhanced: Some(enhanced), text: clean.0 }
    }

    /// 2, 3, 4 or 5: it rules where it contradicts the enhanced code (RFC 5321 section 4.2).
    pub const fn first_digit(&self) -> u16 {
        self.code / 100
    }

    /// What a refusal says went wrong: by the enhanced code, or else by the reply code, or else by the words.
    fn class(&self, stage: Stage) -> BounceClass {
        match self.class_by_status() {
            BounceClass::Unclear => match (self.code, stage) {
                (551, Stage::Rcpt) => BounceClass::Gone,
                (552, Stage::Rcpt) => BounceClass::MailboxFull,
                (552, _) => BounceClass::TooLarge,
                (500..=504, _) => BounceClass::Protocol,
                // “Sender address does not exist” says nothing about the reader, who would be struck off for it.
                _ if self.speaks_of_the_sender() => BounceClass::Policy,
                _ => BounceClass::from_text(&self.text),
            },
            // “552 5.1.1, the mailbox is full”: two witnesses against one.
            BounceClass::Gone if self.code == 552 && BounceClass::from_text(&self.text) == BounceClass::MailboxFull => {
                BounceClass::MailboxFull
            }
            class => class,
        }
    }

    fn class_by_status(&self) -> BounceClass {
        let class = if self.first_digit() == 5 { 5 } else { 4 };
        self.enhanced
            .map_or(BounceClass::Unclear, |(_, subject, detail)| BounceClass::from_status(class, subject, detail))
    }

    /// `5.5.0`, which says nothing, with words that speak of the mailbox: that is how Outlook.com refuses a reader.
    fn says_nobody_is_there(&self) -> bool {
        matches!(self.enhanced, Some((_, 5, 0)))
            && BounceClass::from_text(&self.text).is_about_recipient()
            && !self.speaks_of_the_sender()
    }

    fn speaks_of_the_sender(&self) -> bool {
        let text = self.text.to_lowercase();
        ["sender", "return path", "return-path", "mail from"].iter().any(|word| text.contains(word))
    }

    /// The server wants to see whether we come back (RFC 6647), which says nothing against us.
    fn is_greylisting(&self) -> bool {
        let text = self.text.to_lowercase();
        text.contains("greylist")
            || text.contains("graylist")
            || text.contains("grey list")
            || match self.enhanced {
                Some((_, 7, 1)) => matches!(self.code, 450 | 451),
                Some((_, 2, 0)) => text.contains("try again"),
                _ => false,
            }
    }

    fn asks_for_less(&self) -> bool {
        matches!((self.code, self.enhanced), (452, None) | (_, Some((_, 5, 3) | (_, 7, _))))
    }

    /// The server wants us to log in, or no longer takes our way of doing so.
    fn wants_login(&self) -> bool {
        matches!(self.code, 530 | 534 | 535 | 538) || matches!(self.enhanced, Some((5, 7, 8 | 30)))
    }
}

/// `250 2.0.0 Ok: queued as 4F3A`
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some((class, subject, detail)) = self.enhanced {
            write!(f, " {class}.{subject}.{detail}")?;
        }
        if self.text.is_empty() { Ok(()) } else { write!(f, " {}", self.text) }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Ehlo => "EHLO",
            Self::StartTls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::Rset => "RSET",
            Self::Mail => "MAIL FROM",
            Self::Rcpt => "RCPT TO",
            Self::Data => "DATA",
            Self::End => "the end of the message",
        })
    }
}

/// What `reply` means at `stage`.
///
/// 421 is about the server wherever it comes; otherwise the first digit rules, and only a refusal at RCPT, but for
/// one whose status names the sender or the dialogue (5.1.7, 5.1.8, 5.5.x), or one at the end with an address or mailbox status (5.1.x, 5.2.x), is about the recipient: at MAIL the server has not
/// heard of them yet, whatever status it sends.
pub fn judge(stage: Stage, reply: &Reply) -> Verdict {
    if reply.code == 421 {
        return Verdict::Server;
    }
    match (reply.first_digit(), stage) {
        (2, Stage::Data) => Verdict::Confused,
        (2, _) | (3, Stage::Data) => Verdict::Accepted,
        (4, Stage::Mail | Stage::Rcpt | Stage::Data | Stage::End) => {
            let greylisted = reply.is_greylisting();
            Verdict::Later { greylisted, slower: !greylisted && reply.asks_for_less() }
        }
        // A host that refuses everybody at the door (554, 521) may be back within the hour.
        (4, _) | (5, Stage::Connect | Stage::Rset) => Verdict::Server,
        (5, Stage::Ehlo | Stage::StartTls | Stage::Auth) => Verdict::Transport,
        (5, _) if reply.wants_login() => Verdict::Transport,
        (5, Stage::Rcpt) => match reply.class_by_status() {
            // Servers that put off their judgement of the sender until here still say that it is about the sender.
            BounceClass::Protocol if !reply.says_nobody_is_there() => Verdict::Ours(BounceClass::Protocol),
            BounceClass::Protocol => Verdict::Recipient(BounceClass::from_text(&reply.text)),
            _ => Verdict::Recipient(reply.class(stage)),
        },
        (5, Stage::End) => judge_refused_content(reply),
        (5, Stage::Mail | Stage::Data) => Verdict::Ours(reply.class(stage)),
        _ => Verdict::Confused,
    }
}

/// At the end only a status of the address or the mailbox speaks of the recipient; words alone are not trusted that
/// far, because a server may as well be talking about the sender or the content.
fn judge_refused_content(reply: &Reply) -> Verdict {
    match (reply.enhanced, reply.class_by_status()) {
        (Some((_, 1 | 2, _)), class) if !matches!(class, BounceClass::Protocol | BounceClass::TooLarge) => {
            Verdict::Recipient(class)
        }
        (_, BounceClass::UnsupportedAddress) => Verdict::Recipient(BounceClass::UnsupportedAddress),
        _ => Verdict::Ours(reply.class(Stage::End)),
    }
}

/// The code of a line, whether it is the last one, and its words.
fn split_line(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let (digits, rest) = line.split_at_checked(3)?;
    if !digits.iter().all(u8::is_ascii_digit) || !(b'2'..=b'5').contains(&digits[0]) {
        return None;
    }
    let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    match rest.split_first() {
        None => Some((code, true, rest)),
        Some((b' ' | b'\t', words)) => Some((code, true, words)),
        Some((b'-', words)) => Some((code, false, words)),
        Some(_) => None,
    }
}

/// Takes the enhanced status code off the front.
fn split_status(words: &str) -> (Option<(u8, u16, u16)>, &str) {
    let words = words.trim_start();
    let (first, rest) = words.split_once(' ').unwrap_or((words, ""));
    let mut numbers = first.split('.').map(|number| {
        let plain = (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| number.parse::<u16>().ok()).flatten()
    });
    match (numbers.next().flatten(), numbers.next().flatten(), numbers.next().flatten(), numbers.next()) {
        (Some(class @ (2 | 4 | 5)), Some(subject), Some(detail), None) => {
            let class = u8::try_from(class).expect("2, 4 or 5");
            (Some((class, subject, detail)), rest)
        }
        _ => (None, words),
    }
}

/// Words of a stranger, made fit for a log line, a report and a page.
#[derive(Default)]
struct Text(String);

impl Text {
    fn push_line(&mut self, words: &str) {
        let room = MAX_TEXT_CHARS.saturating_sub(self.0.chars().count());
        let words = words.trim();
        if words.is_empty() || room < 2 {
            return;
        }
        let gap = if self.0.is_empty() { "" } else { " " };
        self.0.push_str(gap);
        self.0.extend(words.chars().filter(|c| is_harmless(*c)).take(room - gap.len()));
    }
}

/// Neither control characters nor the invisible ones that break lines or turn the direction of writing.
fn is_harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> Reply {
        Reply::parse(text.as_bytes()).unwrap()
    }

    fn judged(stage: Stage, text: &str) -> Verdict {
        judge(stage, &reply(text))
    }

    const LATER: Verdict = Verdict::Later { greylisted: false, slower: false };
    const SLOWER: Verdict = Verdict::Later { greylisted: false, slower: true };
    const GREYLISTED: Verdict = Verdict::Later { greylisted: true, slower: false };
    const ALL: [Stage; 9] = [
        Stage::Connect,
        Stage::Ehlo,
        Stage::StartTls,
        Stage::Auth,
        Stage::Rset,
        Stage::Mail,
        Stage::Rcpt,
        Stage::Data,
        Stage::End,
    ];

    #[test]
    fn lines_are_joined_and_the_status_is_said_once() {
        let joined = reply("550-5.1.1 The account does\r\n550-5.1.1 not exist.\r\n550 5.1.1 Sorry\r\n");
        assert_eq!(joined.enhanced, Some((5, 1, 1)));
        assert_eq!(joined.to_string(), "550 5.1.1 The account does not exist. Sorry");
        assert_eq!(reply("250\r\n").to_string(), "250");
        assert_eq!(reply("250 \r\n").text, "");
        assert_eq!(reply("250 1.2.3.4 is fine").enhanced, None);
        assert_eq!(reply("471 odd but real\n").code, 471);
    }

    #[test]
    fn a_strangers_words_are_cut_and_cleaned() {
        let long = Reply::parse(format!("550 {}\r\n", "é".repeat(3000)).as_bytes()).unwrap();
        assert_eq!(long.text.chars().count(), MAX_TEXT_CHARS);
        assert_eq!(reply("550 a\u{7}b\u{1b}[31mc\u{2028}d\u{202e}e").text, "ab[31mcde");
        assert_eq!(Reply::parse(b"550 caf\xe9").unwrap().text, "caf\u{fffd}");
    }

    #[test]
    fn what_is_no_reply_is_called_so() {
        for raw in ["", "\r\n", "hello", "25", "2500 ok", "250_ok", "150 ok", "650 ok", "250-more to come\r\n"] {
            assert_eq!(Reply::parse(raw.as_bytes()), Err(MalformedReply), "{raw:?}");
        }
        assert_eq!(Reply::parse(b"250-yes\r\n550 no\r\n"), Err(MalformedReply));
        assert_eq!(Reply::parse(b"250 yes\r\n250 again\r\n"), Err(MalformedReply));
    }

    #[test]
    fn a_421_is_about_the_server_wherever_it_comes() {
        for stage in ALL {
            assert_eq!(judged(stage, "421 4.7.0 too many connections"), Verdict::Server, "{stage}");
        }
    }

    #[test]
    fn the_door_and_the_greetings_are_about_the_server_or_our_access_never_about_a_reader() {
        assert_eq!(judged(Stage::Connect, "554 no SMTP service here"), Verdict::Server);
        assert_eq!(judged(Stage::Connect, "521 5.3.2 no"), Verdict::Server);
        assert_eq!(judged(Stage::Ehlo, "550 5.7.1 who are you"), Verdict::Transport);
        assert_eq!(judged(Stage::StartTls, "454 4.7.0 TLS not available"), Verdict::Server);
        assert_eq!(judged(Stage::StartTls, "502 unknown"), Verdict::Transport);
        assert_eq!(judged(Stage::Auth, "535 5.7.8 wrong"), Verdict::Transport);
        assert_eq!(judged(Stage::Auth, "454 4.7.0 later"), Verdict::Server);
        for stage in [Stage::Mail, Stage::Rcpt, Stage::Data, Stage::End] {
            assert_eq!(judged(stage, "530 5.7.0 Must issue a STARTTLS command first"), Verdict::Transport);
            assert_eq!(judged(stage, "550 5.7.30 Basic authentication is not supported"), Verdict::Transport);
        }
    }

    #[test]
    fn a_4xx_is_about_now() {
        for stage in [Stage::Mail, Stage::Rcpt, Stage::Data, Stage::End] {
            assert_eq!(judged(stage, "451 4.3.0 local error"), LATER);
            assert_eq!(judged(stage, "450 4.2.2 full"), LATER);
            assert_eq!(judged(stage, "471 odd"), LATER);
        }
        assert_eq!(judged(Stage::Rcpt, "450 4.7.1 come back later"), GREYLISTED);
        assert_eq!(judged(Stage::Rcpt, "451 Greylisted, see our page"), GREYLISTED);
        assert_eq!(judged(Stage::Rcpt, "450 4.2.0 please try again in a while"), GREYLISTED);
        assert_eq!(judged(Stage::Rcpt, "452 4.5.3 too many recipients"), SLOWER);
        assert_eq!(judged(Stage::Rcpt, "452 too many"), SLOWER);
        assert_eq!(judged(Stage::End, "450 4.7.28 rate"), SLOWER);
    }

    #[test]
    fn a_5xx_at_rcpt_is_about_the_recipient_and_says_of_which_kind() {
        for (text, class) in [
            ("550 5.1.1 unknown", BounceClass::Gone),
            ("551 try elsewhere", BounceClass::Gone),
            ("552 5.2.2 full", BounceClass::MailboxFull),
            ("552 too much", BounceClass::MailboxFull),
            ("550 5.7.1 not from you", BounceClass::Policy),
            ("550 no such user", BounceClass::Gone),
            ("550 sender address does not exist", BounceClass::Policy),
            ("550 4.2.2 contradiction: the first digit rules", BounceClass::MailboxFull),
            ("550 5.0.0 user unknown", BounceClass::Gone),
            ("553 5.6.7 no UTF-8", BounceClass::UnsupportedAddress),
            ("501 what", BounceClass::Protocol),
            ("550 no", BounceClass::Unclear),
        ] {
            assert_eq!(judged(Stage::Rcpt, text), Verdict::Recipient(class), "{text}");
        }
        let hotmail = "550 5.5.0 Requested action not taken: mailbox unavailable";
        assert!(matches!(judged(Stage::Rcpt, hotmail), Verdict::Recipient(class) if class.is_about_recipient()));
        for text in ["553 5.1.8 sender domain not found", "550 5.1.7 bad sender", "503 5.5.1 bad sequence"] {
            assert_eq!(judged(Stage::Rcpt, text), Verdict::Ours(BounceClass::Protocol), "{text}");
        }
    }

    #[test]
    fn a_5xx_elsewhere_blames_nobody_unless_its_status_names_address_or_mailbox() {
        assert_eq!(judged(Stage::Mail, "550 5.7.1 sender refused"), Verdict::Ours(BounceClass::Policy));
        assert_eq!(judged(Stage::Mail, "550 5.1.0 sender rejected"), Verdict::Ours(BounceClass::Policy));
        assert_eq!(judged(Stage::Mail, "552 5.3.4 too big"), Verdict::Ours(BounceClass::TooLarge));
        assert_eq!(judged(Stage::Data, "554 5.5.1 no"), Verdict::Ours(BounceClass::Protocol));
        assert_eq!(judged(Stage::End, "554 5.7.1 spam"), Verdict::Ours(BounceClass::Policy));
        assert_eq!(judged(Stage::End, "554 this looks like spam"), Verdict::Ours(BounceClass::Content));
        assert_eq!(judged(Stage::End, "552 too much"), Verdict::Ours(BounceClass::TooLarge));
        assert_eq!(judged(Stage::End, "552 5.2.3 too long"), Verdict::Ours(BounceClass::TooLarge));
        assert_eq!(judged(Stage::End, "550 5.1.8 bad sender"), Verdict::Ours(BounceClass::Protocol));
        assert_eq!(judged(Stage::End, "550 5.1.1 gone"), Verdict::Recipient(BounceClass::Gone));
        assert_eq!(judged(Stage::End, "552 5.2.2 full"), Verdict::Recipient(BounceClass::MailboxFull));
        let words_alone = judged(Stage::End, "550 user unknown");
        assert!(matches!(words_alone, Verdict::Ours(_)), "{words_alone:?}");
    }

    #[test]
    fn an_answer_to_another_question_is_not_taken_for_an_answer() {
        assert_eq!(judged(Stage::Data, "250 ok"), Verdict::Confused);
        assert_eq!(judged(Stage::Data, "354 go"), Verdict::Accepted);
        for stage in [Stage::Mail, Stage::Rcpt, Stage::End, Stage::Rset, Stage::Connect] {
            assert_eq!(judged(stage, "354 go"), Verdict::Confused, "{stage}");
            assert_eq!(judged(stage, "250 ok"), Verdict::Accepted, "{stage}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_get_an_answer_and_what_is_read_reads_the_same_again(raw: Vec<u8>, code in 200_u16..600, text in "\\PC{0,600}") {
            let _ = Reply::parse(&raw);
            let reply = Reply::parse(format!("{code} {text}\r\n").as_bytes()).unwrap();
            assert!(reply.text.chars().count() <= MAX_TEXT_CHARS && !reply.text.contains(char::is_control));
            assert_eq!(Reply::parse(reply.to_string().as_bytes()).unwrap().code, code);
        }

        #[test]
        fn no_reply_but_a_2xx_at_the_end_says_that_a_message_was_taken(code in 200_u16..600) {
            let verdict = judge(Stage::End, &Reply { code, enhanced: None, text: String::new() });
            assert_eq!(verdict == Verdict::Accepted, (200..300).contains(&code));
        }
    }
}
