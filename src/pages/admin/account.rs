//! One's own account: password, second step, where one is signed in, language.

use jiff::civil::DateTime;
use maud::{Markup, html};
use qrcodegen::{QrCode, QrCodeEcc};

use super::frame::{Desk, Place};
use super::parts::{Field, FormFaults, Kind, Tone, copyable, press, select, tag};
use super::passkey::{PasskeyRequest, create};
use super::paths;
use crate::domain::language::Language;
use crate::domain::texts::{dates, desk as texts, desk_settings as settings, pages};
use crate::pages::components::hidden;

/// White around the picture, in dots, as its standard asks (ISO/IEC 18004).
const QUIET: i32 = 4;

/// Everything on the page.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    pub second_step: SecondStep<'a>,
    pub passkeys: Passkeys<'a>,
    /// Codes for emergencies made just now: shown this once.
    pub recovery: &'a [String],
    /// Changing the second step asks for the password, because they signed in a while ago.
    pub asks_password: bool,
    pub sessions: &'a [Session],
    pub faults: FormFaults<'a>,
}

/// How far the second step is.
#[derive(Clone, Copy, Debug)]
pub enum SecondStep<'a> {
    Off,
    /// The key to put into an app, in base32 and as an address for its camera, until the first code is right.
    Begun {
        secret: &'a str,
        uri: &'a str,
    },
    On,
}

/// The passkeys there are, and what it takes to make another.
#[derive(Clone, Copy, Debug)]
pub struct Passkeys<'a> {
    /// Browsers make some for this site at all.
    pub possible: bool,
    pub all: &'a [Passkey<'a>],
    /// One is being made.
    pub making: Option<PasskeyRequest<'a>>,
    /// What was typed as its name.
    pub name: &'a str,
}

/// A passkey.
#[derive(Clone, Copy, Debug)]
pub struct Passkey<'a> {
    /// In base64url.
    pub id: &'a str,
    pub name: &'a str,
    pub made: DateTime,
    pub used: Option<DateTime>,
}

/// A place where one is signed in.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    pub since: DateTime,
    pub seen: DateTime,
    pub this_one: bool,
}

/// The page.
pub fn page(desk: &Desk<'_>, account: &Account<'_>) -> Markup {
    let language = desk.language;
    let title = texts::nav_account(language);
    let languages = Language::ALL.map(|choice| (choice.tag(), pages::language_name(choice)));
    desk.faulty_page(
        Place::Account,
        &title,
        account.faults,
        &html! {
            h1 { (title) }
            form method="post" action=(paths::ACCOUNT) {
                (hidden("what", "language"))
                (select("language", &settings::account_language(language), language.tag(), &languages))
                p.actions { button.btn.sec type="submit" { (texts::save(language)) } }
            }
            h2 { (settings::account_second(language)) }
            p { (settings::account_second_body(language)) }
            @if !account.recovery.is_empty() {
                div.good role="status" {
                    p { (settings::account_recovery(language)) }
                    (copyable(language, "recovery", &account.recovery.join("\n")))
                }
            }
            h3 { (settings::account_passkeys(language)) }
            (passkeys(language, account))
            h3 { (settings::account_codes(language)) }
            (second_step(language, account))
            h2 { (settings::account_password(language)) }
            form method="post" action=(paths::ACCOUNT) novalidate {
                (hidden("what", "password"))
                (Field::line("current", &settings::account_password_now(language), "").kind(Kind::Password)
                    .render(language, account.faults))
                (Field::line("password", &texts::password_new(language), "").hint(&texts::password_hint(language))
                    .kind(Kind::NewPassword).render(language, account.faults))
                p.hint { (settings::account_password_hint(language)) }
                p.actions { button.btn.sec type="submit" { (settings::account_password(language)) } }
            }
            h2 { (settings::account_sessions(language)) }
            ul.lines {
                @for session in account.sessions {
                    li.row {
                        span {
                            (settings::account_session(
                                language,
                                dates::moment(language, session.since),
                                dates::moment(language, session.seen),
                            ))
                        }
                        @if session.this_one { (tag(Tone::Good, &settings::account_session_this(language))) }
                    }
                }
            }
            @if account.sessions.len() > 1 {
                (press(paths::ACCOUNT, "sec", &settings::account_sign_out_others(language), &[("what", "sessions")]))
            }
        },
    )
}

fn second_step(language: Language, account: &Account<'_>) -> Markup {
    match account.second_step {
        SecondStep::Off => html! {
            p { (settings::account_second_off(language)) }
            form method="post" action=(paths::ACCOUNT) novalidate {
                (hidden("what", "second-start"))
                (password(language, account, "second_password"))
                p.actions { button.btn.sec type="submit" { (settings::account_second_start(language)) } }
            }
        },
        SecondStep::Begun { secret, uri } => html! {
            p { (settings::account_secret(language)) }
            (picture(&settings::account_picture(language), uri))
            (copyable(language, "secret", secret))
            form method="post" action=(paths::ACCOUNT) novalidate {
                (hidden("what", "second-confirm"))
                (Field::line("code", &texts::code_label(language), "").kind(Kind::OneTimeCode)
                    .render(language, account.faults))
                p.actions { button.btn type="submit" { (settings::account_second_start(language)) } }
            }
        },
        SecondStep::On => html! {
            p { (settings::account_second_on(language)) }
            form method="post" action=(paths::ACCOUNT) novalidate {
                (hidden("what", "second-stop"))
                (Field::line("code", &texts::code_label(language), "").kind(Kind::OneTimeCode)
                    .render(language, account.faults))
                p.actions { button.btn.sec type="submit" { (settings::account_second_stop(language)) } }
            }
        },
    }
}

/// The password of now, where it is asked for.
fn password(language: Language, account: &Account<'_>, name: &str) -> Markup {
    html! {
        @if account.asks_password {
            (Field::line(name, &settings::account_password_now(language), "").kind(Kind::Password)
                .render(language, account.faults))
        }
    }
}

fn passkeys(language: Language, account: &Account<'_>) -> Markup {
    let passkeys = account.passkeys;
    html! {
        @if passkeys.all.is_empty() { p { (settings::account_passkeys_none(language)) } }
        @else {
            ul.lines {
                @for (number, passkey) in passkeys.all.iter().enumerate() {
                    li {
                        strong { (passkey.name) } ": "
                        (settings::account_passkey_line(language, dates::moment(language, passkey.made))) ", "
                        @match passkey.used {
                            Some(moment) => (settings::account_passkey_used(language, dates::moment(language, moment))),
                            None => (settings::account_passkey_unused(language)),
                        }
                        details open[account.faults.of(&format!("password-{number}")).is_some()] {
                            summary { (settings::account_passkey_remove(language, passkey.name)) }
                            form method="post" action=(paths::ACCOUNT) novalidate {
                                (hidden("what", "passkey-remove"))
                                (hidden("passkey", passkey.id))
                                (hidden("number", &number.to_string()))
                                (password(language, account, &format!("password-{number}")))
                                p.actions {
                                    button.btn.sec type="submit" {
                                        (settings::account_passkey_remove(language, passkey.name))
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        @if let Some(request) = passkeys.making { (create(language, &request, passkeys.name, account.faults)) }
        @else if passkeys.possible {
            form method="post" action=(paths::ACCOUNT) novalidate {
                (hidden("what", "passkey-start"))
                (password(language, account, "passkey_password"))
                p.actions { button.btn.sec type="submit" { (settings::account_passkey_add(language)) } }
            }
        } @else { p.hint { (settings::account_passkeys_impossible(language)) } }
    }
}

/// A text as a picture that telephones read (QR), black on white in every colour scheme: some cameras read no other.
fn picture(label: &str, text: &str) -> Markup {
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else { return html! {} };
    let size = code.size();
    let dots = (0..size).flat_map(|y| (0..size).map(move |x| (x, y))).filter(|(x, y)| code.get_module(*x, *y));
    let path: String = dots.map(|(x, y)| format!("M{},{}h1v1h-1z", x + QUIET, y + QUIET)).collect();
    let whole = size + 2 * QUIET;
    html! {
        svg.qr role="img" aria-label=(label) viewBox={ "0 0 " (whole) " " (whole) } width="220" height="220" {
            rect width=(whole) height=(whole) fill="#fff" {}
            path d=(path) fill="#000" {}
        }
    }
}
