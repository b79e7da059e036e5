//! Forms by which a browser makes and uses passkeys. The script fills their hidden fields; without it they say what else
//! can be done.

use maud::{Markup, html};

use super::login::onward;
use super::parts::{Field, FormFaults};
use super::paths;
use crate::domain::language::Language;
use crate::domain::texts::{desk as texts, desk_settings as settings};
use crate::pages::components::hidden;

/// What the browser asks the authenticator; bytes in base64url.
#[derive(Clone, Copy, Debug)]
pub struct PasskeyRequest<'a> {
    pub challenge: &'a str,
    /// The host for which the passkey is.
    pub site: &'a str,
    pub user: &'a str,
    /// The address under which the authenticator files it.
    pub user_name: &'a str,
    /// Ids of the passkeys there are, separated by spaces.
    pub known: &'a str,
}

/// The form that makes one.
pub(super) fn create(language: Language, request: &PasskeyRequest<'_>, name: &str, faults: FormFaults<'_>) -> Markup {
    html! {
        form method="post" action=(paths::ACCOUNT) novalidate data-passkey="create" data-challenge=(request.challenge)
            data-site=(request.site) data-user=(request.user) data-user-name=(request.user_name) data-known=(request.known) {
            (hidden("what", "passkey-finish"))
            (hidden("client_data", ""))
            (hidden("attestation", ""))
            (Field::line("passkey_name", &settings::account_passkey_name(language), name)
                .hint(&settings::account_passkey_name_hint(language)).render(language, faults))
            p.note data-script="off" { (settings::account_passkey_needs_script(language)) }
            p.note.attention role="alert" data-failed hidden { (settings::account_passkey_failed(language)) }
            p.actions { button.btn type="submit" data-script="on" hidden { (settings::account_passkey_make(language)) } }
        }
    }
}

/// The form that uses one to sign in.
pub(super) fn usage(language: Language, request: &PasskeyRequest<'_>, (next, typed): (&str, &str)) -> Markup {
    html! {
        form method="post" action=(paths::LOGIN_PASSKEY) novalidate data-passkey="use" data-challenge=(request.challenge)
            data-site=(request.site) data-known=(request.known) {
            (onward(next, typed))
            (hidden("credential", ""))
            (hidden("client_data", ""))
            (hidden("authenticator_data", ""))
            (hidden("signature", ""))
            p.note data-script="off" { (texts::passkey_needs_script(language)) }
            p.note.attention role="alert" data-failed hidden { (texts::passkey_failed(language)) }
            p.actions { button.btn type="submit" data-script="on" hidden { (texts::passkey_use(language)) } }
        }
    }
}
