//! Mail that came back about a delivery and that no rule could read: for a person to read, and to take off the list.

use jiff::civil::DateTime;
use maud::{Markup, html};

use super::{SettingsTab, page};
use crate::domain::feedback::Channel;
use crate::domain::texts::{dates, desk as desk_texts, desk_programs as texts, numbers};
use crate::pages::admin::edition::Tab;
use crate::pages::admin::frame::Desk;
use crate::pages::admin::parts::FormFaults;
use crate::pages::admin::paths;
use crate::pages::components::hidden;

/// One such mail, cut to its beginning.
#[derive(Clone, Copy, Debug)]
pub struct Unread<'a> {
    pub id: i64,
    pub at: DateTime,
    pub edition: i64,
    pub number: i64,
    /// To whom the delivery went, as long as it is kept.
    pub email: Option<&'a str>,
    pub channel: Channel,
    pub subject: &'a str,
    pub words: &'a str,
}

/// The tab: the newest first, and the cursor of the next page.
pub fn tab(desk: &Desk<'_>, total: i64, mails: &[Unread<'_>], more: Option<&str>) -> Markup {
    let language = desk.language;
    let here = paths::settings(SettingsTab::Feedback.segment());
    page(
        desk,
        SettingsTab::Feedback,
        FormFaults::default(),
        &html! {
            h2 { (texts::feedback_title(language)) }
            p { (texts::feedback_body(language)) }
            @if mails.is_empty() { p.good { (texts::feedback_none(language)) } }
            @else {
                p role="status" { (texts::feedback_count(language, numbers::count(language, total))) }
                ul.cards { @for mail in mails { li { (card(desk, mail, &here)) } } }
            }
            @if let Some(cursor) = more { p { a href={ (here) "?cursor=" (cursor) } { (desk_texts::more(language)) } } }
        },
    )
}

fn card(desk: &Desk<'_>, mail: &Unread<'_>, here: &str) -> Markup {
    let language = desk.language;
    let nothing = texts::feedback_no_subject(language);
    let subject = if mail.subject.is_empty() { nothing.as_str() } else { mail.subject };
    html! {
        h3 dir="auto" { (subject) }
        p.hint {
            (dates::moment(language, mail.at)) ", " (texts::channel(language, mail.channel)) ". "
            a href=(paths::tab(mail.edition, Tab::Result)) { (texts::feedback_about(language, mail.number)) } ", "
            @match mail.email {
                Some(email) => (texts::feedback_to(language, email)),
                None => (texts::feedback_nobody(language)),
            }
            "."
        }
        @if !mail.words.is_empty() { pre.mail tabindex="0" dir="auto" { (mail.words) } }
        div.actions {
            form method="post" action=(here) {
                (hidden("mail", &mail.id.to_string()))
                button.btn.sec type="submit" aria-label=(texts::feedback_seen_label(language, subject)) {
                    (texts::feedback_seen(language))
                }
            }
        }
    }
}
