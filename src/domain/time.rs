//! Moments, cut to microseconds so that both databases and every comparison agree on them.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in microseconds since 1970-01-01T00:00:00Z.
///
/// One integer in both databases: text times compare wrongly in SQLite as soon as two of them carry a
/// different number of decimals, and nanoseconds do not survive PostgreSQL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment so many microseconds after the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The moment so many seconds after the Unix epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * 1_000_000)
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This moment and `span` later; stops at the end of time instead of wrapping.
    pub fn plus(self, span: std::time::Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// `span` before this moment; stops at the beginning of time instead of wrapping.
    pub fn minus(self, span: std::time::Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Self) -> std::time::Duration {
        std::time::Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The same moment as jiff knows it.
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::MAX)
    }

    /// What the clock on the wall of `zone` shows at this moment.
    pub fn in_zone(self, zone: &TimeZone) -> jiff::ZonedDateTime {
        self.to_jiff().to_zoned_datetime(zone.clone())
    }

    /// The first moment at which the wall clock of `zone` shows `local` or, where that hour is skipped in
    /// spring, the first moment after the gap. An hour that happens twice in autumn means its first time.
    pub fn from_local(local: DateTime, zone: &TimeZone) -> Self {
        let ambiguous = zone.to_ambiguous_zoned_datetime(local);
        let gap_end = match ambiguous.offset() {
            AmbiguousOffset::Gap { before, .. } => {
                // Both readings of a skipped hour lie off the gap; the transition itself is its end.
                let near = before.to_timestamp(local).unwrap_or(jiff::Timestamp::MAX);
                zone.preceding(near).next().map(|transition| transition.timestamp())
            }
            _ => None,
        };
        let instant = gap_end
            .unwrap_or_else(|| ambiguous.earlier().map(|zoned| zoned.timestamp()).unwrap_or(jiff::Timestamp::MAX));
        Self::from(instant)
    }

    /// The moment at which the wall clock of `zone` shows `local`; `None` in the hour that is skipped in spring. An hour
    /// that happens twice in autumn means its first time.
    pub fn exactly_local(local: DateTime, zone: &TimeZone) -> Option<Self> {
        let moment = Self::from_local(local, zone);
        (moment.in_zone(zone).datetime() == local).then_some(moment)
    }

    /// RFC 3339 with the offset that `zone` has at this moment, in whole seconds.
    pub fn to_rfc3339_in(self, zone: &TimeZone) -> String {
        let zoned = self.in_zone(zone);
        zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// Reads an RFC 3339 time with any offset.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn parse(text: &str) -> Result<Self, InvalidTime> {
        text.trim().parse::<jiff::Timestamp>().map(Self::from).map_err(|_| InvalidTime(text.trim().to_owned()))
    }
}

/// A text that is no RFC 3339 time.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("“{0}” is not a time; write it like 2026-03-01T09:00:00+01:00")]
pub struct InvalidTime(String);

impl From<jiff::Timestamp> for Timestamp {
    fn from(value: jiff::Timestamp) -> Self {
        Self(value.as_microsecond())
    }
}

/// RFC 3339 in UTC; decimals only where there are any.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_jiff().fmt(f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amsterdam() -> TimeZone {
        TimeZone::get("Europe/Amsterdam").expect("the time zone table is compiled in")
    }

    #[test]
    fn an_hour_skipped_in_spring_means_the_end_of_the_gap() {
        let local: DateTime = "2027-03-28T02:30".parse().unwrap();
        assert_eq!(Timestamp::from_local(local, &amsterdam()).to_string(), "2027-03-28T01:00:00Z");
    }

    #[test]
    fn an_hour_that_happens_twice_means_its_first_time() {
        let local: DateTime = "2026-10-25T02:30".parse().unwrap();
        assert_eq!(Timestamp::from_local(local, &amsterdam()).to_string(), "2026-10-25T00:30:00Z");
    }

    #[test]
    fn nine_in_the_morning_stays_nine_in_the_morning_in_winter_and_summer() {
        for (local, utc) in [("2026-03-01T09:00", "2026-03-01T08:00:00Z"), ("2026-06-01T09:00", "2026-06-01T07:00:00Z")]
        {
            let local: DateTime = local.parse().unwrap();
            let moment = Timestamp::from_local(local, &amsterdam());
            assert_eq!(moment.to_string(), utc);
        }
        assert_eq!(
            Timestamp::parse("2026-06-01T07:00:00Z").unwrap().to_rfc3339_in(&amsterdam()),
            "2026-06-01T09:00:00+02:00"
        );
    }
}
