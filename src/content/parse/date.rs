//! Dates as feeds write them: RFC 3339, RFC 5322, and what people make of both.

use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::domain::time::Timestamp;

/// The moment that `text` means; without a zone it is UTC. `None` for what cannot be a date, such as 31 February.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    const LONGEST: usize = 80;
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    iso_8601(text).or_else(|| in_words(text))
}

/// `2026-10-05T09:00:00.5+02:00`, with anything behind the year left out, or without the separators.
fn iso_8601(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once(|c: char| matches!(c, 'T' | 't') || c.is_whitespace()).unwrap_or((text, ""));
    let time = time.trim();
    let digits = |part: &str| part.chars().all(|c| c.is_ascii_digit()).then(|| part.parse::<i16>().ok()).flatten();
    let mut parts = date.split(['-', '/']);
    let (year, month, day) = match (parts.next()?, parts.next(), parts.next(), parts.next()) {
        (basic, None, None, None) if basic.len() == 8 && basic.is_ascii() => {
            (digits(&basic[..4])?, digits(&basic[4..6])?, digits(&basic[6..])?)
        }
        (year, month, day, None) if year.len() == 4 => {
            (digits(year)?, month.map_or(Some(1), digits)?, day.map_or(Some(1), digits)?)
        }
        _ => return None,
    };
    let (clock, zone) = if time.is_empty() { (Clock::default(), "") } else { Clock::parse(time)? };
    moment(year, month, day, clock, if zone.is_empty() { Some(0) } else { offset_seconds(zone) }?)
}

/// `Mon, 05 Oct 2026 09:00:00 +0200` and its relatives, by what each word can only be.
fn in_words(text: &str) -> Option<Timestamp> {
    let (mut day, mut month, mut year, mut offset) = (None, None, None, None);
    let mut clock = None;
    // "05-Oct-2026" is three words, "-0500" is one.
    let dashed = text.split_whitespace().map(|word| {
        if word.contains(|c: char| c.is_alphabetic()) && !word.contains(':') {
            word.replace('-', " ")
        } else {
            word.to_owned()
        }
    });
    let spaced = dashed.collect::<Vec<_>>().join(" ");
    for word in spaced.split([' ', ',', '(', ')']).filter(|word| !word.is_empty()) {
        if word.contains(':') && clock.is_none() {
            let (parsed, zone) = Clock::parse(word)?;
            clock = Some(parsed);
            offset = offset_seconds(zone).or(offset);
        } else if word.bytes().all(|b| b.is_ascii_digit()) {
            let number: i16 = word.parse().ok()?;
            match word.len() {
                1 | 2 if day.is_none() => day = Some(number),
                // RFC 5322 section 4.3: two digits below 50 are of this century.
                2 if year.is_none() => year = Some(if number < 50 { 2000 + number } else { 1900 + number }),
                4 if year.is_none() => year = Some(number),
                _ => return None,
            }
        } else if month.is_none() && month_number(word).is_some() {
            month = month_number(word);
        } else if let Some(hours) = clock.as_mut().and_then(|clock: &mut Clock| clock.half_day(word)) {
            clock = clock.map(|clock| Clock { hour: hours, ..clock });
        } else {
            offset = offset_seconds(word).or(offset);
        }
    }
    moment(year?, month?, day?, clock.unwrap_or_default(), offset.unwrap_or(0))
}

#[derive(Clone, Copy, Default)]
struct Clock {
    hour: i8,
    minute: i8,
    second: i8,
    nanosecond: i32,
}

impl Clock {
    /// Reads `09:00`, `09:00:00` or `09:00:00.25` and gives what comes behind it.
    fn parse(text: &str) -> Option<(Self, &str)> {
        let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.'))).unwrap_or(text.len());
        let (clock, zone) = text.split_at(end);
        let mut parts = clock.split(':');
        let (hour, minute, seconds) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
        let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
        let fraction: String = fraction.chars().chain("000000000".chars()).take(9).collect();
        // A leap second has no place of its own in Unix time.
        let second = second.parse::<i8>().ok()?.min(59);
        let clock =
            Self { hour: hour.parse().ok()?, minute: minute.parse().ok()?, second, nanosecond: fraction.parse().ok()? };
        parts.next().is_none().then_some((clock, zone.trim()))
    }

    /// The hour of the day when `word` is "AM" or "PM".
    fn half_day(&self, word: &str) -> Option<i8> {
        match word.to_ascii_lowercase().as_str() {
            "am" => Some(self.hour % 12),
            "pm" => Some(self.hour % 12 + 12),
            _ => None,
        }
    }
}

fn moment(year: i16, month: i16, day: i16, clock: Clock, offset_seconds: i32) -> Option<Timestamp> {
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    let local = DateTime::new(year, month, day, clock.hour, clock.minute, clock.second, clock.nanosecond).ok()?;
    Offset::from_seconds(offset_seconds).ok()?.to_timestamp(local).ok().map(Timestamp::from)
}

/// The number of a month by its name in English, Dutch or German, whole or shortened to three letters or more.
fn month_number(word: &str) -> Option<i16> {
    const NAMES: [&[&str]; 12] = [
        &["january", "januari", "januar"],
        &["february", "februari", "februar"],
        &["march", "maart", "mrt", "märz", "maerz"],
        &["april"],
        &["may", "mei", "mai"],
        &["june", "juni"],
        &["july", "juli"],
        &["august", "augustus"],
        &["september", "sept"],
        &["october", "oktober"],
        &["november"],
        &["december", "dezember"],
    ];
    let word = word.trim_end_matches('.').to_lowercase();
    let is_it = |names: &[&str]| word.chars().count() >= 3 && names.iter().any(|name| name.starts_with(&word));
    NAMES.iter().position(|names| is_it(names)).and_then(|index| i16::try_from(index + 1).ok())
}

/// Seconds east of Greenwich of `+0200`, `+02:00`, `+02`, `Z`, `GMT+2`, or a zone that RFC 5322 or Europe gives a name.
fn offset_seconds(zone: &str) -> Option<i32> {
    let zone = zone.trim().to_ascii_uppercase();
    let numeric = zone.strip_prefix("GMT").or(zone.strip_prefix("UTC")).unwrap_or(&zone);
    if let Some(rest) = numeric.strip_prefix(['+', '-']) {
        let sign = if numeric.starts_with('-') { -1 } else { 1 };
        let digits: String = rest.chars().filter(|c| *c != ':').collect();
        let number: i32 = digits.parse().ok()?;
        let (hours, minutes) = if digits.len() > 2 { (number / 100, number % 100) } else { (number, 0) };
        return Some(sign * (hours * 3600 + minutes * 60));
    }
    let hours = match zone.as_str() {
        "Z" | "UT" | "UTC" | "GMT" | "WET" => 0,
        "CET" | "MET" | "BST" | "WEST" => 1,
        "CEST" | "MEST" | "EET" => 2,
        "EEST" | "MSK" => 3,
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        _ => return None,
    };
    Some(hours * 3600)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utc(text: &str) -> String {
        parse(text).map_or_else(|| "none".to_owned(), |moment| moment.to_string())
    }

    #[test]
    fn standard_dates_are_read() {
        for (text, expected) in [
            ("Mon, 05 Oct 2026 09:00:00 +0200", "2026-10-05T07:00:00Z"),
            ("05 Oct 2026 09:00 GMT", "2026-10-05T09:00:00Z"),
            ("Thu, 01 Jan 2004 19:48:21 EST", "2004-01-02T00:48:21Z"),
            ("2026-10-05T09:00:00+02:00", "2026-10-05T07:00:00Z"),
            ("2003-12-13T18:30:02.25Z", "2003-12-13T18:30:02.25Z"),
            ("2026-10-05", "2026-10-05T00:00:00Z"),
            ("2003-12", "2003-12-01T00:00:00Z"),
            ("2003", "2003-01-01T00:00:00Z"),
        ] {
            assert_eq!(utc(text), expected, "{text}");
        }
    }

    #[test]
    fn dates_of_careless_writers_are_read() {
        for (text, expected) in [
            ("ma, 05 okt 2026 09:00:00 +0200", "2026-10-05T07:00:00Z"),
            ("maandag 2 maart 2026", "2026-03-02T00:00:00Z"),
            ("Thu Jan  1 19:48:21 2004", "2004-01-01T19:48:21Z"),
            ("October 5, 2026 9:05 PM", "2026-10-05T21:05:00Z"),
            ("05-Oct-2026 09:00:00", "2026-10-05T09:00:00Z"),
            ("Mon, 5 Oct 26 09:00:00 Z", "2026-10-05T09:00:00Z"),
            ("2026-10-05 09:00:00", "2026-10-05T09:00:00Z"),
            ("2026-10-05 09:00:00 +0200", "2026-10-05T07:00:00Z"),
            ("20261005T090000Z", "none"),
            ("Mon, 05 Oct 2026 09:00:00 GMT+2", "2026-10-05T07:00:00Z"),
            ("Mon, 05 Oct 2026 23:59:60 +0000", "2026-10-05T23:59:59Z"),
        ] {
            assert_eq!(utc(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in
            ["", "gisteren", "Mon, 31 Feb 2026 09:00:00 +0000", "2026-13-01", "5 5 5", "99999", "2026-10-05T25:00Z"]
        {
            assert_eq!(utc(text), "none", "{text}");
        }
    }

    #[test]
    fn a_space_of_several_bytes_is_a_space() {
        assert_eq!(parse("2026-10-05\u{2003}09:00"), parse("2026-10-05 09:00"));
        assert_eq!(parse("0\u{2000}Oct"), None);
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "([0-9]{1,4}|[-+:/,. TZ]|Oct|GMT|PM|\\PC){0,14}") {
            parse(&text);
        }
    }
}
