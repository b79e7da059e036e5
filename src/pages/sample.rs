//! Where the personal links of previews and test mails lead: pages that say what would be here, and do nothing.

use maud::{Markup, html};

use super::layout::{Imprint, Page};
use super::paths;
use crate::domain::language::Language;
use crate::domain::texts::pages as texts;

/// In place of the page for leaving.
pub fn unsubscribe(language: Language, imprint: Option<Imprint<'_>>, token: &str) -> Markup {
    page(language, imprint, &paths::unsubscribe(token), &texts::sample_unsubscribe(language))
}

/// In place of the page of one's own data.
pub fn preferences(language: Language, imprint: Option<Imprint<'_>>, token: &str) -> Markup {
    page(language, imprint, &paths::preferences(token), &texts::sample_preferences(language))
}

fn page(language: Language, imprint: Option<Imprint<'_>>, path: &str, text: &str) -> Markup {
    let title = texts::sample_title(language);
    Page { language, title: &title, imprint, path: Some(path), ..Page::default() }.around(&html! {
        h1 { (title) }
        p { (text) }
    })
}
