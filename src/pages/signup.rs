//! A newsletter's own page: what it is, how often it comes, and the form with one field.

use maud::{Markup, html};

use super::components::{EmailField, Working, error_summary, hidden, honeypot, primary, stood_on, web_link};
use super::effort::Work;
use super::fault::Fault;
use super::layout::Page;
use super::{NewsletterView, paths};
use crate::domain::language::Language;
use crate::domain::texts::pages as texts;

/// The sign-up form, as it is first shown or as it comes back.
#[derive(Clone, Copy, Debug)]
pub struct Form<'a> {
    pub newsletter: &'a NewsletterView<'a>,
    pub language: Language,
    /// What was typed, kept.
    pub email: &'a str,
    pub fault: Option<Fault<'a>>,
    /// What is asked of the browser, where something is.
    pub work: Option<Work<'a>>,
    /// Where the form stood that this page answers; the next answer carries it on.
    pub form_page: Option<&'a str>,
}

/// The page with the form.
pub fn page(form: &Form<'_>) -> Markup {
    let newsletter = form.newsletter;
    let language = form.language;
    let path = paths::newsletter(newsletter.slug);
    let feed = newsletter.archive.then(|| paths::feed(newsletter.slug));
    Page {
        language,
        title: &texts::form_page_title(language, newsletter.title),
        faulty: form.fault.is_some(),
        imprint: Some(newsletter.imprint()),
        path: Some(&path),
        indexed: form.fault.is_none(),
        head: None,
        feed: feed.as_deref(),
        scripted: form.work.is_some(),
    }
    .around(&html! {
        (body(form))
        @if newsletter.archive {
            p.aside { a href=(paths::archive(newsletter.slug)) { (texts::form_archive(language)) } }
        }
    })
}

/// Everything from the error summary to the button, which the embedded form shows as well.
pub(super) fn body(form: &Form<'_>) -> Markup {
    let newsletter = form.newsletter;
    let language = form.language;
    html! {
        @if let Some(fault) = form.fault { (error_summary(language, fault)) }
        h1 lang=[newsletter.foreign(language)] { (newsletter.title) }
        @if !newsletter.description.is_empty() {
            p.lead lang=[newsletter.foreign(language)] { (newsletter.description) }
        }
        p { strong { (texts::form_promise(language, newsletter.promise)) } }
        (Working { work: form.work, ..Working::default() }.form(&paths::subscribe(newsletter.slug), language, &html! {
            (EmailField {
                label: &texts::form_email_label(language),
                hint: Some(&texts::form_email_hint(language)),
                value: form.email,
                fault: form.fault,
            }.render(language))
            (honeypot(language))
            (stood_on(form.form_page))
            p { (texts::form_consent(language, newsletter.organisation, newsletter.promise)) }
            @if let Some(url) = newsletter.privacy_url { p { (web_link(url, &texts::form_privacy(language))) } }
            p.actions { (primary(&texts::form_submit(language))) }
        }))
    }
}

/// "Did you mean …?", with a button for either answer.
pub fn typo_question(form: &Form<'_>, suggestion: &str) -> Markup {
    let Form { newsletter, language, email: typed, work, form_page, .. } = *form;
    let title = texts::typo_title(language);
    let imprint = Some(newsletter.imprint());
    Page { language, title: &title, imprint, scripted: work.is_some(), ..Page::default() }.around(&html! {
        h1 { (title) }
        p { (texts::typo_typed(language, typed)) }
        p.lead { strong { (texts::typo_question(language, suggestion)) } }
        (Working { work, at_once: true, target: None }.form(&paths::subscribe(newsletter.slug), language, &html! {
            (hidden("accept_typo", "1"))
            (stood_on(form_page))
            p.actions.stacked {
                button.btn type="submit" name="email" value=(suggestion) { (texts::typo_yes(language, suggestion)) }
                button.btn.sec type="submit" name="email" value=(typed) { (texts::typo_no(language, typed)) }
            }
        }))
    })
}
