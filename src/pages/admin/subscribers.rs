//! Subscribers: search, list, and adding one by hand.

use jiff::civil::Date;
use maud::{Markup, html};

use super::frame::{Desk, Place};
use super::parts::{Field, FormFaults, Kind, Tone, press, select, table, tag};
use super::paths;
use crate::domain::language::Language;
use crate::domain::role::Role;
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::texts::{
    dates, desk as texts, desk_people as people, desk_programs as programs, numbers, pages, people as consents,
    retention,
};
use crate::pages::components::hidden;

/// One line of the list.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    pub id: i64,
    pub email: &'a str,
    pub status: SubscriptionStatus,
    pub language: Language,
    pub since: Date,
    /// Signed up again after a complaint or an erasure: only an administrator may let them in.
    pub wants_back: bool,
}

/// What was looked for and found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    pub query: &'a str,
    pub status: Option<SubscriptionStatus>,
    pub total: i64,
    pub people: &'a [Line<'a>],
    /// The cursor of the next page.
    pub more: Option<&'a str>,
}

/// The list. Searching is a POST, because an address has no place in a log of paths.
pub fn list(desk: &Desk<'_>, found: &Found<'_>) -> Markup {
    let language = desk.language;
    let mut states = vec![("", people::people_every_status(language))];
    states.extend(SubscriptionStatus::ALL.iter().map(|status| (status.as_str(), people::status(language, *status))));
    let columns = [
        texts::column_address(language),
        texts::column_status(language),
        people::people_language(language),
        people::people_since(language),
    ];
    let chosen = found.status.map_or("", SubscriptionStatus::as_str);
    desk.page(
        Place::Subscribers,
        &texts::nav_subscribers(language),
        &html! {
            h1 { (texts::nav_subscribers(language)) }
            form.filter method="post" action=(paths::SEARCH_SUBSCRIBERS) role="search" novalidate {
                (hidden("newsletter", desk.newsletter))
                @if desk.may(Role::Editor) {
                    (Field::line("query", &people::people_search(language), found.query)
                        .render(language, FormFaults::default()))
                }
                (select("status", &people::people_status(language), chosen, &states))
                button.btn type="submit" { (texts::search(language)) }
            }
            div.actions {
                @if desk.may(Role::Admin) {
                    a.btn.sec href=(desk.here(paths::NEW_SUBSCRIBER)) { (people::people_add(language)) }
                    a.btn.sec href=(desk.here(paths::IMPORT)) { (people::people_import(language)) }
                    (press(paths::EXPORT_SUBSCRIBERS, "sec", &people::people_export(language),
                        &[("newsletter", desk.newsletter)]))
                }
                @if desk.may(Role::Editor) {
                    a.btn.sec href=(paths::SUPPRESSIONS) { (consents::suppressions_title(language)) }
                }
                @if desk.may(Role::Admin) {
                    a.btn.sec href=(desk.here(paths::RECONFIRM)) { (programs::reconfirm_title(language)) }
                }
                a.btn.sec href=(paths::RETENTION) { (retention::title(language)) }
            }
            p role="status" { (people::people_found(language, numbers::count(language, found.total))) }
            @if !found.people.is_empty() {
                (table(&texts::nav_subscribers(language), &columns, &html! {
                    @for person in found.people {
                        tr {
                            th scope="row" {
                                @if desk.may(Role::Editor) { a href=(paths::person(person.id)) { (person.email) } }
                                @else { (person.email) }
                            }
                            td data-label=(columns[1]) {
                                (status_tag(language, person.status))
                                @if person.wants_back { " " (tag(Tone::Attention, &people::wants_back(language))) }
                            }
                            td data-label=(columns[2]) lang=[(person.language != language).then_some(person.language)] {
                                (pages::language_name(person.language))
                            }
                            td data-label=(columns[3]) { (dates::day(language, person.since)) }
                        }
                    }
                }))
            }
            @if let Some(cursor) = found.more {
                form method="post" action=(paths::SEARCH_SUBSCRIBERS) {
                    (hidden("newsletter", desk.newsletter))
                    (hidden("query", found.query))
                    (hidden("status", chosen))
                    (hidden("cursor", cursor))
                    button.btn.sec type="submit" { (texts::more(language)) }
                }
            }
        },
    )
}

/// The form that adds somebody by hand.
#[derive(Clone, Copy, Debug)]
pub struct Addition<'a> {
    pub email: &'a str,
    /// The language in which they get mail.
    pub language: Language,
    pub evidence: &'a str,
    pub faults: FormFaults<'a>,
}

/// The page with that form; the person still confirms.
pub fn add(desk: &Desk<'_>, addition: &Addition<'_>) -> Markup {
    let language = desk.language;
    let title = people::add_title(language);
    let languages = Language::ALL.map(|choice| (choice.tag(), pages::language_name(choice)));
    desk.faulty_page(
        Place::Subscribers,
        &title,
        addition.faults,
        &html! {
            h1 { (title) }
            p { (people::add_hint(language)) }
            form method="post" action=(paths::NEW_SUBSCRIBER) novalidate {
                (hidden("newsletter", desk.newsletter))
                // Not the browser's own address: no `autocomplete`, so a plain line.
                (Field::line("email", &texts::login_email(language), addition.email).render(language, addition.faults))
                (select("language", &people::people_language(language), addition.language.tag(), &languages))
                (Field::line("evidence", &people::add_evidence(language), addition.evidence)
                    .hint(&people::add_evidence_hint(language)).kind(Kind::Text { rows: 3 })
                    .render(language, addition.faults))
                p.actions {
                    button.btn type="submit" { (people::add_button(language)) }
                    a.btn.sec href=(desk.here(paths::SUBSCRIBERS)) { (texts::cancel(language)) }
                }
            }
        },
    )
}

/// The word for a subscription's state, in its colour.
pub(super) fn status_tag(language: Language, status: SubscriptionStatus) -> Markup {
    let tone = match status {
        SubscriptionStatus::Confirmed => Tone::Good,
        SubscriptionStatus::Pending => Tone::Attention,
        SubscriptionStatus::Unsubscribed => Tone::Plain,
        SubscriptionStatus::Bounced | SubscriptionStatus::Complained => Tone::Bad,
    };
    tag(tone, &people::status(language, status))
}
