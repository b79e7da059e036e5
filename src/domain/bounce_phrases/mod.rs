//! The phrases themselves: lower case, one blank between words, straight apostrophes.

mod gone;
mod room;
mod unwanted;
mod way;

pub use gone::{GONE, PROBABLY_GONE};
pub use room::{MAILBOX_FULL, TOO_LARGE};
pub use unwanted::{ABOUT_SENDER, CONTENT, POLICY, SURELY_CONTENT, SURELY_POLICY};
pub use way::{NETWORK, NOT_IN_TIME, PROTOCOL};
