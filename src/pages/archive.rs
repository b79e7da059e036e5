//! Past editions: the list, and one edition as a page that belongs to nobody in particular.

use jiff::civil::Date;
use maud::{Markup, html};

use super::clean_html::CleanHtml;
use super::components::{web_address, web_link};
use super::layout::Page;
use super::{NewsletterView, paths};
use crate::domain::language::Language;
use crate::domain::texts::{dates, mails, pages as texts};

/// One line of the list.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    pub number: u32,
    pub subject: &'a str,
    pub sent_on: Date,
}

/// One edition.
#[derive(Clone, Copy, Debug)]
pub struct Edition<'a> {
    pub number: u32,
    pub subject: &'a str,
    pub sent_on: Date,
    pub intro: CleanHtml<'a>,
    pub sections: &'a [Section<'a>],
    pub promo: Option<Promo<'a>>,
    /// Search engines may show it.
    pub indexed: bool,
}

/// A heading with articles.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    pub title: &'a str,
    pub items: &'a [Item<'a>],
}

/// One article; with a summary it is told, without one it is a line in a list.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    pub title: &'a str,
    pub url: &'a str,
    /// Plain text; empty where the article is told and has none.
    pub summary: Option<&'a str>,
    /// Where the news comes from.
    pub source_url: Option<&'a str>,
}

/// The house's own block at the end, such as "Lees ons boek".
#[derive(Clone, Copy, Debug)]
pub struct Promo<'a> {
    pub heading: &'a str,
    pub title: &'a str,
    pub body: CleanHtml<'a>,
    pub link: Option<(&'a str, &'a str)>,
}

/// The list of past editions, newest first as given.
pub fn list(newsletter: &NewsletterView<'_>, language: Language, editions: &[Line<'_>]) -> Markup {
    let title = texts::archive_title(language, newsletter.title);
    let path = paths::archive(newsletter.slug);
    let feed = paths::feed(newsletter.slug);
    Page {
        language,
        title: &title,
        imprint: Some(newsletter.imprint()),
        path: Some(&path),
        indexed: true,
        feed: Some(&feed),
        ..Page::default()
    }
    .around(&html! {
        h1 { (title) }
        @if editions.is_empty() { p { (texts::archive_empty(language)) } }
        @else {
            ul.cards {
                @for edition in editions {
                    li {
                        h2 lang=[newsletter.foreign(language)] {
                            a href=(paths::edition(newsletter.slug, edition.number)) { (edition.subject) }
                        }
                        p.hint { (number_and_day(language, edition.number, edition.sent_on)) }
                    }
                }
            }
        }
        (sign_up(newsletter, language))
        p { a href=(feed) { (texts::archive_feed(language)) } }
    })
}

/// One edition as everybody may read it.
pub fn edition(newsletter: &NewsletterView<'_>, language: Language, edition: &Edition<'_>) -> Markup {
    let path = paths::edition(newsletter.slug, edition.number);
    let feed = paths::feed(newsletter.slug);
    Page {
        language,
        title: edition.subject,
        imprint: Some(newsletter.imprint()),
        path: Some(&path),
        indexed: edition.indexed,
        feed: Some(&feed),
        ..Page::default()
    }
    .around(&html! {
        p.hint { (number_and_day(language, edition.number, edition.sent_on)) }
        article lang=[newsletter.foreign(language)] {
            h1 { (edition.subject) }
            (body(newsletter.language, edition))
        }
        (sign_up(newsletter, language))
        p { a href=(paths::archive(newsletter.slug)) { (texts::archive_all(language)) } }
    })
}

/// What an edition says, below its subject; the feed carries the same.
pub(super) fn body(language: Language, edition: &Edition<'_>) -> Markup {
    html! {
        @if !edition.intro.is_empty() { div.prose { (edition.intro.markup()) } }
        @for section in edition.sections.iter().filter(|section| !section.items.is_empty()) {
            section {
                h2 { (section.title) }
                @for item in section.items { @if let Some(summary) = item.summary { (told(language, item, summary)) } }
                @if section.items.iter().any(|item| item.summary.is_none()) {
                    ul.lines {
                        @for item in section.items.iter().filter(|item| item.summary.is_none()) {
                            li { (web_link(item.url, item.title)) }
                        }
                    }
                }
            }
        }
        @if let Some(promo) = edition.promo {
            section.note {
                h2 { (promo.heading) }
                @if !promo.title.is_empty() { h3 { (promo.title) } }
                div.prose { (promo.body.markup()) }
                @if let Some((url, label)) = promo.link { p { (web_link(url, label)) } }
            }
        }
    }
}

/// The title is the link, and "read more" names what it leads to, because people jump from link to link.
fn told(language: Language, item: &Item<'_>, summary: &str) -> Markup {
    html! {
        h3 { (web_link(item.url, item.title)) }
        @if !summary.is_empty() { p { (summary) } }
        @if let Some(url) = web_address(item.url) {
            p {
                a href=(url) aria-label=(texts::archive_read_more_label(language, item.title)) {
                    (texts::archive_read_more(language))
                }
            }
        }
        @if let Some(url) = item.source_url.and_then(web_address) {
            p {
                a href=(url) aria-label=(mails::read_at_source_about(language, item.title)) { (mails::read_at_source(language)) }
            }
        }
    }
}

fn sign_up(newsletter: &NewsletterView<'_>, language: Language) -> Markup {
    html! {
        p.aside {
            a href={ (paths::newsletter(newsletter.slug)) "?language=" (language) } { (texts::archive_sign_up(language)) }
        }
    }
}

fn number_and_day(language: Language, number: u32, day: Date) -> String {
    texts::archive_number(language, number, dates::day(language, day))
}
