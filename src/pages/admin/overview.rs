//! The overview: what needs me now, and how things stand.

use jiff::civil::{Date, DateTime};
use maud::{Markup, html};

use super::edition::Tab;
use super::frame::{Desk, Place};
use super::parts::{Tone, facts, tag};
use super::paths;
use super::plot::{Point, plot};
use crate::domain::role::Role;
use crate::domain::texts::{
    dates, desk as texts, desk_overview as words, desk_people as people, desk_programs as programs,
    desk_settings as settings, numbers,
};

/// Something that waits for a person.
#[derive(Clone, Copy, Debug)]
pub enum Task<'a> {
    Draft {
        edition: i64,
        number: i64,
        subject: &'a str,
        warnings: usize,
        errors: usize,
    },
    Approved {
        edition: i64,
        number: i64,
        subject: &'a str,
    },
    Scheduled {
        edition: i64,
        number: i64,
        at: DateTime,
    },
    Sending {
        edition: i64,
        number: i64,
        done: i64,
        total: i64,
    },
    Paused {
        edition: i64,
        number: i64,
        reason: &'a str,
    },
    Unknown {
        edition: i64,
        number: i64,
        count: i64,
    },
    Source {
        title: &'a str,
        error: &'a str,
    },
    /// Mail came back that only a person can read.
    Unread {
        count: i64,
    },
    /// Nothing can be sent: no mail server is set.
    NoMailServer,
    /// Nothing brings in articles.
    NoSource,
    /// Nobody reads the newsletter yet.
    NoReaders,
    /// The checks never ran.
    NeverChecked,
    /// The checks found so much that is wrong.
    Faults {
        count: usize,
    },
    /// The wizard was left before its end.
    Setup,
}

/// Numbers of the newsletter in hand; moments on its own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures<'a> {
    pub confirmed: i64,
    pub joined: i64,
    pub left: i64,
    pub pending: i64,
    /// Of the last 30 days: sign-ups asked for, looks at the page behind the link, and confirmed.
    pub confirmations: [i64; 3],
    pub next_draft: Option<DateTime>,
    /// The day of the last edition, and for how many it was accepted.
    pub last: Option<(Date, i64)>,
    /// When the checks ran last.
    pub checked: Option<DateTime>,
    /// How many points the system page holds that ask for attention.
    pub system_attention: usize,
    /// Subscribers over the last year.
    pub growth: &'a [Point<'a>],
}

/// The page.
pub fn page(desk: &Desk<'_>, tasks: &[Task<'_>], figures: &Figures<'_>) -> Markup {
    let language = desk.language;
    let count = |number: i64| numbers::count(language, number);
    let [asked, viewed, confirmed] = figures.confirmations.map(count);
    desk.page(
        Place::Overview,
        &texts::nav_overview(language),
        &html! {
            h1 { (texts::hello(language, desk.user.name)) }
            @if tasks.is_empty() { p.good { (texts::task_none(language)) } }
            @else { ul.cards { @for task in tasks { li { (card(desk, task)) } } } }
            h2 { (texts::figures(language)) }
            (facts(&[
                (texts::figure_subscribers(language), html! {
                    strong { (count(figures.confirmed)) } br;
                    span.hint { (texts::figure_change(language, count(figures.joined), count(figures.left))) }
                }),
                (texts::figure_pending(language), html! { (count(figures.pending)) }),
                (texts::figure_confirmations(language), html! {
                    (texts::figure_confirmations_value(language, asked, viewed, confirmed)) br;
                    span.hint { (texts::figure_confirmations_hint(language)) }
                }),
                (texts::figure_next(language), html! {
                    @if let Some(moment) = figures.next_draft { (dates::moment(language, moment)) }
                    @else { (texts::none_planned(language)) }
                }),
                (texts::figure_last(language), html! {
                    @if let Some((day, accepted)) = figures.last {
                        (texts::figure_last_value(language, dates::day(language, day), count(accepted)))
                    } @else { (texts::none_yet(language)) }
                }),
                (texts::figure_system(language), html! {
                    @if figures.system_attention > 0 {
                        @let attention = tag(Tone::Attention, &words::system_attention(language, figures.system_attention));
                        @if desk.may(Role::Admin) { a href=(paths::settings("system")) { (attention) } } @else { (attention) }
                    } @else if figures.checked.is_some() { (tag(Tone::Good, &texts::figure_system_fine(language))) }
                    @else { (tag(Tone::Plain, &words::never_checked(language))) }
                    br;
                    span.hint {
                        @if let Some(moment) = figures.checked {
                            (words::checked_at(language, dates::moment(language, moment))) " "
                        }
                        (words::every_day(language))
                    }
                }),
            ]))
            (plot(language, &texts::plot_subscribers(language), figures.growth))
        },
    )
}

fn card(desk: &Desk<'_>, task: &Task<'_>) -> Markup {
    let language = desk.language;
    match *task {
        Task::Draft { edition, number, subject, warnings, errors } => html! {
            h2 { (texts::task_draft(language, number)) }
            p { (subject) }
            p.actions {
                a.btn href=(paths::tab(edition, Tab::Content)) { (texts::task_draft_button(language)) }
                @if errors > 0 { (tag(Tone::Bad, &format!("{errors} × {}", texts::check_error(language)))) }
                @if warnings > 0 { (tag(Tone::Attention, &format!("{warnings} × {}", texts::check_warning(language)))) }
            }
        },
        Task::Approved { edition, number, subject } => html! {
            h2 { (texts::task_approved(language, number)) }
            p { (subject) }
            (go(&paths::tab(edition, Tab::Send), &texts::task_approved_button(language)))
        },
        Task::Scheduled { edition, number, at } => html! {
            h2 { (texts::task_scheduled(language, number, dates::moment(language, at))) }
            (go(&paths::tab(edition, Tab::Send), &texts::task_follow(language)))
        },
        Task::Sending { edition, number, done, total } => html! {
            h2 { (texts::task_sending(language, number)) }
            p { (texts::progress(language, done, total, None)) }
            (go(&paths::tab(edition, Tab::Send), &texts::task_follow(language)))
        },
        Task::Paused { edition, number, reason } => html! {
            h2 { (texts::task_paused(language, number)) }
            p { (reason) }
            (go(&paths::tab(edition, Tab::Send), &texts::task_decide(language)))
        },
        Task::Unknown { edition, number, count } => html! {
            h2 { (texts::unknown_heading(language, number, count)) }
            (go(&paths::tab(edition, Tab::Result), &texts::task_decide(language)))
        },
        Task::Source { title, error } => html! {
            h2 { (texts::task_source(language, title)) }
            p { (error) }
            (go(&desk.here(&paths::settings("sources")), &texts::task_source_button(language)))
        },
        Task::Unread { count } => html! {
            h2 { (programs::feedback_title(language)) }
            p { (programs::feedback_count(language, numbers::count(language, count))) }
            @if desk.may(Role::Editor) {
                (go(&desk.here(&paths::settings("feedback")), &programs::feedback_read(language)))
            }
        },
        Task::NoMailServer => html! {
            h2 { (words::task_no_mail_server(language)) }
            p { (words::task_no_mail_server_why(language)) }
            (go(&desk.here(&paths::settings("sender")), &words::task_sender_button(language)))
        },
        Task::NoSource => html! {
            h2 { (words::task_no_source(language)) }
            p { (words::task_no_source_why(language)) }
            (go(&desk.here(&paths::settings("sources")), &settings::sources_add(language)))
        },
        Task::NoReaders => html! {
            h2 { (words::task_no_readers(language)) }
            p { (words::task_no_readers_why(language)) }
            p.actions {
                a.btn href={ (desk.here(&paths::settings("form"))) "#place" } { (settings::form_place(language)) }
                @if desk.may(Role::Admin) { a.btn.sec href=(desk.here(paths::IMPORT)) { (people::people_import(language)) } }
            }
        },
        Task::NeverChecked => html! {
            h2 { (words::task_never_checked(language)) }
            p { (words::task_never_checked_why(language)) }
            @if desk.may(Role::Admin) { (go(&paths::settings("system"), &words::task_system_button(language))) }
        },
        Task::Faults { count } => html! {
            h2 { (words::task_faults(language, count)) }
            @if desk.may(Role::Admin) { (go(&paths::settings("system"), &words::task_faults_button(language))) }
        },
        Task::Setup => html! {
            h2 { (texts::task_setup(language)) }
            (go(paths::SETUP, &texts::task_setup_button(language)))
        },
    }
}

fn go(path: &str, label: &str) -> Markup {
    html! { p.actions { a.btn href=(path) { (label) } } }
}
