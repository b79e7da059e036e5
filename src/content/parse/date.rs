//! Dates as feeds write them: RFC 3339, RFC 5322, ISO 8601 with weeks and days of the year, and what people make of all three.

use jiff::civil::{Date, DateTime, ISOWeekDate, Weekday};
use jiff::tz::{Offset, TimeZone};

use crate::domain::time::Timestamp;

/// The moment that `text` means; without a zone it is UTC. `None` for what cannot be a date, such as 31 February.
///
/// `05/10/2026` is 5 October, as Europe writes it, unless only the American reading is a date.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    const LONGEST: usize = 80;
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    since_1970(text).or_else(|| iso_8601(text)).or_else(|| in_words(text))
}

/// `1791183600` or, as programs in JavaScript have it, `1791183600000`.
fn since_1970(text: &str) -> Option<Timestamp> {
    let number: i64 = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()?;
    match text.len() {
        10 => Some(Timestamp::from_seconds(number)),
        13 => Some(Timestamp::from_micros(number * 1000)),
        _ => None,
    }
}

/// `2026-10-05T09:00:00.5+02:00`, with anything behind the year left out, or without the separators; `2026-W41-1`;
/// `2026-278`.
fn iso_8601(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once(|c: char| matches!(c, 'T' | 't') || c.is_whitespace()).unwrap_or((text, ""));
    let (date, time) = (iso_date(date)?, time.trim());
    let (clock, zone) = if time.is_empty() { (Clock::default(), "") } else { Clock::parse_iso(time)? };
    moment(date, clock, &if zone.is_empty() { Zone::default() } else { Zone::parse(zone)? })
}

fn iso_date(text: &str) -> Option<Date> {
    if !text.is_ascii() {
        return None;
    }
    let parts: Vec<&str> = text.split(['-', '/']).collect();
    let (year, rest) = match parts[..] {
        [basic] if basic.len() > 4 => basic.split_at(4),
        _ => (parts[0], ""),
    };
    let year = if year.len() == 4 { number(year)? } else { return None };
    match (rest, &parts[1..]) {
        ("", []) => Date::new(year, 1, 1).ok(),
        ("", [week]) if is_week(week) => week_date(year, &week[1..], "1"),
        ("", [week, day]) if is_week(week) => week_date(year, &week[1..], day),
        ("", [day]) if day.len() == 3 => day_of_year(year, day),
        ("", [month]) => Date::new(year, number(month)?, 1).ok(),
        ("", [month, day]) => Date::new(year, number(month)?, number(day)?).ok(),
        (week, []) if is_week(week) && matches!(week.len(), 3 | 4) => {
            week_date(year, &week[1..3], if week.len() == 4 { &week[3..] } else { "1" })
        }
        (day, []) if day.len() == 3 => day_of_year(year, day),
        (both, []) if both.len() == 4 => Date::new(year, number(&both[..2])?, number(&both[2..])?).ok(),
        _ => None,
    }
}

fn is_week(text: &str) -> bool {
    text.starts_with(['W', 'w']) && text.len() > 2
}

fn week_date(year: i16, week: &str, day: &str) -> Option<Date> {
    let weekday = Weekday::from_monday_one_offset(number(day)?).ok()?;
    ISOWeekDate::new(year, number(week)?, weekday).ok().map(ISOWeekDate::date)
}

fn day_of_year(year: i16, day: &str) -> Option<Date> {
    Date::new(year, 1, 1).ok()?.with().day_of_year(number(day)?).build().ok()
}

/// A number that is written in digits alone.
fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// What has been found of a date in words.
#[derive(Default)]
struct Found {
    date: Option<Date>,
    day: Option<i8>,
    month: Option<i8>,
    year: Option<i16>,
    clock: Option<Clock>,
    zone: Option<Zone>,
}

/// `Mon, 05 Oct 2026 09:00:00 +0200` and its relatives, by what each word can only be.
fn in_words(text: &str) -> Option<Timestamp> {
    // "05-Oct-2026" is three words, "-0500" is one.
    let dashed = text.split_whitespace().map(|word| {
        if word.contains(|c: char| c.is_alphabetic()) && !word.contains([':', '/']) {
            word.replace('-', " ")
        } else {
            word.to_owned()
        }
    });
    let spaced = dashed.collect::<Vec<_>>().join(" ");
    let mut found = Found::default();
    for word in spaced.split([' ', ',', '(', ')']).filter(|word| !word.is_empty()) {
        found.take(word)?;
    }
    let date = match found.date {
        Some(date) => date,
        None => Date::new(found.year?, found.month?, found.day?).ok()?,
    };
    moment(date, found.clock.unwrap_or_default(), &found.zone.unwrap_or_default())
}

impl Found {
    /// Takes a word for what it can only be; nothing when it can be nothing of a date.
    fn take(&mut self, word: &str) -> Option<()> {
        if self.clock.is_none() && (word.contains(':') || is_dotted_clock(word)) {
            let written = if word.contains(':') { word.to_owned() } else { word.replace('.', ":") };
            let (clock, behind) = Clock::parse(&written)?;
            self.clock = Some(clock);
            self.behind_the_clock(behind);
        } else if word.bytes().all(|b| b.is_ascii_digit()) {
            match word.len() {
                1 | 2 if self.day.is_none() => self.day = Some(number(word)?),
                // RFC 5322 section 4.3: two digits below 50 are of this century.
                2 if self.year.is_none() => {
                    let year: i16 = number(word)?;
                    self.year = Some(if year < 50 { 2000 + year } else { 1900 + year });
                }
                4 if self.year.is_none() => self.year = Some(number(word)?),
                _ => return None,
            }
        } else if let Some(date) = numeric_date(word).filter(|_| self.date.is_none()) {
            self.date = Some(date);
        } else if let Some(day) = ordinal(word).filter(|_| self.day.is_none()) {
            self.day = Some(day);
        } else if let Some(month) = month_number(word) {
            // The last one: "mar." before a day is a Tuesday in French and Spanish.
            self.month = Some(month);
        } else {
            self.behind_the_clock(word);
        }
        Some(())
    }

    fn behind_the_clock(&mut self, word: &str) {
        if let Some(hour) = self.clock.and_then(|clock| clock.half_day(word)) {
            self.clock = self.clock.map(|clock| Clock { hour, ..clock });
        } else {
            self.zone = Zone::parse(word).or(self.zone.take());
        }
    }
}

/// `09.00`, as a clock is written in Dutch.
fn is_dotted_clock(word: &str) -> bool {
    let digits = |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    word.split_once('.').is_some_and(|(hour, minute)| digits(hour, 2) && minute.len() == 2 && digits(minute, 2))
}

/// `05-10-2026`, `5.10.2026`, `10/25/2026` or `2026/10/05`.
fn numeric_date(word: &str) -> Option<Date> {
    let separator = word.chars().find(|c| matches!(c, '-' | '.' | '/'))?;
    let mut parts = word.split(separator);
    let (one, two, three) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    if one.len() == 4 {
        return Date::new(number(one)?, number(two)?, number(three)?).ok();
    }
    let year = if three.len() == 4 { number(three)? } else { return None };
    let date = |day: &str, month: &str| Date::new(year, number(month)?, number(day)?).ok();
    date(one, two).or_else(|| date(two, one).filter(|_| separator == '/'))
}

/// `5th`, `1ste`, `5.`
fn ordinal(word: &str) -> Option<i8> {
    let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
    let ending = &word[digits.len()..];
    let is_ordinal = matches!(ending, "st" | "nd" | "rd" | "th" | "e" | "de" | "ste" | "er" | ".");
    number(digits).filter(|_| is_ordinal && !digits.is_empty())
}

#[derive(Clone, Copy, Default)]
struct Clock {
    hour: i8,
    minute: i8,
    second: i8,
    nanosecond: i32,
}

impl Clock {
    /// Reads `09:00`, `09:00:00`, `09:00:00.25` or `09:00:00,25` and gives what comes behind it.
    fn parse(text: &str) -> Option<(Self, &str)> {
        let (clock, zone) = Self::split(text);
        let mut parts = clock.split(':');
        let (hour, minute, seconds) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
        let (second, fraction) = seconds.split_once(['.', ',']).unwrap_or((seconds, ""));
        let clock = Self::of(hour, minute, second, fraction)?;
        parts.next().is_none().then_some((clock, zone.trim()))
    }

    /// The same, and `0900`, `090000` or `09`.
    fn parse_iso(text: &str) -> Option<(Self, &str)> {
        let (clock, zone) = Self::split(text);
        if clock.contains(':') {
            return Self::parse(text);
        }
        let (digits, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, ""));
        let clock = match digits.len() {
            2 => Self::of(digits, "0", "0", ""),
            4 => Self::of(&digits[..2], &digits[2..], "0", ""),
            6 => Self::of(&digits[..2], &digits[2..4], &digits[4..], fraction),
            _ => None,
        };
        Some((clock?, zone.trim()))
    }

    fn split(text: &str) -> (&str, &str) {
        let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.' | ','))).unwrap_or(text.len());
        text.split_at(end)
    }

    fn of(hour: &str, minute: &str, second: &str, fraction: &str) -> Option<Self> {
        let fraction: String = fraction.chars().chain("000000000".chars()).take(9).collect();
        // A leap second has no place of its own in Unix time.
        let second = number::<i8>(second)?.min(59);
        Some(Self { hour: number(hour)?, minute: number(minute)?, second, nanosecond: number(&fraction)? })
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

fn moment(date: Date, clock: Clock, zone: &Zone) -> Option<Timestamp> {
    // The first year of all is what programs write that know no date.
    if date.year() < 1000 {
        return None;
    }
    // ISO 8601: a day may end at 24:00, which is when the next begins.
    let is_midnight = (clock.hour, clock.minute, clock.second, clock.nanosecond) == (24, 0, 0, 0);
    let (date, hour) = if is_midnight { (date.tomorrow().ok()?, 0) } else { (date, clock.hour) };
    let local =
        DateTime::new(date.year(), date.month(), date.day(), hour, clock.minute, clock.second, clock.nanosecond);
    let local = local.ok()?;
    match zone {
        Zone::Offset(seconds) => Offset::from_seconds(*seconds).ok()?.to_timestamp(local).ok().map(Timestamp::from),
        Zone::Named(zone) => Some(Timestamp::from_local(local, zone)),
    }
}

/// Where a clock hangs.
enum Zone {
    /// So many seconds east of Greenwich.
    Offset(i32),
    Named(TimeZone),
}

impl Default for Zone {
    fn default() -> Self {
        Self::Offset(0)
    }
}

impl Zone {
    /// `+0200` and all that [`offset_seconds`] reads, `Europe/Amsterdam`, or both as `+02:00[Europe/Amsterdam]`.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some((offset, name)) = text.split_once('[') {
            return offset_seconds(offset).map(Self::Offset).or_else(|| Self::named(name.strip_suffix(']')?));
        }
        offset_seconds(text).map(Self::Offset).or_else(|| Self::named(text))
    }

    fn named(name: &str) -> Option<Self> {
        // Names of places, never paths.
        let is_name =
            name.contains('/') && name.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '_' | '-'));
        is_name.then(|| TimeZone::get(name).ok()).flatten().map(Self::Named)
    }
}

/// The number of a month by its name in English, Dutch, German or French, whole or shortened to three letters or more.
fn month_number(word: &str) -> Option<i8> {
    const NAMES: [&[&str]; 12] = [
        &["january", "januari", "januar", "janvier"],
        &["february", "februari", "februar", "février", "fevrier"],
        &["march", "maart", "mrt", "märz", "maerz", "mars"],
        &["april", "avril"],
        &["may", "mei", "mai"],
        &["june", "juni", "juin"],
        &["july", "juli", "juillet"],
        &["august", "augustus", "août", "aout"],
        &["september", "sept", "septembre"],
        &["october", "oktober", "octobre"],
        &["november", "novembre"],
        &["december", "dezember", "décembre", "decembre"],
    ];
    let word = word.trim_end_matches('.').to_lowercase();
    let is_it = |names: &[&str]| word.chars().count() >= 3 && names.iter().any(|name| name.starts_with(&word));
    NAMES.iter().position(|names| is_it(names)).and_then(|index| i8::try_from(index + 1).ok())
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
            ("20261005T090000Z", "2026-10-05T09:00:00Z"),
            ("20261005T0900+0200", "2026-10-05T07:00:00Z"),
            ("2026-10-05T07Z", "2026-10-05T07:00:00Z"),
            ("2026-10-05T07:00:00,25Z", "2026-10-05T07:00:00.25Z"),
            ("2026-10-04T24:00:00Z", "2026-10-05T00:00:00Z"),
            ("2026-W41-1T09:00:00+02:00", "2026-10-05T07:00:00Z"),
            ("2026-W41", "2026-10-05T00:00:00Z"),
            ("2026W411", "2026-10-05T00:00:00Z"),
            ("2026-278", "2026-10-05T00:00:00Z"),
            ("2026278", "2026-10-05T00:00:00Z"),
            ("1791183600", "2026-10-05T07:00:00Z"),
            ("1791183600500", "2026-10-05T07:00:00.5Z"),
            ("Monday, 05-Oct-26 07:00:00 GMT", "2026-10-05T07:00:00Z"),
            ("Mon Oct  5 09:00:00 CEST 2026", "2026-10-05T07:00:00Z"),
            ("25-10-2026 07:00:00", "2026-10-25T07:00:00Z"),
            ("05.10.2026 07:00", "2026-10-05T07:00:00Z"),
            ("05/10/2026 07:00", "2026-10-05T07:00:00Z"),
            ("10/25/2026 3:26:00 PM", "2026-10-25T15:26:00Z"),
            ("Fri, 2026/10/05 03:00:00 EDT", "2026-10-05T07:00:00Z"),
            ("October 5th, 2026 3:05PM", "2026-10-05T15:05:00Z"),
            ("5. Oktober 2026 09:00 +0200", "2026-10-05T07:00:00Z"),
            ("maandag 5 oktober 2026, 09.30 uur", "2026-10-05T09:30:00Z"),
            ("mar., 06 oct. 2026 09:00:00 +0200", "2026-10-06T07:00:00Z"),
            ("mer, 04 févr. 2026 09:00:00 +0100", "2026-02-04T08:00:00Z"),
            ("Mon, 05 Oct 2026 09:00:00 Europe/Amsterdam", "2026-10-05T07:00:00Z"),
            ("2026-10-05 09:00:00 Europe/Amsterdam", "2026-10-05T07:00:00Z"),
            ("2026-10-05T09:00:00[Europe/Amsterdam]", "2026-10-05T07:00:00Z"),
            ("2026-10-05T09:00:00+02:00[Europe/Amsterdam]", "2026-10-05T07:00:00Z"),
            ("Sun, 04 Oct 2026 24:00:00 GMT", "2026-10-05T00:00:00Z"),
            ("Mon, 05 Oct 2026 09:00:00 GMT+2", "2026-10-05T07:00:00Z"),
            ("Mon, 05 Oct 2026 23:59:60 +0000", "2026-10-05T23:59:59Z"),
        ] {
            assert_eq!(utc(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "gisteren",
            "Mon, 31 Feb 2026 09:00:00 +0000",
            "2026-13-01",
            "5 5 5",
            "99999",
            "2026-10-05T25:00Z",
            "2026-W54-1",
            "2026-367",
            "31-02-2026",
            "0001-01-01T00:00:00Z",
            "0000-00-00 00:00:00",
            "2026-10-05T09:00:00[../../etc/passwd]",
        ] {
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
