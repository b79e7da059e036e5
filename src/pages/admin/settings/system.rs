//! System: what is fine and what is not, who did what, what is kept for how long.

use jiff::civil::DateTime;
use maud::{Markup, html};

use super::{SettingsTab, page};
use crate::domain::language::Language;
use crate::domain::role::Role;
use crate::domain::texts::{dates, desk as desk_texts, desk_overview, desk_settings as texts};
use crate::pages::admin::frame::Desk;
use crate::pages::admin::parts::{FormFaults, Tone, press, table, tag};
use crate::pages::admin::paths;

/// One point of the doctor's list.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    /// Its short name, such as `spf.include`.
    pub check: &'a str,
    pub state: PointState,
    pub message: &'a str,
    /// What to paste or do.
    pub advice: Option<&'a str>,
}

/// How a point stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointState {
    Fine,
    Attention,
    Wrong,
    Info,
    NotChecked,
}

/// One line of the log.
#[derive(Clone, Copy, Debug)]
pub struct Deed<'a> {
    pub at: DateTime,
    pub who: &'a str,
    pub what: &'a str,
}

/// Everything on the tab.
#[derive(Clone, Copy, Debug)]
pub struct System<'a> {
    pub version: &'a str,
    pub checked: Option<DateTime>,
    pub points: &'a [Point<'a>],
    /// Newest first.
    pub log: &'a [Deed<'a>],
    /// The cursor of the next page of the log.
    pub more: Option<&'a str>,
    /// Kinds of data, and how long each is kept, in words.
    pub kept: &'a [(&'a str, &'a str)],
}

/// The tab.
pub fn tab(desk: &Desk<'_>, system: &System<'_>) -> Markup {
    let language = desk.language;
    let here = paths::settings(SettingsTab::System.segment());
    page(
        desk,
        SettingsTab::System,
        FormFaults::default(),
        &html! {
            p.hint { (texts::system_version(language, system.version)) }
            h2 { (texts::system_checks(language)) }
            @if let Some(moment) = system.checked { p { (texts::system_checked(language, dates::moment(language, moment))) } }
            @if desk.may(Role::Admin) { (press(&here, "sec", &texts::system_look_now(language), &[("what", "examine")])) }
            @if system.points.is_empty() { p { (desk_overview::never_checked(language)) } }
            @else { (points(language, system.points)) }
            h2 { (texts::system_log(language)) }
            (log(language, system.log))
            @if let Some(cursor) = system.more { p { a href={ (here) "?cursor=" (cursor) } { (desk_texts::more(language)) } } }
            h2 { (texts::system_kept(language)) }
            (table(&texts::system_kept(language),
                &[texts::system_kept_what(language), texts::system_kept_how_long(language)],
                &html! { @for (what, how_long) in system.kept { tr { th scope="row" { (what) } td { (how_long) } } } }))
        },
    )
}

fn points(language: Language, points: &[Point<'_>]) -> Markup {
    let columns =
        [desk_texts::column_status(language), texts::system_checks(language), desk_texts::column_meaning(language)];
    table(
        &texts::system_checks(language),
        &columns,
        &html! {
            @for point in points {
                tr {
                    td { (state(language, point.state)) }
                    th scope="row" { code { (point.check) } }
                    td {
                        (point.message)
                        @if let Some(advice) = point.advice { pre.mail tabindex="0" { (advice) } }
                    }
                }
            }
        },
    )
}

fn state(language: Language, state: PointState) -> Markup {
    match state {
        PointState::Fine => tag(Tone::Good, &desk_texts::check_good(language)),
        PointState::Attention => tag(Tone::Attention, &desk_texts::check_warning(language)),
        PointState::Wrong => tag(Tone::Bad, &desk_texts::check_error(language)),
        PointState::Info => tag(Tone::Plain, &texts::system_info(language)),
        PointState::NotChecked => tag(Tone::Plain, &texts::dns_not_checked(language)),
    }
}

fn log(language: Language, log: &[Deed<'_>]) -> Markup {
    let columns =
        [desk_texts::column_when(language), texts::system_log_who(language), texts::system_log_what(language)];
    html! {
        @if log.is_empty() { p { (desk_texts::nothing_here(language)) } }
        @else {
            (table(&texts::system_log(language), &columns, &html! {
                @for deed in log {
                    tr { td { (dates::moment(language, deed.at)) } th scope="row" { (deed.who) } td { (deed.what) } }
                }
            }))
        }
    }
}
