//! When an edition is assembled and when it goes out, on the clock that hangs on the newsletter's wall.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds};
use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};

use super::time::Timestamp;

/// The rule by which the moments of assembly follow each other: five fields of cron, read in the newsletter's
/// time zone, or the preset `WEEKDAY WEEK-OF-MONTH MONTHS TIME` that [`AssembleRule::parse`] describes.
///
/// The next moment is always computed from the last one on the wall clock, never by adding hours, so that nine
/// in the morning stays nine in the morning over both changes of the clock.
#[derive(Clone, Debug)]
pub struct AssembleRule {
    text: String,
    cron: Cron,
}

/// No clock was ever set back by more.
const MINUTES_OF_A_DAY: usize = 24 * 60;

/// A text that is no rule.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "“{0}” is no schedule; write five fields of cron such as “0 9 1 3,6,9,12 *” (09:00 on the first of March, June, \
     September and December) or “first tuesday of 3,6,9,12 at 09:00”"
)]
pub struct InvalidRule(String);

/// A name that is no time zone.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("“{0}” is no time zone; write a name like Europe/Amsterdam")]
pub struct UnknownZone(String);

/// The time zone of this IANA name.
///
/// # Errors
/// [`UnknownZone`].
pub fn zone(name: &str) -> Result<TimeZone, UnknownZone> {
    TimeZone::get(name).map_err(|_| UnknownZone(name.chars().take(60).collect()))
}

impl AssembleRule {
    /// Reads a rule: cron's five fields, or `first|second|third|fourth|last WEEKDAY of MONTHS at HH:MM` with the
    /// months by number or English name.
    ///
    /// # Errors
    /// [`InvalidRule`], with an example of each form.
    pub fn parse(text: &str) -> Result<Self, InvalidRule> {
        let invalid = || InvalidRule(text.chars().take(100).collect());
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let pattern = preset(&text).unwrap_or_else(|| text.clone());
        if pattern.split(' ').count() != 5 {
            return Err(invalid());
        }
        let cron = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .dom_and_dow(false)
            .build()
            .parse(&pattern)
            .map_err(|_| invalid())?;
        let rule = Self { text, cron };
        // A rule that never comes (31 February) is a mistake, not a schedule.
        if rule.next_after(Timestamp::from_seconds(0), &TimeZone::UTC).is_none() {
            return Err(invalid());
        }
        Ok(rule)
    }

    /// The rule as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first moment of assembly after `after`; `None` when there is none within what cron can see.
    pub fn next_after(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut wall = after.in_zone(zone).datetime();
        // In autumn an hour happens twice and means its first time: in its second the wall clock names moments that are past
        // already, one a minute at most.
        for _ in 0..MINUTES_OF_A_DAY {
            wall = self.next_on_wall(wall)?;
            let moment = Timestamp::from_local(wall, zone);
            if moment > after {
                return Some(moment);
            }
        }
        None
    }

    /// The next reading of the wall clock. Cron knows nothing of zones here: the readings are dressed up as UTC.
    fn next_on_wall(&self, after: civil::DateTime) -> Option<civil::DateTime> {
        let dressed = NaiveDate::from_ymd_opt(
            after.year().into(),
            after.month().unsigned_abs().into(),
            after.day().unsigned_abs().into(),
        )?
        .and_hms_opt(
            after.hour().unsigned_abs().into(),
            after.minute().unsigned_abs().into(),
            after.second().unsigned_abs().into(),
        )?
        .and_utc();
        let next: DateTime<Utc> = self.cron.find_next_occurrence(&dressed, false).ok()?;
        next.format("%Y-%m-%dT%H:%M:%S").to_string().parse().ok()
    }
}

impl FromStr for AssembleRule {
    type Err = InvalidRule;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// Cron's five fields for `first tuesday of march, june at 09:00`.
fn preset(text: &str) -> Option<String> {
    const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let text = text.to_lowercase().replace(" and ", ",").replace(", ", ",");
    let [which, weekday, of, months, at, time] = text.split(' ').collect::<Vec<_>>().try_into().ok()?;
    if of != "of" || at != "at" {
        return None;
    }
    let nth = match which {
        "first" => "#1",
        "second" => "#2",
        "third" => "#3",
        "fourth" => "#4",
        "last" => "L",
        _ => return None,
    };
    let weekday = WEEKDAYS.iter().position(|name| *name == weekday)?;
    let months: Option<Vec<String>> = months
        .split(',')
        .map(|month| match MONTHS.iter().position(|name| *name == month) {
            Some(place) => Some((place + 1).to_string()),
            None => month.parse::<u8>().ok().filter(|month| (1..=12).contains(month)).map(|month| month.to_string()),
        })
        .collect();
    let (hour, minute) = time.split_once(':')?;
    let hour = hour.parse::<u8>().ok().filter(|hour| *hour < 24)?;
    let minute = minute.parse::<u8>().ok().filter(|minute| *minute < 60)?;
    Some(format!("{minute} {hour} * {} {weekday}{nth}", months?.join(",")))
}

/// Twelve months before `moment` on the wall: as far back as a promise “so many times a year” looks.
pub fn a_year_before(moment: Timestamp, zone: &TimeZone) -> Timestamp {
    let wall = moment.in_zone(zone).datetime();
    wall.checked_sub(12.months()).map_or(moment, |wall| Timestamp::from_local(wall, zone))
}

/// When an edition assembled at `assembled` goes out: so many days later, at the same time on the wall.
pub fn sending_moment(assembled: Timestamp, review_days: i64, zone: &TimeZone) -> Timestamp {
    let wall = assembled.in_zone(zone).datetime();
    let days: Span = review_days.clamp(0, 365).days();
    wall.checked_add(days).map_or(assembled, |wall| Timestamp::from_local(wall, zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(rule: &str, zone_name: &str, from: &str, count: usize) -> Vec<String> {
        let rule = AssembleRule::parse(rule).unwrap();
        let zone = zone(zone_name).unwrap();
        let mut moment = Timestamp::parse(from).unwrap();
        (0..count)
            .map(|_| {
                moment = rule.next_after(moment, &zone).unwrap();
                moment.to_rfc3339_in(&zone)
            })
            .collect()
    }

    #[test]
    fn the_default_rule_comes_four_times_a_year_at_nine_on_the_wall() {
        assert_eq!(
            moments("0 9 1 3,6,9,12 *", "Europe/Amsterdam", "2026-11-23T00:00:00Z", 4),
            [
                "2026-12-01T09:00:00+01:00",
                "2027-03-01T09:00:00+01:00",
                "2027-06-01T09:00:00+02:00",
                "2027-09-01T09:00:00+02:00"
            ],
        );
    }

    #[test]
    fn skipped_and_repeated_hours_and_leap_days_come_once() {
        assert_eq!(
            moments("30 2 * 3,10 SUN", "Europe/Amsterdam", "2027-03-21T03:00:00Z", 1),
            ["2027-03-28T03:00:00+02:00"],
        );
        assert_eq!(
            moments("30 2 25 10 *", "Europe/Amsterdam", "2026-10-24T00:00:00Z", 2),
            ["2026-10-25T02:30:00+02:00", "2027-10-25T02:30:00+02:00"],
        );
        assert_eq!(
            moments("0 9 29 2 *", "Europe/Amsterdam", "2026-01-01T00:00:00Z", 2),
            ["2028-02-29T09:00:00+01:00", "2032-02-29T09:00:00+01:00"],
        );
    }

    #[test]
    fn in_the_second_of_two_equal_hours_the_next_moment_is_the_one_after_them() {
        for (rule, next) in [("*/10 * * * *", "03:00"), ("* * * * *", "03:00"), ("59 * * * *", "03:59")] {
            let expected = format!("2026-10-25T{next}:00+01:00");
            assert_eq!(moments(rule, "Europe/Amsterdam", "2026-10-25T01:15:00Z", 1), [expected]);
        }
        assert_eq!(
            moments("*/20 * * * *", "Europe/Amsterdam", "2026-03-28T00:55:00Z", 1),
            ["2026-03-28T02:00:00+01:00"]
        );
    }

    #[test]
    fn a_year_ends_on_the_same_day_and_time_of_the_wall() {
        let zone = zone("Europe/Amsterdam").unwrap();
        for (moment, before) in [
            ("2027-03-30T09:00:00+02:00", "2026-03-30T09:00:00+02:00"),
            ("2027-03-28T09:00:00+02:00", "2026-03-28T09:00:00+01:00"),
            ("2028-02-29T09:00:00+01:00", "2027-02-28T09:00:00+01:00"),
        ] {
            let moment = Timestamp::parse(moment).unwrap();
            assert_eq!(a_year_before(moment, &zone).to_rfc3339_in(&zone), before);
        }
    }

    #[test]
    fn a_quarter_can_be_named_in_words() {
        assert_eq!(
            moments(
                "first Tuesday of March, June, September and December at 09:30",
                "Europe/Amsterdam",
                "2026-11-23T00:00:00Z",
                2
            ),
            ["2026-12-01T09:30:00+01:00", "2027-03-02T09:30:00+01:00"],
        );
        assert_eq!(
            moments("last friday of 6 at 16:00", "UTC", "2026-11-23T00:00:00Z", 1),
            ["2027-06-25T16:00:00+00:00"]
        );
    }

    #[test]
    fn what_is_no_rule_is_refused_with_an_example() {
        for text in
            ["", "0 9 1 3,6,9,12", "61 9 1 * *", "0 0 31 2 *", "* * * * * *", "first noday of 3 at 09:00", "@hourly"]
        {
            assert!(AssembleRule::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_week_of_review_ends_at_the_same_time_on_the_wall() {
        let zone = zone("Europe/Amsterdam").unwrap();
        let assembled = Timestamp::parse("2027-03-25T09:00:00+01:00").unwrap();
        assert_eq!(sending_moment(assembled, 7, &zone).to_rfc3339_in(&zone), "2027-04-01T09:00:00+02:00");
    }
}
