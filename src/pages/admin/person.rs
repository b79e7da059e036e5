//! One person: subscriptions, consent with all that followed, editions received; and what can be done for them.

use jiff::civil::DateTime;
use maud::{Markup, html};

use super::edition::send::state_tag;
use super::frame::{Desk, Place};
use super::parts::{Field, FormFaults, facts, press, table};
use super::paths;
use super::subscribers::status_tag;
use crate::domain::delivery::DeliveryState;
use crate::domain::language::Language;
use crate::domain::role::Role;
use crate::domain::subscription::SubscriptionStatus;
use crate::domain::texts::{dates, desk as texts, desk_people as people, pages, people as consents};
use crate::pages::components::hidden;

/// Everything about one person. Moments are on the newsletter's own clock.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    pub id: i64,
    pub email: &'a str,
    pub language: Language,
    pub subscriptions: &'a [Subscription<'a>],
    /// Oldest first.
    pub history: &'a [Event<'a>],
    pub deliveries: &'a [Delivery<'a>],
    /// Why nothing is sent to this address.
    pub suppressed: Option<&'a str>,
    /// Why what was pressed could not be done.
    pub refused: Option<&'a str>,
}

/// This person and one newsletter.
#[derive(Clone, Copy, Debug)]
pub struct Subscription<'a> {
    pub slug: &'a str,
    pub title: &'a str,
    pub status: SubscriptionStatus,
    pub requested: DateTime,
    pub confirmed: Option<DateTime>,
    pub ended: Option<DateTime>,
}

/// One line of the consent record.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    pub at: DateTime,
    /// What was done and how, in words.
    pub what: &'a str,
    /// The text that was shown.
    pub shown: Option<&'a str>,
}

/// One edition and this person.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    pub edition: i64,
    pub number: i64,
    pub subject: &'a str,
    pub state: DeliveryState,
}

/// The page.
pub fn page(desk: &Desk<'_>, person: &Person<'_>) -> Markup {
    let language = desk.language;
    desk.page(Place::Subscribers, &people::person_title(language), &html! {
        @if let Some(refused) = person.refused { p.note.attention role="alert" { (refused) } }
        h1 { (person.email) }
        @if let Some(reason) = person.suppressed {
            p.note.attention { (people::person_suppressed(language, reason)) }
        }
        (facts(&[(people::people_language(language), html! {
            span lang=[(person.language != language).then_some(person.language)] { (pages::language_name(person.language)) }
        })]))
        h2 { (people::person_subscriptions(language)) }
        ul.cards { @for subscription in person.subscriptions { li { (subscribed(desk, person, subscription)) } } }
        (history(language, person.history))
        @if desk.may(Role::Editor) {
            (press(&format!("{}/proof", paths::person(person.id)), "sec", &consents::person_proof(language), &[]))
        }
        (deliveries(language, person.deliveries))
        @if desk.may(Role::Admin) { (rights(language, person.id)) }
    })
}

fn subscribed(desk: &Desk<'_>, whose: &Person<'_>, subscription: &Subscription<'_>) -> Markup {
    let (language, person) = (desk.language, whose.id);
    let shut_out = subscription.status == SubscriptionStatus::Complained || whose.suppressed.is_some();
    let told = |moment| dates::moment(language, moment);
    let running = matches!(subscription.status, SubscriptionStatus::Pending | SubscriptionStatus::Confirmed);
    html! {
        h3 { (subscription.title) " " (status_tag(language, subscription.status)) }
        p.hint {
            (people::person_requested(language, told(subscription.requested)))
            @if let Some(confirmed) = subscription.confirmed { ", " (people::person_confirmed(language, told(confirmed))) }
            @if let Some(ended) = subscription.ended { ", " (people::person_ended(language, told(ended))) }
        }
        @if running && desk.may(Role::Editor) {
            @let note = format!("note-{}", subscription.slug);
            details {
                summary { (people::person_unsubscribe(language, subscription.title)) }
                form method="post" action=(paths::person(person)) novalidate {
                    (hidden("action", "unsubscribe"))
                    (hidden("newsletter", subscription.slug))
                    (Field::line(&note, &people::person_note(language), "").render(language, FormFaults::default()))
                    p.actions {
                        button.btn.sec type="submit" { (people::person_unsubscribe(language, subscription.title)) }
                    }
                }
            }
        }
        @if subscription.status == SubscriptionStatus::Pending && desk.may(Role::Editor) {
            (press(&paths::person(person), "sec", &people::person_resend(language),
                &[("action", "resend"), ("newsletter", subscription.slug)]))
        }
        @if shut_out && desk.may(Role::Admin) {
            details {
                summary { (consents::let_back(language)) }
                p { (consents::let_back_hint(language)) }
                (press(&paths::person(person), "sec", &consents::let_back(language),
                    &[("action", "let-back"), ("newsletter", subscription.slug)]))
            }
        }
    }
}

fn history(language: Language, events: &[Event<'_>]) -> Markup {
    html! {
        h2 { (people::person_history(language)) }
        ol.lines {
            @for event in events {
                li {
                    strong { (dates::moment(language, event.at)) } ": " (event.what)
                    @if let Some(shown) = event.shown {
                        details { summary { (people::person_shown(language)) } blockquote { (shown) } }
                    }
                }
            }
        }
    }
}

fn deliveries(language: Language, deliveries: &[Delivery<'_>]) -> Markup {
    let columns = [texts::column_number(language), texts::column_subject(language), texts::column_status(language)];
    html! {
        h2 { (people::person_deliveries(language)) }
        @if deliveries.is_empty() { p { (texts::nothing_here(language)) } }
        @else {
            (table(&people::person_deliveries(language), &columns, &html! {
                @for delivery in deliveries {
                    tr {
                        td { (delivery.number) }
                        th scope="row" {
                            a href=(paths::tab(delivery.edition, super::edition::Tab::Result)) { (delivery.subject) }
                        }
                        td { (state_tag(language, delivery.state)) }
                    }
                }
            }))
        }
    }
}

/// A copy of everything (GDPR article 15) and being forgotten (article 17).
fn rights(language: Language, person: i64) -> Markup {
    html! {
        (press(&format!("{}/export", paths::person(person)), "sec", &people::person_export(language), &[]))
        (press(&paths::person(person), "sec", &(people::person_erase(language) + "…"), &[("action", "erase")]))
    }
}
