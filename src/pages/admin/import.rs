//! Taking over a list: the file and the statement, what would happen, what happened.

use jiff::civil::DateTime;
use maud::{Markup, html};

use super::frame::{Desk, Place};
use super::parts::{Field, FormFaults, Kind, facts, press};
use super::paths;
use crate::domain::import::ImportState;
use crate::domain::language::Language;
use crate::domain::texts::{dates, desk as texts, desk_people as people, numbers, people as lists};
use crate::pages::components::hidden;

/// What an import does, or would do.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    pub rows: i64,
    pub imported: i64,
    pub unchanged: i64,
    pub suppressed: i64,
    pub rejected: i64,
    /// The first rows that are not possible: line number and reason.
    pub first_faults: &'a [(u64, &'a str)],
    /// Something about this tool's files that one must know.
    pub warning: Option<&'a str>,
}

/// An import of before.
#[derive(Clone, Copy, Debug)]
pub struct Earlier<'a> {
    pub batch: &'a str,
    pub at: DateTime,
    pub origin: &'a str,
    pub imported: i64,
    pub state: ImportState,
}

/// The form, and what was imported before.
pub fn form(desk: &Desk<'_>, consent: &str, faults: FormFaults<'_>, earlier: &[Earlier<'_>]) -> Markup {
    let language = desk.language;
    let title = people::import_title(language);
    desk.faulty_page(
        Place::Subscribers,
        &title,
        faults,
        &html! {
            h1 { (title) }
            p { (people::import_body(language)) }
            p.note { (people::import_promise(language)) }
            form method="post" action=(paths::IMPORT) enctype="multipart/form-data" novalidate {
                (hidden("newsletter", desk.newsletter))
                div.field {
                    label for="file" { (people::import_file(language)) }
                    @if let Some(fault) = faults.of("file") { p.fault #file-fault { (fault) } }
                    input #file type="file" name="file" accept=".csv,.tsv,.txt,.zip,text/csv,application/zip"
                        aria-describedby=[faults.of("file").map(|_| "file-fault")];
                }
                @if faults.of("list").is_some() {
                    (Field::line("list", &people::import_list(language), "")
                        .hint(&people::import_list_hint(language)).render(language, faults))
                }
                (Field::line("consent", &people::import_consent(language), consent)
                    .hint(&people::import_consent_hint(language)).kind(Kind::Text { rows: 3 }).render(language, faults))
                p.actions { button.btn type="submit" { (people::import_try(language)) } }
            }
            @if !earlier.is_empty() {
                h2 { (lists::import_earlier(language)) }
                ul.cards { @for one in earlier { li { (before(language, one)) } } }
            }
        },
    )
}

fn before(language: Language, one: &Earlier<'_>) -> Markup {
    let state = match one.state {
        ImportState::Done => lists::import_state_done(language),
        ImportState::Undone => lists::import_state_undone(language),
        ImportState::Waiting | ImportState::Running => lists::import_state_running(language),
    };
    html! {
        h3 { (one.origin) }
        p.hint {
            (dates::moment(language, one.at)) ": " (people::import_new(language)) " "
            (numbers::count(language, one.imported)) ", " (state)
        }
        @if one.state != ImportState::Undone {
            (press(paths::IMPORT, "sec", &(people::import_undo(language) + "…"), &[("undo", one.batch)]))
        }
    }
}

/// An import was taken back.
pub fn undone(desk: &Desk<'_>, subscriptions: i64, suppressions: i64) -> Markup {
    let language = desk.language;
    let title = lists::import_undone_title(language);
    let count = |number| numbers::count(language, number);
    desk.page(
        Place::Subscribers,
        &title,
        &html! {
            h1 { (title) }
            p { (lists::import_undone_body(language, count(subscriptions), count(suppressions))) }
            p.actions { a.btn href=(desk.here(paths::SUBSCRIBERS)) { (texts::nav_subscribers(language)) } }
        },
    )
}

/// What would happen; `batch` names the lists that were kept, so that they need not be chosen again.
pub fn dry_run(desk: &Desk<'_>, batch: &str, outcome: &Outcome<'_>) -> Markup {
    let language = desk.language;
    let title = people::import_dry_title(language);
    desk.page(
        Place::Subscribers,
        &title,
        &html! {
            h1 { (title) }
            (counts(language, outcome))
            div.actions {
                (press(paths::IMPORT, "", &people::import_go(language, numbers::count(language, outcome.imported)),
                    &[("newsletter", desk.newsletter), ("batch", batch)]))
                a.btn.sec href=(desk.here(paths::IMPORT)) { (texts::cancel(language)) }
            }
        },
    )
}

/// One list that was taken over: `batch` can be undone, and `report` is where the file with all rejected rows lies.
#[derive(Clone, Copy, Debug)]
pub struct List<'a> {
    pub batch: &'a str,
    pub report: &'a str,
    /// Its name.
    pub origin: &'a str,
}

/// What happened, of all the lists in the file together.
pub fn done(desk: &Desk<'_>, lists: &[List<'_>], outcome: &Outcome<'_>) -> Markup {
    let language = desk.language;
    let title = people::import_done_title(language);
    desk.page(
        Place::Subscribers,
        &title,
        &html! {
            h1 { (title) }
            (counts(language, outcome))
            @for list in lists {
                @if lists.len() > 1 { h2 { (list.origin) } }
                div.actions {
                    a.btn.sec href=(list.report) { (people::import_report(language)) }
                    (press(paths::IMPORT, "sec", &(people::import_undo(language) + "…"), &[("undo", list.batch)]))
                }
            }
        },
    )
}

fn counts(language: Language, outcome: &Outcome<'_>) -> Markup {
    let count = |number: i64| html! { strong { (numbers::count(language, number)) } };
    html! {
        @if let Some(warning) = outcome.warning { p.note.attention { (warning) } }
        (facts(&[
            (people::import_rows(language), count(outcome.rows)),
            (people::import_new(language), count(outcome.imported)),
            (people::import_unchanged(language), count(outcome.unchanged)),
            (people::import_suppressed(language), count(outcome.suppressed)),
            (people::import_rejected(language), count(outcome.rejected)),
        ]))
        @if !outcome.first_faults.is_empty() {
            h2 { (people::import_first_faults(language, outcome.first_faults.len())) }
            ul.lines {
                @for (line, reason) in outcome.first_faults {
                    li { strong { (people::import_line(language, line)) } ": " (reason) }
                }
            }
        }
    }
}
