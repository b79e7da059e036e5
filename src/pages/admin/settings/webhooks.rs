//! Webhooks: the programs that are told what happens, how the last telling went, and all that one was told.

use jiff::civil::DateTime;
use maud::{Markup, html};

use super::{SettingsTab, page};
use crate::domain::language::Language;
use crate::domain::texts::{dates, desk as desk_texts, desk_programs as texts};
use crate::domain::webhook::Event;
use crate::pages::admin::frame::Desk;
use crate::pages::admin::parts::{Field, FormFaults, Kind, Tone, checkbox, copyable, table, tag};
use crate::pages::admin::paths;
use crate::pages::components::hidden;

/// One program that is told, or was.
#[derive(Clone, Copy, Debug)]
pub struct Webhook<'a> {
    pub id: i64,
    pub url: &'a str,
    /// The name of its server.
    pub host: &'a str,
    /// The events that it is told of; none means all.
    pub events: &'a [&'a str],
    pub since: DateTime,
    /// Why it is told nothing more.
    pub off: Option<&'a str>,
    pub last: Option<Telling<'a>>,
}

/// One thing that it was told, or is to be told.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    pub id: i64,
    pub event: &'a str,
    pub outcome: TellingOutcome,
    /// So far.
    pub attempts: i64,
    /// The status of the last answer, or why there was none.
    pub answer: Option<&'a str>,
    pub at: DateTime,
}

/// How telling it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TellingOutcome {
    Arrived,
    Waits,
    GivenUp,
}

/// Everything on the tab.
#[derive(Clone, Copy, Debug)]
pub struct Webhooks<'a> {
    pub all: &'a [Webhook<'a>],
    /// A server's name and its secret, made just now.
    pub secret: Option<(&'a str, &'a str)>,
    /// What was typed.
    pub url: &'a str,
    pub events: &'a [Event],
    pub faults: FormFaults<'a>,
}

/// The tab.
pub fn tab(desk: &Desk<'_>, webhooks: &Webhooks<'_>) -> Markup {
    let language = desk.language;
    page(
        desk,
        SettingsTab::Webhooks,
        webhooks.faults,
        &html! {
            p { (texts::webhooks_body(language)) }
            @if let Some((host, secret)) = webhooks.secret {
                div.good role="status" {
                    p { (texts::webhooks_secret(language, host)) }
                    (copyable(language, "new-secret", secret))
                }
            }
            @if webhooks.all.is_empty() { p { (texts::webhooks_none(language)) } }
            @else { ul.cards { @for webhook in webhooks.all { li { (card(language, webhook)) } } } }
            h2 { (texts::webhooks_add(language)) }
            form method="post" action=(here()) novalidate {
                (hidden("what", "add"))
                (Field::line("url", &texts::webhooks_url(language), webhooks.url)
                    .hint(&texts::webhooks_url_hint(language)).kind(Kind::Url).render(language, webhooks.faults))
                fieldset {
                    legend { (texts::webhooks_which(language)) }
                    p.hint { (texts::webhooks_which_hint(language)) }
                    @for event in Event::ALL {
                        (checkbox(&event_field(*event), webhooks.events.contains(event), event.as_str()))
                    }
                }
                p.actions { button.btn type="submit" { (texts::webhooks_add_button(language)) } }
            }
        },
    )
}

/// The name of an event's tick.
pub fn event_field(event: Event) -> String {
    format!("event-{}", event.as_str().replace(['.', '_'], "-"))
}

fn here() -> String {
    paths::settings(SettingsTab::Webhooks.segment())
}

fn card(language: Language, webhook: &Webhook<'_>) -> Markup {
    let id = webhook.id.to_string();
    let button = |what: &str, label: String| {
        html! {
            form method="post" action=(here()) {
                (hidden("what", what))
                (hidden("webhook", &id))
                button.btn.sec type="submit" aria-label=(texts::webhooks_act_label(language, &label, webhook.host)) { (label) }
            }
        }
    };
    let events = if webhook.events.is_empty() { texts::webhooks_all(language) } else { webhook.events.join(", ") };
    html! {
        div.row {
            h3 { (webhook.host) }
            @if webhook.off.is_some() { (tag(Tone::Bad, &texts::webhooks_off(language))) }
            @else { (tag(Tone::Good, &texts::webhooks_on(language))) }
        }
        // Not a link: nobody but a program has anything to look for there.
        p { code { (webhook.url) } }
        p.hint { (texts::webhooks_since(language, dates::moment(language, webhook.since))) ". "
            (texts::webhooks_events(language, events)) }
        @if let Some(reason) = webhook.off { p { (texts::off(language, reason)) } }
        @match &webhook.last {
            None => p.hint { (texts::webhooks_never(language)) },
            Some(last) => p {
                (texts::webhooks_last(language, last.event, dates::moment(language, last.at))) " "
                (outcome(language, last))
                @if let Some(answer) = last.answer { " " code { (answer) } }
            },
        }
        div.actions {
            a.btn.sec href=(paths::webhook(webhook.id)) aria-label=(texts::webhooks_act_label(language, texts::webhooks_log(language), webhook.host)) {
                (texts::webhooks_log(language))
            }
            @if webhook.off.is_some() { (button("enable", texts::webhooks_enable(language))) }
            @else { (button("disable", texts::webhooks_disable(language) + "…")) }
            (button("rotate", texts::webhooks_rotate(language) + "…"))
            (button("remove", texts::webhooks_remove(language) + "…"))
        }
    }
}

fn outcome(language: Language, telling: &Telling<'_>) -> Markup {
    match telling.outcome {
        TellingOutcome::Arrived => tag(Tone::Good, &texts::state_told(language)),
        TellingOutcome::Waits => tag(Tone::Attention, &texts::state_waits(language, telling.attempts)),
        TellingOutcome::GivenUp => tag(Tone::Bad, &texts::state_given_up(language, telling.attempts)),
    }
}

/// All that one was told in the last thirty days, the newest first.
pub fn log(desk: &Desk<'_>, webhook: &Webhook<'_>, told: &[Telling<'_>], more: Option<&str>) -> Markup {
    let language = desk.language;
    let columns = [
        texts::column_event(language),
        desk_texts::column_when(language),
        desk_texts::column_status(language),
        texts::column_answer(language),
    ];
    let place = paths::webhook(webhook.id);
    page(
        desk,
        SettingsTab::Webhooks,
        FormFaults::default(),
        &html! {
            h2 { (texts::webhooks_log_label(language, webhook.host)) }
            p { a href=(here()) { (texts::webhooks_back(language)) } }
            @if told.is_empty() { p { (texts::webhooks_never(language)) } }
            @else {
                (table(&texts::webhooks_log(language), &columns, &html! {
                    @for one in told {
                        tr {
                            th scope="row" { (one.event) }
                            td data-label=(columns[1]) { (dates::moment(language, one.at)) }
                            td data-label=(columns[2]) {
                                (outcome(language, one))
                                @if one.outcome != TellingOutcome::Waits { (again(language, &place, one)) }
                            }
                            td data-label=(columns[3]) { @match one.answer { Some(answer) => code { (answer) }, None => "–" } }
                        }
                    }
                }))
            }
            @if let Some(cursor) = more { p { a href={ (place) "?cursor=" (cursor) } { (desk_texts::more(language)) } } }
        },
    )
}

fn again(language: Language, place: &str, one: &Telling<'_>) -> Markup {
    let label = texts::replay_label(language, one.event, dates::moment(language, one.at));
    html! {
        form method="post" action=(place) {
            (hidden("delivery", &one.id.to_string()))
            button.plain type="submit" aria-label=(label) { (texts::replay(language)) }
        }
    }
}
