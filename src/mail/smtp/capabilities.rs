//! What a server offers in its answer to EHLO.

use lettre::transport::smtp::authentication::Mechanism;

/// The extensions that we use (RFC 5321 section 4.1.1.1); keywords count in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// RFC 2920
    pub pipelining: bool,
    /// RFC 3207
    pub starttls: bool,
    /// RFC 6152
    pub eight_bit_mime: bool,
    /// RFC 6531
    pub smtputf8: bool,
    /// RFC 2034
    pub enhanced_status_codes: bool,
    /// RFC 3461
    pub dsn: bool,
    /// RFC 1870: `SIZE` was offered.
    pub size: bool,
    /// RFC 1870: the largest message, in octets, where the server names one.
    pub size_limit: Option<u64>,
    /// RFC 4954: the ways to log in that we know.
    pub auth: Vec<Mechanism>,
    /// RFC 9422: messages that one connection may carry.
    pub mail_max: Option<u32>,
}

impl Capabilities {
    /// Reads the whole answer to EHLO, the greeting in its first line included.
    pub(super) fn parse(raw: &[u8]) -> Self {
        let mut can = Self::default();
        for line in raw.split(|byte| *byte == b'\n').skip(1) {
            let words = String::from_utf8_lossy(line.get(4..).unwrap_or_default()).to_ascii_uppercase();
            // Servers of the last century write AUTH=LOGIN.
            let mut words = words.split(|c: char| c.is_ascii_whitespace() || c == '=').filter(|word| !word.is_empty());
            match words.next() {
                Some("PIPELINING") => can.pipelining = true,
                Some("STARTTLS") => can.starttls = true,
                Some("8BITMIME") => can.eight_bit_mime = true,
                Some("SMTPUTF8") => can.smtputf8 = true,
                Some("ENHANCEDSTATUSCODES") => can.enhanced_status_codes = true,
                Some("DSN") => can.dsn = true,
                Some("SIZE") => {
                    can.size = true;
                    can.size_limit = words.next().and_then(|limit| limit.parse().ok()).filter(|limit| *limit > 0);
                }
                Some("AUTH") => can.auth.extend(words.filter_map(mechanism)),
                Some("LIMITS") => {
                    let limits: Vec<&str> = words.collect();
                    let mail_max = limits.windows(2).find(|pair| pair[0] == "MAILMAX");
                    can.mail_max = mail_max.and_then(|pair| pair[1].parse().ok()).filter(|limit| *limit > 0);
                }
                _ => {}
            }
        }
        can
    }
}

fn mechanism(word: &str) -> Option<Mechanism> {
    match word {
        "PLAIN" => Some(Mechanism::Plain),
        "LOGIN" => Some(Mechanism::Login),
        "XOAUTH2" => Some(Mechanism::Xoauth2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_count_in_any_case_and_with_any_line_end() {
        let all = "250-mx.example.org PIPELINING is only a greeting\r\n250-pipelining\r\n250-Size 1000\n250-8bitmime\r\n\
                   250-smtputf8\r\n250-EnhancedStatusCodes\r\n250-dsn\r\n250-AUTH=LOGIN\r\n250-auth plain xoauth2 CRAM-MD5\r\n\
                   250-limits RCPTMAX=10 mailmax=20\r\n250 starttls\r\n";
        let can = Capabilities::parse(all.as_bytes());
        assert!(can.pipelining && can.starttls && can.eight_bit_mime && can.smtputf8);
        assert!(can.enhanced_status_codes && can.dsn && can.size);
        assert_eq!((can.size_limit, can.mail_max), (Some(1000), Some(20)));
        assert_eq!(can.auth, [Mechanism::Login, Mechanism::Plain, Mechanism::Xoauth2]);
    }

    #[test]
    fn nothing_is_taken_for_offered_that_is_not() {
        let greeting = Capabilities::parse(b"250 PIPELINING\r\n");
        assert_eq!(greeting, Capabilities::default());
        let no_limit = Capabilities::parse(b"250-x\r\n250-SIZE 0\r\n250-XPIPELINING\r\n250 LIMITS MAILMAX=0\r\n");
        assert_eq!((no_limit.size, no_limit.size_limit, no_limit.mail_max), (true, None, None));
        assert!(!no_limit.pipelining);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_get_an_answer(raw: Vec<u8>) {
            let _ = Capabilities::parse(&raw);
        }
    }
}
