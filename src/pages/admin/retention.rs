//! What is kept for how long: the page for the register of processing.

use jiff::civil::Date;
use maud::{Markup, html};

use super::frame::{Desk, Place};
use super::parts::table;
use crate::domain::retention::Kept;
use crate::domain::texts::{dates, numbers, retention as texts};

/// One line of the register.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    pub kept: Kept,
    /// None is for ever.
    pub days: Option<u64>,
    pub forgotten: u64,
    pub last: Option<Date>,
}

/// The page.
pub fn page(desk: &Desk<'_>, lines: &[Line]) -> Markup {
    let language = desk.language;
    let title = texts::title(language);
    let columns = [
        texts::column_what(language),
        texts::column_how_long(language),
        texts::column_forgotten(language),
        texts::column_last(language),
    ];
    desk.page(
        Place::Subscribers,
        &title,
        &html! {
            h1 { (title) }
            p { (texts::intro(language)) }
            (table(&title, &columns, &html! {
                @for line in lines {
                    tr {
                        th scope="row" {
                            (texts::what(language, line.kept))
                            @if let Some(setting) = line.kept.setting() { " " code { (setting) } }
                        }
                        td data-label=(columns[1]) {
                            @match line.days {
                                None => (texts::for_ever(language)),
                                Some(1) => (texts::one_day(language)),
                                Some(days) => (texts::days(language, days)),
                            }
                        }
                        td data-label=(columns[2]) { (numbers::count(language, i64::try_from(line.forgotten).unwrap_or(i64::MAX))) }
                        td data-label=(columns[3]) { @match line.last { Some(day) => (dates::day(language, day)), None => (texts::never(language)) } }
                    }
                }
            }))
            ul { @for (_, sentence) in texts::others(language) { li { (sentence) } } }
        },
    )
}
