//! The days on which the Netherlands do not work: an edition that arrives then is read late or not at all.

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday, date};

use super::text_enum::text_enum;

text_enum! {
    /// A holiday, as it is called in texts.
    pub enum Holiday ("holiday") {
        NewYear = "new-year",
        GoodFriday = "good-friday",
        Easter = "easter",
        EasterMonday = "easter-monday",
        KingsDay = "kings-day",
        LiberationDay = "liberation-day",
        Ascension = "ascension",
        Pentecost = "pentecost",
        WhitMonday = "whit-monday",
        Christmas = "christmas",
        SecondChristmas = "second-christmas",
    }
}

impl Holiday {
    /// The holiday that a day is.
    pub fn on(day: Date) -> Option<Self> {
        let from_easter = (day - easter(day.year())).get_days();
        let kings_day = match date(day.year(), 4, 27) {
            sunday if sunday.weekday() == Weekday::Sunday => date(day.year(), 4, 26),
            other => other,
        };
        match (day.month(), day.day(), from_easter) {
            (1, 1, _) => Some(Self::NewYear),
            (12, 25, _) => Some(Self::Christmas),
            (12, 26, _) => Some(Self::SecondChristmas),
            (.., -2) => Some(Self::GoodFriday),
            (.., 0) => Some(Self::Easter),
            (.., 1) => Some(Self::EasterMonday),
            _ if day == kings_day => Some(Self::KingsDay),
            (5, 5, _) => Some(Self::LiberationDay),
            (.., 39) => Some(Self::Ascension),
            (.., 49) => Some(Self::Pentecost),
            (.., 50) => Some(Self::WhitMonday),
            _ => None,
        }
    }
}

/// Easter Sunday of the western churches, by the anonymous Gregorian rule.
fn easter(year: i16) -> Date {
    let y = i32::from(year);
    let golden = y % 19;
    let century = y / 100;
    let epact = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (y % 100 / 4) - epact - y % 100 % 4) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let days = i64::from(epact + weekday - 7 * late);
    // The rule counts from 22 March.
    date(year, 3, 22).saturating_add(days.days())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holidays_of_some_years_are_where_the_calendar_has_them() {
        let on = |text: &str| Holiday::on(text.parse().unwrap());
        for (day, holiday) in [
            ("2026-04-03", Holiday::GoodFriday),
            ("2026-04-05", Holiday::Easter),
            ("2027-03-29", Holiday::EasterMonday),
            ("2024-03-31", Holiday::Easter),
            ("2038-04-25", Holiday::Easter),
            ("2026-05-14", Holiday::Ascension),
            ("2027-05-16", Holiday::Pentecost),
            ("2028-06-05", Holiday::WhitMonday),
            ("2026-04-27", Holiday::KingsDay),
            ("2025-04-26", Holiday::KingsDay),
            ("2026-05-05", Holiday::LiberationDay),
            ("2026-12-26", Holiday::SecondChristmas),
            ("2027-01-01", Holiday::NewYear),
        ] {
            assert_eq!(on(day), Some(holiday), "{day}");
        }
        for day in ["2025-04-27", "2026-12-01", "2028-02-29", "2026-04-07"] {
            assert_eq!(on(day), None, "{day}");
        }
    }
}
