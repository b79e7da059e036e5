//! Confirming a sign-up: one page with one button, and what comes of pressing it.

use maud::{Markup, html};

use super::components::{button_form, emphasised, primary, success};
use super::layout::Page;
use super::{Visit, paths};
use crate::domain::texts::{dates, pages as texts};

/// The page behind the link: it holds nothing but the button, and showing it changes nothing.
pub fn ask(visit: Visit<'_>, masked: &str) -> Markup {
    let title = texts::confirm_title(visit.language);
    frame(
        visit,
        &title,
        &html! {
            h1 { (title) }
            p {
                (emphasised(&texts::confirm_body(visit.language, visit.newsletter.organisation, masked), masked)) " "
                (texts::form_promise(visit.language, visit.newsletter.promise))
            }
            (button_form(&paths::confirm(visit.token), visit.language, None,
                &primary(&texts::confirm_button(visit.language))))
            p { (texts::confirm_ignore(visit.language)) }
        },
    )
}

/// After a long silence: whether somebody stays, with one button.
pub fn ask_to_stay(visit: Visit<'_>, masked: &str) -> Markup {
    let title = texts::stay_title(visit.language);
    frame(
        visit,
        &title,
        &html! {
            h1 { (title) }
            p {
                (emphasised(&texts::stay_body(visit.language, visit.newsletter.organisation, masked), masked)) " "
                (texts::form_promise(visit.language, visit.newsletter.promise))
            }
            (button_form(&paths::confirm(visit.token), visit.language, None,
                &primary(&texts::stay_button(visit.language))))
            p { (texts::stay_ignore(visit.language)) }
        },
    )
}

/// They stay; pressing twice is fine.
pub fn stayed(visit: Visit<'_>, masked: &str) -> Markup {
    let title = texts::stayed_title(visit.language);
    frame(
        visit,
        &title,
        &success(&title, &html! { p { (emphasised(&texts::confirmed_body(visit.language, masked), masked)) } }),
    )
}

/// Signed up just now; `last_edition` is the number of one to read in the meantime.
pub fn done(visit: Visit<'_>, masked: &str, last_edition: Option<u32>) -> Markup {
    let title = texts::confirmed_title(visit.language);
    frame(
        visit,
        &title,
        &html! {
            (success(&title, &html! {
                p {
                    (emphasised(&texts::confirmed_body(visit.language, masked), masked))
                    @if let Some(next) = visit.newsletter.next {
                        " " (texts::confirmed_next(visit.language, dates::month_and_year(visit.language, next)))
                    }
                }
            }))
            @if let Some(number) = last_edition.filter(|_| visit.newsletter.archive) {
                p { a href=(paths::edition(visit.newsletter.slug, number)) { (texts::confirmed_archive(visit.language)) } }
            }
        },
    )
}

/// Signed up already: pressing twice is fine.
pub fn already(visit: Visit<'_>) -> Markup {
    let title = texts::confirmed_already_title(visit.language);
    frame(visit, &title, &success(&title, &html! { p { (texts::nothing_to_do(visit.language)) } }))
}

/// The link is older than `days`; the button asks for a fresh mail, with nothing to type again.
pub fn expired(visit: Visit<'_>, days: u32) -> Markup {
    let title = texts::confirm_expired_title(visit.language);
    frame(
        visit,
        &title,
        &html! {
            h1 { (title) }
            p { (texts::confirm_expired_body(visit.language, days)) }
            (button_form(&paths::confirm(visit.token), visit.language, None,
                &primary(&texts::confirm_expired_button(visit.language))))
        },
    )
}

fn frame(visit: Visit<'_>, title: &str, content: &Markup) -> Markup {
    let path = paths::confirm(visit.token);
    Page {
        language: visit.language,
        title,
        imprint: Some(visit.newsletter.imprint()),
        path: Some(&path),
        ..Page::default()
    }
    .around(content)
}
