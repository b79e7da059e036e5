//! Form and texts: what visitors read, and the snippets that place the form on another site.

use maud::{Markup, html};

use super::{SettingsTab, page};
use crate::domain::language::Language;
use crate::domain::texts::{desk_settings as texts, pages as visitor};
use crate::pages::admin::edition::content::{Promo, promo_fields};
use crate::pages::admin::frame::Desk;
use crate::pages::admin::parts::{Field, FormFaults, Kind, checkbox, copyable, select};
use crate::pages::{NewsletterView, snippets};

/// What visitors read, as stored or typed.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a> {
    pub title: &'a str,
    pub description: &'a str,
    pub language: Language,
    pub archive_indexed: bool,
    pub promo: Promo<'a>,
    pub look: Look<'a>,
}

/// What a mail looks like: its colour, and the picture above its title.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look<'a> {
    pub accent: &'a str,
    pub logo: &'a str,
    pub alt: &'a str,
    /// In pixels, as typed.
    pub width: &'a str,
    pub height: &'a str,
}

/// The tab; `newsletter` is as visitors see it now, `base` the public URL without a slash at its end.
pub fn tab(
    desk: &Desk<'_>,
    words: &Texts<'_>,
    newsletter: &NewsletterView<'_>,
    base: &str,
    faults: FormFaults<'_>,
) -> Markup {
    let language = desk.language;
    page(
        desk,
        SettingsTab::Form,
        faults,
        &html! {
            (super::form(desk, SettingsTab::Form, "texts", !faults.is_empty(), &html! {
                (fields(language, words, faults))
                h2 { (texts::form_look(language)) }
                (look_fields(language, &words.look, faults))
                h2 { (texts::form_promo(language)) }
                (checkbox("promo-shown", words.promo.shown, &crate::domain::texts::desk::content_promo_shown(language)))
                (promo_fields(language, &words.promo, faults))
            }))
            h2 { (texts::form_consent(language)) }
            blockquote lang=[newsletter.foreign(language)] {
                (visitor::form_consent(newsletter.language, newsletter.organisation, newsletter.promise))
            }
            (place(language, newsletter, base))
        },
    )
}

/// The fields about the newsletter itself, which the wizard shows as well.
pub(in crate::pages::admin) fn fields(language: Language, words: &Texts<'_>, faults: FormFaults<'_>) -> Markup {
    let languages = Language::ALL.map(|choice| (choice.tag(), visitor::language_name(choice)));
    html! {
        (Field::line("title", &texts::form_title(language), words.title).render(language, faults))
        (Field::line("description", &texts::form_description(language), words.description)
            .hint(&texts::form_description_hint(language)).kind(Kind::Text { rows: 2 }).render(language, faults))
        (select("language", &texts::form_language(language), words.language.tag(), &languages))
        (checkbox("archive_indexed", words.archive_indexed, &texts::form_indexed(language)))
    }
}

fn look_fields(language: Language, look: &Look<'_>, faults: FormFaults<'_>) -> Markup {
    html! {
        (Field::line("accent", &texts::form_accent(language), look.accent)
            .hint(&texts::form_accent_hint(language)).optional().render(language, faults))
        (Field::line("logo", &texts::form_logo(language), look.logo)
            .hint(&texts::form_logo_hint(language)).kind(Kind::Url).optional().render(language, faults))
        details open[!look.logo.is_empty()] {
            summary { (texts::form_logo_alt(language)) ", " (texts::form_logo_width(language)) }
            (Field::line("logo-alt", &texts::form_logo_alt(language), look.alt).render(language, faults))
            div.pair {
                (Field::line("logo-width", &texts::form_logo_width(language), look.width).kind(Kind::Number).render(language, faults))
                (Field::line("logo-height", &texts::form_logo_height(language), look.height).kind(Kind::Number).render(language, faults))
            }
        }
    }
}

/// The snippets that place the form on another site, the one that works everywhere first; the wizard shows them as well.
pub(in crate::pages::admin) fn place(language: Language, newsletter: &NewsletterView<'_>, base: &str) -> Markup {
    let theirs = newsletter.language;
    html! {
        h2 #place { (texts::form_place(language)) }
        p { (texts::form_place_hint(language)) }
        h3 { (texts::form_place_link(language)) }
        p.hint { (texts::form_place_link_hint(language)) }
        (copyable(language, "snippet-link", &snippets::link(newsletter, base, theirs)))
        h3 { (texts::form_place_form(language)) }
        p.hint { (texts::form_place_form_hint(language)) }
        (copyable(language, "snippet-form", &snippets::form(newsletter, base, theirs)))
        h3 { (texts::form_place_frame(language)) }
        (copyable(language, "snippet-frame", &snippets::frame(newsletter, base, theirs)))
        p.hint { (texts::form_place_abuse(language)) }
    }
}
