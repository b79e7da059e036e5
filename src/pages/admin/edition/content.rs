//! Tab Content: subject, preview line, introduction, the articles and their order, the block at the end.
//!
//! One form, so that pressing "up" keeps what was typed. Besides its text fields it sends `version`; `item` once
//! per article in the order shown, as `SECTION:ID`; `title-ID` and `summary-ID`; and the button that was pressed:
//! `up`, `down`, `drop` or `add` with the article's id, or `then` with `check` or `preview`.

use jiff::civil::DateTime;
use maud::{Markup, html};

use super::{Head, Tab};
use crate::domain::edition::EditionStatus;
use crate::domain::language::Language;
use crate::domain::role::Role;
use crate::domain::texts::{dates, desk as texts, desk_editions as words_of};
use crate::pages::admin::frame::{Desk, Place};
use crate::pages::admin::parts::{Field, FormFaults, Kind, checkbox, table};
use crate::pages::admin::paths;
use crate::pages::components::hidden;

/// Everything on the tab.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    pub head: Head<'a>,
    pub subject: &'a str,
    pub preheader: &'a str,
    /// Markdown.
    pub intro: &'a str,
    /// Sources that could not be read for it, each in a sentence.
    pub unread: &'a [&'a str],
    pub sections: &'a [Section<'a>],
    pub promo: Option<Promo<'a>>,
    pub saved: DateTime,
    /// Somebody else saved while this form was open.
    pub conflict: Option<Conflict<'a>>,
    /// The button that was pressed last, so that the keyboard can go on from there: `up` or `down` and the article.
    pub pressed: Option<(&'a str, i64)>,
    /// Typed before the session ran out, and not saved yet.
    pub unsaved: bool,
    pub faults: FormFaults<'a>,
}

/// A heading with its articles, and those that could join them.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    pub key: &'a str,
    pub title: &'a str,
    /// Whether a summary is shown below each title.
    pub with_summaries: bool,
    pub items: &'a [Item<'a>],
    pub available: &'a [Available<'a>],
}

/// An article of the edition, with the edition's own wording.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    pub article: i64,
    pub title: &'a str,
    pub summary: &'a str,
}

/// An article that is not in the edition.
#[derive(Clone, Copy, Debug)]
pub struct Available<'a> {
    pub article: i64,
    pub title: &'a str,
}

/// The house's own block.
#[derive(Clone, Copy, Debug)]
pub struct Promo<'a> {
    pub shown: bool,
    pub heading: &'a str,
    pub title: &'a str,
    pub text: &'a str,
    pub url: &'a str,
    pub button: &'a str,
}

/// What changed under this form: per field the name, what is stored and what was typed here.
#[derive(Clone, Copy, Debug)]
pub struct Conflict<'a> {
    pub who: &'a str,
    pub when: DateTime,
    pub fields: &'a [(&'a str, &'a str, &'a str)],
}

/// The page.
pub fn page(desk: &Desk<'_>, content: &Content<'_>) -> Markup {
    let language = desk.language;
    let head = &content.head;
    let editable = head.is_open() && desk.may(Role::Editor);
    desk.faulty_page(Place::Editions, &head.title(language, Tab::Content), content.faults, &html! {
        (head.render(language, Tab::Content))
        @if let Some(conflict) = &content.conflict { (difference(language, conflict)) }
        @if !head.is_open() { p.note { (texts::content_frozen(language)) } }
        @else if head.status != EditionStatus::Draft { p.note.attention { (texts::content_withdraws(language)) } }
        @for sentence in content.unread { p.note.attention { (sentence) } }
        form method="post" action=(paths::tab(head.id, Tab::Content)) novalidate data-guard=(texts::unsaved(language))
            data-changed[content.unsaved || !content.faults.is_empty() || content.conflict.is_some()] data-keep=(desk.user.name)
            data-keep-text=(words_of::kept_here(language)) data-keep-button=(words_of::put_back_typed(language)) {
            // Enter in a text field presses the first button of a form: that must not be "up".
            button.away type="submit" tabindex="-1" aria-hidden="true" { (texts::save(language)) }
            (hidden("version", &head.version.to_string()))
            fieldset.quiet disabled[!editable] {
                legend.away { (texts::tab_content(language)) }
                (words(language, content))
                @for section in content.sections { (articles(language, content, section, editable)) }
                @if let Some(promo) = &content.promo { (own_block(language, promo, content.faults)) }
            }
            @if editable {
                p.actions.bar {
                    button.btn type="submit" name="then" value="check" { (texts::content_save_check(language)) }
                    button.btn.sec type="submit" name="then" value="preview" { (texts::content_save_preview(language)) }
                    button.btn.sec type="submit" { (texts::save(language)) }
                }
            }
            p.hint { (texts::content_saved_at(language, dates::moment(language, content.saved))) }
        }
    })
}

fn words(language: Language, content: &Content<'_>) -> Markup {
    let length = texts::content_length(language, content.subject.chars().count());
    html! {
        (Field::line("subject", &texts::content_subject(language), content.subject)
            .hint(&texts::content_subject_hint(language)).render(language, content.faults))
        p.hint.counter data-counts="subject" data-text=(texts::content_length(language, "#")) { (length) }
        (Field::line("preheader", &texts::content_preheader(language), content.preheader)
            .hint(&texts::content_preheader_hint(language)).render(language, content.faults))
        (Field::line("intro", &texts::content_intro(language), content.intro)
            .hint(&texts::content_intro_hint(language)).optional().kind(Kind::Text { rows: 6 }).render(language, content.faults))
    }
}

fn articles(language: Language, content: &Content<'_>, section: &Section<'_>, editable: bool) -> Markup {
    let last = section.items.len().saturating_sub(1);
    html! {
        h2 { (section.title) }
        @if section.items.is_empty() { p.hint { (texts::content_section_empty(language)) } }
        ol.order data-order aria-label=(texts::content_order(language, section.title)) {
            @for (place, item) in section.items.iter().enumerate() {
                li { (article(language, content, section, item, editable.then_some((place == 0, place == last)))) }
            }
        }
        @if editable && !section.available.is_empty() {
            details {
                summary { (texts::content_available(language, section.available.len())) }
                ul.lines {
                    @for article in section.available {
                        li.row {
                            span { (article.title) }
                            button.btn.sec type="submit" name="add" value={ (section.key) ":" (article.article) }
                                aria-label=(texts::content_add_label(language, article.title)) {
                                (texts::content_add(language))
                            }
                        }
                    }
                }
            }
        }
        // A button, not a link: what was typed is saved first.
        @if editable { p { button.plain type="submit" name="write" value=(section.key) { (texts::content_write(language)) } } }
    }
}

/// One article; with its place, first or last, where it may be moved.
fn article(
    language: Language,
    content: &Content<'_>,
    section: &Section<'_>,
    item: &Item<'_>,
    place: Option<(bool, bool)>,
) -> Markup {
    let id = item.article;
    let pressed = |button: &str| content.pressed == Some((button, id));
    let (title, summary) = (format!("title-{id}"), format!("summary-{id}"));
    let faulty = [&title, &summary].into_iter().any(|field| content.faults.of(field).is_some());
    html! {
        (hidden("item", &format!("{}:{id}", section.key)))
        div.row {
            @if place.is_some() { span.grip aria-hidden="true" { "⠿" } }
            strong { (item.title) }
            @if let Some((first, last)) = place { span.buttons {
                button.btn.sec type="submit" name="up" value=(id) aria-label=(texts::content_up(language, item.title))
                    aria-disabled=[first.then_some("true")] autofocus[pressed("up")] { "↑" }
                button.btn.sec type="submit" name="down" value=(id) aria-label=(texts::content_down(language, item.title))
                    aria-disabled=[last.then_some("true")] autofocus[pressed("down")] { "↓" }
                button.btn.sec type="submit" name="drop" value=(id)
                    aria-label=(texts::content_drop_label(language, item.title)) { (texts::content_drop(language)) }
            } }
        }
        details open[faulty] {
            summary aria-label=(texts::content_edit_label(language, item.title)) { (texts::edit(language)) }
            (Field::line(&title, &texts::content_item_title(language), item.title).render(language, content.faults))
            @if section.with_summaries {
                (Field::line(&summary, &texts::content_item_summary(language), item.summary)
                    .kind(Kind::Text { rows: 4 }).render(language, content.faults))
            }
        }
    }
}

fn own_block(language: Language, promo: &Promo<'_>, faults: FormFaults<'_>) -> Markup {
    html! {
        h2 { (texts::content_promo(language)) }
        (checkbox("promo-shown", promo.shown, &texts::content_promo_shown(language)))
        (promo_fields(language, promo, faults))
    }
}

/// The fields of the house's own block, which the settings show as well.
pub(in crate::pages::admin) fn promo_fields(language: Language, promo: &Promo<'_>, faults: FormFaults<'_>) -> Markup {
    let faulty = faults.0.iter().any(|(field, _)| field.starts_with("promo"));
    html! {
        // Five fields that most editions leave alone: open while the block is shown.
        details open[promo.shown || faulty] {
            summary { (texts::content_promo_fields(language)) }
            (promo_texts(language, promo, faults))
        }
    }
}

fn promo_texts(language: Language, promo: &Promo<'_>, faults: FormFaults<'_>) -> Markup {
    html! {
        (Field::line("promo-heading", &texts::content_promo_heading(language), promo.heading).render(language, faults))
        (Field::line("promo-title", &texts::content_promo_title(language), promo.title).render(language, faults))
        (Field::line("promo-text", &texts::content_promo_text(language), promo.text)
            .kind(Kind::Text { rows: 3 }).render(language, faults))
        (Field::line("promo-url", &texts::content_promo_url(language), promo.url).kind(Kind::Url).optional().render(language, faults))
        (Field::line("promo-button", &texts::content_promo_button(language), promo.button).render(language, faults))
    }
}

fn difference(language: Language, conflict: &Conflict<'_>) -> Markup {
    let columns = [texts::conflict_field(language), texts::conflict_theirs(language), texts::conflict_yours(language)];
    html! {
        div.note.attention role="alert" {
            h2 { (texts::conflict_title(language, conflict.who, dates::moment(language, conflict.when))) }
            p { (texts::conflict_body(language)) }
            (table(&texts::conflict_title(language, conflict.who, ""), &columns, &html! {
                @for (field, theirs, yours) in conflict.fields {
                    tr { th scope="row" { (field) } td { del { (theirs) } } td { ins { (yours) } } }
                }
            }))
        }
    }
}
