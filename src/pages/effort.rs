//! One more step at sign-up, where the settings ask for some work: a browser with script has done it before anybody can
//! press the button, and who runs none waits for some seconds.

use maud::{Markup, html};

use super::components::{Working, hidden, honeypot, primary, stood_on};
use super::layout::Page;
use super::{NewsletterView, paths};
use crate::domain::language::Language;
use crate::domain::texts::pages as texts;

/// Work for a browser: see [`crate::domain::effort`].
#[derive(Clone, Copy, Debug)]
pub struct Work<'a> {
    pub challenge: &'a str,
    pub bits: u32,
}

/// What a visitor is asked.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    pub newsletter: &'a NewsletterView<'a>,
    pub language: Language,
    /// As it was typed.
    pub email: &'a str,
    pub work: Work<'a>,
    /// Says that whoever runs no script has waited.
    pub pause: &'a str,
    /// How long that is.
    pub seconds: u64,
    /// The button was pressed before that.
    pub too_early: bool,
    /// Where the form stood that this page answers; the next answer carries it on.
    pub form_page: Option<&'a str>,
}

/// The page. Its button works from the start; pressed too early, the page comes again and the waiting goes on.
pub fn page(step: &Step<'_>) -> Markup {
    let Step { newsletter, language, seconds, .. } = *step;
    let title = texts::effort_title(language);
    Page { language, title: &title, imprint: Some(newsletter.imprint()), scripted: true, ..Page::default() }.around(
        &html! {
            h1 { (title) }
            @if step.too_early { p role="alert" { strong { (texts::effort_too_early(language)) } } }
            p { (texts::effort_why(language)) }
            (Working { work: Some(step.work), at_once: true, target: None }.form(
                &paths::subscribe(newsletter.slug),
                language,
                &html! {
                    (hidden("email", step.email))
                    (hidden("accept_typo", "1"))
                    (hidden("pause", step.pause))
                    (stood_on(step.form_page))
                    (honeypot(language))
                    p.lead data-effort-status data-working=(texts::effort_working(language))
                        data-ready=(texts::effort_ready(language)) aria-live="polite" {
                        (texts::effort_wait(language, seconds))
                    }
                    p.actions { (primary(&texts::effort_submit(language))) }
                },
            ))
        },
    )
}
