//! The pieces that pages are built of: fields, buttons, messages, links.

use maud::{Markup, html};

use super::effort::Work;
use super::fault::Fault;
use crate::domain::language::Language;
use crate::domain::texts::pages as texts;

/// A form that changes something: it says in which language to answer and leaves checking to us, because the
/// browser's own messages are in the browser's language and vanish (`novalidate`).
pub(super) fn post_form(action: &str, language: Language, fields: &Markup) -> Markup {
    html! {
        form method="post" action=(action) accept-charset="utf-8" novalidate {
            (hidden("language", language.tag()))
            (fields)
        }
    }
}

/// A form that asks for some work where the settings do, and is like any other where they do not.
#[derive(Clone, Copy, Default)]
pub(super) struct Working<'a> {
    pub work: Option<Work<'a>>,
    /// The work begins with the page, and not with the first field that is touched.
    pub at_once: bool,
    /// Which window takes the answer.
    pub target: Option<&'static str>,
}

impl Working<'_> {
    pub(super) fn form(self, action: &str, language: Language, fields: &Markup) -> Markup {
        html! {
            form method="post" action=(action) target=[self.target] accept-charset="utf-8" novalidate
                data-effort=[self.work.map(|work| work.challenge)] data-bits=[self.work.map(|work| work.bits)]
                data-now=[self.work.filter(|_| self.at_once).map(|_| "")] {
                (hidden("language", language.tag()))
                @if let Some(work) = self.work {
                    (hidden("challenge", work.challenge))
                    input type="hidden" name="answer" value="" autocomplete="off";
                }
                (fields)
            }
        }
    }
}

/// A form that is one button, perhaps with the name of what it does.
pub(super) fn button_form(action: &str, language: Language, act: Option<&str>, button: &Markup) -> Markup {
    post_form(
        action,
        language,
        &html! {
            @if let Some(act) = act { (hidden("action", act)) }
            p.actions { (button) }
        },
    )
}

/// A value that the form carries along.
pub(super) fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// Where the form stood with which somebody came, for the evidence: our own page that answers it carries it on.
pub(super) fn stood_on(form_page: Option<&str>) -> Markup {
    html! { @if let Some(page) = form_page { (hidden("form_page", page)) } }
}

/// The button that does what the page is for.
pub(super) fn primary(label: &str) -> Markup {
    html! { button.btn type="submit" { (label) } }
}

/// A button for what one may do as well.
pub(super) fn secondary(label: &str) -> Markup {
    html! { button.btn.sec type="submit" { (label) } }
}

/// The field for an e-mail address; there is one such field on a page, with the id `email`.
pub(super) struct EmailField<'a> {
    pub label: &'a str,
    pub hint: Option<&'a str>,
    pub value: &'a str,
    pub fault: Option<Fault<'a>>,
}

impl EmailField<'_> {
    pub(super) fn render(&self, language: Language) -> Markup {
        let message = self.fault.filter(|fault| fault.lies_in_the_field()).map(|fault| fault.message(language));
        let described = match (self.hint, &message) {
            (Some(_), Some(_)) => Some("email-hint email-fault"),
            (Some(_), None) => Some("email-hint"),
            (None, Some(_)) => Some("email-fault"),
            (None, None) => None,
        };
        html! {
            div.field.bad[message.is_some()] {
                label for="email" { (self.label) }
                @if let Some(hint) = self.hint { p.hint #email-hint { (hint) } }
                @if let Some(message) = &message {
                    p.fault #email-fault { span.away { (texts::title_error_prefix(language)) } (message) }
                }
                input #email type="email" name="email" value=(self.value) autocomplete="email" inputmode="email"
                    spellcheck="false" autocapitalize="none" maxlength="254" aria-required="true"
                    aria-describedby=[described] aria-invalid=[message.is_some().then_some("true")];
            }
        }
    }
}

/// A field that people neither see nor reach; programs that fill in everything give themselves away by it.
pub(super) fn honeypot(language: Language) -> Markup {
    html! {
        div.away aria-hidden="true" {
            label for="website" { (texts::form_honeypot(language)) }
            input #website type="text" name="website" tabindex="-1" autocomplete="off";
        }
    }
}

/// What is wrong, above the form; it takes the focus, so that a screen reader begins there.
pub(super) fn error_summary(language: Language, fault: Fault<'_>) -> Markup {
    html! {
        div.summary role="alert" tabindex="-1" aria-labelledby="summary-title" autofocus {
            h2 #summary-title { (texts::err_summary(language)) }
            ul {
                li {
                    @if fault.lies_in_the_field() { a href="#email" { (fault.message(language)) } }
                    @else { (fault.message(language)) }
                }
            }
        }
    }
}

/// Good news as the page's title, with what comes of it.
pub(super) fn success(title: &str, rest: &Markup) -> Markup {
    html! { div.good role="status" { h1 { (title) } (rest) } }
}

/// A link to another site; anything that is not `http` or `https` stays text.
pub(super) fn web_link(url: &str, label: &str) -> Markup {
    html! {
        @if let Some(url) = web_address(url) { a href=(url) { (label) } } @else { (label) }
    }
}

/// `url` if a browser may follow it: no `javascript:` or `data:` ever becomes a link.
pub(super) fn web_address(url: &str) -> Option<&str> {
    let url = url.trim();
    let scheme = url.split_once("://")?.0;
    (scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")).then_some(url)
}

/// `sentence` with the first `part` of it in bold.
pub(super) fn emphasised(sentence: &str, part: &str) -> Markup {
    html! {
        @match sentence.split_once(part) {
            Some((before, after)) if !part.is_empty() => { (before) strong { (part) } (after) }
            _ => { (sentence) }
        }
    }
}
