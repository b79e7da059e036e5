//! A line of the register of what is kept, as programs see it.

use serde::Serialize;

use crate::domain::language::Language;
use crate::domain::retention::Entry;
use crate::domain::texts::retention as texts;
use crate::domain::time::Timestamp;

/// Something that is kept, and for how long.
#[derive(Clone, Debug, Serialize)]
pub struct RetentionAnswer {
    pub what: &'static str,
    pub description: String,
    /// None is for ever.
    pub days: Option<u64>,
    /// The setting that decides, where one does.
    pub setting: Option<&'static str>,
    /// How many were forgotten until now, and the last day on which there were any.
    pub forgotten: u64,
    pub last: Option<Timestamp>,
}

impl From<Entry> for RetentionAnswer {
    fn from(entry: Entry) -> Self {
        Self {
            what: entry.kept.as_str(),
            description: texts::what(Language::En, entry.kept),
            days: entry.period.map(|period| period.as_secs() / 86_400),
            setting: entry.kept.setting(),
            forgotten: entry.forgotten,
            last: entry.last,
        }
    }
}

impl RetentionAnswer {
    /// What is kept without a period that ends by itself.
    pub fn others() -> impl Iterator<Item = Self> {
        texts::others(Language::En).into_iter().map(|(what, description)| Self {
            what,
            description,
            days: None,
            setting: None,
            forgotten: 0,
            last: None,
        })
    }
}
