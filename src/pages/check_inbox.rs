//! What follows a sign-up: the same page for every address, known or not.

use maud::{Markup, html};

use super::layout::Page;
use super::{NewsletterView, paths};
use crate::domain::language::Language;
use crate::domain::texts::pages as texts;

/// "Look in your inbox."
pub fn page(newsletter: &NewsletterView<'_>, language: Language) -> Markup {
    let title = texts::check_title(language);
    let path = paths::check_inbox(newsletter.slug);
    Page { language, title: &title, imprint: Some(newsletter.imprint()), path: Some(&path), ..Page::default() }.around(
        &html! {
            h1 { (title) }
            p { (texts::check_body(language)) }
            p.note { (texts::check_next(language)) }
            h2 { (texts::check_none_title(language)) }
            ul {
                li { (texts::check_none_wait(language)) }
                li { (texts::check_none_spam(language)) }
                li {
                    a href={ (paths::newsletter(newsletter.slug)) "?language=" (language) } {
                        (texts::check_none_wrong(language))
                    }
                }
            }
        },
    )
}
