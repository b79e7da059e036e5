//! Moments as the tools of this trade write them.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::domain::time::Timestamp;

/// Reads a moment: RFC 3339, or `2023-02-12 18:06:58` with or without fractions and `+0000 UTC`, or a day alone.
/// Where no zone is given it is UTC, as these tools mean it. `None` for anything else.
pub(super) fn moment(cell: &str) -> Option<Timestamp> {
    let cell = cell.trim();
    if let Ok(moment) = Timestamp::parse(cell) {
        return Some(moment);
    }
    let local = cell.strip_suffix(" +0000 UTC").or_else(|| cell.strip_suffix(" UTC")).unwrap_or(cell);
    let local = local.parse::<DateTime>().or_else(|_| local.parse::<Date>().map(|day| day.at(0, 0, 0, 0))).ok()?;
    Some(Timestamp::from_local(local, &TimeZone::UTC))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_every_tool_are_read() {
        for (cell, told) in [
            ("2023-02-12T18:06:58Z", Some("2023-02-12T18:06:58Z")),
            ("2023-02-12T18:06:58+01:00", Some("2023-02-12T17:06:58Z")),
            ("2023-02-12 18:06:58", Some("2023-02-12T18:06:58Z")),
            ("2024-03-11 09:12:44.123456 +0000 UTC", Some("2024-03-11T09:12:44.123456Z")),
            ("2023-02-12", Some("2023-02-12T00:00:00Z")),
            ("12/02/2023", None),
            ("0000-00-00 00:00:00", None),
            ("", None),
        ] {
            assert_eq!(moment(cell).map(|moment| moment.to_string()).as_deref(), told, "{cell}");
        }
    }
}
