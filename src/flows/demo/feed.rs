//! The demo's feed: two pages as a WordPress site sends them, dated so that the newest article is of yesterday.

use jiff::civil::Date;
use jiff::{Span, ToSpan, ZonedDateTime};

use crate::domain::time::Timestamp;

/// A page holds ten articles, so that reading all of them takes a second request.
const PAGES: [&str; 2] = [include_str!("feed.xml"), include_str!("feed-2.xml")];
/// The day of the newest article as the pages have it.
const NEWEST: Date = jiff::civil::date(2025, 2, 4);

/// The feed of one run.
#[derive(Debug)]
pub struct Feed {
    pages: Vec<String>,
    newest: Date,
}

impl Feed {
    /// The feed as a reader finds it at `now`.
    pub fn at(now: Timestamp) -> Self {
        let newest = now.in_zone(&jiff::tz::TimeZone::UTC).date().saturating_sub(1.day());
        let shift = newest.since(NEWEST).unwrap_or_default();
        let pages = PAGES.map(|page| page.lines().map(|line| dated(line, shift) + "\n").collect());
        Self { pages: pages.into(), newest }
    }

    /// A page, counted from 1, with its entity tag (RFC 9110 section 8.8.3).
    pub fn page(&self, number: usize) -> Option<(&str, String)> {
        let page = self.pages.get(number.checked_sub(1)?)?;
        Some((page, format!("\"{}-{number}\"", self.newest)))
    }
}

/// The line with its date shifted, if it is one of a date.
fn dated(line: &str, shift: Span) -> String {
    let parts = line.split_once("Date>").and_then(|(before, rest)| Some((before, rest.split_once("</")?)));
    let Some((before, (date, after))) = parts else { return line.to_owned() };
    let date: ZonedDateTime = jiff::fmt::rfc2822::parse(date).expect("the dates in our own files are dates");
    format!("{before}Date>{}</{after}", date.saturating_add(shift).strftime("%a, %d %b %Y %H:%M:%S %z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_article_is_of_yesterday_and_the_others_keep_their_distance() {
        let feed = Feed::at(Timestamp::parse("2026-03-01T12:00:00Z").unwrap());
        let dates: Vec<&str> = (1..=2)
            .flat_map(|number| feed.page(number).unwrap().0.lines())
            .filter_map(|line| line.split_once("<pubDate>")?.1.strip_suffix("</pubDate>"))
            .collect();
        assert_eq!((dates.len(), dates[0]), (14, "Sat, 28 Feb 2026 08:00:00 +0000"));
        assert_eq!(dates[13], "Sat, 24 Jan 2026 08:00:00 +0000");
        assert!(!feed.pages.concat().contains(" 2025 "));
    }

    #[test]
    fn there_is_no_third_page_and_none_before_the_first() {
        let feed = Feed::at(Timestamp::from_seconds(1_800_000_000));
        assert!(feed.page(0).is_none() && feed.page(3).is_none());
        assert_ne!(feed.page(1).unwrap().1, feed.page(2).unwrap().1);
    }
}
