//! The front page: which newsletters there are.

use maud::{Markup, html};

use super::layout::{Imprint, Page};
use super::{NewsletterView, paths};
use crate::domain::language::Language;
use crate::domain::texts::pages as texts;

/// The list of newsletters; a house with a single one shows [`super::signup::page`] here instead.
pub fn page(language: Language, imprint: Option<Imprint<'_>>, newsletters: &[NewsletterView<'_>]) -> Markup {
    let title = texts::home_title(language);
    Page { language, title: &title, imprint, path: Some("/"), indexed: true, ..Page::default() }.around(&html! {
        h1 { (title) }
        @if newsletters.is_empty() {
            p { (texts::home_empty(language)) }
        } @else {
            @if let Some(imprint) = imprint { p { (texts::home_intro(language, imprint.organisation)) } }
            ul.cards {
                @for newsletter in newsletters {
                    li {
                        h2 lang=[newsletter.foreign(language)] {
                            a href={ (paths::newsletter(newsletter.slug)) "?language=" (language) } { (newsletter.title) }
                        }
                        @if !newsletter.description.is_empty() {
                            p lang=[newsletter.foreign(language)] { (newsletter.description) }
                        }
                        p.hint { (texts::form_promise(language, newsletter.promise)) }
                    }
                }
            }
        }
    })
}
