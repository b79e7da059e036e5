//! From whom and to whom one message goes, and the commands that say so.

use std::io::Write as _;

use lettre::Address;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter, RcptParameter};

use super::capabilities::Capabilities;
use super::fault::Refusal;
use crate::domain::address::EmailAddress;
use crate::domain::reply::{Reply, Stage, judge};

/// One message to one recipient.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// Where bounces go; none is the null sender `<>`.
    pub return_path: Option<&'a EmailAddress>,
    pub recipient: &'a EmailAddress,
    /// Octets of the message, before dot-stuffing.
    pub size: usize,
    /// The message holds bytes above 127.
    pub eight_bit: bool,
    /// The delivery's name in bounces, where the server can carry it (RFC 3461 section 4.4): visible ASCII.
    pub id: Option<&'a str>,
}

/// The commands of one envelope as bytes, and where each of them ends.
#[derive(Debug, Default)]
pub(super) struct Commands {
    pub(super) bytes: Vec<u8>,
    pub(super) ends: Vec<(Stage, usize)>,
}

impl Commands {
    /// RSET where the last transaction was left open, then MAIL, RCPT and DATA.
    ///
    /// # Errors
    /// What the server has already said it will refuse: there is no need to try.
    pub(super) fn new(envelope: &Envelope<'_>, can: &Capabilities, reset: bool) -> Result<Self, Box<Refusal>> {
        let mut commands = Self { bytes: Vec::with_capacity(320), ends: Vec::with_capacity(4) };
        if reset {
            commands.push(Stage::Rset, Rset);
        }
        commands.push(Stage::Mail, Mail::new(envelope.return_path.map(address), mail_parameters(envelope, can)?));
        commands.push(Stage::Rcpt, Rcpt::new(address(envelope.recipient), rcpt_parameters(envelope, can)));
        commands.push(Stage::Data, Data);
        Ok(commands)
    }

    fn push(&mut self, stage: Stage, command: impl std::fmt::Display) {
        write!(self.bytes, "{command}").expect("a vector takes every byte");
        self.ends.push((stage, self.bytes.len()));
    }
}

fn address(address: &EmailAddress) -> Address {
    // Not dangerous: an `EmailAddress` has been read by lettre before.
    Address::new_dangerous(address.local(), address.domain())
}

fn mail_parameters(envelope: &Envelope<'_>, can: &Capabilities) -> Result<Vec<MailParameter>, Box<Refusal>> {
    let mut parameters = Vec::new();
    if needs_utf8(envelope) {
        if !can.smtputf8 {
            return Err(no_utf8(envelope));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if can.size_limit.is_some_and(|limit| u64::try_from(envelope.size).is_ok_and(|size| size > limit)) {
        return Err(refusal(552, (5, 3, 4), "the message is larger than the server's announced limit"));
    }
    if can.size {
        parameters.push(MailParameter::Size(envelope.size));
    }
    // Such an address stands in the header as well (RFC 6531 section 3.6), and who offers the one offers the other.
    match (envelope.eight_bit || needs_utf8(envelope), can.eight_bit_mime || needs_utf8(envelope)) {
        (true, true) => parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime)),
        (true, false) => return Err(refusal(554, (5, 6, 3), "the server takes no 8-bit messages")),
        (false, _) => {}
    }
    if let (true, Some(id)) = (can.dsn, envelope.id) {
        parameters.push(other_mail("RET", "HDRS"));
        parameters.push(other_mail("ENVID", id));
    }
    Ok(parameters)
}

/// Bounces for failures only: nobody reads that a message is late, and success says nothing of a reader.
fn rcpt_parameters(envelope: &Envelope<'_>, can: &Capabilities) -> Vec<RcptParameter> {
    if !can.dsn {
        return Vec::new();
    }
    let other = |keyword: &str, value: String| RcptParameter::Other { keyword: keyword.to_owned(), value: Some(value) };
    let mut parameters = vec![other("NOTIFY", "FAILURE".to_owned())];
    // Beyond ASCII it has another form (RFC 6533 section 3), of which few servers know; without it nothing is lost.
    if envelope.recipient.is_ascii() {
        parameters.push(other("ORCPT", format!("rfc822;{}", envelope.recipient)));
    }
    parameters
}

/// Whether an address is one that only SMTPUTF8 can carry.
fn needs_utf8(envelope: &Envelope<'_>) -> bool {
    !(envelope.recipient.is_ascii() && envelope.return_path.is_none_or(EmailAddress::is_ascii))
}

/// Said in the server's name, about whose address it is: another server, or another day, will not do better.
fn no_utf8(envelope: &Envelope<'_>) -> Box<Refusal> {
    let stage = if envelope.recipient.is_ascii() { Stage::Mail } else { Stage::Rcpt };
    let reply = Reply::local(553, (5, 6, 7), "the server takes no addresses beyond ASCII (it offers no SMTPUTF8)");
    Box::new(Refusal { stage, verdict: judge(stage, &reply), reply })
}

fn other_mail(keyword: &str, value: &str) -> MailParameter {
    MailParameter::Other { keyword: keyword.to_owned(), value: Some(value.to_owned()) }
}

fn refusal(code: u16, enhanced: (u8, u16, u16), text: &str) -> Box<Refusal> {
    let reply = Reply::local(code, enhanced, text);
    Box::new(Refusal { stage: Stage::Mail, verdict: judge(Stage::Mail, &reply), reply })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::bounce::BounceClass;
    use crate::domain::reply::Verdict;

    fn commands(envelope: &Envelope<'_>, can: &Capabilities, reset: bool) -> Result<String, Verdict> {
        let commands = Commands::new(envelope, can, reset).map_err(|refusal| refusal.verdict)?;
        Ok(String::from_utf8(commands.bytes).unwrap())
    }

    #[test]
    fn a_parameter_is_sent_only_where_the_server_offers_its_extension() {
        let (from, to) = (EmailAddress::parse("b+t1@news.example").unwrap(), EmailAddress::parse("a+b@x.nl").unwrap());
        let envelope =
            Envelope { return_path: Some(&from), recipient: &to, size: 1000, eight_bit: false, id: Some("d=1+2") };
        let mut can = Capabilities::default();
        assert_eq!(
            commands(&envelope, &can, false).unwrap(),
            "MAIL FROM:<b+t1@news.example>\r\nRCPT TO:<a+b@x.nl>\r\nDATA\r\n"
        );
        (can.size, can.dsn) = (true, true);
        assert_eq!(
            commands(&envelope, &can, true).unwrap(),
            "RSET\r\nMAIL FROM:<b+t1@news.example> SIZE=1000 RET=HDRS ENVID=d+3D1+2B2\r\n\
             RCPT TO:<a+b@x.nl> NOTIFY=FAILURE ORCPT=rfc822;a+2Bb@x.nl\r\nDATA\r\n"
        );
        let null_sender = Envelope { return_path: None, eight_bit: true, id: None, ..envelope };
        can = Capabilities { eight_bit_mime: true, ..Capabilities::default() };
        assert!(commands(&null_sender, &can, false).unwrap().starts_with("MAIL FROM:<> BODY=8BITMIME\r\n"));
    }

    #[test]
    fn an_address_beyond_ascii_goes_where_it_is_offered_and_is_refused_by_ourselves_elsewhere() {
        let rene = EmailAddress::parse_international("rené@café.nl").unwrap();
        let envelope = Envelope { return_path: None, recipient: &rene, size: 10, eight_bit: false, id: None };
        let mut can = Capabilities { dsn: true, ..Capabilities::default() };
        assert_eq!(commands(&envelope, &can, false), Err(Verdict::Recipient(BounceClass::UnsupportedAddress)));
        (can.smtputf8, can.eight_bit_mime) = (true, true);
        assert_eq!(
            commands(&envelope, &can, false).unwrap(),
            "MAIL FROM:<> SMTPUTF8 BODY=8BITMIME\r\nRCPT TO:<rené@xn--caf-dma.nl> NOTIFY=FAILURE\r\nDATA\r\n"
        );
        let plain = EmailAddress::parse("ada@example.org").unwrap();
        let from_rene = Envelope { return_path: Some(&rene), recipient: &plain, ..envelope };
        can.smtputf8 = false;
        assert_eq!(commands(&from_rene, &can, false), Err(Verdict::Ours(BounceClass::UnsupportedAddress)));
        let to_cafe = EmailAddress::parse("jan@café.nl").unwrap();
        let text = commands(&Envelope { recipient: &to_cafe, ..envelope }, &can, false).unwrap();
        assert!(text.starts_with("MAIL FROM:<>\r\nRCPT TO:<jan@xn--caf-dma.nl>"), "a domain needs none of it: {text}");
    }

    #[test]
    fn what_the_server_cannot_take_is_refused_before_it_travels_and_blames_nobody() {
        let to = EmailAddress::parse("ada@example.org").unwrap();
        let envelope = Envelope { return_path: None, recipient: &to, size: 1001, eight_bit: false, id: None };
        let small = Capabilities { size: true, size_limit: Some(1000), ..Capabilities::default() };
        assert_eq!(commands(&envelope, &small, false), Err(Verdict::Ours(BounceClass::TooLarge)));
        assert!(commands(&Envelope { size: 1000, ..envelope }, &small, false).is_ok());
        let eight_bit = Envelope { eight_bit: true, ..envelope };
        assert_eq!(commands(&eight_bit, &Capabilities::default(), false), Err(Verdict::Ours(BounceClass::Content)));
    }
}
