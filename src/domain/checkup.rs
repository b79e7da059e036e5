//! How a check of the installation came out.

use super::text_enum::text_enum;

text_enum! {
    /// How a check of the installation came out.
    pub enum CheckStatus ("status of a check") {
        Ok = "ok",
        /// It works, and should be better.
        Warn = "warn",
        /// Mail would not arrive, or links in it would not work.
        Fail = "fail",
        /// It could not be looked at, which says nothing.
        Unknown = "unknown",
    }
}

text_enum! {
    /// What decides whether a newsletter arrives and its links work. A check of the doctor bears this word as its name,
    /// often followed by a colon and what it looked at; the look before an edition leaves knows it by the same word.
    pub enum Vital ("vital check") {
        Spf = "spf",
        Dkim = "dkim",
        Dmarc = "dmarc",
        Smtp = "smtp",
        PublicUrl = "url.public",
        OneClick = "url.oneclick",
    }
}

impl Vital {
    /// The name of a check of this kind: `spf:example.org`.
    pub fn of(self, what: &str) -> String {
        format!("{self}:{what}")
    }

    /// The kind of check that bears this name, and what it looked at; `None` when it decides nothing of the sort.
    pub fn in_name(name: &str) -> Option<(Self, &str)> {
        let (kind, what) = name.split_once(':').unwrap_or((name, ""));
        Some((kind.parse().ok()?, what))
    }
}
