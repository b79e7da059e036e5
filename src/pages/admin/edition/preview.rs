//! Tab Preview: the mail as it arrives, on a desktop, a phone, in the dark, as plain text, with its headers.

use maud::{Markup, html};

use super::{Head, Tab};
use crate::domain::language::Language;
use crate::domain::role::Role;
use crate::domain::texts::desk as texts;
use crate::pages::admin::frame::{Desk, Place};
use crate::pages::admin::parts::{Field, FormFaults, Kind, tabs};
use crate::pages::admin::paths;
use crate::pages::components::hidden;

/// How to look at it; `?view=` in the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    Desktop,
    Phone,
    Dark,
    Text,
    Headers,
}

impl View {
    /// Every view, in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Desktop, Self::Phone, Self::Dark, Self::Text, Self::Headers];

    /// The word in the address.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Phone => "phone",
            Self::Dark => "dark",
            Self::Text => "text",
            Self::Headers => "headers",
        }
    }

    fn label(self, language: Language) -> String {
        match self {
            Self::Desktop => texts::preview_desktop(language),
            Self::Phone => texts::preview_phone(language),
            Self::Dark => texts::preview_dark(language),
            Self::Text => texts::preview_text(language),
            Self::Headers => texts::preview_headers(language),
        }
    }
}

/// Everything on the tab.
#[derive(Clone, Copy, Debug)]
pub struct Preview<'a> {
    pub head: Head<'a>,
    pub view: View,
    /// The plain-text part, shown by [`View::Text`].
    pub text: &'a str,
    /// The header fields, shown by [`View::Headers`].
    pub headers: &'a str,
    /// The address of the subscriber through whose eyes one looks; empty for nobody.
    pub subscriber: &'a str,
    /// Names that look without naming: the subscriber's id, for the frame's address.
    pub subscriber_id: Option<i64>,
    pub faults: FormFaults<'a>,
}

/// The page. The frame is sandboxed and has an origin of its own, so nothing in a mail can reach the desk.
pub fn page(desk: &Desk<'_>, preview: &Preview<'_>) -> Markup {
    let language = desk.language;
    let head = &preview.head;
    let here = paths::tab(head.id, Tab::Preview);
    let as_whom = preview.subscriber_id.map(|id| format!("&as={id}")).unwrap_or_default();
    let views = View::ALL
        .map(|view| (format!("{here}?view={}{as_whom}", view.word()), view.label(language), view == preview.view));
    let query = format!("?view={}{as_whom}", preview.view.word());
    desk.faulty_page(
        Place::Editions,
        &head.title(language, Tab::Preview),
        preview.faults,
        &html! {
            (head.render(language, Tab::Preview))
            (tabs(&texts::preview_views(language), &views))
            @match preview.view {
                View::Text => pre.mail tabindex="0" { (preview.text) },
                View::Headers => pre.mail tabindex="0" { (preview.headers) },
                view => {
                    iframe class={ "mail " (view.word()) } sandbox title=(texts::preview_frame(language))
                        src=(paths::frame(head.id, &query)) {}
                }
            }
            p { a href=(paths::message(head.id, &query)) { (texts::preview_download(language)) } }
            @if desk.may(Role::Editor) {
                // By POST, because an address has no place in a log of paths.
                form method="post" action=(here) novalidate {
                    (hidden("view", preview.view.word()))
                    (Field::line("subscriber", &texts::preview_as(language), preview.subscriber)
                        .hint(&texts::preview_as_hint(language)).kind(Kind::Email).render(language, preview.faults))
                    p.actions { button.btn.sec type="submit" { (texts::preview_show(language)) } }
                }
            }
        },
    )
}
