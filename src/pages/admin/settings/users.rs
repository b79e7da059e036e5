//! Users and tokens: who may do what, people and programs.

use jiff::civil::{Date, DateTime};
use maud::{Markup, html};

use super::{SettingsTab, page};
use crate::domain::language::Language;
use crate::domain::role::Role;
use crate::domain::scope::Scope;
use crate::domain::texts::{dates, desk as desk_texts, desk_settings as texts};
use crate::pages::admin::frame::Desk;
use crate::pages::admin::parts::{Field, FormFaults, Kind, Tone, checkbox, copyable, select, table, tag};
use crate::pages::admin::paths;
use crate::pages::components::hidden;

/// Somebody who may sign in.
#[derive(Clone, Copy, Debug)]
pub struct UserLine<'a> {
    pub id: i64,
    pub name: &'a str,
    pub email: &'a str,
    pub role: Role,
    pub standing: UserStanding,
    pub second_factor: bool,
    pub last_seen: Option<DateTime>,
}

/// Whether somebody can sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserStanding {
    Active,
    /// Has not chosen a password yet.
    Invited,
    Disabled,
}

/// A program that may use the API.
#[derive(Clone, Copy, Debug)]
pub struct TokenLine<'a> {
    pub id: i64,
    pub name: &'a str,
    pub role: Role,
    /// What it may be used for.
    pub scopes: &'a [Scope],
    pub expires: Option<Date>,
    pub last_used: Option<DateTime>,
}

/// Everything on the tab.
#[derive(Clone, Copy, Debug)]
pub struct Users<'a> {
    pub users: &'a [UserLine<'a>],
    pub tokens: &'a [TokenLine<'a>],
    /// A token made just now, shown this once.
    pub new_token: Option<&'a str>,
    /// What was typed into the invitation and into the form for a token.
    pub email: &'a str,
    pub token_name: &'a str,
    pub token_expires: &'a str,
    pub scopes: &'a [Scope],
    pub faults: FormFaults<'a>,
}

/// The tab.
pub fn tab(desk: &Desk<'_>, users: &Users<'_>) -> Markup {
    let language = desk.language;
    page(
        desk,
        SettingsTab::Users,
        users.faults,
        &html! {
            @if let Some(token) = users.new_token {
                div.good role="status" {
                    p { strong { (texts::tokens_once(language)) } }
                    (copyable(language, "new-token", token))
                }
            }
            h2 { (texts::users_title(language)) }
            (people(desk, users.users))
            @if desk.may(Role::Admin) { (invitation(language, users)) }
            h2 { (texts::tokens_title(language)) }
            (tokens(desk, users.tokens))
            @if desk.may(Role::Admin) { (new_token(language, users)) }
        },
    )
}

fn roles(language: Language) -> Vec<(&'static str, String)> {
    Role::ALL.iter().map(|role| (role.as_str(), texts::role(language, *role))).collect()
}

fn people(desk: &Desk<'_>, users: &[UserLine<'_>]) -> Markup {
    let language = desk.language;
    let columns = [
        texts::users_name(language),
        texts::users_role(language),
        texts::users_second(language),
        texts::users_last(language),
    ];
    table(
        &texts::users_title(language),
        &columns,
        &html! {
            @for user in users {
                tr {
                    th scope="row" {
                        (user.name) br; span.hint { (user.email) }
                        @match user.standing {
                            UserStanding::Active => {}
                            UserStanding::Invited => { " " (tag(Tone::Attention, &texts::users_invited(language))) }
                            UserStanding::Disabled => { " " (tag(Tone::Bad, &texts::users_disabled(language))) }
                        }
                    }
                    td { @if desk.may(Role::Admin) { (change(language, user)) } @else { (texts::role(language, user.role)) } }
                    td data-label=(columns[2]) {
                        @if user.second_factor { (tag(Tone::Good, &texts::users_second_on(language))) }
                        @else { (tag(Tone::Attention, &texts::users_second_off(language))) }
                    }
                    td data-label=(columns[3]) { @if let Some(moment) = user.last_seen { (dates::moment(language, moment)) } @else { "–" } }
                }
            }
        },
    )
}

fn change(language: Language, user: &UserLine<'_>) -> Markup {
    let action = paths::settings(SettingsTab::Users.segment());
    let id = user.id.to_string();
    let field = format!("role-{id}");
    let disabled = user.standing == UserStanding::Disabled;
    let switch = if disabled { texts::users_enable(language) } else { texts::users_disable(language) };
    html! {
        form.inline method="post" action=(action) {
            (hidden("what", "role"))
            (hidden("user", &id))
            label.away for=(field) { (texts::users_act_label(language, texts::users_role(language), user.name)) }
            select #(field) name="role" {
                @for (value, label) in roles(language) { option value=(value) selected[value == user.role.as_str()] { (label) } }
            }
            button.btn.sec type="submit"
                aria-label=(texts::users_act_label(language, texts::users_change_role(language), user.name)) {
                (texts::users_change_role(language))
            }
        }
        @for (what, act) in [("sessions", texts::users_end_sessions(language)), ("second-stop", texts::users_second_stop(language))] {
            @if what == "sessions" || user.second_factor {
                form.inline method="post" action=(action) {
                    (hidden("what", what))
                    (hidden("user", &id))
                    button.plain type="submit" aria-label=(texts::users_act_label(language, &act, user.name)) { (act) }
                }
            }
        }
        form.inline method="post" action=(action) {
            (hidden("what", if disabled { "enable" } else { "disable" }))
            (hidden("user", &id))
            button.plain type="submit" aria-label=(texts::users_act_label(language, &switch, user.name)) { (switch) }
        }
    }
}

fn invitation(language: Language, users: &Users<'_>) -> Markup {
    html! {
        h3 { (texts::users_invite(language)) }
        form method="post" action=(paths::settings(SettingsTab::Users.segment())) novalidate {
            (hidden("what", "invite"))
            (Field::line("email", &desk_texts::login_email(language), users.email).render(language, users.faults))
            (select("role", &texts::users_role(language), Role::Editor.as_str(), &roles(language)))
            p.actions { button.btn type="submit" { (texts::users_invite_button(language)) } }
        }
    }
}

fn tokens(desk: &Desk<'_>, tokens: &[TokenLine<'_>]) -> Markup {
    let language = desk.language;
    let columns = [
        texts::tokens_name(language),
        texts::users_role(language),
        texts::tokens_expires(language),
        texts::tokens_used(language),
    ];
    html! {
        @if tokens.is_empty() { p { (desk_texts::nothing_here(language)) } }
        @else {
            (table(&texts::tokens_title(language), &columns, &html! {
                @for token in tokens {
                    tr {
                        th scope="row" {
                            (token.name)
                            @if desk.may(Role::Admin) {
                                form.inline method="post" action=(paths::settings(SettingsTab::Users.segment())) {
                                    (hidden("what", "revoke"))
                                    (hidden("token", &token.id.to_string()))
                                    button.plain type="submit" aria-label=(texts::users_act_label(language,
                                        texts::tokens_revoke(language), token.name)) { (texts::tokens_revoke(language)) }
                                }
                            }
                        }
                        td data-label=(columns[1]) {
                            (texts::role(language, token.role))
                            @if token.scopes.len() < Scope::all_of(token.role).count() {
                                @for scope in token.scopes { br; code { (scope) } }
                            }
                        }
                        td data-label=(columns[2]) {
                            @match token.expires {
                                Some(day) => (dates::day(language, day)),
                                None => (texts::tokens_never(language)),
                            }
                        }
                        td data-label=(columns[3]) {
                            @match token.last_used {
                                Some(moment) => (dates::moment(language, moment)),
                                None => (texts::tokens_unused(language)),
                            }
                        }
                    }
                }
            }))
        }
    }
}

/// The name of a scope's tick.
pub fn scope_field(scope: Scope) -> String {
    format!("scope-{}", scope.as_str().replace(':', "-"))
}

fn new_token(language: Language, users: &Users<'_>) -> Markup {
    html! {
        h3 { (texts::tokens_create(language)) }
        form method="post" action=(paths::settings(SettingsTab::Users.segment())) novalidate {
            (hidden("what", "token"))
            (Field::line("token_name", &texts::tokens_name(language), users.token_name).render(language, users.faults))
            (select("token_role", &texts::users_role(language), Role::Editor.as_str(), &roles(language)))
            fieldset #scopes tabindex="-1" aria-describedby=[users.faults.of("scopes").map(|_| "scopes-fault")] {
                legend { (texts::tokens_scopes(language)) }
                p.hint { (texts::tokens_scopes_hint(language)) }
                @if let Some(message) = users.faults.of("scopes") { p.fault #scopes-fault { (message) } }
                @for scope in Scope::ALL {
                    (checkbox(&scope_field(*scope), users.scopes.contains(scope), scope.as_str()))
                }
            }
            (Field::line("token_expires", &texts::tokens_expires(language), users.token_expires)
                .hint(&texts::tokens_expires_hint(language)).kind(Kind::Date).render(language, users.faults))
            p.actions { button.btn.sec type="submit" { (texts::tokens_create(language)) } }
        }
    }
}
