//! Settings: seven tabs; three of them everybody may read, and administrators change nearly all.

pub mod feedback;
pub mod form;
pub mod schedule;
pub mod sender;
pub mod sources;
pub mod system;
pub mod users;
pub mod webhooks;

use maud::{Markup, html};

use super::frame::{Desk, Place};
use super::parts::{FormFaults, tabs};
use super::paths;
use crate::domain::language::Language;
use crate::domain::role::Role;
use crate::domain::texts::{desk as desk_texts, desk_programs as programs, desk_settings as texts};

/// One of the pages of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsTab {
    Sender,
    Sources,
    Form,
    Users,
    Feedback,
    Webhooks,
    System,
}

impl SettingsTab {
    /// Every tab, in order.
    pub const ALL: [Self; 7] =
        [Self::Sender, Self::Sources, Self::Form, Self::Users, Self::Feedback, Self::Webhooks, Self::System];

    /// The last part of its address.
    pub const fn segment(self) -> &'static str {
        match self {
            Self::Sender => "sender",
            Self::Sources => "sources",
            Self::Form => "form",
            Self::Users => "users",
            Self::Feedback => "feedback",
            Self::Webhooks => "webhooks",
            Self::System => "system",
        }
    }

    /// Who may look at it: people, programs and the log of deeds are for those who look after them.
    const fn least_role(self) -> Role {
        match self {
            Self::Sender | Self::Sources | Self::Form => Role::Viewer,
            // It holds the addresses of readers.
            Self::Feedback => Role::Editor,
            Self::Users | Self::Webhooks | Self::System => Role::Admin,
        }
    }

    fn label(self, language: Language) -> String {
        match self {
            Self::Sender => texts::tab_sender(language),
            Self::Sources => texts::tab_sources(language),
            Self::Form => texts::tab_form(language),
            Self::Users => texts::tab_users(language),
            Self::Feedback => programs::tab_feedback(language),
            Self::Webhooks => programs::tab_webhooks(language),
            Self::System => texts::tab_system(language),
        }
    }
}

/// A tab with its content.
fn page(desk: &Desk<'_>, open: SettingsTab, faults: FormFaults<'_>, content: &Markup) -> Markup {
    let language = desk.language;
    let entries: Vec<_> = SettingsTab::ALL
        .into_iter()
        .filter(|tab| desk.may(tab.least_role()))
        .map(|tab| (desk.here(&paths::settings(tab.segment())), tab.label(language), tab == open))
        .collect();
    let title = format!("{} – {}", desk_texts::nav_settings(language), open.label(language));
    desk.faulty_page(
        Place::Settings,
        &title,
        faults,
        &html! {
            h1 { (desk_texts::nav_settings(language)) }
            (tabs(&texts::tabs(language), &entries))
            @if !desk.may(Role::Admin) && open != SettingsTab::Feedback { p.note { (texts::admins_only(language)) } }
            (content)
        },
    )
}

/// A form of a tab, which only administrators can change.
fn form(desk: &Desk<'_>, tab: SettingsTab, what: &str, is_faulty: bool, fields: &Markup) -> Markup {
    let language = desk.language;
    let admin = desk.may(Role::Admin);
    html! {
        form method="post" action=(paths::settings(tab.segment())) novalidate data-guard=(desk_texts::unsaved(language))
            data-changed[is_faulty] {
            (super::super::components::hidden("newsletter", desk.newsletter))
            (super::super::components::hidden("what", what))
            fieldset.quiet disabled[!admin] { legend.away { (tab.label(language)) } (fields) }
            @if admin { p.actions { button.btn type="submit" { (desk_texts::save(language)) } } }
        }
    }
}
