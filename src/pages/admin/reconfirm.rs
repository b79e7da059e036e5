//! Asking readers who have heard nothing for long whether they stay: after how long, how many that would be, and the button.

use maud::{Markup, html};

use super::frame::{Desk, Place};
use super::parts::{Field, FormFaults, Kind, facts, press};
use super::paths;
use crate::domain::texts::{desk as texts, desk_programs as words, numbers};
use crate::pages::components::hidden;

/// What is shown.
#[derive(Clone, Copy, Debug)]
pub struct Reconfirm<'a> {
    /// Months of silence, as stored or typed; `0` for never.
    pub months: &'a str,
    /// How many would be asked, and how many were asked and have not answered; `None` while nobody is ever asked.
    pub numbers: Option<(i64, i64)>,
    /// How long somebody has for an answer.
    pub answer_days: u64,
    pub faults: FormFaults<'a>,
}

/// The page.
pub fn page(desk: &Desk<'_>, asking: &Reconfirm<'_>) -> Markup {
    let language = desk.language;
    let title = words::reconfirm_title(language);
    desk.faulty_page(
        Place::Subscribers,
        &title,
        asking.faults,
        &html! {
            h1 { (title) }
            p { (words::reconfirm_body(language, asking.answer_days)) }
            form method="post" action=(paths::RECONFIRM) novalidate {
                (hidden("newsletter", desk.newsletter))
                (hidden("what", "months"))
                (Field::line("months", &words::reconfirm_months(language), asking.months)
                    .hint(&words::reconfirm_months_hint(language)).kind(Kind::Number).render(language, asking.faults))
                p.actions { button.btn.sec type="submit" { (texts::save(language)) } }
            }
            @match asking.numbers {
                None => p.note { (words::reconfirm_never(language)) },
                Some((due, waiting)) => {
                    (facts(&[
                        (words::reconfirm_due(language), html! { strong { (numbers::count(language, due)) } }),
                        (words::reconfirm_waiting(language), html! { (numbers::count(language, waiting)) }),
                    ]))
                    @if due == 0 { p { (words::reconfirm_nobody(language)) } }
                    @else {
                        (press(paths::RECONFIRM, "", &(words::ask(language, due) + "…"),
                            &[("newsletter", desk.newsletter), ("what", "ask")]))
                    }
                }
            }
        },
    )
}
