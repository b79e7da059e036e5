//! The first start: five steps from the code in the log to a newsletter that can go out.
//!
//! The first step is for somebody who is not signed in; it makes the first administrator. The others are pages of
//! the desk and can be left and taken up again.

use maud::{Markup, html};

use super::articles::SectionChoice;
use super::frame::{Desk, Place};
use super::login::outside;
use super::parts::{Field, FormFaults, Kind, press};
use super::paths;
use super::settings::{form, schedule, sender, sources};
use crate::domain::language::Language;
use crate::domain::texts::{desk as texts, desk_settings as settings};
use crate::pages::NewsletterView;
use crate::pages::components::hidden;

/// The second and later steps, with what each shows.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    Newsletter {
        slug: &'a str,
        texts: form::Texts<'a>,
        sender: sender::Sender<'a>,
    },
    Mail {
        smtp: sender::Smtp<'a>,
        records: &'a [sender::Record<'a>],
    },
    Sources {
        sources: &'a [sources::Source<'a>],
        sections: &'a [SectionChoice<'a>],
        addition: sources::Addition<'a>,
    },
    /// The last: the schedule, and the snippets that bring readers in.
    Schedule {
        when: schedule::Schedule<'a>,
        newsletter: &'a NewsletterView<'a>,
        base: &'a str,
    },
}

/// How many steps there are, the first included.
const STEPS: usize = 5;

impl Step<'_> {
    /// 2 to 5, as in the address.
    pub const fn number(&self) -> usize {
        match self {
            Self::Newsletter { .. } => 2,
            Self::Mail { .. } => 3,
            Self::Sources { .. } => 4,
            Self::Schedule { .. } => 5,
        }
    }

    fn title(&self, language: Language) -> String {
        match self {
            Self::Newsletter { .. } => settings::setup_newsletter(language),
            Self::Mail { .. } => settings::setup_mail(language),
            Self::Sources { .. } => settings::setup_sources(language),
            Self::Schedule { .. } => settings::setup_schedule(language),
        }
    }
}

/// The first step, as typed.
#[derive(Clone, Copy, Debug, Default)]
pub struct FirstAdmin<'a> {
    pub code: &'a str,
    pub name: &'a str,
    pub email: &'a str,
    pub faults: FormFaults<'a>,
}

/// The first step: the code from the log, and who is the administrator.
pub fn first(language: Language, admin: &FirstAdmin<'_>) -> Markup {
    outside(
        language,
        paths::SETUP,
        &settings::setup_title(language),
        admin.faults,
        &html! {
            p.hint { (settings::setup_step(language, 1, STEPS)) ": " (settings::setup_admin(language)) }
            // In the language of this page, which becomes the administrator's own.
            form method="post" action={ (paths::SETUP) "?language=" (language) } novalidate {
                (Field::line("code", &settings::setup_code(language), admin.code)
                    .hint(&settings::setup_code_hint(language)).render(language, admin.faults))
                (Field::line("name", &texts::your_name(language), admin.name).render(language, admin.faults))
                (Field::line("email", &texts::login_email(language), admin.email).kind(Kind::Email)
                    .render(language, admin.faults))
                (Field::line("password", &texts::password_new(language), "").hint(&texts::password_hint(language))
                    .kind(Kind::NewPassword).render(language, admin.faults))
                p.actions { button.btn type="submit" { (settings::setup_next(language)) } }
            }
        },
    )
}

/// One of the later steps.
pub fn step(desk: &Desk<'_>, step: &Step<'_>, faults: FormFaults<'_>) -> Markup {
    let language = desk.language;
    let number = step.number();
    let action = format!("{}/{number}", paths::SETUP);
    let after = if number < STEPS { format!("{}/{}", paths::SETUP, number + 1) } else { paths::OVERVIEW.to_owned() };
    let title = format!("{}: {}", settings::setup_title(language), step.title(language));
    desk.faulty_page(
        Place::Settings,
        &title,
        faults,
        &html! {
            p.hint { (settings::setup_step(language, number, STEPS)) }
            h1 { (step.title(language)) }
            @match step {
                Step::Newsletter { slug, texts: words, sender: from } => {
                    (saved(language, &action, &after, &html! {
                        (Field::line("slug", &settings::setup_slug(language), slug)
                            .hint(&settings::setup_slug_hint(language)).render(language, faults))
                        (form::fields(language, words, faults))
                        (sender::fields(language, from, faults))
                    }))
                }
                Step::Mail { smtp, records } => {
                    (sender::mail_server(language, smtp, true))
                    @if smtp.server.is_none() { p { (settings::setup_offline(language)) } }
                    h2 { (settings::dns_title(language)) }
                    (press(&paths::settings("sender"), "sec", &settings::system_look_now(language), &[("what", "examine")]))
                    (sender::dns(language, records))
                    p.actions { a.btn href=(after) { (settings::setup_on(language)) } }
                }
                Step::Sources { sources: have, sections, addition } => {
                    h2 { (settings::sources_title(language)) }
                    (sources::list(desk, have, Some(number)))
                    (sources::add(desk, sections, addition, faults, Some(number)))
                    p.actions { a.btn.sec href=(after) { (settings::setup_on(language)) } }
                }
                Step::Schedule { when, newsletter, base } => {
                    h2 { (settings::schedule_title(language)) }
                    (saved(language, &action, &after, &schedule::fields(language, when, faults)))
                    (form::place(language, newsletter, base))
                }
            }
        },
    )
}

fn saved(language: Language, action: &str, after: &str, fields: &Markup) -> Markup {
    html! {
        form method="post" action=(action) novalidate {
            (hidden("then", after))
            (fields)
            p.actions {
                button.btn type="submit" { (settings::setup_next(language)) }
                a.btn.sec href=(after) { (settings::setup_skip(language)) }
            }
        }
    }
}
