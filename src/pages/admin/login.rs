//! Signing in: password, second step, a forgotten password, choosing one.

use maud::{Markup, html};

use super::parts::{Field, FormFaults, Kind};
use super::passkey::{PasskeyRequest, usage};
use super::paths;
use crate::domain::language::Language;
use crate::domain::texts::desk as texts;
use crate::pages::assets;
use crate::pages::components::hidden;
use crate::pages::layout::Page;

/// Why nobody is signed in yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The same whether the address or the password is wrong.
    Wrong,
    TooOften {
        minutes: u32,
    },
    /// The session had come to its end.
    Expired,
    /// The same while somebody typed; what they typed is carried along.
    Typed,
    /// The OpenID provider does not answer as it should.
    Provider,
    /// It did not let them in.
    Refused,
    /// The way back from it was none, or had been used.
    Lost,
    /// It let in somebody who is no user here.
    Nobody,
}

/// The form that asks for address and password.
#[derive(Clone, Copy, Debug)]
pub struct Login<'a> {
    pub language: Language,
    pub email: &'a str,
    /// The path to go on to.
    pub next: &'a str,
    /// What was typed there before the session ran out, as browsers send a form; empty for nothing.
    pub typed: &'a str,
    pub refusal: Option<Refusal>,
    /// The name of the OpenID provider, if one is set.
    pub provider: Option<&'a str>,
}

/// The page.
pub fn page(login: &Login<'_>) -> Markup {
    let language = login.language;
    let provider = login.provider.unwrap_or_default();
    let message = login.refusal.map(|refusal| match refusal {
        Refusal::Provider => texts::openid_provider(language, provider),
        Refusal::Refused => texts::openid_refused(language, provider),
        Refusal::Lost => texts::openid_lost(language),
        Refusal::Nobody => texts::openid_nobody(language, provider),
        Refusal::Wrong => texts::login_wrong(language),
        Refusal::TooOften { minutes } => texts::login_wait(language, minutes),
        Refusal::Expired => texts::login_expired(language),
        Refusal::Typed => texts::login_typed(language),
    });
    let fault = message.as_deref().map(|message| [("", message)]);
    let faults = FormFaults(fault.as_ref().map_or(&[], |fault| fault));
    outside(
        language,
        paths::LOGIN,
        &texts::login_title(language),
        faults,
        &html! {
            form method="post" action=(paths::LOGIN) novalidate {
                (onward(login.next, login.typed))
                (Field::line("email", &texts::login_email(language), login.email).kind(Kind::Email).render(language, faults))
                (Field::line("password", &texts::login_password(language), "").kind(Kind::Password).render(language, faults))
                p.actions { button.btn type="submit" { (texts::login_button(language)) } }
            }
            p { a href=(paths::FORGOTTEN) { (texts::login_forgotten(language)) } }
            @if let Some(provider) = login.provider {
                // The way there and back would leave behind what was typed: it waits in this tab.
                @let waits = !login.typed.is_empty();
                @if waits { p.hint { (texts::login_typed_elsewhere(language, provider)) } }
                form method="post" action=(paths::LOGIN_OIDC) target=[waits.then_some("_blank")] {
                    (hidden("next", if waits { paths::OVERVIEW } else { login.next }))
                    p.actions { button.btn.sec type="submit" { (texts::login_with(language, provider)) } }
                }
                @if waits {
                    form method="post" action=(paths::LOGIN_TYPED) {
                        (onward(login.next, login.typed))
                        p.actions { button.btn.sec type="submit" { (texts::login_typed_button(language)) } }
                    }
                }
            }
        },
    )
}

/// Where to go on to, and what was typed there.
pub(super) fn onward(next: &str, typed: &str) -> Markup {
    html! {
        (hidden("next", next))
        @if !typed.is_empty() { (hidden("typed", typed)) }
    }
}

/// Why the second step was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongStep {
    Code,
    Passkey,
}

/// The second step: a passkey where there is one, and a code from an app or one for emergencies. Then on to `next`, with
/// what was typed there.
pub fn code(
    language: Language,
    (next, typed): (&str, &str),
    passkey: Option<&PasskeyRequest<'_>>,
    wrong: Option<WrongStep>,
) -> Markup {
    let message = match wrong {
        Some(WrongStep::Passkey) => ("", texts::passkey_wrong(language)),
        _ => ("code", texts::code_wrong(language)),
    };
    let fault = [(message.0, message.1.as_str())];
    let faults = FormFaults(if wrong.is_some() { &fault } else { &[] });
    let title = if passkey.is_some() { texts::code_or_passkey(language) } else { texts::code_title(language) };
    let script = html! { script src=(assets::DESK_SCRIPT.path()) defer {} };
    outside_with(
        language,
        paths::LOGIN_CODE,
        &title,
        faults,
        passkey.map(|_| &script),
        &html! {
            @if let Some(passkey) = passkey { (usage(language, passkey, (next, typed))) }
            form method="post" action=(paths::LOGIN_CODE) novalidate {
                (onward(next, typed))
                (Field::line("code", &texts::code_label(language), "").hint(&texts::code_hint(language))
                    .kind(Kind::OneTimeCode).render(language, faults))
                p.actions {
                    button.btn.sec[passkey.is_some()] type="submit" { (texts::login_button(language)) }
                }
            }
        },
    )
}

/// On the way to the OpenID provider. A page, not a redirect: browsers let no form of ours lead to another site.
pub fn to_provider(language: Language, provider: &str, place: &str) -> Markup {
    let refresh = html! { meta http-equiv="refresh" content={ "0; url=" (place) }; };
    outside_with(
        language,
        paths::LOGIN,
        &texts::openid_going(language, provider),
        FormFaults::default(),
        Some(&refresh),
        &html! { p.actions { a.btn href=(place) { (texts::openid_continue(language, provider)) } } },
    )
}

/// Asking for a new password.
pub fn forgotten(language: Language, email: &str, faults: FormFaults<'_>) -> Markup {
    outside(
        language,
        paths::FORGOTTEN,
        &texts::forgot_title(language),
        faults,
        &html! {
            p { (texts::forgot_body(language)) }
            form method="post" action=(paths::FORGOTTEN) novalidate {
                (Field::line("email", &texts::login_email(language), email).kind(Kind::Email).render(language, faults))
                p.actions { button.btn type="submit" { (texts::forgot_button(language)) } }
            }
        },
    )
}

/// The answer to [`forgotten`], the same for everyone.
pub fn forgotten_sent(language: Language) -> Markup {
    outside(
        language,
        paths::FORGOTTEN,
        &texts::forgot_title(language),
        FormFaults::default(),
        &html! {
            p { (texts::forgot_sent(language)) }
            p { a href=(paths::LOGIN) { (texts::login_title(language)) } }
        },
    )
}

/// Choosing a password, after an invitation (`name` is asked for too) or a reset.
pub fn password(language: Language, token: &str, email: &str, name: Option<&str>, faults: FormFaults<'_>) -> Markup {
    let path = paths::password(token);
    outside(
        language,
        &path,
        &texts::password_title(language),
        faults,
        &html! {
            p { (texts::password_for(language, email)) }
            form method="post" action=(path) novalidate {
                // Password managers file the password under this name.
                input type="hidden" name="username" value=(email) autocomplete="username";
                @if let Some(name) = name { (Field::line("name", &texts::your_name(language), name).render(language, faults)) }
                (Field::line("password", &texts::password_new(language), "").hint(&texts::password_hint(language))
                    .kind(Kind::NewPassword).render(language, faults))
                p.actions { button.btn type="submit" { (texts::save(language)) } }
            }
        },
    )
}

/// A page for somebody who is not signed in.
pub(super) fn outside(language: Language, path: &str, title: &str, faults: FormFaults<'_>, content: &Markup) -> Markup {
    outside_with(language, path, title, faults, None, content)
}

/// The same, with more in its head.
fn outside_with(
    language: Language,
    path: &str,
    title: &str,
    faults: FormFaults<'_>,
    head: Option<&Markup>,
    content: &Markup,
) -> Markup {
    let full_title = format!("{title} – {}", texts::desk(language));
    let faulty = !faults.is_empty();
    Page { language, title: &full_title, faulty, path: Some(path), head, ..Page::default() }.around(&html! {
        (faults.summary(language, content))
        h1 { (title) }
        (content)
    })
}
