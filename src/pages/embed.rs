//! The form alone, for a frame on another site.

use maud::{Markup, html};

use super::components::{EmailField, Working, honeypot, primary, web_link};
use super::effort::Work;
use super::layout::Page;
use super::{NewsletterView, paths};
use crate::domain::language::Language;
use crate::domain::texts::pages as texts;

/// The form in a page without header and footer. Its answer takes the whole window (`target`), because our
/// other pages refuse to be shown inside a frame.
pub fn page(newsletter: &NewsletterView<'_>, language: Language, work: Option<Work<'_>>) -> Markup {
    Page {
        language,
        title: &texts::form_page_title(language, newsletter.title),
        imprint: Some(newsletter.imprint()),
        scripted: work.is_some(),
        ..Page::default()
    }
    .bare(&html! {
        h1 lang=[newsletter.foreign(language)] { (newsletter.title) }
        (Working { work, target: Some("_top"), ..Working::default() }.form(&paths::subscribe(newsletter.slug), language, &html! {
            (EmailField {
                label: &texts::form_email_label(language),
                hint: None,
                value: "",
                fault: None,
            }.render(language))
            (honeypot(language))
            p { (texts::form_consent(language, newsletter.organisation, newsletter.promise)) }
            @if let Some(url) = newsletter.privacy_url { p { (web_link(url, &texts::form_privacy(language))) } }
            p.actions { (primary(&texts::form_submit(language))) }
        }))
    })
}
