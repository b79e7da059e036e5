//! Until when an X.509 certificate is valid: the one field of it that we read ourselves.

use super::time::Timestamp;

/// The end of a certificate's validity (RFC 5280 section 4.1.2.5); `None` where its DER is not as it should be.
pub fn valid_until(der: &[u8]) -> Option<Timestamp> {
    let (certificate, _) = element(der, 0x30)?;
    let (mut fields, _) = element(certificate, 0x30)?;
    // A version of its own is explicit; the first one is left out.
    if let Some((_, rest)) = element(fields, 0xa0) {
        fields = rest;
    }
    let (_serial, rest) = element(fields, 0x02)?;
    let (_algorithm, rest) = element(rest, 0x30)?;
    let (_issuer, rest) = element(rest, 0x30)?;
    let (validity, _) = element(rest, 0x30)?;
    let (_, rest) = moment(validity)?;
    moment(rest).map(|(until, _)| until)
}

/// The content of the element at the beginning, if it has this tag, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (&length, rest) = rest.split_first()?;
    if *first != tag {
        return None;
    }
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// UTCTime `YYMMDDHHMMSSZ` or GeneralizedTime `YYYYMMDDHHMMSSZ`.
fn moment(bytes: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (text, rest, century) = match (element(bytes, 0x17), element(bytes, 0x18)) {
        (Some((text, rest)), _) => (text, rest, if *text.first()? >= b'5' { "19" } else { "20" }),
        (_, Some((text, rest))) => (text, rest, ""),
        (None, None) => return None,
    };
    let text = format!("{century}{}", std::str::from_utf8(text).ok()?);
    let part = |from: usize, to: usize| text.get(from..to);
    let written = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(8, 10)?,
        part(10, 12)?,
        part(12, 14)?
    );
    Some((Timestamp::parse(&written).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_found_in_both_ways_of_writing_it() {
        for (year, text) in [(2031, "2031-05-06T00:00:00Z"), (2051, "2051-05-06T00:00:00Z")] {
            let mut parameters = rcgen::CertificateParams::new(vec!["mail.example.org".to_owned()]).unwrap();
            parameters.not_after = rcgen::date_time_ymd(year, 5, 6);
            let key = rcgen::KeyPair::generate().unwrap();
            let certificate = parameters.self_signed(&key).unwrap();
            assert_eq!(valid_until(certificate.der()).unwrap().to_string(), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_get_an_answer(bytes: Vec<u8>) {
            let _ = valid_until(&bytes);
        }
    }
}
