//! What a webmaster copies into another site: a plain form, a frame, or just a link.

use maud::html;

use super::components::web_address;
use super::{NewsletterView, paths};
use crate::domain::language::Language;
use crate::domain::texts::pages as texts;

/// A plain HTML form. It holds no script, no style and nothing that changes, because pages get cached.
pub fn form(newsletter: &NewsletterView<'_>, base: &str, language: Language) -> String {
    let id = format!("newsletter-{}", newsletter.slug);
    let note = format!("{id}-note");
    let trap = format!("{id}-website");
    html! {
        form action={ (base) (paths::subscribe(newsletter.slug)) } method="post" accept-charset="utf-8" {
            "\n  " input type="hidden" name="language" value=(language);
            "\n  " p {
                label for=(id) { (texts::form_email_label(language)) } br;
                "\n    " input #(id) name="email" type="email" autocomplete="email" maxlength="254" spellcheck="false"
                    aria-describedby=(note);
            }
            "\n  " p hidden {
                label for=(trap) { (texts::form_honeypot(language)) } " "
                input #(trap) name="website" tabindex="-1" autocomplete="off";
            }
            "\n  " p #(note) {
                (texts::form_consent(language, newsletter.organisation, newsletter.promise))
                @if let Some(url) = newsletter.privacy_url.and_then(web_address) { " " a href=(url) { (texts::form_privacy(language)) } }
            }
            "\n  " button type="submit" { (texts::form_submit(language)) }
            "\n"
        }
    }
    .into_string()
}

/// A frame with the form; it needs no more than a site that allows frames.
pub fn frame(newsletter: &NewsletterView<'_>, base: &str, language: Language) -> String {
    html! {
        iframe src={ (base) (paths::embed(newsletter.slug)) "?language=" (language) }
            title=(texts::form_page_title(language, newsletter.title)) width="100%" height="420" loading="lazy" {}
    }
    .into_string()
}

/// A link: what is left where a site strips forms and frames from what its authors write.
pub fn link(newsletter: &NewsletterView<'_>, base: &str, language: Language) -> String {
    html! {
        a href={ (base) (paths::newsletter(newsletter.slug)) "?language=" (language) } {
            (texts::form_page_title(language, newsletter.title))
        }
    }
    .into_string()
}
