//! Articles: what came in, what is hidden, what went out before; and the form for one.

use jiff::civil::Date;
use maud::{Markup, html};

use super::frame::{Desk, Place};
use super::parts::{Field, FormFaults, Kind, Tone, select, table, tag};
use super::paths;
use crate::domain::role::Role;
use crate::domain::texts::{dates, desk as texts, desk_people as people};
use crate::pages::components::{hidden, web_link};

/// A section of the newsletter, as articles are sorted into.
#[derive(Clone, Copy, Debug)]
pub struct SectionChoice<'a> {
    pub key: &'a str,
    pub title: &'a str,
}

/// One line of the list.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    pub id: i64,
    pub section: &'a str,
    pub title: &'a str,
    pub url: &'a str,
    /// The source's name; `None` when a person or a program put it in.
    pub source: Option<&'a str>,
    pub published: Date,
    pub hidden: bool,
    /// Its source shows it to nobody any more.
    pub withdrawn: bool,
    /// The number of the edition that carried it.
    pub sent_in: Option<i64>,
}

/// The list, filtered by the section with the key `section`; `more` is the cursor of the next page.
pub fn list(
    desk: &Desk<'_>,
    sections: &[SectionChoice<'_>],
    section: &str,
    articles: &[Line<'_>],
    more: Option<&str>,
) -> Markup {
    let language = desk.language;
    let may = desk.may(Role::Editor);
    let mut choices = vec![("", people::articles_every_section(language))];
    choices.extend(sections.iter().map(|section| (section.key, section.title.to_owned())));
    let columns = [
        people::articles_title(language),
        people::articles_section(language),
        people::articles_source(language),
        people::articles_published(language),
        texts::column_status(language),
    ];
    desk.page(Place::Articles, &texts::nav_articles(language), &html! {
        h1 { (texts::nav_articles(language)) }
        p.hint { (people::articles_hint(language)) }
        @if may {
            div.actions {
                form method="post" action=(paths::FETCH) {
                    (hidden("newsletter", desk.newsletter))
                    button.btn type="submit" { (people::articles_fetch(language)) }
                }
                a.btn.sec href=(desk.here(paths::NEW_ARTICLE)) { (people::articles_new(language)) }
            }
        }
        form.filter method="get" action=(paths::ARTICLES) {
            (hidden("newsletter", desk.newsletter))
            (select("section", &people::articles_section(language), section, &choices))
            button.btn.sec type="submit" { (texts::preview_show(language)) }
        }
        @if articles.is_empty() { p { (texts::nothing_here(language)) } }
        @else {
            (table(&texts::nav_articles(language), &columns, &html! {
                @for article in articles { (row(desk, sections, article, &columns)) }
            }))
        }
        @if let Some(cursor) = more {
            p {
                a href={ (paths::ARTICLES) "?newsletter=" (desk.newsletter) "&section=" (section) "&cursor=" (cursor) } {
                    (texts::more(language))
                }
            }
        }
    })
}

fn row(desk: &Desk<'_>, sections: &[SectionChoice<'_>], article: &Line<'_>, columns: &[String]) -> Markup {
    let language = desk.language;
    let section = sections.iter().find(|section| section.key == article.section).map_or(article.section, |s| s.title);
    let (word, label) = if article.hidden {
        (people::articles_show(language), people::articles_show_label(language, article.title))
    } else {
        (people::articles_hide(language), people::articles_hide_label(language, article.title))
    };
    html! {
        tr {
            th scope="row" {
                @if desk.may(Role::Editor) { a href=(paths::article(article.id)) { (article.title) } }
                @else { (web_link(article.url, article.title)) }
            }
            td data-label=(columns[1]) { (section) }
            td data-label=(columns[2]) { @match article.source { Some(source) => (source), None => (people::articles_by_hand(language)) } }
            td data-label=(columns[3]) { (dates::day(language, article.published)) }
            td data-label=(columns[4]) {
                @if article.withdrawn { (tag(Tone::Attention, &people::articles_withdrawn(language))) " " }
                @if article.hidden { (tag(Tone::Attention, &people::articles_hidden(language))) " " }
                @match article.sent_in {
                    Some(number) => (tag(Tone::Plain, &people::articles_sent_in(language, number))),
                    None => @if !article.hidden && !article.withdrawn { (tag(Tone::Good, &people::articles_new_tag(language))) },
                }
                @if desk.may(Role::Editor) && article.sent_in.is_none() && !article.withdrawn {
                    form method="post" action=(paths::article(article.id)) {
                        (hidden("hidden", if article.hidden { "no" } else { "yes" }))
                        button.plain type="submit" aria-label=(label) { (word) }
                    }
                }
            }
        }
    }
}

/// The form for one article, new or old.
#[derive(Clone, Copy, Debug)]
pub struct Form<'a> {
    /// `None` while it is new.
    pub id: Option<i64>,
    /// The edition that a new one joins at once.
    pub edition: Option<i64>,
    pub sections: &'a [SectionChoice<'a>],
    pub section: &'a str,
    pub title: &'a str,
    pub url: &'a str,
    pub summary: &'a str,
    /// Typed before the session ran out, and not saved yet.
    pub unsaved: bool,
    pub faults: FormFaults<'a>,
}

/// The page with the form.
pub fn form(desk: &Desk<'_>, form: &Form<'_>) -> Markup {
    let language = desk.language;
    let title = match form.id {
        Some(_) => people::article_edit_title(language),
        None => people::articles_new(language),
    };
    let choices: Vec<_> = form.sections.iter().map(|section| (section.key, section.title.to_owned())).collect();
    let action = form.id.map_or_else(|| paths::NEW_ARTICLE.to_owned(), paths::article);
    desk.faulty_page(
        Place::Articles,
        &title,
        form.faults,
        &html! {
            h1 { (title) }
            form method="post" action=(action) novalidate data-guard=(texts::unsaved(language))
                data-changed[form.unsaved || !form.faults.is_empty()] {
                (hidden("newsletter", desk.newsletter))
                @if let Some(edition) = form.edition { (hidden("edition", &edition.to_string())) }
                (select("section", &people::articles_section(language), form.section, &choices))
                (Field::line("title", &people::articles_title(language), form.title).render(language, form.faults))
                (Field::line("url", &people::article_url(language), form.url).hint(&people::article_url_hint(language))
                    .kind(Kind::Url).optional().render(language, form.faults))
                (Field::line("summary", &people::article_summary(language), form.summary)
                    .hint(&people::article_summary_hint(language)).kind(Kind::Text { rows: 4 })
                    .render(language, form.faults))
                p.actions {
                    button.btn type="submit" { (texts::save(language)) }
                    a.btn.sec href=(desk.here(paths::ARTICLES)) { (texts::cancel(language)) }
                }
            }
            @if form.id.is_some() {
                form method="post" action=(action) {
                    (hidden("remove", "yes"))
                    p.actions { button.btn.danger type="submit" { (people::article_remove(language)) } }
                }
            }
        },
    )
}
