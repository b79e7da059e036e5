//! A page of its own that asks once more, before something is gone or goes out: what will happen, to how many, and the way
//! out.

use maud::{Markup, html};

use super::frame::{Desk, Place};
use crate::domain::texts::{desk as texts, desk_sure as words};
use crate::pages::components::hidden;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    pub place: Place,
    /// Ends with a question mark.
    pub title: &'a str,
    /// What will happen, a sentence each, the number of what it concerns among them.
    pub what: &'a [String],
    /// Where the button leads, and the fields of the form that it was pressed in.
    pub action: &'a str,
    pub fields: &'a [(&'a str, &'a str)],
    /// Names the deed.
    pub button: &'a str,
    /// The page that it was pressed on.
    pub back: &'a str,
}

/// The page. Its button sends the same form again with `sure`.
pub fn page(desk: &Desk<'_>, question: &Question<'_>) -> Markup {
    let language = desk.language;
    desk.page(
        question.place,
        question.title,
        &html! {
            h1 { (question.title) }
            p { (words::what_happens(language)) }
            ul { @for sentence in question.what { li { (sentence) } } }
            form method="post" action=(question.action) {
                @for (name, value) in question.fields { (hidden(name, value)) }
                (hidden("sure", "yes"))
                p.actions {
                    button.btn.danger type="submit" { (question.button) }
                    a.btn.sec href=(question.back) { (texts::cancel(language)) }
                }
            }
        },
    )
}
