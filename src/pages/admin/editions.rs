//! The list of editions.

use jiff::civil::DateTime;
use maud::{Markup, html};

use super::edition::{Tab, status_tag};
use super::frame::{Desk, Place};
use super::parts::{press, table};
use super::paths;
use crate::domain::edition::EditionStatus;
use crate::domain::role::Role;
use crate::domain::texts::{dates, desk as texts, numbers};

/// One line of the list; the moment is on the newsletter's own clock.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    pub id: i64,
    pub number: i64,
    pub subject: &'a str,
    pub status: EditionStatus,
    /// Assembled, planned, started or finished: what its status is about.
    pub moment: DateTime,
    pub accepted: i64,
    pub audience: i64,
}

impl Line<'_> {
    fn has_started(&self) -> bool {
        matches!(self.status, EditionStatus::Sending | EditionStatus::Paused | EditionStatus::Sent) || self.audience > 0
    }

    /// The tab that one most likely wants.
    fn tab(&self) -> Tab {
        match self.status {
            EditionStatus::Draft => Tab::Content,
            EditionStatus::Approved | EditionStatus::Scheduled | EditionStatus::Sending | EditionStatus::Paused => {
                Tab::Send
            }
            EditionStatus::Sent | EditionStatus::Cancelled => Tab::Result,
        }
    }
}

/// The page; `more` is the cursor of the next page of it. `may_assemble` while no draft is open.
pub fn page(desk: &Desk<'_>, editions: &[Line<'_>], may_assemble: bool, more: Option<&str>) -> Markup {
    let language = desk.language;
    let columns = [
        texts::column_number(language),
        texts::column_subject(language),
        texts::column_status(language),
        texts::column_when(language),
        texts::column_accepted(language),
    ];
    desk.page(Place::Editions, &texts::nav_editions(language), &html! {
        h1 { (texts::nav_editions(language)) }
        @if may_assemble && desk.may(Role::Editor) {
            p { (texts::edition_assemble_hint(language)) }
            (press(paths::EDITIONS, "", &texts::edition_assemble(language), &[("newsletter", desk.newsletter)]))
        }
        @if editions.is_empty() { p { (texts::nothing_here(language)) } }
        @else {
            (table(&texts::nav_editions(language), &columns, &html! {
                @for edition in editions {
                    tr {
                        td data-label=(columns[0]) { (edition.number) }
                        th scope="row" { a href=(paths::tab(edition.id, edition.tab())) { (edition.subject) } }
                        td { (status_tag(language, edition.status)) }
                        td data-label=(columns[3]) { (dates::moment(language, edition.moment)) }
                        td data-label=(columns[4]) {
                            @if edition.has_started() {
                                (texts::accepted_of(
                                    language,
                                    numbers::count(language, edition.accepted),
                                    numbers::count(language, edition.audience),
                                ))
                            } @else { "–" }
                        }
                    }
                }
            }))
        }
        @if let Some(cursor) = more {
            p { a href={ (paths::EDITIONS) "?newsletter=" (desk.newsletter) "&cursor=" (cursor) } { (texts::more(language)) } }
        }
    })
}
