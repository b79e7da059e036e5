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
