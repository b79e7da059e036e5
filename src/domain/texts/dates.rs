//! Days and moments in words: "3 maart 2026", "Tuesday 3 March 2026 at 09:00".

use jiff::civil::{Date, DateTime, Weekday};

use crate::domain::language::Language;

const MONTHS: [[&str; 12]; 2] = [
    [
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ],
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
];

/// The month's name, as it stands inside a sentence.
pub fn month(language: Language, date: Date) -> &'static str {
    let index = usize::try_from(date.month() - 1).unwrap_or(0);
    MONTHS[language as usize][index]
}

/// A moment as short as a row of a table wants it: "3-3-2026 09:31", "3 Mar 2026 09:31".
pub fn short(language: Language, moment: DateTime) -> String {
    let (day, year, hour, minute) = (moment.day(), moment.year(), moment.hour(), moment.minute());
    match language {
        Language::Nl => format!("{day}-{}-{year} {hour:02}:{minute:02}", moment.month()),
        Language::En => {
            let month: String = month(language, moment.date()).chars().take(3).collect();
            format!("{day} {month} {year} {hour:02}:{minute:02}")
        }
    }
}

/// The weekday's name, as it stands inside a sentence.
pub fn weekday(language: Language, date: Date) -> &'static str {
    match (language, date.weekday()) {
        (Language::Nl, Weekday::Monday) => "maandag",
        (Language::Nl, Weekday::Tuesday) => "dinsdag",
        (Language::Nl, Weekday::Wednesday) => "woensdag",
        (Language::Nl, Weekday::Thursday) => "donderdag",
        (Language::Nl, Weekday::Friday) => "vrijdag",
        (Language::Nl, Weekday::Saturday) => "zaterdag",
        (Language::Nl, Weekday::Sunday) => "zondag",
        (Language::En, Weekday::Monday) => "Monday",
        (Language::En, Weekday::Tuesday) => "Tuesday",
        (Language::En, Weekday::Wednesday) => "Wednesday",
        (Language::En, Weekday::Thursday) => "Thursday",
        (Language::En, Weekday::Friday) => "Friday",
        (Language::En, Weekday::Saturday) => "Saturday",
        (Language::En, Weekday::Sunday) => "Sunday",
    }
}

/// "3 maart 2026" or "3 March 2026".
pub fn day(language: Language, date: Date) -> String {
    format!("{} {} {}", date.day(), month(language, date), date.year())
}

/// "maart 2026" or "March 2026".
pub fn month_and_year(language: Language, date: Date) -> String {
    format!("{} {}", month(language, date), date.year())
}

/// "dinsdag 3 maart 2026 om 09:00" or "Tuesday 3 March 2026 at 09:00".
pub fn moment(language: Language, local: DateTime) -> String {
    let date = local.date();
    let at = match language {
        Language::Nl => "om",
        Language::En => "at",
    };
    format!("{} {} {at} {:02}:{:02}", weekday(language, date), day(language, date), local.hour(), local.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_as_people_say_it() {
        let local: DateTime = "2026-03-03T09:05".parse().unwrap();
        assert_eq!(moment(Language::Nl, local), "dinsdag 3 maart 2026 om 09:05");
        assert_eq!(moment(Language::En, local), "Tuesday 3 March 2026 at 09:05");
        assert_eq!(month_and_year(Language::En, "2026-12-31".parse().unwrap()), "December 2026");
        assert_eq!(month(Language::Nl, "2026-01-01".parse().unwrap()), "januari");
    }
}
