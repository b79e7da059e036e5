//! Tab Result: every recipient in exactly one state, with the reason in plain words and the server's own behind it.

use jiff::civil::DateTime;
use maud::{Markup, html};

use super::send::{ledger, state_tag};
use super::{Head, Tab};
use crate::domain::delivery::{Counts, DeliveryState};
use crate::domain::language::Language;
use crate::domain::role::Role;
use crate::domain::texts::{dates, desk as texts, desk_editions as words, numbers};
use crate::pages::admin::frame::{Desk, Place};
use crate::pages::admin::parts::{press, select, table};
use crate::pages::admin::paths;
use crate::pages::admin::plot::{Point, plot};

/// Everything on the tab. Moments are on the newsletter's own clock.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    pub head: Head<'a>,
    pub counts: Counts,
    pub audience: i64,
    /// Uncertain ones that wait for a decision, and whether they may be sent again.
    pub undecided: i64,
    pub may_repeat: bool,
    pub started: Option<DateTime>,
    pub finished: Option<DateTime>,
    pub domains: &'a [DomainLine<'a>],
    /// One page of recipients.
    pub recipients: &'a [Recipient<'a>],
    /// Only recipients in this state are shown.
    pub filter: Option<DeliveryState>,
    /// The cursor of the next page of recipients.
    pub more: Option<&'a str>,
    /// Accepted so far, over time.
    pub pace: &'a [Point<'a>],
    /// Taken out of the archive.
    pub withdrawn: bool,
}

/// How it went at one domain.
#[derive(Clone, Copy, Debug)]
pub struct DomainLine<'a> {
    pub domain: &'a str,
    pub counts: Counts,
    /// The commonest reason for a refusal, in plain words.
    pub reason: Option<&'a str>,
}

/// How it went with one person.
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    /// Gone once the address is erased.
    pub email: Option<&'a str>,
    pub state: DeliveryState,
    pub moment: Option<DateTime>,
    /// In plain words.
    pub reason: Option<&'a str>,
    /// What the mail server said.
    pub reply: Option<&'a str>,
}

/// The page.
pub fn page(desk: &Desk<'_>, report: &Report<'_>) -> Markup {
    let language = desk.language;
    let head = &report.head;
    desk.page(
        Place::Editions,
        &head.title(language, Tab::Result),
        &html! {
            (head.render(language, Tab::Result))
            @if let Some(started) = report.started {
                p {
                    (texts::result_started(language, dates::moment(language, started)))
                    @if let Some(finished) = report.finished {
                        " " (texts::result_finished(language, dates::moment(language, finished)))
                    }
                }
                p.actions {
                    @if desk.may(Role::Editor) {
                        a.btn.sec href=(paths::act(head.id, "deliveries.csv")) { (texts::result_csv(language)) }
                    }
                    a.btn.sec href=(paths::act(head.id, "evidence")) { (texts::result_evidence(language)) }
                    a.btn.sec href=(paths::act(head.id, "evidence.json")) { (texts::result_evidence_json(language)) }
                }
                (ledger(language, report.counts, report.audience))
                @if desk.may(Role::Editor) { (decisions(language, report)) }
                (plot(language, &texts::plot_deliveries(language), report.pace))
                (domains(language, report.domains))
                (recipients(language, report))
                (archive(desk, report))
            } @else { p { (texts::result_none(language)) } }
        },
    )
}

/// Whether the archive shows it. Taking it out asks once more, on a page of its own.
fn archive(desk: &Desk<'_>, report: &Report<'_>) -> Markup {
    let language = desk.language;
    let action = paths::act(report.head.id, "withdraw");
    html! {
        @if report.withdrawn {
            div.note {
                p { (words::withdrawn(language)) }
                @if desk.may(Role::Editor) {
                    div.actions { (press(&action, "sec", &words::put_back(language), &[("decision", "put-back")])) }
                }
            }
        } @else if desk.may(Role::Editor) {
            div.actions { (press(&action, "sec", &(words::withdraw(language) + "…"), &[])) }
        }
    }
}

fn decisions(language: Language, report: &Report<'_>) -> Markup {
    let (head, counts) = (&report.head, &report.counts);
    html! {
        @if report.undecided > 0 {
            div.note.attention {
                p { (texts::unknown_question(language, report.undecided)) }
                div.actions {
                    @if report.may_repeat {
                        (press(&paths::act(head.id, "unknown"), "sec", &texts::result_unknown_repeat(language), &[("decision", "repeat")]))
                    }
                    (press(&paths::act(head.id, "unknown"), "sec", &texts::result_unknown_leave(language), &[("decision", "leave")]))
                }
            }
        }
        @if counts.deferred > 0 {
            div.actions { (press(&paths::act(head.id, "retry"), "sec", &texts::result_retry(language), &[])) }
        }
    }
}

fn domains(language: Language, lines: &[DomainLine<'_>]) -> Markup {
    let columns = [
        texts::column_domain(language),
        texts::state_accepted(language),
        texts::state_deferred(language),
        texts::state_rejected(language),
        texts::state_unknown(language),
        texts::column_reason(language),
    ];
    html! {
        @if !lines.is_empty() {
            h2 { (texts::result_per_domain(language)) }
            (table(&texts::result_per_domain(language), &columns, &html! {
                @for line in lines {
                    tr {
                        th scope="row" { (line.domain) }
                        @for (label, number) in [
                            (&columns[1], line.counts.accepted),
                            (&columns[2], line.counts.deferred),
                            (&columns[3], line.counts.rejected + line.counts.expired),
                            (&columns[4], line.counts.unknown),
                        ] { td.number data-label=(label) { (numbers::count(language, number)) } }
                        td { (line.reason.unwrap_or("")) }
                    }
                }
            }))
        }
    }
}

fn recipients(language: Language, report: &Report<'_>) -> Markup {
    let head = &report.head;
    let here = paths::tab(head.id, Tab::Result);
    let columns = [
        texts::column_address(language),
        texts::column_status(language),
        texts::column_when(language),
        texts::column_reason(language),
    ];
    let mut states = vec![("", texts::result_all(language))];
    states.extend(DeliveryState::ALL.iter().map(|state| (state.as_str(), texts::state(language, *state))));
    html! {
        h2 #recipients { (texts::result_recipients(language)) }
        form.filter method="get" action={ (here) "#recipients" } {
            (select("status", &texts::result_filter(language), report.filter.map_or("", DeliveryState::as_str), &states))
            button.btn.sec type="submit" { (texts::preview_show(language)) }
        }
        @if report.recipients.is_empty() { p { (texts::nothing_here(language)) } }
        @else {
            (table(&texts::result_recipients(language), &columns, &html! {
                @for recipient in report.recipients { (row(language, recipient, &columns)) }
            }))
        }
        @if let Some(cursor) = report.more {
            p {
                a href={ (here) "?status=" (report.filter.map_or("", DeliveryState::as_str)) "&cursor=" (cursor) "#recipients" } {
                    (texts::more(language))
                }
            }
        }
    }
}

fn row(language: Language, recipient: &Recipient<'_>, columns: &[String; 4]) -> Markup {
    html! {
        tr {
            th scope="row" {
                @match recipient.email {
                    Some(email) => (email),
                    None => span.hint { (texts::result_removed(language)) },
                }
            }
            td data-label=(columns[1]) { (state_tag(language, recipient.state)) }
            td.moment data-label=[recipient.moment.map(|_| &columns[2])] {
                @if let Some(moment) = recipient.moment { (dates::short(language, moment)) }
            }
            td data-label=[recipient.reason.map(|_| &columns[3])] {
                (recipient.reason.unwrap_or(""))
                @if let Some(reply) = recipient.reply {
                    details { summary { (texts::result_own_words(language)) } pre { (reply) } }
                }
            }
        }
    }
}
