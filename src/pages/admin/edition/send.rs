//! Tab Send: now or later, with a hold; then watching it go out, pausing and stopping it.

use jiff::civil::DateTime;
use maud::{Markup, html};

use super::{Head, Tab};
use crate::domain::delivery::{Counts, DeliveryState};
use crate::domain::language::Language;
use crate::domain::role::Role;
use crate::domain::texts::{dates, desk as texts, desk_editions as words, numbers};
use crate::pages::admin::frame::{Desk, Place};
use crate::pages::admin::parts::{Field, FormFaults, Kind, Tone, facts, press, radio, table, tag};
use crate::pages::admin::paths;
use crate::pages::components::hidden;

/// Above so many recipients the number has to be typed.
pub const TYPE_THE_NUMBER_ABOVE: i64 = 100;

/// Everything on the tab. Moments are on the newsletter's own clock.
#[derive(Clone, Copy, Debug)]
pub struct Send<'a> {
    pub head: Head<'a>,
    pub stage: Stage<'a>,
}

/// How fast it goes, by the last minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    pub per_minute: u32,
    pub minutes_left: u32,
}

/// How far it is, in words: the page and the stream that keeps it fresh say the same.
pub fn progress(language: Language, counts: &Counts, audience: i64, pace: Option<Pace>) -> String {
    let left = pace.map(|pace| pace.minutes_left);
    let mut sentence = texts::progress(language, counts.finished(), audience, left);
    if let Some(pace) = pace {
        sentence.push(' ');
        sentence.push_str(&words::send_rate(language, numbers::count(language, pace.per_minute.into())));
    }
    sentence
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub enum Stage<'a> {
    NotApproved,
    Ready(Order<'a>),
    /// Will begin; `seconds_left` while the five minutes run.
    Waiting {
        at: DateTime,
        utc: DateTime,
        seconds_left: Option<i64>,
        /// To how many people, and from whom: the last look before it leaves.
        audience: i64,
        from: &'a str,
    },
    Running {
        counts: Counts,
        audience: i64,
        /// How fast it goes, once that is known.
        pace: Option<Pace>,
        /// Why it does not move, and what to do.
        standstill: Option<&'a str>,
    },
    Paused {
        counts: Counts,
        audience: i64,
        reason: &'a str,
    },
    Sent,
    Cancelled,
}

/// The form that starts it, with what was typed.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// `Name <address>`.
    pub from: &'a str,
    pub audience: i64,
    /// The first and the last line of the mail's text.
    pub first_line: &'a str,
    pub last_line: &'a str,
    pub warnings: &'a [&'a str],
    /// Makes a second press of the button the same press.
    pub key: &'a str,
    /// The newsletter's time zone.
    pub zone: &'a str,
    /// The hold before it begins, in minutes.
    pub hold_minutes: u32,
    pub later: bool,
    /// `2026-03-03` and `09:30`, as typed or proposed.
    pub date: &'a str,
    pub time: &'a str,
    /// That moment on both clocks, while it is one.
    pub moment: Option<(DateTime, DateTime)>,
    pub typed_number: &'a str,
    pub faults: FormFaults<'a>,
}

/// The page.
pub fn page(desk: &Desk<'_>, send: &Send<'_>) -> Markup {
    let language = desk.language;
    let head = &send.head;
    let title = head.title(language, Tab::Send);
    let content = html! { (head.render(language, Tab::Send)) (body(desk, head, &send.stage)) };
    match send.stage {
        Stage::Ready(order) => desk.faulty_page(Place::Editions, &title, order.faults, &content),
        Stage::Running { .. } | Stage::Waiting { .. } => desk.live_page(Place::Editions, &title, &content),
        _ => desk.page(Place::Editions, &title, &content),
    }
}

fn body(desk: &Desk<'_>, head: &Head<'_>, stage: &Stage<'_>) -> Markup {
    let language = desk.language;
    let may = desk.may(Role::Editor);
    match *stage {
        Stage::NotApproved => html! {
            p.note { (texts::send_first_approve(language)) }
            p.actions { a.btn href=(paths::tab(head.id, Tab::Check)) { (texts::send_to_check(language)) } }
        },
        Stage::Ready(order) => html! { (summary(language, head, &order)) @if may { (form(language, head, &order)) } },
        Stage::Waiting { at, utc, seconds_left, audience, from } => html! {
            (waiting(language, at, utc, seconds_left))
            p { (words::hold_to(language, numbers::count(language, audience), from)) }
            @if may { div.actions { (press(&paths::act(head.id, "unschedule"), "", &texts::send_undo(language), &[])) } }
        },
        Stage::Running { counts, audience, pace, standstill } => html! {
            @if let Some(why) = standstill { p.note.attention { (texts::send_paused_because(language, why)) } }
            div data-live=(paths::live(head.id)) {
                p #progress-text role="status" { (progress(language, &counts, audience, pace)) }
                progress aria-labelledby="progress-text" max=(audience) value=(counts.finished()) {}
                (ledger(language, counts, audience))
            }
            @if may { div.actions { (press(&paths::act(head.id, "pause"), "sec", &texts::send_pause(language), &[])) } }
        },
        Stage::Paused { counts, audience, reason } => html! {
            div.note.attention {
                p { strong { (texts::send_paused_because(language, reason)) } }
                p { (texts::send_no_twice(language)) }
            }
            p { (texts::progress(language, counts.finished(), audience, None)) }
            (ledger(language, counts, audience))
            @if may {
                div.actions {
                    (press(&paths::act(head.id, "resume"), "", &texts::send_resume(language), &[]))
                    // As long as it has gone to nobody.
                    @if counts.queued + counts.skipped == counts.sum() {
                        (press(&paths::act(head.id, "reopen"), "sec", &texts::check_reopen(language), &[]))
                    }
                }
                (stop(language, head))
            }
        },
        Stage::Sent => html! { p.good { (texts::send_done(language)) } (to_result(language, head)) },
        Stage::Cancelled => html! { p.note { (texts::send_cancelled(language)) } (to_result(language, head)) },
    }
}

fn summary(language: Language, head: &Head<'_>, order: &Order<'_>) -> Markup {
    html! {
        p.lead { strong { (texts::send_audience(language, numbers::count(language, order.audience))) } }
        (facts(&[
            (texts::send_from(language), html! { (order.from) }),
            (texts::column_subject(language), html! { (head.subject) }),
            (texts::send_begins(language), html! { (order.first_line) }),
            (texts::send_ends(language), html! { (order.last_line) }),
        ]))
        @if !order.warnings.is_empty() {
            div.note.attention {
                p { strong { (texts::send_attention(language)) } }
                ul { @for warning in order.warnings { li { (warning) } } }
            }
        }
    }
}

fn form(language: Language, head: &Head<'_>, order: &Order<'_>) -> Markup {
    html! {
        form method="post" action=(paths::act(head.id, "send")) novalidate {
            (hidden("version", &head.version.to_string()))
            (hidden("key", order.key))
            fieldset {
                legend { (texts::send_when(language)) }
                (radio("when", "when-now", "now", !order.later, &texts::send_now(language, order.hold_minutes)))
                (radio("when", "when-later", "later", order.later, &texts::send_later(language)))
                div.pair {
                    (Field::line("date", &texts::send_date(language), order.date).kind(Kind::Date).render(language, order.faults))
                    (Field::line("time", &texts::send_time(language), order.time).kind(Kind::Time)
                        .render(language, order.faults))
                }
                p.hint {
                    (texts::send_zone(language, order.zone))
                    @if let Some((local, utc)) = order.moment {
                        " " (words::moment_utc(language, dates::moment(language, local), dates::moment(language, utc)))
                    }
                }
            }
            @if order.audience > TYPE_THE_NUMBER_ABOVE {
                (Field::line("recipients", &texts::send_type(language), order.typed_number).kind(Kind::Number)
                    .render(language, order.faults))
            }
            p.actions {
                button.btn type="submit" { (texts::send_button(language, numbers::count(language, order.audience))) }
            }
        }
    }
}

fn waiting(language: Language, at: DateTime, utc: DateTime, seconds_left: Option<i64>) -> Markup {
    html! {
        @if let Some(seconds) = seconds_left {
            p.lead {
                (texts::send_hold(language, clock(at))) " "
                span role="timer" data-seconds=(seconds) data-text=(texts::send_left(language, "#")) {
                    (texts::send_left(language, format!("{}:{:02}", seconds / 60, seconds % 60)))
                }
            }
        } @else {
            p.lead { (texts::send_planned(language, dates::moment(language, at), in_utc(language, at, utc))) }
        }
    }
}

/// With its day where that is another one.
fn in_utc(language: Language, at: DateTime, utc: DateTime) -> String {
    if at.date() == utc.date() { clock(utc) } else { dates::moment(language, utc) }
}

fn clock(moment: DateTime) -> String {
    format!("{:02}:{:02}", moment.hour(), moment.minute())
}

/// Stopping for good asks once more, on a page of its own.
fn stop(language: Language, head: &Head<'_>) -> Markup {
    html! {
        p.hint { (texts::send_stop_hint(language)) }
        (press(&paths::act(head.id, "cancel"), "sec", &(texts::send_stop(language) + "…"), &[]))
    }
}

fn to_result(language: Language, head: &Head<'_>) -> Markup {
    html! { p.actions { a.btn href=(paths::tab(head.id, Tab::Result)) { (texts::send_to_result(language)) } } }
}

/// Every state with its number and its meaning, and below them the sum that must be the audience.
pub(super) fn ledger(language: Language, mut counts: Counts, audience: i64) -> Markup {
    let columns = [texts::column_status(language), texts::column_count(language), texts::column_meaning(language)];
    let sum = counts.sum();
    let rows = html! {
        @for state in DeliveryState::ALL {
            @let number = *counts.of(*state);
            tr {
                th scope="row" { (state_tag(language, *state)) }
                td.number data-count=(state) { (numbers::count(language, number)) }
                td { (texts::state_help(language, *state)) }
            }
        }
        tr.sum {
            th scope="row" { (texts::result_total(language)) }
            td.number { (numbers::count(language, sum)) }
            td {
                @if sum == audience { (texts::result_adds_up(language, numbers::count(language, audience))) }
                @else {
                    strong {
                        (texts::result_adds_up_not(
                            language,
                            numbers::count(language, sum),
                            numbers::count(language, audience),
                        ))
                    }
                }
            }
        }
    };
    table(&texts::send_table(language), &columns, &rows)
}

/// The word for a delivery's state, in its colour.
pub(in crate::pages::admin) fn state_tag(language: Language, state: DeliveryState) -> Markup {
    let tone = match state {
        DeliveryState::Accepted => Tone::Good,
        DeliveryState::Deferred | DeliveryState::Unknown => Tone::Attention,
        DeliveryState::Rejected | DeliveryState::Expired => Tone::Bad,
        DeliveryState::Queued | DeliveryState::Sending | DeliveryState::Skipped => Tone::Plain,
    };
    tag(tone, &texts::state(language, state))
}
