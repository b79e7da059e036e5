//! What was done just now: one word in the address of the page that follows a press of a button.

use crate::domain::language::Language;
use crate::domain::text_enum::text_enum;
use crate::domain::texts::{desk as texts, desk_editions as words, desk_programs as programs};

text_enum! {
    /// Good news for the top of the next page; travels as `?done=…`.
    pub enum Notice ("notice") {
        Saved = "saved",
        TestSent = "test-sent",
        Approved = "approved",
        Reopened = "reopened",
        Unplanned = "unplanned",
        AlreadySending = "already-sending",
        Paused = "paused",
        Resumed = "resumed",
        Assembled = "assembled",
        NothingNew = "nothing-new",
        Fetched = "fetched",
        Added = "added",
        Removed = "removed",
        Invited = "invited",
        Unsubscribed = "unsubscribed",
        Erased = "erased",
        MailSent = "mail-sent",
        Decided = "decided",
        Hurried = "hurried",
        Examined = "examined",
        Seen = "seen",
        ToldAgain = "told-again",
        /// Readers were asked whether they stay.
        Asked = "asked",
        Withdrawn = "withdrawn",
        PutBack = "put-back",
        /// What was typed before the session ran out stands in its form again, unsaved.
        StillTyped = "still-typed",
        /// Nothing was done: the page that the button stood on was old.
        OutOfDate = "out-of-date",
    }
}

impl Notice {
    /// Whether it is good news.
    pub(super) fn is_good(self) -> bool {
        !matches!(self, Self::OutOfDate | Self::StillTyped | Self::AlreadySending | Self::NothingNew)
    }

    pub(super) fn sentence(self, language: Language) -> String {
        match self {
            Self::Saved => texts::done_saved(language),
            Self::TestSent => texts::done_test_sent(language),
            Self::Approved => texts::done_approved(language),
            Self::Reopened => texts::done_reopened(language),
            Self::Unplanned => texts::done_unplanned(language),
            Self::AlreadySending => texts::send_twice(language),
            Self::Paused => texts::done_paused(language),
            Self::Resumed => texts::done_resumed(language),
            Self::Assembled => texts::done_assembled(language),
            Self::NothingNew => texts::done_nothing_new(language),
            Self::Fetched => texts::done_fetched(language),
            Self::Added => texts::done_added(language),
            Self::Removed => texts::done_removed(language),
            Self::Invited => texts::done_invited(language),
            Self::Unsubscribed => texts::done_unsubscribed(language),
            Self::Erased => texts::done_erased(language),
            Self::MailSent => texts::done_mail_sent(language),
            Self::Decided => words::decided(language),
            Self::Hurried => words::hurried(language),
            Self::Examined => texts::done_examined(language),
            Self::Seen => programs::done_seen(language),
            Self::ToldAgain => programs::done_told_again(language),
            Self::Asked => programs::done_asked(language),
            Self::Withdrawn => words::done_withdrawn(language),
            Self::PutBack => words::done_put_back(language),
            Self::StillTyped => words::still_typed(language),
            Self::OutOfDate => words::out_of_date(language),
        }
    }
}
