//! Sources and schedule: where articles come from, and when they become a draft.

use jiff::civil::DateTime;
use maud::{Markup, html};

use super::schedule::{self, Schedule};
use super::{SettingsTab, form, page};
use crate::domain::language::Language;
use crate::domain::role::Role;
use crate::domain::texts::{dates, desk as desk_texts, desk_people as people, desk_settings as texts};
use crate::pages::admin::articles::SectionChoice;
use crate::pages::admin::frame::Desk;
use crate::pages::admin::parts::{Field, FormFaults, Kind, Tone, checkbox, select, tag};
use crate::pages::admin::paths;
use crate::pages::components::{hidden, web_link};

/// A source, and how it does.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub id: i64,
    pub title: &'a str,
    pub url: &'a str,
    pub section: &'a str,
    pub articles: i64,
    pub last_success: Option<DateTime>,
    /// In a row.
    pub failures: i64,
    pub last_error: Option<&'a str>,
    /// What could not be read of its pages the last time.
    pub gap: Option<&'a str>,
}

/// The form for a new source, with what was typed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Addition<'a> {
    pub url: &'a str,
    pub section: &'a str,
    pub allow_private: bool,
    /// What was found there.
    pub found: Option<Found<'a>>,
}

/// A look into a feed before it becomes a source.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    pub title: &'a str,
    /// Titles and addresses of the newest items.
    pub items: &'a [(&'a str, &'a str)],
}

/// The tab.
pub fn tab(
    desk: &Desk<'_>,
    sources: &[Source<'_>],
    sections: &[SectionChoice<'_>],
    addition: &Addition<'_>,
    schedule: &Schedule<'_>,
    faults: FormFaults<'_>,
) -> Markup {
    let language = desk.language;
    page(
        desk,
        SettingsTab::Sources,
        faults,
        &html! {
            h2 { (texts::sources_title(language)) }
            (list(desk, sources, None))
            @if desk.may(Role::Admin) { (add(desk, sections, addition, faults, None)) }
            h2 { (texts::schedule_title(language)) }
            (form(desk, SettingsTab::Sources, "schedule", !faults.is_empty(), &schedule::fields(language, schedule, faults)))
        },
    )
}

/// The sources there are, which the wizard shows as well in its `step`.
pub(in crate::pages::admin) fn list(desk: &Desk<'_>, sources: &[Source<'_>], step: Option<usize>) -> Markup {
    let language = desk.language;
    html! {
        @if sources.is_empty() { p { (desk_texts::nothing_here(language)) } }
        @else { ul.cards { @for source in sources { li { (card(desk, source, step)) } } } }
    }
}

fn card(desk: &Desk<'_>, source: &Source<'_>, step: Option<usize>) -> Markup {
    let language = desk.language;
    let action = paths::settings(SettingsTab::Sources.segment());
    let id = source.id.to_string();
    let button = |what: &str, class: &str, label: String, spoken: String| {
        html! {
            form method="post" action=(action) {
                (hidden("newsletter", desk.newsletter))
                (hidden("what", what))
                (hidden("source", &id))
                (step_field(step))
                button class={ "btn " (class) } type="submit" aria-label=(spoken) { (label) }
            }
        }
    };
    html! {
        h3 { (web_link(source.url, source.title)) }
        p.hint { (source.section) ", " (texts::sources_articles(language, source.articles)) }
        p { (health(language, source)) }
        @if let Some(gap) = source.gap { p { (tag(Tone::Attention, &texts::sources_gap(language))) " " (gap) } }
        @if let Some(error) = source.last_error.filter(|_| source.failures > 0) { p { (error) } }
        div.actions {
            @if desk.may(Role::Editor) {
                (button("fetch", "sec", texts::sources_fetch(language), texts::sources_fetch_label(language, source.title)))
            }
            @if desk.may(Role::Admin) {
                (button("remove", "sec", texts::sources_remove(language) + "…", texts::sources_remove_label(language, source.title)))
            }
        }
    }
}

/// Says to the handler that a button stands in the wizard, so that the answer stays there.
fn step_field(step: Option<usize>) -> Markup {
    html! { @if let Some(step) = step { (hidden("step", &step.to_string())) } }
}

fn health(language: Language, source: &Source<'_>) -> Markup {
    html! {
        @if source.failures > 0 { (tag(Tone::Bad, &texts::sources_failing(language, source.failures))) }
        @else {
            @match source.last_success {
                Some(moment) => (tag(Tone::Good, &texts::sources_fine(language, dates::moment(language, moment)))),
                None => (tag(Tone::Plain, &texts::sources_never(language))),
            }
        }
    }
}

/// The form for a new source; the wizard shows it as well.
pub(in crate::pages::admin) fn add(
    desk: &Desk<'_>,
    sections: &[SectionChoice<'_>],
    addition: &Addition<'_>,
    faults: FormFaults<'_>,
    step: Option<usize>,
) -> Markup {
    let language = desk.language;
    let choices: Vec<_> = sections.iter().map(|section| (section.key, section.title.to_owned())).collect();
    html! {
        h3 { (texts::sources_add(language)) }
        form method="post" action=(paths::settings(SettingsTab::Sources.segment())) novalidate {
            (hidden("newsletter", desk.newsletter))
            (hidden("what", "source"))
            (step_field(step))
            (Field::line("url", &texts::sources_url(language), addition.url)
                .hint(&texts::sources_url_hint(language)).kind(Kind::Url).render(language, faults))
            (select("section", &people::articles_section(language), addition.section, &choices))
            (checkbox("allow_private", addition.allow_private, &texts::sources_private(language)))
            @if let Some(found) = addition.found {
                div.note role="status" {
                    p { strong { (texts::sources_preview(language, found.title)) } }
                    ul { @for (title, url) in found.items { li { (web_link(url, title)) } } }
                }
            }
            p.actions {
                button.btn.sec type="submit" name="try" value="yes" { (texts::sources_try(language)) }
                button.btn type="submit" { (texts::sources_add(language)) }
            }
        }
    }
}
