//! One's own account: language, password, second step, and where one is signed in.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::cookies::keep;
use super::desk;
use super::login::{Kept, Told, told};
use super::visit::{Visit, see_other};
use crate::domain::texts::{desk as desk_texts, desk_settings as texts, desk_sure as words};
use crate::flows::guesses::{self, Proof};
use crate::flows::{own_account, passkeys, second_step};
use crate::pages::admin::account::{Account, Passkey, Passkeys, SecondStep, Session, page};
use crate::pages::admin::notice::Notice;
use crate::pages::admin::sure::Question;
use crate::pages::admin::{FormFaults, Place, paths};
use crate::web::Web;
use crate::web::body::Fields;
use crate::web::client::Client;
use crate::web::problem::Problem;

desk! {
    "/admin/account": get Viewer show, post Viewer press;
}

/// What the page shows besides what is stored.
#[derive(Default)]
struct More {
    faults: Vec<(String, String)>,
    /// Codes for emergencies made just now.
    recovery: Vec<String>,
    passkey_name: String,
    /// The challenge of a passkey has been answered: there is nothing more to make with it.
    spent: bool,
}

impl More {
    fn fault(field: &str, message: String) -> Self {
        Self { faults: vec![(field.to_owned(), message)], ..Self::default() }
    }
}

async fn show(web: Data<Web>, visit: Visit) -> Result<HttpResponse, Problem> {
    shown(&web, &visit, &More::default()).await
}

async fn press(
    web: Data<Web>,
    request: HttpRequest,
    client: Client,
    visit: Visit,
    form: Fields,
) -> Result<HttpResponse, Problem> {
    let house = &web.house;
    let field = |name: &str| form.get(name).unwrap_or_default();
    let bytes = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(field(name)).unwrap_or_default();
    let kept = Kept::of(&request);
    let from = kept.from(client);
    let (user, session) = (&visit.user, &visit.session);
    if form.get("sure").is_none()
        && let Some(answer) = sure(&web, &visit, &form).await?
    {
        return Ok(answer);
    }
    let saved = || visit.done(paths::ACCOUNT, Notice::Saved);
    let wrong_password = |field: &str| More::fault(field, texts::account_password_wrong(visit.language));
    let more = match field("what") {
        "language" => {
            let language = field("language").parse().map_err(|_| Problem::bad("there is no such language"))?;
            own_account::set_language(house, user, language).await?;
            return Ok(saved());
        }
        "password" => {
            match own_account::change_password(house, user, field("current"), field("password"), from).await? {
                own_account::Change::Done(tokens) => return Ok(keep(saved(), &tokens, &request)),
                own_account::Change::Wrong => wrong_password("current"),
                own_account::Change::TooOften { retry_after } => return Err(Problem::TooMany { retry_after }),
                own_account::Change::Invalid(fault) => {
                    More::fault("password", texts::password_fault(visit.language, fault))
                }
            }
        }
        "sessions" => {
            own_account::sign_out_others(house, user, &session.hash).await?;
            return Ok(saved());
        }
        "second-start" => match second_step::start(house, user, session, field("second_password"), from).await? {
            Proof::Given => return Ok(see_other(paths::ACCOUNT)),
            Proof::Wrong => wrong_password("second_password"),
            Proof::TooOften { retry_after } => return Err(Problem::TooMany { retry_after }),
        },
        "second-confirm" => match second_step::confirm(house, user, session, field("code")).await? {
            Some(recovery) if recovery.is_empty() => return Ok(saved()),
            Some(recovery) => More { recovery, ..More::default() },
            None => More::fault("code", desk_texts::code_wrong(visit.language)),
        },
        "second-stop" => match second_step::stop(house, user, session, field("code"), from).await? {
            Proof::Given => return Ok(saved()),
            Proof::Wrong => More::fault("code", desk_texts::code_wrong(visit.language)),
            Proof::TooOften { retry_after } => return Err(Problem::TooMany { retry_after }),
        },
        "passkey-start" => match passkeys::start(house, user, session, field("passkey_password"), from).await? {
            Proof::Given => return Ok(see_other(paths::ACCOUNT)),
            Proof::Wrong => wrong_password("passkey_password"),
            Proof::TooOften { retry_after } => return Err(Problem::TooMany { retry_after }),
        },
        "passkey-finish" => {
            let name = field("passkey_name");
            let (client_data, attestation) = (bytes("client_data"), bytes("attestation"));
            match passkeys::finish(house, user, session, name, &client_data, &attestation).await? {
                passkeys::Made::Done(recovery) if recovery.is_empty() => return Ok(saved()),
                passkeys::Made::Done(recovery) => More { recovery, ..More::default() },
                passkeys::Made::Refused(_) => {
                    More { spent: true, ..More::fault("", texts::account_passkey_failed(visit.language)) }
                }
                passkeys::Made::Name => More {
                    passkey_name: name.to_owned(),
                    ..More::fault("passkey_name", texts::fault(visit.language, "name", ""))
                },
                passkeys::Made::TooMany => More::fault("", texts::account_passkey_many(visit.language)),
            }
        }
        "passkey-remove" => {
            let typed = format!("password-{}", field("number"));
            match passkeys::remove(house, user, session, &bytes("passkey"), field(&typed), from).await? {
                Proof::Given => return Ok(visit.done(paths::ACCOUNT, Notice::Removed)),
                Proof::Wrong => wrong_password(&typed),
                Proof::TooOften { retry_after } => return Err(Problem::TooMany { retry_after }),
            }
        }
        _ => return Ok(see_other(paths::ACCOUNT)),
    };
    shown(&web, &visit, &more).await
}

/// Asks before a passkey goes, where no password is asked for, and before somebody is signed out elsewhere.
async fn sure(web: &Web, visit: &Visit, form: &Fields) -> Result<Option<HttpResponse>, Problem> {
    let (language, house) = (visit.language, &web.house);
    let field = |name: &str| form.get(name).unwrap_or_default();
    let ask = |title: &str, what: &[String], fields: &[(&str, &str)], button: &str| {
        let (action, back) = (paths::ACCOUNT, paths::ACCOUNT);
        Ok(Some(visit.asks(&Question { place: Place::Account, title, what, action, fields, button, back })))
    };
    match field("what") {
        "sessions" => {
            let others = own_account::sessions_of(house, &visit.user).await?.len().saturating_sub(1);
            let what = [words::sessions_own(language, others), words::sessions_typed(language)];
            let button = texts::account_sign_out_others(language);
            ask(&words::sessions_own_title(language), &what, &[("what", "sessions")], &button)
        }
        "passkey-remove" if guesses::is_fresh(house, &visit.session) => {
            let id = BASE64_URL_SAFE_NO_PAD.decode(field("passkey")).unwrap_or_default();
            let held = passkeys::of(house, &visit.user).await?;
            let Some(passkey) = held.iter().find(|passkey| passkey.id == id) else { return Ok(None) };
            let what = [words::passkey_what(language, held.len() - 1), words::for_good(language)];
            let fields = [("what", "passkey-remove"), ("passkey", field("passkey")), ("number", field("number"))];
            let button = texts::account_passkey_remove(language, &passkey.name);
            ask(&words::passkey(language, &passkey.name), &what, &fields, &button)
        }
        _ => Ok(None),
    }
}

async fn shown(web: &Web, visit: &Visit, more: &More) -> Result<HttpResponse, Problem> {
    let house = &web.house;
    // Read again: what was pressed may have changed it.
    let user = crate::flows::users::one(house, visit.user.id).await?;
    let begun = second_step::begun(house, &user, &visit.session);
    let second_step = match (&user.totp_secret, &begun) {
        (Some(_), _) => SecondStep::On,
        (None, Some(begun)) => SecondStep::Begun { secret: &begun.secret, uri: &begun.uri },
        (None, None) => SecondStep::Off,
    };
    let held = passkeys::of(house, &user).await?;
    let ids: Vec<String> = held.iter().map(|passkey| BASE64_URL_SAFE_NO_PAD.encode(&passkey.id)).collect();
    let all: Vec<Passkey<'_>> = (held.iter().zip(&ids))
        .map(|(passkey, id)| Passkey {
            id,
            name: &passkey.name,
            made: visit.moment(passkey.created_at),
            used: passkey.last_used_at.map(|moment| visit.moment(moment)),
        })
        .collect();
    let asked = if more.recovery.is_empty() && !more.spent {
        passkeys::request(house, &user, &visit.session).await?
    } else {
        None
    };
    let asked: Option<Told> = asked.as_ref().map(told);
    let making = asked.as_ref().map(|asked| asked.view(&user.email));
    let sessions = own_account::sessions_of(house, &user).await?;
    let sessions: Vec<Session> = sessions
        .iter()
        .map(|session| Session {
            since: visit.moment(session.created_at),
            seen: visit.moment(session.last_seen_at),
            this_one: session.hash == visit.session.hash,
        })
        .collect();
    let faults: Vec<(&str, &str)> =
        more.faults.iter().map(|(field, message)| (field.as_str(), message.as_str())).collect();
    let account = Account {
        second_step,
        passkeys: Passkeys { possible: passkeys::are_possible(house), all: &all, making, name: &more.passkey_name },
        recovery: &more.recovery,
        asks_password: !guesses::is_fresh(house, &visit.session),
        sessions: &sessions,
        faults: FormFaults(&faults),
    };
    let view = |desk: &crate::pages::admin::Desk<'_>| page(desk, &account);
    Ok(if faults.is_empty() { visit.show(view) } else { visit.again(view) })
}
