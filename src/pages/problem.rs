//! When something is not as it should be: what happened, that nothing was lost, and what to do.

use maud::{Markup, html};

use super::layout::{Imprint, Page};
use crate::domain::language::Language;
use crate::domain::texts::pages as texts;

/// Why a visitor does not get the page they asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem<'a> {
    /// 400: a body that our forms do not send.
    BadRequest,
    /// 403: a button pressed from a page that is not ours.
    Forbidden,
    /// 404: no such page.
    NotFound,
    /// 404: a token that is none of ours, or half of one.
    BrokenLink,
    /// 405: only the button on the page before leads here.
    Method,
    /// 410: an edition taken out of the archive.
    Withdrawn,
    /// 429: try again after so many minutes.
    TooMany { minutes: u32 },
    /// 500: our fault; the code finds it in the log.
    Internal { request_id: &'a str },
    /// 503: the database does not answer, or we are stopping.
    Unavailable,
}

/// The page for `problem`.
pub fn page(language: Language, imprint: Option<Imprint<'_>>, problem: Problem<'_>) -> Markup {
    let title = title(language, problem);
    Page { language, title: &title, imprint, ..Page::default() }.around(&html! {
        h1 { (title) }
        (body(language, problem))
        @if !matches!(problem, Problem::TooMany { .. } | Problem::Unavailable) {
            p { a href={ "/?language=" (language) } { (texts::link_broken_start(language)) } }
        }
    })
}

fn title(language: Language, problem: Problem<'_>) -> String {
    match problem {
        Problem::BadRequest => texts::bad_request_title(language),
        Problem::Forbidden => texts::forbidden_title(language),
        Problem::NotFound => texts::not_found_title(language),
        Problem::BrokenLink => texts::link_broken_title(language),
        Problem::Method => texts::method_title(language),
        Problem::Withdrawn => texts::archive_withdrawn_title(language),
        Problem::TooMany { .. } => texts::too_many_title(language),
        Problem::Internal { .. } => texts::internal_title(language),
        Problem::Unavailable => texts::unavailable_title(language),
    }
}

fn body(language: Language, problem: Problem<'_>) -> Markup {
    let sentence = match problem {
        Problem::BadRequest => texts::bad_request_body(language),
        Problem::Forbidden => texts::forbidden_body(language),
        Problem::NotFound => texts::not_found_body(language),
        Problem::BrokenLink => texts::link_broken_body(language),
        Problem::Method => texts::method_body(language),
        Problem::Withdrawn => texts::archive_withdrawn_body(language),
        Problem::TooMany { minutes } => texts::too_often(language, minutes),
        Problem::Internal { .. } => texts::internal_body(language),
        Problem::Unavailable => texts::unavailable_body(language),
    };
    html! {
        p { (sentence) }
        @if let Problem::Internal { request_id } = problem { p { (texts::internal_code(language, request_id)) } }
    }
}
