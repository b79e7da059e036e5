//! Addresses that must not be mailed: the list, and blocking and freeing one by hand.

use jiff::civil::Date;
use maud::{Markup, html};

use super::frame::{Desk, Place};
use super::parts::{Field, FormFaults, select, table};
use super::paths;
use crate::domain::role::Role;
use crate::domain::suppression::SuppressionReason;
use crate::domain::texts::{dates, desk as texts, numbers, people};
use crate::pages::components::hidden;

/// One address.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// None where only a keyed hash is kept.
    pub email: Option<&'a str>,
    pub reason: SuppressionReason,
    pub note: Option<&'a str>,
    pub since: Date,
}

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub struct Blocked<'a> {
    pub total: i64,
    pub lines: &'a [Line<'a>],
    /// The cursor of the next page.
    pub more: Option<&'a str>,
    /// What was typed into either form, and what is wrong with it.
    pub add: &'a str,
    pub remove: &'a str,
    pub faults: FormFaults<'a>,
}

/// The page.
pub fn page(desk: &Desk<'_>, blocked: &Blocked<'_>) -> Markup {
    let language = desk.language;
    let title = people::suppressions_title(language);
    let columns =
        [texts::column_address(language), people::suppressions_reason(language), people::suppressions_since(language)];
    let reasons = [
        SuppressionReason::Manual,
        SuppressionReason::Complained,
        SuppressionReason::Bounced,
        SuppressionReason::Unsubscribed,
    ]
    .map(|reason| (reason.as_str(), people::reason(language, reason)));
    desk.faulty_page(Place::Subscribers, &title, blocked.faults, &html! {
        h1 { (title) }
        p { (people::suppressions_body(language)) }
        p role="status" { (crate::domain::texts::desk_people::people_found(language, numbers::count(language, blocked.total))) }
        @if !blocked.lines.is_empty() {
            (table(&title, &columns, &html! {
                @for line in blocked.lines {
                    tr {
                        th scope="row" { @match line.email { Some(email) => (email), None => (people::suppressions_hash(language)) } }
                        td { (people::reason(language, line.reason)) @if let Some(note) = line.note { ": " (note) } }
                        td { (dates::day(language, line.since)) }
                    }
                }
            }))
        }
        @if let Some(cursor) = blocked.more {
            p { a.btn.sec href={ (paths::SUPPRESSIONS) "?cursor=" (cursor) } { (texts::more(language)) } }
        }
        @if desk.may(Role::Admin) {
            h2 { (people::suppressions_add(language)) }
            form method="post" action=(paths::SUPPRESSIONS) novalidate {
                (hidden("action", "add"))
                (Field::line("add", &texts::login_email(language), blocked.add).render(language, blocked.faults))
                (select("reason", &people::suppressions_reason(language), SuppressionReason::Manual.as_str(), &reasons))
                (Field::line("note", &people::suppressions_note(language), "").render(language, FormFaults::default()))
                p.actions { button.btn type="submit" { (people::suppressions_add_button(language)) } }
            }
            h2 { (people::suppressions_remove(language)) }
            form method="post" action=(paths::SUPPRESSIONS) novalidate {
                (hidden("action", "remove"))
                (Field::line("remove", &texts::login_email(language), blocked.remove)
                    .hint(&people::suppressions_remove_hint(language)).render(language, blocked.faults))
                p.actions { button.btn.sec type="submit" { (people::suppressions_remove_button(language)) } }
            }
        }
    })
}
