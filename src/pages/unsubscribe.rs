//! Leaving: one page with one button, an undo, and a question that nobody has to answer.

use maud::{Markup, html};

use super::components::{button_form, emphasised, hidden, post_form, primary, secondary, success};
use super::layout::{Imprint, Page};
use super::{Visit, paths};
use crate::domain::language::Language;
use crate::domain::texts::pages as texts;

/// Why somebody left, as the form sends it in `reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Often,
    Topic,
    Never,
    Other,
}

impl Reason {
    /// Every reason, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Often, Self::Topic, Self::Never, Self::Other];

    /// The value in the form.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Often => "often",
            Self::Topic => "topic",
            Self::Never => "never",
            Self::Other => "other",
        }
    }

    fn label(self, language: Language) -> String {
        match self {
            Self::Often => texts::reason_often(language),
            Self::Topic => texts::reason_topic(language),
            Self::Never => texts::reason_never(language),
            Self::Other => texts::reason_other(language),
        }
    }
}

/// The page behind the link; showing it changes nothing. `preferences` leads to changing the address instead.
pub fn ask(visit: Visit<'_>, masked: &str, preferences: Option<&str>) -> Markup {
    let title = texts::unsub_title(visit.language);
    let question = texts::unsub_body(visit.language, visit.newsletter.title, masked);
    frame(
        visit,
        &title,
        &html! {
            h1 { (title) }
            p { (emphasised(&question, masked)) }
            (button_form(&paths::unsubscribe(visit.token), visit.language, Some("unsubscribe"),
                &primary(&texts::unsub_button(visit.language))))
            p.aside {
                a href=(preferences.unwrap_or(paths::PREFERENCES)) { (texts::unsub_instead(visit.language)) }
            }
        },
    )
}

/// Unsubscribed just now, with the way back and the question why.
pub fn done(visit: Visit<'_>) -> Markup {
    let title = texts::unsubbed_title(visit.language);
    frame(
        visit,
        &title,
        &html! {
            (success(&title, &html! {
                p { (texts::unsubbed_body(visit.language)) }
                p { (texts::unsubbed_inflight(visit.language)) }
            }))
            (undo(visit))
            (why(visit))
        },
    )
}

/// Unsubscribed before; `undoable` while the old consent may still be restored.
pub fn already(visit: Visit<'_>, undoable: bool) -> Markup {
    let title = texts::unsubbed_already_title(visit.language);
    frame(
        visit,
        &title,
        &html! {
            (success(&title, &html! { p { (texts::nothing_to_do(visit.language)) } }))
            @if undoable { (undo(visit)) } @else { (sign_up_again(visit)) }
        },
    )
}

/// Back again, as if nothing had happened.
pub fn undone(visit: Visit<'_>) -> Markup {
    let title = texts::unsubbed_undone_title(visit.language);
    frame(visit, &title, &success(&title, &html! { p { (texts::unsubbed_undone(visit.language)) } }))
}

/// After the question why.
pub fn thanks(visit: Visit<'_>) -> Markup {
    let title = texts::unsubbed_title(visit.language);
    frame(
        visit,
        &title,
        &html! {
            (success(&title, &html! { p { (texts::reason_thanks(visit.language)) } }))
            (undo(visit))
        },
    )
}

/// The link outlived the data: after an erasure nothing is left to unsubscribe.
pub fn nothing_kept(language: Language, imprint: Option<Imprint<'_>>) -> Markup {
    let title = texts::nothing_kept_title(language);
    Page { language, title: &title, imprint, ..Page::default() }
        .around(&success(&title, &html! { p { (texts::nothing_kept_body(language)) } }))
}

fn undo(visit: Visit<'_>) -> Markup {
    html! {
        h2 { (texts::unsubbed_undo(visit.language)) }
        (button_form(&paths::unsubscribe(visit.token), visit.language, Some("undo"),
            &secondary(&texts::unsubbed_undo_button(visit.language))))
    }
}

fn why(visit: Visit<'_>) -> Markup {
    let language = visit.language;
    post_form(
        &paths::unsubscribe(visit.token),
        language,
        &html! {
            (hidden("action", "reason"))
            fieldset {
                legend { h2 { (texts::reason_title(language)) " " span.hint { (texts::optional(language)) } } }
                p.hint { (texts::reason_note(language)) }
                @for reason in Reason::ALL {
                    @let id = format!("reason-{}", reason.value());
                    div.choice {
                        input #(id) type="radio" name="reason" value=(reason.value());
                        label for=(id) { (reason.label(language)) }
                    }
                }
            }
            p.actions { (secondary(&texts::reason_send(language))) }
        },
    )
}

fn sign_up_again(visit: Visit<'_>) -> Markup {
    html! {
        p {
            a href={ (paths::newsletter(visit.newsletter.slug)) "?language=" (visit.language) } {
                (texts::unsub_again(visit.language))
            }
        }
    }
}

fn frame(visit: Visit<'_>, title: &str, content: &Markup) -> Markup {
    let path = paths::unsubscribe(visit.token);
    Page {
        language: visit.language,
        title,
        imprint: Some(visit.newsletter.imprint()),
        path: Some(&path),
        ..Page::default()
    }
    .around(content)
}
